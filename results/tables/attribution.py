"""What each project and measure contributes, as tables, a chart and sentences."""

import math
from typing import Any

from xiancheng.results.analysis.attribution import (
    BY_CAUSE,
    CONFIDENCE,
    FEATURES,
    SAFEGUARDS,
    AttributionTable,
)
from xiancheng.results.tables import labels
from xiancheng.results.tables.doses import lever_effects
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import UNKNOWN, Chart, Table
from xiancheng.results.tables.verdicts import estimated
from xiancheng.scenarios.outcome import Group
from xiancheng.scenarios.scenario_files import Scenario

SEEN = 0.02  # points: smaller shares are not distinguished (assumed, 0.01 to 0.05)
MOST = 6  # measures whose shares are given in the text
NAMED = 3  # measures up to which their titles are given where they do little
VALUES = {  # kinds of value of a measure or project, the shown one first, by the column they fill
    "project": {"points": "owen", "alone": "first_in", "last": "last_in"},
    "measure": {"points": "shapley", "owen": "owen", "alone": "first_in", "last": "last_in"},
}


def shares(
    found: AttributionTable, scenario: Scenario, where: Group, level: str, lang: str,
    source: str = "",
) -> Table:  # fmt: skip
    """A row for each project or measure in a group of counties; then the whole effect, their sum.

    Parameters
    ----------
    level : "project" (Owen values) or "measure" (Shapley values)
    """
    first, *others = VALUES[level].items()
    known = {
        column: {row["id"]: row["points"] for row in of_kind}
        for column, kind in others
        if (of_kind := found.of_group(where.code, level, kind))  # a quick attribution has few
    }
    total = found.of_group(where.code, "total", "total")
    if "owen" in known:
        known["owen"] |= {row["id"]: row["points"] for row in total}
    rows = [
        {
            **{k: v for k, v in row.items() if k != "points_error" or found.several},
            **{column: values.get(row["id"]) for column, values in known.items()},
            **{part: row[column] for part, column in BY_CAUSE.items()},
            "persons": whole_rows(row["urban_residents"], found.scale),
            level: labels.label("phrases", "whole_effect", lang) if row in total
            else titled(scenario, row["id"], lang),
        }
        for row in [*found.of_group(where.code, level, first[1]), *total]
    ]  # fmt: skip
    return labels.table(
        "shares", rows, lang, key=f"shares-{level}", source=source, total=True,
        what=labels.label("contributions", level, lang), where=where.text(lang), day=found.day,
    )  # fmt: skip


def chart(result: PlanResult, where: Group, lang: str) -> Chart:
    """The contribution of each project with its sampling error."""
    table = of_result(result, where, "project", lang)
    return Chart("shares", table, table.title, labels.label("descriptions", "shares", lang))


def of_result(result: PlanResult, where: Group, level: str, lang: str) -> Table:
    """`shares` of a result that has an attribution."""
    assert result.shares is not None
    source = _source(result, lang)
    return shares(result.shares, result.scenario, where, level, lang, source)


def _source(result: PlanResult, lang: str) -> str:
    """What an attribution that stands with a result rests on, in a line."""
    return labels.sentence(
        "attribution/source", lang, found=result.shares, title=result.title(lang),
        region=result.region, run=result.run,
    )  # fmt: skip


def doses_of(result: PlanResult, where: Group, lang: str) -> Table:
    """What each family of levers does, of a result whose attribution has doses."""
    found = result.shares
    assert found is not None
    assert found.doses is not None
    source = _source(result, lang)
    return lever_effects(found.doses, where, found.day, lang, scale=found.scale, source=source)


def whole(result: PlanResult) -> Group:
    """The group of counties that stands for the targets as a whole in an attribution."""
    assert result.shares is not None
    code = result.shares.largest()
    return next(group for group in result.groups if group.code == code)


