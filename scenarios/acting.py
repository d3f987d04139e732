"""Which parameters cannot act in a run, because the term that they enter is zero in it."""

import warnings
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from xiancheng.scenarios.checking import Words
from xiancheng.sim.levers import LEVERS, Levers

if TYPE_CHECKING:
    from xiancheng.scenarios.simulation import RegionModel

# Spreads: they multiply county and yearly effects, and errors, all of which are 0 in draw 0.
SPREADS = ("obs_error_sd", "omega_sd", "tau_sd")

# They shift or blur published rates and nothing else.
OF_PUBLISHED_RATES = ("benchmark_drift", "obs_error_sd")

# They enter the destination constants, which are solved at the central parameters.
CONSTANTS_ONLY = ("town_leaving_ratio",)

_SERVICES = ("hospital", "subcentres", "disability_care", "elder_care", "childcare")
_AMENITIES = (
    "consumption", "environment", "utilities", "charging", "small_towns", "rural_delivery",
    "rural_infrastructure", "digital",
)  # fmt: skip
OF_LEVERS: dict[str, tuple[str, ...]] = {  # they scale the effect of these levers
    "amenity_saturation": (*_SERVICES, *_AMENITIES),
    "bed_takeup": ("dormitory_beds",),
    "beta_a": _AMENITIES,
    "commute_cost_elasticity": ("rural_roads",),
    "credit_relief": ("credit",),
    "delivery_capacity": ("workload",),
    "hr_parent_pension": ("pension_coverage",),
    "hr_public_post_rural": ("rural_posts",),
    "hr_school_closed": ("school_closure",),
    "hukou_reform_effect": ("hukou_access",),
    "job_multiplier": ("tradable_jobs",),
    "land_hukou_decoupling": ("land_rights",),
    "renovation_price_effect": ("renovated_dwellings",),
    "service_to_wage_ratio": _SERVICES,
    "training_employment_effect": ("training",),
}


class InactiveParameterWarning(UserWarning):
    """A parameter was set that cannot change the run; the message is in Chinese and English."""


def condition(name: str) -> Words:
    """When a parameter acts; empty if in every run."""
    if name in CONSTANTS_ONLY:
        return Words(
            "从不：只进入目的地常数，而常数按中心值求解",
            "never: it enters destination constants only, which are solved at central values",
        )
    if name in SPREADS:
        only = Words("，且只影响公布的率", ", on published rates only")
        drawn = Words("draw 大于 0", "draw above 0")
        both = name in OF_PUBLISHED_RATES
        return Words(drawn.zh + only.zh * both, drawn.en + only.en * both)
    if name in OF_PUBLISHED_RATES:
        return Words("只影响公布的率", "on published rates only")
    if name in OF_LEVERS:
        any_of = OF_LEVERS[name]
        return Words(
            f"情景用到抓手 {'、'.join(any_of)}{' 之一' * (len(any_of) > 1)}",
            f"the scenario uses {'one of ' * (len(any_of) > 1)}the lever{'s' * (len(any_of) > 1)} "
            f"{', '.join(any_of)}",
        )
    return Words("", "")


def levers_used(policy: Callable[[int], Levers], quarters: Iterable[int]) -> set[str]:
    """The levers that are above 0 somewhere in one of these quarters."""
    in_force = list({id(levers): levers for levers in map(policy, quarters)}.values())
    return {name for name in LEVERS if any((getattr(each, name) > 0).any() for each in in_force)}


def inactive(names: Iterable[str], draw: int, levers: Collection[str]) -> list[str]:
    """Those of the parameters that cannot act, in order.

    Parameters
    ----------
    draw : number of the draw of county and yearly effects
    levers : that are used in the run
    """
    return [
        name
        for name in names
        if name in CONSTANTS_ONLY
        or (name in SPREADS and draw == 0)
        or (name in OF_LEVERS and not set(OF_LEVERS[name]) & set(levers))
    ]


def message(names: Iterable[str]) -> Words:
    """That these parameters cannot act, and when they would."""
    chosen = [(name, condition(name)) for name in names]
    return Words(
        "以下参数在此不起作用：" + "；".join(f"{n}（起作用的条件：{c.zh}）" for n, c in chosen),
        "these parameters cannot act here: " + "; ".join(f"{n} (acts: {c.en})" for n, c in chosen),
    )


def warn_of_inactive(model: "RegionModel", given: Collection[str]) -> None:
    """Warn the caller of the caller of parameters that were set and cannot act.

    A whole set of parameters, as `scenarios.draws` gives it, is a world and no question about one
    of them; of these only spreads in draw 0 are warned of.

    Parameters
    ----------
    given : names of the parameters that were set; those at their central value are passed over
    """
    from xiancheng.calibration import priors

    now, usual = asdict(model.parameters), asdict(priors.central())
    whole = len(given) == len(now)
    changed = [n for n in given if now[n] != usual[n] and (n in SPREADS or not whole)]
    if not any(name in (*CONSTANTS_ONLY, *SPREADS, *OF_LEVERS) for name in changed):
        return
    used = levers_used(model.policy, (tick.number for tick in model.quarters))
    if idle := inactive(changed, model.draw, used):
        text = message(idle)
        warnings.warn(f"{text.zh}\n{text.en}", InactiveParameterWarning, stacklevel=3)
