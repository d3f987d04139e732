"""Distances on the globe, and the middle of an outline."""

import numpy as np

from xiancheng.sim.state import Floats

EARTH_RADIUS = 6371.0  # km


def middle(ring: Floats) -> Floats:
    """Centre of area of a closed outline, (2,)."""
    (x, y), (u, v) = ring.T, np.roll(ring, -1, axis=0).T
    cross = x * v - u * y
    moment = np.array([((x + u) * cross).sum(), ((y + v) * cross).sum()])
    return np.asarray(moment / (3 * cross.sum()))


def great_circle(one: Floats, other: Floats) -> Floats:
    """Distance between points given in degrees east and north [km] (haversine)."""
    lon, lat = np.moveaxis(np.radians(one), -1, 0)
    lon2, lat2 = np.moveaxis(np.radians(other), -1, 0)
    half = np.sin((lat2 - lat) / 2) ** 2
    half = half + np.cos(lat) * np.cos(lat2) * np.sin((lon2 - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS * np.arcsin(np.sqrt(half)))
