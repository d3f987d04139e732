"""Writes a region pack from a census table: the figures it holds, and nothing else.

What the table does not hold is left out, so that the rules of `defaults` fill it and
`region check` lists it. A pack is written beside its place and then renamed.
"""

import csv
import hashlib
import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import Words
from xiancheng.calibration.region.census_import import Pack, english
from xiancheng.calibration.region.census_table import CELLS, FLOOR, YEARS, Unit
from xiancheng.calibration.region.joining import Place
from xiancheng.calibration.region.schema import COLUMNS, TABLES

UNITS = {  # of a table's figures
    "households": "households", "vital": "permille", "home": "sample households",
    "industry": "sample persons", "employment": "sample persons", "marital": "sample persons",
}  # fmt: skip
IN_HOUSEHOLDS = "members"  # the one key of the household table that counts persons


class FolderError(RefusedError):
    """A pack cannot be written where it was asked for; `zh` and `en` say why and what to do."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} 已存在；请换一个 --out，或先移走它",
            f"{folder} is already there; choose another --out, or move it away first",
        )


def contents(pack: Pack, name: str) -> dict[str, str]:
    """Every file of a pack, by name."""
    return {
        "region.yaml": region_yaml(pack, name),
        "margins.csv": table_text("margins.csv", margins(pack.places)),
        "economy.csv": table_text("economy.csv", [*floors(pack.places), *provincial(pack)]),
        "sources.yaml": sources_yaml(pack),
    }


def table_text(file: str, rows: Iterable[Sequence[object]]) -> str:
    """A table of a pack as text."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS[file])
    writer.writerows(rows)
    return text.getvalue()


def margins(places: Sequence[Place]) -> Iterator[tuple[object, ...]]:
    """Every census figure that all units of the pack have, line by line."""
    for year in YEARS:
        held = [t for t in TABLES if held_by_all(t, places, year)]
        cells = [
            (where, column) for where, column in CELLS.items()
            if where[0] in held and not any(math.isnan(p.at[year].figures[column]) for p in places)
        ]  # fmt: skip
        for place in places:
            unit = place.at[year]
            for (table, cell), column in cells:
                counted = "persons" if cell.key == IN_HOUSEHOLDS else UNITS.get(table, "persons")
                yield (
                    f"{year}-11-01", place.code, table, *cell, f"{unit.figures[column]:.12g}",
                    counted, f"census-{year}", "derived" if column in unit.derived else "official",
                    "", "", unit.note(column),
                )  # fmt: skip


def held_by_all(table: str, places: Sequence[Place], year: int) -> bool:
    """Whether every unit has all of a table that may not be left out."""
    needed = [
        c for (t, cell), c in CELLS.items() if t == table and cell.key not in TABLES[table].optional
    ]
    return bool(needed) and not any(
        math.isnan(place.at[year].figures[column]) for place in places for column in needed
    )


def floors(places: Sequence[Place]) -> Iterator[tuple[object, ...]]:
    """Floor area a person, where the table has it."""
    for year in YEARS:
        for place in places:
            unit = place.at[year]
            if not math.isnan(value := unit.figures[FLOOR]):
                status = "derived" if FLOOR in unit.derived else "official"
                yield (
                    f"{year}-11-01", place.code, FLOOR, f"{value:g}", "m2", f"census-{year}",
                    status, "", "", unit.note(FLOOR) or "family households",
                )  # fmt: skip


def provincial(pack: Pack) -> Iterator[tuple[object, ...]]:
    """The province's own residents and births, to which its later series are compared."""
    for year, unit in sorted(pack.province_units.items()):
        head, source = (f"{year}-11-01", pack.province[0]), f"census-{year}"
        residents = unit.figures["residents"]
        tail = ("", "", "usual residents at the census")
        yield (*head, "population", f"{residents:.0f}", "persons", source, "official", *tail)
        rate, infants = unit.figures["birth_rate_permille"], newborn(unit)
        if known := not math.isnan(rate):
            told = f"November {year - 1} to October {year}"
        else:
            rate, told = round(1000 * infants / residents, 2), "residents aged 0 over residents"
        if not math.isnan(rate):
            status = "official" if known else "derived"
            yield (*head, "birth_rate", f"{rate:g}", "permille", source, status, "", "", told)


def newborn(unit: Unit) -> float:
    """Residents aged 0."""
    return unit.figures["age_0_male"] + unit.figures["age_0_female"]


def region_yaml(pack: Pack, name: str) -> str:
    """What the pack is about."""
    lines = [
        f"# {pack.title.zh}: a pack written from a census table by `xiancheng region from-census`.",
        "# What the table lacks is left to the defaults; `xiancheng region check` lists it.",
        "# Targets, if there are any, may be added as in the pack binzhou; they are never data.",
        f"name: {quoted(name)}",
        f"title: {names(pack.title)}",
        "prefectures:",
        *(f"  - {{code: {code}, {names(of)[1:]}" for code, of in pack.prefectures.items()),
        f"province: {{code: {pack.province[0]}, {names(pack.province[1])[1:]}",
        "counties:",
    ]
    for place in pack.places:
        of = Words(place.zh, english(place.code, place.zh))
        lines.append(
            f"  - {{code: {place.code}, {names(of)[1:-1]}, prefecture: {place.code[:4]}00, "
            f"kind: {place.kind}}}"
        )
    days = ", ".join(f"{year}-11-01" for year in YEARS)
    said = ("人口普查分县数据：国家统计局", "County census tables: NBS of China")
    digitised = f"; {pack.via}" if pack.via else ""
    both = Words(said[0] + digitised, said[1] + digitised)
    return "\n".join([*lines, f"censuses: [{days}]", f"attribution: {names(both)}", ""])


def names(of: Words) -> str:
    """A name in two languages, as YAML."""
    return f"{{zh: {quoted(of.zh)}, en: {quoted(of.en)}}}"


def quoted(text: str) -> str:
    """Text that is one YAML scalar whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def sources_yaml(pack: Pack) -> str:
    """Where the figures come from."""
    digest = hashlib.sha256(pack.table.read_bytes()).hexdigest()
    titles = {2010: "中国2010年人口普查分县资料", 2020: "中国人口普查分县资料—2020"}
    via = f"{pack.via or 'not stated'}; table {pack.table.name}, sha256 {digest}"
    note = "industry, employment, marital state and homes from the 10 % long form"
    return (
        "\n".join(
            f"census-{year}:\n  title: {titles[year]}\n  publisher: 国家统计局\n"
            f"  via: {quoted(via)}\n  note: census moment {year}-11-01; {note}"
            for year in YEARS
        )
        + "\n"
    )


def vacant(folder: Path) -> None:
    """Refuse a folder that is already there, or that cannot be made.

    Raises
    ------
    FolderError, RefusedError
    """
    if not str(folder).isprintable() or any(up.is_file() for up in folder.parents):
        raise RefusedError(
            f"{str(folder)!r} 不能作为文件夹：名称须可见，上级须为文件夹",
            f"{str(folder)!r} cannot be a folder: its name should be visible text, and what it "
            "lies in a folder",
        )
    if folder.exists() or folder.is_symlink():
        raise FolderError(folder)


def written(folder: Path, texts: Mapping[str, str]) -> None:
    """A new folder with these files: whole, or not there at all.

    Raises
    ------
    FolderError, OSError
    """
    vacant(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as room:
        draft = Path(room) / "new"
        draft.mkdir()
        for name, text in texts.items():
            (draft / name).write_text(text, encoding="utf-8", newline="\n")
        draft.rename(folder)
