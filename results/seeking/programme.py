"""The least package by a linear surrogate: a mixed-integer programme over measures and draws."""

import numpy as np

from xiancheng.results.seeking.wish import Package, Wish, spending
from xiancheng.sim.state import Floats

HUNDREDTHS = 100  # intensities are proposed in hundredths, rounded up


def least(wish: Wish, margins: Floats, slopes: Floats) -> tuple[Floats, bool]:
    """The least intensities that meet the targets in enough draws, by the surrogate, (measure,).

    Where none do, those that meet them in the most draws, and False.

    Parameters
    ----------
    margins : (draw, wish) without any measure
    slopes : (measure, wish)
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    draws, wishes = margins.shape
    bounds = np.array([*wish.bounds.values()])
    measures = len(bounds)
    gain = np.tile(slopes.T, (draws, 1))  # (draw x wish, measure)
    short = float(np.abs(margins).max() + (np.abs(slopes).T @ bounds).max())  # no rate is shorter
    met = short * np.kron(np.eye(draws), np.ones((wishes, 1)))  # a draw counts if all are met
    rows = [LinearConstraint(np.hstack([gain, -met]), -margins.ravel() - short, np.inf)]
    yuan = np.array([spending(wish.scenario, n) for n in wish.bounds])
    budget = wish.scenario.red_lines.budget
    if budget is not None:
        room = max(budget.yuan - yuan.sum() / HUNDREDTHS, 0.0)  # for what rounding up adds
        rows.append(LinearConstraint(np.hstack([yuan, np.zeros(draws)]), -np.inf, room))
    enough = LinearConstraint(
        np.hstack([np.zeros(measures), np.ones(draws)]), np.ceil(wish.probability * draws), draws
    )
    weights = np.array([wish.weights[n] for n in wish.bounds])
    most = 1 + float(weights @ bounds)
    ask = {
        "integrality": np.repeat([0, 1], [measures, draws]),
        "bounds": Bounds(0, np.concatenate([bounds, np.ones(draws)])),
        "options": {"time_limit": 20, "mip_rel_gap": 1e-4},
    }
    light = np.concatenate([weights, np.zeros(draws)])
    solved = milp(light, constraints=[*rows, enough], **ask)
    feasible = solved.x is not None
    if not feasible:
        many = np.concatenate([weights / most, -np.ones(draws)])
        solved = milp(many, constraints=rows, **ask)
    found = np.zeros(measures) if solved.x is None else solved.x[:measures]  # out of time
    return np.clip(found, 0, bounds), feasible


def rounded_up(wish: Wish, intensities: Floats) -> Package:
    """A package in hundredths of intensity, within the bounds."""
    up = np.ceil(np.round(intensities * HUNDREDTHS, 6)) / HUNDREDTHS
    found = np.minimum(up, [*wish.bounds.values()]).tolist()
    return {n: x for n, x in zip(wish.bounds, found, strict=True) if x > 0}
