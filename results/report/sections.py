"""What a report says, in order: conclusions, places, attribution, delivery and so on."""

from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.cells import records
from xiancheng.results.report.document import Block, BulletList, Document, Section
from xiancheng.results.tables import (
    assumptions,
    attribution,
    counties,
    delivery,
    labels,
    notes,
    provenance,
    validation,
    verdicts,
)
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Lang, enumeration
from xiancheng.sim.state import quarter_of

NO_ATTRIBUTION = _("There is no attribution; xiancheng attribute makes one.")


def document(result: PlanResult, lang: Lang) -> Document:
    """Everything that a report on a run says."""
    region, title = result.region.title(lang), result.title(lang, whole=True)
    drawn = (
        _("{draws} draws", "sections", draws=result.draws)
        if result.draws
        else _("central parameters, no draws")
    ).text(lang)
    name = _("County-town urbanization in {region}", region=region)
    years = f"{result.scenario.start.year}–{result.scenario.until.year}"
    return Document(
        title=name.text(lang),
        subtitle=_("Scenario: {title} ({years})", title=title, years=years).text(lang),
        header=" | ".join([region, result.title(lang), years, drawn, result.run]).rstrip(" |"),
        lang=lang,
        sections=tuple(_sections(result, lang)),
    )


def _sections(result: PlanResult, lang: str) -> Iterator[Section]:
    yield Section("conclusions", _("Conclusions").text(lang), _first(result, lang))
    yield from _places(result, lang)
    yield Section(
        "attribution", _("Attribution").text(lang), tuple(_shares(result, lang)),
        new_page=True,
    )  # fmt: skip
    if not result.foreign:  # another city's tasks are none of this one's
        yield Section(
            "delivery", _("Delivery").text(lang), tuple(_delivery(result, lang)),
            new_page=True,
        )  # fmt: skip
    yield Section(
        "assumptions", _("Assumptions").text(lang),
        (assumptions.settings(result, lang), assumptions.summary(result, lang),
         assumptions.parameters(result, lang),
         assumptions.doses(result, lang), assumptions.region(result, lang)), new_page=True,
    )  # fmt: skip
    if open_points := tuple(caveats(result, lang)):
        yield Section(
            "caveats", _("Caveats of the plan").text(lang),
            (BulletList(open_points),), new_page=True,
        )  # fmt: skip
    yield Section("validation", _("Validation").text(lang), tuple(_checked(result, lang)))
    yield Section(
        "provenance", _("Provenance").text(lang), (provenance.table(result, lang),),
        new_page=True,
    )  # fmt: skip


def _first(result: PlanResult, lang: str) -> tuple[Block, ...]:
    found = BulletList(
        tuple(_answer(*each, lang) for each in answers(result, lang) if each[1]), led=True
    )
    changes = assumptions.changes(result, lang)
    if not verdicts.any_due(result):
        return changes, found
    return verdicts.table(result, lang), changes, found, verdicts.chart(result, lang)


def _answer(question: str, sentences: tuple[str, ...], lang: str) -> str:
    answer = ("" if lang == "zh" else " ").join(sentences)
    return _("{question}: {answer}", question=question, answer=answer).text(lang)


def _places(result: PlanResult, lang: str) -> Iterator[Section]:
    yield Section("places", _("Places").text(lang), (), new_page=True)
    alone, judged = len(result.region.counties), _codes(result)
    several = sorted(result.groups[alone:], key=lambda g: g.code not in judged)
    for number, group in enumerate((*several, *result.groups[:alone])):
        yield Section(
            f"place-{group.code}", group.text(lang),
            (counties.path_chart(result, group, lang), counties.causes_chart(result, group, lang),
             counties.causes(result, group, lang), counties.figures(result, group, lang)),
            level=2, new_page=number > 0,
        )  # fmt: skip


def _codes(result: PlanResult) -> set[int]:
    """Codes of the groups that have a target."""
    return set(result.verdicts["unit_code"]) if verdicts.any_due(result) else set()


def _shares(result: PlanResult, lang: str) -> Iterator[Block]:
    if verdicts.any_due(result):
        yield verdicts.parts(result, lang)
    shares = result.shares
    if shares is None:
        yield NO_ATTRIBUTION.text(lang)
        return
    code = shares.largest()
    yield attribution.chart(result, shares, code, lang)
    yield attribution.projects(result, shares, code, lang)
    if shares.of_group(code, "measure", "shapley"):
        yield attribution.measures(result, shares, code, lang)
    yield BulletList(tuple(attribution.share_notes(shares, lang)))


