"""The model: what people, places and governments do in a quarter. Imports nothing else of ours."""

from typing import TYPE_CHECKING, Any

from xiancheng.sim.deferred import Deferred

if TYPE_CHECKING:
    from xiancheng.sim import kernels as kernels
    from xiancheng.sim.model import UrbanModel as UrbanModel

else:
    kernels = Deferred("xiancheng.sim.kernels")  # with the compiler, which takes long to load

# Version of the model, N.M, held to the golden table of outcomes. N changes when a chance, a rule
# or what a run starts from changes: an estimate of an older N is of another model. M changes when
# the same chances get other random numbers. What changes no outcome changes neither.
MODEL_VERSION = "2.2"


def same_model(version: str | None) -> bool:
    """Whether what was estimated with a version of the model is of this one: the same N."""
    return version is not None and version.partition(".")[0] == MODEL_VERSION.partition(".")[0]


def __getattr__(name: str) -> Any:
    """Import the model when it is first asked for: its compiled kernel takes a while to load."""
    if name == "UrbanModel":
        from xiancheng.sim.model import UrbanModel

        return UrbanModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
