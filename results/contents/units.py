"""Units of levers and parameters in the reader's language."""

ZH = {
    "1": "无量纲",
    "1/quarter": "/季度",
    "1/year": "/年",
    "base-year stock": "倍基年存量",
    "beds": "张床位",
    "dwellings": "套",
    "dwellings/year": "套/年",
    "households/year": "户/年",
    "jobs": "个岗位",
    "log(1/year)": "/年的对数",
    "percent": "%",
    "persons": "人",
    "persons/year": "人/年",
    "posts in post": "个在岗岗位",
    "pp": "百分点",
    "pp over 5 years": "百分点/5年",
    "pp per pp": "百分点/百分点",
    "pp/year": "百分点/年",
    "ratio": "倍",
    "sd": "个标准差",
    "seats": "个学位",
    "share": "（份额）",
    "share of capacity": "（能力份额）",
    "standard deviations": "个标准差",
    "utility": "效用",
    "utils": "效用",
    "yuan/year per rural resident": "元/年·乡村居民",
    "years": "年",
}


def said(unit: str, lang: str) -> str:
    """A unit of a lever or a parameter.

    >>> said("jobs", "zh"), said("jobs", "en")
    ('个岗位', 'jobs')
    """
    return ZH.get(unit, unit) if lang == "zh" else unit


def amount(value: float) -> str:
    """A dose as people write it: no exponents."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
