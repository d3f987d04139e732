"""Regression ABC: the runs nearest to an observation, moved to where it stands.

The nearest rows are kept, nearer ones with more weight (Epanechnikov). A weighted local regression
then takes out what they still differ by, in mean and in spread. Residuals are those of rows left
out, and the error of the fit at the observation is added, so that few rows mean wide intervals.

References
----------
Beaumont, Zhang & Balding (2002), Genetics 162; Blum & Francois (2010), Statistics and Computing 20
"""

from collections.abc import Sequence

import numpy as np

from xiancheng.calibration.estimation.posterior import Posterior
from xiancheng.calibration.estimation.ridge import ridge
from xiancheng.sim.state import Floats, Ints

SHARE = 0.3  # of the rows that is accepted
ROWS_EACH = 25  # accepted at least, for each summary: in many dimensions no row is near
MOST_RATIO = 3.0  # of the spread at the observation to that at a row


def adjusted(
    names: Sequence[str], targets: Floats, learned: Floats, rows: Ints, share: float = SHARE,
    spreads: Floats | None = None,
) -> Posterior:  # fmt: skip
    """Posterior of the targets, given summaries that expect them.

    Parameters
    ----------
    targets : (row, target)
    learned
        expected targets of a row less those of the observation, by the same learner, (row, target)
    rows
        the number of each row in the table
    spreads
        further summaries less those of the observation: how far targets scatter, (row, k)
    """
    sd = targets.std(axis=0)
    apart = learned / np.where(sd > 0, sd, 1)
    if spreads is not None:
        apart = np.hstack([apart, spreads])
    distance = np.sqrt(np.sum(apart**2, axis=1))
    count = min(len(rows), max(int(np.ceil(share * len(rows))), ROWS_EACH * apart.shape[1]))
    near = np.sort(np.argsort(distance, kind="stable")[:count])
    edge = distance[near].max() * (1 + 1e-9)
    weights = 1 - (distance[near] / edge) ** 2 if edge > 0 else np.ones(count)

    # Summaries expect the targets, so the slope is near one: only what differs from that is fitted.
    at = np.zeros((1, apart.shape[1]))
    moved = targets[near] - learned[near]
    fit = ridge(apart[near], moved, weights)
    left = (moved - fit.fitted) / np.sqrt(1 - fit.pulls)
    spread = ridge(apart[near], np.log(left**2 + 1e-6 * sd**2 + 1e-300), weights)
    ratio = np.exp((spread.at(at) - spread.fitted) / 2)
    ratio = np.clip(ratio, 1 / MOST_RATIO, MOST_RATIO)
    wider = np.sqrt(1 + fit.variance(at))
    draws = fit.at(at) + left * ratio * wider
    return Posterior(tuple(names), draws, weights / weights.sum(), rows[near])
