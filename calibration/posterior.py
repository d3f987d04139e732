"""The posterior sample of a region, kept beside its pack; draws from it, or from the priors."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xiancheng.calibration import forms, parsing, priors
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import DERIVED, Region
from xiancheng.calibration.region import load as load_region
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd
    import xarray

SAMPLE, RECORD = DERIVED  # beside a pack; the scores of hindcasts
ABOUT = "posterior.json"  # beside a sample
NUMBER = "draw"  # column of the draw of county and yearly effects that a row belongs to
DIGITS = 7  # significant, of the values on file
QUANTILES = (0.05, 0.5, 0.95)
PRIORS = "priors"  # key of the account: each parameter's prior when the sample was made
TAKEN = "from_priors"  # key of the account as read: parameters that come from today's priors
GONE = "columns_gone"  # key of the account as read: columns that are no parameter any more
SEED = 15  # of the values that rows take from the priors


@dataclass(frozen=True)
class Draw:
    """Parameters, and the county and yearly effects that go with them."""

    parameters: Parameters
    number: int  # of the draw of county and yearly effects


@dataclass(frozen=True, eq=False, repr=False)
class Posterior:
    """Equally likely rows, and how they were made."""

    values: Floats  # (row, parameter), in the order of the catalogue
    numbers: Ints  # (row,) the draw of county and yearly effects that belongs to each
    about: Mapping[str, Any]  # the account of the estimate: software, settings, tests; may be empty

    @property
    def digest(self) -> str:
        """The sha256 of the rows."""
        content = np.ascontiguousarray(np.column_stack([self.values, self.numbers]), "<f8")
        return hashlib.sha256(content.tobytes()).hexdigest()

    @property
    def provenance(self) -> dict[str, Any]:
        """When, from what and by which program the sample was made, JSON-ready."""
        keys = ("made", "region", "pool", "settings", "software", "environment", TAKEN, GONE)
        return {
            "rows": len(self.values), "sha256": self.digest,
            **{key: self.about[key] for key in keys if key in self.about},
        }  # fmt: skip

    def draw(self, row: int) -> Draw:
        """The parameters and the number of a row."""
        values = dict(zip(_names(), self.values[row].tolist(), strict=True))
        return Draw(Parameters(**values), int(self.numbers[row]))

    def to_frame(self) -> "pd.DataFrame":
        """A row for each draw: `draw`, of county and yearly effects, and each parameter by name.

        `attrs` of the table is the account of the estimate, see `provenance`.
        """
        import pandas as pd

        frame = pd.DataFrame(self.values, columns=_names())
        frame.insert(0, NUMBER, self.numbers)
        frame.attrs.update(self.provenance)
        return frame

    def to_xarray(self) -> "xarray.Dataset":
        """Each parameter, (chain, draw), as ArviZ has it: equally likely draws, so one chain.

        `number` is the draw of county and yearly effects that belongs to each.

        Raises
        ------
        RequestError
            if xarray is not installed.
        """
        return _as_chain(self.values, self.provenance, number=self.numbers)

    def to_inference_data(self, *, seed: int = 1) -> Any:
        """The sample and as many draws from the priors, for ArviZ.

        Draws are independent: diagnostics of chains, such as r_hat, say nothing of them.

        Parameters
        ----------
        seed : of the draws from the priors

        Returns
        -------
        `InferenceData` with the groups `posterior` and `prior`; from ArviZ 1 on a `DataTree`. Tried
        with ArviZ 0.23.4 (Python 3.11) and 1.3.0 (3.12)

        Raises
        ------
        RequestError
            if ArviZ is not installed.
        """
        arviz, xarray = forms.needed("arviz"), forms.needed("xarray")
        columns = [prior.draws(len(self.values), seed) for prior in priors.catalogue()]
        groups = {
            "posterior": self.to_xarray(),
            "prior": _as_chain(np.column_stack(columns), {"seed": seed}),
        }
        if arviz.__version__.startswith("0."):  # from 1 on the name stands for a DataTree
            return arviz.InferenceData(**groups)
        return xarray.DataTree.from_dict(groups)

    def summary(self) -> "pd.DataFrame":
        """A row for each parameter.

        Returns
        -------
        name, unit, estimable ("free" if data estimated it, else "fixed-prior"); the 5, 50 and 95 %
        quantiles of the prior (`prior_q05` ...) and of the sample (`q05` ...)
        """
        import pandas as pd

        after = np.quantile(self.values, QUANTILES, axis=0)
        rows = []
        for k, prior in enumerate(priors.catalogue()):
            row = {"name": prior.name, "unit": prior.unit, "estimable": prior.estimable}
            before = prior.quantile(np.array(QUANTILES)).tolist()
            for start, values in (("prior_q", before), ("q", after[:, k].tolist())):
                row |= {
                    f"{start}{100 * q:02.0f}": v for q, v in zip(QUANTILES, values, strict=True)
                }
            rows.append(row)
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        """Size and origin, then the quantiles of what data estimated, a line each."""
        region = self.about.get("region", {}).get("name", "?")
        lines = [
            f"Posterior: {len(self.values)} draws for {region}, made "
            f"{self.about.get('made', '?')}, sha256 {self.digest[:12]}; 5, 50, 95 %:"
        ]
        for k, prior in enumerate(priors.catalogue()):
            if prior.estimable == "free":
                low, middle, high = np.quantile(self.values[:, k], QUANTILES)
                lines.append(f"  {prior.name}: {low:.3g}, {middle:.3g}, {high:.3g} [{prior.unit}]")
        if taken := self.about.get(TAKEN):
            lines.append(f"From today's priors, not estimated: {', '.join(taken)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The quantiles of what data estimated, before and after, and where the sample is from."""
        title, *__ = repr(self).splitlines()
        free = self.summary().query("estimable == 'free'").set_index("name").round(4)
        table = free.drop(columns="estimable").to_html()
        return f"<p>{escape(title)}</p>{table}"


