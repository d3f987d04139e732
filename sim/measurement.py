"""How statisticians see the county, which is not how it is."""

import numpy as np

from sim.parameters import Parameters
from sim.state import Bools, Floats, Ints

HALF_YEAR = 2  # quarters; the definition of a usual resident
BENCHMARK_YEARS = (2010, 2020, 2025)  # census or one-per-cent survey


def not_yet_counted(since: Ints, quarter: int) -> Bools:
    """Movers who still count where they lived before, at the end of `quarter`, (person,).

    References
    ----------
    NBS, definition of usual resident (half-year rule)
    """
    return quarter - since.astype(np.int64) < HALF_YEAR


def drift(year: int, p: Parameters) -> float:
    """What the published series has strayed from the truth by the end of `year` [points].

    It grows from one census or one-per-cent survey to the next, and falls back to zero at each.
    """
    return p.benchmark_drift * (year - max(b for b in BENCHMARK_YEARS if b <= year))


def error(standard: Floats, residents: Floats, p: Parameters) -> Floats:
    """Rounding and quota smoothing of published rates [points], (county,), from standard normals.

    Counties are made to agree with their total: weighted by residents the errors sum to zero.
    """
    raw = p.obs_error_sd * standard
    return raw - np.average(raw, weights=np.maximum(residents, 1))
