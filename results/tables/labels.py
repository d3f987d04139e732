"""Labels and sentences in the reader's language, from the YAML files and templates here.

A text is a block of a Jinja2 template, text/zh/<file>.j2 and text/en/<file>.j2. Blank lines part
its paragraphs; the lines of a paragraph are joined, in English with spaces.
"""

import re
from calendar import month_name
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.results.tables.table import Column, Table
from xiancheng.sim.indicators import INDICATORS

PARAGRAPH = "\f"
NUMERALS = "〇一二三四五六七八九十"
RELATIONS = {  # before the rate of a target
    "about": "≈", "at least": "≥", "more than": ">", "strive for": "≥",
}  # fmt: skip
LARGE = {"zh": 1e4, "en": 1e3}  # persons or jobs in a large unit
LARGE_DIGITS = {"zh": 2, "en": 1}  # decimals of it: to a hundred persons
LIKELY = {0.9: "very likely", 0.66: "likely", 0.33: "as likely as not", 0.1: "unlikely"}
GROWTH = ("natural", "migration", "recoding")  # causes that are counted in persons
TARGET_WORDS = {  # what the name of every target says
    "zh": ("常住人口城镇化率",),
    "en": ("Resident urbanization rate of the", "Resident urbanization rate of",
           "resident urbanization rate"),
}  # fmt: skip


def read(name: str) -> str:
    """The text of a file of this folder."""
    return files("xiancheng.results.tables").joinpath(name).read_text(encoding="utf-8")


@cache
def _yaml(name: str) -> dict[str, Any]:
    return dict(read_yaml(files("xiancheng.results.tables") / name).value)


def labels(group: str, lang: str) -> dict[str, str]:
    """The labels of a group, by name.

    >>> labels("left_out", "en")
    {'unit': 'a county', 'prefecture': 'a prefecture'}
    """
    return {name: each[lang] for name, each in _yaml("labels.yaml")[group].items()}


def label(group: str, name: str, lang: str, **given: object) -> str:
    """One label of a group; `given` fills its braces.

    >>> label("qualifiers", "about", "zh")
    '约'
    """
    text = str(_yaml("labels.yaml")[group][name][lang])
    return text.format_map(given) if given else text


def columns(table: str, lang: str, **given: object) -> dict[str, Column]:
    """The columns of a table by key; `given` fills the braces in their labels.

    >>> columns("path", "en", low=5, high=95)["low"].header
    'low 5% (%)'
    """
    found = {}
    for key, declared in _yaml("columns.yaml")[table].items():
        form = {k: v for k, v in declared.items() if k not in ("zh", "en", "unit")}
        unit = label("units", declared["unit"], lang) if "unit" in declared else ""
        title = declared[lang].format_map(given) if given else declared[lang]
        found[key] = Column(key, title, unit, **form)
    return found


def table(
    kind: str, rows: Sequence[Mapping[str, Any]], lang: str, *, key: str = "", title: str = "",
    source: str = "", notes: Iterable[str] = (), total: bool = False, **given: object,
) -> Table:  # fmt: skip
    """A table of the columns that are declared for its kind and that the first row has.

    Parameters
    ----------
    kind : its name in columns.yaml
    key : its name if there are several of a kind
    title : instead of that in labels.yaml
    given : fills the braces in title and labels
    """
    known = columns(kind, lang, **given)
    names = [name for name in known if not rows or name in rows[0]]
    return Table(
        key or kind, title or label("titles", kind, lang, **given),
        tuple(known[name] for name in names),
        tuple(tuple(row[name] for name in names) for row in rows), source, tuple(notes), total,
    )  # fmt: skip


# Sentences


@cache
def _templates(lang: str) -> Environment:
    def parted(name: str) -> str:  # blank lines of the template, not of what it is given
        return re.sub(r"\n\s*\n", f"\n{PARAGRAPH}\n", read(f"text/{lang}/{name}.j2"))

    environment = Environment(
        loader=FunctionLoader(parted), trim_blocks=True, lstrip_blocks=True,
        undefined=StrictUndefined, finalize=lambda value: getattr(value, lang, value),
    )  # fmt: skip
    environment.filters |= {
        "f": format, "percent": percent,
        "day": lambda day: in_words(date.fromisoformat(str(day)), lang),
        "tenths": lambda chance: tenths(chance, lang),
        "persons": lambda value: persons(value, lang),
        "listed": lambda items: enumeration([getattr(x, lang, x) for x in items], lang),
    }  # fmt: skip
    return environment


def paragraphs(name: str, lang: str, **values: Any) -> list[str]:
    """The paragraphs of a text.

    Parameters
    ----------
    name : template and block, as "verdict/notes"
    values : what has a `zh` and an `en`, as `Words`, is put in the reader's language
    """
    file, __, block = name.partition("/")
    template = _templates(lang).get_template(file)
    text = "".join(template.blocks[block](template.new_context({"lang": lang, **values})))
    parts = (part.strip() for part in text.split(PARAGRAPH))
    return [re.sub(r"\s*\n\s*", "" if lang == "zh" else " ", part) for part in parts if part]


