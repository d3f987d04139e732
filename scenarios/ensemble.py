"""Ensembles: a scenario, its baseline and reference conditions, with common random numbers.

The three meet the same parameters, the same county and yearly effects and the same random numbers:
what then differs between them is the scenario's. `Summaries` runs any number of scenarios under any
number of draws in that way, and keeps of each run what analyses read.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, Unpack

import numpy as np

from xiancheng.calibration import forms, posterior, priors
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _, listed
from xiancheng.calibration.region import Region
from xiancheng.scenarios.executor import Executor, InlineExecutor, local
from xiancheng.scenarios.outcome import (
    CAUSES,
    PUBLISHED,
    RATE,
    Outcome,
    about,
    group_of,
    of_results,
    place_coordinates,
)
from xiancheng.scenarios.run_spec import (
    READY,
    RunArguments,
    RunSpec,
    ScenarioLike,
    check_numbers,
    check_run,
    expected_seconds,
    spec_of,
    with_run_arguments,
)
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.trunk import (
    KeptStates,
    by_past,
    lacks_record,
    past_of,
    simulate_together,
)
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    import pandas as pd
    import xarray
    from matplotlib.axes import Axes

log = logging.getLogger(__name__)
PARTS = (*CAUSES, "counting")
SERIES = (PUBLISHED, "urban_residents", "residents", "jobs_filled")  # kept of every quarter
FRESH = 2**20  # numbers from here on belong to confirmations: no search has seen them
PARTS_EACH = 4  # parts for each worker into which runs are cut, if they are neither
FEWEST, MOST = 4, 24  # runs of one past in a part: the past is run once for each part
DRAW_SCALE = 0.1  # rows for each resident in runs of draws, by default
ROWS = 50_000  # for each county in runs of draws, at least: below, rates of counties show a bias
OVERHEAD = 2000  # bytes of a summary besides its arrays


class RunCache(Protocol):
    """What gives the outcomes of runs, made before or not; small and picklable."""

    def together(self, specs: Sequence[RunSpec]) -> list[Outcome]:
        """The outcome of each run; what they share is run once."""

    def has(self, spec: RunSpec) -> bool:
        """Whether a run was made before, so that it takes no time."""


# Scenarios that go together


def judged_on(scenario: Scenario, region: Region) -> date:
    """The last deadline of a target within the horizon, or else the last day."""
    due = (t.deadline for t in region.targets if t.due(scenario.start, scenario.until))
    return max(due, default=scenario.until)


# Draws


def scale_of_draws(spec: RunSpec, chosen: float | None = None) -> float:
    """Rows for each resident in runs of draws: those chosen, or else enough for their purpose.

    Of what draws are made for, chances and intervals, people at random are a small part: at
    `DRAW_SCALE`, and with `ROWS` for each county, rates differ from those at full scale by less
    than the draws do (docs/performance.md). So more draws are made instead, and never at a larger
    scale than the run without draw.

    Raises
    ------
    RequestError
        if a scale is chosen that is too small, or no scale.
    """
    if chosen is not None:
        check_run(spec.scenario, spec.region, scale=chosen)
        return chosen
    residents = float(spec.pack.urban_rural(spec.scenario.start).sum())
    least = ROWS * len(spec.pack.counties) / residents
    return min(spec.scale, max(DRAW_SCALE, round(least, 2)))


def layered(spec: RunSpec, n: int, seed: int, seeds: int = 1) -> list[RunSpec]:
    """A run under `n` draws of what we believe, spread evenly, each with `seeds` seeds in a row.

    Draws are those of the posterior of the region, or else of the priors.
    """
    return [
        spec.vary(parameters=asdict(drawn.parameters), seed=seed + seeds * i + k, draw=drawn.number)
        for i, drawn in enumerate(posterior.draws(spec.pack, n, seed))
        for k in range(seeds)
    ]


def independent(spec: RunSpec, n: int, seed: int) -> list[RunSpec]:
    """A run under `n` fresh draws, each for itself: what a binomial bound may count."""
    fresh = posterior.independent(spec.pack, n, seed + FRESH)
    return [
        spec.vary(parameters=asdict(drawn.parameters), seed=number, draw=drawn.number)
        for number, drawn in enumerate(fresh, start=seed + FRESH)
    ]


# Summaries of single runs


@dataclass(frozen=True)
class RunSummary:
    """What analyses keep of a run."""

    indicators: Floats  # (indicator, group) on the day asked for
    causes: Floats  # (part, group): why the resident rate changed by then [percentage points]
    targets: Floats  # (target,) the published rate at its deadline; nan where that is not reached
    dates: tuple[date, ...] = ()
    series: Floats | None = None  # (indicator of `SERIES`, date, group)
    outcome: Outcome | None = None  # if it was asked for
    by_chance: Floats = field(default_factory=lambda: np.zeros(0))  # see `recoded_by_chance`

    def row(self, name: str) -> Floats:
        """An indicator, (group,)."""
        return np.asarray(self.indicators[list(INDICATORS).index(name)])

    @property
    def published(self) -> Floats:
        """The published rate of every quarter, (date, group) [percent]."""
        assert self.series is not None
        return np.asarray(self.series[SERIES.index(PUBLISHED)])

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        arrays = [self.indicators, self.causes, self.targets, self.series, self.by_chance]
        size = sum(each.nbytes for each in arrays if each is not None)
        if self.outcome is not None:
            size += 2 * self.outcome.record.nbytes  # growth and census are about as much again
        return OVERHEAD + size


def summarize(outcome: Outcome, day: date) -> RunSummary:
    """What is kept of a run, as it stands at the end of a day."""
    by_group = [outcome.causes(group, day) for group in outcome.groups]
    causes = np.array([[each[cause] for each in by_group] for cause in CAUSES])
    change = outcome.at(RATE, day) - outcome.at(RATE, outcome.dates[0])
    return RunSummary(
        indicators=np.array([outcome.at(name, day) for name in INDICATORS]),
        causes=np.vstack([causes, change - causes.sum(axis=0)]),
        targets=target_rates(outcome),
        dates=outcome.dates,
        series=np.array([outcome.series(name) for name in SERIES]),
        by_chance=recoded_by_chance(outcome),
    )


def target_rates(outcome: Outcome) -> Floats:
    """The published rate at the deadline of each target [percent], (target,).

    It is nan where the deadline is not reached.
    """
    return _at_deadlines(outcome, lambda g, day: float(outcome.at(PUBLISHED, day)[g]))


def recoded_by_chance(outcome: Outcome) -> Floats:
    """How much of those rates is recoding beyond what was expected [points], (target,).

    A large unit that is recoded or not makes most of what the effect in one run owes to its seed.
    Of each run that is known, and 0 on average: without the difference between a scenario and its
    baseline, the effect is the same on average with less noise. So it is left out of the effect of
    one run wherever a verdict rests on one, and of draws it is not. nan as for the rates.
    """
    return _at_deadlines(outcome, lambda g, day: outcome.unexpected(outcome.groups[g], day))


def _at_deadlines(outcome: Outcome, value: Callable[[int, date], float]) -> Floats:
    """What is had of the group of each target, by its index, on its deadline, (target,)."""
    found = np.full(len(outcome.region.targets), np.nan)
    for i, target in enumerate(outcome.region.targets):
        if target.due(outcome.dates[0], outcome.dates[-1]):
            column = group_of(target, outcome.region, outcome.groups)
            found[i] = value(column, target.deadline)
    return found


RunTogether = Callable[[Sequence[RunSpec]], list[Outcome]]  # gives the outcome of each


@dataclass(frozen=True)
class Summarize:
    """What a worker does with the specs of runs that share a past."""

    day: date
    outcomes: bool = False  # whether the outcome comes back too, of a run without draw
    run: RunTogether = simulate_together

    def __call__(self, specs: Sequence[RunSpec]) -> list[RunSummary]:
        """Run them, and keep what analyses read."""
        return [
            replace(summarize(outcome, self.day), outcome=outcome if self._whole(spec) else None)
            for spec, outcome in zip(specs, self.run(specs), strict=True)
        ]

    def key(self, spec: RunSpec) -> tuple[Any, ...]:
        """What decides the summary of a run; see `RunSpec.outcome_key`."""
        return self.day, self._whole(spec), *spec.outcome_key

    def parts(self, specs: Sequence[RunSpec]) -> list[list[RunSpec]]:
        """The runs that are made together."""
        return by_past(specs)

    def _whole(self, spec: RunSpec) -> bool:
        return self.outcomes and spec.draw == 0


class SummarySource(Protocol):
    """What answers with the summary of each run."""

    @property
    def spec(self) -> RunSpec:
        """A run of the region at the scale that is meant."""

    def read(
        self, specs: Sequence[RunSpec], done: Callable[[], None] = lambda: None
    ) -> list[RunSummary]:
        """The summary of each run; `done` is called for each."""


class Summaries:
    """Runs specs in this process or in several, and keeps the summary of each on a day.

    Specs that come to the same outcome are run once, and so is the past that they share.

    Parameters
    ----------
    spec : a run that others are made from: `spec.running(scenario).under(draw)`
    day : the day that summaries are of; by default the last of the scenario
    jobs : worker processes; one per core by default
    cache : gives outcomes that were computed before; all are simulated by default
    again : whether more scenarios will be asked for under the same draws, so that it pays to keep
        the states at which they part
    """

    def __init__(
        self, spec: RunSpec, day: date | None = None, jobs: int | None = None,
        cache: RunCache | None = None, *, again: bool = False,
    ) -> None:  # fmt: skip
        self.spec, self.day, self.cache = spec, day or spec.scenario.until, cache
        self.simulated = 0  # runs that were really made
        self._executor: Executor = local(jobs)
        self._known: dict[tuple[Any, ...], RunSummary] = {}
        self._states = KeptStates.begin() if again else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._executor.close(at_once=kind is not None)
        if self._states:
            self._states.end()

    def read(
        self, specs: Sequence[RunSpec], done: Callable[[], None] = lambda: None
    ) -> list[RunSummary]:
        """The summary of each run; `done` is called for each.

        Raises
        ------
        WorkersLostError
        """
        keys = [spec.outcome_key for spec in specs]
        wanted = {k: spec for k, spec in zip(keys, specs, strict=True) if k not in self._known}
        for __ in range(len(keys) - len(wanted)):
            done()
        run = self.cache.together if self.cache else partial(simulate_together, states=self._states)
        summarized = Summarize(self.day, run=run)
        on_file = [s for s in wanted.values() if self.cache is not None and self.cache.has(s)]
        for spec in on_file:  # it takes no worker
            [self._known[spec.outcome_key]] = summarized([spec])
            done()
        left = [spec for key, spec in wanted.items() if key not in self._known]
        self.simulated += len(left)
        log.info("%d runs: %d to make, in %d processes", len(specs), len(left), self._executor.jobs)

        def tell(found: list[RunSummary]) -> None:
            for __ in found:
                done()

        for wave in self._waves(left):
            executor = InlineExecutor() if self._is_small(wave) else self._executor
            for part, found in zip(wave, executor.results(summarized, wave, tell), strict=True):
                self._known |= {s.outcome_key: each for s, each in zip(part, found, strict=True)}
        return [self._known[key] for key in keys]

    def _is_small(self, wave: Sequence[Sequence[RunSpec]]) -> bool:
        """Whether runs take less than workers do to get ready; who keeps states is in a worker."""
        if len(wave) == 1 or self._states:
            return len(wave) == 1
        return (
            sum(
                expected_seconds(spec.pack, spec.scale, spec.scenario.start, spec.scenario.until)
                for part in wave
                for spec in part
            )
            < READY
        )

    def _waves(self, specs: Sequence[RunSpec]) -> list[list[list[RunSpec]]]:
        """Parts of runs that share a past; first one of each whose steering is not on file."""
        size = -(-len(specs) // (PARTS_EACH * self._executor.jobs))
        first: list[list[RunSpec]] = []
        later: list[list[RunSpec]] = []
        begun: set[tuple[Any, ...]] = set()
        for part in by_past(specs, min(max(size, FEWEST), MOST)):
            past = past_of(part[0])
            (later if past in begun and lacks_record(part[0]) else first).append(part)
            begun.add(past)
        return [wave for wave in (first, later) if wave]


# An ensemble


class TargetDraws(NamedTuple):
    """Published rates of the model at the deadlines of targets, each (draw, target) [percent]."""

    scenario: Floats
    baseline: Floats
    reference: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(forms.Displayed):
    """A scenario, its baseline, and that in reference conditions, with common random numbers.

    The outcomes are those of one run of each; `drawn` holds what targets come to under draws of the
    parameters and of the county and yearly effects, None without any; `series`, where it is kept,
    the whole course of scenario, baseline and reference. `xiancheng.verdict` gives the verdict.
    """

    scenario: Outcome
    baseline: Outcome
    reference: Outcome  # the baseline itself, where outside conditions are those of reference
    drawn: TargetDraws | None = None
    series: Floats | None = None  # published rates in each draw, (side, draw, date, group)
    draw_scale: float | None = None  # rows for each resident in the runs of draws; None without any

    @classmethod
    def of(cls, outcome: Outcome, run: RunTogether = simulate_together) -> "Ensemble":
        """An outcome with its baseline and reference, run with the same random numbers."""
        reference, baseline = run([outcome.spec.reference, outcome.spec.baseline])
        return cls(outcome, _one(baseline, reference), reference)

    def with_draws(
        self, scenario: Sequence[RunSummary], baseline: Sequence[RunSummary],
        reference: Sequence[RunSummary], scale: float,
    ) -> "Ensemble":  # fmt: skip
        """The same with a run of each side in each draw, with so many rows for each resident."""
        sides = scenario, baseline, reference
        return self.with_series(np.array([[run.published for run in s] for s in sides]), scale)

    def with_series(self, series: Floats, scale: float) -> "Ensemble":
        """The same with the published rates of each draw, (side, draw, date, group) [percent].

        Sides are scenario, baseline and reference; `scale` is that of their runs.
        """
        outcome, by_date = self.scenario, np.moveaxis(series, 2, 0)
        rates = np.full((*series.shape[:2], len(outcome.region.targets)), np.nan)
        for t in self.due:
            target = outcome.region.targets[t]
            column = group_of(target, outcome.region, outcome.groups)
            rates[..., t] = outcome.on(by_date[..., column], target.deadline)
        return replace(self, drawn=TargetDraws(*rates), series=series, draw_scale=scale)

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return 0 if self.drawn is None else len(self.drawn.scenario)

    @property
    def published(self) -> Floats:
        """Published rates of scenario, baseline and reference, (side, draw, date, group) [percent].

        In each draw, or in the one run of each where the series of draws were not kept.
        """
        if self.series is not None:
            return self.series
        runs = (self.scenario, self.baseline, self.reference)
        return np.array([[run.series(PUBLISHED)] for run in runs])

    @property
    def due(self) -> list[int]:
        """The targets of the region whose deadlines are reached, by their index."""
        first, last = self.scenario.dates[0], self.scenario.dates[-1]
        return [i for i, t in enumerate(self.scenario.region.targets) if t.due(first, last)]

    @cached_property
    def central(self) -> TargetDraws:
        """The rates of the one run of each, as a single draw; see `by_chance`."""
        runs = (self.scenario, self.baseline, self.reference)
        rates = TargetDraws(*(target_rates(run)[None] for run in runs))
        return rates._replace(scenario=rates.scenario - self.by_chance)

    @cached_property
    def by_chance(self) -> Floats:
        """What the effect leaves out, (target,) [points]; see `recoded_by_chance`."""
        return recoded_by_chance(self.scenario) - recoded_by_chance(self.baseline)

    def to_frame(self) -> "pd.DataFrame":
        """A row for each draw and target: the rates in the model [percent].

        Returns
        -------
        `draw` from 1 on, 0 for the run without draw; `target`, `unit_code`, `county`, `county_en`,
        `deadline`; `scenario`, `baseline`, `reference`; `effect_pp`, `scenario` less `baseline`
        """
        import pandas as pd

        rates = self.rates
        columns = self._target_columns()
        rows = [
            {"draw": draw, **{name: cells[i] for name, cells in columns.items()}}
            | {name: float(each[draw, t]) for name, each in rates._asdict().items()}
            for draw in range(len(rates.scenario))
            for i, t in enumerate(self.due)
        ]
        table = pd.DataFrame(rows, columns=["draw", *columns, *TargetDraws._fields])
        return forms.typed(table.assign(effect_pp=table["scenario"] - table["baseline"]))

    @property
    def rates(self) -> TargetDraws:
        """The rates of the run without draw, then of every draw, each (1 + draw, target)."""
        if self.drawn is None:
            return self.central
        return TargetDraws(*map(np.vstack, zip(self.central, self.drawn, strict=True)))

    def _target_columns(self) -> dict[str, list[Any]]:
        """What tells the targets apart that are due, a list each."""
        outcome = self.scenario
        targets = [outcome.region.targets[t] for t in self.due]
        places = [outcome.groups[group_of(t, outcome.region, outcome.groups)] for t in targets]
        return {
            "target": [t.id for t in targets], "unit_code": [p.code for p in places],
            "county": [p.zh for p in places], "county_en": [p.en for p in places],
            "deadline": [t.deadline for t in targets],
        }  # fmt: skip

    def to_xarray(self) -> "xarray.Dataset":
        """The rates of every draw [percent], with `side` scenario, baseline or reference.

        Returns
        -------
        `rate`, (side, draw, target), as in `to_frame`; `published`, (side, run, date, unit_code),
        the published rate over time in each draw, or in the one run of each side where there is
        none

        Raises
        ------
        RequestError
            if xarray is not installed.
        """
        outcome, rates, own = self.scenario, self.rates, self._target_columns()
        days = np.array(own.pop("deadline"), "datetime64[ns]")
        series = self.published
        first = int(self.series is not None)
        return forms.dataset(
            {
                "rate": (("side", "draw", "target"), np.array(rates)[..., self.due]),
                "published": (("side", "run", "date", "unit_code"), series),
            },
            {
                "side": list(TargetDraws._fields), "draw": np.arange(len(rates.scenario)),
                "run": np.arange(series.shape[1]) + first,
                "target": own["target"], "deadline": ("target", days),
                "target_county": ("target", own["county"]),
                "target_county_en": ("target", own["county_en"]),
                "date": np.array(outcome.dates, "datetime64[ns]"),
                **place_coordinates(outcome.groups),
            },
            units={"rate": "percent", "published": "percent"},
            about=about(outcome.spec) | {"draws": self.draws},
        )  # fmt: skip

    def plot(
        self, place: int | None = None, *, ax: "Axes | None" = None, lang: str | None = None
    ) -> "Axes":
        """Draw the published rate over time with and without the plan, with 90 % of draws.

        Level and interval are those of the verdict, and censuses, published rates and targets are
        marked.

        Parameters
        ----------
        place : unit code; by default that of the first target that is due
        ax, lang : as `Outcome.plot` takes them

        Raises
        ------
        RequestError
            if matplotlib is not installed, or there is no such place.
        """
        draw = of_results("plots", "path", _("plots are drawn"))
        return draw(self, place, ax, lang)

    def displayed(self) -> tuple[str, forms.Rows]:
        """What was run, and what the scenario adds at each target."""
        outcome, settings = self.scenario, self.scenario.settings
        rows = [
            ("horizon", f"{outcome.dates[0]} to {outcome.dates[-1]}"),
            ("run", f"scale {settings['scale']:g}, seed {settings['seed']}"),
            ("draws", f"{self.draws}, scale {self.draw_scale:g}" if self.draws else "none"),
        ]
        for t in self.due:
            rates = self.drawn or self.central
            effects = rates.scenario[:, t] - rates.baseline[:, t]
            low, middle, high = np.percentile(effects, (5, 50, 95))
            shown = f", median; 90 % are {low:+.2f} to {high:+.2f}" * (self.draws > 0)
            rows.append(
                (outcome.region.targets[t].id, f"effect in the model {middle:+.2f} points{shown}")
            )
        return f"Ensemble of {outcome.scenario.name!r} in {outcome.region.name!r}", rows


@with_run_arguments
def ensemble(
    scenario: ScenarioLike | RunSpec = "plan", *, draws: int | Sequence[Mapping[str, Any]] = 40,
    draw_scale: float | None = None, jobs: int | None = None,
    done: Callable[[], None] | None = None, cache: RunCache | None = None,
    **kwargs: Unpack[RunArguments],
) -> Ensemble:  # fmt: skip
    """Run a scenario and its baseline in many worlds, with common random numbers.

    In each world there are three runs: the scenario, the same without measures (baseline), and that
    without changed outside conditions (reference). They are run once at central parameters, and
    then under each draw.

    With more than one job, a script calls it under `if __name__ == "__main__":`, as worker
    processes import the script.

    Parameters
    ----------
    scenario : as `simulate` takes it
    draws : how many of parameters with county and yearly effects, from the posterior of the region
        or else from its priors; 0 for the one run of each. Or the worlds themselves, with the keys
        `parameters`, `draw` and `seed`, as `xiancheng.draws` gives them
    draw_scale : rows for each resident in the runs of draws, in (0, 1]; by default 0.1, more where
        counties are small, and never more than `scale`
    jobs : worker processes; one per core by default
    done : called after each of the first two runs and each run of a draw, for a progress bar
    cache : gives outcomes that were computed before; all are simulated by default
    kwargs : as `simulate` takes them; `seed` is that of the one run and of the draws

    Returns
    -------
    an `Ensemble`: `to_frame()` has the rates of each draw and target [percent] and the effect
    between them [points]; `scenario` and `baseline` are the outcomes at central parameters. Hand it
    to `xiancheng.verdict` for chances and intervals of the published rate

    Raises
    ------
    RequestError, ParameterError, PackError, ScenarioError
        before anything is computed.
    WorkersLostError
        if a draw ended its worker every time it was tried.

    Examples
    --------
    >>> from xiancheng import ensemble
    >>> both = ensemble("plan", draws=2, scale=0.005, jobs=1)
    >>> both.to_frame()["draw"].unique().tolist()  # 0: central parameters
    [0, 1, 2]
    """
    spec = spec_of(scenario, kwargs)
    done = done or (lambda: None)
    if jobs is not None:
        check_numbers(jobs=jobs)
    scale = scale_of_draws(spec, draw_scale)
    small = spec.vary(scale=scale)
    if isinstance(draws, Sequence):
        drawn = _worlds(small, draws)
    else:
        check_numbers(draws=draws)
        drawn = layered(small, int(draws), spec.seed) if draws else []
    if drawn:
        check_drawable(spec)
    run = cache.together if cache else simulate_together
    reference, baseline, outcome = run([spec.reference, spec.baseline, spec])
    both = Ensemble(outcome, _one(baseline, reference), reference)
    done()
    done()
    if drawn:
        sides = sides_of(spec)
        specs = [side.vary(scale=scale).under(draw) for draw in drawn for side in sides]
        with Summaries(spec, jobs=jobs, cache=cache) as runs:
            found = runs.read(specs, done)
        n = len(sides)
        return both.with_draws(found[0::n], found[1::n], found[n - 1 :: n], scale)
    return both


def sides_of(spec: RunSpec) -> list[RunSpec]:
    """What is run under each draw: the scenario, its baseline, and that in reference conditions.

    The last two are one run where the scenario's conditions are the reference.
    """
    baseline, reference = spec.baseline, spec.reference
    one = reference.scenario.conditions == baseline.scenario.conditions
    return [spec, baseline] if one else [spec, baseline, reference]


WORLD = ("parameters", "draw", "seed")  # the keys of a world


def _worlds(spec: RunSpec, worlds: Sequence[Mapping[str, Any]]) -> list[RunSpec]:
    """A run in each of some worlds.

    Raises
    ------
    RequestError, ParameterError
    """
    for i, world in enumerate(worlds):
        if not isinstance(world, Mapping) or set(world) != set(WORLD):
            raise RequestError(
                _("world {i} of draws should have the keys {known}, as xiancheng.draws gives them; "
                  "got {found}", i=i, known=listed(WORLD), found=str(world)[:60])
            )  # fmt: skip
        check_numbers(draw=world["draw"], seed=world["seed"])
        priors.override(world["parameters"])
    return [spec.vary(**{name: world[name] for name in WORLD}) for world in worlds]


def _one(baseline: Outcome, reference: Outcome) -> Outcome:
    """The baseline; the run in reference conditions itself, if they are its own."""
    same = reference.scenario.conditions == baseline.scenario.conditions
    return reference if same else baseline


def check_drawable(spec: RunSpec) -> None:
    """Refuse draws where no target falls due.

    Raises
    ------
    RequestError
    """
    start, until = spec.scenario.start, spec.scenario.until
    if not any(target.due(start, until) for target in spec.pack.targets):
        raise RequestError(
            _("no target falls due from {start} to {until}, so draws have "
              "nothing to judge; leave --draws out", start=start, until=until)
        )  # fmt: skip