def _as_chain(
    values: Floats, about: Mapping[str, Any], number: Ints | None = None
) -> "xarray.Dataset":
    """Parameters, (row, parameter), with the axes chain and draw."""
    known = priors.catalogue()
    variables: dict[str, tuple[Sequence[str], Any]] = {
        p.name: (("chain", "draw"), values[None, :, k]) for k, p in enumerate(known)
    }
    if number is not None:
        variables["number"] = (("chain", "draw"), number[None])
    return forms.dataset(
        variables, {"chain": [0], "draw": np.arange(len(values))},
        units={p.name: p.unit for p in known}, about=about,
    )  # fmt: skip


def _names() -> list[str]:
    return [prior.name for prior in priors.catalogue()]


def load(region: str | Path = "binzhou") -> Posterior:
    """The posterior sample of a region, from `posterior.csv` and `posterior.json` in its pack.

    Parameters
    ----------
    region : name or path of a region pack

    Returns
    -------
    a `Posterior`: equally likely rows, `values` (row, parameter) in the units of `parameters()`,
    each with the number of the draw of county and yearly effects that belongs to it; `summary()`
    has quantiles beside those of the priors, `to_frame()` the rows

    Raises
    ------
    PackError
        if the pack cannot be read.
    ParameterError
        if it holds no sample, or one that cannot be used.

    Examples
    --------
    >>> from xiancheng import posterior
    >>> posterior("binzhou").values.shape[0]
    400
    """
    pack = load_region(region)
    sample = read(pack.folder)
    if sample is None:
        raise priors.ParameterError(
            _("the pack {pack} holds no {SAMPLE}; run xiancheng calibrate first", pack=pack.name,
              SAMPLE=SAMPLE)
        )  # fmt: skip
    return sample


