"""What stands before the annex: a page for leaders, and a body of few pages.

The page for leaders has three conclusions, a table, a chart, advice and two notices, in words that
need no knowledge of the model: no run, no symbol, no share of draws.
"""

import math
from collections.abc import Iterator
from typing import Any

from xiancheng.results.report.document import Badges, Block, BulletList, Section
from xiancheng.results.tables import (
    assumptions,
    attribution,
    counties,
    labels,
    plan_result,
    verdicts,
)
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Chart, Table
from xiancheng.results.text import records

MOST_ROWS = 6  # targets in the table for leaders
MOST_ADVICE = 2
RANKS = {0.66: "likely", 0.33: "open", 0.0: "unlikely"}  # least chance of each; a coarser scale


# The page for leaders


def leaders(result: PlanResult, lang: str) -> Section:
    """The page for leaders."""
    facts = facts_of(result, lang)

    def part(key: str, most: int | None = None) -> Iterator[Block]:
        points = labels.paragraphs(f"leaders/{key}", lang, **facts)[:most]
        yield BulletList(tuple(points), labels.label("leaders", key, lang), numbered=True)

    blocks = [*part("conclusions")]
    if result.judged:
        shown = table(result, lang)
        blocks.append(shown)
        if result.known:
            about = labels.label("descriptions", "outlook", lang)
            blocks.append(Chart("outlook", shown, labels.label("titles", "outlook", lang), about))
    blocks += [*part("advice", MOST_ADVICE), *part("notices")]
    title = labels.label("sections", "leaders", lang)
    return Section("leaders", title, tuple(blocks), part="brief")


def facts_of(result: PlanResult, lang: str) -> dict[str, Any]:
    """What the templates of the page for leaders take."""
    rows = [
        row | {"where": labels.dated(row, records(result.verdicts), lang),
               "asked": labels.label("qualifiers", row["operator"], lang)}
        for row in records(result.verdicts)
    ]  # fmt: skip
    found: dict[str, list[str]] = {}
    for row in rows if result.known else []:
        found.setdefault(rank(row["probability"]), []).append(row["where"])
    effects = [row["from_plan_pp"] for row in rows] or [0.0]
    size = max(map(abs, effects))
    first = rows[0] if rows else None
    known = assumptions.grades_and_status(result)
    joint = verdicts.joint_probabilities(result.verdicts)[-1] if result.known else None
    return {
        "region": result.region.title(lang), "until": result.scenario.until, "rows": rows,
        "days": counties.days(result), "known": result.known, "first": first,
        "ranks": [(labels.label("ranks", name, lang), found[name])
                  for name in RANKS.values() if name in found],
        "open": [*dict.fromkeys(
            labels.county(row, lang) for name in ("open", "unlikely")
            for row in rows if result.known and rank(row["probability"]) == name
        )],
        "joint": joint[3] if joint and joint[1] > 1 else None,
        "acts": bool(result.scenario.settings), "least": min(effects), "most": max(effects),
        "size": size, "ceiling": max(math.ceil(round(10 * size, 6)) / 10, 0.1),
        "trend": first and abs(first["from_plan_pp"])
        < abs(first["without"] - first["rate_at_start"]) / 2,
        "supported": sum(grade != "A" for grade, __ in known) / max(len(known), 1),
        "assumed": sum(status == "assumed" for __, status in known) / max(len(known), 1),
        "strongest": strongest(result, lang), "cutoff": result.both.scenario.spec.known_until,
        "basis": rows and result.verdicts["basis"].iloc[0],
    }  # fmt: skip


def rank(chance: float) -> str:
    """The name in labels.yaml (`ranks`) of a chance, in three classes.

    >>> rank(0.95), rank(0.5), rank(0.1)
    ('likely', 'open', 'unlikely')
    """
    return next(name for least, name in RANKS.items() if chance >= least)


def strongest(result: PlanResult, lang: str) -> str:
    """The project that clearly adds most to the rate, by its title; empty if none does."""
    if result.shares is None or not result.shares.several:
        return ""
    found, where = result.shares, attribution.whole(result)
    rows = found.of_group(where.code, "project", "owen")
    most = max(rows, key=lambda row: row["points"], default=None)
    if most is None or most["points"] < attribution.SEEN:
        return ""
    clear = most["points"] > found.clear * most["points_error"]
    titles = result.scenario.plan.about.projects
    return titles[most["id"]].text(lang) if clear and most["id"] in titles else ""


def table(result: PlanResult, lang: str) -> Table:
    """A row for each target, the joint one first and then the least likely, up to `MOST_ROWS`."""
    every = records(result.verdicts)
    several = len({row["deadline"] for row in every}) > 1
    shown = sorted(every[1:], key=lambda row: row["probability"] or 0.0)[: MOST_ROWS - 1]
    rows = []
    for row in (each for each in every if each is every[0] or each in shown):
        qualifier = labels.label("qualifiers", row["operator"], lang)
        cells = {
            "place": labels.target(row, lang), "deadline": str(row["deadline"]),
            "wanted": f"{qualifier} {row['target_rate']:g}",
            **{key: row[key] for key in ("rate_at_start", "expected", "low", "high")},
            "confidence": "" if row["probability"] is None
            else labels.tenths(row["probability"], lang),
        }  # fmt: skip
        absent = set() if several else {"deadline"}
        absent |= set() if result.known else {"low", "high", "confidence"}
        rows.append({key: cell for key, cell in cells.items() if key not in absent})
    return labels.table(
        "leaders", rows, lang, source=result.stamp(lang), year=result.scenario.start.year
    )


def badges(result: PlanResult, lang: str) -> Badges:
    """What is known of the doses that the scenario carries out: direction, and quantity."""
    return Badges(assumptions.evidence(result, lang))


# The body


def body(result: PlanResult, found: dict[str, list[str]], lang: str) -> Iterator[Section]:
    """The sections of the body.

    Parameters
    ----------
    found : the answers of the report by the key of their question
    """

    def section(key: str, *blocks: Block | None) -> Section:
        kept = tuple(block for block in blocks if block)
        return Section(key, labels.label("sections", key, lang), kept, part="body")

    def paragraphs(*keys: str) -> list[str]:
        space = "" if lang == "zh" else " "
        return [space.join(found[key]) for key in keys if found[key]]

    effects = verdicts.effects(result, lang) if result.judged else None
    yield section(
        "targets", assumptions.changes(result, lang), *paragraphs("met", "margins"), effects,
        verdicts.news(result, lang),
    )  # fmt: skip
    yield section("counties", counties.table(result, lang), counties.map_chart(result, lang))
    chart = None
    if result.shares is not None:
        chart = attribution.chart(result, attribution.whole(result), lang)
    least = paragraphs("least") if result.package is not None else ()
    yield section("measures", badges(result, lang), *paragraphs("works"), *least, chart)
    if not result.foreign and plan_result.at_deadlines(result):
        done = plan_result.effort_chart(result, lang)
        shown = (done,) if isinstance(done, str) else (plan_result.effort(result, lang), done)
        yield section("tasks", *plan_result.delivery_summary(result, lang), *shown)
    yield section("certainty", *paragraphs("sure", "unknown"))
