"""Words that several tables share."""

from collections.abc import Iterable, Mapping
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.sim.indicators import INDICATORS

UNITS = {
    "percent": Words("%", "%"),
    "persons": _("persons"),
    "jobs": _("jobs"),
    "units": _("units"),
    "yuan/year": _("yuan/year"),
    "ratio": _("times"),
}
POINTS = _("points", "percentage")
PERSONS = UNITS["persons"]
QUALIFIERS = {
    "about": _("about"),
    "at least": _("at least"),
    "exactly": _("exactly"),
    "more than": _("more than"),
    "less than": _("less than"),
    "strive for": _("strive for"),
}
SIGNS = {"about": "≈", "at least": "≥"}  # before the rate that a target asks for
MADE_OF = {  # what the change of an expected rate is made of, by column of a verdict
    "from_trend_pp": _("trend"),
    "from_recoding_pp": _("recoding"),
    "from_conditions_pp": _("conditions"),
    "from_plan_pp": _("plan"),
}
CAUSES = {  # of the change of a rate
    "natural": _("natural growth"),
    "migration": _("migration"),
    "recoding": _("recoding"),
    "denominator": _("denominator"),
    "counting": _("counting"),
}
EVIDENCE = {  # of the direction in which a dose moves the rate, by grade
    "S": _("strong evidence"),
    "W": _("weak evidence"),
    "A": _("assumed"),
}
STATUS = {  # of the quantity of a dose: where the number comes from
    "official": _("official"),
    "secondary": _("secondary source"),
    "derived": _("derived"),
    "assumed": _("assumed"),
}


def badges(grade: str, status: str) -> tuple[Words, Words]:
    """What is known of a dose, apart: the direction of its effect, and its quantity.

    >>> [badge.zh for badge in badges("S", "assumed")]
    ['方向：强证据', '数量：假定']
    """
    direction, quantity = EVIDENCE[grade], STATUS[status]
    return (
        _("direction: {direction}", direction=direction),
        _("quantity: {quantity}", quantity=quantity),
    )


LEFT_OUT = {"unit": _("a county"), "prefecture": _("a prefecture")}
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
    return _("{place} ({own})", place=place, own=own).said(lang)


RATE = {  # what the name of every target says
    "zh": ("常住人口城镇化率",),
    "en": ("Resident urbanization rate of the", "Resident urbanization rate of",
           "resident urbanization rate"),
}  # fmt: skip


OF_THE_MODEL = ("resident_urbanization_rate", "published_resident_urbanization_rate")


def indicator(name: str, lang: str) -> str:
    """An indicator as it is called in a table; a rate is not taken for that of the verdict."""
    title = Words(INDICATORS[name].zh, name.replace("_", " ")).said(lang)
    own = _(" (the model's own, no verdict)").said(lang)
    return title + own if name in OF_THE_MODEL else title


def dated(row: Mapping[str, Any], among: Iterable[Mapping[str, Any]], lang: str) -> str:
    """The place of a verdict in a sentence, with its deadline where others have another."""
    place = county(row, lang)
    if len({str(other["deadline"]) for other in among}) < 2:
        return place
    return _("{place} ({deadline})", place=place, deadline=row["deadline"]).said(lang)


def likely(chance: float) -> Words:
    """A chance in words; `SCALE` says which is which.

    References
    ----------
    Mastrandrea et al. (2010), IPCC guidance note on uncertainties, table 1
    """
    return next((w for least, w in LIKELY.items() if chance >= least), UNLIKELY)


LIKELY = {  # from this chance on
    0.9: _("very likely"),
    0.66: _("likely"),
    0.33: _("as likely as not"),
    0.1: _("unlikely"),
}
UNLIKELY = _("very unlikely")
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


UNCLEAR = _("? cannot be told from zero: 90 % of the draws hold it")
