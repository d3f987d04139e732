"""Tables and notes of `xiancheng compare`, `seek` and `sensitivity`, and of split variances."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration.forecasts.level import DRAWS
from xiancheng.calibration.priors import catalogue
from xiancheng.calibration.region import Region
from xiancheng.results.analysis.certificate import CONFIDENCE, WORLDS, Certificate, Regret
from xiancheng.results.analysis.compare import Comparison
from xiancheng.results.analysis.goal_seek import STEP, SearchResult
from xiancheng.results.analysis.goal_spec import GoalSpec, strength
from xiancheng.results.analysis.requirement import CHANCES, Requirement
from xiancheng.results.analysis.requirement import DRAWS as DRAWS_OF_PUSHES
from xiancheng.results.analysis.result import UNITS
from xiancheng.results.analysis.sensitivity import EFFECTS, KINDS, RANDOM, YARDSTICKS
from xiancheng.results.tables import labels
from xiancheng.results.tables.table import Cell, Column, Table
from xiancheng.results.tables.verdicts import ENOUGH, elsewhere, estimated, limits
from xiancheng.results.text import records
from xiancheng.scenarios.diff import applied, called

if TYPE_CHECKING:
    import pandas as pd
from collections.abc import Callable

from xiancheng.results.analysis.variance import INTERACTIONS, LEVEL, VarianceSplit
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Chart

FALLS = 0.05  # points: where recoding lowers a rate by less, frozen codes change little
WHOLE = {"persons", "jobs", "units", "yuan/year"}  # units in which decimals say nothing


# Comparison


def outcome_title(outcome: str, lang: str) -> str:
    """An indicator, or a cause of the rate's change, in the reader's words."""
    causes = labels.labels("causes", lang)
    return causes.get(outcome.removesuffix("_pp")) or labels.indicator(outcome, lang)


def compared(comparison: Comparison, outcome: str, lang: str) -> Table:
    """One outcome: a row for each group; of each side its value and its difference from the first.

    A difference whose interval holds zero is marked with "?".
    """
    frame = comparison.to_frame()
    own = frame[frame["outcome"] == outcome].to_dict("records")
    by_place = {(row["scenario"], row["unit_code"]): row for row in own}
    digits = 2
    if UNITS[outcome] in WHOLE:  # no finer than the rows that the model counts
        digits = -int(np.ceil(np.log10(1 / comparison.scale)))
    heads = labels.columns("comparison", lang)
    base, drawn = comparison.sides[0].name, comparison.drawn is not None
    columns = [heads["place"], Column(base, base, digits=digits)]
    for side in comparison.sides[1:]:
        columns.append(Column(side.name, side.name, digits=digits))
        columns.append(Column(f"{side.name}_difference", f"{side.name} − {base}"))
        for key, form in (("interval", None), ("draw_sd", digits), ("seed_sd", digits)):
            if drawn:
                columns.append(Column(f"{side.name}_{key}", heads[key].label, digits=form))
    rows = []
    for group in comparison.groups:
        row: list[Cell] = [group.text(lang), by_place[base, group.code]["value"]]
        for side in comparison.sides[1:]:
            cell = by_place[side.name, group.code]
            row += [cell["value"], *_difference(cell, digits, drawn=drawn)]
        rows.append(tuple(row))
    return Table(outcome, outcome_title(outcome, lang), tuple(columns), tuple(rows))


def _difference(row: Mapping[Any, Any], digits: int, *, drawn: bool) -> Iterator[Cell]:
    """The difference; over draws its mean, its interval and the parts of its spread."""
    signed = Column("", "", digits=digits, signed=True).text
    if not drawn:
        yield signed(row["difference"])
        return
    low, high = row["difference_low"], row["difference_high"]
    yield signed(row["mean_difference"]) + ("?" if low < 0 < high else "")
    yield f"{signed(low)} … {signed(high)}"
    yield from (row["draw_sd"], row["seed_sd"])


def compared_targets(comparison: Comparison, lang: str) -> Table:
    """Each target with the expected rate, how far it is from the first side's, and the chance."""
    frame, judged, base = comparison.verdicts(), comparison.judged, comparison.sides[0]
    heads = labels.columns("comparison_targets", lang)
    columns = [heads["target"], heads["deadline"], heads["asked"]]
    for side in comparison.sides:
        columns.append(Column(side.name, side.name, digits=1))
        if side is not base:
            title = f"{side.name} − {base.name}"
            columns.append(Column(f"{side.name}_difference", title, digits=2, signed=True))
        if judged:
            columns.append(Column(f"{side.name}_chance", heads["chance"].label))

    def by_side(own: "pd.DataFrame", rate: str | None, chance: str) -> Iterator[Cell]:
        for side in comparison.sides:
            due = side.name in own.index
            yield own[rate][side.name] if due and rate else None
            if side is not base:
                yield own["expected_difference"][side.name] if due and rate else None
            if judged:
                known = due and np.isfinite(own[chance][side.name])
                yield labels.percent(own[chance][side.name]) if known else None

    rows: list[tuple[Cell, ...]] = []
    for target in comparison.region.targets if len(frame) else ():
        own = frame[frame["target"] == target.id].set_index("scenario")
        if len(own):
            rate = f"{labels.RELATIONS[target.operator]}{target.value:g}"
            rows.append((f"{target.id} {target.name.text(lang)}", str(target.deadline), rate,
                         *by_side(own, "expected", "probability")))  # fmt: skip
    for day in sorted(set(frame["deadline"])) if judged and len(frame) else ():
        if frame[frame["deadline"] <= day]["target"].nunique() > 1:
            together = frame[frame["deadline"] == day].groupby("scenario").first()
            rows.append((labels.label("phrases", "all_met", lang), str(day), None,
                         *by_side(together, None, "all_met")))  # fmt: skip
    title = labels.label("titles", "comparison_targets", lang)
    return Table("targets", title, tuple(columns), tuple(rows))


