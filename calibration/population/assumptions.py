"""What no census table says about people and households, from assumptions.csv beside this."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from xiancheng.sim.state import Floats

AGES = 121  # single years of age, more than anybody lives


@dataclass(frozen=True)
class SynthesisAssumptions:
    """Numbers by name, and by key where a name has several (ages, levels of education)."""

    values: dict[tuple[str, str], float]

    def __getitem__(self, name: str) -> float:
        """A single number."""
        return self.values[name, ""]

    def steps(self, name: str) -> dict[int, float]:
        """A number by key, in order of key."""
        return {int(key): v for (other, key), v in self.values.items() if other == name and key}

    def row(self, name: str) -> Floats:
        """Numbers in order of key, (key,)."""
        return np.array(list(self.steps(name).values()))

    def by_age(self, name: str) -> Floats:
        """A number for each single year of age, 0 before the first key, (age,)."""
        steps = self.steps(name)
        step = np.searchsorted(list(steps), np.arange(AGES), side="right")
        return np.array([0.0, *steps.values()])[step]


@cache
def assumptions() -> SynthesisAssumptions:
    """The assumptions on file."""
    text = (files("xiancheng.calibration.population") / "assumptions.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return SynthesisAssumptions({(row["name"], row["key"]): float(row["value"]) for row in rows})
