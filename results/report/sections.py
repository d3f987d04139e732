"""What a report says, in order: the page for leaders and the body (`front`), and the annex."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from xiancheng.results.report import front
from xiancheng.results.report.document import Block, BulletList, Document, Layout, Section
from xiancheng.results.tables import (
    analysis,
    assumptions,
    attribution,
    counties,
    labels,
    plan_result,
    validation,
    verdicts,
)
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Lang
from xiancheng.results.text import records
from xiancheng.sim.state import quarter_of

USUAL = Layout()


def document(result: PlanResult, lang: Lang, setting: Layout = USUAL) -> Document:
    """Everything that a report on a run says."""
    word = labels.labels("report", lang)
    region, title = result.region.title(lang), result.title(lang, whole=True)
    drawn = word["draws" if result.draws else "no draws"].format(draws=result.draws)
    years = f"{result.scenario.start.year}–{result.scenario.until.year}"
    return Document(
        title=word["title"].format(region=region),
        subtitle=word["subtitle"].format(title=title, years=years),
        known=verdicts.known_until(result, lang),
        header=" | ".join([region, result.title(lang), years, drawn, result.run]).rstrip(" |"),
        lang=lang, sections=tuple(_sections(result, lang)),
        day=written(result),
    ).setting_of(setting)  # fmt: skip


def written(result: PlanResult) -> date:
    """The day on which the run was made; today if it was not saved."""
    known = str(result.provenance.get("written", ""))[:10]
    return date.fromisoformat(known) if known else date.today()


def _sections(result: PlanResult, lang: str) -> Iterator[Section]:
    def section(key: str, *blocks: Block, new_page: bool = True) -> Section:
        return Section(key, labels.label("sections", key, lang), blocks, new_page=new_page)

    yield front.leaders(result, lang)
    yield from front.body(result, answers(result, lang), lang)
    if result.judged:
        yield section("verdicts", verdicts.table(result, lang), verdicts.chart(result, lang),
                      verdicts.parts(result, lang, interval=False), new_page=False)  # fmt: skip
    yield section("places", new_page=False)
    alone = len(result.region.counties)
    judged = set(result.verdicts["unit_code"]) if result.judged else set()
    several = sorted(result.groups[alone:], key=lambda g: g.code not in judged)
    for group in (*several, *result.groups[:alone]):
        grown = counties.causes_chart(result, group, lang)
        causes = labels.in_large_units(grown.table, lang)
        yield Section(
            f"place-{group.code}", group.text(lang),
            (counties.path_chart(result, group, lang), replace(grown, table=causes), causes,
             counties.figures(result, group, lang)),
            level=2,
        )  # fmt: skip
    if result.shares is not None:
        yield section("attribution", *_shares(result, lang), new_page=False)
    if result.judged:
        yield section("uncertainty", *_uncertainty(result, lang), new_page=False)
    if not result.foreign:  # another city's tasks are none of this one's
        yield section("delivery", *_delivery(result, lang))
    yield section(
        "assumptions", assumptions.settings(result, lang), assumptions.summary(result, lang),
        *(table(result, lang)
          for table in (assumptions.parameters, assumptions.doses, assumptions.region)),
    )  # fmt: skip
    if open_points := caveats(result, lang):
        yield section("caveats", BulletList(tuple(open_points)))
    tested = validation.recorded(result, lang), validation.against_census(result, lang)
    yield section("validation", validation.sentence(result, lang), *filter(None, tested),
                  new_page=False)  # fmt: skip
    yield section("provenance", plan_result.provenance(result, lang))


def _shares(result: PlanResult, lang: str) -> Iterator[Block]:
    assert result.shares is not None
    where = attribution.whole(result)
    for level in ("project", "measure"):
        if (table := attribution.of_result(result, where, level, lang)).rows[:-1]:
            yield table
    yield BulletList(tuple(attribution.notes(result.shares, result.region, lang)))
    if result.shares.doses is None:
        yield labels.label("report", "no doses", lang)
    else:
        yield attribution.doses_of(result, where, lang)


def _uncertainty(result: PlanResult, lang: str) -> Iterator[Block]:
    """Where the uncertainty of the verdict comes from; how to find it, where it was not."""
    if result.variance is None:
        yield labels.label("report", "no variance", lang)
        return
    source = analysis.variance_source(result.variance, result, lang)
    yield analysis.variance_of_verdict(result.variance, lang, source)
    yield analysis.variance_chart(result.variance, lang, source)
    if result.variance.anchored:
        yield analysis.variance_of_effect(result.variance, lang, source)
    yield BulletList(tuple(analysis.variance_notes(result.variance, lang)))


def _delivery(result: PlanResult, lang: str) -> Iterator[Block]:
    if plan_result.at_deadlines(result):
        yield plan_result.delivery_table(result, lang)
        return
    yield labels.label("report", "no tasks", lang)


def caveats(result: PlanResult, lang: str) -> list[str]:
    """What the plan's text leaves open, and the red lines that the scenario crosses, if any."""
    lines = labels.paragraphs("verdict/red_lines", lang, red_lines=result.scenario.crossed())
    return lines + [f"{number} {each.text(lang)}" for number, each in result.caveats.items()]


