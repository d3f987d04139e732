"""xiancheng (县城, the county town): an open simulator of county-town urbanization in China.

What programs may lean on stands in `__all__`; everything heavy is imported when first used. In a
checkout the four packages `sim`, `calibration`, `scenarios` and `results` stand beside this folder
and are found as `xiancheng.sim` and so on; an installed distribution holds them inside.
"""

import logging
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xiancheng.calibration.errors import PackError, RefusedError, RequestError, ScenarioError
    from xiancheng.calibration.other_tools import for_ema as priors_for_ema
    from xiancheng.calibration.other_tools import for_pyabc as priors_for_pyabc
    from xiancheng.calibration.other_tools import for_salib as priors_for_salib
    from xiancheng.calibration.posterior import load as posterior
    from xiancheng.calibration.priors import ParameterError
    from xiancheng.calibration.region import load as load_region
    from xiancheng.results.store.ledger import load_sweep
    from xiancheng.results.store.runs import load_run
    from xiancheng.results.verdict.verdict import of_outcome as verdict
    from xiancheng.scenarios.catalogue import distributions, draws, indicators, parameters
    from xiancheng.scenarios.ensemble import ensemble
    from xiancheng.scenarios.loader import load_plan
    from xiancheng.scenarios.simulation import RegionModel, simulate
    from xiancheng.scenarios.trace import InactiveParameterWarning

    __version__: str

__all__ = [
    "InactiveParameterWarning",
    "PackError",
    "ParameterError",
    "RefusedError",
    "RegionModel",
    "RequestError",
    "ScenarioError",
    "__version__",
    "distributions",
    "draws",
    "ensemble",
    "indicators",
    "load_plan",
    "load_region",
    "load_run",
    "load_sweep",
    "parameters",
    "posterior",
    "priors_for_ema",
    "priors_for_pyabc",
    "priors_for_salib",
    "simulate",
    "verdict",
]

DOORS = {  # public name: module of ours, and the name there
    "InactiveParameterWarning": ("scenarios.trace", "InactiveParameterWarning"),
    "PackError": ("calibration.errors", "PackError"),
    "ParameterError": ("calibration.priors", "ParameterError"),
    "RefusedError": ("calibration.errors", "RefusedError"),
    "RegionModel": ("scenarios.simulation", "RegionModel"),
    "RequestError": ("calibration.errors", "RequestError"),
    "ScenarioError": ("calibration.errors", "ScenarioError"),
    "distributions": ("scenarios.catalogue", "distributions"),
    "draws": ("scenarios.catalogue", "draws"),
    "ensemble": ("scenarios.ensemble", "ensemble"),
    "indicators": ("scenarios.catalogue", "indicators"),
    "load_plan": ("scenarios.loader", "load_plan"),
    "load_region": ("calibration.region", "load"),
    "load_run": ("results.store.runs", "load_run"),
    "load_sweep": ("results.store.ledger", "load_sweep"),
    "parameters": ("scenarios.catalogue", "parameters"),
    "posterior": ("calibration.posterior", "load"),
    "priors_for_ema": ("calibration.other_tools", "for_ema"),
    "priors_for_pyabc": ("calibration.other_tools", "for_pyabc"),
    "priors_for_salib": ("calibration.other_tools", "for_salib"),
    "simulate": ("scenarios.simulation", "simulate"),
    "verdict": ("results.verdict.verdict", "of_outcome"),
}

logging.getLogger("xiancheng").addHandler(logging.NullHandler())  # all of ours log below it

_here = Path(__file__).parent
if not (_here / "sim").is_dir():
    __path__.append(str(_here.parent))


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("xiancheng")
    if name in DOORS:
        module, attribute = DOORS[name]
        return getattr(import_module(f"xiancheng.{module}"), attribute)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, for completion."""
    own = [name for name in globals() if name.startswith("__")]
    return sorted({*own, *__all__, "calibration", "results", "scenarios", "sim"})
