"""Words that several tables share."""

from collections.abc import Mapping
from typing import Any

from scenarios.checking import Words

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
LEFT_OUT = {"unit": Words("逐县", "a county"), "prefecture": Words("逐市", "a prefecture")}
OF_GROWTH = {name: CAUSES[name] for name in ("natural", "migration", "recoding")}  # in persons


def county(row: Mapping[str, Any], lang: str) -> str:
    """What the place of a verdict is called."""
    return str(row["county"] if lang == "zh" else row["county_en"])


def likely(chance: float) -> Words:
    """A chance in words.

    References
    ----------
    Mastrandrea et al. (2010), IPCC guidance note on uncertainties, table 1
    """
    scale = {
        0.9: Words("很可能达到", "very likely"),
        0.66: Words("较可能达到", "likely"),
        0.33: Words("难以断定", "as likely as not"),
        0.1: Words("较难达到", "unlikely"),
    }
    return next((w for least, w in scale.items() if chance >= least), UNLIKELY)


UNLIKELY = Words("很难达到", "very unlikely")
