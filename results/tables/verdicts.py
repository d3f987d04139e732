"""The verdict on each target, what the rate at its deadline is made of, and the notes below."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from xiancheng.calibration import posterior
from xiancheng.results.store.record import sample_notes
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Chart, Table
from xiancheng.results.text import records
from xiancheng.results.verdict.verdict import ERRORS, INTERVAL, NewFigure, new_figures
from xiancheng.scenarios.diff import applied
from xiancheng.scenarios.outcome import Group, group_of, reported_groups

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region
    from xiancheng.scenarios.scenario_files import Scenario

STEERED = ("steered_flow_pp", "steered_recoding_pp")
OF_CHANCES = ("probability", "low", "high")  # unknown where there is neither record nor draws
CLEAR = 0.005  # points: a difference that is shown as 0 has no sign to be unclear about
LEVELS_UNTIL = date(2025, 12, 31)  # the last day for which a level may be quoted (docs/limits)
ENOUGH = 20  # draws below which shares and the ends of intervals are coarse


# Tables


def rows_of(verdicts: "pd.DataFrame", lang: str) -> list[dict[str, Any]]:
    """The rows of `Verdict.to_frame` with the words of tables; nothing of chances if unknown.

    Returns
    -------
    for each target its row, the probability in percent, and besides: place, asked ("at least"),
    target ("≥64"), wanted (with its place), effect of the plan, band, and chance, in_words and
    interval if they are known
    """
    known, drawn = (verdicts[name].notna().all() for name in ("probability", "plan_low"))
    rows = []
    for row in records(verdicts):
        effect, low, high = row["from_plan_pp"], row["plan_low"], row["plan_high"]
        words = {
            "place": labels.target(row, lang), "deadline": str(row["deadline"]),
            "asked": labels.label("qualifiers", row["operator"], lang),
            "target": f"{labels.RELATIONS[row['operator']]}{row['target_rate']:g}",
            "effect": f"{effect:+.2f}{'?' if low <= 0 <= high and effect else ''}",
        }  # fmt: skip
        words["wanted"] = f"{labels.county(row, lang)} {words['asked']} {row['target_rate']:g}%"
        if drawn:
            words["band"] = band(low, high, lang)
        if known:
            chance = row["probability"]
            words |= {
                "probability": 100 * chance, "chance": labels.percent(chance),
                "chance_without": labels.percent(row["probability_without"]),
                "in_words": labels.label("chances", labels.likelihood(chance), lang),
                "interval": f"{row['low']:.1f}–{row['high']:.1f}",
            }  # fmt: skip
        rows.append({k: v for k, v in row.items() if known or k not in OF_CHANCES} | words)
    return rows


def band(low: float, high: float, lang: str) -> str:
    """Where 90 % of the draws have a difference [points], and whether that leaves 0 out.

    >>> band(0.1, 0.4, "en"), band(-0.1, 0.4, "en"), band(0.0, 0.0, "en")
    ('(+0.10, +0.40)', '(-0.10, +0.40), unclear', '(+0.00, +0.00)')
    """
    clear = low > 0 or high < 0 or max(-low, high) < CLEAR
    return labels.label("phrases", "band" if clear else "unclear_band", lang, low=low, high=high)


def table(result: PlanResult, lang: str) -> Table:
    """A row for each target: what is expected without and with the plan, and the probability."""
    basis = [labels.sentence("verdict/basis", lang, **basis_of(result))] if result.judged else []
    scale = [labels.likelihood_scale(lang)] if result.known else []
    low, high = INTERVAL
    return labels.table(
        "verdicts", rows_of(result.verdicts, lang), lang, source=result.stamp(lang),
        notes=(*basis, *scale), year=result.scenario.start.year, low=low, high=high,
        deadlines=deadlines(result, lang),
    )  # fmt: skip


def summary(result: PlanResult, lang: str) -> Table:
    """The verdicts in few characters, for a terminal."""
    rows = rows_of(result.verdicts, lang)
    title = " · ".join([result.title(lang), result.region.title(lang), known_until(result, lang)])
    if usual_conditions(result.verdicts):
        rows = [{k: v for k, v in row.items() if k != "from_conditions_pp"} for row in rows]
    return labels.table("verdict_summary", rows, lang, title=title)


def known_until(result: PlanResult, lang: str) -> str:
    """The information cut-off, in few words."""
    day = result.both.scenario.settings["cutoff"]
    return labels.label("phrases", "known_until", lang, day=day)


def page(result: PlanResult, lang: str, *, plan: bool, pending: bool) -> Table:
    """The verdicts as the page shows them.

    Parameters
    ----------
    plan : whether the scenario carries anything out
    pending : whether draws are still to come, before which parts of the change say nothing
    """
    absent = set() if plan else {"chance_without", "from_plan_pp"}
    absent |= {"from_conditions_pp"} if usual_conditions(result.verdicts) else set()
    rows = [
        {key: None if pending and key.startswith("from_") else cell
         for key, cell in row.items() if key not in absent}
        for row in rows_of(result.verdicts, lang)
    ]  # fmt: skip
    basis = labels.sentence("verdict/basis", lang, **basis_of(result))
    return labels.table("page_verdicts", rows, lang, notes=(basis,))


def parts(result: PlanResult, lang: str, *, interval: bool = True) -> Table:
    """A row for each target: the start and the causes that add up to the expected rate.

    Beside them what outside conditions and plan do, and what it took to follow the level, where
    they are anything.

    Parameters
    ----------
    interval : whether that of the plan's effect is in it; where `effects` stands too, it is not
    """
    note = labels.label("notes", "parts", lang)
    rows = rows_of(result.verdicts, lang)
    absent = set() if interval else {"band"}
    if usual_conditions(result.verdicts):
        absent.add("from_conditions_pp")
    if not any(result.verdicts[name].any() for name in STEERED):
        absent |= {*STEERED}
    rows = [{k: v for k, v in row.items() if k not in absent} for row in rows]
    return labels.table("parts", rows, lang, source=result.stamp(lang), notes=[note])


def effects(result: PlanResult, lang: str) -> Table:
    """A row for each target: rate and chance without and with the plan, and what lies between."""
    rows = rows_of(result.verdicts, lang)
    if len({row["deadline"] for row in rows}) < 2:
        rows = [{k: v for k, v in row.items() if k != "deadline"} for row in rows]
    return labels.table("effects", rows, lang, source=result.stamp(lang))


def news(result: PlanResult, lang: str) -> Table | None:
    """What newer figures changed: each target before and after, with the figures of its units.

    None where no figures were brought, or no level is known.
    """
    if not result.judged or "expected_before" not in result.verdicts:
        return None
    figures = new_figures(result.both)
    groups = {group.code: group for group in result.groups}
    codes = [int(county.code) for county in result.region.counties]
    rows, shown = [], set[int]()
    for row in records(result.verdicts):
        group = groups[int(row["unit_code"])]
        own = {group.code, *(codes[i] for i in group.counties)}
        latest = {f.code: f for f in figures if f.code in own}  # in order of days
        shown |= latest.keys()
        others = [f for f in figures if f.code not in own]
        rows.append({
            "place": labels.target(row, lang), "deadline": str(row["deadline"]),
            "figures": _figures_text(list(latest.values()), groups, group, lang)
            or labels.label("phrases", "others" if others else "none", lang),
            "expected_before": row["expected_before"], "expected": row["expected"],
            "change": row["expected"] - row["expected_before"],
            "width_before": row["high_before"] - row["low_before"],
            "width": row["high"] - row["low"],
            "chance_before": labels.percent(row["probability_before"]),
            "chance": labels.percent(row["probability"]),
        })  # fmt: skip
    notes = [
        labels.sentence("verdict/news", lang, figures=len(figures), odd=[
            _figure_text(f, groups, lang) for f in figures if f.odd
        ], above=[_figure_text(f, groups, lang) for f in figures if f.code not in shown]),
    ]  # fmt: skip
    return labels.table("news", rows, lang, source=result.stamp(lang), notes=notes)


FEW_FIGURES = 2  # of members of a group, from which on they are counted


def _figures_text(
    figures: Sequence[NewFigure], groups: Mapping[int, Group], of: Group, lang: str
) -> str:
    """The latest figure of each of some units, with what was foreseen."""
    if len(figures) > FEW_FIGURES:
        return labels.label("phrases", "figures", lang, n=len(figures))
    texts = [_figure_text(f, groups, lang, named=f.code != of.code) for f in figures]
    return labels.enumeration(texts, lang)


def _figure_text(
    figure: NewFigure, groups: Mapping[int, Group], lang: str, *, named: bool = True
) -> str:
    """A figure with its day and what was foreseen: 2023-12-31 57.5 (foreseen 55.5, 53.1-57.9)."""
    group = groups.get(figure.code)
    place = (group.text(lang) if group else str(figure.code)) if named else ""
    return labels.sentence("verdict/figure", lang, place=place, figure=figure)


def chart(result: PlanResult, lang: str) -> Chart:
    """Each target with the rate at the start, without and with the plan."""
    shown = table(result, lang)
    return Chart("verdicts", shown, shown.title, labels.label("descriptions", "verdicts", lang))


def deadlines(result: PlanResult, lang: str) -> str:
    """The days on which the targets are judged, or the end of the run if there are none."""
    days = sorted({str(day) for day in result.verdicts["deadline"]}) if result.judged else []
    return labels.enumeration(days, lang) or str(result.scenario.until)


# Notes


def notes(result: PlanResult, lang: str, *, marked: bool = True) -> list[str]:
    """The notes that stand below the verdicts, in order.

    Parameters
    ----------
    marked : whether effects that cannot be told from 0 have a "?"
    """
    scenario, region, verdicts = result.scenario, result.region, result.verdicts
    due = result.delivery[result.delivery["at_deadline"].astype(bool)]
    met: list[bool] = [] if result.foreign else due["met"].dropna().astype(bool).tolist()
    outcome = result.both.scenario
    facts: dict[str, Any] = {
        "red_lines": scenario.crossed(), "due": len(met), "kept": sum(met), "judged": result.judged,
        "elsewhere": applied(scenario, region) and scenario.plan.about.name,
        **limits_of(region, outcome.groups, outcome.dates[0], outcome.dates[-1]),
    }  # fmt: skip
    if result.judged:
        own = {"plan": verdicts["probability"], "without": verdicts["probability_without"]}
        added = verdicts["from_plan_pp"]
        facts |= basis_of(result) | {
            "chances": result.known and {k: (v.min(), v.max()) for k, v in own.items()},
            "added": (added.min(), added.max()), "joint": joint_probabilities(verdicts),
            "unclear": marked and unclear_effects(verdicts), "usual": usual_conditions(verdicts),
            "caveats": result.caveats, "sample": "".join(sample_notes(region, lang)),
            "settings": outcome.settings,
        }  # fmt: skip
    return labels.paragraphs("verdict/notes", lang, **facts)


def basis_of(result: PlanResult) -> dict[str, Any]:
    """What the template on the level of verdicts, and on what parameters were drawn from, takes."""
    errors = [float(result.verdicts[name].max()) for name in ERRORS]
    scale = result.verdicts["draw_scale"].iloc[0]
    return {
        "draws": result.draws, "basis": result.verdicts["basis"].iloc[0], "enough": ENOUGH,
        "estimated": estimated(result.region), "draw_scale": None if pd.isna(scale) else scale,
        "errors": errors if result.draws and not any(map(pd.isna, errors)) else None,
    }  # fmt: skip


def estimated(region: "Region") -> bool:
    """Whether parameters are drawn from a posterior, not from priors."""
    return posterior.read(region.folder) is not None


def limits(region: "Region", groups: Sequence[Group], start: date, until: date, lang: str
           ) -> list[str]:  # fmt: skip
    """Limits of a run from `start` to `until`: levels far ahead, targets not judged."""
    return labels.paragraphs("verdict/limits", lang, **limits_of(region, groups, start, until))


def limits_of(
    region: "Region", groups: Sequence[Group], start: date, until: date
) -> dict[str, Any]:
    """What the templates on the limits of a run take: its days, and targets not due in it."""
    late = [
        {"id": t.id, "place": groups[group_of(t, region, groups)], "due": t.deadline,
         "rate": f"{labels.RELATIONS[t.operator]}{t.value:g}%"}
        for t in region.targets if not t.due(start, until)
    ]  # fmt: skip
    return {"start": start, "until": until, "last_level": LEVELS_UNTIL, "unjudged": late}


def unjudged(scenario: "Scenario", region: "Region", lang: str) -> list[str]:
    """A sentence for each target whose deadline is not within the days of a scenario."""
    facts = limits_of(region, reported_groups(region), scenario.start, scenario.until)
    return labels.paragraphs("verdict/unjudged", lang, **facts)


def elsewhere(scenario: "Scenario", lang: str) -> str:
    """A note where a plan is applied to another city than it was written for."""
    return labels.sentence("verdict/elsewhere", lang, elsewhere=scenario.plan.about.name)


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
