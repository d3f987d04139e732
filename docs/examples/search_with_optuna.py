"""优化：多大力度能超出目标多少 · Optimization: how far above the targets at what effort (Optuna).

    python docs/examples/search_with_optuna.py --trials 500 --scale 0.05

Needs optuna. The plan gives each of its seven projects intensity 1; the search may set each between
0 and 2, wants little effort in all and the targets well met, and keeps the packages that no other
beats in both. They are then checked with luck that it never saw: the best of many trials owes
something to luck.
"""

from argparse import ArgumentParser
from statistics import mean

import optuna

from scenarios import simulate

PROJECTS = [f"P{i}" for i in range(1, 8)]
FRESH = [101, 102, 103]  # seeds that the search does not use


def margin(intensities: dict[str, float], seed: int, scale: float) -> float:
    """By how much the targets are exceeded, on average over the six [points]."""
    package = {
        "name": "package",
        "title": "a package of projects",
        "based_on": "plan",
        "measures": {project: {"intensity": i} for project, i in intensities.items()},
    }
    return float(simulate(package, seed=seed, scale=scale).verdicts().margin_pp.mean())


def search(trials: int, scale: float) -> list[dict[str, float]]:
    """The packages that no other beats in both effort and margin, least effort first."""

    def wanted(trial: optuna.Trial) -> tuple[float, float]:
        package = {p: trial.suggest_float(p, 0, 2, step=0.5) for p in PROJECTS}
        return sum(package.values()), round(margin(package, seed=1, scale=scale), 2)

    sampler = optuna.samplers.TPESampler(seed=1)
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
    for intensity in (0.0, 1.0):  # nothing, and the plan as written
        study.enqueue_trial(dict.fromkeys(PROJECTS, intensity))
    study.optimize(wanted, n_trials=trials)
    ends = {tuple(trial.values): trial.params for trial in study.best_trials}  # each end once
    return [ends[end] for end in sorted(ends)]


def main(trials: int, scale: float) -> None:
    """Search, confirm on fresh luck, and set what was found beside the plan."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print(f"{'effort':>6} {'margin':>7} {'fresh luck':>11}   {'   '.join(PROJECTS)}")
    for package in [*search(trials, scale), dict.fromkeys(PROJECTS, 1.0)]:
        seen = margin(package, 1, scale)
        fresh = mean(margin(package, seed, scale) for seed in FRESH)
        each = "  ".join(f"{package[p]:3.1f}" for p in PROJECTS)
        print(f"{sum(package.values()):6.1f} {seen:+7.2f} {fresh:+11.2f}   {each}")
    print("the last row is the plan as written; margins in points, mean of six targets")


if __name__ == "__main__":
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--trials", type=int, default=40)
    asked.add_argument("--scale", type=float, default=0.01)
    main(**vars(asked.parse_args()))
