"""The first page: whether targets are met, by how far, through what, and how sure that is."""

from collections.abc import Iterator
from typing import Any

from results.contents import assumed, contributions, promises, targets, validation, words
from results.contents.parts import listed
from results.contents.shares import records
from results.contents.subject import Subject, plain
from scenarios.checking import Words
from sim.state import quarter_of

SURE = 0.9  # a chance below this is called not sure
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
    title, region = plain(subject.scenario.title.said(lang)), subject.region.title(lang)
    if not targets.any_due(subject):
        yield Words(
            f"{region}没有到期的目标（模拟到 {subject.scenario.until}），因此没有判定。",
            f"No target of {region} falls due by {subject.scenario.until}; there is no verdict.",
        ).said(lang)
        return
    table, rows = subject.verdicts, _rows(subject)
    met, day = sum(bool(r["met"]) for r in rows), targets.deadlines(subject, lang)
    yield Words(
        f"{region}，情景“{title}”，{day}：{len(rows)} 个目标中达到 {met} 个"
        "（中心参数的一次模拟）。",
        f"{region}, scenario '{title}', {day}: {met} of {len(rows)} targets are met (one run at "
        "central parameters).",
    ).said(lang)
    missed = [words.county(r, lang) for r in rows if not r["met"]]
    if missed:
        names = listed(missed, lang)
        yield Words(f"未达到：{names}。", f"Not met: {names}.").said(lang)
    if subject.draws:
        unsure = [r for r in rows if r["probability"] < SURE]
        named = listed([f"{words.county(r, lang)} {r['probability']:.0%}" for r in unsure], lang)
        lowest = f"{table['probability'].min():.0%}"
        if unsure:
            yield Words(
                f"{subject.draws} 组参数抽样中，达标概率不足 {SURE:.0%} 的：{named}。",
                f"Over {subject.draws} draws of the parameters, met with less than {SURE:.0%}: "
                f"{named}.",
            ).said(lang)
        else:
            yield Words(
                f"{subject.draws} 组参数抽样中，每个目标的达标概率都不低于 {lowest}。",
                f"Over {subject.draws} draws every target is met with {lowest} or more.",
            ).said(lang)
    else:
        yield Words(
            "没有参数抽样，所以没有达标概率。", "No draws were made, so there is no probability."
        ).said(lang)


def _margins(subject: Subject, lang: str) -> Iterator[str]:
    rows = sorted(_rows(subject), key=lambda r: r["margin_pp"])
    if not rows:
        return
    (least, most), unit = (rows[0], rows[-1]), words.POINTS.said(lang)
    ends = [f"{words.county(r, lang)} {_points(r['margin_pp'])}" for r in (least, most)]
    yield Words(
        f"与目标的差距最小为{ends[0]}，最大为{ends[1]} {unit}。",
        f"The margin runs from {ends[0]} to {ends[1]} {unit}.",
    ).said(lang)
    low, high = (_points(f([r["effect_pp"] for r in rows])) for f in (min, max))
    without = [bool(r["baseline"] >= _floor(r)) for r in rows]
    same = without == [bool(r["met"]) for r in rows]
    yield Words(
        f"不实施方案时达到 {sum(without)} 个；方案把城镇化率改变 {low} 至 {high} {unit}。"
        + ("达到与否在此取决于趋势，不取决于方案。" if same else ""),
        f"Without the plan {sum(without)} are met; the plan changes the rate by {low} to {high} "
        f"{unit}." + (" Here the trend decides, not the plan." if same else ""),
    ).said(lang)
    widest = max(subject.groups, key=lambda g: (g.code == rows_code(rows), len(g.counties)))
    first = next(r for r in rows if r["unit_code"] == rows_code(rows))
    parts = listed(
        [f"{w.said(lang)} {_points(first[f'{c}_pp'])}" for c, w in words.CAUSES.items()], lang
    )
    change = _points(first["simulated"] - first["rate_at_start"])
    where = words.place(widest, lang)
    yield Words(
        f"{where}自 {subject.scenario.start} 起变化 {change} {unit}，其中{parts}"
        "（其余为分母变化与统计口径）。",
        f"{where} changes by {change} {unit} since {subject.scenario.start}: {parts} (the rest is "
        "the denominator and the way of counting).",
    ).said(lang)


def rows_code(rows: list[dict[str, Any]]) -> int:
    """The code of the first target's place: the one that stands for all."""
    return int(min(rows, key=lambda r: str(r["target"]))["unit_code"])


def _works(subject: Subject, lang: str) -> Iterator[str]:
    if subject.shares is not None:
        yield from contributions.verdict(subject, subject.shares, lang)
    else:
        yield Words(
            "没有归因结果；用 xiancheng attribute 计算。",
            "There is no attribution; xiancheng attribute makes one.",
        ).said(lang)
    yield promises.summary(subject, lang)


def _least(subject: Subject, lang: str) -> Iterator[str]:
    if subject.package is not None:
        yield from _package(subject, lang)
        return
    rows = _rows(subject)
    if rows and all(r["baseline"] >= _floor(r) for r in rows):
        yield Words(
            "在中心参数下，什么措施都不做也全部达到：最少的组合为空。"
            "这说明目标低于现有趋势，不说明措施没有用。",
            "At central parameters all are met without any measure: the least package is empty. "
            "The targets lie below the present trend; it does not say that measures are useless.",
        ).said(lang)
    if subject.without is not None:
        chance = f"{subject.without['all']:.0%}"
        yield Words(
            f"在 {subject.draws} 组抽样中，不实施方案而同时达到全部目标的概率为 {chance}。",
            f"Over {subject.draws} draws all targets are met at once without the plan with "
            f"{chance}.",
        ).said(lang)
    yield Words(
        "按概率求最少的组合：xiancheng seek --json，再以 --package 并入报告。",
        "For the least package by probability: xiancheng seek --json, brought in with --package.",
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
    if subject.draws and rows:
        wide = max(rows, key=lambda r: r["high"] - r["low"])
        scale = subject.draw_scale or subject.both.plan.request["scale"]
        drawn = validation.belief(subject.region, lang)
        yield Words(
            f"90% 区间来自 {subject.draws} 组{drawn}参数抽样（规模 {scale:g}，含县与年效应），"
            f"最宽的是{words.county(wide, lang)}：{wide['low']:.1f}%–{wide['high']:.1f}%。",
            f"The 90 % intervals come from {subject.draws} {drawn} draws (scale {scale:g}, with "
            f"county and yearly effects); the widest is that of {words.county(wide, lang)}: "
            f"{wide['low']:.1f}–{wide['high']:.1f} %.",
        ).said(lang)
    yield validation.sentence(subject, lang)
    yield assumed.summary(subject, lang)


def _unknown(subject: Subject, lang: str) -> Iterator[str]:
    start = subject.scenario.start
    later = [d for d in subject.region.censuses if d > start]
    if not later:
        yield Words(
            f"{start} 的普查之后没有分县的城镇化观测可供核对。",
            f"After the census of {start} there is no county observation to check against.",
        ).said(lang)
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


def _floor(row: dict[str, Any]) -> float:
    from scenarios.simulate import ABOUT

    return float(row["target_rate"]) - ABOUT * (row["operator"] == "about")


def _points(value: float) -> str:
    return f"{value:+.2f}"
