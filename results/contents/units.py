"""Units of levers in the reader's language."""

ZH = {
    "jobs": "个岗位",
    "posts in post": "个在岗岗位",
    "persons/year": "人/年",
    "yuan/year per rural resident": "元/年·乡村居民",
    "share": "（份额）",
    "share of capacity": "（能力份额）",
    "seats": "个学位",
    "standard deviations": "个标准差",
    "1/year": "/年",
    "beds": "张床位",
    "dwellings": "套",
    "dwellings/year": "套/年",
    "households/year": "户/年",
    "base-year stock": "倍基年存量",
}


def said(unit: str, lang: str) -> str:
    """A unit of a lever."""
    return ZH.get(unit, unit) if lang == "zh" else unit


def amount(value: float) -> str:
    """A dose as people write it: no exponents."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
