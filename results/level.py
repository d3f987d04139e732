"""The level: what statistics say of published rates without the plan, and what the plan adds to it.

In the hindcast a simple forecast told the rates of counties left out better than the model did
(docs/validation.md). So statistics carry the level, stacked by how well they told counties left out,
and the model gives what the plan changes: differences of runs that met the same luck.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from calibration import cache, meld, posterior
from calibration.baselines import SINGLE, Known, Standing, hindcast
from calibration.baselines.forecast import ForecastError
from calibration.panel import Panel, record, years_between
from calibration.region import Region, load
from results.files import whole_file
from scenarios.request import code_digest, digest_of
from scenarios.simulate import reported
from sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 4000  # of the level
LEFT_OUT = 1000  # draws of each forecast by which weights are found
WORLDS = 400  # draws of what we believe, for the errors of the published series
SEED = 1


@dataclass(frozen=True, eq=False)
class Level:
    """Published rates of groups of counties on a day, without the plan."""

    day: date
    codes: tuple[int, ...]  # of the groups
    start: Floats  # at the last census, (group,) [percent]
    rate: Floats  # (draw, group) [percent]

    def of(self, code: int) -> Floats:
        """The draws of a group, (draw,)."""
        return np.asarray(self.rate[:, self.codes.index(code)])


def level(region: Region, day: date) -> Level | None:
    """What statistics say of a day after the last census; None where they have no record.

    What was found is kept in the cache of this user.
    """
    if len(region.censuses) < 2 or day <= region.censuses[-1]:
        return None
    return _level(str(region.folder), region.digest, day)


@lru_cache(maxsize=16)
def _level(folder: str, _: str, day: date) -> Level | None:
    region = load(folder)
    sample = posterior.read(region.folder)
    key = digest_of({
        "code": code_digest(), "region": region.digest, "day": str(day),
        "sample": sample.digest if sample else None, "draws": [DRAWS, LEFT_OUT, WORLDS, SEED],
    })  # fmt: skip
    file = cache.home() / "levels" / f"{key}.npy"
    codes = tuple(group.code for group in reported(region))
    try:
        table = np.load(file, allow_pickle=False)
    except (OSError, ValueError):
        try:
            table = _found(region, day)
        except (ForecastError, LookupError):
            return None
        _keep(table, file)
    return Level(day, codes, table[0], table[1:])


def _found(region: Region, day: date) -> Floats:
    """The rate of each group at the last census, and its draws, (1 + draw, group)."""
    own, past = Panel.of(region), record(region)
    left_out = [hindcast(each, past, draws=LEFT_OUT, seed=SEED) for each in SINGLE]
    pool = meld.stack(SINGLE, left_out, past.rate[1])
    known, years = Known(past, Standing.at(own, 1)), years_between(own.dates[1], day)
    rate, residents = pool(known, years, DRAWS, SEED).rate, own.residents[1]
    worlds = [draw.parameters for draw in posterior.draws(region, WORLDS, SEED)]
    each = [worlds[row] for row in meld.rows(DRAWS, WORLDS, SEED)]
    printed = meld.published(rate, residents, own.prefecture, day, each, SEED)
    return np.vstack([
        np.column_stack([meld.together(of, residents, group.counties)
                         for group in reported(region)])
        for of in (own.rate[1:], printed)
    ])  # fmt: skip


def _keep(table: Floats, file: "cache.Path") -> None:
    """Put a table on file where that is possible."""
    from io import BytesIO

    content = BytesIO()
    np.save(content, table)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        whole_file(file, content.getvalue())
    except OSError:  # it is found anew each time
        pass


def melded(found: Level, verdicts: "pd.DataFrame", draws: "pd.DataFrame | None") -> list[Floats]:
    """Published rates with the plan, of each target of a verdict, (draw,) each [percent].

    Parameters
    ----------
    verdicts : a row for each target: `target`, `unit_code`, `effect_pp`
    draws : rows of target, `simulated` and `baseline`; by default the effect of the one run counts
    """
    told = []
    for row in verdicts.to_dict("records"):
        effect = np.array([row["effect_pp"]], float)
        if draws is not None:
            own = draws[draws["target"] == row["target"]]
            effect = (own["simulated"] - own["baseline"]).to_numpy(float)
        of = meld.rows(DRAWS, len(effect), SEED)
        told.append(np.clip(found.of(row["unit_code"]) + effect[of], 0, 100))
    return told
