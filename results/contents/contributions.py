"""What each project and measure contributes, as tables, a picture and sentences."""

import math
from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis.attribution import SAFEGUARDS, SURE, AttributionTable
from xiancheng.results.contents.parts import UNKNOWN, Chart, Column, Table, listed
from xiancheng.results.contents.subject import Subject
from xiancheng.results.contents.words import CAUSES, PERSONS

SEEN = 0.02  # points: smaller shares are not told apart (assumed, 0.01 to 0.05)
MOST = 6  # measures whose shares are given in the text
NAMED = 3  # measures up to which their titles are given where they do little


def projects(subject: Subject, shares: AttributionTable, code: int, lang: str) -> Table:
    """A row for each project: Owen value with its error, alone, last, and parts by cause."""
    return _table(subject, shares, code, lang, "project", "owen")


def measures(subject: Subject, shares: AttributionTable, code: int, lang: str) -> Table:
    """A row for each measure: Shapley value with its error, alone, last, and parts by cause."""
    return _table(subject, shares, code, lang, "measure", "shapley")


def chart(subject: Subject, shares: AttributionTable, code: int, lang: str) -> Chart:
    """The contribution of each project with its sampling error."""
    told = projects(subject, shares, code, lang)
    about = _("contribution of each project, with sampling error")
    return Chart("shares", told, told.title, about.said(lang))


def _table(
    subject: Subject, shares: AttributionTable, code: int, lang: str, level: str, kind: str
) -> Table:
    pp = _("points").said(lang)  # short, as there are many
    alone = _by_id(shares, code, level, "first_in")  # a quick attribution has none
    last = _by_id(shares, code, level, "last_in")

    def share(words: Words) -> Column:
        return Column(words.said(lang), pp, 2, signed=True, least=SEEN)

    spread = Column(_("std. error").said(lang), pp, 2, least=0.01)
    name = _("project") if level == "project" else _("measure")
    columns = (
        Column(name.said(lang), wide=True), share(_("share")), spread,
        Column(_("urban residents").said(lang), PERSONS.said(lang), 0, signed=True),
        *((share(_("alone", "measure")), share(_("taken away"))) if alone else ()),
        *(share(w) for w in CAUSES.values()),
    )  # fmt: skip
    rows = [
        (
            titled(subject, row["id"], lang), row["points"], row["points_error"],
            whole_rows(row["persons"], shares.scale),
            *((alone[row["id"]]["points"], last[row["id"]]["points"]) if alone else ()),
            *(row[p] for p in CAUSES),
        )
        for row in shares.of_group(code, level, kind)
    ]  # fmt: skip
    for total in shares.of_group(code, "total", "total"):
        whole = _("sum = whole effect").said(lang)
        sure = total["points_error"] if shares.several else None
        own = (
            total["points"],
            sure,
            whole_rows(total["persons"], shares.scale),
            *((None, None) if alone else ()),
        )
        rows.append((whole, *own, *(total[p] for p in CAUSES)))
    where = next((g.said(lang) for g in subject.groups if g.code == code), str(code))
    what = _("What each project contributes")
    if level == "measure":
        what = _("What each measure contributes")
    title = _(
        "{what} ({where}, {day}, resident urbanization rate, percentage points)",
        what=what,
        where=where,
        day=shares.day,
    )
    return Table(
        f"shares-{level}", title.said(lang), columns, tuple(rows), _source(subject, shares, lang),
        total=True,
    )  # fmt: skip