def _delivery(result: PlanResult, lang: str) -> Iterator[Block]:
    if delivery.at_deadlines(result):
        yield delivery.table(result, lang)
        yield delivery.effort_chart(result, lang)
        yield delivery.effort(result, lang)
        return
    yield _("The run ends before the plan is issued.").text(lang)


def caveats(result: PlanResult, lang: str) -> Iterator[str]:
    """What the plan's text leaves open, and the red lines that the scenario crosses, if any."""
    for line in result.scenario.crossed():
        yield _("Crosses a red line: {line}", line=line).text(lang)
    for number, caveat in result.caveats.items():
        yield f"{number} {caveat.text(lang)}"


def _checked(result: PlanResult, lang: str) -> Iterator[Block]:
    yield validation.sentence(result, lang)
    for table in (validation.recorded(result, lang), validation.against_census(result, lang)):
        if table is not None:
            yield table


# Conclusions: whether targets are met, by how far, through what, and how sure that is


def answers(result: PlanResult, lang: str) -> list[tuple[str, tuple[str, ...]]]:
    """The questions that a meeting asks, each with the sentences that answer it."""
    questions = {
        _("Can the targets be met"): _met,
        _("By how far"): _margins,
        _("What works and what does not"): _works,
        _("The least package"): _least,
        _("How sure this is"): _sure,
        _("What is not known"): _unknown,
    }
    return [(q.text(lang), tuple(says(result, lang))) for q, says in questions.items()]


def _met(result: PlanResult, lang: str) -> Iterator[str]:
    title, region = result.title(lang), result.region.title(lang)
    if not verdicts.any_due(result):
        yield _(
            "No target of {region} falls due by {until}; there is no verdict.",
            region=region,
            until=result.scenario.until,
        ).text(lang)
        return
    rows, day = records(result.verdicts), verdicts.deadlines(result, lang)
    yield _("{region}, scenario '{title}', {day}.", region=region, title=title, day=day).text(lang)
    if not result.known:
        yield _(
            "There is no record for statistics and no draws were made: there is no probability."
        ).text(lang)
        return
    chances = [f"{labels.dated(r, rows, lang)} {labels.percent(r['probability'])}" for r in rows]
    yield _(
        "The chance that the published rate meets the target: {enumeration}.",
        enumeration=enumeration(chances, lang),
    ).text(lang)
    by_likelihood: dict[str, list[str]] = {}
    for row in rows:
        name = labels.likelihood(row["probability"])
        by_likelihood.setdefault(name, []).append(labels.dated(row, rows, lang))
    for name, places in by_likelihood.items():
        word, where = labels.label("chances", name, lang), enumeration(places, lang)
        yield _("{word}: {where}.", word=word, where=where).text(lang)
    yield from notes.joint_chances(result.verdicts, lang)


