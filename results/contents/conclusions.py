"""The first page: whether targets are met, by how far, through what, and how sure that is."""

from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import Words
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
        Words("目标能否达到", "Can the targets be met"): _met,
        Words("差多少", "By how far"): _margins,
        Words("哪些措施起作用，哪些不起", "What works and what does not"): _works,
        Words("最少的组合", "The least package"): _least,
        Words("不确定性", "How sure this is"): _sure,
        Words("还不知道的", "What is not known"): _unknown,
    }
    return [(q.said(lang), tuple(says(subject, lang))) for q, says in asked.items()]


def _met(subject: Subject, lang: str) -> Iterator[str]:
    title, region = subject.title(lang), subject.region.title(lang)
    if not targets.any_due(subject):
        yield Words(
            f"{region}没有到期的目标（模拟到 {subject.scenario.until}），因此没有判定。",
            f"No target of {region} falls due by {subject.scenario.until}; there is no verdict.",
        ).said(lang)
        return
    rows, day = _rows(subject), targets.deadlines(subject, lang)
    yield Words(f"{region}，情景“{title}”，{day}。", f"{region}, scenario '{title}', {day}.").said(
        lang
    )
    if not subject.known:
        yield Words(
            "没有可用的统计记录，也没有参数抽样，所以没有达标概率。",
            "There is no record for statistics and no draws were made: there is no probability.",
        ).said(lang)
        return
    told = [f"{words.dated(r, rows, lang)} {percent(r['probability'])}" for r in rows]
    yield Words(
        f"公布的常住人口城镇化率达到目标的概率：{listed(told, lang)}。",
        f"The chance that the published rate meets the target: {listed(told, lang)}.",
    ).said(lang)
    for said in dict.fromkeys(words.likely(r["probability"]) for r in rows):
        own = [words.dated(r, rows, lang) for r in rows if words.likely(r["probability"]) == said]
        yield Words(f"{said.zh}：{listed(own, lang)}。", f"{said.en}: {listed(own, lang)}.").said(
            lang
        )
    yield from at_once(subject.verdicts, lang)


def _margins(subject: Subject, lang: str) -> Iterator[str]:
    rows = sorted(_rows(subject), key=lambda r: r["margin_pp"])
    if not rows:
        return
    unit = words.POINTS.said(lang)
    yield _ends(rows, lang)
    low, high = (_points(f([r["from_plan_pp"] for r in rows])) for f in (min, max))
    yield Words(
        f"方案把城镇化率改变 {low} 至 {high} {unit}。", f"The plan changes it by {low} to {high}."
    ).said(lang)
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
    yield Words(
        f"{place}自 {subject.scenario.start} 起预期变化 {change} {unit}：{told}。",
        f"{place} is expected to change by {change} {unit} since {subject.scenario.start}: {told}.",
    ).said(lang)


def _ends(rows: list[dict[str, Any]], lang: str) -> str:
    """Which expected rates are furthest from their targets, shortfall and surplus in words.

    Parameters
    ----------
    rows : verdicts, from the largest shortfall to the largest surplus
    """

    def of(row: dict[str, Any]) -> Words:
        by = abs(row["margin_pp"])
        return Words(f"{words.dated(row, rows, 'zh')} {by:.1f} 点",
                     f"{words.dated(row, rows, 'en')} by {by:.1f} points")  # fmt: skip

    short = [of(row) for row in rows if row["margin_pp"] < 0]
    over = [of(row) for row in rows if row["margin_pp"] >= 0]
    parts = []
    if short:
        zh, en = (f"低于目标最多的是{short[0].zh}", f"The largest shortfall: {short[0].en}")
        if len(short) > 1:
            zh, en = f"{zh}，最少的是{short[-1].zh}", f"{en}; the smallest: {short[-1].en}"
        parts.append(Words(zh, en))
    if over:
        zh, en = (f"高出目标最多的是{over[-1].zh}", f"The largest surplus: {over[-1].en}")
        if len(over) > 1:
            zh, en = f"{zh}，最少的是{over[0].zh}", f"{en}; the smallest: {over[0].en}"
        parts.append(Words(zh, en))
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
        yield Words(
            "没有归因结果；用 xiancheng attribute 计算。",
            "There is no attribution; xiancheng attribute makes one.",
        ).said(lang)
    if not subject.foreign:
        yield promises.summary(subject, lang)
        if (binds := promises.capacity(subject)) is not None:
            yield binds.said(lang)


def _least(subject: Subject, lang: str) -> Iterator[str]:
    if subject.package is not None:
        yield from _package(subject, lang)
        return
    yield Words(
        "本报告没有计算以给定概率达标的最少组合（由 xiancheng seek 计算后并入）。",
        "The least package that meets the targets with a given probability was not computed for "
        "this report (xiancheng seek does).",
    ).said(lang)


def _package(subject: Subject, lang: str) -> Iterator[str]:
    told = subject.package or {}
    found, share = told["found"], float(told["share"])
    names = listed(
        [f"{contributions.titled(subject, n, lang)} ×{x:g}" for n, x in found["package"].items()],
        lang,
    )
    if not found["met"]:
        yield Words(
            "在允许的力度内没有找到达到所求概率的组合。",
            "No package within the bounds reaches the wanted probability.",
        ).said(lang)
    nothing = Words("空（不需要任何措施）", "empty (no measure is needed)").said(lang)
    yield Words(
        f"求得的最少组合：{names or nothing}；在新的抽样中全部达标的比例为 {share:.0%}。",
        f"The least package found: {names or nothing}; all targets are met in {share:.0%} of fresh "
        "draws.",
    ).said(lang)


def _sure(subject: Subject, lang: str) -> Iterator[str]:
    rows = _rows(subject)
    if subject.known:
        wide = max(rows, key=lambda r: r["high"] - r["low"])
        yield Words(
            f"90% 区间最宽的是{words.dated(wide, rows, lang)}：{wide['low']:.1f}%–"
            f"{wide['high']:.1f}%。",
            f"The widest 90 % interval is that of {words.dated(wide, rows, lang)}: "
            f"{wide['low']:.1f}–"
            f"{wide['high']:.1f} %.",
        ).said(lang)
    yield validation.sentence(subject, lang)
    yield assumed.summary(subject, lang)


def _unknown(subject: Subject, lang: str) -> Iterator[str]:
    start = subject.scenario.start
    for note in beyond(subject.region, subject.groups, start, subject.scenario.until):
        yield note.said(lang)
    later = [d for d in subject.region.censuses if d > start]
    if not later:
        yield Words(
            f"{start} 的普查之后没有分县的城镇化观测可供核对。",
            f"After the census of {start} there is no county observation to check against.",
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
        yield Words(
            f"方案 {issued} 印发，到 {subject.scenario.until.year} 年末只有约 {3 * quarters} 个月；"
            f"方案文本留下的问题见“方案的疑点”（{numbers}）。",
            f"The plan was issued on {issued}, about {3 * quarters} months before the end of "
            f"{subject.scenario.until.year}; what its text leaves open is under 'Caveats' "
            f"({numbers}).",
        ).said(lang)


def _rows(subject: Subject) -> list[dict[str, Any]]:
    return records(subject.verdicts)


def _points(value: float) -> str:
    return f"{value:+.2f}"