def sentences(result: PlanResult, lang: str) -> list[str]:
    """Which projects or measures work, which do not, and which may have no effect at all.

    Of orders played in a single world nothing is called clear: another draw of the parameters, or
    another seed, may turn the sign of a share.
    """
    found, where = result.shares, whole(result)
    assert found is not None
    rows = found.of_group(where.code, "measure", "shapley")
    rows = rows or found.of_group(where.code, "project", "owen")
    rows.sort(key=lambda row: -abs(row["points"]))
    seen = [r for r in rows if abs(r["points"]) >= SEEN]
    tested = seen if found.several else []
    clear = [r for r in tested if abs(r["points"]) > found.clear * r["points_error"]]
    verdicts = result.verdicts.to_dict("records")
    plan = result.scenario.plan

    def described(chosen: list[dict[str, Any]]) -> dict[str, Any]:
        shown = [
            f"{titled(result.scenario, r['id'], lang)} {points(r['points'])}"
            + (f"±{error(r['points_error'])}" if found.several else "")
            for r in chosen[:MOST]
        ]
        return {"shown": shown, "more": named(chosen[MOST:], at_most=0)}

    def named(chosen: list[dict[str, Any]], at_most: int = NAMED) -> str:
        """By titles; many measures by the numbers of the plan, if it has numbers of its own."""
        if plan.shipped and len(chosen) > at_most and chosen[0]["id"] in plan.measures:
            return " ".join(row["id"] for row in chosen)
        titles = (titled(result.scenario, row["id"], lang) for row in chosen)
        return labels.enumeration(titles, lang)

    return labels.paragraphs(
        "attribution/sentences", lang, found=found, where=where, seen=SEEN, confidence=CONFIDENCE,
        some=described(seen), works=described([r for r in clear if r["points"] > 0]),
        against=described([r for r in clear if r["points"] < 0]),
        unclear=named(sorted((r for r in tested if r not in clear), key=lambda row: row["id"])),
        nothing=named(sorted((r for r in rows if r not in seen), key=lambda row: row["id"])),
        total=found.of_group(where.code, "total", "total")[0],
        effects=[row["from_plan_pp"] for row in verdicts
                 if row["unit_code"] == where.code and str(row["deadline"]) == found.day],
    )  # fmt: skip


def notes(found: AttributionTable, region: Any, lang: str) -> list[str]:
    """Notes that stand wherever contributions are shown."""
    own = found.frame[(found.frame["level"] == "measure") & (found.frame["kind"] != "owen")]
    moved = {*own[(own[list(FEATURES)] != 0).any(axis=1)]["id"]}
    return labels.paragraphs(
        "attribution/notes", lang, found=found, seen=SEEN, estimated=estimated(region),
        alone=bool((found.frame["kind"] == "first_in").any()),
        idle=[name for name in own["id"].unique() if name not in moved], measures=len(own) > 0,
    )  # fmt: skip


def points(value: float) -> str:
    """A contribution to hundredths of a point; below `SEEN` only that it is.

    >>> points(0.1319), points(-0.013), points(0.0)
    ('+0.13', '<0.02', '0')
    """
    if 0 < abs(value) < SEEN:
        return f"<{SEEN:g}"
    return f"{value:+.2f}" if value else "0"


def error(value: float) -> str:
    """The standard error of a contribution, in the same digits; unknown where it is nan.

    >>> error(0.036), error(0.002), error(float("nan"))
    ('0.04', '<0.01', '–')
    """
    if not math.isfinite(value):
        return UNKNOWN
    return "<0.01" if 0 < value < 0.01 else f"{value:.2f}"


def whole_rows(persons: float, scale: float) -> float:
    """Persons no finer than the model counts them: one row stands for 1 / scale of them.

    >>> whole_rows(27_679, 0.05), whole_rows(27_679, 1)
    (27700.0, 27679.0)
    """
    return round(float(persons), -math.ceil(math.log10(1 / scale))) or 0.0


def titled(scenario: Scenario, name: str, lang: str) -> str:
    """A project or measure with its number and title."""
    plan = scenario.plan
    if name == SAFEGUARDS:
        return labels.label("phrases", "safeguards" if plan.shipped else "other_measures", lang)
    if name in plan.about.projects:
        return f"{name} {plan.about.projects[name].text(lang)}"
    return f"{name} {plan.measures[name].title.text(lang)}" if name in plan.measures else name