def comparison_notes(comparison: Comparison, lang: str) -> list[str]:
    """Notes that stand wherever differences are shown."""
    region, sides = comparison.region, comparison.sides
    strange = [s.scenario for s in sides if applied(s.scenario, region)]
    until = min(side.scenario.until for side in sides)
    shared: dict[str, list[str]] = {}  # limits, and the sides that they are of
    for side in sides:
        horizon = side.scenario.start, side.scenario.until
        for note in limits(region, comparison.groups, *horizon, lang):
            shared.setdefault(note, []).append(side.name)
    draws, seeds = (0, 0) if comparison.drawn is None else comparison.drawn.shape[1:3]
    return labels.paragraphs(
        "comparison/notes", lang, base=sides[0].name, day=comparison.day, scale=comparison.scale,
        titles=[(side.name, called(side.scenario, region)) for side in sides],
        elsewhere=elsewhere(strange[0], lang) if strange else "", until=until,
        late=[t for t in region.targets if not t.due(sides[0].scenario.start, until)],
        anchored=comparison.level is not None, limits=shared,
        unpaired=[s.name for i, s in enumerate(sides) if not comparison.paired(i)],
        draws=draws, seeds=seeds, enough=ENOUGH, estimated=estimated(region),
        **_frozen_codes(comparison, lang),
    )  # fmt: skip


def _frozen_codes(comparison: Comparison, lang: str) -> dict[str, Any]:
    """Sides with frozen codes and those without, and where recoding lowers the rate of the first.

    A note is due only where both kinds are compared.
    """
    by_kind: dict[bool, list[str]] = {True: [], False: []}
    for side in comparison.sides:
        by_kind[side.scenario.conditions.recoding_frozen].append(side.name)
    frozen, moving = by_kind[True], by_kind[False]
    if not frozen or not moving:
        return {"frozen": [], "moving": [], "falling": []}
    frame = comparison.to_frame()
    own = frame[(frame["outcome"] == "recoding_pp") & (frame["scenario"] == moving[0])]
    points = dict(zip(own["unit_code"], own["value"], strict=True))
    falling = [
        (group.text(lang), float(points[group.code]))
        for group in comparison.groups
        if points[group.code] < -FALLS
    ]
    return {"frozen": frozen, "moving": moving, "falling": falling}


# Goal seeking


def package(goal: GoalSpec, found: SearchResult, region: Region, lang: str) -> Table:
    """A row for each measure of the package: intensity and bound."""
    rows = [
        {
            "measure": f"{number} {goal.scenario.plan.measures[number].title.text(lang)}",
            "intensity": times * strength(goal.scenario, number),
            "bound": goal.bounds[number] * strength(goal.scenario, number),
        }
        for number, times in found.package.items()
    ]
    return labels.table("package", rows, lang, scenario=called(goal.scenario, region).text(lang))


def goal_targets(goal: GoalSpec, proof: Certificate, region: Region, lang: str) -> Table:
    """A row for each target: the wanted rate, and how the fresh draws meet it."""
    rows = [
        {
            "target": f"{region.targets[t].id} {region.targets[t].name.text(lang)}",
            "deadline": str(region.targets[t].deadline), "wanted": f"≥{rate:g}",
            "share_met": f"{proof.target_shares[t]:.0%}", "reached": proof.reached[t],
            **dict(zip(("margin_low", "margin", "margin_high"), proof.margins[t], strict=True)),
        }
        for t, rate in goal.targets.items()
    ]  # fmt: skip
    return labels.table("goal", rows, lang, probability=goal.probability)


