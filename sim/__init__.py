"""The model: what people, places and governments do in a quarter. Imports nothing else of ours."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xiancheng.sim.model import UrbanModel as UrbanModel


def __getattr__(name: str) -> Any:
    """Import the model when it is first asked for: its compiled kernel takes a while to load."""
    if name == "UrbanModel":
        from xiancheng.sim.model import UrbanModel

        return UrbanModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
