"""The first page: whether targets are met, by how far, through what, and how sure that is."""

from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis.attribution import records
from xiancheng.results.caveats import at_once, beyond, elsewhere
from xiancheng.results.contents import assumed, contributions, promises, targets, validation, words
from xiancheng.results.contents.parts import listed
from xiancheng.results.contents.subject import Subject
from xiancheng.results.verdict_table import percent
from xiancheng.sim.state import quarter_of

Said = tuple[str, tuple[str, ...]]  # a question, and its answer in sentences


def answers(subject: Subject, lang: str) -> list[Said]:
    """The questions that a meeting asks, and what the run says to each."""
    asked = {
        _("Can the targets be met"): _met,
        _("By how far"): _margins,
        _("What works and what does not"): _works,
        _("The least package"): _least,
        _("How sure this is"): _sure,
        _("What is not known"): _unknown,
    }
    return [(q.said(lang), tuple(says(subject, lang))) for q, says in asked.items()]


def _met(subject: Subject, lang: str) -> Iterator[str]:
    title, region = subject.title(lang), subject.region.title(lang)
    if not targets.any_due(subject):
        yield _(
            "No target of {region} falls due by {until}; there is no verdict.",
            region=region,
            until=subject.scenario.until,
        ).said(lang)
        return
    rows, day = _rows(subject), targets.deadlines(subject, lang)
    yield _("{region}, scenario '{title}', {day}.", region=region, title=title, day=day).said(lang)
    if not subject.known:
        yield _(
            "There is no record for statistics and no draws were made: there is no probability."
        ).said(lang)
        return
    told = [f"{words.dated(r, rows, lang)} {percent(r['probability'])}" for r in rows]
    yield _(
        "The chance that the published rate meets the target: {told}.", told=listed(told, lang)
    ).said(lang)
    for said in dict.fromkeys(words.likely(r["probability"]) for r in rows):
        own = [words.dated(r, rows, lang) for r in rows if words.likely(r["probability"]) == said]
        yield _("{said}: {own}.", said=said, own=listed(own, lang)).said(lang)
    yield from at_once(subject.verdicts, lang)


def _margins(subject: Subject, lang: str) -> Iterator[str]:
    rows = sorted(_rows(subject), key=lambda r: r["margin_pp"])
    if not rows:
        return
    unit = words.POINTS.said(lang)
    yield _ends(rows, lang)
    low, high = (_points(f([r["from_plan_pp"] for r in rows])) for f in (min, max))
    yield _("The plan changes it by {low} to {high}.", low=low, high=high, unit=unit).said(lang)
    first = min(rows, key=lambda r: str(r["target"]))  # the one that stands for all
    if subject.known:
        chances = [percent(first[k]) for k in ("probability_without", "probability")]
        where = words.dated(first, rows, lang)
        decides = abs(first["from_plan_pp"]) < abs(first["from_trend_pp"])
        yield Words(
            f"{where}的达标概率，无方案为 {chances[0]}，有方案为 {chances[1]}"
            + ("：主要取决于趋势。" if decides else "。"),
            f"In {where} the chance is {chances[0]} without the plan and {chances[1]} with it"
            + (": the trend decides." if decides else "."),
        ).said(lang)
    told = listed(
        [f"{w.said(lang)} {_points(first[k])}" for k, w in words.MADE_OF.items() if first[k] != 0],
        lang,
    )
    change = _points(first["expected"] - first["rate_at_start"])
    place = words.dated(first, rows, lang)
    yield _(
        "{place} is expected to change by {change} {unit} since {start}: {told}.",
        place=place,
        change=change,
        unit=unit,
        start=subject.scenario.start,
        told=told,
    ).said(lang)


