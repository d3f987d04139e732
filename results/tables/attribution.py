"""What each project, measure and family of levers does, as tables, a chart and sentences."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xiancheng.results.analysis.attribution import (
    BY_CAUSE,
    CONFIDENCE,
    FEATURES,
    SAFEGUARDS,
    AttributionTable,
)
from xiancheng.results.analysis.doses import LEAST_DOSE
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import UNKNOWN, Chart, Table
from xiancheng.results.tables.verdicts import estimated
from xiancheng.results.text import records
from xiancheng.scenarios.outcome import Group
from xiancheng.scenarios.scenario_files import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.scenarios.outcome import Group

EXACT = 0.01  # of the value: an interval that is narrower says no more than the value
FINEST = {"points": 3, "urban_residents": 0, "points_per": 3, "urban_residents_per": 0}  # decimals


def lever_effects(
    found: "pd.DataFrame", where: "Group", day: str, lang: str, *, scale: float, source: str = "",
) -> Table:  # fmt: skip
    """A row for each family of levers in a group of counties, numbers rounded to what is known.

    Parameters
    ----------
    found : of `analysis.doses.lever_effects`
    scale : of its runs
    """
    own = [row for row in records(found) if row["unit_code"] == where.code]
    rows = [
        {
            "family": labels.label("families", row["family"], lang),
            "dose": _amount(row, "dose", lang),
            "realised": _amount(row, "realised", lang),
            "share": _share(row, lang),
            "points": _effect(row, "points", lang),
            "persons": _effect(row, "urban_residents", lang),
            "per": _per(row, lang),
            "points_per": _effect(row, "points_per", lang),
            "persons_per": _effect(row, "urban_residents_per", lang),
        }
        for row in own
    ]
    notes = labels.paragraphs(
        "attribution/doses", lang, draws=own[0]["draws"] if own else 0, scale=scale,
        least=LEAST_DOSE,
    )  # fmt: skip
    return labels.table(
        "lever_effects", rows, lang, source=source, notes=notes, where=where.text(lang), day=day
    )


def known(middle: float, low: float, high: float, *, signed: bool = False, finest: int = 0) -> str:
    """A number with its interval, both to two digits of the interval's width.

    Parameters
    ----------
    finest : decimals at most

    >>> known(0.2143, 0.081, 0.362, signed=True, finest=3), known(23778.2, 12011.0, 35102.0)
    ('+0.21 (+0.08, +0.36)', '24,000 (12,000, 35,000)')
    >>> known(5831.1, 5831.1, 5831.1), known(0.0, 0.0, 0.0)
    ('5,831', '0')
    """
    width = high - low
    if width <= EXACT * abs(middle):
        return _rounded(middle, finest, signed=signed)
    digits = min(1 - math.floor(math.log10(width)), finest)
    one, two, three = (_rounded(x, digits, signed=signed) for x in (middle, low, high))
    return f"{one} ({two}, {three})"


def _rounded(value: float, digits: int, *, signed: bool) -> str:
    value = round(value, digits) or 0.0
    decimals = max(digits, 0) if value else 0
    return f"{value:{'+' if signed and value else ''},.{decimals}f}"


def _values(row: Mapping[str, Any], key: str) -> tuple[float, float, float] | None:
    """Median and interval of a measure; None where it is not counted."""
    found = [row[f"{key}{end}"] for end in ("", "_low", "_high")]
    if any(each is None or not math.isfinite(each) for each in found):
        return None
    middle, low, high = map(float, found)
    return middle, low, high


def _amount(row: Mapping[str, Any], key: str, lang: str) -> str | None:
    values = _values(row, key)
    if values is None:
        return None
    unit = labels.unit_name(row["unit"], lang)
    return f"{known(*values)}{'' if lang == 'zh' else ' '}{unit}"


def _share(row: Mapping[str, Any], lang: str) -> str | None:
    """The share of the dose that was realised; unclear where its interval holds 0."""
    values = _values(row, "realised_share")
    if values is None:
        return None
    middle, low, high = values
    if low <= 0 <= high:
        return labels.label("phrases", "unclear_share", lang, low=low, high=high)
    return f"{middle:.0%} ({low:.0%}, {high:.0%})"


def _effect(row: Mapping[str, Any], key: str, lang: str) -> str | None:
    """An effect with its interval; only that it is not told from 0 where the interval holds 0."""
    values = _values(row, key)
    if values is None:
        return None
    middle, low, high = values
    least = 10.0 ** -FINEST[key]
    if low == high == 0:
        return "0"
    if max(-low, high) < least / 2:
        return f"<{least:g}"
    shown = known(middle, low, high, signed=True, finest=FINEST[key])
    if low <= 0 <= high:
        return labels.label("phrases", "unclear_effect", lang, interval=shown.partition(" ")[2])
    return shown


def _per(row: Mapping[str, Any], lang: str) -> str | None:
    """For how much of the dose, or of what was realised, an effect is given."""
    if row["per"] is None or not math.isfinite(row["per"]):
        return None
    name = "per_realised" if row["of_realised"] else "per"
    return labels.label(
        "phrases", name, lang, n=row["per"], unit=labels.unit_name(row["unit"], lang)
    )


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