def _margins(result: PlanResult, lang: str) -> Iterator[str]:
    rows = sorted(records(result.verdicts), key=lambda r: r["margin_pp"])
    if not rows:
        return
    unit = labels.label("units", "points", lang)
    yield _ends(rows, lang)
    low, high = (_points(f([r["from_plan_pp"] for r in rows])) for f in (min, max))
    yield _("The plan changes it by {low} to {high}.", low=low, high=high, unit=unit).text(lang)
    first = min(rows, key=lambda r: str(r["target"]))  # the one that stands for all
    if result.known:
        chances = [labels.percent(first[k]) for k in ("probability_without", "probability")]
        where = labels.dated(first, rows, lang)
        decides = abs(first["from_plan_pp"]) < abs(first["from_trend_pp"])
        yield Words(
            f"{where}的达标概率，无方案为 {chances[0]}，有方案为 {chances[1]}"
            + ("：主要取决于趋势。" if decides else "。"),
            f"In {where} the chance is {chances[0]} without the plan and {chances[1]} with it"
            + (": the trend decides." if decides else "."),
        ).text(lang)
    parts = enumeration(
        [f"{word} {_points(first[name])}"
         for name, word in labels.labels("parts", lang).items() if first[name] != 0],
        lang,
    )  # fmt: skip
    change = _points(first["expected"] - first["rate_at_start"])
    place = labels.dated(first, rows, lang)
    yield _(
        "{place} is expected to change by {change} {unit} since {start}: {parts}.",
        place=place,
        change=change,
        unit=unit,
        start=result.scenario.start,
        parts=parts,
    ).text(lang)


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
            dated=Words(labels.dated(row, rows, "zh"), labels.dated(row, rows, "en")),
            by=by,
        )

    short = [of(row) for row in rows if row["margin_pp"] < 0]
    over = [of(row) for row in rows if row["margin_pp"] >= 0]
    parts = []
    if short:
        zh, en = _("The largest shortfall: {short}", short=short[0])
        if len(short) > 1:
            zh, en = _("{en}; the smallest: {short}", en=Words(zh, en), short=short[-1])
        parts.append(Words(zh, en))
    if over:
        zh, en = _("The largest surplus: {over}", over=over[-1])
        if len(over) > 1:
            zh, en = _("{en}; the smallest: {over}", en=Words(zh, en), over=over[0])
        parts.append(Words(zh, en))
    return Words(
        f"按期望值（中位数），{len(rows)} 个目标中 {len(short)} 个不足，{len(over)} 个达到。"
        + "；".join(part.zh for part in parts) + "。",
        f"By the expected rate (median) {len(short)} of {len(rows)} targets fall short and "
        f"{len(over)} are reached. " + ". ".join(part.en for part in parts) + ".",
    ).text(lang)  # fmt: skip


def _works(result: PlanResult, lang: str) -> Iterator[str]:
    if result.shares is not None:
        yield from attribution.sentences(result, result.shares, lang)
    else:
        yield NO_ATTRIBUTION.text(lang)
    if not result.foreign:
        yield delivery.summary(result, lang)
        if (binds := delivery.capacity(result)) is not None:
            yield binds.text(lang)


def _least(result: PlanResult, lang: str) -> Iterator[str]:
    if result.package is not None:
        yield from _package(result, lang)
        return
    yield _(
        "The least package that meets the targets with a given probability "
        "was not computed for this report (xiancheng seek does)."
    ).text(lang)


def _package(result: PlanResult, lang: str) -> Iterator[str]:
    package = result.package or {}
    found, share = package["found"], float(package["share"])
    names = enumeration(
        [f"{attribution.titled(result, n, lang)} ×{x:g}" for n, x in found["package"].items()],
        lang,
    )
    if not found["met"]:
        yield _("No package within the bounds reaches the wanted probability.").text(lang)
    nothing = _("empty (no measure is needed)").text(lang)
    yield _(
        "The least package found: {value}; all targets are met in {share:.0%} of fresh draws.",
        value=names or nothing,
        share=share,
    ).text(lang)


def _sure(result: PlanResult, lang: str) -> Iterator[str]:
    rows = records(result.verdicts)
    if result.known:
        wide = max(rows, key=lambda r: r["high"] - r["low"])
        yield _(
            "The widest 90 % interval is that of {dated}: {low:.1f}–{high:.1f} %.",
            dated=labels.dated(wide, rows, lang),
            low=wide["low"],
            high=wide["high"],
        ).text(lang)
    yield validation.sentence(result, lang)
    yield assumptions.summary(result, lang)


def _unknown(result: PlanResult, lang: str) -> Iterator[str]:
    start = result.scenario.start
    for note in notes.beyond(result.region, result.groups, start, result.scenario.until):
        yield note.text(lang)
    later = [d for d in result.region.censuses if d > start]
    if not later:
        yield _(
            "After the census of {start} there is no county observation to check against.",
            start=start,
        ).text(lang)
    if result.foreign:
        if result.scenario.settings:
            yield notes.applied_elsewhere(result.scenario).text(lang)
        return
    caveats = [*result.caveats]
    numbers = f"{caveats[0]}–{caveats[-1]}" if caveats else "–"
    issued = result.scenario.plan.about.issued
    quarters = quarter_of(result.scenario.until.year, 4) - quarter_of(issued.year, 4)
    if quarters > 0:
        yield _(
            "The plan was issued on {issued}, about {value} months before "
            "the end of {year}; what its text leaves open is under 'Caveats' "
            "({numbers}).",
            issued=issued,
            value=3 * quarters,
            year=result.scenario.until.year,
            numbers=numbers,
        ).text(lang)


def _points(value: float) -> str:
    return f"{value:+.2f}"
