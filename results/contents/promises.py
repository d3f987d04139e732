"""What the plan promises and what is delivered of it."""

from collections.abc import Iterator
from typing import Any

from results.contents.parts import Column, Table
from results.contents.shares import records
from results.contents.subject import Subject
from results.contents.words import QUALIFIERS
from scenarios.checking import Words


def table(subject: Subject, lang: str) -> Table:
    """A row for each indicator: at its deadline, or at the end where none is written."""
    by_unit = Words("见单位", "see unit").said(lang)
    columns = (
        Column(Words("指标", "indicator").said(lang)),
        Column(Words("内容", "what").said(lang), wide=True),
        Column(Words("要求", "asked").said(lang)),
        Column(Words("目标值", "promised").said(lang), by_unit, None),
        Column(Words("单位", "unit").said(lang)),
        Column(Words("期限", "due").said(lang)),
        Column(Words("完成比例", "delivered").said(lang), "%", 0),
        Column(Words("完成数量", "quantity").said(lang), by_unit, None),
        Column(Words("判定", "verdict").said(lang)),
    )
    rows = []
    for row in judged(subject):
        indicator = subject.scenario.plan.indicators[row["indicator"]]
        known = row["met"] is not None and row["at_deadline"]
        met = Words("完成", "done") if row["met"] else Words("未完成", "not done")
        rows.append(
            (
                row["indicator"], indicator.name.said(lang), QUALIFIERS[row["operator"]].said(lang),
                _number(row["target"]), row["unit"],
                str(row["due"]) if row["due"] else Words("未写明", "not written").said(lang),
                100 * row["share"], _number(row["quantity"]),
                met.said(lang) if known else "–",
            )
        )  # fmt: skip
    title = Words(
        "各指标的完成情况（到期限；未写期限或未到期的到期末）",
        "Delivery of each indicator (at its deadline, or else at the end of the run)",
    )
    return Table(
        "delivery", title.said(lang), columns, tuple(rows), subject.stamp(lang),
        tuple(remarks(subject, lang)),
    )  # fmt: skip


def judged(subject: Subject) -> list[dict[str, Any]]:
    """The row of each indicator on which it is judged."""
    last: dict[str, dict[str, Any]] = {}
    for row in records(subject.delivery):
        name = row["indicator"]
        if name not in last or not last[name]["at_deadline"]:
            last[name] = row
    return list(last.values())


def summary(subject: Subject, lang: str) -> str:
    """How many of those due are delivered."""
    due = [r for r in judged(subject) if r["at_deadline"] and r["met"] is not None]
    kept = sum(bool(r["met"]) for r in due)
    return Words(
        f"到期的 {len(due)} 项任务指标中，{kept} 项按模型的执行进度完成。",
        f"Of {len(due)} indicators of delivery that fall due, {kept} are met at the model's pace.",
    ).said(lang)


def remarks(subject: Subject, lang: str) -> Iterator[str]:
    """What has to be said wherever delivery is shown."""
    yield summary(subject, lang)
    yield Words(
        "完成比例由方案的进度与各县的执行能力算出，不是实际进展的统计；"
        "没有基期值的比率类指标只有比例，没有数量。",
        "Delivery follows from the plan's schedule and the counties' capacity; it is no record of "
        "actual progress. Rates without a base value have a share and no quantity.",
    ).said(lang)


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)
