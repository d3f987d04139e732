"""Changes of a county between two censuses: the numbers by which the model is estimated.

Changes are compared, not levels. The model and the later census are counted alike.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np

from xiancheng.calibration.region.region import Region
from xiancheng.sim.observation import IN_MOVERS
from xiancheng.sim.state import Floats, Ints
from xiancheng.sim.strata import AGED

CensusCounts = Mapping[str, Floats | Ints]  # persons or households by name, (county,)

COHORTS = {  # who are in the age group at the end, ten years after they were in the other
    "cohort_10_19": ("aged_0_9", "aged_10_19"),
    "cohort_20_29": ("aged_10_19", "aged_20_29"),
    "cohort_30_39": ("aged_20_29", "aged_30_39"),
}


def enumerated(region: Region, day: date) -> dict[str, Floats]:
    """Counts of the census of `day` under the names of the model's own, each (county,)."""
    by_band = region.sex_age(day).sum(axis=1)
    urban, rural = region.urban_rural(day).T
    work, homes = region.work(day), region.households(day)
    return {
        "urban_residents": urban,
        "rural_residents": rural,
        **{name: by_band[:, bands].sum(axis=1) for name, bands in AGED.items()},
        **dict(zip(IN_MOVERS, region.in_movers(day).T, strict=True)),
        "workers": work.sum(axis=1),
        "farmers": work[:, 0],
        "family_households": homes["total"],
        "family_members": homes["members"],
    }


def residents(counts: CensusCounts) -> Floats:
    """All residents, (county,)."""
    return np.asarray(counts["urban_residents"] + counts["rural_residents"], float)


def rate(counts: CensusCounts) -> Floats:
    """Urban residents as a share of all [percent], (county,)."""
    return np.asarray(100 * counts["urban_residents"] / residents(counts), float)


def summaries(before: CensusCounts, after: CensusCounts) -> dict[str, Floats]:
    """Changes from one census to another ten years later, each (county,).

    Shares change in percentage points, numbers in 100 log points; in-movers are stocks per hundred
    residents, as the two censuses did not capture them alike.
    """
    people = residents(before), residents(after)
    farming, size = (
        [factor * counts[part] / np.maximum(counts[whole], 1) for counts in (before, after)]
        for factor, part, whole in (
            (100, "farmers", "workers"), (1, "family_members", "family_households"),
        )
    )  # fmt: skip
    in_movers = {
        f"{name}_change": 100 * (after[name] / people[1] - before[name] / people[0])
        for name in IN_MOVERS
    }
    return {
        "rate_change": rate(after) - rate(before),
        "urban_growth": _growth(before["urban_residents"], after["urban_residents"]),
        "rural_growth": _growth(before["rural_residents"], after["rural_residents"]),
        "residents_growth": _growth(*people),
        **{name: _growth(before[a], after[b]) for name, (a, b) in COHORTS.items()},
        "survivors": _growth(before["aged_60_over"] + before["aged_40_59"], after["aged_60_over"]),
        **in_movers,
        "farming_change": farming[1] - farming[0],
        "household_size_change": _growth(size[0], size[1]),
    }


def _growth(before: Floats | Ints, after: Floats | Ints) -> Floats:
    return np.asarray(100 * np.log(np.maximum(after, 1) / np.maximum(before, 1)), float)
