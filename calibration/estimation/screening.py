"""Which inputs move which features: Sobol indices, by SALib.

Of anything that can be called with normal scores, such as an emulator. Points are even in the
prior: a step from one quantile to another, not from one value to another.

References
----------
Saltelli et al. (2010), Computer Physics Communications 181
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from xiancheng.calibration.estimation.table import optional
from xiancheng.sim.state import Floats

INNER = 0.98  # share of each prior that is explored, around its median


def sobol(
    function: Callable[[Floats], Floats], names: Sequence[str], outputs: Sequence[str], *,
    seed: int, points: int = 256,
) -> list[dict[str, Any]]:  # fmt: skip
    """Shares of every output's variance that inputs explain alone (S1) and in all (ST).

    Parameters
    ----------
    function
        from normal scores (point, input) to (point, output), such as an emulator's mean
    points : a power of two; the function is called at `points * (inputs + 2)`

    Returns
    -------
    rows of output, input, S1, S1_conf, ST, ST_conf (95 %); the largest total first
    """
    sample, analyze = optional("SALib.sample.sobol").sample, optional("SALib.analyze.sobol").analyze
    grid = sample(problem(names), points, calc_second_order=False, seed=seed)
    values = function(_scores(grid))
    told = []
    for name, column in zip(outputs, values.T, strict=True):
        if column.std() == 0:
            continue  # nothing to divide
        found = analyze(problem(names), column, calc_second_order=False, seed=seed + 1)
        told += _rows(name, names, found, ("S1", "S1_conf", "ST", "ST_conf"), "ST")
    return told


def problem(names: Sequence[str]) -> dict[str, Any]:
    """Inputs that are even between 0 and 1, as SALib wants them described."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _scores(grid: Floats) -> Floats:
    return ndtri(0.5 + INNER * (np.asarray(grid) - 0.5))


def _rows(
    output: str, names: Sequence[str], found: Any, columns: Sequence[str], by: str
) -> list[dict[str, Any]]:
    told = [
        {"output": output, "input": name} | {c: float(found[c][k]) for c in columns}
        for k, name in enumerate(names)
    ]
    return sorted(told, key=lambda row: -row[by])
