"""The census record of county-level units as arrays: two censuses, unit by unit."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from xiancheng.calibration.region import Region, load, packs
from xiancheng.calibration.region.region import made_of
from xiancheng.sim.state import Bools, Floats

YEAR = 365.25  # days
DIGITS = 10  # significant, of the figures of a record: counts of persons are whole

HoldOut = Literal["unit", "prefecture"]


class RecordError(LookupError):
    """There is no record of change between two censuses."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Units at two censuses; the first axis is the census wherever there are two."""

    codes: tuple[str, ...]
    prefecture: tuple[str, ...]
    dates: tuple[date, date]
    urban: Floats  # residents of urban places [persons], (2, unit)
    rural: Floats  # of rural places, (2, unit)
    ages: Floats  # residents by age band [persons], (2, unit, 19)
    odds: Floats  # assumed odds of living in town relative to all ages, (2, 19)
    structure: Floats  # what goes with living in town (`Region.structure`), (2, unit, covariate)
    comparable: Bools  # whether the change is not the work of a new boundary, (unit,)

    @classmethod
    def of(cls, region: Region) -> "Panel":
        """The last two censuses of a region.

        Raises
        ------
        RecordError
            if it holds fewer than two.
        """
        if len(region.censuses) < 2:
            raise RecordError(f"{region.name} holds one census; a record of change takes two")
        first, last = region.censuses[-2:]
        split = np.stack([region.urban_rural(day) for day in (first, last)])
        return cls(
            codes=tuple(county.code for county in region.counties),
            prefecture=tuple(county.prefecture for county in region.counties),
            dates=(first, last),
            urban=split[:, :, 0],
            rural=split[:, :, 1],
            ages=np.stack([region.sex_age(day).sum(axis=1) for day in (first, last)]),
            odds=np.stack([region.urban_odds(day) for day in (first, last)]),
            structure=np.stack([region.structure(day) for day in (first, last)]),
            comparable=region.comparable(),
        )

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def years(self) -> float:
        """From the first census to the second."""
        return years_between(*self.dates)

    @property
    def residents(self) -> Floats:
        """Urban and rural residents [persons], (2, unit)."""
        return self.urban + self.rural

    @property
    def rate(self) -> Floats:
        """Resident urbanization rate [percent], (2, unit)."""
        return 100 * self.urban / self.residents

    @property
    def digest(self) -> str:
        """Sha256 of the record, its counts as text.

        `structure` is computed and stays out: `widest_pack` has a digest of its files.
        """
        figures = {name: getattr(self, name) for name in ("urban", "rural", "ages", "odds")}
        content = {
            "codes": self.codes,
            "prefecture": self.prefecture,
            "dates": [str(day) for day in self.dates],
            "comparable": self.comparable.tolist(),
            **{name: [f"{x:.{DIGITS}g}" for x in each.ravel()] for name, each in figures.items()},
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def take(self, chosen: Bools) -> "Panel":
        """The record of the units that a mask (unit,) chooses."""
        return Panel(
            codes=tuple(np.array(self.codes)[chosen].tolist()),
            prefecture=tuple(np.array(self.prefecture)[chosen].tolist()),
            dates=self.dates,
            urban=self.urban[:, chosen],
            rural=self.rural[:, chosen],
            ages=self.ages[:, chosen],
            odds=self.odds,
            structure=self.structure[:, chosen],
            comparable=self.comparable[chosen],
        )

    def joined(self, other: "Panel") -> "Panel":
        """The record with the units that only `other` holds; both of the same two censuses.

        Raises
        ------
        RecordError
            if they are of other censuses.
        """
        new = other.take(~np.isin(other.codes, self.codes))
        if self.dates != other.dates:
            raise RecordError("records of different censuses cannot be joined")
        return Panel(
            codes=self.codes + new.codes,
            prefecture=self.prefecture + new.prefecture,
            dates=self.dates,
            urban=np.hstack([self.urban, new.urban]),
            rural=np.hstack([self.rural, new.rural]),
            ages=np.hstack([self.ages, new.ages]),
            odds=self.odds,
            structure=np.concatenate([self.structure, new.structure], axis=1),
            comparable=np.hstack([self.comparable, new.comparable]),
        )


def years_between(first: date, last: date) -> float:
    """The years from one day to another."""
    return (last - first).days / YEAR


def hold_out(panel: Panel, by: HoldOut = "unit") -> Iterator[tuple[Panel, Panel]]:
    """The record of all others, and of those held out: one unit, or a prefecture, at a time."""
    marks = np.array(panel.codes if by == "unit" else panel.prefecture)
    for mark in dict.fromkeys(marks.tolist()):
        out = marks == mark
        if not out.all():
            yield panel.take(~out), panel.take(out)


class RecordBasis(NamedTuple):
    """What the record of a region rests on; known without reading its tables again."""

    folder: Path  # of the pack that `widest_pack` finds
    name: str  # of that pack
    pack: str  # digest of that pack
    counties: int  # in it
    record: str  # digest of `record`


def record_basis(region: Region) -> RecordBasis:
    """What the record of a region rests on, kept by the digests of packs and of the code.

    Raises
    ------
    RecordError
        if the region holds fewer than two censuses.
    """

    def make() -> tuple[str | int, ...]:
        widest = widest_pack(region)
        known = widest.name, widest.digest, len(widest.counties), record(region).digest
        return str(widest.folder), *known

    folder, *known = made_of(region, "records", "", make)
    return RecordBasis(Path(folder), *known)


def record(region: Region) -> Panel:
    """The widest record of a region's province on file, joined with the region's own.

    Counties whose boundary changed are in no record.
    """
    own, widest = Panel.of(region), Panel.of(widest_pack(region))
    return widest.take(widest.comparable).joined(own.take(own.comparable))


def widest_pack(region: Region) -> Region:
    """The pack with the widest record of a region's province and censuses; itself if none is wider.

    Raises
    ------
    RecordError
        if the region holds fewer than two censuses.
    """
    own = Panel.of(region)
    wider = [
        pack
        for pack in map(load, packs())
        if pack.province == region.province
        and len(pack.censuses) > 1
        and Panel.of(pack).dates == own.dates
    ]
    return max([region, *wider], key=lambda pack: len(pack.counties))
