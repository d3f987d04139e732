"""The priors of the catalogue in the forms that SALib, EMA Workbench and pyABC take.

A tool gets a prior as its own distribution where it has the family with the same support. Else it
gets a uniform one over the quantiles from 0 to 1, and `ToolPriors.values` makes values of them. In
both ways what it draws has exactly the distribution of the catalogue.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from xiancheng.calibration import forms, priors
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.priors import Prior
from xiancheng.sim.state import Floats


@dataclass(frozen=True)
class ToolPriors:
    """Priors as a tool takes them.

    Attributes
    ----------
    given : what is handed to the tool
    names : of the parameters, in the order of the tool's columns
    quantiles : names of those that the tool draws as quantiles; the others it draws as values
    """

    given: Any
    names: tuple[str, ...]
    quantiles: frozenset[str]

    def values(self, drawn: Mapping[str, float] | Floats) -> Any:
        """Values of the parameters from what the tool drew.

        Parameters
        ----------
        drawn : numbers by name, some of the names at least; or an array whose last axis runs over
            `names`

        Returns
        -------
        a dict for `simulate(parameters=...)`, or an array of the same shape
        """
        known = {prior.name: prior for prior in priors.catalogue()}

        def value(name: str, cells: Any) -> Any:
            return known[name].quantile(cells) if name in self.quantiles else cells

        if isinstance(drawn, Mapping):
            return {n: float(value(n, drawn[n])) for n in self.names if n in drawn}
        cells = np.asarray(drawn, float)
        columns = [value(name, cells[..., i]) for i, name in enumerate(self.names)]
        return np.stack(columns, axis=-1)


def for_salib(names: Iterable[str] | None = None, *, inside: float = 1.0) -> ToolPriors:
    """`given` is the `problem` of SALib: names, bounds and families.

    Parameters
    ----------
    names : of parameters; by default those that data may estimate
    inside : share of each prior, around its median, from which is drawn. Below 1, as the method of
        Morris needs, which goes to the very ends, all are drawn as quantiles

    Returns
    -------
    a `ToolPriors`: `given` for SALib, and `values(...)`, which makes parameters of what it sampled

    Raises
    ------
    ParameterError
        if a name is unknown, with the nearest one.
    RequestError
        if `inside` is no such share.

    Examples
    --------
    >>> from xiancheng import priors_for_salib
    >>> prior = priors_for_salib(["kappa"])
    >>> prior.given["dists"], prior.values({"kappa": 2.0})
    (['norm'], {'kappa': 2.0})
    """
    if not 0 < inside <= 1:
        raise RequestError(_("inside should be a share above 0, at most 1; got {inside}",
                             inside=inside))  # fmt: skip
    chosen = _chosen(names)
    own = {p.name: form for p in chosen if inside == 1 and (form := _of_salib(p))}
    tails = (1 - inside) / 2
    forms_of = [own.get(p.name, ("unif", [tails, 1 - tails])) for p in chosen]
    problem = {
        "num_vars": len(chosen), "names": [p.name for p in chosen],
        "bounds": [bounds for __, bounds in forms_of], "dists": [dist for dist, __ in forms_of],
    }  # fmt: skip
    return _tool_priors(problem, chosen, own)


def for_ema(names: Iterable[str] | None = None) -> ToolPriors:
    """`given` is a list of `RealParameter` for `model.uncertainties` of the EMA Workbench.

    Parameters
    ----------
    names : of parameters; by default those that data may estimate

    Returns
    -------
    a `ToolPriors`: `given`, and `values(...)`, which makes parameters of what the workbench sampled

    Raises
    ------
    ParameterError
        if a name is unknown, with the nearest one.
    RequestError
        if the workbench is not installed.

    Examples
    --------
    >>> from xiancheng import priors_for_ema
    >>> [each.name for each in priors_for_ema(["kappa"]).given]
    ['kappa']
    """
    real = forms.needed("ema_workbench", "ema-workbench").RealParameter
    chosen = _chosen(names)
    own = {p.name: p.distribution for p in chosen if p.family != "spike-slab"}

    def parameter(name: str) -> Any:
        if name not in own:
            return real(name, 0.0, 1.0)
        found = real.from_dist(name, own[name], pff=False)
        found.lower_bound, found.upper_bound = own[name].support()
        return found

    return _tool_priors([parameter(p.name) for p in chosen], chosen, own)


def for_pyabc(names: Iterable[str] | None = None) -> ToolPriors:
    """`given` is a `pyabc.Distribution`.

    Parameters
    ----------
    names : of parameters; by default those that data may estimate

    Returns
    -------
    a `ToolPriors`: `given`, and `values(...)`, which makes parameters of what pyABC sampled

    Raises
    ------
    ParameterError
        if a name is unknown, with the nearest one.
    RequestError
        if pyABC is not installed.

    Examples
    --------
    >>> from xiancheng import priors_for_pyabc
    >>> sorted(priors_for_pyabc(["kappa"]).given)
    ['kappa']
    """
    pyabc, chosen = forms.needed("pyabc"), _chosen(names)
    own = {p.name: p.distribution for p in chosen if p.family != "spike-slab"}
    variables = {
        p.name: pyabc.RV(own[p.name].dist.name, *own[p.name].args)
        if p.name in own else pyabc.RV("uniform", 0, 1)
        for p in chosen
    }  # fmt: skip
    return _tool_priors(pyabc.Distribution(**variables), chosen, own)


def _tool_priors(given: Any, chosen: list[Prior], own: Mapping[str, Any]) -> ToolPriors:
    names = tuple(p.name for p in chosen)
    return ToolPriors(given, names, frozenset(names) - own.keys())


def _chosen(names: Iterable[str] | None) -> list[Prior]:
    """The priors of these names, or of all that data may estimate.

    Raises
    ------
    ParameterError
    """
    known = {prior.name: prior for prior in priors.catalogue()}
    if names is None:
        return [prior for prior in known.values() if prior.estimable == "free"]
    wanted = list(names)
    priors.override({n: known[n].central if n in known else 0.0 for n in wanted})
    return [known[name] for name in dict.fromkeys(wanted)]


def _of_salib(prior: Prior) -> tuple[str, list[float]] | None:
    """Family and bounds as SALib writes them; None where it has none of this support."""
    write = SALIB.get(prior.family)
    return write(prior) if write else None


def _triangle(prior: Prior) -> tuple[str, list[float]] | None:
    """SALib takes no mode at the upper end, and no upper end below 0."""
    low, high = float(prior.low), float(prior.high)
    peak = (prior.central - low) / (high - low)
    return ("triang", [low, high, peak]) if high > 0 and 0 <= peak < 1 else None


SALIB: Mapping[str, Callable[[Prior], tuple[str, list[float]] | None]] = {
    "normal": lambda p: ("norm", [p.central, float(p.prior["sd"])]),
    "lognormal": lambda p: ("lognorm", [float(np.log(p.central)), float(p.prior["sigma"])]),
    "triangular": _triangle,
    "uniform": lambda p: ("unif", [p.low, p.high]),
}