def _ends(rows: list[dict[str, Any]], lang: str) -> str:
    """Which expected rates are furthest from their targets, shortfall and surplus in words.

    Parameters
    ----------
    rows : verdicts, from the largest shortfall to the largest surplus
    """

    def of(row: dict[str, Any]) -> Words:
        by = abs(row["margin_pp"])
        return _(
            "{dated} by {by:.1f} points",
            dated=Words(words.dated(row, rows, "zh"), words.dated(row, rows, "en")),
            by=by,
        )

    short = [of(row) for row in rows if row["margin_pp"] < 0]
    over = [of(row) for row in rows if row["margin_pp"] >= 0]
    parts = []
    if short:
        part = _("The largest shortfall: {short}", short=short[0])
        if len(short) > 1:
            part = _("{part}; the smallest: {short}", part=part, short=short[-1])
        parts.append(part)
    if over:
        part = _("The largest surplus: {over}", over=over[-1])
        if len(over) > 1:
            part = _("{part}; the smallest: {over}", part=part, over=over[0])
        parts.append(part)
    return Words(
        f"按期望值（中位数），{len(rows)} 个目标中 {len(short)} 个不足，{len(over)} 个达到。"
        + "；".join(part.zh for part in parts) + "。",
        f"By the expected rate (median) {len(short)} of {len(rows)} targets fall short and "
        f"{len(over)} are reached. " + ". ".join(part.en for part in parts) + ".",
    ).said(lang)  # fmt: skip


def _works(subject: Subject, lang: str) -> Iterator[str]:
    if subject.shares is not None:
        yield from contributions.verdict(subject, subject.shares, lang)
    else:
        yield _("There is no attribution; xiancheng attribute makes one.").said(lang)
    if not subject.foreign:
        yield promises.summary(subject, lang)
        if (binds := promises.capacity(subject)) is not None:
            yield binds.said(lang)


def _least(subject: Subject, lang: str) -> Iterator[str]:
    if subject.package is not None:
        yield from _package(subject, lang)
        return
    yield _(
        "The least package that meets the targets with a given probability "
        "was not computed for this report (xiancheng seek does)."
    ).said(lang)


def _package(subject: Subject, lang: str) -> Iterator[str]:
    told = subject.package or {}
    found, share = told["found"], float(told["share"])
    names = listed(
        [f"{contributions.titled(subject, n, lang)} ×{x:g}" for n, x in found["package"].items()],
        lang,
    )
    if not found["met"]:
        yield _("No package within the bounds reaches the wanted probability.").said(lang)
    nothing = _("empty (no measure is needed)").said(lang)
    yield _(
        "The least package found: {value}; all targets are met in {share:.0%} of fresh draws.",
        value=names or nothing,
        share=share,
    ).said(lang)


def _sure(subject: Subject, lang: str) -> Iterator[str]:
    rows = _rows(subject)
    if subject.known:
        wide = max(rows, key=lambda r: r["high"] - r["low"])
        yield _(
            "The widest 90 % interval is that of {dated}: {low:.1f}–{high:.1f} %.",
            dated=words.dated(wide, rows, lang),
            low=wide["low"],
            high=wide["high"],
        ).said(lang)
    yield validation.sentence(subject, lang)
    yield assumed.summary(subject, lang)


def _unknown(subject: Subject, lang: str) -> Iterator[str]:
    start = subject.scenario.start
    for note in beyond(subject.region, subject.groups, start, subject.scenario.until):
        yield note.said(lang)
    later = [d for d in subject.region.censuses if d > start]
    if not later:
        yield _(
            "After the census of {start} there is no county observation to check against.",
            start=start,
        ).said(lang)
    if subject.foreign:
        if subject.scenario.settings:
            yield elsewhere(subject.scenario).said(lang)
        return
    caveats = [*subject.caveats]
    numbers = f"{caveats[0]}–{caveats[-1]}" if caveats else "–"
    issued = subject.scenario.plan.about.issued
    quarters = quarter_of(subject.scenario.until.year, 4) - quarter_of(issued.year, 4)
    if quarters > 0:
        yield _(
            "The plan was issued on {issued}, about {value} months before "
            "the end of {year}; what its text leaves open is under 'Caveats' "
            "({numbers}).",
            issued=issued,
            value=3 * quarters,
            year=subject.scenario.until.year,
            numbers=numbers,
        ).said(lang)


def _rows(subject: Subject) -> list[dict[str, Any]]:
    return records(subject.verdicts)


def _points(value: float) -> str:
    return f"{value:+.2f}"
