"""xiancheng (县城, the county town): an open simulator of county-town urbanization in China.

What programs may lean on stands in `__all__`; everything heavy is imported when first used. In a
checkout the four packages `sim`, `calibration`, `scenarios` and `results` stand beside this folder
and are found as `xiancheng.sim` and so on; an installed distribution holds them inside.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xiancheng.calibration.region import load as load_region
    from xiancheng.scenarios.loading import load as load_plan
    from xiancheng.scenarios.model import RegionModel
    from xiancheng.scenarios.simulate import parameters, simulate

    __version__: str

__all__ = ["RegionModel", "__version__", "load_plan", "load_region", "parameters", "simulate"]

DOORS = {
    "RegionModel": ("xiancheng.scenarios.model", "RegionModel"),
    "load_plan": ("xiancheng.scenarios.loading", "load"),
    "load_region": ("xiancheng.calibration.region", "load"),
    "parameters": ("xiancheng.scenarios.simulate", "parameters"),
    "simulate": ("xiancheng.scenarios.simulate", "simulate"),
}

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
    return sorted([*globals(), *__all__])
