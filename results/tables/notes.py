"""Notes on a verdict: what it rests on, what it does not say, and what the plan leaves open."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from xiancheng.calibration import posterior
from xiancheng.calibration.i18n import Words, _
from xiancheng.results.store.record import sample_notes
from xiancheng.results.tables.labels import ASKED, percent
from xiancheng.scenarios.diff import applied, foreign
from xiancheng.scenarios.ensemble import Ensemble
from xiancheng.scenarios.outcome import Group, group_of

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.calibration.region import Region
    from xiancheng.scenarios.scenario_files import Scenario

LEVELS_UNTIL = date(2025, 12, 31)  # the last day for which a level may be quoted (docs/limits)
ENOUGH = 20  # draws below which shares and the ends of intervals are coarse


def verdict_notes(
    both: Ensemble, verdicts: "pd.DataFrame", delivery: "pd.DataFrame", lang: str
) -> Iterator[str]:
    """The notes that stand below the verdicts, in order.

    Parameters
    ----------
    verdicts : `Verdict.to_frame`
    delivery : `plan_result.delivery_frame`
    """
    plan = both.scenario
    for line in plan.scenario.crossed():
        yield _("crosses a red line: {line}", line=line).text(lang)
    codes = [county.code for county in plan.region.counties]
    caveats = plan.scenario.plan.about.caveats_for(codes)
    if applied(plan.scenario, plan.region):
        yield applied_elsewhere(plan.scenario).text(lang)
    due = delivery[delivery["at_deadline"].astype(bool) & delivery["met"].notna()]
    if len(due) and not foreign(plan.scenario, plan.region):
        kept = int(due["met"].astype(bool).sum())
        yield _(
            "Of {n} indicators due by then, {kept} are delivered at the pace of the model.",
            n=len(due),
            kept=kept,
        ).text(lang)
    for note in beyond(plan.region, plan.groups, plan.dates[0], plan.dates[-1]):
        yield note.text(lang)
    if verdicts.empty:
        return
    without, having = verdicts["probability_without"], verdicts["probability"]
    added = verdicts["from_plan_pp"]
    if having.notna().all():
        yield _(
            "Chances without the plan: {min} to {max}; with it {min_2} to "
            "{max_2}. The plan changes the rate by {min_3:+.2f} to "
            "{max_3:+.2f} points.",
            min=percent(without.min()),
            max=percent(without.max()),
            min_2=percent(having.min()),
            max_2=percent(having.max()),
            min_3=added.min(),
            max_3=added.max(),
        ).text(lang)
        yield from joint_chances(verdicts, lang)
        if unclear_effects(verdicts):
            yield _("? cannot be told from zero: 90 % of the draws hold it.").text(lang)
    for number, caveat in caveats.items():
        yield f"{number} {caveat.text(lang)}"
    yield basis(verdicts, belief(plan.region)).text(lang)
    yield from sample_notes(plan.region, lang)
    yield Words(
        "有方案与起点之差 = 趋势 + 划转"
        + ("" if usual_conditions(verdicts) else " + 外部条件")
        + " + 方案（百分点）；划转按模型的基准计，随时可能被行政决定改变，"
        "城乡代码冻结的情景见 plan-without-recoding。",
        "With the plan less the start = trend + recoding"
        + ("" if usual_conditions(verdicts) else " + conditions")
        + " + plan, in points; recoding is that of the model's baseline, and an administrative "
        "decision may change it: see the scenario plan-without-recoding.",
    ).text(lang)
    yield _(
        "scale {scale:g}, seed {seed}, {start} to {until}; targets are never used as data.",
        scale=plan.settings["scale"],
        seed=plan.settings["seed"],
        start=plan.settings["start"],
        until=plan.settings["until"],
    ).text(lang)


def beyond(region: "Region", groups: Sequence[Group], start: date, until: date) -> Iterator[Words]:
    """Limits of a run from `start` to `until`: levels far ahead, targets not judged."""
    if until > LEVELS_UNTIL:
        yield _(
            "Run to {until}: after {year} there is nothing but trends "
            "carried on; levels then are no forecast, and only differences "
            "between scenarios can be read. Verdicts are of the targets' "
            "deadlines alone; every quarter is in series.parquet of a saved "
            "run.",
            until=until,
            year=LEVELS_UNTIL.year,
        )
    yield from unjudged(region, groups, start, until)


def unjudged(
    region: "Region", groups: Sequence[Group], start: date, until: date
) -> Iterator[Words]:
    """A sentence for each target whose deadline is not between `start` and `until`."""
    for target in region.targets:
        if target.due(start, until):
            continue
        place, rate = groups[group_of(target, region, groups)], f"{target.value:g}%"
        due = target.deadline
        early = due <= start
        yield Words(
            f"未判定的目标 {target.id}：{place.zh} {ASKED[target.operator]}{rate}，期限 {due} "
            + (
                f"不晚于起点 {start}。"
                if early
                else f"晚于期末 {until}；终点设为 {due}（run、seek 的 --until，"
                "或情景、设计中的 horizon.until）才能判定。"
            ),
            f"Target {target.id} is not judged: {place.en} {ASKED[target.operator]}{rate}, "
            f"deadline {due} "
            + (
                f"is not after the start, {start}."
                if early
                else f"is after the end, {until}; set the end to {due} (--until of run and seek, "
                "or horizon.until of a scenario or design)."
            ),
        )


def applied_elsewhere(scenario: "Scenario") -> Words:
    """A note where a plan is applied to another city than it was written for."""
    name = scenario.plan.about.name
    return _(
        "{name} does not speak of these counties: to apply it here is a "
        "thought experiment. City totals are scaled by residents; its "
        "deadlines, tasks and caveats are left out.",
        name=name,
    )


def joint_chances(verdicts: "pd.DataFrame", lang: str) -> Iterator[str]:
    """Sentences on the probability that all targets due by each deadline are met."""
    for day, n, without, having in joint_probabilities(verdicts):
        if n > 1:
            yield _(
                "The chance that all {n} targets due by {day} are met is {having}; without the "
                "plan it is {without}.",
                n=n,
                day=day,
                having=percent(having),
                without=percent(without),
            ).text(lang)


def joint_probabilities(verdicts: "pd.DataFrame") -> list[tuple[str, int, float, float]]:
    """By deadline: day, targets due by it, and the probability of all without and with the plan."""
    days = verdicts["deadline"].astype(str)
    return [
        (day, int((days <= day).sum()), float(own["all_met_without"]), float(own["all_met"]))
        for day in sorted(set(days))
        for own in [verdicts[days == day].iloc[0]]
    ]


def usual_conditions(verdicts: "pd.DataFrame") -> bool:
    """Whether outside conditions add nothing."""
    return not verdicts["from_conditions_pp"].abs().max() > 0


def unclear_effects(verdicts: "pd.DataFrame") -> bool:
    """Whether the effect of the plan on any target, not exactly 0, cannot be told from 0."""
    low, high, value = (verdicts[name] for name in ("plan_low", "plan_high", "from_plan_pp"))
    return bool(((low <= 0) & (high >= 0) & (value != 0)).any())


def one_run(verdicts: "pd.DataFrame", region: "Region", lang: str) -> str:
    """A note on the table of causes in a terminal: it is of one run."""
    drawn = verdicts["draws"].iloc[0] > 0
    other = Words("", "")
    if drawn:
        other = _(
            "; recoding and plan in the table above are means over draws of "
            "the {belief} and differ from this one run",
            belief=belief(region),
        )
    return _(
        "The second table is of one run of the model at the central "
        "parameters (prior medians); its five causes add up to its rate with "
        "the plan less the start{other}.",
        other=other,
    ).text(lang)


def basis(verdicts: "pd.DataFrame", drawn: Words) -> Words:
    """What level and differences rest on; `drawn`: prior or posterior, see `belief`."""
    draws, kind = int(verdicts["draws"].iloc[0]), verdicts["basis"].iloc[0]
    few = (
        Words("", "")
        if draws >= ENOUGH or not draws
        else _("; with only {draws} of them shares and ends are coarse", draws=draws)
    )
    effect = (
        _(
            "what plan and outside conditions add are paired differences "
            "over {draws} {drawn} draws, and recoding is their mean{few}",
            draws=draws,
            drawn=drawn,
            few=few,
        )
        if draws
        else _(
            "plan, outside conditions and recoding are those of one run at "
            "the central parameters (prior medians): recoding differs by a "
            "point or two between seeds, and what conditions do may differ "
            "by more from what draws say (--draws 50)"
        )
    )
    if kind == "statistics":
        return _(
            "The level is that of stacked statistical forecasts from the "
            "last census: on counties of the province left out simple "
            "forecasts did better than the model on the whole "
            "(docs/validation.md), so the model gives differences and causes "
            "only; {effect}.",
            effect=effect,
        )
    why = {
        "model": _("there is no record of two censuses"),
        "another start": _("the run does not start at the last census"),
    }[kind]
    if draws:
        return _(
            "As {why}, the level is the model's own and no tested forecast: "
            "interval and share come from {draws} {drawn} draws{few}.",
            why=why,
            draws=draws,
            drawn=drawn,
            few=few,
        )
    return _(
        "As {why}, the level is the model's own: one run at the central "
        "parameters, without interval or probability; use --draws 50.",
        why=why,
    )


def belief(region: "Region") -> Words:
    """The distribution that parameters are drawn from."""
    if posterior.read(region.folder) is None:
        return _("prior")
    return _("posterior")
