"""The model: what people, places and governments do in a quarter. Imports nothing else of ours."""

from sim.model import UrbanModel

__all__ = ["UrbanModel"]
