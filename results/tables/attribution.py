"""What each project and measure contributes, as tables, a chart and sentences."""

import math
from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import EMPTY, Words, _
from xiancheng.results.analysis.attribution import (
    BY_CAUSE,
    CONFIDENCE,
    SAFEGUARDS,
    AttributionTable,
)
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import UNKNOWN, Chart, Table, build, enumeration

SEEN = 0.02  # points: smaller shares are not distinguished (assumed, 0.01 to 0.05)
MOST = 6  # measures whose shares are given in the text
NAMED = 3  # measures up to which their titles are given where they do little


def projects(result: PlanResult, shares: AttributionTable, code: int, lang: str) -> Table:
    """A row for each project: Owen value with its error, alone, last, and parts by cause."""
    return _table(result, shares, code, lang, "project", "owen")


def measures(result: PlanResult, shares: AttributionTable, code: int, lang: str) -> Table:
    """A row for each measure: Shapley value with its error, alone, last, and parts by cause."""
    return _table(result, shares, code, lang, "measure", "shapley")


def chart(result: PlanResult, shares: AttributionTable, code: int, lang: str) -> Chart:
    """The contribution of each project with its sampling error."""
    table = projects(result, shares, code, lang)
    description = _("contribution of each project, with sampling error")
    return Chart("shares", table, table.title, description.text(lang))


def _table(
    result: PlanResult, shares: AttributionTable, code: int, lang: str, level: str, kind: str
) -> Table:
    columns = labels.columns("shares", lang)
    alone, last = (
        {row["id"]: row["points"] for row in shares.of_group(code, level, each)}
        for each in ("first_in", "last_in")  # a quick attribution has none
    )
    rows = [
        _cells(row, shares) | {level: titled(result, row["id"], lang)}
        | ({"alone": alone[row["id"]], "last": last[row["id"]]} if alone else {})
        for row in shares.of_group(code, level, kind)
    ]  # fmt: skip
    for total in shares.of_group(code, "total", "total"):
        error = total["points_error"] if shares.several else None
        whole = _("sum = whole effect").text(lang)
        rows.append(_cells(total, shares) | {"points_error": error, level: whole}
                    | ({"alone": None, "last": None} if alone else {}))  # fmt: skip
    what = _("What each project contributes")
    if level == "measure":
        what = _("What each measure contributes")
    where = _place(result, code, lang)
    title = _(
        "{what} ({where}, {day}, resident urbanization rate, percentage points)",
        what=what,
        where=where,
        day=shares.day,
    ).text(lang)
    source = _source(result, shares, lang)
    return build(f"shares-{level}", title, columns, rows, source=source, total=True)


def _cells(row: dict[str, Any], shares: AttributionTable) -> dict[str, Any]:
    """Points, error, causes [points] and persons of a project, a measure or the total."""
    by_cause = {part: row[column] for part, column in BY_CAUSE.items()}
    return {**row, **by_cause, "persons": whole_rows(row["urban_residents"], shares.scale)}


def _place(result: PlanResult, code: int, lang: str) -> str:
    return next((g.text(lang) for g in result.groups if g.code == code), str(code))


def sentences(result: PlanResult, shares: AttributionTable, lang: str) -> Iterator[str]:
    """Which projects or measures work, which do not, and which may have no effect at all.

    Of orders played in a single world nothing is called clear: another draw of the parameters, or
    another seed, may turn the sign of a share.
    """
    code = shares.largest()
    rows = shares.of_group(code, "measure", "shapley") or shares.of_group(code, "project", "owen")
    rows.sort(key=lambda row: -abs(row["points"]))
    nothing = [r for r in rows if abs(r["points"]) < SEEN]
    some = [r for r in rows if r not in nothing]
    tested = some if shares.several else []
    half = {r["id"]: shares.clear * r["points_error"] for r in tested}
    clear = [r for r in tested if abs(r["points"]) > half[r["id"]]]
    works, against = ([r for r in clear if r["points"] * sign > 0] for sign in (1, -1))
    unclear = [r for r in tested if r not in clear]
    where = _place(result, code, lang)

    def described(chosen: list[dict[str, Any]]) -> str:
        shown = [
            f"{titled(result, r['id'], lang)} {points(r['points'])}"
            + (f"±{error(r['points_error'])}" if shares.several else "")
            for r in chosen[:MOST]
        ]
        more = " ".join(row["id"] for row in chosen[MOST:])
        others = _("; then {more}", more=more).text(lang)
        return enumeration(shown, lang) + (others if more else "")

    def named(chosen: list[dict[str, Any]]) -> str:
        if len(chosen) > NAMED:
            return " ".join(sorted(row["id"] for row in chosen))
        return enumeration([titled(result, row["id"], lang) for row in chosen], lang)

    sure = _(" ± s.e.") if shares.several else EMPTY
    unit = _(" ({where}, {day}, points{sure})", where=where, day=shares.day, sure=sure).text(lang)
    if some and not shares.several:
        yield _(
            "Contributions at central parameters in one random world: "
            "{said}{unit}. Their error is not known: other parameters or "
            "random numbers may change size and sign, so none is said to "
            "work.",
            said=described(some),
            unit=unit,
        ).text(lang)
    if works:
        yield _("They work: {said}{unit}.", said=described(works), unit=unit).text(lang)
    if against:
        yield _("They lower it: {said}{unit}.", said=described(against), unit=unit).text(lang)
    if unclear:
        yield _(
            "Not to be told from zero (within {CONFIDENCE:.0%}): {named}.",
            CONFIDENCE=CONFIDENCE,
            named=named(unclear),
        ).text(lang)
    if nothing:
        yield _("Less than {SEEN:g} points: {named}.", SEEN=SEEN, named=named(nothing)).text(lang)
    yield from _beside_the_verdict(result, shares, lang)


