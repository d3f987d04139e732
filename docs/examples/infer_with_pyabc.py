"""参数推断：由两次普查反推 · Inference: what one census says, starting from another (pyABC).

    python docs/examples/infer_with_pyabc.py --particles 200 --rounds 5 --scale 0.05

Needs pyabc. The model starts from the census of 2010; parameters whose run comes close to the
urban shares that the census of 2020 counted in the seven counties are kept, in ever finer rounds.
`priors_for_pyabc` hands it the priors of the catalogue as they are. Every simulation has a seed and
a draw of county and yearly effects of its own: without this noise the posterior would be too sharp.
"""

import logging
from argparse import ArgumentParser
from datetime import date
from functools import partial

import numpy as np
import pyabc
from pyabc.weighted_statistics import weighted_quantile

from xiancheng import distributions, priors_for_pyabc, simulate

ESTIMATED = ["alpha_single", "gamma_a", "recode_hazard", "job_mover_share"]
PRIOR = priors_for_pyabc(ESTIMATED)
CENSUS = date(2020, 11, 1)


def rates(values: dict[str, float], scale: float) -> dict[str, float]:
    """Urban shares of the counties in 2020, when the run starts from the census of 2010 [%]."""
    number = int(np.random.randint(1, 2**31))  # noqa: NPY002  pyABC's own state
    run = simulate(
        "baseline", start="2010-11-01", until=CENSUS, parameters=PRIOR.values(values),
        scale=scale, seed=number, draw=number,
    )  # fmt: skip
    return counted(run.at("resident_urbanization_rate", CENSUS))


def counted(rate: np.ndarray) -> dict[str, float]:
    """The first seven groups of an outcome are the counties."""
    return {f"county_{i}": float(r) for i, r in enumerate(rate[:7])}


def distance(x: dict[str, float], y: dict[str, float]) -> float:
    """Root mean square difference of the counties [points]."""
    return float(np.sqrt(np.mean([(x[name] - y[name]) ** 2 for name in x])))


def posterior(particles: int, rounds: int, scale: float) -> pyabc.History:
    """Parameters kept in each round, with their weights."""
    start = simulate("baseline", until="2020-12-31", scale=scale)  # begins with what was counted
    observed = counted(start.at("resident_urbanization_rate", CENSUS))
    one, model = pyabc.SingleCoreSampler(), partial(rates, scale=scale)
    search = pyabc.ABCSMC(model, PRIOR.given, distance, population_size=particles, sampler=one)
    search.new("sqlite://", observed)
    return search.run(max_nr_populations=rounds)


def main(particles: int, rounds: int, scale: float) -> None:
    """Infer, then show prior and posterior beside each other."""
    logging.getLogger("ABC").setLevel(logging.WARNING)
    np.random.seed(1)  # noqa: NPY002  pyABC draws from the global state; simulate does not
    history = posterior(particles, rounds, scale)
    misses = history.get_all_populations().query("t >= 0")
    print("points missed, round by round:", " → ".join(f"{e:.1f}" for e in misses.epsilon))
    kept, weight = history.get_distribution()
    print(f"{'':16} {'prior, 5-95 %':15}   {'5%':>8} {'median':>8} {'95%':>8}")
    for name, prior in distributions(ESTIMATED).items():
        first, last = prior.ppf([0.05, 0.95])
        points = kept[name].to_numpy()
        low, middle, high = (weighted_quantile(points, weight, alpha=q) for q in (0.05, 0.5, 0.95))
        print(f"{name:16} {first:6.3f} – {last:6.3f}   {low:8.3f} {middle:8.3f} {high:8.3f}")


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--particles", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--scale", type=float, default=0.01)
    main(**vars(parser.parse_args()))
