"""Trials: runs from one census to the next with parameters from the priors, to learn from.

A table of trials is a sweep of the baseline from one census of a region to the next, each draw with
random numbers and county effects of its own. So it is crash-safe, resumed and sharded like any
sweep.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from xiancheng.calibration import priors
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.inference.table import RunTable
from xiancheng.calibration.region import Region, load
from xiancheng.calibration.region.counties import enumerated, rate, residents, summaries
from xiancheng.results.analysis.sweep import Sweep
from xiancheng.results.store.cache import RunStore
from xiancheng.results.store.runs import RUN
from xiancheng.scenarios.design import Design
from xiancheng.scenarios.executor import LocalExecutor
from xiancheng.scenarios.run_spec import RunSpec
from xiancheng.sim.state import Bools, Floats

PARAMETERS = tuple(prior.name for prior in priors.catalogue())
FREE = tuple(prior.name for prior in priors.catalogue() if prior.estimable == "free")


@dataclass(frozen=True)
class Trials:
    """Runs from one census of a region to the next."""

    region: str
    values: Floats  # (run, parameter), in the order of PARAMETERS
    numbers: tuple[int, ...]  # of the draws of county and yearly effects, (run,)
    after: dict[str, Floats]  # counts of the census at the end of each run, each (run, county)

    @property
    def pack(self) -> Region:
        """The region pack."""
        return load(self.region)

    def stats(self) -> Floats:
        """Change between the censuses in each run, (run, county, summary)."""
        before = enumerated(self.pack, censuses(self.pack)[0])
        runs = [
            summaries(before, {name: found[i] for name, found in self.after.items()})
            for i in range(len(self.values))
        ]
        return np.stack([np.stack(list(run.values()), axis=1) for run in runs])

    def table(self, chosen: Bools | None = None) -> RunTable:
        """The runs as a table to learn from; only the counties `chosen`, (county,), if given."""
        pack = self.pack
        keep = np.ones(len(pack.counties), bool) if chosen is None else chosen
        before, later = (enumerated(pack, day) for day in censuses(pack))
        change = summaries(before, later)
        prefectures = sorted(pack.prefectures)
        people = residents(before)
        about = [rate(before), np.log(people), 100 * before["farmers"] / before["workers"],
                 100 * before["in_movers_same_county"] / people]  # fmt: skip
        return RunTable(
            names=FREE,
            theta=self.values[:, [PARAMETERS.index(name) for name in FREE]],
            units=tuple(c.code for c, kept in zip(pack.counties, keep, strict=True) if kept),
            summaries=tuple(change),
            stats=self.stats()[:, keep],
            observed=np.stack(list(change.values()), axis=1)[keep],
            groups=np.array([prefectures.index(c.prefecture) for c in pack.counties])[keep],
            covariates=np.stack(about, axis=1)[keep],
        )


def censuses(pack: Region) -> tuple[date, date]:
    """The last two censuses of a pack.

    Raises
    ------
    RequestError
        if it holds fewer.
    """
    if len(pack.censuses) < 2:
        raise RequestError(
            _("the pack {pack} holds one census; estimating and hindcasts take two", pack=pack.name)
        )
    return pack.censuses[-2], pack.censuses[-1]


def design(region: str, values: Floats, scale: float, name: str) -> Design:
    """A sweep of the baseline from census to census, a run for each row of parameter values.

    Values that were estimated are put on the grid of drawn ones, as they enter keys.
    """
    start, until = censuses(load(region))
    spec = RunSpec.of("baseline", region=region, start=start, until=until)
    return Design(
        name=name, specs=(spec,), names=PARAMETERS, values=priors.on_grid(values), effects=True,
        seeds=(1,), scales=(scale,), own_seeds=True,
    )  # fmt: skip


def run(
    design: Design, folder: Path, jobs: int, settled: Callable[[], None] = lambda: None
) -> Trials:
    """Run a design, or what is missing of it.

    Raises
    ------
    RequestError
        if it would not fit, or too many of its runs gave no outcome.
    StoppedError
        if the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sweep = Sweep(design, folder, (1, 1), LocalExecutor(min(jobs, len(design))), resume=True)
    sweep.need().refuse()
    sweep.begin()
    tally = sweep.run(settled)
    if len(tally.failed) > len(design) // 20:
        raise RequestError(
            _(
                "{n} runs failed, such as {named}",
                n=len(tally.failed),
                named=sweep.named(tally.failed[0]),
            )
        )
    return _read(sweep)


def _read(sweep: Sweep) -> Trials:
    """The finished runs of a sweep."""
    spec = sweep.design.specs[0]
    codes = [county.code for county in spec.pack.counties]
    names = tuple(enumerated(spec.pack, spec.scenario.start))
    found, rows = [], []
    for number, summary in _summaries(sweep):
        found.append([[summary[f"{name}_{code}"] for code in codes] for name in names])
        rows.append(number)
    table = np.array(found, float).reshape(-1, len(names), len(codes))
    return Trials(
        region=spec.region,
        values=sweep.design.values[[sweep.design.row(n) for n in rows]],
        numbers=tuple(sweep.design.spec(n).draw for n in rows),
        after={name: table[:, i] for i, name in enumerate(names)},
    )


def _summaries(sweep: Sweep) -> Iterator[tuple[int, dict[str, Any]]]:
    """The number and the summary of every run that is in the store."""
    store = RunStore(sweep.folder)
    for number, key in sweep.keys.items():
        if store.has(key):
            yield number, json.loads((store.path(key) / RUN).read_bytes())["summary"]
