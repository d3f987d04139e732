"""What ensembles cost, and what runs of draws at a smaller scale give away.

    python -m benchmarks ensembles

`branches`: scenarios of one draw each for itself and from one trunk, and a changed lever where the
states at which scenarios part are kept. `accuracy`: the same draws at two scales, the published
rate of every target without alignment (the model's own level, the harder test) and what the plan
adds to it: bias, correlation by draw, and the ends of the distribution. `effects`: what one pair of
runs owes to its seed, with and without the control for recoding. `sampling`: random, Latin
hypercube and scrambled Sobol draws of the parameters.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.tables import Cells, Measured
from xiancheng.calibration import priors
from xiancheng.scenarios.design import sampled
from xiancheng.scenarios.ensemble import Ensemble, RunSummary, Summaries, judged_on, layered
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulation import simulate
from xiancheng.scenarios.trunk import KeptStates, simulate_together
from xiancheng.sim.state import Floats

QUANTILES = (5, 50, 95)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this thread."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def changed(plan: Scenario, by: float) -> Scenario:
    """The plan with another intensity of its first measure."""
    first = next(iter(plan.settings))
    other = plan.settings[first].model_copy(update={"intensity": by})
    return replace(plan, settings={**plan.settings, first: other})


def branches(scale: float, repeats: int) -> list[Measured]:
    """What k scenarios of a draw cost from one trunk, in turns with each for itself."""
    plan = resolve("plan")
    spec = RunSpec.of(plan, scale=scale)
    sides = [spec.reference, spec, *(spec.running(changed(plan, x)) for x in (0.5, 0.7))]
    simulate_together(sides)  # compiled, and the record of steering on file
    found: dict[str, list[float]] = {}

    def note(what: str, value: float) -> None:
        found.setdefault(what, []).append(value)

    states = KeptStates.begin()
    try:
        simulate_together([spec], states)
        for turn in range(repeats):
            for k in (2, 4):
                alone = sum(seconds(partial(simulate, each)) for each in sides[:k])
                together = seconds(partial(simulate_together, sides[:k]))
                note(f"{k} scenarios from one trunk", together)
                note(f"{k} scenarios: each for itself / from one trunk", alone / together)
            lever = spec.running(changed(plan, 0.8 + turn / 100))
            alone = seconds(partial(simulate, lever))
            warm = seconds(partial(simulate_together, [lever], states))
            note("a changed lever, states kept", warm)
            note("a changed lever: from the start / states kept", alone / warm)
    finally:
        states.end()
    return [
        Measured.of(f"scale {scale:g}: {what}", "x" if " / " in what else "s CPU", values)
        for what, values in found.items()
    ]


def accuracy(small: float, large: float, draws: int, jobs: int | None = None) -> Cells:
    """Published rates of targets at two scales, in the same draws [points]."""
    cells = [["target", "what", "bias (s.e.)", "r by draw", "5 / 50 / 95 %", "the same, large"]]
    for alignment, what in ((OFF, "rate"), ("level", "plan adds")):
        spec = RunSpec.of("plan", scale=large, alignment=alignment)
        rates: list[Floats] = []
        for scale in (small, large):
            table = layered(spec.vary(scale=scale), draws, 1)
            sides = [spec.vary(scale=scale).under(draw) for draw in table]
            if what != "rate":
                sides += [spec.vary(scale=scale).reference.under(draw) for draw in table]
            with Summaries(spec, judged_on(spec.scenario, spec.pack), jobs) as runs:
                found = targets(runs.read(sides))
            rates.append(found if what == "rate" else found[:draws] - found[draws:])
        for t, target in enumerate(spec.pack.targets):
            less, more = (each[:, t] for each in rates)
            if np.isfinite(less).all():
                cells.append([target.id, what, *compared(less, more)])
    return cells


def targets(runs: list[RunSummary]) -> Floats:
    """The published rate at each deadline, (run, target) [percent]."""
    return np.array([run.targets for run in runs])


def compared(small: Floats, large: Floats) -> list[str]:
    """Bias with its standard error, correlation, and quantiles of the two, as cells."""
    difference = small - large
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    ends = [" / ".join(f"{x:.2f}" for x in np.percentile(each, QUANTILES))
            for each in (small, large)]  # fmt: skip
    r = np.corrcoef(small, large)[0, 1]
    return [f"{difference.mean():+.3f} ({error:.3f})", f"{r:.3f}", *ends]


def effects(scale: float, seeds: int) -> Cells:
    """The effect of the plan over seeds, as it is and corrected by expected recoding [points]."""
    cells = [["target", "effect", "sd over seeds", "sd corrected", "variance divided by"]]
    raw: list[Floats] = []
    corrected: list[Floats] = []
    for seed in range(1, seeds + 1):
        spec = RunSpec.of("plan", scale=scale, seed=seed)
        pair = simulate_together([spec, spec.reference])
        both = Ensemble(pair[0], pair[1], pair[1])
        corrected.append((both.central.scenario - both.central.baseline)[0])
        raw.append(corrected[-1] + both.by_chance)
    for t, target in enumerate(spec.pack.targets):
        before, after = np.array(raw)[:, t], np.array(corrected)[:, t]
        sd, left = before.std(ddof=1), after.std(ddof=1)
        cells.append([
            target.id, f"{after.mean():+.3f}", f"{sd:.4f}", f"{left:.4f}", f"{(sd / left) ** 2:.1f}"
        ])  # fmt: skip
    return cells


def sampling(n: int, replicates: int, scale: float = 0.01) -> Cells:
    """What a way of drawing parameters leaves of noise in the mean over `n` draws [points].

    Standard deviations over replicates, of means over targets: of what the plan adds, and of the
    published rate in runs that follow no level. Draws are of the priors, all else is the same.
    """
    names = [prior.name for prior in priors.catalogue()]
    cells = [["draws", "sd of the mean effect", "sd of the mean rate"]]
    spec = RunSpec.of("plan", scale=scale, alignment=OFF)
    for method in ("random", "latin-hypercube", "sobol"):
        means = []
        for replicate in range(replicates):
            values = sampled(method, names, n, replicate)
            draws = [
                spec.vary(parameters=dict(zip(names, row, strict=True)), seed=i)
                for i, row in enumerate(values.tolist(), start=1)
            ]
            with Summaries(spec, judged_on(spec.scenario, spec.pack)) as runs:
                own = targets(runs.read([*draws, *(spec.baseline.under(d) for d in draws)]))
            means.append([np.nanmean(own[:n] - own[n:]), np.nanmean(own[:n])])
        effect, rate = np.std(means, axis=0, ddof=1)
        cells.append([method, f"{effect:.4f}", f"{rate:.3f}"])
    return cells