def had(needed: Requirement, lang: str) -> Table:
    """A row for each target: the rates that the package has with some chances, and as wanted."""
    rows = [
        {
            "target": f"{needed.region.targets[t].id} {needed.region.targets[t].name.text(lang)}",
            "deadline": str(needed.region.targets[t].deadline), "wanted": f"≥{rate:g}",
            **{f"rate_{100 * chance:.0f}": own
               for chance, own in zip(CHANCES, needed.rates[t], strict=True)},
            "shortfall": needed.shortfall(t),
        }
        for t, rate in needed.goal.targets.items()
    ]  # fmt: skip
    return labels.table("had", rows, lang, probability=needed.goal.probability)


def beyond(needed: Requirement, lang: str) -> Table:
    """A row for each target that is short: what of each quantity alone would close it."""
    rows = []
    for t in needed.goal.targets if needed.pushes else ():
        if not (short := needed.shortfall(t)):
            continue
        persons, units = needed.recoded(t)
        own = {each.lever: _quantity(each.needed(t, short), lang) for each in needed.pushes}
        recoded = labels.label("phrases", "recoded", lang, persons=rounded(persons),
                               units=max(round(units), 1))  # fmt: skip
        target = needed.region.targets[t]
        rows.append({
            "target": f"{target.id} {target.name.text(lang)}", "deadline": str(target.deadline),
            "shortfall": short, **own, "recoded": recoded,
        })  # fmt: skip
    return labels.table("beyond", rows, lang)


def _quantity(needed: tuple[float | None, ...], lang: str) -> str:
    """An amount with where its effect per unit is 95 % and 5 %; in words where there is none."""
    middle, low, high = needed
    if middle is None:
        return labels.label("phrases", "no_effect", lang)
    ends = labels.label("phrases", "unbounded", lang) if high is None else f"{rounded(high):,}"
    return f"{rounded(middle):,} ({rounded(low or middle):,}–{ends})"


def rounded(amount: float) -> int:
    """An amount to two digits, as no more is known of it.

    >>> rounded(123_456), rounded(7.4)
    (120000, 7)
    """
    return int(float(f"{amount:.2g}"))


def requirement_notes(needed: Requirement, lang: str) -> list[str]:
    """How the rates that can be had and the quantities that are lacking are to be read."""
    return labels.paragraphs(
        "goal/requirement", lang, pushed=bool(needed.pushes), tried=bool(needed.residents),
        draws=DRAWS_OF_PUSHES,
        short=any(needed.shortfall(t) for t in needed.goal.targets), p=needed.goal.probability,
    )  # fmt: skip


def regret(found: Regret, lang: str) -> Table:
    """The chance of each package in each world with its regret, and the largest regret."""
    heads = labels.columns("regret", lang)
    worlds = [Column(world, WORLDS[world][0].text(lang)) for world in found.worlds]
    rows = [
        (
            labels.label("packages", name, lang),
            *(f"{p:.0%} (−{short:.0%})" for p, short in zip(chances, shorts, strict=True)),
            f"{shorts.max():.0%}",
        )
        for name, chances, shorts in zip(found.packages, found.share, found.regret, strict=True)
    ]
    columns = (heads["package"], *worlds, heads["largest"])
    return Table("regret", labels.label("titles", "regret", lang), columns, tuple(rows))


def goal_notes(
    goal: GoalSpec, found: SearchResult, proof: Certificate, region: Region, lang: str, *,
    anchored: bool, regret: Regret | None = None, scale: float = 1.0,
) -> list[str]:  # fmt: skip
    """What was found and what it is worth, in sentences.

    Parameters
    ----------
    anchored : whether statistics carry the level of the runs that confirmed it
    scale : of the runs for `regret`
    """
    binding = [
        {"name": region.targets[t].name, "deadline": region.targets[t].deadline,
         "share": 1 - proof.target_shares[t]}
        for t in proof.binding
    ]  # fmt: skip
    return labels.paragraphs(
        "goal/notes", lang, p=goal.probability, found=found, proof=proof, binding=binding,
        weight=goal.weight(found.package), crossed=goal.scenario_of(found.package).crossed(),
        anchored=anchored, estimated=estimated(region), regret=regret, scale=scale,
        confidence=CONFIDENCE, step=STEP, level_draws=DRAWS,
    )  # fmt: skip


# Sensitivity


