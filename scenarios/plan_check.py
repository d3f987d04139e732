"""What a plan leaves out, assumes and says against itself, found by rule, with file and line.

The rules are those that were first found by hand in the plan of Binzhou (its caveats C1 to C10)
and a few more; none of them knows a plan by name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from xiancheng.calibration.file_models import quarter_name
from xiancheng.calibration.i18n import Words, _, same
from xiancheng.calibration.region import Region, Target
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.scenarios.own_plans import UNSTATED, OwnPlan, is_own
from xiancheng.scenarios.plan_files import Measure, Plan, Schedule
from xiancheng.scenarios.trace import Finding
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import Floats, quarter_with

MISSING, ASSUMED, AGAINST, NOTE = "missing", "assumed", "contradiction", "note"
KINDS = {
    MISSING: _("missing", "finding"),
    ASSUMED: _("assumed", "finding"),
    AGAINST: _("contradiction", "finding"),
    NOTE: _("to know", "finding"),
}
SHORT = 36  # months to a deadline in which building and moving are barely felt; assumed
MANY = 10  # measures from which a plan is one that could use every lever; assumed
LARGE = 0.1  # share of residents from which an amount is worth a second look; assumed, 0.05 to 0.2
RECODES = ("recoding", "merging")  # levers that raise the rate with nobody moving


def plan_findings(plan: Plan, region: Region, census: date | None = None) -> list[Finding]:
    """Everything that readers of a plan should know of it, by file and line.

    Parameters
    ----------
    region : whose targets the plan is held to, with residents at `census`, by default the last
    """
    day, places = census or region.censuses[-1], Positions.of(plan)
    found = [
        *_what_is_missing(plan, region, places),
        *_what_is_assumed(plan, places),
        *_targets_against_each_other(plan, region, day, places),
        *_times(plan, region, places),
        *_what_counts_twice(plan, places),
        *_too_much(plan, region, day, places),
        *_directions(plan),
    ]
    order = list(KINDS)
    return sorted(found, key=lambda each: order.index(each.kind))


# Missing


def _what_is_missing(plan: Plan, region: Region, places: "Positions") -> Iterator[Finding]:
    short = is_own(read_yaml(plan.files[0]).value)
    if not _targets(plan, region):
        yield Finding("no target", (), _("no target: nothing can be judged; write one under "
                                         "targets"), MISSING, places.own)  # fmt: skip
    for key, says in {
        "issuer": _("no issuer: documents say that it is not given"),
        "issued": _("no day of issue: taken as the day before the first measure starts, "
                    "{day}", day=plan.about.issued),
    }.items():  # fmt: skip
        if short and key not in places.keys:
            yield Finding(f"no {key}", (key,), says, MISSING, places.own)
    silent = tuple(k for k, v in plan.measures.items() if not v.indicators)
    if silent:
        yield Finding("no indicator", silent,
                      _("{n} measures have no indicator", n=len(silent)), MISSING)  # fmt: skip
    headless = tuple(k for k, v in plan.measures.items() if not v.lead)
    if headless:
        yield Finding("no lead", headless, _("{n} measures have no lead department",
                                             n=len(headless)), MISSING)  # fmt: skip
    unknown = tuple(
        k for k, v in plan.indicators.items()
        if v.baseline is None and (not short or k in plan.about.targets)
    )  # fmt: skip
    if unknown:
        says = _("{n} of {n_2} indicators have no base value", n=len(unknown),
                 n_2=len(plan.indicators))  # fmt: skip
        if short:
            says = _("{n} targets state no base value; the last census stands in for it",
                     n=len(unknown))  # fmt: skip
        yield Finding("no baseline", unknown, says, MISSING)
    undated = tuple(
        k for k, v in plan.indicators.items() if v.deadline is None and v.kind != "guard"
    )
    if undated:
        yield Finding("no deadline", undated, _("{n} indicators have no deadline; none is assumed",
                                                n=len(undated)), MISSING)  # fmt: skip
    for project, members in plan.projects.items():
        if not members:
            yield Finding("empty project", (project,), _("project {project} has no measure",
                                                         project=project), MISSING)  # fmt: skip


# Assumed


def _what_is_assumed(plan: Plan, places: "Positions") -> Iterator[Finding]:
    low, high = UNSTATED
    for number, measure in plan.measures.items():
        written = places.written(number)
        if written is None:
            continue
        if "range" not in written:
            yield Finding("assumed range", (number,),
                          _("no range: the amount may be {low:g} to {high:g} times as written",
                            low=low, high=high), ASSUMED, places.at(number))  # fmt: skip
        if "lag" not in written:
            yield Finding("assumed lag", (number,),
                          _("no lag: felt as soon as it is done"), ASSUMED,
                          places.at(number))  # fmt: skip
        (clause,) = measure.clauses.values()
        (dose,) = clause.mechanism
        if dose.counties is None and dose.total is not None and "allocation" not in written:
            rule = _RULES[measure.allocation.rule]
            yield Finding("assumed allocation", (number,),
                          _("counties not named: shared out among all by {rule}", rule=rule),
                          ASSUMED, places.at(number))  # fmt: skip
        if "evidence" not in written:
            yield Finding("assumed effect", (number,),
                          _("direction and evidence are those known of the lever: {sign}, "
                            "{evidence}", sign=dose.sign, evidence=dose.evidence), ASSUMED,
                          places.at(number))  # fmt: skip
    stated = tuple(
        name
        for measure in plan.measures.values()
        for name, __, dose in measure.doses()
        if dose.amount.status == "assumed"
    )
    if stated:
        yield Finding("assumed dose", stated, _("{n} doses are assumptions", n=len(stated)),
                      ASSUMED)  # fmt: skip
    spread = tuple(
        number for number, each in plan.measures.items()
        if places.written(number) is None
        and any(d.total and d.counties is None for __, __, d in each.doses())
    )  # fmt: skip
    if spread:
        yield Finding("assumed allocation", spread,
                      _("{n} measures have totals that the plan does not share out; a rule does",
                        n=len(spread)), ASSUMED)  # fmt: skip


_RULES = {
    "residents": _("residents", "rule"),
    "urban residents": _("urban residents", "rule"),
    "rural residents": _("rural residents", "rule"),
    "equal per county": _("equal parts", "rule"),
}


# Contradictions


def _targets(plan: Plan, region: Region) -> tuple[Target, ...]:
    """The targets that the plan is held to: its own, or else those of the pack."""
    return plan.targets or region.targets


def _targets_against_each_other(
    plan: Plan, region: Region, day: date, places: "Positions"
) -> Iterator[Finding]:
    targets = _targets(plan, region)
    counted = region.urban_rural(day)
    residents = dict(zip([c.code for c in region.counties], counted.sum(axis=1), strict=True))
    urban = dict(zip([c.code for c in region.counties], counted[:, 0], strict=True))
    for target in targets:
        if not set(target.counties) <= residents.keys():
            continue
        whole = sum(residents[code] for code in target.counties)
        now = 100 * sum(urban[code] for code in target.counties) / max(whole, 1)
        if now >= target.value:
            yield Finding("met at once", (target.id,),
                          _("{name} stood at {now:.2f} % at the census already; the target of "
                            "{value:g} % asks for nothing", name=target.name, now=now,
                            value=target.value), AGAINST, places.at(target.id))  # fmt: skip
        every = 100 * sum(urban.values()) / max(sum(residents.values()), 1)
        if 1 < len(target.counties) < len(residents) and now < target.value <= every:
            yield Finding("a part only", (target.id,),
                          _("{name} leaves out {n} of {all} counties; all together stood at "
                            "{every:.2f} % at the census already", name=target.name,
                            n=len(residents) - len(target.counties), all=len(residents),
                            every=every), AGAINST, places.at(target.id))  # fmt: skip
    yield from _weighted(targets, residents, places)
    for one in targets:
        for other in targets:
            alike = one.counties == other.counties and one.deadline < other.deadline
            if alike and other.value < one.value:
                yield Finding("falling target", (one.id, other.id),
                              _("{name}: {value:g} % by {day}, but only {later:g} % by {then}",
                                name=one.name, value=one.value, day=one.deadline,
                                later=other.value, then=other.deadline), AGAINST,
                              places.at(other.id))  # fmt: skip
    same_day: dict[tuple[tuple[str, ...], date], list[str]] = {}
    for target in targets:
        same_day.setdefault((target.counties, target.deadline), []).append(target.id)
    for (__, when), ids in same_day.items():
        if len(ids) > 1:
            yield Finding("two targets", tuple(ids),
                          _("{n} targets for the same counties on {day}", n=len(ids), day=when),
                          AGAINST, places.at(ids[-1]))  # fmt: skip


def _weighted(
    targets: tuple[Target, ...], residents: dict[str, float], places: "Positions"
) -> Iterator[Finding]:
    """Aggregate targets against their counties' own of the same day, weighted with residents."""
    for target in targets:
        alone = {
            each.counties[0]: each.value for each in targets
            if len(each.counties) == 1 and each.deadline == target.deadline
        }  # fmt: skip
        codes = target.counties
        if len(codes) == 1 or not set(codes) <= residents.keys() & alone.keys():
            continue
        weights = np.array([residents[code] for code in codes], float)
        implied = float(weights @ np.array([alone[code] for code in codes], float) / weights.sum())
        short = round((target.value - implied) / 100 * weights.sum())
        if abs(target.value - implied) < 0.005:
            continue
        yield Finding(
            "targets", (target.id,),
            _("the county targets come to {implied:.2f} %, the overall target is {target:g} %: "
              "{short} persons apart", implied=implied, target=target.value, short=short),
            AGAINST, places.at(target.id),
        )  # fmt: skip


