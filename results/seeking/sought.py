"""What a search found, as people read it."""

from collections.abc import Iterator

from xiancheng.calibration.i18n import Words
from xiancheng.results.analysis.certificate import CONFIDENCE, WORLDS, Certificate, Regret
from xiancheng.results.analysis.goal_seek import STEP, Found, Held, Reads
from xiancheng.results.analysis.goal_spec import GoalSpec, strength
from xiancheng.results.caveats import belief
from xiancheng.results.markdown import Lines
from xiancheng.results.verdict.level import DRAWS
from xiancheng.results.verdict_table import percent

PACKAGES = {
    "nothing": Words("什么都不做", "nothing"),
    "found": Words("所求组合", "the package found"),
    "scenario": Words("情景原样", "the scenario as it is"),
    "most": Words("全部到上限", "all at their bounds"),
}


def package(wish: GoalSpec, found: Found, lang: str) -> Lines:
    """A row for each measure of the package: intensity and bound."""
    headers = {"zh": ["措施", "力度", "上限"], "en": ["measure", "intensity", "at most"]}[lang]
    measures = wish.scenario.plan.measures
    return headers, [
        [
            f"{number} {measures[number].title.said(lang)}",
            *(
                f"{times * strength(wish.scenario, number):.2f}"
                for times in (x, wish.bounds[number])
            ),
        ]
        for number, x in found.package.items()
    ]


def targets(wish: GoalSpec, proof: Certificate, runs: Reads, lang: str) -> Lines:
    """A row for each target: what is wanted, and how the fresh draws meet it."""
    headers = {
        "zh": ["目标", "期限", "要求", "达标比例", f"以{wish.probability:.0%}概率可达", "差距 5%",
               "中位", "95%"],
        "en": ["target", "deadline", "wanted", "share met", f"had with {wish.probability:.0%}",
               "margin 5 %", "median", "95 %"],
    }[lang]  # fmt: skip
    rows = []
    for index, rate in wish.targets.items():
        target = runs.pack.targets[index]
        own = [f"{margin:+.2f}" for margin in proof.margins[index]]
        rows.append(
            [
                f"{target.id} {target.name.said(lang)}",
                str(target.deadline),
                f"≥{rate:g}",
                f"{proof.target_shares[index]:.0%}",
                f"{proof.reached[index]:.2f}",
                *own,
            ]
        )
    return headers, rows


def target_records(wish: GoalSpec, proof: Certificate, runs: Reads) -> list[dict[str, object]]:
    """A record for each target: which it is, what is wanted, and how the fresh draws meet it."""
    pack = runs.pack
    return [
        {
            "target": pack.targets[t].id, "target_name": pack.targets[t].name.zh,
            "target_name_en": pack.targets[t].name.en, "counties": pack.targets[t].counties,
            "deadline": str(pack.targets[t].deadline), "wanted_rate": rate,
            "share_met": proof.target_shares[t], "probability": proof.target_probability[t],
            "reached": proof.reached[t],
            "margin_quantiles_pp": proof.margins[t],
        }
        for t, rate in wish.targets.items()
    ]  # fmt: skip


def regrets(told: Regret, lang: str) -> Lines:
    """The chance of each package in each world with its regret, and the largest regret."""
    headers = [Words("组合", "package").said(lang)]
    headers += [WORLDS[world][0].said(lang) for world in told.worlds]
    headers.append(Words("最大后悔", "largest regret").said(lang))
    rows = []
    for name, chances, short in zip(told.packages, told.probability, told.regret, strict=True):
        cells = [f"{p:.0%} (−{r:.0%})" for p, r in zip(chances, short, strict=True)]
        rows.append([PACKAGES[name].said(lang), *cells, f"{short.max():.0%}"])
    return headers, rows


def about_regret(told: Regret, scale: float, lang: str) -> Iterator[str]:
    """What has to be said wherever regret is shown."""
    yield Words(
        f"后悔表：各组合、各外部条件用同样的 {told.draws} 组新抽样（搜索没有用过），"
        f"规模 {scale:g}；一格的概率以 {1 / told.draws:.0%} 为一档，相差一两档不足为凭。",
        f"The table of regret: the same {told.draws} fresh draws, which the search has not seen, "
        f"for every package and world, at scale {scale:g}; a chance comes in steps of "
        f"{1 / told.draws:.0%}, and a difference of a step or two proves nothing.",
    ).said(lang)


def regret_records(told: Regret) -> list[dict[str, object]]:
    """A record for each package and world."""
    return [
        {"package": name, "intensities": dict(package), "world": world,
         "probability": told.probability[i, j], "regret": told.regret[i, j],
         "draws": told.draws}
        for i, (name, package) in enumerate(told.packages.items())
        for j, world in enumerate(told.worlds)
    ]  # fmt: skip


