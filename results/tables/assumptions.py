"""The settings of a scenario, and every assumed number with its range and evidence."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from xiancheng.calibration import posterior
from xiancheng.calibration.file_models import quarter_name
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import shortened
from xiancheng.calibration.priors import catalogue
from xiancheng.calibration.region import Region
from xiancheng.results.tables import labels, packs
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Table, build, enumeration
from xiancheng.scenarios.diff import Difference, differences
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.scenario_files import Setting
from xiancheng.sim.levers import LEVERS

AS_WRITTEN = "plan"  # the shipped scenario that carries the plan out as its text says
NONE = "baseline"  # and the one that carries out nothing
SEVERAL = 3  # dropped measures from which on they share a line
TITLE_LENGTH = 18  # characters of a measure's title


def departures(result: PlanResult) -> list[Difference]:
    """What the scenario does differently from the plan as written.

    One without any measure is compared with doing nothing, so that only conditions are left.
    """
    scenario = result.scenario
    files = scenario.plan.scenario_files()
    base = resolve(files[AS_WRITTEN if scenario.settings else NONE])
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
    carries_out = bool(result.scenario.settings)
    if not found and carries_out:
        return _(
            "Differences from the plan's text: none; every measure is carried out as written."
        ).text(lang)
    if not found:
        return _("This scenario carries out no measure, under the usual outside conditions.").text(
            lang
        )

    def what(each: Difference) -> str:
        number = each.subject.zh
        if number not in measures:
            return each.subject.text(lang)
        return f"{number} {shortened(measures[number].title.text(lang), TITLE_LENGTH)}"

    title = _("Differences from the plan's text ({n})", n=len(found))
    if not carries_out:
        title = _("No measure is carried out; outside conditions that differ ({n})", n=len(found))
    rows = [{"what": what(each), "change": _arrow(each, lang)} for each in found]
    columns = labels.columns("differences", lang)
    return build("differences", title.text(lang), columns, rows, source=result.stamp(lang))


def settings(result: PlanResult, lang: str) -> Table:
    """A row for each measure that is carried out and each outside condition."""
    scenario, region, rows = result.scenario, result.region, []
    for number, measure in scenario.plan.measures.items():
        setting = scenario.setting(number)
        if not setting.idle:
            apart = [each.text(lang) for each in _apart(setting, region)]
            rows.append({
                "what": f"{number} {measure.title.text(lang)}", "intensity": setting.intensity,
                "from": quarter_name(measure.schedule.start + setting.delay),
                "apart": enumeration(apart, lang) or "–",
            })  # fmt: skip
    still = resolve(scenario.plan.scenario_files()[NONE])
    rows += [
        {"what": each.subject.text(lang), "intensity": None, "from": "–",
         "apart": _arrow(each, lang)}
        for each in differences(still, replace(scenario, settings={}), region)
    ]  # fmt: skip
    title = _(
        "All settings of the scenario (1 is the plan as written; measures "
        "not listed are not carried out, conditions not listed are the usual "
        "ones)"
    ).text(lang)
    columns = labels.columns("settings", lang)
    return build("settings", title, columns, rows, source=result.stamp(lang))


def _apart(setting: Setting, region: Region) -> Iterator[Words]:
    """What is set for some counties or some quarters only."""
    names = {str(c.code): Words(c.zh, c.en) for c in region.counties}
    for code, value in setting.counties.items():
        county = names.get(code, Words(code, code))
        yield Words(f"{county.zh} {value:g}", f"{county.en} {value:g}")
    for p in setting.phases:
        phase = f"{quarter_name(p.first)}–{quarter_name(p.until)}: {p.intensity:g}"
        yield Words(phase, phase)
    if setting.allocation:
        yield _("shared out by {allocation}", allocation=setting.allocation)


def _arrow(each: Difference, lang: str) -> str:
    return each.change.text(lang).replace("->", "→")


def parameters(result: PlanResult, lang: str) -> Table:
    """Every behavioural parameter: the value used, its range and its grade."""
    used, estimated = result.both.scenario.settings["parameters"], _posterior_ranges(result)
    rows = [
        {
            "title": p.title[lang], "name": p.name, "unit": labels.unit_name(p.unit, lang),
            "value": used[p.name], "low": float(p.low), "high": float(p.high), "grade": p.grade,
            **({"posterior": estimated.get(p.name, "–")} if estimated else {}),
        }
        for p in catalogue()
    ]  # fmt: skip
    grades = "; ".join(labels.labels("grades", lang).values())
    notes = (
        _("Evidence: {grades}", grades=grades).text(lang),
        _(
            "Limits are the 5 and 95 % quantiles of the prior; for "
            "triangular, uniform and spiked ones its ends."
        ).text(lang),
    )
    title, columns = (
        _("Parameters of behaviour"),
        labels.columns("parameters", lang),
    )
    return build(
        "parameters", title.text(lang), columns, rows, source=result.stamp(lang), notes=notes
    )


def _posterior_ranges(result: PlanResult) -> dict[str, str]:
    """The 5 to 95 % range of every estimated parameter in the posterior sample of the region."""
    sample = posterior.read(result.region.folder)
    if sample is None:
        return {}
    low, high = np.percentile(sample.values, (5, 95), axis=0)
    return {
        prior.name: f"{low[i]:.3g}–{high[i]:.3g}"
        for i, prior in enumerate(catalogue())
        if prior.estimable == "free"
    }


def doses(result: PlanResult, lang: str) -> Table:
    """Every dose of a measure: how far it moves its lever in full, range, sign and evidence."""
    scenario, rows = result.scenario, []
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
                "sign": labels.label("signs", dose.sign, lang),
                "direction": labels.label("evidence", dose.grade, lang),
                "quantity": labels.label("status", dose.amount.status, lang),
            })  # fmt: skip
    title = _("Doses of the measures, carried out in full")
    note = _(
        "'Direction' is the evidence for the sign of the effect, 'quantity' "
        "is where the number in full comes from: behind a well evidenced "
        "direction the quantity may still be assumed."
    ).text(lang)
    columns = labels.columns("doses", lang)
    return build("doses", title.text(lang), columns, rows, source=result.stamp(lang), notes=(note,))


def region(result: PlanResult, lang: str) -> Table:
    """What the region pack assumes, a row for each reason."""
    title = _("Assumptions of the region pack").text(lang)
    note = _("Units are those of the variable, see the pack; '–' follows from a rule.").text(lang)
    found = packs.assumed(result.region, title, lang)
    return replace(found, source=result.stamp(lang), notes=(note,))


def summary(result: PlanResult, lang: str) -> str:
    """How many parameters and how much of the data are assumed."""
    grades = [p.grade for p in catalogue()]
    data, weak = len(result.region.assumptions()), grades.count("A")
    return _(
        "Of {n} parameters of behaviour {weak} have no evidence and are "
        "assumed; the region's data hold {data} more assumed values.",
        n=len(grades),
        weak=weak,
        data=data,
    ).text(lang)