def factors(found: "pd.DataFrame", title: str, lang: str) -> Table:
    """A row for each factor, the strongest first; columns as the method gives them."""
    meaning = {prior.name: prior.title[lang] for prior in catalogue()}
    meaning |= {name: each.text(lang) for name, each in YARDSTICKS.items()}
    rows = [{**row, "meaning": meaning[row["factor"]]} for row in records(found)]
    return labels.table("sensitivity", rows, lang, title=title)


def sensitivity_notes(method: str, effect: bool, seed: int, lang: str) -> list[str]:
    """Notes that stand wherever an analysis is shown."""
    return labels.paragraphs(
        "sensitivity/notes", lang, method=method, effect=effect, seed=seed, random_numbers=RANDOM,
        effects=EFFECTS, kinds=KINDS,
    )  # fmt: skip


# Where the uncertainty of verdicts comes from

SMALL = 0.005  # points: a plan whose effect spreads less has no variance to speak of
MOST = 3  # groups that the notes name


def variance_of_verdict(found: VarianceSplit, lang: str, source: str = "") -> Table:
    """A row for each target: its standard deviation, and shares in percent with their errors."""
    return labels.table(
        "variance", _variance_rows(found, "", lang, _with_error), lang, source=source
    )


def variance_of_effect(found: VarianceSplit, lang: str, source: str = "") -> Table:
    """The same of what plan and outside conditions add to the level."""
    title = labels.label("titles", "variance_effect", lang)
    rows = _variance_rows(found, "effect_", lang, _with_error)
    return labels.table("variance", rows, lang, key="variance-effect", title=title, source=source)


def variance_chart(found: VarianceSplit, lang: str, source: str = "") -> Chart:
    """A bar for each target, divided among the components; shares are numbers in percent."""
    rows = _variance_rows(found, "", lang, lambda share, __: 100 * share)
    title = labels.label("titles", "variance", lang)
    shown = labels.table("variance_chart", rows, lang, title=title, source=source)
    return Chart("variance", shown, title, labels.label("descriptions", "variance", lang))


def variance_source(found: VarianceSplit, result: PlanResult, lang: str) -> str:
    """What a split that stands in a report rests on, in a line."""
    return labels.sentence(
        "sensitivity/source", lang, found=found, title=result.title(lang), region=result.region,
        run=result.run, until=result.scenario.until,
    )  # fmt: skip


def _with_error(share: float, error: float) -> str:
    """A share in percent with its Monte Carlo standard error.

    >>> _with_error(0.0261, 0.0079), _with_error(0.4534, 0.0761), _with_error(-0.0004, 0.003)
    ('2.6±0.8', '45±8', '0.0±0.3')
    """
    digits = 0 if error >= 0.0095 else 1
    value = round(100 * share, digits) or 0.0
    return f"{value:.{digits}f}±{100 * error:.{digits}f}"


def _variance_rows(
    found: VarianceSplit, of: str, lang: str, cell: Callable[[float, float], Cell]
) -> list[dict[str, Any]]:
    """A row for each target; `cell` makes the cells of shares and their errors."""
    of_target: dict[str, list[dict[str, Any]]] = {}
    for row in records(found.frame):
        if not (of and row["component"] in LEVEL):
            of_target.setdefault(row["target"], []).append(row)
    return [
        {
            "target": f"{target} {labels.county(parts[0], lang)}",
            "deadline": str(parts[0]["deadline"]),
            "sd": parts[0][f"{of or 'verdict_'}sd_pp"],
            **{p["component"]: cell(p[f"{of}share"], p[f"{of}share_error"]) for p in parts},
        }
        for target, parts in of_target.items()
    ]


def variance_notes(found: VarianceSplit, lang: str) -> list[str]:
    """What the split says, how it was found, and what it took."""
    frame = found.frame
    level = frame[frame["component"].isin(LEVEL)].groupby("target")["share"].sum()
    recoding = frame[frame["component"] == LEVEL[1]]["share"]
    groups = frame[~frame["component"].isin([*LEVEL, INTERACTIONS])]
    mean = groups.groupby("component")["effect_share"].mean().sort_values(ascending=False)
    names = labels.columns("variance", lang)
    varies = frame["effect_sd_pp"].max() > SMALL
    return labels.paragraphs(
        "sensitivity/variance", lang, found=found, minutes=found.seconds / 60,
        level=(level.min(), level.max()) if len(level) else None,
        recoding=(recoding.min(), recoding.max()) if len(recoding) else None,
        largest=[(names[str(name)].label, float(share)) for name, share in mean.items()][:MOST]
        if varies else [],
    )  # fmt: skip
