"""优化：多大力度能多带来多少 · Optimization: what a package adds, at what effort (Optuna).

    python docs/examples/search_with_optuna.py --trials 500 --scale 0.05

Needs optuna. The plan gives each of its seven projects, and its safeguards, intensity 1; the search
may set each between 0 and 2, wants little effort in all and much added to the rates at the targets'
deadlines, and keeps the packages that no other beats in both. What a package adds is the difference
from the same world without it, as the level of one run is no forecast. The packages are then
checked in worlds that the search never saw (other parameters, effects and seeds): the best of many
trials owes something to chance. `xiancheng seek` looks for the package that meets targets with a
given probability.
"""

from argparse import ArgumentParser
from functools import cache
from statistics import mean

import optuna

from xiancheng import draws, simulate

PARTS = {f"P{i}": [f"P{i}"] for i in range(1, 8)} | {"S": ["S1", "S2", "S3"]}
SEEN, FRESH = draws(1, seed=1), draws(3, seed=101)  # worlds of the search, and of the check


def rate(scenario: str | dict, world: dict, scale: float) -> float:
    """The published rate in the model at the deadlines, mean over the six targets [percent]."""
    return float(simulate(scenario, scale=scale, **world).model_targets().model_rate.mean())


@cache
def without(seed: int, scale: float) -> float:
    """The same in the world of this seed without any measure."""
    return rate("baseline", next(w for w in SEEN + FRESH if w["seed"] == seed), scale)


def added(package: dict[str, float], worlds: list[dict], scale: float) -> float:
    """What a package of parts of the plan adds to the rate, mean of worlds and targets [points]."""
    measures = {m: {"intensity": i} for part, i in package.items() for m in PARTS[part]}
    scenario = {
        "name": "package", "title": "some parts of the plan", "based_on": "plan",
        "measures": measures,
    }  # fmt: skip
    return mean(rate(scenario, w, scale) - without(w["seed"], scale) for w in worlds)


def search(trials: int, scale: float) -> list[dict[str, float]]:
    """The packages that no other beats in both effort and effect, least effort first."""

    def wanted(trial: optuna.Trial) -> tuple[float, float]:
        package = {p: trial.suggest_float(p, 0, 2, step=0.5) for p in PARTS}
        return sum(package.values()), round(added(package, SEEN, scale), 2)

    sampler = optuna.samplers.TPESampler(seed=1)
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
    for intensity in (0.0, 1.0):  # nothing, and the plan as written
        study.enqueue_trial(dict.fromkeys(PARTS, intensity))
    study.optimize(wanted, n_trials=trials)
    ends = {tuple(trial.values): trial.params for trial in study.best_trials}  # each end once
    return [ends[end] for end in sorted(ends)]


def main(trials: int, scale: float) -> None:
    """Search, confirm in fresh worlds, and set what was found beside the plan."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print(f"{'effort':>6} {'added':>7} {'fresh worlds':>12}   {'   '.join(PARTS)}")
    for package in [*search(trials, scale), dict.fromkeys(PARTS, 1.0)]:
        seen, fresh = (added(package, worlds, scale) for worlds in (SEEN, FRESH))
        each = "  ".join(f"{package[p]:3.1f}" for p in PARTS)
        print(f"{sum(package.values()):6.1f} {seen:+7.2f} {fresh:+12.2f}   {each}")
    print("the last row is the plan as written; points added, mean of six targets")


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--scale", type=float, default=0.01)
    main(**vars(parser.parse_args()))