def read(folder: Path) -> Posterior | None:
    """The sample in the folder of a pack, or None.

    A parameter that the sample lacks, or whose prior has changed since, takes its values from
    today's prior, one for each row and always the same; a column that is no parameter any more is
    ignored. `Posterior.about` names both.

    Raises
    ------
    ParameterError
        if nothing that data estimate is in it, or for values that the priors exclude.
    """
    if not (folder / SAMPLE).is_file():
        return None
    return _read(folder, (folder / SAMPLE).stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(folder: Path, written: int) -> Posterior:
    file, about = folder / SAMPLE, _about(folder / ABOUT)
    try:
        header, rows = parsing.table_of(file.read_bytes())
    except parsing.TextError as error:
        zh, en = error.found
        raise priors.ParameterError(
            _("{file} is no table in UTF-8 with commas, but {en}; run calibrate again", file=file,
              en=Words(zh, en))
        ) from None  # fmt: skip
    now = priors.catalogue()
    then = about.get(PRIORS, {})
    taken = [p for p in now if p.name not in header or then.get(p.name, p.text) != p.text]
    kept = [p.name for p in now if p not in taken]
    free = {p.name for p in now if p.estimable == "free"}
    if NUMBER not in header or len({*header}) < len(header) or free.isdisjoint(kept) or not rows:
        raise priors.ParameterError(
            _("{file} should have the column {NUMBER}, one for each parameter that was "
              "estimated, and no two of a name; run calibrate again", file=file, NUMBER=NUMBER)
        )  # fmt: skip
    for line, cells in rows:
        if len(cells) != len(header) or not parsing.are_numbers(cells):
            bad = next((cell for cell in cells if parsing.number(cell) is None), None)
            raise priors.ParameterError(
                _("{file}:{line} should hold {n} numbers; got {value!r}", file=file, line=line,
                  n=len(header), value=bad or len(cells))
            )  # fmt: skip
    table = np.array([cells for __, cells in rows], float)
    columns = {name: table[:, header.index(name)] for name in kept}
    for end in (np.min, np.max):  # what a prior allows is an interval
        priors.override({name: float(end(column)) for name, column in columns.items()})
    columns |= {prior.name: prior.draws(len(table), SEED) for prior in taken}
    gone = sorted({*header} - {NUMBER, *_names()})
    return Posterior(
        values=np.column_stack([columns[prior.name] for prior in now]),
        numbers=table[:, header.index(NUMBER)].astype(np.int64),
        about={**about, TAKEN: sorted(prior.name for prior in taken), GONE: gone},
    )


def _about(file: Path) -> Mapping[str, Any]:
    """The account of an estimate; empty if nothing is on file.

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
            _("{file} should hold one JSON object; got {found}; run calibrate again, or delete it "
              "together with {SAMPLE}", file=file, found=found, SAMPLE=SAMPLE)
        )  # fmt: skip
    return about


def write(folder: Path, sample: Posterior) -> None:
    """Put a sample into the folder of a pack: `posterior.csv`, and its account as `posterior.json`.

    An older one is replaced. The account keeps the priors of today, by which `read` sees later
    which of them were changed.
    """
    lines = [",".join([NUMBER, *_names()])]
    for number, row in zip(sample.numbers.tolist(), sample.values.tolist(), strict=True):
        lines.append(",".join([str(number), *(f"{value:.{DIGITS}g}" for value in row)]))
    (folder / SAMPLE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    known = {prior.name: prior.text for prior in priors.catalogue()}
    about = json.dumps({**sample.about, PRIORS: known}, ensure_ascii=False, indent=1)
    (folder / ABOUT).write_text(about + "\n", encoding="utf-8")


def draws(region: Region, n: int, seed: int) -> list[Draw]:
    """`n` draws from the posterior sample of the region, or from the priors without one.

    Rows of the posterior are taken without repetition as long as there are any left.
    """
    sample = read(region.folder)
    if sample is None:
        return [Draw(p, i) for i, p in enumerate(priors.draw(n, seed), start=1)]
    rng = np.random.default_rng([seed, 5])
    rounds = -(-n // len(sample.values))
    order = np.concatenate([rng.permutation(len(sample.values)) for __ in range(rounds)])
    return [sample.draw(int(row)) for row in order[:n]]


def independent(region: Region, n: int, first: int) -> list[Draw]:
    """`n` draws of the posterior sample or the priors, each from a random stream of its own number.

    Parameters
    ----------
    first : number of the first; draws of ranges that do not overlap are independent of each other,
        so that a search and its confirmation share none
    """
    sample = read(region.folder)
    numbers = range(first, first + n)
    if sample is None:
        return [Draw(priors.draw(1, number)[0], number) for number in numbers]
    rows = (np.random.default_rng([number, 6]).integers(len(sample.values)) for number in numbers)
    return [sample.draw(int(row)) for row in rows]