def verdict(
    wish: GoalSpec, found: Found, proof: Certificate, runs: Reads, lang: str
) -> Iterator[str]:
    """What was found and what it is worth, in sentences."""
    p, search, seen = wish.probability, found.share, proof.share
    if found.met and not found.package:
        yield Words(
            f"什么措施都不做，搜索所用抽样中也有 {search:.0%} 达标（要求 {p:.0%}）：最小组合为空。"
            f"这只说明在现有{belief(runs.pack).zh}下目标本来容易达到，不说明措施没有用。"
            if seen >= p
            else f"什么措施都不做，搜索所用抽样中也有 {search:.0%} 达标（要求 {p:.0%}），"
            "最小组合因此为空；新抽样中达标较少，请加大 --draws 再求。",
            f"Without any measure the targets are met in {search:.0%} of the draws of the search "
            f"(wanted: {p:.0%}): the least package is empty. "
            + (
                f"Under the {belief(runs.pack).en} draws the targets are easy; it does not say "
                "that measures are useless."
                if seen >= p
                else "The fresh draws meet them less often: seek again with more --draws."
            ),
        ).said(lang)
    elif found.met:
        yield Words(
            f"最小组合：{len(found.package)} 项措施，总权重 {wish.weight(found.package):.2f}；"
            f"搜索所用抽样中 {search:.0%} 达标（不做措施时 {found.empty_share:.0%}）。",
            f"The least package: {len(found.package)} measures, total weight "
            f"{wish.weight(found.package):.2f}; met in {search:.0%} of the draws of the search "
            f"({found.empty_share:.0%} without any measure).",
        ).said(lang)
    else:
        yield Words(
            f"在所给界限内没有找到能以 {p:.0%} 的概率达标的组合；找到的最好组合为 {search:.0%}"
            f"（不做措施时 {found.empty_share:.0%}），总权重 {wish.weight(found.package):.2f}，"
            f"它使最难目标的城镇化率提高 {found.gain:+.2f} 个百分点（各抽样的中位数）。",
            f"No package within the bounds was found to meet the targets with {p:.0%}; the best "
            f"found has {search:.0%} ({found.empty_share:.0%} without any measure), total weight "
            f"{wish.weight(found.package):.2f}; it adds {found.gain:+.2f} points to the hardest "
            "target's rate (median over draws).",
        ).said(lang)
    yield Words(
        f"确认：{proof.draws} 组独立的新抽样和新种子中 {proof.met} 组达标，即 {seen:.1%}；"
        f"以 {CONFIDENCE:.0%} 的把握，概率不低于 {proof.bound:.1%}（Clopper-Pearson）。",
        f"Confirmed on {proof.draws} independent fresh draws and seeds: {proof.met} meet the "
        f"targets, {seen:.1%}; with {CONFIDENCE:.0%} confidence the probability is at least "
        f"{proof.bound:.1%} (Clopper-Pearson).",
    ).said(lang)
    yield _certified(p, proof).said(lang)
    if proof.binding:
        names = [runs.pack.targets[t] for t in proof.binding]
        short = [f"{1 - proof.target_shares[t]:.0%}" for t in proof.binding]
        zh = [f"{t.name.zh}（{t.deadline}）{s}" for t, s in zip(names, short, strict=True)]
        en = [f"{t.name.en} ({t.deadline}) {s}" for t, s in zip(names, short, strict=True)]
        binds = Words(
            f"约束所在（未达标的比例）：{'、'.join(zh)}。",
            f"What binds (share not met): {', '.join(en)}.",
        )
        yield binds.said(lang)
    if proof.at_bound:
        at = ", ".join(proof.at_bound)
        yield Words(f"已到力度上限：{at}。", f"As strong as they may be: {at}.").said(lang)
    for line in wish.packaged(found.package).crossed():
        yield Words(f"越过红线：{line.zh}", f"crosses a red line: {line.en}").said(lang)
    yield Words(
        f"搜索用规模与确认用规模可不同；试过 {found.tried} 个组合（{HOW[found.how].zh}）。"
        f"概率来自{belief(runs.pack).zh}抽样。",
        f"Packages tried: {found.tried} ({HOW[found.how].en}). Probabilities come from "
        f"{belief(runs.pack).en} draws.",
    ).said(lang)
    if isinstance(runs, Held) and runs.anchored:
        yield Words(
            f"按判定的算法（与 run 相同，水平用全部 {DRAWS} 个统计预测实现），全部达标的概率为"
            f" {percent(proof.probability)}；上面的计数在每组抽样中只用其中一个实现，"
            "下限因此可按二项分布计算。措施的作用是模型的成对差。",
            f"By the verdict, as in a run, with all {DRAWS} draws of the statistical level, the "
            f"chance that all are met is {percent(proof.probability)}; the count above has one "
            "draw of the level a run, so that the bound is binomial. What measures do is the "
            "model's paired difference.",
        ).said(lang)


HOW = {
    "empty": Words("空组合", "the empty one"),
    "enumerated": Words(
        f"力度以 {STEP:g} 为步长，按权重由小到大；步长之间更小的组合没有试",
        f"intensities in steps of {STEP:g}, from the least weight up; lesser packages between the "
        "steps were not tried",
    ),
    "programme": Words("线性代理加整数规划，逐个以模拟验证；近似最小", "a linear surrogate and an "
                       "integer programme, each proposal simulated; least but for its error"),
}  # fmt: skip


def _certified(p: float, proof: Certificate) -> Words:
    if proof.certified:
        return Words(f"下限达到 {p:.0%}：可以证明。", f"The bound reaches {p:.0%}: certified.")
    if proof.needed is None:
        return Words(
            f"下限没有达到 {p:.0%}，按此比例再多确认也达不到：不能证明。",
            f"The bound does not reach {p:.0%}, nor would it with more draws at this share: not "
            "certified.",
        )
    return Words(
        f"下限没有达到 {p:.0%}：不能证明；按此比例约需 {proof.needed} 次确认（--confirm）。",
        f"The bound does not reach {p:.0%}: not certified; at this share it would take about "
        f"{proof.needed} confirmations (--confirm).",
    )
