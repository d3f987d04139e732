"""The settings of a scenario, and every assumed number with its range and evidence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from xiancheng.calibration import posterior
from xiancheng.calibration.file_models import quarter_name
from xiancheng.calibration.i18n import Words, _, same
from xiancheng.calibration.naming import shortened
from xiancheng.calibration.population import synthesis
from xiancheng.calibration.priors import Prior, catalogue
from xiancheng.calibration.region import Region, schema
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import UNKNOWN, Table
from xiancheng.scenarios.diff import Difference, addition, differences
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.policy import DOSE_LEVERS, uncertain
from xiancheng.scenarios.scenario_files import Setting
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import Floats

AS_WRITTEN = "plan"  # the shipped scenario that carries the plan out as its text says
NONE = "baseline"  # and the one that carries out nothing
SEVERAL = 3  # dropped measures from which on they share a line
TITLE_LENGTH = 18  # characters of a measure's title
LEAST_DRAWS = 8  # for a rank correlation
NORMAL_95 = 1.96
MOST = 10  # parameters that are named first
FIRST = 5  # things that a pack is to be filled with first
NO_CORRELATIONS: Mapping[str, float] = {}
FEW = 6  # names from which on only the first and the last are shown


# Scenarios


def departures(result: PlanResult) -> list[Difference]:
    """What the scenario does differently from the plan as written.

    One without any measure is compared with doing nothing, so that only conditions are left.
    """
    scenario = result.scenario
    base = resolve(
        scenario.plan.scenario_files()[AS_WRITTEN if scenario.settings else NONE],
        plan=scenario.plan,
    )
    every = differences(base, scenario, result.region)
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


def changes(result: PlanResult, lang: str) -> Table | str:
    """A row for each difference from the plan as written; a sentence where there is none."""
    found, measures = departures(result), result.scenario.plan.measures
    kind = "differences" if result.scenario.settings else "conditions"
    if not found:
        return labels.label("notes", f"no_{kind}", lang)

    def what(each: Difference) -> str:
        number = each.subject.zh
        if number not in measures:
            return each.subject.text(lang)
        return f"{number} {shortened(measures[number].title.text(lang), TITLE_LENGTH)}"

    rows = [{"what": what(each), "change": _arrow(each, lang)} for each in found]
    title = labels.label("titles", kind, lang, n=len(found))
    return labels.table("differences", rows, lang, title=title, source=result.stamp(lang))


def settings(result: PlanResult, lang: str) -> Table:
    """A row for each measure that is carried out and each outside condition."""
    scenario, region, rows = result.scenario, result.region, []
    names = {county.code: Words(county.zh, county.en) for county in region.counties}
    for number, measure in scenario.plan.measures.items():
        setting = scenario.setting(number)
        if not setting.idle:
            apart = [each.text(lang) for each in _apart(setting, region)]
            apart[:0] = [addition(each, names).text(lang)
                         for each in scenario.additions.values() if each.id == number]  # fmt: skip
            rows.append({
                "what": f"{number} {measure.title.text(lang)}", "intensity": setting.intensity,
                "from": quarter_name(measure.schedule.start + setting.delay),
                "apart": labels.enumeration(apart, lang) or UNKNOWN,
            })  # fmt: skip
    still = resolve(scenario.plan.scenario_files()[NONE], plan=scenario.plan)
    rows += [
        {"what": each.subject.text(lang), "intensity": None, "from": UNKNOWN,
         "apart": _arrow(each, lang)}
        for each in differences(still, replace(scenario, settings={}, additions={}), region)
    ]  # fmt: skip
    return labels.table("settings", rows, lang, source=result.stamp(lang))


def _apart(setting: Setting, region: Region) -> Iterator[Words]:
    """What is set for some counties or some quarters only."""
    names = {str(c.code): Words(c.zh, c.en) for c in region.counties}
    for code, value in setting.counties.items():
        county = names.get(code, same(code))
        yield Words(f"{county.zh} {value:g}", f"{county.en} {value:g}")
    for p in setting.phases:
        yield same(f"{quarter_name(p.first)}–{quarter_name(p.until)}: {p.intensity:g}")
    if setting.allocation:
        yield _("shared out by {allocation}", allocation=setting.allocation)


def _arrow(each: Difference, lang: str) -> str:
    return each.change.text(lang).replace("->", "→")


# Parameters and doses


def parameters(
    result: PlanResult, lang: str, found: Mapping[str, float] = NO_CORRELATIONS
) -> Table:
    """Every parameter but those of doses: the value used, its range, its kind and its grade.

    Parameters
    ----------
    found : `correlations`, by which rows are sorted, those that matter most first
    """
    estimated = _posterior_ranges(result.region)
    rows = _by_influence([
        _parameter(result, p, lang) | {
            "grade": p.grade,
            **({"posterior": estimated.get(p.name, UNKNOWN)} if estimated else {}),
        }
        for p in catalogue()
        if p.kind != "dose"  # they stand with the doses
    ], found, "name")  # fmt: skip
    grades = "; ".join(labels.labels("grades", lang).values())
    notes = [labels.label("notes", "grades", lang, grades=grades),
             labels.label("notes", "limits", lang)]  # fmt: skip
    return labels.table("parameters", rows, lang, source=result.stamp(lang), notes=notes)


def _parameter(result: PlanResult, p: Prior, lang: str) -> dict[str, Any]:
    """The cells that every table of parameters has."""
    return {
        "title": p.title[lang], "name": p.name, "kind": labels.label("kinds", p.kind, lang),
        "value": result.both.scenario.settings["parameters"][p.name],
        "low": float(p.low), "high": float(p.high), "unit": labels.unit_name(p.unit, lang),
    }  # fmt: skip


def _by_influence(
    rows: list[dict[str, Any]], found: Mapping[str, float], key: str
) -> list[dict[str, Any]]:
    """Rows with the correlation of their parameter, the largest first; as they are without any."""
    if found:
        rows = [row | {"correlation": found.get(row[key])} for row in rows]
    return sorted(rows, key=lambda row: -abs(found.get(row[key], 0.0)))


def correlations(drawn: Sequence[Mapping[str, float]], effect: Floats) -> dict[str, float]:
    """Spearman's correlation of each drawn parameter with an effect; empty for too few draws.

    Parameters
    ----------
    drawn : the parameters of each draw, by name
    effect : what the plan adds in each, (draw,) [points]
    """
    if len(drawn) < LEAST_DRAWS or np.ptp(effect) == 0:
        return {}
    values = {p.name: np.array([each[p.name] for each in drawn], float) for p in catalogue()}
    return {name: rank_correlation(v, effect) for name, v in values.items() if np.ptp(v) > 0}


def influence(
    result: PlanResult, lang: str, found: Mapping[str, float], draws: int, place: str
) -> Table:
    """The parameters whose draws go most with the effect of the plan, from `correlations`."""
    rows = [_parameter(result, p, lang) for p in catalogue() if p.name in found]
    rows = _by_influence(rows, found, "name")[:MOST]
    note = labels.label("notes", "influence", lang, draws=draws,
                        clear=NORMAL_95 / float(np.sqrt(draws - 1)))  # fmt: skip
    return labels.table("influence", rows, lang, place=place, notes=[note],
                        source=result.stamp(lang))  # fmt: skip


def rank_correlation(x: Floats, y: Floats) -> float:
    """Spearman's coefficient.

    >>> rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([3.0, 2.0, 1.0]))
    -1.0
    """
    ranks = [np.unique(each, return_inverse=True, return_counts=True)[1:] for each in (x, y)]
    a, b = ((np.cumsum(n) - n / 2)[at] - len(x) / 2 for at, n in ranks)  # ties share a rank
    return round(float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())), 9)


def _posterior_ranges(region: Region) -> dict[str, str]:
    """The 5 to 95 % range of every estimated parameter in the posterior sample of a region."""
    sample = posterior.read(region.folder)
    if sample is None:
        return {}
    low, high = np.percentile(sample.values, (5, 95), axis=0)
    return {
        prior.name: f"{low[i]:.3g}–{high[i]:.3g}"
        for i, prior in enumerate(catalogue())
        if prior.estimable == "free"
    }


def doses(result: PlanResult, lang: str, found: Mapping[str, float] = NO_CORRELATIONS) -> Table:
    """Every dose of a measure: how far it moves its lever in full, range, sign and evidence.

    An assumed dose has the parameter by which draws place it in its range.

    Parameters
    ----------
    found : `correlations`, by whose parameters rows are sorted, those that matter most first
    """
    scenario, rows = result.scenario, []
    factor = {lever: name for name, levers in DOSE_LEVERS.items() for lever in levers}
    for measure in scenario.plan.measures.values():
        for name, number, dose in measure.doses():
            clause = measure.clauses[number]
            limits = clause.range(dose)
            rows.append({
                "clause": number, "says": clause.says.text(lang),
                "lever": LEVERS[dose.lever].zh if lang == "zh" else dose.lever.replace("_", " "),
                "unit": labels.unit_name(dose.amount.unit, lang),
                "full": scenario.doses.get(name, clause.full(dose)),
                "low": limits.low, "high": limits.high,
                "factor": factor[dose.lever]
                if uncertain(scenario, name, clause, dose) else UNKNOWN,
                "sign": labels.label("signs", dose.sign, lang),
                "direction": labels.label("evidence", dose.grade, lang),
                "quantity": labels.label("status", dose.amount.status, lang),
            })  # fmt: skip
    note = labels.label("notes", "doses", lang)
    rows = _by_influence(rows, found, "factor")
    return labels.table("doses", rows, lang, source=result.stamp(lang), notes=[note])


def grades_and_status(result: PlanResult) -> list[tuple[str, str]]:
    """The grade of the direction, and the status of the quantity, of each dose carried out."""
    return [
        (dose.grade, dose.amount.status)
        for number, measure in result.scenario.plan.measures.items()
        if not result.scenario.setting(number).idle
        for __, __, dose in measure.doses()
    ]


def evidence(result: PlanResult, lang: str) -> tuple[str, str]:
    """What is known of the doses that are carried out: of their directions, of their quantities.

    How many there are of each kind follows its name where there are several kinds.
    """
    known = grades_and_status(result)
    direction, quantity = (
        (
            labels.enumeration(
                (
                    f"{labels.label(group, name, lang)} {found.count(name)}"
                    if len(set(found)) > 1
                    else labels.label(group, name, lang)
                    for name in labels.labels(group, lang)
                    if name in found
                ),
                lang,
            )
            or UNKNOWN
            for group, found in zip(("evidence", "status"), zip(*known, strict=True), strict=True)
        )
        if known
        else (UNKNOWN, UNKNOWN)
    )
    return (
        _("direction: {direction}", direction=direction).text(lang),
        _("quantity: {quantity}", quantity=quantity).text(lang),
    )


def summary(result: PlanResult, lang: str) -> str:
    """How many parameters and how much of the data are assumed."""
    grades = [p.grade for p in catalogue()]
    return labels.label(
        "notes", "assumed", lang, n=len(grades), weak=grades.count("A"),
        data=len(result.region.assumptions()),
    )  # fmt: skip


# Region packs


def region(result: PlanResult, lang: str) -> Table:
    """What the region pack assumes, a row for each reason."""
    note = labels.label("notes", "region", lang)
    return replace(assumed(result.region, lang), source=result.stamp(lang), notes=(note,))


def assumed(pack: Region, lang: str) -> Table:
    """A row for each reason: what it gives values to, at which dates, and their range."""
    rows = []
    for (table, basis), same_basis in groupby(
        sorted(pack.assumptions(), key=lambda a: (a.table, a.basis)),
        lambda a: (a.table, a.basis),
    ):
        group = list(same_basis)
        variables = list(dict.fromkeys(a.variable or UNKNOWN for a in group))
        known = schema.TABLES.get(table)
        names = [known.name] if known else [schema.catalogue()[table, v].name for v in variables]
        rows.append({
            "table": table, "variable": _few(variables),
            "name": _few([name.text(lang) for name in names]),
            "date": ", ".join(sorted({str(a.date) for a in group})),
            "values": span(a.value for a in group),
            "range": span([*(a.low for a in group), *(a.high for a in group)]),
            "basis": labels.reason(basis, lang),
        })  # fmt: skip
    return labels.table("region", rows, lang)


def _few(words: list[str]) -> str:
    """Some words, or where they are many the first and the last."""
    return ", ".join(words) if len(words) < FEW else f"{words[0]} … {words[-1]}"


def first(pack: Region, lang: str) -> Table:
    """The few things that a pack should be filled with first, and where they go."""
    rows = [
        {"what": each.what.text(lang), "file": each.file,
         "points": UNKNOWN if each.points is None else f"{each.points:g}"}
        for each in pack.wanted()[:FIRST]
    ]  # fmt: skip
    return labels.table("first", rows, lang, n=len(rows))


def missing(pack: Region, lang: str) -> Table:
    """A row for each variable that a pack may hold and this one does not."""
    rows = [
        {"table": gap.table, "variable": gap.variable, "name": gap.name.text(lang),
         "date": str(gap.date), "filled": (_("yes") if gap.filled else _("no")).text(lang)}
        for gap in pack.missing()
    ]  # fmt: skip
    return labels.table("missing", rows, lang)


def span(values: Iterable[float]) -> str:
    """A set of numbers as one, or from the smallest to the largest; unknown ones left out."""
    known = sorted({v for v in values if v == v})
    return "–".join(dict.fromkeys(f"{v:g}" for v in known[:1] + known[-1:])) or UNKNOWN


def fits(pack: Region) -> list[dict[str, Any]]:
    """How close the synthetic population comes to each census: a row for each margin.

    Returns
    -------
    census, margin, counted and built [persons or households], worst_error: the standardized
    root-mean-square error of the worst county
    """
    return [
        {
            "census": str(census), "margin": str(margin), "counted": float(part["target"].sum()),
            "built": float(part["got"].sum()), "worst_error": float(part["srmse"].max()),
        }
        for census in pack.censuses
        for margin, part in synthesis.build(pack, census, scale=1.0, seed=1)
        .fit_report(pack)
        .groupby("margin", sort=False)
    ]  # fmt: skip
