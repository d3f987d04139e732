"""Priors of the parameters: the catalogue on file, draws from it, and checked overrides."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from numbers import Real
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from xiancheng.calibration import naming
from xiancheng.calibration.errors import RefusedError
from xiancheng.calibration.i18n import EMPTY, Words, _
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.sim.parameters import Parameters
from xiancheng.sim.state import Floats

if TYPE_CHECKING:
    from scipy.stats import rv_continuous
    from scipy.stats._distn_infrastructure import rv_continuous_frozen

DIGITS = 9  # significant, of a drawn value
KINDS = ("response", "dose", "condition", "flow", "recoding", "measurement")


class ParameterError(RefusedError):
    """Values of parameters that cannot be used: unknown names, no numbers, outside the support.

    `zh` and `en` name all of them at once, an unknown name with the nearest one.
    """


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
    kind: str  # one of KINDS
    grade: str
    source: str
    note: str

    @property
    def family(self) -> str:
        """The shape of the distribution, a key of HYPERPARAMETERS."""
        return str(self.prior["family"])

    @property
    def text(self) -> str:
        """The distribution in words: family, central value, range and what else the block says."""
        more = (f"{key} {value}" for key, value in self.prior.items() if key != "family")
        return " ".join([self.family, f"{self.central} ({self.low} to {self.high})", *more])

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest value that the prior allows."""
        return SUPPORTS.get(self.family, (self.low, self.high))

    @cached_property
    def distribution(self) -> "rv_continuous_frozen":
        """The prior as a frozen distribution of scipy."""
        from scipy import stats  # slow to import, and few need it

        of, width = self.prior, self.high - self.low
        match self.family:
            case "normal":
                return stats.norm(self.central, of["sd"])
            case "lognormal":
                return stats.lognorm(of["sigma"], 0, self.central)
            case "beta":
                return stats.beta(of["a"], of["b"])
            case "triangular":
                return stats.triang((self.central - self.low) / width, self.low, width)
            case "uniform":
                return stats.uniform(self.low, width)
        return _spike_slab()(of["p0"], 0, self.high)

    def quantile(self, u: Floats) -> Floats:
        """Inverse of the distribution function at probabilities `u`, same shape.

        Values differ in the last digit between processors: put what is drawn `on_grid`.
        """
        u = np.asarray(u, dtype=float)
        if self.family == "triangular":  # that of scipy is rounded once more, in the last digit
            low, mode, high = self.low, self.central, self.high
            rising = low + np.sqrt(u * (high - low) * (mode - low))
            falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
            return np.where(u * (high - low) < mode - low, rising, falling)
        return np.asarray(self.distribution.ppf(u))

    def draws(self, n: int, seed: int) -> Floats:
        """One value from each of `n` equally likely layers, in random order, `on_grid`, (n,)."""
        return on_grid(self.quantile(layers(self.name, n, seed)))


def layers(name: str, n: int, seed: int) -> Floats:
    """A probability in each of `n` equally wide layers, in random order, (n,).

    The random stream depends on the seed and the name of a parameter, so a new parameter leaves the
    draws of the others as they were.
    """
    from scipy.stats.qmc import LatinHypercube  # slow to import, and few need it

    rng = np.random.default_rng([seed, crc32(name.encode())])
    return np.asarray(LatinHypercube(1, rng=rng).random(n)[:, 0])


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

HYPERPARAMETERS = {  # by family: what a block states besides its range
    "normal": ("sd",),
    "lognormal": ("sigma",),
    "beta": ("a", "b"),
    "triangular": (),
    "uniform": (),
    "spike-slab": ("p0",),
}
SUPPORTS = {"normal": (-math.inf, math.inf), "lognormal": (0.0, math.inf), "beta": (0.0, 1.0)}


@cache
def _spike_slab() -> "rv_continuous":
    """A point mass p0 at 0, the rest uniform from 0 to 1; scipy has none."""
    from scipy.stats import rv_continuous

    class SpikeSlab(rv_continuous):
        def _cdf(self, x: Any, p0: Any) -> Any:
            return p0 + (1 - p0) * x

        def _ppf(self, q: Any, p0: Any) -> Any:
            return np.maximum(q - p0, 0) / (1 - p0)

    return SpikeSlab(a=0.0, b=1.0, name="spike_slab", shapes="p0")


# The catalogue


@cache
def catalogue() -> tuple[Prior, ...]:
    """Every parameter on file, in the order of parameters.yaml, which is that of all arrays."""
    blocks = read_yaml(files("xiancheng.calibration") / "parameters.yaml").value
    return tuple(Prior(name, **block) for name, block in blocks.items())


@cache
def central() -> Parameters:
    """Every parameter at its central value."""
    return Parameters(**{prior.name: float(prior.central) for prior in catalogue()})


def draw(n: int, seed: int) -> list[Parameters]:
    """`n` parameter sets from the priors, a Latin hypercube: every layer of each is met once.

    Parameters
    ----------
    n : from 1 on
    seed : the same seed and name give the same values, whatever other parameters there are

    References
    ----------
    McKay, Beckman & Conover (1979), doi:10.1080/00401706.1979.10489755
    """
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
    problems = [
        problem
        for name, value in values.items()
        if (problem := _problem(priors[name], value) if name in priors else _unknown(name, priors))
    ]
    if problems:
        zh, en = zip(*problems, strict=True)
        raise ParameterError(Words("；".join(zh), "; ".join(en)))
    return replace(central(), **{name: float(value) for name, value in values.items()})


def _unknown(name: str, names: Mapping[str, Prior]) -> tuple[str, str]:
    """What to say of a name that is not on file, in Chinese and English."""
    near = naming.nearest(name, names)
    zh, en = _(", did you mean {near}?", near=near) if near else EMPTY
    return _("no parameter is called {name!r}{en}", name=name, en=Words(zh, en))


def _scalar(value: Any) -> Any:
    """The number in an array without dimensions; anything else as it is."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what floats can hold
        return False


def _problem(prior: Prior, value: float) -> tuple[str, str] | None:
    """What is wrong with a value, in Chinese and English; None if it can be used."""
    if not isinstance(value, Real) or isinstance(value, bool) or not _finite(value):
        return _("{prior} must be a finite number, not {value!r}", prior=prior.name, value=value)
    low, high = prior.support
    if not low <= value <= high:
        how, end = (_("above"), high) if value > high else (_("below"), low)
        return _("{prior} is {value}, {how} {end:g}", prior=prior.name, value=value, how=how,
                 end=end)  # fmt: skip
    return None