# Answers: whether targets are met, by how far, through what, and how sure that is


def answers(result: PlanResult, lang: str) -> dict[str, list[str]]:
    """The sentences that answer what a meeting asks.

    Returns
    -------
    by question: met, margins, works (which measures), least (package), sure, unknown
    """
    found = result.verdicts
    rows = [
        row | {"where": labels.dated(row, records(found), lang),
               "spread": (row["high"] or 0) - (row["low"] or 0)}
        for row in records(found)
    ]  # fmt: skip
    facts = {
        "result": result, "scenario": result.scenario, "rows": rows,
        "by_margin": sorted(rows, key=lambda r: r["margin_pp"]),
        "day": labels.enumeration((labels.in_words(d, lang) for d in counties.days(result)), lang),
        "joint": verdicts.joint_probabilities(found) if rows else [],
        "by_likelihood": _by_likelihood(rows) if result.known else {},
        "words": labels.labels("chances", lang),
        "causes": {f"{k}_pp": word for k, word in labels.labels("causes", lang).items()},
    }  # fmt: skip
    package = (result.package or {}).get("found", {}).get("package", {})
    strengths = [f"{attribution.titled(result.scenario, n, lang)} ×{x:g}"
                 for n, x in package.items()]  # fmt: skip
    start, until = result.scenario.start, result.scenario.until
    issued = result.scenario.plan.about.issued
    later = {
        "uncounted": not any(day > start for day in result.region.censuses),
        "elsewhere": result.scenario.settings and result.scenario.plan.about.name,
        "numbers": "–".join([*result.caveats][:1] + [*result.caveats][-1:]),
        "months": 3 * (quarter_of(until.year, 4) - quarter_of(issued.year, 4)), "issued": issued,
    }  # fmt: skip

    def sentences(key: str, **more: Any) -> list[str]:
        return labels.paragraphs(f"conclusions/{key}", lang, **facts, **more)

    works = [labels.label("report", "no attribution", lang)]
    if result.shares is not None:
        works = attribution.sentences(result, lang)
    return {
        "met": sentences("met"),
        "margins": sentences("margins") if rows else [],
        "works": works,
        "least": sentences("least", package=result.package, strengths=strengths),
        "sure": [*sentences("sure"), validation.sentence(result, lang),
                 assumptions.summary(result, lang)],
        "unknown": [*verdicts.limits(result.region, result.groups, start, until, lang),
                    *sentences("unknown", **later)],
    }  # fmt: skip


def _by_likelihood(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The places of verdicts by how likely their targets are."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(labels.likelihood(row["probability"]), []).append(row["where"])
    return found
