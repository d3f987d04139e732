"""What we believe after the data: a posterior sample on file beside a pack, or else the priors."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration import parsing, priors
from xiancheng.calibration.i18n import _
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats, Ints

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

SAMPLE, ABOUT, RECORD = "posterior.csv", "posterior.json", "hindcast.csv"
FOLLOW = {SAMPLE, RECORD}  # files beside a pack that follow from it and are no part of it
NUMBER = "draw"  # column of the draw of county and yearly effects that a row belongs to
DIGITS = 7  # significant, of the values on file


@dataclass(frozen=True)
class Draw:
    """One state of the world that we think possible."""

    parameters: Parameters
    number: int  # of the draw of county and yearly effects


@dataclass(frozen=True)
class Sample:
    """Equally likely rows, and how they were made."""

    values: Floats  # (row, parameter), in the order of the catalogue
    numbers: Ints  # (row,) the draw of county and yearly effects that belongs to each
    about: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The sha256 of the rows."""
        content = np.ascontiguousarray(np.column_stack([self.values, self.numbers]), "<f8")
        return hashlib.sha256(content.tobytes()).hexdigest()

    def draw(self, row: int) -> Draw:
        """A row as what we think possible."""
        names = [prior.name for prior in priors.catalogue()]
        values = dict(zip(names, self.values[row].tolist(), strict=True))
        return Draw(Parameters(**values), int(self.numbers[row]))


def read(folder: Path) -> Sample | None:
    """The sample in the folder of a pack, or None.

    Raises
    ------
    ParameterError
        if it is not one: other columns, or values that the priors exclude.
    """
    if not (folder / SAMPLE).is_file():
        return None
    return _read(folder, (folder / SAMPLE).stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(folder: Path, written: int) -> Sample:
    names = [prior.name for prior in priors.catalogue()]
    try:
        header, rows = parsing.table_of((folder / SAMPLE).read_bytes())
    except parsing.TextError as error:
        raise priors.ParameterError(
            _(
                "{folder} is no table in UTF-8 with commas, but {what}; run calibrate again",
                folder=folder / SAMPLE,
                what=error.found,
            )
        ) from None
    if sorted(header) != sorted([NUMBER, *names]) or not rows:
        raise priors.ParameterError(
            _(
                "{folder} should have the columns {NUMBER} and all {n} "
                "parameters; run calibrate again",
                folder=folder / SAMPLE,
                NUMBER=NUMBER,
                n=len(names),
            )
        )
    for line, cells in rows:
        bad = next((cell for cell in cells if parsing.number(cell) is None), None)
        if bad is not None or len(cells) != len(header):
            raise priors.ParameterError(
                _(
                    "{folder}:{line} should hold {n} numbers; got {value!r}",
                    folder=folder / SAMPLE,
                    line=line,
                    n=len(header),
                    value=bad or len(cells),
                )
            )
    table = np.array([cells for __, cells in rows], float)
    for row in table:
        priors.override({n: v for n, v in zip(header, row.tolist(), strict=True) if n != NUMBER})
    return Sample(
        values=table[:, [header.index(name) for name in names]],
        numbers=table[:, header.index(NUMBER)].astype(np.int64),
        about=_about(folder / ABOUT),
    )


def _about(file: Path) -> Mapping[str, Any]:
    """How a sample was made; empty if nothing is on file.

    Raises
    ------
    ParameterError
        if the file holds no JSON object.
    """
    if not file.is_file():
        return {}
    try:
        about = json.loads(parsing.text_of(file.read_bytes()))
    except ValueError as error:
        about, found = None, str(error)
    else:
        found = type(about).__name__
    if not isinstance(about, dict):
        raise priors.ParameterError(
            _(
                "{file} should hold one JSON object; got {found}; run calibrate "
                "again, or delete it together with {SAMPLE}",
                file=file,
                found=found,
                SAMPLE=SAMPLE,
            )
        )
    return about


def write(folder: Path, sample: Sample) -> None:
    """Put a sample into the folder of a pack."""
    names = [prior.name for prior in priors.catalogue()]
    lines = [",".join([NUMBER, *names])]
    for number, row in zip(sample.numbers.tolist(), sample.values.tolist(), strict=True):
        lines.append(",".join([str(number), *(f"{value:.{DIGITS}g}" for value in row)]))
    (folder / SAMPLE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    about = json.dumps(dict(sample.about), ensure_ascii=False, indent=1)
    (folder / ABOUT).write_text(about + "\n", encoding="utf-8")


def draws(region: "Region", n: int, seed: int) -> list[Draw]:
    """`n` draws of what we believe: of the posterior of the region, or else of the priors.

    Rows of the posterior are taken without repetition as long as there are any left.
    """
    sample = read(region.folder)
    if sample is None:
        return [Draw(p, i) for i, p in enumerate(priors.draw(n, seed), start=1)]
    rng = np.random.default_rng([seed, 5])
    rounds = -(-n // len(sample.values))
    order = np.concatenate([rng.permutation(len(sample.values)) for __ in range(rounds)])
    return [sample.draw(int(row)) for row in order[:n]]


def independent(region: "Region", n: int, first: int) -> list[Draw]:
    """`n` draws, each for itself; those of other numbers, from `first` on, are others."""
    sample = read(region.folder)
    numbers = range(first, first + n)
    if sample is None:
        return [Draw(priors.draw(1, number)[0], number) for number in numbers]
    rows = (np.random.default_rng([number, 6]).integers(len(sample.values)) for number in numbers)
    return [sample.draw(int(row)) for row in rows]