def sentence(name: str, lang: str, **values: Any) -> str:
    """A text of one paragraph; empty where nothing holds."""
    return "".join(paragraphs(name, lang, **values))


def enumeration(items: Iterable[str], lang: str) -> str:
    """Words one after another, as a sentence has them.

    >>> enumeration(["P1", "P2"], "zh"), enumeration(["P1", "P2"], "en")
    ('P1、P2', 'P1, P2')
    """
    return ("、" if lang == "zh" else ", ").join(items)


# Names and numbers


def names(group: str) -> dict[str, str]:
    """Chinese names by the English ones that code and region packs use."""
    return dict(_yaml("names.yaml")[group])


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
    """An indicator of the model."""
    return INDICATORS[name].zh if lang == "zh" else name.replace("_", " ")


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


def tenths(chance: float, lang: str) -> str:
    """A probability in words, to the nearest tenth; what is nearly impossible is not called so.

    >>> tenths(0.68, "zh"), tenths(0.97, "zh"), tenths(0.02, "zh"), tenths(0.31, "en")
    ('约七成', '九成以上', '不足一成', 'about 3 in 10')
    """
    n = round(10 * chance)
    if 1 <= n <= 9:
        return _("about {n} in 10", n=Words(NUMERALS[n], str(n))).text(lang)
    return (_("less than 1 in 10") if n < 1 else _("more than 9 in 10")).text(lang)


def numeral(n: int) -> str:
    """A number from 1 to 99 in Chinese.

    >>> numeral(3), numeral(10), numeral(12), numeral(20)
    ('三', '十', '十二', '二十')
    """
    tens, units = divmod(n, 10)
    return (
        ("" if tens == 1 else NUMERALS[tens] if tens else "")
        + ("十" if tens else "")
        + (NUMERALS[units] if units else "")
    )


def in_words(day: date, lang: str) -> str:
    """A day as a sentence has it.

    >>> in_words(date(2025, 12, 31), "zh"), in_words(date(2020, 11, 1), "zh")
    ('2025年末', '2020年11月1日')
    >>> in_words(date(2025, 12, 31), "en"), in_words(date(2020, 11, 1), "en")
    ('the end of 2025', '1 November 2020')
    """
    if (day.month, day.day) == (12, 31):
        return _("the end of {year}", year=day.year).text(lang)
    if lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {month_name[day.month]} {day.year}"


def persons(value: float, lang: str, *, sign: str = "") -> str:
    """A number of persons as a sentence has it, no finer than a hundred; `sign` as in a format.

    >>> persons(73_554, "zh", sign="+"), persons(980, "zh"), persons(73_554, "en")
    ('+7.4万人', '1,000人', '73,600 persons')
    """
    if lang == "zh" and abs(value) >= LARGE[lang]:
        return f"{value / LARGE[lang]:{sign}.1f}{large_unit('persons', lang)}"
    space = "" if lang == "zh" else " "
    return f"{round(value, -2) or 0:{sign},.0f}{space}{label('units', 'persons', lang)}"


def large_unit(unit: str, lang: str) -> str:
    """The unit of `LARGE` persons or jobs."""
    return label("units", "large", lang) + label("units", unit, lang)


def in_large_units(table: Table, lang: str) -> Table:
    """The same, with persons in units of 10,000 in Chinese and of 1,000 in English."""
    size, plain = LARGE[lang], label("units", "persons", lang)
    counted = [column.unit == plain for column in table.columns]
    columns = tuple(
        replace(column, unit=large_unit("persons", lang), digits=LARGE_DIGITS[lang])
        if own
        else column
        for column, own in zip(table.columns, counted, strict=True)
    )
    rows = tuple(
        tuple(cell / size if own and isinstance(cell, int | float) else cell
              for cell, own in zip(row, counted, strict=True))
        for row in table.rows
    )  # fmt: skip
    return replace(table, columns=columns, rows=rows)


def amount(value: float) -> str:
    """A dose without exponent.

    >>> amount(12345.6), amount(0.08333)
    ('12,346', '0.0833')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


# Places of verdicts


def county(row: Mapping[str, Any], lang: str) -> str:
    """The place of a verdict."""
    return str(row["county" if lang == "zh" else "county_en"])


def target(row: Mapping[str, Any], lang: str) -> str:
    """The place of a verdict, with what the name of the target says beyond place and rate.

    >>> target({"county": "甲县", "target_name": "甲县常住人口城镇化率（市级分解）"}, "zh")
    '甲县（市级分解）'
    """
    place, own = county(row, lang), str(row["target_name" if lang == "zh" else "target_name_en"])
    for word in (place, *TARGET_WORDS[lang]):
        own = own.replace(word, "", 1)
    own = own.strip(" ,;:：，；()（）")
    return _("{place} ({own})", place=place, own=own).text(lang) if own else place


def dated(row: Mapping[str, Any], among: Iterable[Mapping[str, Any]], lang: str) -> str:
    """The place of a verdict, with its deadline where other verdicts have another."""
    place = county(row, lang)
    if len({str(other["deadline"]) for other in among}) < 2:
        return place
    return _("{place} ({deadline})", place=place, deadline=row["deadline"]).text(lang)