def _times(plan: Plan, region: Region, places: "Positions") -> Iterator[Finding]:
    """Measures that end, or are felt, after the last deadline; and how soon deadlines come."""
    targets = _targets(plan, region)
    if not targets:
        return
    issued = plan.about.issued
    for when in sorted({each.deadline for each in targets}):
        months = (when.year - issued.year) * 12 + when.month - issued.month
        if months < SHORT:
            yield Finding("short time", tuple(t.id for t in targets if t.deadline == when),
                          _("issued on {issued}, about {months} months before {when}; nothing acts "
                            "before", issued=issued, months=months, when=when), NOTE)  # fmt: skip
    last = quarter_with(max(each.deadline for each in targets))
    for number, measure in plan.measures.items():
        ends = max((_ends(each, felt=False) for each in _schedules(measure)), default=0)
        felt = max((_ends(each, felt=True) for each in _schedules(measure)), default=0)
        if ends > last:
            yield Finding("after the deadline", (number,),
                          _("done by {ends} only, after the last deadline, {last}",
                            ends=quarter_name(ends), last=quarter_name(last)), AGAINST,
                          places.at(number))  # fmt: skip
        elif felt > last:
            yield Finding("after the deadline", (number,),
                          _("felt in full from {felt} only, after the last deadline, {last}",
                            felt=quarter_name(felt), last=quarter_name(last)), AGAINST,
                          places.at(number))  # fmt: skip


