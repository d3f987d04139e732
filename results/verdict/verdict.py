"""The verdict: what is expected of each target at its deadline, and how sure that is.

Where there is a record of change the level is that of statistics (`results.verdict.level`), which
runs of the model without the plan follow; else, or where alignment is off, it is the model's own.
What outside conditions and the plan add to it are differences between runs with the same random
numbers, paired with draws of the level by `results.verdict.level`. Why the rate changes is said by
the run without draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from xiancheng.calibration import forms
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.forecasts.level import run_of_draw
from xiancheng.calibration.i18n import _
from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict.level import Level, published
from xiancheng.scenarios.ensemble import Ensemble
from xiancheng.scenarios.outcome import CAUSES, Group, Outcome, floor, group_of, of_results
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.sim.state import Bools, Floats, Ints

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

INTERVAL = (5, 95)  # percentiles
ERRORS = ("expected_mc_error", "probability_mc_error")  # what more draws would take away
MIDDLE = (40, 60)  # percentiles between which a density at the median is taken
ODD = 0.005  # share of draws beyond a figure on its side, below which the figure is marked as odd
BY_DRAWS = (  # columns of `Verdict.to_frame` that draws have a part in
    "without", "expected", "low", "high", "probability", "probability_without", "all_met",
    "all_met_without", "from_conditions_pp", "from_plan_pp", "plan_low", "plan_high",
    "margin_pp", "counting_pp", "basis", "draws", "draw_scale", *ERRORS,
    *(BEFORE := ("expected_before", "low_before", "high_before", "probability_before")),
)  # fmt: skip
OF_THE_MODEL = ("above_target_in_model", "model_margin_pp")  # of one run, and no verdict


@dataclass(frozen=True, eq=False, repr=False)
class Verdict(forms.Displayed):
    """What is expected of each target; rates are (draw, target), in percent.

    One run at central parameters has a distribution too where the level is that of statistics;
    else rates are (1, target), and intervals and chances are unknown.
    """

    targets: tuple[str, ...]  # ids
    deadlines: tuple[date, ...]  # of each
    thresholds: Floats  # the least rate that meets each, (target,)
    level: Floats  # without the plan, in reference conditions
    baseline: Floats  # without the plan, in the conditions of the scenario
    scenario: Floats  # with the plan
    effect: Floats  # scenario minus baseline in each run of the model, (run, target) [points]
    anchored: bool  # whether the level is that of statistics
    draws: int  # of the parameters; 0 at central values
    runs: Ints  # of the model that each draw rests on, (draw,) index
    draw_scale: float | None = None  # rows for each resident in runs of draws; None without any
    one_run: "pd.DataFrame | None" = None  # at central parameters; see `of`
    before: Floats | None = None  # with the plan, on the level without what a user brought

    @classmethod
    def of_rates(
        cls, targets: Mapping[str, tuple[date, float]], level: Floats | None, *,
        scenario: Floats, baseline: Floats, reference: Floats, draws: int = 0,
        draw_scale: float | None = None, one_run: "pd.DataFrame | None" = None,
        unaware: Floats | None = None,
    ) -> Self:  # fmt: skip
        """The verdict from the rates of runs of the model.

        Parameters
        ----------
        targets : deadline and threshold [percent] by id
        level : draws of the level at the deadlines, (draw, target) [percent]; None if unknown
        scenario, baseline, reference : of each run, (run, target) [percent]
        unaware : as `level`, without the published rates that a user brought
        """
        several = level is not None and len(scenario) > 1
        rates = published(level, scenario, reference)
        return cls(
            targets=tuple(targets),
            deadlines=tuple(day for day, _ in targets.values()),
            thresholds=np.array([rate for _, rate in targets.values()]),
            level=reference if level is None else level,
            baseline=published(level, baseline, reference),
            scenario=rates,
            effect=scenario - baseline,
            anchored=level is not None,
            draws=draws,
            runs=run_of_draw(len(scenario), len(rates)) if several else np.arange(len(rates)),
            draw_scale=draw_scale,
            one_run=one_run,
            before=None if unaware is None else published(unaware, scenario, reference),
        )

    @classmethod
    def of(cls, ensemble: Ensemble) -> Self:
        """The verdict on an ensemble, with its draws or on the one run of each."""
        region, rows = ensemble.scenario.region, ensemble.scenario.model_target_rows()
        due, rates = ensemble.due, ensemble.drawn or ensemble.central
        known = anchor(ensemble) if rows else None
        before = unaware(ensemble) if rows else None
        one_run = pd.DataFrame(rows).rename(columns={"model_rate": "simulated"})
        if rows:
            one_run["baseline"] = ensemble.central.baseline[0, due]
            one_run["recoding_pp"] = (one_run["recoding_pp"] - ensemble.by_chance[due]).round(6)
            groups, targets = ensemble.scenario.groups, [region.targets[t] for t in due]
            steered = [
                ensemble.scenario.steered(groups[group_of(t, region, groups)], t.deadline)
                for t in targets
            ]
            for part in ("flow", "recoding"):
                one_run[f"steered_{part}_pp"] = [round(each[part], 6) for each in steered]
        return cls.of_rates(
            {region.targets[t].id: (region.targets[t].deadline, floor(region.targets[t]))
             for t in due},
            None if known is None else known.at_deadlines(region)[:, due],
            scenario=rates.scenario[:, due], baseline=rates.baseline[:, due],
            reference=rates.reference[:, due], draws=ensemble.draws,
            draw_scale=ensemble.draw_scale,
            one_run=_named(one_run, ensemble.scenario.spec),
            unaware=None if before is None else before.at_deadlines(region)[:, due],
        )  # fmt: skip

    @property
    def uncertain(self) -> bool:
        """Whether there is a distribution to speak of, and not one run alone."""
        return len(self.scenario) > 1

    def met(self, rates: Floats) -> Bools:
        """Which targets are met at these rates, (draw, target)."""
        return np.asarray(rates >= self.thresholds)

    def all_met(self, rates: Floats) -> Floats:
        """The chance that all targets due by the deadline of each are met; nan if unknown."""
        if not self.uncertain:
            return np.full(len(self.targets), np.nan)
        met = self.met(rates)
        due = [[other <= day for other in self.deadlines] for day in self.deadlines]
        return np.array([met[:, which].all(axis=1).mean() for which in due])

    def monte_carlo_errors(self) -> tuple[Floats, Floats]:
        """Standard errors of `expected` [points] and `probability`, each (target,).

        What would change with other draws of the same distributions, and shrinks with more of them.
        Draws that rest on the same run are counted as one group. Null where there is one run alone.

        References
        ----------
        Serfling (1980), Approximation Theorems of Mathematical Statistics, 2.5 (quantiles)
        """
        if not self.uncertain:
            return np.full(len(self.targets), np.nan), np.full(len(self.targets), np.nan)
        below, above = np.percentile(self.scenario, MIDDLE, axis=0)
        slope = 100 * (above - below) / (MIDDLE[1] - MIDDLE[0])  # points for each unit of chance
        median = np.median(self.scenario, axis=0)
        expected = slope * standard_error_of_share(self.scenario >= median, self.runs)
        return expected, standard_error_of_share(self.met(self.scenario), self.runs)

    def estimates(self) -> dict[str, Floats]:
        """Expected rates, intervals, chances and differences, each (target,).

        `expected` and `without` are medians; `all_met` is the chance that all targets due by this
        deadline are met, each at its own. Outside conditions and the plan make `from_conditions_pp`
        and `from_plan_pp` of the rate. `plan_low` and `plan_high` hold 90 % of the paired effects
        of the plan over draws; null where there are none. `ERRORS` are standard errors, see
        `monte_carlo_errors`.
        """
        middle, before, expected = (
            np.median(rates, axis=0) for rates in (self.level, self.baseline, self.scenario)
        )
        unknown = np.full(len(self.targets), np.nan)
        low, high = np.percentile(self.scenario, INTERVAL, axis=0)
        effects = np.percentile(self.effect, INTERVAL, axis=0)
        errors, earlier = self.monte_carlo_errors(), dict[str, Floats]()
        if self.before is not None:
            ends = np.percentile(self.before, INTERVAL, axis=0)
            earlier = {
                "expected_before": np.median(self.before, axis=0),
                "low_before": ends[0], "high_before": ends[1],
                "probability_before": probability(self.before, self.thresholds),
            }  # fmt: skip
        return earlier | {
            "without": before, "expected": expected,
            "low": low if self.uncertain else unknown,
            "high": high if self.uncertain else unknown,
            "probability": probability(self.scenario, self.thresholds),
            "probability_without": probability(self.baseline, self.thresholds),
            "all_met": self.all_met(self.scenario),
            "all_met_without": self.all_met(self.baseline),
            "from_conditions_pp": before - middle,
            "from_plan_pp": expected - before,
            "plan_low": effects[0] if len(self.effect) > 1 else unknown,
            "plan_high": effects[1] if len(self.effect) > 1 else unknown,
            **dict(zip(ERRORS, errors, strict=True)),
        }  # fmt: skip

    def to_frame(self) -> "pd.DataFrame":
        """One row for each target whose deadline the run reaches; empty if there is none.

        Returns
        -------
        `target`, `target_name`, `target_name_en`, `unit_code`, `county`, `county_en`, `deadline`,
        `operator`, `target_rate`,
        `rate_at_start`; what `estimates` gives; `margin_pp`, the expected rate less the
        target; `basis` of the level, "statistics", "model", "unaligned" or "another start";
        `draws` of the parameters, 0 at central values, and the scale of their runs, `draw_scale`;
        of the run without draw its rates `simulated` and `baseline`, and `effect_pp` between them;
        then why the rate changes: `natural_pp`, `migration_pp`, `recoding_pp`, `denominator_pp`
        and `counting_pp` add up to `expected` less `rate_at_start`; of migration `steered_flow_pp`
        and of recoding `steered_recoding_pp` are what it took to follow the level, 0 where none is

        Raises
        ------
        ValueError
            for a verdict that was made of rates alone.
        """
        return forms.typed(self.table())

    def to_xarray(self) -> "xarray.Dataset":
        """The distributions behind the verdict [percent].

        Returns
        -------
        `level`, `baseline` and `scenario`, (draw, target): without the plan in reference conditions
        and in those of the scenario, and with the plan; `effect_pp`, (run, target): what the plan
        adds in each run of the model; `threshold`, (target,): the least rate that meets it

        Raises
        ------
        RequestError
            if xarray is not installed.
        """
        rates = {"level": self.level, "baseline": self.baseline, "scenario": self.scenario}
        own = pd.DataFrame() if self.one_run is None else self.one_run
        return forms.dataset(
            {name: (("draw", "target"), values) for name, values in rates.items()}
            | {"effect_pp": (("run", "target"), self.effect),
               "threshold": (("target",), self.thresholds)},
            {"target": list(self.targets),
             "deadline": ("target", np.array(self.deadlines, "datetime64[ns]")),
             **{name: ("target", list(own[name])) for name in ("county", "county_en")
                if name in own}},
            units=dict.fromkeys((*rates, "threshold"), "percent") | {"effect_pp": "points"},
            about={"draws": self.draws, "level": "statistics" if self.anchored else "model"},
        )  # fmt: skip

    def plot(self, *, ax: "Axes | None" = None, lang: str | None = None) -> "Axes":
        """Draw each target: the rate at the start, without and with the plan, with its interval.

        Parameters
        ----------
        ax, lang : as `Outcome.plot` takes them

        Raises
        ------
        RequestError
            if matplotlib is not installed.
        """
        return of_results("plots", "verdicts", _("plots are drawn"))(self, ax, lang)

    def table(self) -> "pd.DataFrame":
        """The table of `to_frame` with plain cells, as renderers and files take it.

        Raises
        ------
        ValueError
            for a verdict that was made of rates alone.
        """
        if self.one_run is None:
            raise ValueError("a verdict made of rates alone has no run to show; see estimates()")
        if self.one_run.empty:
            return self.one_run
        table = self.one_run.copy()
        columns = self.estimates()
        columns["margin_pp"] = columns["expected"] - table["target_rate"].to_numpy()
        earlier = {name: columns.pop(name) for name in BEFORE if name in columns}
        at = list(table.columns).index("rate_at_start") + 1
        for name, values in reversed(columns.items()):
            table.insert(at, name, values.round(6))
        if self.anchored:
            table["basis"] = "statistics"
        table.insert(at, "basis", table.pop("basis"))
        scale = self.draw_scale if self.draws and self.draw_scale else np.nan
        table.insert(at, "draw_scale", scale)
        table.insert(at, "draws", self.draws)
        table["baseline"] = table.pop("baseline")
        table["effect_pp"] = (table["simulated"] - table["baseline"]).round(6)
        causes = [table.pop(f"{cause}_pp") for cause in (*CAUSES, "counting")]
        for cause, points in zip(CAUSES, causes, strict=False):
            table[f"{cause}_pp"] = points.round(6)
        explained = table["rate_at_start"] + sum(causes[:-1])
        table["counting_pp"] = (table["expected"] - explained).round(6)
        for part in ("flow", "recoding"):
            table[f"steered_{part}_pp"] = table.pop(f"steered_{part}_pp")
        for name, values in earlier.items():
            table[name] = values.round(6)
        return table

    def displayed(self) -> tuple[str, forms.Rows]:
        """Each target with its expected rate and chance."""
        own = self.estimates()
        basis = "statistics" if self.anchored else "the model's own"
        run, places = self.one_run, [""] * len(self.targets)
        if run is not None and not run.empty:
            places = list(run["county_en"])
        rows = []
        for i, (target, day) in enumerate(zip(self.targets, self.deadlines, strict=True)):
            chance = f", probability {own['probability'][i]:.2f}" if self.uncertain else ""
            rows.append((
                f"{target} {places[i]} ({day})".replace("  ", " "),
                f"expected {own['expected'][i]:.2f} %, needs {self.thresholds[i]:g} %{chance}",
            ))  # fmt: skip
        return f"Verdict: {len(self.targets)} targets, {self.draws} draws, level: {basis}", rows


def standard_error_of_share(holds: Bools, groups: Ints) -> Floats:
    """The standard error of a share over draws, some of which hang together, (column,).

    Parameters
    ----------
    holds : (draw, column)
    groups : that each draw belongs to, (draw,) index

    References
    ----------
    Liang & Zeger (1986), Biometrika 73
    """
    sums = np.zeros((int(groups.max()) + 1, holds.shape[1]))
    np.add.at(sums, groups, holds - holds.mean(axis=0))
    return np.asarray(np.sqrt((sums**2).sum(axis=0)) / len(holds))


def probability(rates: Floats, thresholds: Floats) -> Floats:
    """The chance to meet each target at these rates, (draw, target); nan where there is one run."""
    if len(rates) < 2:
        return np.full(len(thresholds), np.nan)
    return np.asarray((rates >= thresholds).mean(axis=0))


def _named(one_run: "pd.DataFrame", spec: RunSpec) -> "pd.DataFrame":
    """The rows of a run with the names of targets, and the basis where no level is known."""
    if one_run.empty:
        return one_run
    region = spec.pack
    names = {each.id: each.name for each in region.targets}
    table = one_run.drop(columns=list(OF_THE_MODEL))
    for lang, column in (("en", "target_name_en"), ("zh", "target_name")):
        table.insert(1, column, [names[t].text(lang) for t in table["target"]])
    if spec.scenario.start != region.censuses[-1]:
        return table.assign(basis="another start")
    return table.assign(basis="unaligned" if spec.alignment == OFF else "model")


def verdicts(ensemble: Ensemble) -> "pd.DataFrame":
    """The table of `Verdict.table` on an ensemble: a row for each target that falls due."""
    return Verdict.of(ensemble).table()


def of_outcome(result: Outcome | Ensemble) -> Verdict:
    """The verdict on targets: expected rates, intervals, chances, and what the plan adds.

    Parameters
    ----------
    result : of `ensemble`, for chances and intervals over draws; or of `simulate`, whose baseline
        and reference conditions are then simulated too, as a single run

    Returns
    -------
    a `Verdict`: rates are (draw, target) in percent; `to_frame()` has a row for each target. It
    covers the targets whose deadlines the run reaches. What is uncertain of the level is in it
    only where statistics carry the level; `probability` is nan where one run is all there is

    Raises
    ------
    RequestError
        for anything else, as a saved run.

    Examples
    --------
    >>> from xiancheng import ensemble, verdict
    >>> judged = verdict(ensemble("plan", draws=2, scale=0.005, jobs=1))
    >>> bool(judged.to_frame()["probability"].between(0, 1).all())
    True
    """
    if not isinstance(result, Outcome | Ensemble):
        raise RequestError(
            _("verdict takes what simulate or ensemble gives; got {kind}. Of a saved run take "
              "outcome(), or record.verdicts for the verdicts as they were saved",
              kind=type(result).__name__)
        )  # fmt: skip
    return Verdict.of(result if isinstance(result, Ensemble) else Ensemble.of(result))


def anchor(ensemble: Ensemble) -> Level | None:
    """The level of an ensemble; None if it starts at another census, none is known or followed."""
    outcome = ensemble.scenario
    return levels.level_of(outcome.spec, outcome.dates[-1])


def unaware(ensemble: Ensemble) -> Level | None:
    """The level without the published rates that a user brought; None where none were, or none is.

    Draws have the same random numbers as those of `anchor`.
    """
    outcome = ensemble.scenario
    if not outcome.spec.observations:
        return None
    spec = replace(outcome.spec, observations=())
    return levels.level_of(spec, outcome.dates[-1])


@dataclass(frozen=True, eq=False)
class NewFigure:
    """A published rate that a user brought, and what was foreseen for its day."""

    code: int  # of the unit
    day: date
    rate: float  # [percent]
    foreseen: float | None  # the median [percent]; None where no level is known of the unit
    low: float | None  # of 90 %
    high: float | None
    odd: bool  # whether it lies where hardly any draw does: see ODD


def new_figures(ensemble: Ensemble) -> list[NewFigure]:
    """The rates that a user brought, by unit and day."""
    level, found = unaware(ensemble), []
    for each in sorted(ensemble.scenario.spec.observations, key=lambda e: (e.code, e.day)):
        code = int(each.code)
        low = high = middle = None
        odd = False
        if level is not None and code in level.codes and each.day <= level.days[-1]:
            draws = level.at(each.day)[:, level.codes.index(code)]
            low, middle, high = (float(q) for q in np.percentile(draws, (5, 50, 95)))
            below = float((draws <= each.rate).mean())
            odd = min(below, 1 - below) < ODD
        found.append(NewFigure(code, each.day, each.rate, middle, low, high, odd))
    return found


@dataclass(frozen=True, eq=False)
class Path:
    """The published rate of a group over time, each (day,) [percent]."""

    days: tuple[date, ...]
    baseline: Floats  # without the plan: the median
    scenario: Floats  # with the plan
    low: Floats | None  # of 90 % with the plan; None where no level is known
    high: Floats | None


def path(ensemble: Ensemble, group: Group, verdicts: "pd.DataFrame") -> Path:
    """The rate at every quarter's end: medians, and 90 % with the plan; see `level.published`.

    Where the ensemble has no series of its draws, the differences are those of the run without
    draw, and what draws add to a verdict at its deadline is added in proportion to time: from
    nothing at the start, from deadline to deadline, and the same after the last. So the path goes
    through every verdict in either case.
    """
    days, column = ensemble.scenario.dates, ensemble.scenario.groups.index(group)
    level = anchor(ensemble)
    scenario, baseline, reference = ensemble.published[..., column]  # each (run, day)
    known = None
    if level is not None and group.code in level.codes:
        column = level.codes.index(group.code)
        known = np.stack([level.at(day)[:, column] for day in days], axis=1)
    with_plan, without = (levels.published(known, run, reference) for run in (scenario, baseline))
    lines = {"without": np.median(without, axis=0), "expected": np.median(with_plan, axis=0)}
    if known is None:
        return Path(days, lines["without"], lines["expected"], None, None)
    lines["low"], lines["high"] = np.percentile(with_plan, INTERVAL, axis=0)
    due = {
        row["deadline"].toordinal(): row
        for row in verdicts.to_dict("records")
        if row["unit_code"] == group.code
    }
    at, ends = [day.toordinal() for day in days], sorted(due)
    for name, line in lines.items():
        added = [due[end][name] - np.interp(end, at, line) for end in ends]
        line += np.interp(at, [at[0], *ends], [0.0, *added])
    return Path(days, *(np.clip(line, 0, 100) for line in lines.values()))
