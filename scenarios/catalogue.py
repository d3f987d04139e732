"""What can be set and what is reported, as tables: parameters with their priors, indicators."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xiancheng.calibration import posterior, priors
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import load
from xiancheng.scenarios.run_spec import LIMITS
from xiancheng.scenarios.trace import condition
from xiancheng.sim.indicators import INDICATORS
from xiancheng.sim.observation import FOUND

if TYPE_CHECKING:
    import pandas as pd
    from scipy.stats._distn_infrastructure import rv_continuous_frozen

HYPERPARAMETERS = tuple(name for names in priors.HYPERPARAMETERS.values() for name in names)
QUANTILES = (0.05, 0.5, 0.95)
ENDS_ARE_QUANTILES = ("normal", "lognormal", "beta")


def parameters() -> "pd.DataFrame":
    """Every parameter with its prior, ready for `to_csv`.

    Returns
    -------
    one row per parameter:

    name : an identifier of Python, the key in `simulate(parameters=...)`
    central : the value of a run that sets nothing; of normal and beta the mean, of lognormal the
        median, of triangular the mode, of spike-slab the median or a stated value
    low, high : what `low_high` says: the 5 and 95 % quantiles of normal, lognormal and beta, but
        the ends of the support of triangular, uniform and spike-slab; so a uniform prior between
        them is another prior, and `distributions` gives the exact one
    prior : family; its hyperparameters are in `sd`, `sigma`, `a`, `b`, `p0`, empty where it has
        none of that name
    support_low, support_high : outside them a value is refused
    q05, q50, q95 : quantiles of the prior
    unit : of all these values
    estimable : "free" if data may estimate it, else "fixed-prior"
    kind : "response", "dose", "condition", "flow", "recoding" or "measurement"
    grade : S causal design or census count, W association, A assumption
    acts, acts_zh : the condition under which it can change a run; empty if in every run
    en, zh : what it means
    source, note : where the number comes from, and how

    Examples
    --------
    >>> from xiancheng import parameters
    >>> parameters().set_index("name").loc["kappa", ["prior", "unit"]].tolist()
    ['normal', 'utility']
    """
    import pandas as pd

    rows = []
    for p in priors.catalogue():
        when = condition(p.name)
        quantiles = p.quantile(np.array(QUANTILES)).tolist()
        rows.append({
            "name": p.name, "central": p.central, "low": p.low, "high": p.high,
            "low_high": "5 and 95 % quantiles" if p.family in ENDS_ARE_QUANTILES
            else "ends of the support",
            "prior": p.family, **{key: p.prior.get(key) for key in HYPERPARAMETERS},
            "support_low": p.support[0], "support_high": p.support[1],
            **{f"q{round(100 * q):02d}": v for q, v in zip(QUANTILES, quantiles, strict=True)},
            "unit": p.unit, "estimable": p.estimable, "kind": p.kind,
            "grade": p.grade,
            "acts": when.en, "acts_zh": when.zh,
            "zh": p.title["zh"], "en": p.title["en"], "source": p.source, "note": p.note,
        })  # fmt: skip
    return pd.DataFrame(rows).astype(dict.fromkeys(HYPERPARAMETERS, float))


def distributions(names: Iterable[str] | None = None) -> "dict[str, rv_continuous_frozen]":
    """The exact priors as frozen distributions of scipy, by name of the parameter.

    `ppf` of one maps a share in (0, 1) to a value, so any sampler of the unit cube draws from the
    priors: `distributions(["kappa"])["kappa"].ppf(u)`. But for spike-slab, `dist.name` and `args`
    are those of `scipy.stats`.

    Parameters
    ----------
    names : of parameters; all by default

    Returns
    -------
    a dict from name to distribution; values are in the `unit` of `parameters()`

    Raises
    ------
    ParameterError
        if a name is unknown, with the nearest one.

    Examples
    --------
    >>> from xiancheng import distributions
    >>> distributions(["kappa"])["kappa"].ppf([0.05, 0.5, 0.95]).round(2)
    array([1.36, 3.  , 4.64])
    """
    known = {prior.name: prior for prior in priors.catalogue()}
    chosen = list(known) if names is None else list(names)
    priors.override({name: known[name].central if name in known else 0.0 for name in chosen})
    return {name: known[name].distribution for name in chosen}


def draws(
    n: int,
    *,
    seed: int = 1,
    source: Literal["prior", "posterior"] = "prior",
    region: str | Path = "binzhou",
    only: Sequence[str] | None = None,
    own: "Mapping[str, rv_continuous_frozen] | None" = None,
) -> list[dict[str, Any]]:
    """`n` worlds to simulate, each with a seed and a draw of county and yearly effects of its own.

    Each is a set of keyword arguments: `simulate("plan", scale=0.05, **world)`. Run a scenario and
    its baseline with the same ones, and their difference has no noise of its own. Intervals that
    leave out the draw or the seed are too narrow.

    Parameters
    ----------
    n : number of worlds
    seed : of the draws; world i gets the seed `seed + i`
    source : "prior", a Latin hypercube, or "posterior", the sample in the region pack
    region : name or path of that pack
    only : names of the parameters that vary; the others stay central
    own : priors of one's own by name of the parameter, as distributions of scipy, in place of those
        of the catalogue; draws from the posterior rest on those of the catalogue, and take none

    Returns
    -------
    n dicts with the keys `parameters`, values by name in the units of `parameters()`, `draw` and
    `seed`

    Raises
    ------
    RequestError, ParameterError, PackError
        for a wrong number, an unknown name, a prior outside the support of the catalogue, or a pack
        without a posterior.

    Examples
    --------
    >>> from xiancheng import draws
    >>> [(world["draw"], world["seed"]) for world in draws(2, seed=7, only=["kappa"])]
    [(1, 7), (2, 8)]
    """
    if source not in ("prior", "posterior"):
        raise RequestError(_("source should be prior or posterior; got {source!r}", source=source))
    most = LIMITS["draws"][1]
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or not 1 <= n <= most:
        raise RequestError(
            _("n should be a whole number from 1 to {most}; got {n!r}", most=most, n=n)
        )
    chosen = distributions(only).keys()
    mine = _own_priors(own or {}, int(n), seed, source)
    pack = load(region)
    if source == "posterior" and posterior.read(pack.folder) is None:
        raise RequestError(
            _(
                'the pack {pack} holds no posterior.csv; use source="prior" or run calibrate',
                pack=pack.name,
            )
        )
    found = (
        posterior.draws(pack, int(n), seed)
        if source == "posterior"
        else [posterior.Draw(p, i) for i, p in enumerate(priors.draw(int(n), seed), start=1)]
    )
    return [
        {
            "parameters": {
                **{k: v for k, v in asdict(each.parameters).items() if k in chosen},
                **{name: values[i] for name, values in mine.items()},
            },
            "draw": each.number,
            "seed": seed + i,
        }
        for i, each in enumerate(found)
    ]


def _own_priors(
    own: "Mapping[str, rv_continuous_frozen]", n: int, seed: int, source: str
) -> dict[str, list[float]]:
    """Draws from priors of one's own, by the quantiles at which those of the catalogue are drawn.

    Raises
    ------
    RequestError, ParameterError
        also if a prior reaches beyond the support of that in the catalogue.
    """
    distributions(own)
    if own and source == "posterior":
        raise RequestError(
            _("the posterior rests on the priors of the catalogue: weigh its draws by your prior "
              "over theirs, as the guide for researchers does (section 5), or take "
              "source=\"prior\" and condition the runs on the census")
        )  # fmt: skip
    drawn = {}
    for name, prior in own.items():
        if not hasattr(prior, "ppf"):
            raise RequestError(
                _("{name} should be a distribution of scipy, such as scipy.stats.uniform(0, 1); "
                  "got {found}", name=name, found=str(prior)[:40])
            )  # fmt: skip
        values = priors.on_grid(prior.ppf(priors.layers(name, n, seed)))
        for value in (min(values), max(values)):
            priors.override({name: float(value)})
        drawn[name] = values.tolist()
    return drawn


def indicators() -> "pd.DataFrame":
    """What a run reports.

    Returns
    -------
    one row per name: `name`; `unit`; `zh` and `en`, what it means; `reported`, "every quarter" of
    an indicator (`to_frame`, `at`, `series`, `summary`) or "at the end" of what a census would find
    then (`summary` only). A key of `summary` is the name, an underscore and a unit code.

    Examples
    --------
    >>> from xiancheng import indicators
    >>> indicators().set_index("name").loc["resident_urbanization_rate", "unit"]
    'percent'
    """
    import pandas as pd

    rows = [
        {"name": name, "unit": each.unit, "zh": each.zh,
         "en": (each.measure.__doc__ or "").partition("\n")[0], "reported": "every quarter"}
        for name, each in INDICATORS.items()
    ]  # fmt: skip
    rows += [
        {"name": name, "unit": "households" if name == "family_households" else "persons",
         "zh": _found(name).zh, "en": _found(name).en, "reported": "at the end"}
        for name in FOUND
    ]  # fmt: skip
    return pd.DataFrame(rows)


FOUND_MEANING = {  # what a census finds, but for ages
    "in_movers_same_county": _("residents with hukou in another township of the county"),
    "in_movers_same_province": _("residents with hukou in another county of the province"),
    "in_movers_other_province": _("residents with hukou in another province"),
    "workers": _("people present who work"),
    "farmers": _("people present who farm"),
    "family_households": _("family households"),
    "family_members": _("members of family households"),
}


def _found(name: str) -> Words:
    """What a census finds under a name."""
    if name in FOUND_MEANING:
        return FOUND_MEANING[name]
    first, last = name.removeprefix("aged_").split("_")
    if last == "over":
        return _("people present of {first} and over", first=first)
    return _("people present of {first} to {last}", first=first, last=last)
