"""Plans a region pack from a census table: which units it has, and what the table says of them."""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from xiancheng.calibration.errors import Problem, RefusedError
from xiancheng.calibration.i18n import Say, Words
from xiancheng.calibration.region.census_table import SHOWN, YEARS, Reader, TableError, Unit
from xiancheng.calibration.region.joining import (
    Concordance,
    Place,
    corrected,
    differences,
    falls,
    joined,
)


@dataclass(frozen=True)
class Pack:
    """What a pack is made of, before it is written."""

    title: Words
    prefectures: dict[str, Words]
    province: tuple[str, Words]
    places: list[Place]
    province_units: dict[int, Unit]  # the province's own line, by year
    remarks: list[Say]
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
        raise RefusedError(
            f"--via 应为一行可见的文字；得到 {via[:40]!r}",
            f"--via should be a line of visible text; got {via[:40]!r}",
        )
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
    titles |= {code: unit.name for (code, _), unit in sorted(upper.items(), key=lambda i: i[0][1])}
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


def nobody(place: Place) -> Say:
    """Why a unit without residents is not in the pack."""
    return (
        f"未纳入 {place.code} {place.zh}：有一次普查没有常住人口（0）",
        f"left out {place.code} {place.zh}: no residents (0) at one of the censuses",
    )


def left_aside(problems: Sequence[Problem]) -> list[Say]:
    """What is wrong in rows that were not asked for: told, and the rows left alone."""
    told = [
        (
            f"未要求的地区，已略过此行：{p.text('zh')}",
            f"not asked for, the row is left: {p.text('en')}",
        )
        for p in problems[:SHOWN]
    ]
    if (more := len(problems) - SHOWN) > 0:
        told.append((f"未要求的地区另有 {more} 处", f"{more} more in rows that were not asked for"))
    return told


def nothing(table: Path, chosen: Sequence[str], lang: str) -> TableError:
    """Say that no unit of some prefectures has both censuses."""
    codes = ", ".join(chosen)
    problem = Problem(
        str(table), 0, 0, "", ("2010 与 2020 两年的行", "lines of 2010 and of 2020"), "∅",
        what=(
            f"{codes} 没有县级单位两次普查都有",
            f"no county-level unit of {codes} has both censuses",
        ),
        advice=(
            "补上缺少的年份，或在对照表中写明", "add the year that is missing, or use a concordance"
        ),
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
        (f"以下代码之一：{'、'.join(told)}", f"one of the codes {', '.join(told)}"), code,
        what=(f"没有地级市“{code}”", f"there is no prefecture {code!r}"),
        advice=(f"改为 {'、'.join(now)}" if now else "改用其中之一",
                f"write {', '.join(now)}" if now else "use one of these"),
    )  # fmt: skip
    return TableError(table.name, (problem,), lang)


@cache
def english_names() -> Mapping[str, str]:
    """English names of units, by code."""
    with (files("xiancheng.calibration.region") / "english_names.csv").open(
        encoding="utf-8"
    ) as lines:
        return {row["code"]: row["en"] for row in csv.DictReader(lines)}


def english(code: str, zh: str) -> str:
    """The English name of a unit; its Chinese one if none is on file."""
    return english_names().get(code, zh)
