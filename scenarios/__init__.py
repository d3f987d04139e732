"""Scenarios: policy and circumstance, written as data and read into levers."""

from typing import Any

import xiancheng

NAMES = (  # of the public door, which may be imported from here as well
    "simulate", "parameters", "distributions", "draws", "indicators", "RegionModel", "RefusedError",
    "RequestError", "ScenarioError", "ParameterError", "PackError", "InactiveParameterWarning",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in NAMES:
        return getattr(xiancheng, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *NAMES})
