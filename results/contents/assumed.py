"""Every number that is assumed, with its range and how well it is evidenced."""

import numpy as np

from xiancheng.calibration import posterior
from xiancheng.calibration.i18n import _
from xiancheng.calibration.priors import catalogue
from xiancheng.results import packs
from xiancheng.results.contents import units
from xiancheng.results.contents.parts import Column, Table
from xiancheng.results.contents.subject import Subject
from xiancheng.results.contents.words import EVIDENCE, STATUS
from xiancheng.sim.levers import LEVERS

GRADES = {
    "S": _("S causal design or census"),
    "W": _("W association, elsewhere or one case"),
    "A": _("A assumption"),
}

SIGNS = {
    "+": _("up"),
    "-": _("down"),
    "0": _("none"),
    "0|+": _("not down"),
    "-|0": _("not up"),
    "-|0|+": _("open"),
}


def parameters(subject: Subject, lang: str) -> Table:
    """Every behavioural parameter: the value used, its range and its grade."""
    used = subject.both.plan.request["parameters"]
    mixed, estimated = _("see unit").said(lang), _estimated(subject)
    columns = (
        Column(_("name").said(lang), wide=True),
        Column(_("symbol").said(lang)),
        Column(_("unit").said(lang)),
        Column(_("value").said(lang), mixed, None),
        Column(_("low").said(lang), mixed, None),
        Column(_("high").said(lang), mixed, None),
        Column(_("evidence").said(lang)),
        *((Column(_("posterior 5–95 %").said(lang)),) if estimated else ()),
    )
    rows = tuple(
        (
            p.title[lang], p.name, units.said(p.unit, lang), used[p.name], float(p.low),
            float(p.high), p.grade, *((estimated.get(p.name, "–"),) if estimated else ()),
        )
        for p in catalogue()
    )  # fmt: skip
    title = _("Parameters of behaviour").said(lang)
    legend = _("Evidence: ").said(lang)
    grades = legend + "; ".join(g.said(lang) for g in GRADES.values())
    ends = _(
        "Limits are the 5 and 95 % quantiles of the prior; for triangular, "
        "uniform and spiked ones its ends."
    )
    return Table("parameters", title, columns, rows, subject.stamp(lang), (grades, ends.said(lang)))


def _estimated(subject: Subject) -> dict[str, str]:
    """Where the posterior sample of the region holds nine of ten, of every estimated parameter."""
    sample = posterior.read(subject.region.folder)
    if sample is None:
        return {}
    low, high = np.percentile(sample.values, (5, 95), axis=0)
    return {
        prior.name: f"{low[i]:.3g}–{high[i]:.3g}"
        for i, prior in enumerate(catalogue())
        if prior.estimable == "free"
    }


def doses(subject: Subject, lang: str) -> Table:
    """Every dose of a measure: how far it moves its lever in full, range, sign and evidence."""
    mixed = _("see unit").said(lang)
    columns = (
        Column(_("clause").said(lang)),
        Column(_("what").said(lang), wide=True),
        Column(_("lever").said(lang)),
        Column(_("unit").said(lang)),
        Column(_("in full").said(lang), mixed, None),
        Column(_("low").said(lang), mixed, None),
        Column(_("high").said(lang), mixed, None),
        Column(_("sign").said(lang)),
        Column(_("direction").said(lang)),
        Column(_("quantity").said(lang)),
    )
    scenario, rows = subject.scenario, []
    for measure in scenario.plan.measures.values():
        for name, number, dose in measure.doses():
            clause = measure.clauses[number]
            limits = clause.range(dose)
            rows.append(
                (
                    number, clause.says.said(lang), _lever(dose.lever, lang),
                    units.said(dose.amount.unit, lang),
                    scenario.doses.get(name, clause.full(dose)), limits.low, limits.high,
                    SIGNS[dose.sign].said(lang), EVIDENCE[dose.grade].said(lang),
                    STATUS[dose.amount.status].said(lang),
                )
            )  # fmt: skip
    title = _("Doses of the measures, carried out in full")
    apart = _(
        "'Direction' is the evidence for the sign of the effect, 'quantity' "
        "is where the number in full comes from: behind a well evidenced "
        "direction the quantity may still be assumed."
    )
    source, notes = subject.stamp(lang), (apart.said(lang),)
    return Table("doses", title.said(lang), columns, tuple(rows), source, notes)


def _lever(name: str, lang: str) -> str:
    """What a lever is called."""
    return LEVERS[name].zh if lang == "zh" else name.replace("_", " ")


def region(subject: Subject, lang: str) -> Table:
    """What the region pack assumes, a line for each reason."""
    headers, rows = packs.assumed(subject.region, lang)
    columns = tuple(Column(h, wide=h == headers[-1]) for h in headers)
    title = _("Assumptions of the region pack").said(lang)
    note = _("Units are those of the variable, see the pack; '–' follows from a rule.").said(lang)
    return Table("region", title, columns, tuple(map(tuple, rows)), subject.stamp(lang), (note,))


def summary(subject: Subject, lang: str) -> str:
    """How much of what goes in is assumed."""
    grades = [p.grade for p in catalogue()]
    held = len(subject.region.assumptions())
    weak = sum(g == "A" for g in grades)
    return _(
        "Of {n} parameters of behaviour {weak} have no evidence and are "
        "assumed; the region's data hold {held} more assumed values.",
        n=len(grades),
        weak=weak,
        held=held,
    ).said(lang)
