"""What the readers of a plan should know about the plan itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from xiancheng.scenarios.checking import Words
from xiancheng.scenarios.keys import quarter_name
from xiancheng.scenarios.loading import Plan, RegionLike
from xiancheng.scenarios.measures import Measure
from xiancheng.scenarios.plan import intensity, progress
from xiancheng.scenarios.scenario import Scenario, Setting
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import Bools, quarter_with


@dataclass(frozen=True)
class Finding:
    """Something about the plan itself that its readers should know."""

    topic: str  # "targets", "no baseline", "no indicator", "cuts the other way", "no clause"
    concerns: tuple[str, ...]  # numbers of indicators, measures, clauses; names of levers
    says: Words


def findings(plan: Plan, region: RegionLike, census: date) -> list[Finding]:
    """The checks on the plan itself, with the residents of `region` at `census`."""
    unknown = tuple(k for k, v in plan.indicators.items() if v.baseline is None)
    silent = tuple(k for k, v in plan.measures.items() if not v.indicators)
    lowering = tuple(k for k, v in plan.clauses.items() if v.sign == "-")
    open_sign = tuple(k for k, v in plan.clauses.items() if v.sign == "±")
    used = {dose.lever for clause in plan.clauses.values() for dose in clause.mechanism}
    idle = tuple(name for name in LEVERS if name not in used and name != "workload")
    assumed = tuple(
        name
        for measure in plan.measures.values()
        for name, _, dose in measure.doses()
        if dose.amount.status == "assumed"
    )
    return [
        *_weighted_targets(plan, region, census),
        Finding("no baseline", unknown, Words(
            f"{len(plan.indicators)} 项指标中有 {len(unknown)} 项没有基期值",
            f"{len(unknown)} of {len(plan.indicators)} indicators have no base value",
        )),
        Finding("no indicator", silent, Words(
            f"{len(silent)} 项措施没有指标", f"{len(silent)} measures have no indicator"
        )),
        Finding("cuts the other way", lowering, Words(
            f"{len(lowering)} 条条款会拉低城镇化率", f"{len(lowering)} clauses lower the rate"
        )),
        Finding("open sign", open_sign, Words(
            f"{len(open_sign)} 条条款方向不定", f"{len(open_sign)} clauses may act either way"
        )),
        Finding("no clause", idle, Words(
            f"{len(idle)} 个抓手没有条款使用", f"{len(idle)} levers are moved by no clause"
        )),
        Finding("assumed dose", assumed, Words(
            f"{len(assumed)} 个剂量为假定值", f"{len(assumed)} doses are assumptions"
        )),
    ]  # fmt: skip


def _weighted_targets(plan: Plan, region: RegionLike, census: date) -> Iterator[Finding]:
    """Aggregate targets against their counties' own targets, weighted with residents."""
    residents = dict(
        zip([c.code for c in region.counties], region.urban_rural(census).sum(axis=1), strict=True)
    )
    spoken_of = plan.about.target_counties
    alone = {
        codes[0]: plan.about.targets[k].value for k, codes in spoken_of.items() if len(codes) == 1
    }
    for name, codes in spoken_of.items():
        target = plan.about.targets[name].value
        if len(codes) == 1 or target is None or not set(codes) <= residents.keys() & alone.keys():
            continue
        weights = np.array([residents[code] for code in codes], float)
        implied = float(weights @ np.array([alone[code] for code in codes], float) / weights.sum())
        short = round((target - implied) / 100 * weights.sum())
        yield Finding("targets", (name,), Words(
            f"各县目标按常住人口加权为 {implied:.2f}%，总目标为 {target:g}%，相差 {short} 人",
            f"the county targets come to {implied:.2f} %, the overall target is {target:g} %:"
            f" {short} persons apart",
        ))  # fmt: skip


# What a scenario asks for that cannot happen


def inactive(scenario: Scenario) -> list[Finding]:
    """Measures of a scenario that never act between the plan's first quarter and the end.

    Their time may come from the plan's schedule, from `delay`, from `phases` or from the horizon.
    Measures whose reason is the same stand in one finding.
    """
    plan = scenario.plan
    codes = [county.code for county in plan.about.counties]
    first, last = plan.first_quarter, quarter_with(scenario.until)
    found: dict[tuple[str, Words], list[str]] = {}
    asked = {number: each for number, each in scenario.settings.items() if not each.idle}
    for number, setting in asked.items():
        for topic, says in _reasons(plan.measures[number], setting, codes, first, last):
            found.setdefault((topic, says), []).append(number)
    told = []
    for (topic, says), numbers in found.items():
        named = Words("、".join(numbers), ", ".join(numbers))
        if len(numbers) == len(asked) > 3:
            named = Words(f"全部 {len(asked)} 项措施", f"all {len(asked)} measures")
        words = Words(f"{named.zh} {says.zh}", f"{named.en}: {says.en}")
        told.append(Finding(topic, tuple(numbers), words))
    return told


def _reasons(
    measure: Measure, setting: Setting, codes: list[str], first: int, last: int
) -> Iterator[tuple[str, Words]]:
    """Why a measure does nothing, or only a part of what is asked, within some quarters."""
    ends = max([last, *(phase.until for phase in setting.phases)]) + FAR
    quarters = np.arange(first, ends + setting.delay)
    strength = intensity(setting, codes, quarters).any(axis=1)
    done = strength & (progress(measure.schedule, setting.delay, quarters, felt=False) > 0)
    felt = np.zeros(len(quarters), bool)
    for _, _, dose in measure.doses():
        share = progress(dose.schedule or measure.schedule, setting.delay, quarters, felt=True)
        felt |= strength & (share > 0)
    between = f"{quarter_name(first)}–{quarter_name(last)}"
    inside = quarters <= last
    if not (done & inside).any():
        yield "never acts", _never(quarters, done, first, last)
        return
    if not felt.any() and any(True for _ in measure.doses()):
        yield (
            "not felt",
            Words(
                "没有效果：还没有见效，它的时段就结束了",
                "without effect: its time is over before it is felt",
            ),
        )
    if felt.any() and not (felt & inside).any():
        start = quarter_name(int(quarters[felt.argmax()]))
        yield (
            "not felt",
            Words(
                f"在期末 {quarter_name(last)} 以前没有效果：{start} 起才见效",
                f"without effect by the end, {quarter_name(last)}: felt from {start} on",
            ),
        )
    for phase in setting.phases:
        if phase.until < first or phase.first > last:
            spell = f"{quarter_name(phase.first)}–{quarter_name(phase.until)}"
            yield (
                "spell outside",
                Words(
                    f"的时段 {spell} 不起作用：不在 {between} 之内",
                    f"the spell {spell} never acts, as it lies outside {between}",
                ),
            )


FAR = 80  # quarters after the end in which a measure is still looked for


def _never(quarters: NDArray[np.int64], done: Bools, first: int, last: int) -> Words:
    """Why a measure never acts: it comes after the end, before the plan, or not at all."""
    begins, ends = quarter_name(first), quarter_name(last)
    if last < first:
        return Words(
            f"不起作用：期末 {ends} 早于方案的第一个季度 {begins}",
            f"never acts, as the end, {ends}, is before the plan's first quarter, {begins}",
        )
    if done.any():
        start = quarter_name(int(quarters[done.argmax()]))
        return Words(
            f"不起作用：{start} 才开始，晚于期末 {ends}",
            f"never acts, as it starts in {start}, after the end, {ends}",
        )
    return Words(
        f"不起作用：它的时间都在方案的第一个季度 {begins} 之前",
        f"never acts, as its time is over before the plan's first quarter, {begins}",
    )