def _beside_the_verdict(result: PlanResult, shares: AttributionTable, lang: str) -> Iterator[str]:
    """What the shares come to, beside what the verdict says the plan adds."""
    code = shares.largest()
    judged = result.verdicts
    own = judged[judged["unit_code"] == code] if len(judged) else judged
    own = own[own["deadline"].astype(str) == shares.day] if len(own) else own
    for total in shares.of_group(code, "total", "total"):
        if len(own):
            sum_, effect = total["points"], float(own["from_plan_pp"].iloc[0])
            error = f"±{total['points_error']:.2f}" if shares.several else ""
            yield _(
                "They add up to {sum:+.2f}{error}; the verdict has "
                "{effect:+.2f} for the plan, at another scale and over other "
                "draws.",
                sum=sum_,
                error=error,
                effect=effect,
            ).text(lang)


def share_notes(shares: AttributionTable, lang: str) -> Iterator[str]:
    """Notes on how contributions were computed."""
    alone = bool((shares.frame["kind"] == "first_in").any())
    yield Words(
        "各项相加恰等于方案总作用。贡献是在许多实施次序中依次加入时的平均增量"
        "（工程为 Owen 值，措施为 Shapley 值）"
        + ("；“单独实施”与“单独去掉”不是上下限。" if alone else "。"),
        "The shares add up to the whole effect exactly. A share is the mean addition over many "
        "orders of carrying out (Owen values of projects, Shapley values of measures)"
        + ("; 'alone' and 'taken away' are not bounds." if alone else "."),
    ).text(lang)
    drawn = (
        _(
            "{draws} draws of the parameters, each in a random world of its own; "
            "the standard error holds orders, parameters and worlds",
            draws=shares.draws,
        )
        if shares.several
        else _("central parameters in one random world; the error is not known")
    )
    yield _(
        "The attribution was computed apart, at scale {scale:g}: "
        "{permutations} orders, {runs} runs, {drawn}; it is no forecast "
        "interval.",
        scale=shares.scale,
        permutations=shares.permutations,
        runs=shares.runs,
        drawn=drawn,
    ).text(lang)
    if not shares.of_group(shares.largest(), "measure", "shapley"):
        yield _(
            "Here only projects are told apart; for measures use xiancheng "
            "attribute, and bring it in with --attribution."
        ).text(lang)


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


def titled(result: PlanResult, name: str, lang: str) -> str:
    """A project or measure with its number and title."""
    plan = result.scenario.plan
    if name == SAFEGUARDS:
        return _("safeguards").text(lang)
    if name in plan.about.projects:
        return f"{name} {plan.about.projects[name].text(lang)}"
    return f"{name} {plan.measures[name].title.text(lang)}" if name in plan.measures else name


def _source(result: PlanResult, shares: AttributionTable, lang: str) -> str:
    return Words(
        f"归因：情景“{result.title('zh')}”，{result.region.title_zh}，规模 {shares.scale:g}，"
        f"{shares.permutations} 个次序，{shares.runs} 次模拟，抽样 {shares.draws}；"
        f"所属运行 {result.run or '未保存'}",
        f"Attribution: scenario '{result.title('en')}', {result.region.title_en}, scale "
        f"{shares.scale:g}, {shares.permutations} orders, {shares.runs} runs, draws "
        f"{shares.draws}; belongs to run {result.run or 'not saved'}",
    ).text(lang)
