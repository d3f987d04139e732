"""How much of the noise the same luck takes away: the plan minus its baseline, over many seeds.

    python -m benchmarks.luck [--scale 0.05] [--seeds 20] [--recoding trend|frozen]

With the same luck both sides of a pair have one seed; with independent luck they have two, and the
variance of their difference is the sum of theirs. No level is followed: a run without a plan that
follows one has the same rate whatever the seed, and there is no noise to take away. Wanted: a
standard deviation ten times smaller for the counties of the joint target. It cannot fall much below
`poisson`, the noise of a count as small as the effect: who moves because of the plan is chance as
well. With the recoding trend a whole village more is recoded in some seeds, some 0.1 points at any
scale; `--recoding frozen` shows what is left without it.
"""

import argparse
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.scenarios.ensemble import Summaries, judged_on
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import RATE, Group, reported_groups
from xiancheng.scenarios.run_spec import OFF, RunSpec, baseline_of

if TYPE_CHECKING:
    from xiancheng.sim.state import Floats

WANTED = 10.0


@dataclass(frozen=True)
class Noise:
    """Standard deviations of the effect on the resident rate [points], each (group,)."""

    groups: tuple[Group, ...]
    mean: "Floats"
    same: "Floats"
    independent: "Floats"
    poisson: "Floats"  # if each resident won by the plan were a count of its own

    @property
    def ratio(self) -> "Floats":
        """How many times smaller the same luck makes the noise."""
        return np.asarray(self.independent / self.same)


def noise(
    scenario: str = "plan", *, scale: float = 0.05, seeds: int = 20, recoding: str = "trend",
    jobs: int | None = None,
) -> Noise:  # fmt: skip
    """The spread of a scenario's effect over seeds, with the same and with independent luck."""
    chosen = resolve(scenario)
    frozen = replace(chosen.conditions, recoding_frozen=recoding == "frozen")
    plan = replace(chosen, conditions=frozen)
    spec = RunSpec.of(plan, scale=scale, alignment=OFF)
    sides = (spec, spec.running(baseline_of(plan)))
    with Summaries(spec, judged_on(plan, spec.pack), jobs) as runs:
        readings = runs.read(
            [side.vary(seed=seed) for side in sides for seed in range(1, seeds + 1)]
        )
    rates = np.array([reading.row(RATE) for reading in readings]).reshape(2, seeds, -1)
    rows = scale * readings[0].row("residents")
    effect = rates[0] - rates[1]
    apart = np.sqrt(rates.var(axis=1, ddof=1).sum(axis=0))
    mean = effect.mean(axis=0)
    least = np.sqrt(100 * np.maximum(mean, 0) / rows)  # points
    return Noise(reported_groups(spec.pack), mean, effect.std(axis=0, ddof=1), apart, least)


def main() -> None:
    """Measure and print."""
    command = argparse.ArgumentParser(prog="python -m benchmarks.luck", description=__doc__)
    command.add_argument("--scale", type=float, default=0.05)
    command.add_argument("--seeds", type=int, default=20)
    command.add_argument("--recoding", choices=["trend", "frozen"], default="trend")
    command.add_argument("--json", action="store_true")
    asked = command.parse_args()
    found = noise(scale=asked.scale, seeds=asked.seeds, recoding=asked.recoding)
    columns = {
        "effect": found.mean, "sd_same": found.same, "sd_independent": found.independent,
        "ratio": found.ratio, "poisson": found.poisson,
    }  # fmt: skip
    rows = [
        {"place": group.en, **{name: float(values[g]) for name, values in columns.items()}}
        for g, group in enumerate(found.groups)
    ]
    if asked.json:
        print(json.dumps({**vars(asked), "wanted": WANTED, "places": rows}, indent=1))
        return
    print(f"scale {asked.scale:g}, {asked.seeds} seeds, recoding {asked.recoding}; points")
    print(
        f"{'place':24}{'effect':>10}{'same luck':>12}{'independent':>13}{'ratio':>8}{'poisson':>10}"
    )
    for row in rows:
        print(
            f"{row['place']:24}{row['effect']:+10.3f}{row['sd_same']:12.4f}"
            f"{row['sd_independent']:13.4f}{row['ratio']:8.1f}{row['poisson']:10.4f}"
        )


if __name__ == "__main__":
    main()
