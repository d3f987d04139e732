"""What enumerators find on census day: how old people are, who moved in, who farms, who lives how.

A census asks more than the yearly statistics do, and only now and then; so the model is asked at
the end of a run; inside a quarter it is read off the line between the quarter's two ends.
Estimates and tests compare what is found here with a real census, key by key.
"""

import numpy as np

from sim import kernel, measurement
from sim.accounts import portion
from sim.kinds import AGED, Headcount
from sim.register import Register
from sim.state import ALONE, COLLECTIVE, FARM, HEAD, Ints

IN_MOVERS = ("in_movers_same_county", "in_movers_same_province", "in_movers_other_province")
FOUND = (*AGED, *IN_MOVERS, "workers", "farmers", "family_households", "family_members")

Found = dict[str, Ints]  # persons or households, (county,)


def census(register: Register, counts: Headcount, counties: int, quarter: int) -> Found:
    """Everything that is found at the end of `quarter`, each (county,).

    Ages and work are those of the people present; in-movers are those who live in another township
    than they are registered in, and have for half a year.
    """
    people, units = register.people, register.units
    by_band = counts.by_band[: 2 * counties].reshape(counties, 2, -1).sum(axis=1)
    by_work = counts.work(counties).sum(axis=1)
    moved_in = np.zeros((counties, len(IN_MOVERS)), np.int64)
    kernel.registered_elsewhere(
        people.unit, people.hukou, people.since, quarter - measurement.HALF_YEAR, units.county,
        units.township, units.elsewhere + 1, people.weight, moved_in,
    )  # fmt: skip
    roles = np.zeros((counties, 4), np.int64)
    kernel.in_families(
        people.unit, people.traits, people.flags, COLLECTIVE, units.county, people.weight, roles
    )
    return {
        **{name: by_band[:, bands].sum(axis=1) for name, bands in AGED.items()},
        **dict(zip(IN_MOVERS, moved_in.T, strict=True)),
        "workers": by_work[:, FARM:].sum(axis=1),
        "farmers": by_work[:, FARM],
        "family_households": roles[:, [ALONE, HEAD]].sum(axis=1),
        "family_members": roles.sum(axis=1),
    }


def until(before: Found, after: Found, days: int, of: int) -> Found:
    """What is found `days` after one census and `of - days` before another, each (county,).

    Read off the line between them and rounded to whole numbers; ages add up to the people present.
    """
    ages, change = list(AGED), {name: after[name] - before[name] for name in after}
    parts = {name: portion(each[:, None], days, of)[:, 0] for name, each in change.items()}
    by_age = portion(np.stack([change[name] for name in ages], axis=-1), days, of)
    parts |= dict(zip(ages, by_age.T, strict=True))
    return {name: before[name] + parts[name] for name in after}
