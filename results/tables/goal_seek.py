"""Tables of a goal-seeking search: the package found, its certificate, and its regret."""

from collections.abc import Iterator

from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.region import Region
from xiancheng.results.analysis.certificate import CONFIDENCE, WORLDS, Certificate, Regret
from xiancheng.results.analysis.goal_seek import STEP, SearchResult
from xiancheng.results.analysis.goal_spec import GoalSpec, strength
from xiancheng.results.tables import labels
from xiancheng.results.tables.notes import belief
from xiancheng.results.tables.table import Column, Table
from xiancheng.results.verdict.level import DRAWS
from xiancheng.scenarios.diff import called

PACKAGES = {
    "nothing": _("nothing"),
    "found": _("the package found"),
    "scenario": _("the scenario as it is"),
    "most": _("all at their bounds"),
}
HOW = {
    "empty": _("the empty one"),
    "enumerated": _("intensities in steps of {STEP:g}, from the least weight up; lesser "
"packages between the steps were not tried", STEP=STEP),
    "programme": _("a linear surrogate and an integer programme, each proposal "
"simulated; least but for its error"),
}  # fmt: skip


def package(goal: GoalSpec, found: SearchResult, region: Region, lang: str) -> Table:
    """A row for each measure of the package: intensity and bound."""
    measures = goal.scenario.plan.measures
    rows = [
        (
            f"{number} {measures[number].title.text(lang)}",
            times * strength(goal.scenario, number),
            goal.bounds[number] * strength(goal.scenario, number),
        )
        for number, times in found.package.items()
    ]
    title = _("package · {name}", name=called(goal.scenario, region))
    columns = labels.columns("package", lang)
    return Table("package", title.text(lang), tuple(columns.values()), tuple(rows))


def targets(goal: GoalSpec, proof: Certificate, region: Region, lang: str) -> Table:
    """A row for each target: the wanted rate, and how the fresh draws meet it."""
    rows = [
        (
            f"{region.targets[t].id} {region.targets[t].name.text(lang)}",
            str(region.targets[t].deadline), f"≥{rate:g}", f"{proof.target_shares[t]:.0%}",
            proof.reached[t], *proof.margins[t],
        )
        for t, rate in goal.targets.items()
    ]  # fmt: skip
    columns = labels.columns("goal", lang, probability=goal.probability)
    title = _("targets").text(lang)
    return Table("goal", title, tuple(columns.values()), tuple(rows))


def regret(found: Regret, lang: str) -> Table:
    """The chance of each package in each world with its regret, and the largest regret."""
    heads = labels.columns("regret", lang)
    worlds = [Column(world, WORLDS[world][0].text(lang)) for world in found.worlds]
    rows = [
        (
            PACKAGES[name].text(lang),
            *(f"{p:.0%} (−{short:.0%})" for p, short in zip(chances, shorts, strict=True)),
            f"{shorts.max():.0%}",
        )
        for name, chances, shorts in zip(found.packages, found.share, found.regret, strict=True)
    ]
    title = _("chance in other outside worlds (regret)")
    columns = (heads["package"], *worlds, heads["largest"])
    return Table("regret", title.text(lang), columns, tuple(rows))


def notes(
    goal: GoalSpec, found: SearchResult, proof: Certificate, region: Region, lang: str, *,
    anchored: bool,
) -> Iterator[str]:  # fmt: skip
    """What was found and what it is worth, in sentences.

    Parameters
    ----------
    anchored : whether statistics carry the level of the runs that confirmed it
    """
    p, search, seen = goal.probability, found.share, proof.share
    if found.met and not found.package:
        empty = _(
            "Without any measure the targets are met in {search:.0%} of the draws of the search "
            "(wanted: {p:.0%}): the least package is empty.",
            search=search,
            p=p,
        )
        why = (
            _(
                "Under the {belief} draws the targets are easy; it does not say that measures are "
                "useless.",
                belief=belief(region),
            )
            if seen >= p
            else _("The fresh draws meet them less often: seek again with more --draws.")
        )
        yield Words(empty.zh + why.zh, f"{empty.en} {why.en}").text(lang)
    elif found.met:
        yield _(
            "The least package: {n} measures, total weight {weight:.2f}; met "
            "in {search:.0%} of the draws of the search ({empty_share:.0%} "
            "without any measure).",
            n=len(found.package),
            weight=goal.weight(found.package),
            search=search,
            empty_share=found.empty_share,
        ).text(lang)
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
            weight=goal.weight(found.package),
            gain=found.gain,
        ).text(lang)
    yield _(
        "Confirmed on {draws} independent fresh draws and seeds: {met} meet "
        "the targets, {seen:.1%}; with {CONFIDENCE:.0%} confidence the "
        "probability is at least {bound:.1%} (Clopper-Pearson).",
        draws=proof.draws,
        met=proof.met,
        seen=seen,
        CONFIDENCE=CONFIDENCE,
        bound=proof.bound,
    ).text(lang)
    yield _certified(p, proof).text(lang)
    if proof.binding:
        short = [
            _(
                "{name} ({deadline}) {share:.0%}",
                name=region.targets[t].name,
                deadline=region.targets[t].deadline,
                share=1 - proof.target_shares[t],
            )
            for t in proof.binding
        ]
        yield _("What binds (share not met): {targets}.", targets=listed(short)).text(lang)
    if proof.at_bound:
        at = ", ".join(proof.at_bound)
        yield _("As strong as they may be: {at}.", at=at).text(lang)
    for line in goal.scenario_of(found.package).crossed():
        yield _("crosses a red line: {line}", line=line).text(lang)
    yield _(
        "Packages tried: {tried} ({HOW}). Probabilities come from {belief} draws.",
        tried=found.tried,
        HOW=HOW[found.how],
        belief=belief(region),
    ).text(lang)
    if anchored:
        yield _(
            "By the verdict, as in a run, with all {DRAWS} draws of the "
            "statistical level, the chance that all are met is "
            "{probability}; the count above has one draw of the level a run, "
            "so that the bound is binomial. What measures do is the model's "
            "paired difference.",
            DRAWS=DRAWS,
            probability=labels.percent(proof.probability),
        ).text(lang)


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


def regret_notes(found: Regret, scale: float, lang: str) -> Iterator[str]:
    """Notes that stand wherever regret is shown."""
    yield _(
        "The table of regret: the same {draws} fresh draws, which the search "
        "has not seen, for every package and world, at scale {scale:g}; a "
        "chance comes in steps of {value:.0%}, and a difference of a step or "
        "two proves nothing.",
        draws=found.draws,
        scale=scale,
        value=1 / found.draws,
    ).text(lang)
