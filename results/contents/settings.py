"""What a scenario does: how it departs from the text of the plan, and its settings whole."""

from collections.abc import Iterator
from dataclasses import replace

from xiancheng.calibration.i18n import Words
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
            Words(
                "与方案文本的差别：没有，各项措施按文本的力度和时间实施。",
                "Differences from the plan's text: none; every measure is carried out as written.",
            ).said(lang)
            if subject.scenario.settings
            else Words(
                "本情景不实施任何措施，外部条件不变。",
                "This scenario carries out no measure, under the usual outside conditions.",
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
    what = Words(f"不实施的 {len(dropped)} 项措施", f"{len(dropped)} measures not carried out")
    return [*kept, Difference(what, Words("、".join(dropped), ", ".join(dropped)))]


def whole(subject: Subject, lang: str) -> Table:
    """A row for each measure that is carried out and each outside condition: every setting."""
    scenario, region = subject.scenario, subject.region
    columns = (
        Column(Words("措施或条件", "measure or condition").said(lang), wide=True),
        Column(Words("力度", "intensity").said(lang), Words("倍", "times").said(lang), None),
        Column(Words("自", "from").said(lang)),
        Column(Words("另定", "set apart").said(lang), wide=True),
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
    heading = Words(
        "本情景的全部设定（力度 1 为方案文本；未列的措施不实施，未列的外部条件不变）",
        "All settings of the scenario (1 is the plan as written; measures not listed are not "
        "carried out, conditions not listed are the usual ones)",
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
        yield Words(f"按 {setting.allocation} 分解", f"shared out by {setting.allocation}")


def table(subject: Subject, lang: str, changes: list[Difference]) -> Table:
    """A row for each change: what, and old -> new."""
    measures = subject.scenario.plan.measures

    def what(each: Difference) -> str:
        number = each.subject.zh
        if number not in measures:
            return each.subject.said(lang)
        return f"{number} {shortened(measures[number].title.said(lang), NAMED)}"

    columns = (
        Column(Words("措施或条件", "measure or condition").said(lang)),
        Column(Words("文本 → 本情景", "as written → here").said(lang), wide=True),
    )
    rows = tuple((what(each), each.change.said(lang).replace("->", "→")) for each in changes)
    title = Words(
        f"与方案文本的差别（{len(changes)} 项）",
        f"Differences from the plan's text ({len(changes)})",
    )
    if not subject.scenario.settings:
        title = Words(
            f"不实施任何措施；外部条件的差别（{len(changes)} 项）",
            f"No measure is carried out; outside conditions that differ ({len(changes)})",
        )
    return Table("differences", title.said(lang), columns, rows, subject.stamp(lang))


def _base(scenario: Scenario) -> Scenario:
    files = scenario.plan.scenario_files()
    return resolve(files[AS_WRITTEN if scenario.settings else NONE])
