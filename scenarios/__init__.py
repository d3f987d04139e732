"""Scenarios: policy and circumstance, written as data and read into levers."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.model import RegionModel as RegionModel
    from scenarios.simulate import parameters as parameters
    from scenarios.simulate import simulate as simulate

DOORS = {
    "simulate": "scenarios.simulate",
    "parameters": "scenarios.simulate",
    "RegionModel": "scenarios.model",
}


class _Package(ModuleType):
    """A package whose doors open when they are first asked for, so that importing stays light."""

    def __getattr__(self, name: str) -> Any:
        if name in DOORS:
            return getattr(import_module(DOORS[name]), name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        # `scenarios.simulate` is the function; its module of the same name must not hide it.
        if not (name in DOORS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
