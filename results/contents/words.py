"""Words that several tables share."""

from collections.abc import Iterable, Mapping
from typing import Any

from xiancheng.calibration.i18n import Words
from xiancheng.sim.indicators import INDICATORS

UNITS = {
    "percent": Words("%", "%"),
    "persons": Words("人", "persons"),
    "jobs": Words("个", "jobs"),
    "units": Words("个", "units"),
    "yuan/year": Words("元/年", "yuan/year"),
    "ratio": Words("倍", "times"),
}
POINTS = Words("百分点", "points")
PERSONS = UNITS["persons"]
QUALIFIERS = {
    "about": Words("约", "about"),
    "at least": Words("不低于", "at least"),
    "exactly": Words("为", "exactly"),
    "more than": Words("大于", "more than"),
    "less than": Words("小于", "less than"),
    "strive for": Words("力争", "strive for"),
}
SIGNS = {"about": "≈", "at least": "≥"}  # before the rate that a target asks for
MADE_OF = {  # what the change of an expected rate is made of, by column of a verdict
    "from_trend_pp": Words("趋势", "trend"),
    "from_recoding_pp": Words("划转", "recoding"),
    "from_conditions_pp": Words("外部条件", "conditions"),
    "from_plan_pp": Words("方案", "plan"),
}
CAUSES = {  # of the change of a rate
    "natural": Words("自然增长", "natural growth"),
    "migration": Words("迁移", "migration"),
    "recoding": Words("划转", "recoding"),
    "denominator": Words("分母变化", "denominator"),
    "counting": Words("统计口径", "counting"),
}
EVIDENCE = {  # of the direction in which a dose moves the rate, by grade
    "S": Words("强证据", "strong evidence"),
    "W": Words("弱证据", "weak evidence"),
    "A": Words("假定", "assumed"),
}
STATUS = {  # of the quantity of a dose: where the number comes from
    "official": Words("官方数", "official"),
    "secondary": Words("二手来源", "secondary source"),
    "derived": Words("推算", "derived"),
    "assumed": Words("假定", "assumed"),
}


def badges(grade: str, status: str) -> tuple[Words, Words]:
    """What is known of a dose, apart: the direction of its effect, and its quantity.

    >>> [badge.zh for badge in badges("S", "assumed")]
    ['方向：强证据', '数量：假定']
    """
    direction, quantity = EVIDENCE[grade], STATUS[status]
    return (
        Words(f"方向：{direction.zh}", f"direction: {direction.en}"),
        Words(f"数量：{quantity.zh}", f"quantity: {quantity.en}"),
    )


LEFT_OUT = {"unit": Words("逐县", "a county"), "prefecture": Words("逐市", "a prefecture")}
OF_GROWTH = {name: CAUSES[name] for name in ("natural", "migration", "recoding")}  # in persons


def county(row: Mapping[str, Any], lang: str) -> str:
    """What the place of a verdict is called."""
    return str(row["county"] if lang == "zh" else row["county_en"])


def target(row: Mapping[str, Any], lang: str) -> str:
    """The place of a verdict, with what the name of the target says beyond place and rate.

    >>> target({"county": "甲县", "target_name": "甲县常住人口城镇化率（市级分解）"}, "zh")
    '甲县（市级分解）'
    """
    place, own = county(row, lang), str(row["target_name" if lang == "zh" else "target_name_en"])
    for word in (place, *RATE[lang]):
        own = own.replace(word, "", 1)
    own = own.strip(" ,;:：，；()（）")
    if not own:
        return place
    return f"{place}（{own}）" if lang == "zh" else f"{place} ({own})"


RATE = {  # what the name of every target says
    "zh": ("常住人口城镇化率",),
    "en": ("Resident urbanization rate of the", "Resident urbanization rate of",
           "resident urbanization rate"),
}  # fmt: skip


OF_THE_MODEL = ("resident_urbanization_rate", "published_resident_urbanization_rate")


def indicator(name: str, lang: str) -> str:
    """An indicator as it is called in a table; a rate is not taken for that of the verdict."""
    title = Words(INDICATORS[name].zh, name.replace("_", " ")).said(lang)
    own = Words("（模型自身的，不是判定）", " (the model's own, no verdict)").said(lang)
    return title + own if name in OF_THE_MODEL else title


def dated(row: Mapping[str, Any], among: Iterable[Mapping[str, Any]], lang: str) -> str:
    """The place of a verdict in a sentence, with its deadline where others have another."""
    place = county(row, lang)
    if len({str(other["deadline"]) for other in among}) < 2:
        return place
    return f"{place}（{row['deadline']}）" if lang == "zh" else f"{place} ({row['deadline']})"


def likely(chance: float) -> Words:
    """A chance in words; `SCALE` says which is which.

    References
    ----------
    Mastrandrea et al. (2010), IPCC guidance note on uncertainties, table 1
    """
    return next((w for least, w in LIKELY.items() if chance >= least), UNLIKELY)


LIKELY = {  # from this chance on
    0.9: Words("很可能达到", "very likely"),
    0.66: Words("较可能达到", "likely"),
    0.33: Words("难以断定", "as likely as not"),
    0.1: Words("较难达到", "unlikely"),
}
UNLIKELY = Words("很难达到", "very unlikely")
SCALE = Words(
    "；".join(f"{word.zh}：概率不低于 {least:.0%}" for least, word in LIKELY.items())
    + f"；{UNLIKELY.zh}：低于 {min(LIKELY):.0%}",
    "; ".join(f"{word.en}: from {least:.0%}" for least, word in LIKELY.items())
    + f"; {UNLIKELY.en}: below {min(LIKELY):.0%}",
)


def effect(value: float, low: float, high: float, digits: int = 2) -> str:
    """What the plan adds, marked where its interval holds 0.

    >>> effect(0.9, 0.4, 1.3), effect(0.1, -0.4, 0.6), effect(0.1, float("nan"), float("nan"))
    ('+0.90', '+0.10?', '+0.10')
    """
    return f"{value:+.{digits}f}{'?' if low <= 0 <= high and value else ''}"


UNCLEAR = Words(
    "? 表示与零分不清：90% 的抽样区间含零",
    "? cannot be told from zero: 90 % of the draws hold it",
)
