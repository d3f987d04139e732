"""Points in the space of parameters: drawn from the priors, or read from a file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from xiancheng.calibration import parsing, priors
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import nearest
from xiancheng.calibration.priors import ParameterError
from xiancheng.sim.state import Floats

SMALLEST = 2.0**-33  # quantiles are never taken at 0 or 1


def sampled(method: str, names: Sequence[str], n: int, seed: int) -> Floats:
    """`n` draws of these parameters from their priors, `priors.on_grid`, (draw, parameter).

    References
    ----------
    McKay, Beckman & Conover (1979), doi:10.1080/00401706.1979.10489755; Owen (1998),
    doi:10.1006/jcom.1998.0487 for scrambled Sobol points
    """
    by_name = {prior.name: prior for prior in priors.catalogue()}
    if method == "latin-hypercube":  # the draws of `xiancheng run --draws`
        return np.column_stack([by_name[name].draws(n, seed) for name in names])
    if method == "sobol":
        from scipy.stats.qmc import Sobol

        unit = Sobol(len(names), rng=np.random.default_rng(seed)).random_base2(n.bit_length() - 1)
    else:
        unit = np.random.default_rng(seed).random((n, len(names)))
    unit = np.clip(unit, SMALLEST, 1 - SMALLEST)
    drawn = [by_name[name].quantile(unit[:, i]) for i, name in enumerate(names)]
    return priors.on_grid(np.column_stack(drawn))


def points_in(table: Path, n: int | None = None) -> tuple[tuple[str, ...], Floats]:
    """Parameter values in a CSV file with a row of names; all rows, or the first `n`.

    Raises
    ------
    ScenarioError
        with everything that is wrong, line by line.
    """
    header, rows = parsing.read_table(table)
    problems = []
    if len(rows) < (n or 1):
        expected = _("at least {value} rows of values", value=n or 1)
        problems.append(Problem(str(table), 1, 1, "", expected, str(len(rows))))
    known = [prior.name for prior in priors.catalogue()]
    for column, name in enumerate(header):
        if name not in known or name in header[:column]:
            each = _("names of parameters, each once")
            near = nearest(name, known)
            problems.append(Problem(str(table), 1, column + 1, "", each, name, near))
    if problems:
        raise ScenarioError(problems)
    values = []
    for line, row in rows[:n]:
        numbers = [number for cell in row if (number := parsing.number(cell)) is not None]
        if len(numbers) != len(header) or len(row) != len(header):
            expected = _("{n} numbers", n=len(header))
            problems.append(Problem(str(table), line, 1, "", expected, ",".join(row)[:60]))
            continue
        try:
            priors.override(dict(zip(header, numbers, strict=True)))
            values.append(numbers)
        except ParameterError as slips:
            within = _("values that the priors allow")
            found = Words(slips.zh, slips.en)
            problems.append(Problem(str(table), line, 1, "", within, found))
    if problems:
        raise ScenarioError(problems)
    return tuple(header), np.array(values)
