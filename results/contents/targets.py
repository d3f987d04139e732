"""The verdict on each target: the table and the picture that come first."""

from results.contents import words
from results.contents.parts import Cell, Chart, Column, Table
from results.contents.shares import records
from results.contents.subject import Subject
from results.contents.words import POINTS, QUALIFIERS
from results.verdict import INTERVAL
from scenarios.checking import Words


def table(subject: Subject, lang: str) -> Table:
    """A row for each target: the plan, its baseline, the margin, and with draws the chance."""
    start, pp = str(subject.scenario.start), POINTS.said(lang)
    drawn = subject.draws > 0
    columns = [
        Column(Words("地区", "place").said(lang)),
        Column(Words("要求", "asked").said(lang)),
        Column(Words("目标", "target").said(lang), "%", 1),
        Column(Words(f"起点 {start[:4]}", f"start {start[:4]}").said(lang), "%", 2),
        Column(Words("无方案", "without").said(lang), "%", 2),
        Column(Words("有方案", "with").said(lang), "%", 2),
        Column(Words("方案作用", "effect").said(lang), pp, 2, signed=True),
        Column(Words("差距", "margin").said(lang), pp, 2, signed=True),
        Column(Words("判定", "verdict").said(lang)),
    ]
    if drawn:
        low, high = (f"{end}" for end in INTERVAL)
        columns += [
            Column(Words(f"下限 {low}%", f"low {low}%").said(lang), "%", 1),
            Column(Words(f"上限 {high}%", f"high {high}%").said(lang), "%", 1),
            Column(Words("达标概率", "P(met)").said(lang), "%", 0),
        ]
    rows: list[tuple[Cell, ...]] = []
    for row in records(subject.verdicts):
        met = Words("达到", "met") if row["met"] else Words("未达到", "not met")
        cells = [
            words.county(row, lang), QUALIFIERS[row["operator"]].said(lang), row["target_rate"],
            row["rate_at_start"], row["baseline"], row["simulated"], row["effect_pp"],
            row["margin_pp"], met.said(lang),
        ]  # fmt: skip
        if drawn:
            cells += [row["low"], row["high"], 100 * row["probability"]]
        rows.append(tuple(cells))
    return Table(
        "verdicts",
        Words(
            f"各目标的判定（常住人口城镇化率，{deadlines(subject, lang)}）",
            f"Verdict on each target (resident urbanization rate, {deadlines(subject, lang)})",
        ).said(lang),
        tuple(columns), tuple(rows), subject.stamp(lang),
    )  # fmt: skip


def chart(subject: Subject, lang: str) -> Chart:
    """Each target with the rate at the start, without and with the plan."""
    told = table(subject, lang)
    about = Words(
        "每个目标的起点、无方案、有方案的城镇化率与目标值",
        "for each target the rate at the start, without and with the plan, and the target",
    )
    return Chart("verdicts", told, told.title, about.said(lang))


def deadlines(subject: Subject, lang: str) -> str:
    """The days on which the targets are judged."""
    days = sorted({str(day) for day in subject.verdicts["deadline"]}) if any_due(subject) else []
    return ("、" if lang == "zh" else ", ").join(days) or str(subject.scenario.until)


def any_due(subject: Subject) -> bool:
    """Whether the run reaches the deadline of any target."""
    return not subject.verdicts.empty
