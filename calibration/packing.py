"""Plans a region pack from a census table: which units it has, and what the table says of them."""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from xiancheng.calibration.census import SHOWN, YEARS, Reader, TableError, Unit
from xiancheng.calibration.errors import Problem, RefusedError
from xiancheng.calibration.i18n import Words, _, listed
from xiancheng.calibration.joining import Concordance, Place, corrected, differences, falls, joined


@dataclass(frozen=True)
class Pack:
    """What a pack is made of, before it is written."""

    title: Words
    prefectures: dict[str, Words]
    province: tuple[str, Words]
    places: list[Place]
    province_units: dict[int, Unit]  # the province's own line, by year
    remarks: list[Words]
    table: Path
    via: str


def planned(
    table: Path, prefectures: Sequence[str], concordance: Concordance, *, via: str = "",
    lang: str = "zh",
) -> Pack:  # fmt: skip
    """What a table says of some prefectures, or of all of them if none is named.

    Raises
    ------
    TableError, RefusedError
        with everything that is wrong with the table, or with what is asked of it
    """
    if not via.isprintable():
        raise RefusedError(_("--via should be a line of visible text; got {via!r}", via=via[:40]))
    reader, parts = Reader(table, lang), parts_of(prefectures, concordance)

    def asked(code: str) -> bool:
        """Whether a row becomes part of the pack, or holds the whole of a province."""
        upper = {f"{each[:2]}0000" for each in prefectures}
        inside = f"{code[:4]}00" in prefectures or code in parts
        return not prefectures or inside or code in upper

    units, mended = corrected(reader.units(asked), concordance)
    counties = [u for u in units if u.level == "county"]
    upper = {(u.code, u.year): u for u in units if u.level != "county"}
    titles = {u.prefecture: u.under for u in counties if u.under}
    titles |= {code: unit.name for (code, __), unit in sorted(upper.items(), key=lambda i: i[0][1])}
    known = {c: titles.get(c, c) for c in sorted({u.prefecture for u in counties
                                                  if u.year == max(YEARS)})}  # fmt: skip
    chosen = list(dict.fromkeys(prefectures)) or list(known)
    for code in chosen:
        if code not in known:
            moved = {
                j.prefecture for j in concordance.joins for part in j.of if part[:4] == code[:4]
            }
            raise unknown(table, code, known, moved, lang)

    # Only what becomes part of the pack is judged.
    taken = parts_of(chosen, concordance)
    judged = {id(u): reader.adding_up(u) for u in counties
              if u.prefecture in chosen or u.code in taken}  # fmt: skip
    reader.stop()
    counties = [judged.get(id(u), u) for u in counties]
    places, remarks = joined(counties, concordance, chosen)
    remarks += [nobody(place) for place in places if not inhabited(place)]
    places = [place for place in places if inhabited(place)]
    if not places:
        raise nothing(table, chosen, lang)
    remarks += [note for code, note in mended if code[:4] + "00" in chosen]
    remarks += differences([*upper.values(), *counties], chosen) + falls(places)
    remarks += left_aside(reader.aside)

    named = {code: Words(known[code], english(code, known[code])) for code in chosen}
    top = f"{chosen[0][:2]}0000"
    province = Words(titles.get(top, top), english(top, titles.get(top, top)))
    title = Words("、".join(n.zh for n in named.values()), ", ".join(n.en for n in named.values()))
    own = {year: unit for (code, year), unit in upper.items() if code == top}
    return Pack(
        title if prefectures else province, named, (top, province), places, own, remarks, table, via
    )


def parts_of(prefectures: Collection[str], concordance: Concordance) -> set[str]:
    """Codes of the units of which a concordance makes those of some prefectures."""
    return {part for j in concordance.joins if j.prefecture in prefectures for part in j.of}


def inhabited(place: Place) -> bool:
    """Whether a unit has residents at every census; without any there is nothing to simulate."""
    return all(found.figures["urban"] + found.figures["rural"] > 0 for found in place.at.values())


def nobody(place: Place) -> Words:
    """Why a unit without residents is not in the pack."""
    return _(
        "left out {code} {place}: no residents (0) at one of the censuses",
        code=place.code,
        place=place.zh,
    )


def left_aside(problems: Sequence[Problem]) -> list[Words]:
    """What is wrong in rows that were not asked for: told, and the rows left alone."""
    told = [
        _("not asked for, the row is left: {p}", p=Words(p.text("zh"), p.text("en")))
        for p in problems[:SHOWN]
    ]
    if (more := len(problems) - SHOWN) > 0:
        told.append(_("{more} more in rows that were not asked for", more=more))
    return told


def nothing(table: Path, chosen: Sequence[str], lang: str) -> TableError:
    """Say that no unit of some prefectures has both censuses."""
    codes = ", ".join(chosen)
    problem = Problem(
        str(table), 0, 0, "", _("lines of 2010 and of 2020"), "∅",
        what=_("no county-level unit of {codes} has both censuses", codes=codes),
        advice=_("add the year that is missing, or use a concordance"),
    )  # fmt: skip
    return TableError(table.name, (problem,), lang)


def unknown(
    table: Path, code: str, known: Mapping[str, str], moved: Collection[str], lang: str
) -> TableError:
    """Say that a prefecture is not in the table, and which may be meant.

    `moved` holds the prefectures to which its former units belong.
    """
    told = [f"{c} {name}" for c, name in known.items()]
    names_of = {name: c for c, name in known.items()} | {n[:-1]: c for c, n in known.items()}
    now = [c for c in known if c in moved or c == names_of.get(code)]
    problem = Problem(
        str(table), 0, 0, "",
        _("one of the codes {told}", told=listed(told)), code,
        what=_("there is no prefecture {code!r}", code=code),
        advice=(_("write {now}", now=listed(now)) if now else _("use one of these")),
    )  # fmt: skip
    return TableError(table.name, (problem,), lang)


@cache
def english_names() -> Mapping[str, str]:
    """English names of units, by code."""
    with (files("xiancheng.calibration") / "english_names.csv").open(encoding="utf-8") as lines:
        return {row["code"]: row["en"] for row in csv.DictReader(lines)}


def english(code: str, zh: str) -> str:
    """The English name of a unit; its Chinese one if none is on file."""
    return english_names().get(code, zh)
