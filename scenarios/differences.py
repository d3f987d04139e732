"""What two scenarios do differently, in the words of the plan."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xiancheng.scenarios.checking import Words
from xiancheng.scenarios.keys import UNITS, quarter_name
from xiancheng.scenarios.loading import Plan, RegionLike
from xiancheng.scenarios.measures import Indicator, Measure
from xiancheng.scenarios.scenario import OFF, Scenario, Setting
from xiancheng.sim.conditions import CONDITIONS

Change = tuple[Setting, Setting]


class Difference(NamedTuple):
    """One thing that two scenarios do differently: what it is, and old -> new."""

    subject: Words
    change: Words

    def said(self, lang: str = "zh") -> str:
        """The sentence in one language, "zh" or "en"."""
        return f"{self.subject.en}: {self.change.en}" if lang == "en" else "：".join(
            (self.subject.zh, self.change.zh)
        )  # fmt: skip


def diff(a: Scenario, b: Scenario, lang: str = "zh", region: RegionLike | None = None) -> list[str]:
    """What changes from `a` to `b`, a sentence each: "M12: education groups 76 -> 114".

    See `differences`.
    """
    return [each.said(lang) for each in (*_horizon(a, b), *differences(a, b, region))]


def differences(
    a: Scenario, b: Scenario, region: RegionLike | None = None, *, quantities: bool = True
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
    return [*_world(a, b), *_measures(a, b, region, quantities), *_doses(a, b)]


def _horizon(a: Scenario, b: Scenario) -> Iterator[Difference]:
    said = {
        Words("方案", "plan"): (a.plan.name, b.plan.name),
        Words("起点", "start"): (a.start, b.start),
        Words("终点", "until"): (a.until, b.until),
    }
    for subject, (before, after) in said.items():
        if before != after:
            yield Difference(subject, Words(f"{before} -> {after}", f"{before} -> {after}"))


def _world(a: Scenario, b: Scenario) -> Iterator[Difference]:
    for name, condition in CONDITIONS.items():
        before, after = getattr(a.conditions, name), getattr(b.conditions, name)
        if before == after:
            continue
        if isinstance(before, bool):
            yield Difference(
                Words("城乡代码", "urban codes"),
                Words("按趋势划转 -> 冻结", "trend -> frozen") if after
                else Words("冻结 -> 按趋势划转", "frozen -> trend"),
            )  # fmt: skip
        else:
            change = f"{before:g} -> {after:g}"
            yield Difference(Words(condition.zh, condition.meaning), Words(change, change))


def _measures(
    a: Scenario, b: Scenario, region: RegionLike | None, counted: bool
) -> Iterator[Difference]:
    """Changes that all measures share, then those of a project, then those of one measure."""
    plan, names = b.plan, _county_names(b.plan, region)
    at_home = region is None or plan.about.covers(str(c.code) for c in region.counties)
    changes = {number: _change(a, b, number) for number in plan.measures}
    headed: set[str] = set()
    groups = {Words("全部措施", "all measures"): tuple(plan.measures)}
    for project, title in plan.about.projects.items():
        groups[Words(f"{project} {title.zh}", f"{project} {title.en}")] = plan.projects[project]
    for group, members in groups.items():
        first = changes[members[0]]
        same = all(changes[number] == first for number in members)
        if same and first[0] != first[1] and not headed.issuperset(members):
            headed.update(members)
            yield _sentence(group, [_strength(first), *_manner(names, first)])
    for number, measure in plan.measures.items():
        change = changes[number]
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


def _county_names(plan: Plan, region: RegionLike | None) -> dict[str, Words]:
    """What the counties of the plan, and those of the region, are called, by code."""
    counties = (*plan.about.counties, *(() if region is None else region.counties))
    return {str(county.code): Words(county.zh, county.en) for county in counties}


def _sentence(subject: Words, parts: Sequence[Words | None]) -> Difference:
    said = [part for part in parts if part is not None]
    zh, en = "，".join(part.zh for part in said), ", ".join(part.en for part in said)
    return Difference(subject, Words(zh, en))


def _strength(change: Change) -> Words | None:
    """The change of intensity, where the plan gives no quantity for it."""
    before, after = change
    if after == OFF:
        return Words("不做", "dropped")
    if before == OFF and after.intensity == 1:
        return Words("增加", "added")
    if before == OFF:
        return Words(f"增加（力度 {after.intensity:g}）", f"added (intensity {after.intensity:g})")
    if before.intensity == after.intensity:
        return None
    numbers = f"{before.intensity:g} -> {after.intensity:g}"
    return Words(f"力度 {numbers}", f"intensity {numbers}")


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
                yield Words(f"不再要求{indicator.name.zh} {was} {indicator.unit}",
                            f"{indicator.name.en} {was} {unit} no longer asked for")  # fmt: skip
                continue
            yield Words(
                f"{indicator.name.zh} {was} -> {will} {indicator.unit}",
                f"{indicator.name.en} {was} -> {will} {unit}".rstrip(),
            )


def _quantity(indicator: Indicator, intensity: float) -> str:
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
        yield Words(f"自 {year} 年第 {quarter} 季度起", f"from {year} Q{quarter}")
    elif before.delay != after.delay:
        late = after.delay - before.delay
        zh, en = ("晚", "later") if late > 0 else ("早", "earlier")
        yield Words(f"{zh} {abs(late)} 个季度", f"{abs(late)} quarters {en}")
    if before.phases != after.phases:
        spells = [f"{quarter_name(p.first)}-{quarter_name(p.until)}" for p in after.phases]
        at = [f"{spell}: {p.intensity:g}" for spell, p in zip(spells, after.phases, strict=True)]
        yield Words(f"分时段 {'、'.join(at)}", f"by spells {', '.join(at)}")
    apart = before.counties.keys() | after.counties.keys()
    for code in [*(code for code in names if code in apart), *sorted(apart - names.keys())]:
        county = names.get(code, Words(code, code))
        was, will = (each.counties.get(code, each.intensity) for each in change)
        if will == after.intensity and was == before.intensity:
            continue
        if was == will and before.intensity != after.intensity:
            yield Words(f"{county.zh}保持 {will:g}", f"{county.en} stays at {will:g}")
        elif was != will:
            yield Words(f"{county.zh} {was:g} -> {will:g}", f"{county.en} {was:g} -> {will:g}")
    if before.allocation != after.allocation:
        rule = after.allocation
        zh, en = (rule, rule) if rule else ("按方案文件", "as the plan's files say")
        yield Words(f"分解到县：{zh}", f"shared out by: {en}")


def _doses(a: Scenario, b: Scenario) -> Iterator[Difference]:
    for name in sorted(a.doses.keys() | b.doses.keys()):
        was, will = (f"{s.doses[name]:g}" if name in s.doses else "…" for s in (a, b))
        if was != will:
            change = f"{was} -> {will}"
            yield Difference(Words(f"剂量 {name}", f"dose {name}"), Words(change, change))
