"""Scenarios: policy and circumstance, written as data and read into levers."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xiancheng.calibration.errors import PackError as PackError
    from xiancheng.calibration.errors import RefusedError as RefusedError
    from xiancheng.calibration.errors import ScenarioError as ScenarioError
    from xiancheng.calibration.priors import ParameterError as ParameterError
    from xiancheng.scenarios.catalogue import distributions as distributions
    from xiancheng.scenarios.catalogue import draws as draws
    from xiancheng.scenarios.catalogue import indicators as indicators
    from xiancheng.scenarios.catalogue import parameters as parameters
    from xiancheng.scenarios.inactive import InactiveParameterWarning as InactiveParameterWarning
    from xiancheng.scenarios.model import RegionModel as RegionModel
    from xiancheng.scenarios.simulate import RequestError as RequestError
    from xiancheng.scenarios.simulate import simulate as simulate

DOORS = {
    "simulate": "xiancheng.scenarios.simulate",
    "parameters": "xiancheng.scenarios.catalogue",
    "distributions": "xiancheng.scenarios.catalogue",
    "draws": "xiancheng.scenarios.catalogue",
    "indicators": "xiancheng.scenarios.catalogue",
    "RegionModel": "xiancheng.scenarios.model",
    "RefusedError": "xiancheng.calibration.errors",
    "RequestError": "xiancheng.calibration.errors",
    "ScenarioError": "xiancheng.calibration.errors",
    "ParameterError": "xiancheng.calibration.priors",
    "PackError": "xiancheng.calibration.errors",
    "InactiveParameterWarning": "xiancheng.scenarios.inactive",
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
