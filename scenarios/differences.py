"""What two scenarios do differently, in the words of the plan."""

from collections.abc import Iterator, Sequence

from scenarios.checking import Words
from scenarios.keys import UNITS, quarter_name
from scenarios.loading import Plan
from scenarios.measures import Indicator, Measure
from scenarios.scenario import OFF, Scenario, Setting
from sim.conditions import CONDITIONS

Change = tuple[Setting, Setting]


def diff(a: Scenario, b: Scenario, lang: str = "zh") -> list[str]:
    """What changes from `a` to `b`, a sentence each: "M12: education groups 76 -> 114".

    What holds for all measures, or for all of a project, is said once; quantities of the plan that
    change are named measure by measure.
    """
    said = [*_horizon(a, b), *_world(a, b), *_measures(a, b), *_doses(a, b)]
    return [words.said(lang) for words in said]


def _horizon(a: Scenario, b: Scenario) -> Iterator[Words]:
    if a.plan.name != b.plan.name:
        yield Words(
            f"方案：{a.plan.name} -> {b.plan.name}", f"plan: {a.plan.name} -> {b.plan.name}"
        )
    if a.start != b.start:
        yield Words(f"起点：{a.start} -> {b.start}", f"start: {a.start} -> {b.start}")
    if a.until != b.until:
        yield Words(f"终点：{a.until} -> {b.until}", f"until: {a.until} -> {b.until}")


def _world(a: Scenario, b: Scenario) -> Iterator[Words]:
    for name, condition in CONDITIONS.items():
        before, after = getattr(a.conditions, name), getattr(b.conditions, name)
        if before == after:
            continue
        if isinstance(before, bool):
            yield Words(
                "城乡代码：" + ("按趋势划转 -> 冻结" if after else "冻结 -> 按趋势划转"),
                "urban codes: " + ("trend -> frozen" if after else "frozen -> trend"),
            )
        else:
            change = f"{before:g} -> {after:g}"
            yield Words(f"{condition.zh}：{change}", f"{condition.meaning}: {change}")


def _measures(a: Scenario, b: Scenario) -> Iterator[Words]:
    """Changes that all measures share, then those of a project, then those of one measure."""
    plan = b.plan
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
            yield _sentence(group, [_strength(first), *_manner(plan, first)])
    for number, measure in plan.measures.items():
        change = changes[number]
        if change[0] == change[1]:
            continue
        quantities = list(_quantities(measure, change))
        name = Words(number, number)
        if number in headed:
            if quantities:
                yield _sentence(name, quantities)
            continue
        what: Sequence[Words | None] = quantities or [_strength(change)]
        yield _sentence(name, [*what, *_manner(plan, change, measure)])


def _change(a: Scenario, b: Scenario, number: str) -> Change:
    """How a measure is carried out in each; all ways of doing nothing are one."""
    before, after = (OFF if (each := s.setting(number)).idle else each for s in (a, b))
    return before, after


def _sentence(subject: Words, parts: Sequence[Words | None]) -> Words:
    said = [part for part in parts if part is not None]
    zh, en = "，".join(part.zh for part in said), ", ".join(part.en for part in said)
    return Words(f"{subject.zh}：{zh}", f"{subject.en}: {en}")


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
    value = (indicator.value or 0) * intensity
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _manner(plan: Plan, change: Change, measure: Measure | None = None) -> Iterator[Words]:
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
    for county in plan.about.counties:
        was, will = (each.counties.get(county.code, each.intensity) for each in change)
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


def _doses(a: Scenario, b: Scenario) -> Iterator[Words]:
    for name in sorted(a.doses.keys() | b.doses.keys()):
        was, will = (f"{s.doses[name]:g}" if name in s.doses else "…" for s in (a, b))
        if was != will:
            yield Words(f"剂量 {name}：{was} -> {will}", f"dose {name}: {was} -> {will}")