def _schedules(measure: Measure) -> list[Schedule]:
    return [dose.schedule or measure.schedule for __, __, dose in measure.doses()]


def _ends(schedule: Schedule, *, felt: bool) -> int:
    return schedule.start + schedule.ramp - 1 + (schedule.lag if felt else 0)


def _what_counts_twice(plan: Plan, places: "Positions") -> Iterator[Finding]:
    """The same lever in the same counties by two measures in short form."""
    seen: dict[str, list[tuple[str, set[str]]]] = {}
    every = {county.code for county in plan.about.counties}
    for number, measure in plan.measures.items():
        if places.written(number) is None:
            continue
        for __, __, dose in measure.doses():
            here = set(dose.counties) if dose.counties is not None else every
            for other, there in seen.get(dose.lever, []):
                if here & there:
                    lever = LEVERS[dose.lever]
                    yield Finding("counted twice", (other, number),
                                  _("{other} and {number} both add {lever} in the same counties; "
                                    "are they counted twice?", other=other, number=number,
                                    lever=Words(lever.zh, lever.meaning)), AGAINST,
                                  places.at(number))  # fmt: skip
            seen.setdefault(dose.lever, []).append((number, here))


def _too_much(plan: Plan, region: Region, day: date, places: "Positions") -> Iterator[Finding]:
    """Totals that are large for the people of their counties."""
    residents: Floats = region.urban_rural(day).sum(axis=1)
    codes = [county.code for county in region.counties]
    for number, measure in plan.measures.items():
        for __, clause, dose in measure.doses():
            if dose.total is None or not plan.about.covers(codes):
                continue
            among = [
                n for code, n in zip(codes, residents, strict=True)
                if dose.counties is None or code in dose.counties
            ]  # fmt: skip
            full = measure.clauses[clause].full(dose)
            if full > LARGE * sum(among):
                share = 100 * full / max(sum(among), 1)
                yield Finding("large amount", (number,),
                              _("{full:,.0f} {unit} for {people:,.0f} residents, {share:.0f} %: is "
                                "the amount right?", full=full, unit=same(dose.amount.unit),
                                people=sum(among), share=share), AGAINST,
                              places.at(number))  # fmt: skip


