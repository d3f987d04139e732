"""How much of the noise common random numbers take away: the plan less its baseline, by seed.

    python -m benchmarks.common_random_numbers [--scale 0.05] [--seeds 20] [--recoding trend|frozen]

With common random numbers both sides of a pair have one seed; with independent ones they have two,
and the variance of their difference is the sum of theirs. Runs follow no level: those that do have
its rate whatever their seed, and independent ones would look alike for that reason. Wanted: a
standard deviation ten times smaller for the counties of the joint target. Of what is left a part is
a village that is recoded on one side alone; `sd_controlled` is without that, as in every verdict on
one run (`Outcome.unexpected`). It cannot fall much below `poisson`, the noise of a count as small
as the effect: who moves because of the plan is chance as well.
"""

import argparse
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xiancheng.scenarios.ensemble import judged_on
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import RATE, Group, reported_groups
from xiancheng.scenarios.run_spec import OFF, RunSpec
from xiancheng.scenarios.trunk import simulate_together

if TYPE_CHECKING:
    from xiancheng.sim.state import Floats

WANTED = 10.0


@dataclass(frozen=True)
class Noise:
    """Standard deviations of the effect on the resident rate [points], each (group,)."""

    groups: tuple[Group, ...]
    mean: "Floats"
    common: "Floats"
    controlled: "Floats"  # less recoding by chance
    independent: "Floats"
    poisson: "Floats"  # if each resident won by the plan were a count of its own

    @property
    def ratio(self) -> "Floats":
        """How many times smaller common random numbers make the noise, without the control."""
        return np.asarray(self.independent / self.common)


def noise(
    scenario: str = "plan", *, scale: float = 0.05, seeds: int = 20, recoding: str = "trend"
) -> Noise:
    """The spread of a scenario's effect over seeds, with common and with independent numbers."""
    chosen = resolve(scenario)
    frozen = replace(chosen.conditions, recoding_frozen=recoding == "frozen")
    plan = replace(chosen, conditions=frozen)
    spec = RunSpec.of(plan, scale=scale, alignment=OFF)
    groups, day = reported_groups(spec.pack), judged_on(plan, spec.pack)
    rates, by_chance, rows = [], [], []
    for seed in range(1, seeds + 1):
        with_plan = spec.vary(seed=seed)
        pair = simulate_together([with_plan, with_plan.baseline])
        rates.append([outcome.at(RATE, day) for outcome in pair])
        by_chance.append([[outcome.unexpected(g, day) for g in groups] for outcome in pair])
        rows.append(scale * pair[0].at("residents", day))
    sides, chance = np.array(rates), np.array(by_chance)  # (seed, side, group)
    effect, recoded = sides[:, 0] - sides[:, 1], chance[:, 0] - chance[:, 1]
    apart = np.sqrt(sides.var(axis=0, ddof=1).sum(axis=0))
    mean = effect.mean(axis=0)
    least = np.sqrt(100 * np.maximum(mean, 0) / np.mean(rows, axis=0))  # points
    return Noise(
        groups, mean, effect.std(axis=0, ddof=1), (effect - recoded).std(axis=0, ddof=1),
        apart, least,
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    command = argparse.ArgumentParser(
        prog="python -m benchmarks.common_random_numbers", description=__doc__
    )
    command.add_argument("--scale", type=float, default=0.05)
    command.add_argument("--seeds", type=int, default=20)
    command.add_argument("--recoding", choices=["trend", "frozen"], default="trend")
    command.add_argument("--json", action="store_true")
    options = command.parse_args()
    found = noise(scale=options.scale, seeds=options.seeds, recoding=options.recoding)
    columns = {
        "effect": found.mean, "sd_common": found.common, "sd_controlled": found.controlled,
        "sd_independent": found.independent, "ratio": found.ratio, "poisson": found.poisson,
    }  # fmt: skip
    rows = [
        {"place": group.en, **{name: float(values[g]) for name, values in columns.items()}}
        for g, group in enumerate(found.groups)
    ]
    if options.json:
        print(json.dumps({**vars(options), "wanted": WANTED, "places": rows}, indent=1))
        return
    print(f"scale {options.scale:g}, {options.seeds} seeds, recoding {options.recoding}; points")
    print(f"{'place':24}" + "".join(f"{name:>16}" for name in columns))
    for row in rows:
        print(f"{row['place']:24}" + "".join(f"{row[name]:16.4f}" for name in columns))


if __name__ == "__main__":
    main()
