"""What a scenario does: how it departs from the text of the plan, and its settings whole."""

from collections.abc import Iterator
from dataclasses import replace

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import shortened
from xiancheng.results.contents.parts import Block, Cell, Column, Table, listed
from xiancheng.results.contents.subject import Subject
from xiancheng.scenarios.diff import Difference, differences
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.plan_files import RegionLike
from xiancheng.scenarios.scenario_files import Scenario, Setting
from xiancheng.scenarios.types import quarter_name

AS_WRITTEN = "plan"  # the shipped scenario that carries the plan out as its text says
NONE = "baseline"  # and the one that carries out nothing
SEVERAL = 3  # dropped measures from which on they share a line
NAMED = 18  # characters of a measure's title


def blocks(subject: Subject, lang: str) -> tuple[Block, ...]:
    """The first page's account of the scenario: a table of changes, or a sentence if there is none.

    A scenario with no measure is described by its outside conditions alone.
    """
    changes = departures(subject)
    if not changes:
        return (
            _(
                "Differences from the plan's text: none; every measure is carried out as written."
            ).said(lang)
            if subject.scenario.settings
            else _(
                "This scenario carries out no measure, under the usual outside conditions."
            ).said(lang),
        )
    return (table(subject, lang, changes),)


def departures(subject: Subject) -> list[Difference]:
    """What the scenario does differently from the plan as written.

    One without any measure is held against doing nothing, so that only conditions are left.
    """
    scenario, base = subject.scenario, _base(subject.scenario)
    every = differences(base, scenario, subject.region)
    dropped = [
        each.subject.zh
        for each in every
        if each.subject.zh in scenario.plan.measures and scenario.setting(each.subject.zh).idle
    ]
    if len(dropped) < SEVERAL:
        return every
    kept = [each for each in every if each.subject.zh not in dropped]
    what = _("{n} measures not carried out", n=len(dropped))
    return [*kept, Difference(what, Words("、".join(dropped), ", ".join(dropped)))]


def whole(subject: Subject, lang: str) -> Table:
    """A row for each measure that is carried out and each outside condition: every setting."""
    scenario, region = subject.scenario, subject.region
    columns = (
        Column(_("measure or condition").said(lang), wide=True),
        Column(_("intensity").said(lang), _("times").said(lang), None),
        Column(_("from").said(lang)),
        Column(_("set apart").said(lang), wide=True),
    )
    rows: list[tuple[Cell, ...]] = []
    for number, measure in scenario.plan.measures.items():
        setting = scenario.setting(number)
        if not setting.idle:
            apart = [each.said(lang) for each in _apart(setting, region)]
            start = quarter_name(measure.schedule.start + setting.delay)
            title = f"{number} {measure.title.said(lang)}"
            rows.append((title, setting.intensity, start, listed(apart, lang) or "–"))
    still = resolve(scenario.plan.scenario_files()[NONE])
    for each in differences(still, replace(scenario, settings={}), region):
        rows.append((each.subject.said(lang), None, "–", each.change.said(lang).replace("->", "→")))
    heading = _(
        "All settings of the scenario (1 is the plan as written; measures "
        "not listed are not carried out, conditions not listed are the usual "
        "ones)"
    )
    return Table("settings", heading.said(lang), columns, tuple(rows), subject.stamp(lang))


def _apart(setting: Setting, region: RegionLike) -> Iterator[Words]:
    """What holds for some counties or spells only."""
    names = {str(c.code): Words(c.zh, c.en) for c in region.counties}
    for code, value in setting.counties.items():
        county = names.get(code, Words(code, code))
        yield Words(f"{county.zh} {value:g}", f"{county.en} {value:g}")
    for p in setting.phases:
        spell = f"{quarter_name(p.first)}–{quarter_name(p.until)}: {p.intensity:g}"
        yield Words(spell, spell)
    if setting.allocation:
        yield _("shared out by {allocation}", allocation=setting.allocation)


def table(subject: Subject, lang: str, changes: list[Difference]) -> Table:
    """A row for each change: what, and old -> new."""
    measures = subject.scenario.plan.measures

    def what(each: Difference) -> str:
        number = each.subject.zh
        if number not in measures:
            return each.subject.said(lang)
        return f"{number} {shortened(measures[number].title.said(lang), NAMED)}"

    columns = (
        Column(_("measure or condition").said(lang)),
        Column(_("as written → here").said(lang), wide=True),
    )
    rows = tuple((what(each), each.change.said(lang).replace("->", "→")) for each in changes)
    title = _("Differences from the plan's text ({n})", n=len(changes))
    if not subject.scenario.settings:
        title = _("No measure is carried out; outside conditions that differ ({n})", n=len(changes))
    return Table("differences", title.said(lang), columns, rows, subject.stamp(lang))


def _base(scenario: Scenario) -> Scenario:
    files = scenario.plan.scenario_files()
    return resolve(files[AS_WRITTEN if scenario.settings else NONE])
