"""What a search found, as people read it."""

from collections.abc import Iterator

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.analysis.certificate import CONFIDENCE, WORLDS, Certificate, Regret
from xiancheng.results.analysis.goal_seek import STEP, Found, Held, Reads
from xiancheng.results.analysis.goal_spec import GoalSpec, strength
from xiancheng.results.tables.labels import percent
from xiancheng.results.tables.notes import belief
from xiancheng.results.tables.render import Lines
from xiancheng.results.verdict.level import DRAWS

PACKAGES = {
    "nothing": _("nothing"),
    "found": _("the package found"),
    "scenario": _("the scenario as it is"),
    "most": _("all at their bounds"),
}


def package(wish: GoalSpec, found: Found, lang: str) -> Lines:
    """A row for each measure of the package: intensity and bound."""
    headers = [_("measure").said(lang), _("intensity").said(lang), _("at most").said(lang)]
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
    headers = [
        _("target").said(lang),
        _("deadline").said(lang),
        _("wanted").said(lang),
        _("share met").said(lang),
        _("had with {probability:.0%}", probability=wish.probability).said(lang),
        _("margin 5 %").said(lang),
        _("median").said(lang),
        _("95 %").said(lang),
    ]
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
    headers = [_("package").said(lang)]
    headers += [WORLDS[world][0].said(lang) for world in told.worlds]
    headers.append(_("largest regret").said(lang))
    rows = []
    for name, chances, short in zip(told.packages, told.probability, told.regret, strict=True):
        cells = [f"{p:.0%} (−{r:.0%})" for p, r in zip(chances, short, strict=True)]
        rows.append([PACKAGES[name].said(lang), *cells, f"{short.max():.0%}"])
    return headers, rows


def about_regret(told: Regret, scale: float, lang: str) -> Iterator[str]:
    """What has to be said wherever regret is shown."""
    yield _(
        "The table of regret: the same {draws} fresh draws, which the search "
        "has not seen, for every package and world, at scale {scale:g}; a "
        "chance comes in steps of {value:.0%}, and a difference of a step or "
        "two proves nothing.",
        draws=told.draws,
        scale=scale,
        value=1 / told.draws,
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
        yield _(
            "The least package: {n} measures, total weight {weight:.2f}; met "
            "in {search:.0%} of the draws of the search ({empty_share:.0%} "
            "without any measure).",
            n=len(found.package),
            weight=wish.weight(found.package),
            search=search,
            empty_share=found.empty_share,
        ).said(lang)
    else:
        yield _(
            "No package within the bounds was found to meet the targets with "
            "{p:.0%}; the best found has {search:.0%} ({empty_share:.0%} "
            "without any measure), total weight {weight:.2f}; it adds "
            "{gain:+.2f} points to the hardest target's rate (median over "
            "draws).",
            p=p,
            search=search,
            empty_share=found.empty_share,
            weight=wish.weight(found.package),
            gain=found.gain,
        ).said(lang)
    yield _(
        "Confirmed on {draws} independent fresh draws and seeds: {met} meet "
        "the targets, {seen:.1%}; with {CONFIDENCE:.0%} confidence the "
        "probability is at least {bound:.1%} (Clopper-Pearson).",
        draws=proof.draws,
        met=proof.met,
        seen=seen,
        CONFIDENCE=CONFIDENCE,
        bound=proof.bound,
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
        yield _("As strong as they may be: {at}.", at=at).said(lang)
    for line in wish.packaged(found.package).crossed():
        yield _("crosses a red line: {line}", line=line).said(lang)
    yield _(
        "Packages tried: {tried} ({HOW}). Probabilities come from {belief} draws.",
        tried=found.tried,
        HOW=HOW[found.how],
        belief=belief(runs.pack),
    ).said(lang)
    if isinstance(runs, Held) and runs.anchored:
        yield _(
            "By the verdict, as in a run, with all {DRAWS} draws of the "
            "statistical level, the chance that all are met is "
            "{probability}; the count above has one draw of the level a run, "
            "so that the bound is binomial. What measures do is the model's "
            "paired difference.",
            DRAWS=DRAWS,
            probability=percent(proof.probability),
        ).said(lang)


HOW = {
    "empty": _("the empty one"),
    "enumerated": _("intensities in steps of {STEP:g}, from the least weight up; lesser "
"packages between the steps were not tried", STEP=STEP),
    "programme": _("a linear surrogate and an integer programme, each proposal "
"simulated; least but for its error"),
}  # fmt: skip


def _certified(p: float, proof: Certificate) -> Words:
    if proof.certified:
        return _("The bound reaches {p:.0%}: certified.", p=p)
    if proof.needed is None:
        return _(
            "The bound does not reach {p:.0%}, nor would it with more draws "
            "at this share: not certified.",
            p=p,
        )
    return _(
        "The bound does not reach {p:.0%}: not certified; at this share it "
        "would take about {needed} confirmations (--confirm).",
        p=p,
        needed=proof.needed,
    )