def verdict(subject: Subject, shares: AttributionTable, lang: str) -> Iterator[str]:
    """Which projects or measures work, which do not, and which cannot be told from nothing.

    Of orders played in a single world nothing is called clear: another draw of the parameters, or
    other luck, may turn the sign of a share.
    """
    code = shares.largest()
    rows = shares.of_group(code, "measure", "shapley") or shares.of_group(code, "project", "owen")
    rows.sort(key=lambda row: -abs(row["points"]))
    nothing = [r for r in rows if abs(r["points"]) < SEEN]
    some = [r for r in rows if r not in nothing]
    told = some if shares.several else []
    half = {r["id"]: shares.clear * r["points_error"] for r in told}
    clear = [r for r in told if abs(r["points"]) > half[r["id"]]]
    works, against = ([r for r in clear if r["points"] * sign > 0] for sign in (1, -1))
    unclear = [r for r in told if r not in clear]
    where = next((g.said(lang) for g in subject.groups if g.code == code), str(code))

    def said(chosen: list[dict[str, Any]]) -> str:
        shown = [
            f"{titled(subject, r['id'], lang)} {points(r['points'])}"
            + (f"±{error(r['points_error'])}" if shares.several else "")
            for r in chosen[:MOST]
        ]
        more = " ".join(row["id"] for row in chosen[MOST:])
        others = _("; then {more}", more=more).said(lang)
        return listed(shown, lang) + (others if more else "")

    def named(chosen: list[dict[str, Any]]) -> str:
        if len(chosen) > NAMED:
            return " ".join(sorted(row["id"] for row in chosen))
        return listed([titled(subject, row["id"], lang) for row in chosen], lang)

    sure = _(" ± s.e.") if shares.several else ("", "")
    unit = _(" ({where}, {day}, points{sure})", where=where, day=shares.day, sure=sure).said(lang)
    if some and not shares.several:
        yield _(
            "Contributions at central parameters in one random world: "
            "{said}{unit}. Their error is not known: other parameters or "
            "random numbers may change size and sign, so none is said to "
            "work.",
            said=said(some),
            unit=unit,
        ).said(lang)
    if works:
        yield _("They work: {said}{unit}.", said=said(works), unit=unit).said(lang)
    if against:
        yield _("They lower it: {said}{unit}.", said=said(against), unit=unit).said(lang)
    if unclear:
        yield _(
            "Not to be told from zero (within {SURE:.0%}): {named}.",
            SURE=SURE,
            named=named(unclear),
        ).said(lang)
    if nothing:
        yield _("Less than {SEEN:g} points: {named}.", SEEN=SEEN, named=named(nothing)).said(lang)
    yield from _held_to_the_verdict(subject, shares, lang)


def _held_to_the_verdict(subject: Subject, shares: AttributionTable, lang: str) -> Iterator[str]:
    """What the shares come to, beside what the verdict says the plan adds."""
    code = shares.largest()
    judged = subject.verdicts
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
            ).said(lang)


def remarks(shares: AttributionTable, lang: str) -> Iterator[str]:
    """What has to be said wherever contributions are shown."""
    alone = bool((shares.frame["kind"] == "first_in").any())
    yield Words(
        "各项相加恰等于方案总作用。贡献是在许多实施次序中依次加入时的平均增量"
        "（工程为 Owen 值，措施为 Shapley 值）"
        + ("；“单独实施”与“单独去掉”不是上下限。" if alone else "。"),
        "The shares add up to the whole effect exactly. A share is the mean addition over many "
        "orders of carrying out (Owen values of projects, Shapley values of measures)"
        + ("; 'alone' and 'taken away' are not bounds." if alone else "."),
    ).said(lang)
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
    ).said(lang)
    if not shares.of_group(shares.largest(), "measure", "shapley"):
        yield _(
            "Here only projects are told apart; for measures use xiancheng "
            "attribute, and bring it in with --attribution."
        ).said(lang)


def points(value: float) -> str:
    """A contribution as it is known: to hundredths of a point, and below `SEEN` not told apart.

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


def titled(subject: Subject, name: str, lang: str) -> str:
    """A project or measure with its number and title."""
    plan = subject.scenario.plan
    if name == SAFEGUARDS:
        return _("safeguards").said(lang)
    if name in plan.about.projects:
        return f"{name} {plan.about.projects[name].said(lang)}"
    return f"{name} {plan.measures[name].title.said(lang)}" if name in plan.measures else name


def _by_id(shares: AttributionTable, code: int, level: str, kind: str) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in shares.of_group(code, level, kind)}


def _source(subject: Subject, shares: AttributionTable, lang: str) -> str:
    return Words(
        f"归因：情景“{subject.title('zh')}”，{subject.region.title_zh}，规模 {shares.scale:g}，"
        f"{shares.permutations} 个次序，{shares.runs} 次模拟，抽样 {shares.draws}；"
        f"所属运行 {subject.run or '未保存'}",
        f"Attribution: scenario '{subject.title('en')}', {subject.region.title_en}, scale "
        f"{shares.scale:g}, {shares.permutations} orders, {shares.runs} runs, draws "
        f"{shares.draws}; belongs to run {subject.run or 'not saved'}",
    ).said(lang)
