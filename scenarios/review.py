"""What the readers of a plan should know about the plan itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from scenarios.checking import Words
from scenarios.loading import Plan, RegionLike
from sim.levers import LEVERS


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
