"""What we believe about each parameter before looking at data: the catalogue, and draws from it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from numbers import Real
from typing import Any
from zlib import crc32

import numpy as np
from ruamel.yaml import YAML

from xiancheng.calibration import naming
from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import Words, _
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats

DIGITS = 9  # significant, of a drawn value


class ParameterError(RefusedError):
    """Parameter values that cannot be used; `zh` and `en` say all that is wrong."""


@dataclass(frozen=True)
class Prior:
    """One block of parameters.yaml; its head says what the fields mean."""

    name: str
    title: Mapping[str, str]  # zh, en
    unit: str
    central: float
    low: float
    high: float
    prior: Mapping[str, str | float]  # the family, and what central, low and high do not say
    estimable: str
    grade: str
    source: str
    note: str

    @property
    def family(self) -> str:
        """The shape of the distribution, a key of FAMILIES."""
        return str(self.prior["family"])

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest value that the prior allows."""
        return FAMILIES[self.family].support(self)

    def quantile(self, u: Floats) -> Floats:
        """The values below which shares `u` of the belief lie; any shape.

        They differ in the last digit between processors: put what is drawn `on_grid`.
        """
        return FAMILIES[self.family].quantile(self, np.asarray(u, dtype=float))

    def draws(self, n: int, seed: int) -> Floats:
        """One value from each of `n` equally likely layers, in random order, `on_grid`, (n,).

        The luck depends on the seed and the name, so a new parameter leaves the draws of the
        others as they were.
        """
        from scipy.stats.qmc import LatinHypercube  # slow to import, and few need it

        rng = np.random.default_rng([seed, crc32(self.name.encode())])
        return on_grid(self.quantile(LatinHypercube(1, rng=rng).random(n)[:, 0]))


def on_grid(values: Floats) -> Floats:
    """Values as decimal text of nine significant digits holds them, same shape.

    A quantile comes from functions whose last digit, the sixteenth, differs between processors.
    Whatever is drawn is put on this grid before it is used and before it enters a key, so both are
    the same everywhere: two values that differ in the sixteenth digit fall on two points of the
    grid about once in ten million times. Nothing is lost: no prior is known to three digits, and
    a posterior sample is kept with seven.
    """
    each = (float(f"{value:.{DIGITS}g}") for value in np.ravel(values).tolist())
    return np.fromiter(each, float).reshape(np.shape(values))


# The families


@dataclass(frozen=True)
class Family:
    """A shape of belief: its quantiles, its support, and what a block states besides its range."""

    quantile: Callable[[Prior, Floats], Floats]
    support: Callable[[Prior], tuple[float, float]]
    states: tuple[str, ...] = ()


def _number(prior: Prior, key: str) -> float:
    return float(prior.prior[key])


def _ends(prior: Prior) -> tuple[float, float]:
    return prior.low, prior.high


def _normal(prior: Prior, u: Floats) -> Floats:
    from scipy.special import ndtri

    return prior.central + _number(prior, "sd") * ndtri(u)


def _lognormal(prior: Prior, u: Floats) -> Floats:
    from scipy.special import ndtri

    return prior.central * np.exp(_number(prior, "sigma") * ndtri(u))


def _beta(prior: Prior, u: Floats) -> Floats:
    from scipy.special import betaincinv

    return betaincinv(_number(prior, "a"), _number(prior, "b"), u)


def _triangular(prior: Prior, u: Floats) -> Floats:
    low, mode, high = prior.low, prior.central, prior.high
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u * (high - low) < mode - low, rising, falling)


def _uniform(prior: Prior, u: Floats) -> Floats:
    return prior.low + u * (prior.high - prior.low)


def _spike_slab(prior: Prior, u: Floats) -> Floats:
    spike = _number(prior, "p0")
    return prior.high * np.maximum(u - spike, 0) / (1 - spike)


FAMILIES: dict[str, Family] = {
    "normal": Family(_normal, lambda __: (-math.inf, math.inf), ("sd",)),
    "lognormal": Family(_lognormal, lambda __: (0.0, math.inf), ("sigma",)),
    "beta": Family(_beta, lambda __: (0.0, 1.0), ("a", "b")),
    "triangular": Family(_triangular, _ends),
    "uniform": Family(_uniform, _ends),
    "spike-slab": Family(_spike_slab, _ends, ("p0",)),
}


# The catalogue


@cache
def catalogue() -> tuple[Prior, ...]:
    """Every parameter on file."""
    text = files("xiancheng.calibration").joinpath("parameters.yaml").read_text(encoding="utf-8")
    blocks = YAML(typ="safe", pure=True).load(text)
    return tuple(Prior(name, **block) for name, block in blocks.items())


@cache
def central() -> Parameters:
    """Every parameter at its central value."""
    return Parameters(**{prior.name: float(prior.central) for prior in catalogue()})


def draw(n: int, seed: int) -> list[Parameters]:
    """`n` parameter sets from the priors, a Latin hypercube: every layer of each is met once."""
    columns = {prior.name: prior.draws(n, seed).tolist() for prior in catalogue()}
    return [Parameters(**{name: c[i] for name, c in columns.items()}) for i in range(n)]


def override(values: Mapping[str, float]) -> Parameters:
    """The central parameters, but for `values`: a mapping or a pandas Series of numbers by name.

    Raises
    ------
    ParameterError
        A name is unknown, or a value is no number or lies outside the support of its prior.
        Names all of them.
    """
    if not (isinstance(values, Mapping) or hasattr(values, "keys")):
        raise ParameterError(
            _("parameters should be a mapping of names to numbers; got {values!r}", values=values)
        )
    values = {name: _scalar(value) for name, value in dict(values).items()}
    priors = {prior.name: prior for prior in catalogue()}
    slips = [
        slip
        for name, value in values.items()
        if (slip := _slip(priors[name], value) if name in priors else _unknown(name, priors))
    ]
    if slips:
        zh, en = zip(*slips, strict=True)
        raise ParameterError(Words("；".join(zh), "; ".join(en)))
    return replace(central(), **{name: float(value) for name, value in values.items()})


def _unknown(name: str, names: Mapping[str, Prior]) -> tuple[str, str]:
    """What to say of a name that is not on file, in Chinese and English."""
    near = naming.nearest(name, names)
    meant = _(", did you mean {near}?", near=near) if near else ("", "")
    return _("no parameter is called {name!r}{meant}", name=name, meant=meant)


def _scalar(value: Any) -> Any:
    """The number in an array without dimensions; anything else as it is."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what floats can hold
        return False


def _slip(prior: Prior, value: float) -> tuple[str, str] | None:
    """What is wrong with a value, in Chinese and English; None if it can be used."""
    if not isinstance(value, Real) or isinstance(value, bool) or not _finite(value):
        return _("{prior} must be a finite number, not {value!r}", prior=prior.name, value=value)
    low, high = prior.support
    if not low <= value <= high:
        how, end = (_("above"), high) if value > high else (_("below"), low)
        return _(
            "{prior} is {value}, {how} {end:g}",
            prior=prior.name,
            value=value,
            how=how,
            end=end,
        )
    return None