# To know


def _directions(plan: Plan) -> Iterator[Finding]:
    lowering = tuple(k for k, v in plan.clauses.items() if v.sign == "-")
    open_sign = tuple(k for k, v in plan.clauses.items() if v.sign == "±")
    used = {dose.lever for clause in plan.clauses.values() for dose in clause.mechanism}
    codes = tuple(
        k for k, v in plan.clauses.items()
        if v.recoding_possible or any(d.lever in RECODES for d in v.mechanism)
    )  # fmt: skip
    if lowering:
        yield Finding("cuts the other way", lowering,
                      _("{n} clauses lower the rate", n=len(lowering)))  # fmt: skip
    if open_sign:
        yield Finding("open sign", open_sign,
                      _("{n} clauses may act either way", n=len(open_sign)))  # fmt: skip
    if codes:
        yield Finding("recoding", codes,
                      _("{n} clauses can raise the rate with nobody moving",
                        n=len(codes)))  # fmt: skip
    other = tuple(
        k for k, v in plan.indicators.items() if v.counts in ("person-times", "posts created")
    )
    if other:
        yield Finding("not persons", other,
                      _("{n} indicators count person-times or posts created, not persons or posts "
                        "held", n=len(other)))  # fmt: skip
    if len(plan.measures) > MANY:
        idle = tuple(name for name in LEVERS if name not in used and name != "workload")
        yield Finding("no clause", idle, _("levers moved by no clause: {n}", n=len(idle)))


# Where things stand


@dataclass(frozen=True)
class Positions:
    """Where the measures and targets of a plan stand, as file:line."""

    own: str
    keys: frozenset[str]  # of the plan's own file
    lines: dict[str, str]  # by number of a measure, or id of a target
    contents: dict[str, dict[str, object]]  # of measures in short form, by number

    @classmethod
    def of(cls, plan: Plan) -> "Positions":
        """Read off the files of a plan, which has been loaded."""
        document = read_yaml(plan.files[0])
        name, value = plan.files[0].name, document.value
        lines: dict[str, str] = {}
        contents: dict[str, dict[str, object]] = {}
        by_name = {measure.title.zh: number for number, measure in plan.measures.items()}
        if is_own(value):
            own = OwnPlan.model_validate(value)
            for key, each in own.measures.items():
                number = each.id or by_name[each.name.zh if each.name else key]
                mark = document.mark(("measures", key), at_key=True)
                lines[number] = f"{name}:{mark[0]}"
                contents[number] = value["measures"][key]
            for i, target in enumerate(own.targets):
                mark = document.mark(("targets", i))
                lines[target.id or f"T-{i + 1}"] = f"{name}:{mark[0]}"
        elif isinstance(value.get("targets"), dict):
            for key in value["targets"]:
                lines[key] = f"{name}:{document.mark(('targets', key), at_key=True)[0]}"
        for file in plan.files[1:]:
            read = read_yaml(file)
            short = "clauses" not in read.value
            words = read.value.get("name", file.stem)
            title = words.get("zh") if isinstance(words, dict) else words
            number = str(read.value.get("id") or by_name.get(str(title), file.stem))
            lines[number] = f"{file.parent.name}/{file.name}:1"
            if short:
                contents[number] = read.value
        return cls(f"{name}:1", frozenset(value), lines, contents)

    def at(self, number: str) -> str:
        """Where a measure or a target stands; empty where that is not known."""
        return self.lines.get(number, "")

    def written(self, number: str) -> dict[str, object] | None:
        """A measure in short form as its file has it; None for one in full form."""
        return self.contents.get(number)
