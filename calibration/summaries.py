"""What two censuses say of a county's change: the numbers by which the model is estimated.

Changes are compared, not levels. The model and the later census are asked the same questions.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np

from xiancheng.calibration.region import Region
from xiancheng.sim.observation import IN_MOVERS
from xiancheng.sim.state import Floats, Ints
from xiancheng.sim.strata import AGED

Asked = Mapping[str, Floats | Ints]  # persons or households, (county,), by what was asked


def enumerated(region: Region, day: date) -> dict[str, Floats]:
    """What the census of `day` found, under the names of the model's own, each (county,)."""
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


def residents(asked: Asked) -> Floats:
    """All residents, (county,)."""
    return np.asarray(asked["urban_residents"] + asked["rural_residents"], float)


def rate(asked: Asked) -> Floats:
    """Urban residents as a share of all [percent], (county,)."""
    return np.asarray(100 * asked["urban_residents"] / residents(asked), float)


def _share(asked: Asked, part: str, whole: str) -> Floats:
    return np.asarray(100 * asked[part] / np.maximum(asked[whole], 1), float)


def _growth(before: Floats | Ints, after: Floats | Ints) -> Floats:
    return np.asarray(100 * np.log(np.maximum(after, 1) / np.maximum(before, 1)), float)


COHORTS = {  # who are in the age group at the end, ten years after they were in the other
    "cohort_10_19": ("aged_0_9", "aged_10_19"),
    "cohort_20_29": ("aged_10_19", "aged_20_29"),
    "cohort_30_39": ("aged_20_29", "aged_30_39"),
}


def summaries(before: Asked, after: Asked) -> dict[str, Floats]:
    """What changed from one census to another ten years later, each (county,).

    Shares change in percentage points, numbers in 100 log points; in-movers are stocks per hundred
    residents, as the two censuses did not capture them alike.
    """
    people = residents(before), residents(after)
    in_movers = {
        f"{name}_change": 100 * (after[name] / people[1] - before[name] / people[0])
        for name in IN_MOVERS
    }
    size = [each["family_members"] / np.maximum(each["family_households"], 1)
            for each in (before, after)]  # fmt: skip
    return {
        "rate_change": rate(after) - rate(before),
        "urban_growth": _growth(before["urban_residents"], after["urban_residents"]),
        "rural_growth": _growth(before["rural_residents"], after["rural_residents"]),
        "residents_growth": _growth(*people),
        **{name: _growth(before[a], after[b]) for name, (a, b) in COHORTS.items()},
        "survivors": _growth(before["aged_60_over"] + before["aged_40_59"], after["aged_60_over"]),
        **in_movers,
        "farming_change": _share(after, "farmers", "workers")
        - _share(before, "farmers", "workers"),
        "household_size_change": _growth(size[0], size[1]),
    }
