"""Scenarios: policy and circumstance, written as data and read into levers."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calibration.checks import PackError as PackError
    from calibration.priors import ParameterError as ParameterError
    from calibration.refusal import RefusedError as RefusedError
    from scenarios.acting import InactiveParameterWarning as InactiveParameterWarning
    from scenarios.catalogue import distributions as distributions
    from scenarios.catalogue import draws as draws
    from scenarios.catalogue import indicators as indicators
    from scenarios.catalogue import parameters as parameters
    from scenarios.checking import ScenarioError as ScenarioError
    from scenarios.model import RegionModel as RegionModel
    from scenarios.simulate import RequestError as RequestError
    from scenarios.simulate import simulate as simulate

DOORS = {
    "simulate": "scenarios.simulate",
    "parameters": "scenarios.catalogue",
    "distributions": "scenarios.catalogue",
    "draws": "scenarios.catalogue",
    "indicators": "scenarios.catalogue",
    "RegionModel": "scenarios.model",
    "RefusedError": "calibration.refusal",
    "RequestError": "scenarios.simulate",
    "ScenarioError": "scenarios.checking",
    "ParameterError": "calibration.priors",
    "PackError": "calibration.checks",
    "InactiveParameterWarning": "scenarios.acting",
}


class _Package(ModuleType):
    """A package whose doors open when they are first asked for, so that importing stays light."""

    def __getattr__(self, name: str) -> Any:
        if name in DOORS:
            return getattr(import_module(DOORS[name]), name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *DOORS})

    def __setattr__(self, name: str, value: object) -> None:
        # `scenarios.simulate` is the function; its module of the same name must not hide it.
        if not (name in DOORS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
