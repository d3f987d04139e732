"""后验抽样：simulate 只是一个函数 · Posterior sampling: simulate is just a function (sbi-style).

    python docs/examples/sample_posterior.py --runs 2000 --scale 0.05

Needs nothing but numpy. `simulator` has the form that samplers such as sbi's ask for: parameters
(run, parameter) in, summaries (run, summary) out; every run has a seed and a draw of county and
yearly effects of its own, and follows no level, which would hide what the parameters do. They come
from their exact priors. The sampler here is rejection with the kept parameters moved along a
regression on the summaries. It is asked for a truth that we chose, so that one sees whether it
finds it.

References
----------
Beaumont, Zhang & Balding (2002), Genetics 162: 2025-2035
"""

from argparse import ArgumentParser

import numpy as np

from xiancheng import distributions, simulate

ESTIMATED = ["alpha_single", "recode_hazard", "benchmark_drift"]
SEEN = ["published_resident_urbanization_rate", "resident_urbanization_rate", "residents"]
COUNTIES = [371602, 371603, 371621, 371622, 371623, 371625, 371681]
TRUTH = {"alpha_single": -2.0, "recode_hazard": 0.008, "benchmark_drift": 0.0}
FEWEST = 60  # rows that are kept, if there are as many; of more, at least the nearest quarter


def simulator(theta: np.ndarray, scale: float, seed: int = 1) -> np.ndarray:
    """What the statistics of the counties show for each row of parameters, (run, summary)."""
    keys = [f"{name}_{county}" for name in SEEN for county in COUNTIES]
    worlds = (dict(zip(ESTIMATED, row, strict=True)) for row in theta)
    free = {"scale": scale, "alignment": "off"}
    found = [
        simulate("baseline", parameters=w, seed=seed + i, draw=seed + i, **free).summary()
        for i, w in enumerate(worlds)
    ]
    return np.array([[summary[key] for key in keys] for summary in found])


def logit(u: np.ndarray) -> np.ndarray:
    """Quantiles of the prior on a scale without ends, so that a regression stays within it."""
    share = np.clip(u, 1e-6, 1 - 1e-6)
    return np.log(share / (1 - share))


def adjusted(theta: np.ndarray, x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The nearest rows, moved to where the summaries would have agreed, (row, parameter)."""
    gap = (x - seen) / x.std(axis=0)
    axes = np.linalg.svd(gap - gap.mean(axis=0), full_matrices=False)[2][: theta.shape[1]]
    near = np.argsort((gap**2).sum(axis=1))[: max(FEWEST, len(x) // 4)]
    design = np.c_[np.ones(len(near)), gap[near] @ axes.T]
    line = np.linalg.lstsq(design, theta[near], rcond=None)[0]
    spent = len(near) / (len(near) - design.shape[1])  # degrees of freedom: few rows fit too well
    return line[0] + (theta[near] - design @ line) * np.sqrt(spent)


def main(runs: int, scale: float) -> None:
    """Draw from the prior, simulate, condition on what was seen."""
    exact = distributions(ESTIMATED)
    u = np.random.default_rng(1).random((runs, len(ESTIMATED)))
    theta = np.column_stack([exact[name].ppf(u[:, i]) for i, name in enumerate(ESTIMATED)])
    seen = simulator(np.array([[TRUTH[name] for name in ESTIMATED]]), scale, seed=runs + 1)
    kept = adjusted(logit(u), simulator(theta, scale), seen)
    shares = 1 / (1 + np.exp(-kept))
    print(f"{'':16} {'truth':>8} {'5%':>8} {'median':>8} {'95%':>8}   of the prior's width")
    for i, name in enumerate(ESTIMATED):
        a, b, c = np.quantile(exact[name].ppf(shares[:, i]), [0.05, 0.5, 0.95])
        low, high = exact[name].ppf([0.05, 0.95])
        wide = (c - a) / (high - low)
        print(f"{name:16} {TRUTH[name]:8.4f} {a:8.4f} {b:8.4f} {c:8.4f}   {wide:.0%}")


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--scale", type=float, default=0.01)
    main(**vars(parser.parse_args()))
