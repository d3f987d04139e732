"""The structural gap: how far a county's urban share lies above what its structure implies.

Whether a place is coded urban is decided by an office; whether people live as in town shows in
in-movers, farming, homes, schooling, age and households (`Region.structure`). A county whose share
lies above what these imply is coded generously, one below it narrowly. Counties revert: of the 78
comparable counties of Shandong those above in 2010 rose less until 2020, and all that fell were
above.

What structure implies is a ridge regression of the log odds of the urban share over the counties of
a record, its penalty that with the least error for counties left out. No county has a say in what
is implied for itself.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from xiancheng.calibration.forecasts.forecast import log_odds
from xiancheng.calibration.region import Region, load, packs
from xiancheng.calibration.ridge import Standardizer, ridge
from xiancheng.sim.deferred import Deferred
from xiancheng.sim.state import Bools, Floats

special = Deferred("scipy.special")

PENALTIES = np.geomspace(0.1, 1000.0, 25)  # in units of the squares of a standardized covariate
FEWEST = 20  # counties, twice the covariates: with fewer, structure is not told from chance


class Counted(NamedTuple):
    """Units at a census."""

    codes: Sequence[str]
    structure: Floats  # (unit, covariate)
    rate: Floats  # urban share of residents [percent], (unit,)


def gap(known: Counted, of: Counted) -> Floats:
    """Log odds of the urban share, observed less implied by the units known, (unit,).

    A unit that is among those known is compared with what the others imply. 0 for all where fewer
    than `FEWEST` are known.
    """
    if len(known.codes) < FEWEST:
        return np.zeros(len(of.codes))
    scale = Standardizer.of(known.structure, cut=np.inf)
    odds = log_odds(known.rate)[:, None]
    fitted = ridge(scale(known.structure), odds, penalties=PENALTIES)
    left_out = dict(zip(known.codes, fitted.left_out(odds)[:, 0].tolist(), strict=True))
    off = log_odds(of.rate) - fitted.at(scale(of.structure))[:, 0]
    return np.array([left_out.get(code, o) for code, o in zip(of.codes, off, strict=True)])


def structural_gap(region: Region, census: date) -> Floats:
    """Urban share, observed less implied by structure, at a census, (county,) [points].

    Structure is compared over the comparable counties of the widest pack of the province that
    holds the census; 0 for all where it has fewer than `FEWEST`.
    """
    wider = [
        pack
        for pack in map(load, packs())
        if pack.province == region.province and census in pack.censuses
    ]
    widest = max([region, *wider], key=lambda pack: len(pack.counties))
    of = counted(region, census, np.ones(len(region.counties), bool))
    odds = log_odds(of.rate)
    implied = odds - gap(counted(widest, census, widest.comparable()), of)
    return np.asarray(100 * (special.expit(odds) - special.expit(implied)))


def counted(region: Region, census: date, chosen: Bools) -> Counted:
    """Those of a region's counties that a mask (county,) chooses."""
    urban, rural = region.urban_rural(census).T
    codes = np.array([county.code for county in region.counties])[chosen]
    rate = 100 * urban / np.maximum(urban + rural, 1.0)
    return Counted(codes.tolist(), region.structure(census)[chosen], rate[chosen])
