"""Whether the censuses of a pack are complete, and add up county by county."""

from datetime import date

import numpy as np

from xiancheng.calibration.i18n import Words, _, same
from xiancheng.calibration.region.pack_files import CHECK_SOURCE, Problems
from xiancheng.calibration.region.raw_pack import CensusRows, RawPack
from xiancheng.calibration.region.schema import REQUIRED, TABLES, Cell
from xiancheng.sim.state import Bools, Floats

Figure = tuple[str, Cell]  # a census table, and a cell of it
GENERATIONS = slice(3, 7)  # of the keys of the table of households


def check(problems: Problems, raw: RawPack, rows: CensusRows) -> None:
    """Note what is missing in the censuses, and which sums are not their totals."""
    for day in raw.censuses:
        for name in TABLES:
            check_complete(problems, raw, rows, day, name)
        Totals(problems, raw, rows, day).check()


def check_complete(
    problems: Problems, raw: RawPack, rows: CensusRows, day: date, name: str
) -> None:
    """Hold a census table to be there for every county, or not there at all."""
    table, held = TABLES[name], rows.get((day, name), {})
    lacking = [f"{day} {name}"] if not held and name in REQUIRED else []
    asked = {cell for __, cell in held}  # what one county has, every county has
    cells = [cell for cell in table.cells if cell[2] not in table.optional or cell in asked]
    for code in dict.fromkeys(raw.units_of(name)) if held and not raw.misplaced else ():
        if gone := [cell for cell in cells if (code, cell) not in held]:
            some = "、".join("/".join(filter(None, cell)) or name for cell in gone[:3])
            lacking.append(f"{day} {code} {name}: {some}" + (" …" if len(gone) > 3 else ""))
    for what in lacking:
        problems.add(
            ("margins.csv", 0), _("census figures are missing: {what}", what=what),
            _("every census in full for every county"), "∅",
            _("add them, or leave this table out altogether"),
        )  # fmt: skip


class Totals:
    """The figures of a census, (county,) each, and the sums they must satisfy.

    A figure that is missing or wrong is NaN, and so is its sum: it is reported elsewhere.
    """

    def __init__(self, problems: Problems, raw: RawPack, rows: CensusRows, day: date) -> None:
        self.problems, self.raw, self.rows, self.day = problems, raw, rows, day

    def figures(self, table: str) -> Floats:
        """A table, (county, cell); optional cells that no county has are left out."""
        cells = TABLES[table].cells
        found = self.raw.figures.get(
            (self.day, table), np.full((len(self.raw.counties), len(cells)), np.nan)
        )
        held: Bools = np.asarray(np.isfinite(found).any(axis=0))
        held[TABLES[table].needed] = True
        return np.asarray(found[:, held])

    def figure(self, of: Figure) -> Floats:
        """A cell, (county,)."""
        table, cell = of
        found = self.raw.figures.get((self.day, table))
        absent = np.full(len(self.raw.counties), np.nan)
        return absent if found is None else found[:, TABLES[table].cells[cell]]

    def total(self, table: str) -> Floats:
        """The sum of a table, (county,)."""
        return np.asarray(self.figures(table).sum(axis=1))

    def check(self) -> None:
        """Hold sums to their totals, and parts to be no more than the whole."""
        self.check_inhabited()
        residents, households = key("residents", "total"), key("households", "total")
        sampled, adults = (
            key("employment", each) for each in ("employed_sample", "population_15p_sample")
        )
        places, people = self.total("urban_rural"), self.total("sex_age")
        self.equal(residents, places, _("urban + rural"))
        self.equal(residents, people, _("sex x age"))
        men, women = np.hsplit(self.figures("sex_age"), 2)
        self.equal(key("residents", "male"), men.sum(axis=1), _("males of all ages"))
        self.equal(key("residents", "female"), women.sum(axis=1), _("females of all ages"))
        if (self.day, "residents") not in self.raw.figures:
            what = _("urban + rural against sex x age")
            self.unequal(key("urban_rural", "urban"), people, places, what, people != places)
        kinds = self.figures("households")[:, GENERATIONS].sum(axis=1)
        self.equal(households, kinds, _("households of all generations"))
        industries = _("employed in all industries")
        self.equal(sampled, self.total("industry"), industries)
        for part in ("one_person", "with_65p"):
            self.within(key("households", part), self.figure(households))
        self.within(key("households", "members"), people)
        self.within(key("in_movers", "same_county"), people, self.total("in_movers"))
        self.within(("education", ("male", "", "none")), people, self.total("education"))
        self.within(sampled, self.figure(adults))

    def check_inhabited(self) -> None:
        """Refuse a county without residents, or a table of residents in which nobody is counted."""
        for table in ("urban_rural", "sex_age", "education", "households"):
            for i in np.flatnonzero((self.figures(table) == 0).all(axis=1)):
                where = self.where(i)
                self.problems.add(
                    self.at((table, next(iter(TABLES[table].cells))), i),
                    _("{where}: all of {table} is 0", where=where, table=table),
                    _("a number above 0 at least"), "0",
                    _("fill it in; leave a county where nobody lives out of region.yaml and of the "
                      "tables; leave out a table that is unknown"),
                )  # fmt: skip

    def where(self, county: int | np.intp) -> str:
        """Census and county, as problems name them."""
        return f"{self.day} {self.raw.counties[county].zh}"

    def at(self, of: Figure, county: int | np.intp) -> tuple[str, int]:
        """File and line of a figure."""
        table, cell = of
        row = self.rows.get((self.day, table), {}).get((self.raw.counties[county].code, cell))
        return row.at if row else ("margins.csv", 0)

    def equal(self, whole: Figure, parts: Floats, what: Words) -> None:
        """Hold a sum to the total that the pack states."""
        stated = self.figure(whole)
        self.unequal(whole, stated, parts, what, np.abs(parts - stated) > 0.5)

    def unequal(self, of: Figure, stated: Floats, parts: Floats, what: Words, wrong: Bools) -> None:
        """Note the counties whose sum is not its total."""
        for i in np.flatnonzero(wrong & ~np.isnan(parts - stated)):
            gap = parts[i] - stated[i]
            self.problems.add(
                self.at(of, i), _("{where}: {what}", where=self.where(i), what=what),
                same(f"{stated[i]:,.0f}"), f"{parts[i]:,.0f} ({gap:+,.0f})",
                CHECK_SOURCE,
            )  # fmt: skip

    def within(self, of: Figure, whole: Floats, part: Floats | None = None) -> None:
        """Hold a part, or the sum of its table, to be no more than the whole."""
        part = self.figure(of) if part is None else part
        for i in np.flatnonzero(part > whole):
            self.problems.add(
                self.at(of, i),
                _("{where}: a part in {of} exceeds the whole", where=self.where(i), of=of[0]),
                _("at most {whole:,.0f}", whole=whole[i]), f"{part[i]:,.0f}",
                CHECK_SOURCE,
            )  # fmt: skip


def key(table: str, name: str) -> Figure:
    """The cell of a table that is split by key alone."""
    return table, ("", "", name)
