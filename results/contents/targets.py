"""The verdict on each target: the table and the picture that come first."""

from collections.abc import Mapping
from typing import Any

from xiancheng.calibration.i18n import Words
from xiancheng.results.analysis.attribution import records
from xiancheng.results.caveats import basis, belief
from xiancheng.results.contents import words
from xiancheng.results.contents.parts import Cell, Chart, Column, Table, listed
from xiancheng.results.contents.subject import Subject
from xiancheng.results.contents.words import MADE_OF, POINTS, QUALIFIERS
from xiancheng.results.verdict.verdict import INTERVAL


def table(subject: Subject, lang: str) -> Table:
    """A row for each target: what is expected without and with the plan, and the chance."""
    start, pp = str(subject.scenario.start), POINTS.said(lang)
    columns = [
        Column(Words("地区", "place").said(lang)),
        Column(Words("期限", "deadline").said(lang)),
        Column(Words("要求", "asked").said(lang)),
        Column(Words("目标", "target").said(lang), "%", 1),
        Column(Words(f"起点 {start[:4]}", f"start {start[:4]}").said(lang), "%", 2),
        Column(Words("无方案", "without").said(lang), "%", 1),
        Column(Words("有方案", "with").said(lang), "%", 1),
    ]
    if subject.known:
        low, high = (f"{end}" for end in INTERVAL)
        columns += [
            Column(Words(f"下限 {low}%", f"low {low}%").said(lang), "%", 1),
            Column(Words(f"上限 {high}%", f"high {high}%").said(lang), "%", 1),
            Column(Words("达标概率", "P(met)").said(lang), "%", 0),
            Column(Words("判断", "in words").said(lang)),
        ]
    columns.append(Column(Words("差距", "margin").said(lang), pp, 1, signed=True))
    rows: list[tuple[Cell, ...]] = []
    for row in records(subject.verdicts):
        cells = [
            words.target(row, lang), str(row["deadline"]),
            QUALIFIERS[row["operator"]].said(lang), row["target_rate"],
            row["rate_at_start"], row["without"], row["expected"],
        ]  # fmt: skip
        if subject.known:
            chance = row["probability"]
            cells += [row["low"], row["high"], 100 * chance, words.likely(chance).said(lang)]
        rows.append((*cells, row["margin_pp"]))
    notes = [basis(subject.verdicts, belief(subject.region)).said(lang)] if rows else []
    if subject.known:
        notes.append(words.SCALE.said(lang))
    return Table(
        "verdicts",
        Words(
            f"各目标的判定（公布的常住人口城镇化率，{deadlines(subject, lang)}，期望为中位数）",
            f"Verdict on each target (published resident urbanization rate, "
            f"{deadlines(subject, lang)}, medians)",
        ).said(lang),
        tuple(columns), tuple(rows), subject.stamp(lang), tuple(notes),
    )  # fmt: skip


def parts(subject: Subject, lang: str) -> Table:
    """A row for each target: what trend, recoding, outside conditions and plan give."""
    pp = POINTS.said(lang)
    known = bool(subject.verdicts["plan_low"].notna().all())
    columns = (
        Column(Words("地区", "place").said(lang)),
        Column(Words("期限", "deadline").said(lang)),
        Column(Words("起点", "start").said(lang), "%", 2),
        *(Column(each.said(lang), pp, 2, signed=True) for each in MADE_OF.values()),
        *((Column(Words("方案作用的 90%", "effect of the plan, 90 %").said(lang)),) * known),
        Column(Words("到期限", "at the deadline").said(lang), "%", 2),
    )
    rows = tuple(
        (
            words.target(row, lang), str(row["deadline"]), row["rate_at_start"],
            *(row[k] for k in MADE_OF), *((_band(row, lang),) * known), row["expected"],
        )
        for row in records(subject.verdicts)
    )  # fmt: skip
    notes = Words(
        "起点加四项等于到期限的中位数；划转按模型的基准计。",
        "The start and the four add up to the median at the deadline; recoding is that of the "
        "model's baseline.",
    )
    return Table(
        "parts",
        Words("到期限的城镇化率由什么构成", "What the rate at the deadline is made of").said(lang),
        columns, rows, subject.stamp(lang), (notes.said(lang),),
    )  # fmt: skip


def _band(row: Mapping[str, Any], lang: str) -> str:
    """Where 90 % of the draws have the effect of the plan, and whether that is clear of 0."""
    low, high = row["plan_low"], row["plan_high"]
    band = f"({low:+.2f}, {high:+.2f})"
    unclear = Words("，分不清", ", unclear").said(lang)
    return band + (unclear if low <= 0 <= high else "")


def chart(subject: Subject, lang: str) -> Chart:
    """Each target with the rate at the start, without and with the plan."""
    told = table(subject, lang)
    about = Words(
        "每个目标的起点、无方案、有方案的城镇化率、90% 区间与目标值",
        "for each target the rate at the start, without and with the plan, 90 % and the target",
    )
    return Chart("verdicts", told, told.title, about.said(lang))


def deadlines(subject: Subject, lang: str) -> str:
    """The days on which the targets are judged."""
    days = sorted({str(day) for day in subject.verdicts["deadline"]}) if any_due(subject) else []
    return listed(days, lang) or str(subject.scenario.until)


def any_due(subject: Subject) -> bool:
    """Whether the run reaches the deadline of any target."""
    return not subject.verdicts.empty
