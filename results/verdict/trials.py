"""Trials: runs from one census to the next with parameters from the priors, to learn from.

A table of trials is a sweep of the baseline from one census of a region to the next, each draw with
random numbers and county effects of its own. So it is crash-safe, resumed and sharded like any
sweep.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Self

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
    correction: "ScaleCorrection | None" = None  # of a smaller scale to the full one

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
        found = np.stack([np.stack(list(run.values()), axis=1) for run in runs])
        return found if self.correction is None else found + self.correction.added

    def corrected(self, whole: "Trials", seed: int) -> Self:
        """These runs with what they lack of the full scale, learned from some of them made there.

        A run that was made at full scale too gets its own difference; any other the mean difference
        and the deviation from it of one of those, of all counties and summaries together.

        Parameters
        ----------
        whole : some of the same runs at full scale
        """
        row = {number: i for i, number in enumerate(self.numbers)}
        both = [i for i, number in enumerate(whole.numbers) if number in row]
        of = [row[whole.numbers[i]] for i in both]
        pairs = self.stats()[of], whole.stats()[both]
        lacking = pairs[1] - pairs[0]
        taken = np.random.default_rng([seed, 13]).integers(len(both), size=len(self.values))
        taken[of] = np.arange(len(both))
        return replace(self, correction=ScaleCorrection(*pairs, lacking[taken]))

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


@dataclass(frozen=True, eq=False)
class ScaleCorrection:
    """What summaries of runs at a small scale lack of those of the same runs at full scale."""

    small: Floats  # (pair, county, summary)
    whole: Floats  # (pair, county, summary)
    added: Floats  # (run, county, summary) to every run of the table

    def rows(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """A row for each summary, JSON-ready.

        Returns
        -------
        name; pairs; bias, the mean difference of full to small scale over pairs and counties; se,
        its standard error over pairs; most, the largest mean difference of a county; sd, of the
        summary over draws at full scale; share, the variance of the difference over draws divided
        by that of the summary at full scale, None if it never varies. Means over counties; units
        of the summary.
        """
        lacking = self.whole - self.small
        by_county, pairs = lacking.mean(axis=0), len(lacking)
        se = lacking.mean(axis=1).std(axis=0, ddof=1) / np.sqrt(pairs)
        rows = []
        for k, name in enumerate(names):
            noise, variance = (x[:, :, k].var(axis=0, ddof=1).mean() for x in (lacking, self.whole))
            rows.append({
                "name": name, "pairs": pairs, "bias": float(by_county[:, k].mean()),
                "se": float(se[k]), "most": float(np.abs(by_county[:, k]).max()),
                "sd": float(np.sqrt(variance)),
                "share": float(noise / variance) if variance > 0 else None,
            })  # fmt: skip
        return rows


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
