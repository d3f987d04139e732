"""What two scenarios do differently, in the words of the plan; and what a scenario is called."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from xiancheng.calibration.file_models import quarter_name
from xiancheng.calibration.i18n import Words, _, listed, same
from xiancheng.calibration.region import Region
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.own_plans import OwnMeasure, unit_zh
from xiancheng.scenarios.plan_files import UNITS, Measure, Plan, PlanIndicator
from xiancheng.scenarios.scenario_files import OFF, Scenario, Setting
from xiancheng.sim.conditions import CONDITIONS
from xiancheng.sim.levers import LEVERS

TITLE = 40  # characters of a title that are shown

Change = tuple[Setting, Setting]


class Difference(NamedTuple):
    """One thing that two scenarios do differently: what it is, and old -> new."""

    subject: Words
    change: Words

    def text(self, lang: str = "zh") -> str:
        """The sentence in one language, "zh" or "en"."""
        return f"{self.subject.en}: {self.change.en}" if lang == "en" else "：".join(
            (self.subject.zh, self.change.zh)
        )  # fmt: skip


def diff(a: Scenario, b: Scenario, lang: str = "zh", region: Region | None = None) -> list[str]:
    """What changes from `a` to `b`, a sentence each: "M12: education groups 76 -> 114".

    See `differences`.
    """
    return [each.text(lang) for each in (*_horizon(a, b), *differences(a, b, region))]


def differences(
    a: Scenario, b: Scenario, region: Region | None = None, *, quantities: bool = True
) -> list[Difference]:
    """What `b` does differently from `a`, but for the days from which and until which they run.

    What holds for all measures, or for all of a project, is named once; quantities of the plan that
    change are named measure by measure.

    Parameters
    ----------
    region : where the scenarios are carried out. Its counties are called by their names; outside
        the plan's own city intensities stand in place of quantities, which are the city's.
    quantities : whether the plan's quantities are given; without them what a whole project does
        is one difference.
    """
    return [
        *_world(a, b), *_additions(a, b, region), *_measures(a, b, region, quantities),
        *_doses(a, b),
    ]  # fmt: skip


def _horizon(a: Scenario, b: Scenario) -> Iterator[Difference]:
    values = {
        _("plan"): (a.plan.name, b.plan.name),
        _("start"): (a.start, b.start),
        _("until"): (a.until, b.until),
    }
    for subject, (before, after) in values.items():
        if before != after:
            yield Difference(subject, Words(f"{before} -> {after}", f"{before} -> {after}"))


def _world(a: Scenario, b: Scenario) -> Iterator[Difference]:
    for name, condition in CONDITIONS.items():
        before, after = getattr(a.conditions, name), getattr(b.conditions, name)
        if before == after:
            continue
        if isinstance(before, bool):
            yield Difference(
                _("urban codes"),
                _("trend -> frozen") if after
                else _("frozen -> trend"),
            )  # fmt: skip
        else:
            change = f"{before:g} -> {after:g}"
            yield Difference(Words(condition.zh, condition.meaning), Words(change, change))


def _additions(a: Scenario, b: Scenario, region: Region | None) -> Iterator[Difference]:
    """Projects that only one of the two adds to the plan, or that they describe otherwise."""
    names = _county_names(b.plan, region)
    for name in dict.fromkeys([*a.additions, *b.additions]):
        before, after = a.additions.get(name), b.additions.get(name)
        if before == after:
            continue
        if after is None:
            yield Difference(_("{number} {name}", number=a.additions[name].id, name=name),
                             _("dropped"))  # fmt: skip
            continue
        subject = _("{number} {name}", number=after.id, name=name)
        text = addition(after, names)
        if before is not None:
            old = addition(before, names)
            text = Words(f"{old.zh} -> {text.zh}", f"{old.en} -> {text.en}")
        else:
            text = _("added: {said}", said=text)
        strength = b.setting(after.id or "").intensity
        yield _sentence(subject, [text, None if strength == 1 else
                                  _("intensity {numbers}", numbers=f"{strength:g}")])  # fmt: skip


def addition(measure: OwnMeasure, names: Mapping[str, Words]) -> Words:
    """A project that a scenario adds: its lever, amount, counties, and when it is carried out.

    Parameters
    ----------
    names : of counties, by code
    """
    lever = LEVERS[measure.lever]
    unit = Words(unit_zh(lever.unit), lever.unit)
    parts = {name: f" {part:,g}" for name, part in measure.amounts.items()}
    called = (names.get(each, same(each)) for each in measure.counties or ())
    where = listed(Words(f"{name.zh}{parts.get(each, '')}", f"{name.en}{parts.get(each, '')}")
                   for name, each in zip(called, measure.counties or (), strict=True))  # fmt: skip
    return _(
        "{lever} {amount} {unit}, {where}, {first} to {last}",
        lever=Words(lever.zh, lever.meaning), amount=f"{measure.full:,g}", unit=unit,
        where=where if measure.counties else _("all counties"),
        first=quarter_name(measure.start), last=quarter_name(measure.finish),
    )  # fmt: skip


def _kept(a: Scenario, b: Scenario) -> list[str]:
    """The measures that both know: those of the plan, and what both add alike."""
    alike = {each.id for name, each in b.additions.items() if a.additions.get(name) == each}
    return [number for number in b.plan.measures if number not in b.plan.added or number in alike]


def _measures(
    a: Scenario, b: Scenario, region: Region | None, counted: bool
) -> Iterator[Difference]:
    """Changes that all measures share, then those of a project, then those of one measure."""
    plan, names = b.plan, _county_names(b.plan, region)
    at_home = region is None or plan.about.covers(c.code for c in region.counties)
    changes = {number: _change(a, b, number) for number in _kept(a, b)}
    headed: set[str] = set()
    groups = {_("all measures"): tuple(changes)}
    for project, title in plan.about.projects.items():
        members = tuple(number for number in plan.projects[project] if number in changes)
        groups[Words(f"{project} {title.zh}", f"{project} {title.en}")] = members
    for group, members in ((group, each) for group, each in groups.items() if each):
        first = changes[members[0]]
        same = all(changes[number] == first for number in members)
        if same and first[0] != first[1] and not headed.issuperset(members):
            headed.update(members)
            yield _sentence(group, [_strength(first), *_manner(names, first)])
    for number, change in changes.items():
        measure = plan.measures[number]
        if change[0] == change[1]:
            continue
        quantities = list(_quantities(measure, change)) if at_home and counted else []
        name = Words(number, number)
        if number in headed:
            if quantities and change[1] != OFF:
                yield _sentence(name, quantities)
            continue
        what: Sequence[Words | None] = quantities or [_strength(change)]
        yield _sentence(name, [*what, *_manner(names, change, measure)])


def _change(a: Scenario, b: Scenario, number: str) -> Change:
    """How a measure is carried out in each; all ways of doing nothing are one."""
    before, after = (OFF if (each := s.setting(number)).idle else each for s in (a, b))
    return before, after


def _county_names(plan: Plan, region: Region | None) -> dict[str, Words]:
    """What the counties of the plan, and those of the region, are called, by code."""
    names = {county.code: Words(county.zh, county.en) for county in plan.about.counties}
    here = () if region is None else region.counties
    return names | {county.code: Words(county.zh, county.en) for county in here}


def _sentence(subject: Words, parts: Sequence[Words | None]) -> Difference:
    known = [part for part in parts if part is not None]
    zh, en = "，".join(part.zh for part in known), ", ".join(part.en for part in known)
    return Difference(subject, Words(zh, en))


def _strength(change: Change) -> Words | None:
    """The change of intensity, where the plan gives no quantity for it."""
    before, after = change
    if after == OFF:
        return _("dropped")
    if before == OFF and after.intensity == 1:
        return _("added")
    if before == OFF:
        return _("added (intensity {intensity:g})", intensity=after.intensity)
    if before.intensity == after.intensity:
        return None
    numbers = f"{before.intensity:g} -> {after.intensity:g}"
    return _("intensity {numbers}", numbers=numbers)


def _quantities(measure: Measure, change: Change) -> Iterator[Words]:
    """What becomes of the numbers that the plan gives for a measure."""
    before, after = change
    if before.intensity == after.intensity:
        return
    for indicator in measure.indicators.values():
        if indicator.scales:
            was, will = (_quantity(indicator, each.intensity) for each in change)
            if was == will:  # a closed set, or less than one more
                continue
            unit = UNITS[indicator.unit]
            if after == OFF:  # what is there stays; it is no longer asked for
                yield _("{indicator} {was} {unit} no longer asked for", indicator=indicator.name,
                        was=was, unit=Words(indicator.unit, unit))  # fmt: skip
                continue
            yield Words(
                f"{indicator.name.zh} {was} -> {will} {indicator.unit}",
                f"{indicator.name.en} {was} -> {will} {unit}".rstrip(),
            )


def _quantity(indicator: PlanIndicator, intensity: float) -> str:
    value = indicator.quantity(intensity)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _manner(
    names: dict[str, Words], change: Change, measure: Measure | None = None
) -> Iterator[Words]:
    """When and where: the delay, spells, counties apart, the way city totals are shared out."""
    before, after = change
    if after == OFF:
        return
    if before.delay != after.delay and measure is not None:
        start = measure.schedule.start + after.delay
        year, quarter = 1900 + start // 4, start % 4 + 1
        yield _("from {year} Q{quarter}", year=year, quarter=quarter)
    elif before.delay != after.delay:
        late = after.delay - before.delay
        zh, en = _("later") if late > 0 else _("earlier")
        yield _("{late} quarters {what}", late=abs(late), what=Words(zh, en))
    if before.phases != after.phases:
        spells = [f"{quarter_name(p.first)}-{quarter_name(p.until)}" for p in after.phases]
        at = [f"{spell}: {p.intensity:g}" for spell, p in zip(spells, after.phases, strict=True)]
        yield _("by spells {at}", at=listed(at))
    apart = before.counties.keys() | after.counties.keys()
    for code in [*(code for code in names if code in apart), *sorted(apart - names.keys())]:
        county = names.get(code, Words(code, code))
        was, will = (each.counties.get(code, each.intensity) for each in change)
        if will == after.intensity and was == before.intensity:
            continue
        if was == will and before.intensity != after.intensity:
            yield _("{county} stays at {will:g}", county=county, will=will)
        elif was != will:
            yield Words(f"{county.zh} {was:g} -> {will:g}", f"{county.en} {was:g} -> {will:g}")
    if before.allocation != after.allocation:
        rule = after.allocation
        zh, en = (rule, rule) if rule else _("as the plan's files say")
        yield _("shared out by: {what}", what=Words(zh, en))


def _doses(a: Scenario, b: Scenario) -> Iterator[Difference]:
    for name in sorted(a.doses.keys() | b.doses.keys()):
        was, will = (f"{s.doses[name]:g}" if name in s.doses else "…" for s in (a, b))
        if was != will:
            change = f"{was} -> {will}"
            yield Difference(_("dose {name}", name=name), Words(change, change))


# Names


def called(scenario: Scenario, region: Region, *, whole: bool = False) -> Words:
    """The name of a scenario in titles, headers, sources and sentences.

    The title of a shipped scenario stands alone only over what that scenario does; over anything
    else it is followed by the number of changes. Outside the city that the plan was written for,
    the plan is named as applied. A long title is cut, unless it is wanted `whole`, with the title
    of a plan of one's own before it.
    """
    namesake = shipped(scenario)
    own, changes = (namesake or scenario).title, len(changed(scenario, region))
    zh, en = (plain(title) if whole else brief(title) for title in (own.zh, own.en))
    if changes:
        zh, en = with_changes(zh, en, changes)
    if applied(scenario, region):
        name = scenario.plan.about.name
        zh = f"{name.zh}（套用）：{zh}"
        en = f"{name.en} (applied elsewhere): {en}"
    elif whole and scenario.settings and scenario.plan.own:
        name = scenario.plan.about.title
        zh, en = f"{plain(name.zh)}：{zh}", f"{plain(name.en)}: {en}"
    return Words(zh, en)


def with_changes(zh: str, en: str, count: int) -> Words:
    """A title followed by the number of changes."""
    return _("{what} ({count} change{count_2})", what=en, count=count,
             count_2="s" if count > 1 else "", zh=zh)  # fmt: skip


def applied(scenario: Scenario, region: Region) -> bool:
    """Whether a scenario carries measures out where its plan was not written for."""
    return bool(scenario.settings.keys() - scenario.plan.added) and foreign(scenario, region)


def foreign(scenario: Scenario, region: Region) -> bool:
    """Whether the plan of a scenario speaks of none of these counties."""
    return not scenario.plan.about.covers(county.code for county in region.counties)


def changed(scenario: Scenario, region: Region) -> list[Difference]:
    """The changes in a scenario that bears the title of one that is shipped; none in others."""
    namesake = shipped(scenario)
    return [] if namesake is None else differences(namesake, scenario, region, quantities=False)


def shipped(scenario: Scenario) -> Scenario | None:
    """The scenario on file with the plan that bears the same title; None if there is none."""
    title = {scenario.title.zh, scenario.title.en}
    for file in scenario.plan.scenario_files().values():
        content = read_yaml(file).value
        named = content.get("title") if isinstance(content, dict) else None
        if title & {*(named.values() if isinstance(named, dict) else [named or file.stem])}:
            written = file.stat()
            return _read(file, written.st_mtime_ns, written.st_size, scenario.plan)
    return None


@lru_cache(maxsize=8)
def _read(file: Path, written: int, size: int, plan: Plan) -> Scenario:
    """The scenario in a file, read once until it changes."""
    return resolve(file, plan=plan)


def brief(text: str) -> str:
    """Text on one line without control characters, cut where it is longer than a title.

    >>> brief("学位优先"), len(brief("长" * 200))
    ('学位优先', 40)
    """
    shown = plain(text)
    return shown if len(shown) <= TITLE else shown[: TITLE - 1] + "…"


def plain(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
