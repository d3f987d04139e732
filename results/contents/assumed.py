"""Every number that is assumed, with its range and how well it is evidenced."""

import numpy as np

from xiancheng.calibration import posterior
from xiancheng.calibration.i18n import Words
from xiancheng.calibration.priors import catalogue
from xiancheng.results import packs
from xiancheng.results.contents import units
from xiancheng.results.contents.parts import Column, Table
from xiancheng.results.contents.subject import Subject
from xiancheng.results.contents.words import EVIDENCE, STATUS
from xiancheng.sim.levers import LEVERS

GRADES = {
    "S": Words("S 因果设计或普查", "S causal design or census"),
    "W": Words("W 关联、他国或单一案例", "W association, elsewhere or one case"),
    "A": Words("A 假定", "A assumption"),
}

SIGNS = {
    "+": Words("升", "up"),
    "-": Words("降", "down"),
    "0": Words("无", "none"),
    "0|+": Words("不降", "not down"),
    "-|0": Words("不升", "not up"),
    "-|0|+": Words("不定", "open"),
}


def parameters(subject: Subject, lang: str) -> Table:
    """Every behavioural parameter: the value used, its range and its grade."""
    used = subject.both.plan.request["parameters"]
    mixed, estimated = Words("见单位", "see unit").said(lang), _estimated(subject)
    columns = (
        Column(Words("名称", "name").said(lang), wide=True),
        Column(Words("代号", "symbol").said(lang)),
        Column(Words("单位", "unit").said(lang)),
        Column(Words("取值", "value").said(lang), mixed, None),
        Column(Words("下限", "low").said(lang), mixed, None),
        Column(Words("上限", "high").said(lang), mixed, None),
        Column(Words("证据", "evidence").said(lang)),
        *((Column(Words("后验 5%–95%", "posterior 5–95 %").said(lang)),) if estimated else ()),
    )
    rows = tuple(
        (
            p.title[lang], p.name, units.said(p.unit, lang), used[p.name], float(p.low),
            float(p.high), p.grade, *((estimated.get(p.name, "–"),) if estimated else ()),
        )
        for p in catalogue()
    )  # fmt: skip
    title = Words("行为参数", "Parameters of behaviour").said(lang)
    legend = Words("证据等级：", "Evidence: ").said(lang)
    grades = legend + "; ".join(g.said(lang) for g in GRADES.values())
    ends = Words(
        "上下限为先验的 5% 与 95% 分位，三角、均匀与尖峰分布为其端点。",
        "Limits are the 5 and 95 % quantiles of the prior; for triangular, uniform and spiked ones "
        "its ends.",
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
    mixed = Words("见单位", "see unit").said(lang)
    columns = (
        Column(Words("条款", "clause").said(lang)),
        Column(Words("内容", "what").said(lang), wide=True),
        Column(Words("抓手", "lever").said(lang)),
        Column(Words("单位", "unit").said(lang)),
        Column(Words("全额", "in full").said(lang), mixed, None),
        Column(Words("下限", "low").said(lang), mixed, None),
        Column(Words("上限", "high").said(lang), mixed, None),
        Column(Words("升降", "sign").said(lang)),
        Column(Words("方向", "direction").said(lang)),
        Column(Words("数量", "quantity").said(lang)),
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
    title = Words("措施的作用强度（全额实施时）", "Doses of the measures, carried out in full")
    apart = Words(
        "“方向”为作用方向的证据，“数量”为全额数字的来源：方向有强证据，数量仍可以是假定。",
        "'Direction' is the evidence for the sign of the effect, 'quantity' is where the number in "
        "full comes from: behind a well evidenced direction the quantity may still be assumed.",
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
    title = Words("区域包中的假定", "Assumptions of the region pack").said(lang)
    note = Words(
        "数值的单位随变量，见区域包；“–”为由规则推出，没有单一数值。",
        "Units are those of the variable, see the pack; '–' follows from a rule.",
    ).said(lang)
    return Table("region", title, columns, tuple(map(tuple, rows)), subject.stamp(lang), (note,))


def summary(subject: Subject, lang: str) -> str:
    """How much of what goes in is assumed."""
    grades = [p.grade for p in catalogue()]
    held = len(subject.region.assumptions())
    weak = sum(g == "A" for g in grades)
    return Words(
        f"{len(grades)} 个行为参数中 {weak} 个没有证据、纯属假定；区域数据中另有 {held} 处假定值。",
        f"Of {len(grades)} parameters of behaviour {weak} have no evidence and are assumed; the "
        f"region's data hold {held} more assumed values.",
    ).said(lang)
