"""Sums that the figures of a census must satisfy, and whether the censuses of a pack are complete.

A figure that is missing or wrong is NaN, and so is its sum: it is reported elsewhere.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import numpy as np

from xiancheng.calibration.i18n import Words, _, same
from xiancheng.calibration.region.pack_files import CHECK_SOURCE, Problems
from xiancheng.calibration.region.raw_pack import CensusRows, RawPack
from xiancheng.calibration.region.schema import REQUIRED, TABLES, Cell
from xiancheng.sim.state import Floats

Figure = tuple[str, Cell]  # a census table, and a cell of it
Sum = tuple[Figure, Sequence[Figure], Words]  # a total, what adds up to it, and what that is called
Value = Callable[[Figure], Floats]  # the figures of several units, (unit,)
Report = Callable[[Figure, int, Words, Words, str], None]  # figure, unit, what, expected, found


def figure(table: str, key: str) -> Figure:
    """The cell of a table that is split by key alone."""
    return table, ("", "", key)


def figures(table: str, sex: str = "") -> list[Figure]:
    """The cells of a table, or those of one sex."""
    return [(table, cell) for cell in TABLES[table].cells if sex in ("", cell[0])]


RESIDENTS = figure("residents", "total")
EMPLOYED, ADULTS = (
    figure("employment", key) for key in ("employed_sample", "population_15p_sample")
)
HOUSEHOLDS = figure("households", "total")
GENERATIONS = [each for each in figures("households") if each[1][2].startswith("generations")]

SUMS: list[Sum] = [
    (RESIDENTS, figures("urban_rural"), _("urban + rural")),
    (RESIDENTS, figures("sex_age"), _("sex x age")),
    (figure("residents", "male"), figures("sex_age", "male"), _("males of all ages")),
    (figure("residents", "female"), figures("sex_age", "female"), _("females of all ages")),
    (HOUSEHOLDS, GENERATIONS, _("households of all generations")),
    (EMPLOYED, figures("industry"), _("employed in all industries")),
]
WITHIN: list[tuple[Sequence[Figure], Sequence[Figure]]] = [  # a part, and its whole
    ([figure("households", "one_person")], [HOUSEHOLDS]),
    ([figure("households", "with_65p")], [HOUSEHOLDS]),
    ([figure("households", "members")], figures("sex_age")),
    (figures("in_movers"), figures("sex_age")),
    (figures("education"), figures("sex_age")),
    ([EMPLOYED], [ADULTS]),
]


def add(value: Value, parts: Iterable[Figure]) -> Floats:
    """A sum, (unit,), without the optional cells that no unit has."""
    total = np.zeros(1)
    for table, cell in parts:
        found = value((table, cell))
        if cell[2] not in TABLES[table].optional or np.isfinite(found).any():
            total = total + found
    return total


def check_sums(value: Value, report: Report, sums: Sequence[Sum] = SUMS) -> None:
    """Report the sums that are not their totals, and the parts that exceed their whole."""
    for whole, parts, what in sums:
        stated, total = value(whole), add(value, parts)
        for i in np.flatnonzero(np.abs(total - stated) > 0.5).tolist():
            gap = f"{total[i]:,.0f} ({total[i] - stated[i]:+,.0f})"
            report(whole, i, what, same(f"{stated[i]:,.0f}"), gap)
    for parts, wholes in WITHIN:
        part, most = add(value, parts), add(value, wholes)
        for i in np.flatnonzero(part > most).tolist():
            what = _("a part in {table} exceeds the whole", table=parts[0][0])
            expected = _("at most {whole:,.0f}", whole=most[i])
            report(parts[0], i, what, expected, f"{part[i]:,.0f}")


def check_pack(problems: Problems, raw: RawPack, rows: CensusRows) -> None:
    """Note what is missing in the censuses of a pack, and which sums are not their totals."""
    for day in raw.censuses:
        for name in TABLES:
            check_complete(problems, raw, rows, day, name)
        check_census(problems, raw, rows, day)


def check_complete(
    problems: Problems, raw: RawPack, rows: CensusRows, day: date, name: str
) -> None:
    """Hold a census table to be there for every county, or not there at all."""
    table, present = TABLES[name], rows.get((day, name), {})
    lacking = [f"{day} {name}"] if not present and name in REQUIRED else []
    counted = {cell for __, cell in present}  # what one county has, every county has
    cells = [cell for cell in table.cells if cell[2] not in table.optional or cell in counted]
    for code in dict.fromkeys(raw.units_of(name)) if present and not raw.misplaced else ():
        if gone := [cell for cell in cells if (code, cell) not in present]:
            some = "、".join("/".join(filter(None, cell)) or name for cell in gone[:3])
            lacking.append(f"{day} {code} {name}: {some}" + (" …" if len(gone) > 3 else ""))
    for what in lacking:
        problems.add(
            ("margins.csv", 0), _("census figures are missing: {what}", what=what),
            _("every census in full for every county"), "∅",
            _("add them, or leave this table out altogether"),
        )  # fmt: skip


def check_census(problems: Problems, raw: RawPack, rows: CensusRows, day: date) -> None:
    """Hold the figures of a census to their sums, and every county to be inhabited."""
    absent = np.full(len(raw.counties), np.nan)

    def value(of: Figure) -> Floats:
        if (day, of[0]) in raw.figures:
            return raw.figures[day, of[0]][:, TABLES[of[0]].cells[of[1]]]
        return add(value, figures("sex_age")) if of == RESIDENTS else absent

    def position(of: Figure, county: int) -> tuple[str, int]:
        for table, cell in (of, figure("urban_rural", "urban")):
            if row := rows.get((day, table), {}).get((raw.counties[county].code, cell)):
                return row.at
        return "margins.csv", 0

    def report(of: Figure, county: int, what: Words, expected: Words, found: str) -> None:
        where = f"{day} {raw.counties[county].zh}"
        what = _("{where}: {what}", where=where, what=what)
        problems.add(position(of, county), what, expected, found, CHECK_SOURCE)

    check_sums(value, report)
    for table in ("urban_rural", "sex_age", "education", "households"):
        for i in np.flatnonzero(add(value, figures(table)) == 0).tolist():
            where, at = f"{day} {raw.counties[i].zh}", position(figures(table)[0], i)
            problems.add(
                at, _("{where}: all of {table} is 0", where=where, table=table),
                _("a number above 0 at least"), "0",
                _("fill it in; leave a county where nobody lives out of region.yaml and of the "
                  "tables; leave out a table that is unknown"),
            )  # fmt: skip
