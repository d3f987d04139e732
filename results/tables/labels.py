"""Labels in the reader's language: columns, units, causes and grades, from the YAML files here."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from xiancheng.calibration.i18n import _
from xiancheng.results.tables.table import Column
from xiancheng.sim.indicators import INDICATORS

ASKED = {"about": "≈", "at least": "≥"}  # before the rate that a target asks for
LIKELY = {0.9: "very likely", 0.66: "likely", 0.33: "as likely as not", 0.1: "unlikely"}
GROWTH = ("natural", "migration", "recoding")  # causes that are counted in persons
RATES_OF_THE_MODEL = ("resident_urbanization_rate", "published_resident_urbanization_rate")
TARGET_WORDS = {  # what the name of every target says
    "zh": ("常住人口城镇化率",),
    "en": ("Resident urbanization rate of the", "Resident urbanization rate of",
           "resident urbanization rate"),
}  # fmt: skip


@cache
def _file(name: str) -> dict[str, Any]:
    text = files("xiancheng.results.tables").joinpath(name).read_text(encoding="utf-8")
    return YAML(typ="safe").load(text)


def labels(group: str, lang: str) -> dict[str, str]:
    """The labels of a group, by name.

    >>> labels("left_out", "en")
    {'unit': 'a county', 'prefecture': 'a prefecture'}
    """
    return {name: each[lang] for name, each in _file("labels.yaml")[group].items()}


def label(group: str, name: str, lang: str) -> str:
    """One label of a group.

    >>> label("qualifiers", "about", "zh")
    '约'
    """
    return str(_file("labels.yaml")[group][name][lang])


def columns(table: str, lang: str, **given: object) -> dict[str, Column]:
    """The columns of a table by key; `given` fills the braces in their labels.

    >>> columns("path", "en", low=5, high=95)["low"].header
    'low 5% (%)'
    """
    return {key: column(table, key, lang, **given) for key in _file("columns.yaml")[table]}


def column(table: str, key: str, lang: str, **given: object) -> Column:
    """One column of a table."""
    found = dict(_file("columns.yaml")[table][key])
    title = found.pop(lang).format_map(given) if given else found.pop(lang)
    unit = found.pop("unit", "")
    form = {name: value for name, value in found.items() if name not in ("zh", "en")}
    return Column(key, title, label("units", unit, lang) if unit else "", **form)


def tables() -> list[str]:
    """The tables whose columns are declared."""
    return [*_file("columns.yaml")]


def names(group: str) -> dict[str, str]:
    """Chinese names by the English ones that code and region packs use."""
    return dict(_file("names.yaml")[group])


def unit_name(unit: str, lang: str) -> str:
    """A unit of a lever or a parameter.

    >>> unit_name("jobs", "zh"), unit_name("jobs", "en")
    ('个岗位', 'jobs')
    """
    return names("unit_names").get(unit, unit) if lang == "zh" else unit


def reason(text: str, lang: str) -> str:
    """Why a region pack assumes a value, or the reason as the pack words it.

    >>> reason("stock / years", "zh"), reason("自拟", "zh"), reason("Gompertz", "en")
    ('存量 ÷ 年数', '自拟', 'Gompertz')
    """
    return names("reasons").get(text, text) if lang == "zh" else text


def evidence(grade: str, status: str, lang: str) -> tuple[str, str]:
    """What is known of a dose: the evidence for the direction of its effect, and for its quantity.

    >>> evidence("S", "assumed", "zh")
    ('方向：强证据', '数量：假定')
    """
    direction, quantity = label("evidence", grade, lang), label("status", status, lang)
    return (
        _("direction: {direction}", direction=direction).text(lang),
        _("quantity: {quantity}", quantity=quantity).text(lang),
    )


def indicator(name: str, lang: str) -> str:
    """An indicator of the model; its rates are marked, since verdicts rest on another level."""
    title = INDICATORS[name].zh if lang == "zh" else name.replace("_", " ")
    if name not in RATES_OF_THE_MODEL:
        return title
    return title + _(" (the model's own, no verdict)").text(lang)


def likelihood(chance: float) -> str:
    """The name in labels.yaml (`chances`) of a probability in words.

    References
    ----------
    Mastrandrea et al. (2010), IPCC guidance note on uncertainties, table 1
    """
    return next((name for least, name in LIKELY.items() if chance >= least), "very unlikely")


def likelihood_scale(lang: str) -> str:
    """The probabilities that each word of likelihood stands for."""
    words = labels("chances", lang)
    scale = [
        _("{name}: from {low:.0%}", name=words[name], low=low).text(lang)
        for low, name in LIKELY.items()
    ]
    name, low = words["very unlikely"], min(LIKELY)
    scale.append(_("{name}: below {low:.0%}", name=name, low=low).text(lang))
    return _("; ").text(lang).join(scale)


def percent(chance: float) -> str:
    """A probability in whole percent; what is nearly impossible or certain is not called so.

    >>> percent(0.0), percent(0.004), percent(0.5), percent(1.0)
    ('<1%', '<1%', '50%', '>99%')
    """
    if chance < 0.01:
        return "<1%"
    return ">99%" if chance > 0.99 else f"{chance:.0%}"


def amount(value: float) -> str:
    """A dose without exponent.

    >>> amount(12345.6), amount(0.08333)
    ('12,346', '0.0833')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


# Places of verdicts


def county(row: Mapping[str, Any], lang: str) -> str:
    """The place of a verdict."""
    return str(row["county"] if lang == "zh" else row["county_en"])


def target(row: Mapping[str, Any], lang: str) -> str:
    """The place of a verdict, with what the name of the target says beyond place and rate.

    >>> target({"county": "甲县", "target_name": "甲县常住人口城镇化率（市级分解）"}, "zh")
    '甲县（市级分解）'
    """
    place, own = county(row, lang), str(row["target_name" if lang == "zh" else "target_name_en"])
    for word in (place, *TARGET_WORDS[lang]):
        own = own.replace(word, "", 1)
    own = own.strip(" ,;:：，；()（）")
    if not own:
        return place
    return _("{place} ({own})", place=place, own=own).text(lang)


def dated(row: Mapping[str, Any], among: Iterable[Mapping[str, Any]], lang: str) -> str:
    """The place of a verdict, with its deadline where other verdicts have another."""
    place = county(row, lang)
    if len({str(other["deadline"]) for other in among}) < 2:
        return place
    return _("{place} ({deadline})", place=place, deadline=row["deadline"]).text(lang)
