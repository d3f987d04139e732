"""What a run is asked for, and the key by which equal requests know each other.

A key is the sha256 of everything that makes an outcome: the code, the data, the plan, the resolved
scenario, every parameter, and the luck. A changed coefficient is another key; a changed comment is
not. Keys are made of text and integers alone, so that they are the same on every processor.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from xiancheng.calibration import code_identity, priors
from xiancheng.calibration.i18n import _
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.plan_files import Plan
from xiancheng.scenarios.scenario_files import Scenario
from xiancheng.scenarios.simulate import RequestError, horizon, information, outcome_of

COMPUTES = ("sim", "calibration", "scenarios")  # the packages that make an outcome
ARITHMETIC = ("numba", "numpy", "scipy")  # libraries whose versions may change a last digit


@dataclass(frozen=True)
class World:
    """A scenario in a region: what many runs have in common, told once."""

    scenario: Scenario
    region: str  # name of a shipped pack, or the absolute path of another
    cutoff: str  # nothing dated later is used
    resolved: Mapping[str, Any]
    plan_digest: str
    region_digest: str
    digest: str  # of the code, the data, the plan and the scenario

    @classmethod
    def of(
        cls, scenario: Scenario, region: str | Path = "binzhou", cutoff: str | None = None
    ) -> "World":
        """The world of a resolved scenario."""
        from xiancheng.calibration.region import load

        resolved, plan, pack = scenario.resolved(), plan_digest(scenario.plan), load(region)
        until = str(information(scenario, pack, cutoff))
        digest = digest_of(
            {
                "code": code_digest(),
                "region": pack.digest,
                "plan": plan,
                "scenario": resolved,
                "cutoff": until,
            }
        )
        return cls(scenario, pack.reference, until, resolved, plan, pack.digest, digest)


@dataclass(frozen=True)
class Request:
    """One run: a world, overrides of the central parameters, and the luck."""

    world: World
    parameters: Mapping[str, float]
    seed: int = 1
    scale: float = 1.0
    draw: int = 0

    @classmethod
    def of(
        cls, scenario: "str | Path | Mapping[str, Any] | Scenario" = "plan", *,
        region: str | Path = "binzhou", parameters: Mapping[str, float] | None = None,
        seed: int = 1, scale: float = 1.0, start: str | None = None, until: str | None = None,
        draw: int = 0, cutoff: str | None = None,
    ) -> "Request":  # fmt: skip
        """The request that `simulate` would answer, from the same arguments."""
        chosen = scenario if isinstance(scenario, Scenario) else resolve(scenario, region)
        world = World.of(horizon(chosen, start, until), region, cutoff)
        return cls(
            world,
            dict({} if parameters is None else parameters),
            int(seed),
            float(scale),
            int(draw),
        )

    @cached_property
    def key(self) -> str:
        """The sha256 by which equal requests know each other."""
        return digest_of(
            {
                "world": self.world.digest,
                "parameters": asdict(priors.override(self.parameters)),
                "seed": int(self.seed),
                "scale": float(self.scale),
                "draw": int(self.draw),
            }
        )

    def simulate(self) -> Outcome:
        """Run it; other than `scenarios.simulate` it warns of nothing."""
        from xiancheng.scenarios.model import RegionModel

        model = RegionModel(
            self.world.scenario, region=self.world.region, parameters=self.parameters,
            seed=self.seed, scale=self.scale, draw=self.draw, cutoff=self.world.cutoff,
        )  # fmt: skip
        return outcome_of(model)


def timed(request: Request) -> tuple[Outcome, dict[str, float]]:
    """The outcome of a request, and the seconds that each phase took."""
    from xiancheng.scenarios.model import prepared

    begun = perf_counter()
    world = request.world
    prepared(world.region, world.scenario.start, float(request.scale), world.region_digest)
    ready = perf_counter()
    outcome = request.simulate()
    return outcome, {"prepare": ready - begun, "simulate": perf_counter() - ready}


def digest_of(content: Mapping[str, Any]) -> str:
    """The sha256 of JSON-ready content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_digest() -> str:
    """The sha256 of the code that simulates, its tables, and the arithmetic beneath.

    See Also
    --------
    calibration.code_identity : what of the code counts
    """
    content = hashlib.sha256(code_identity.digest(*COMPUTES).encode())
    for library in ARITHMETIC:
        content.update(f"{library} {version(library)}\n".encode())
    return content.hexdigest()


def of_code(digest: str) -> None:
    """Refuse to compute for a process whose code or libraries are not those of this one.

    Raises
    ------
    RequestError
    """
    if code_digest() != digest:
        raise RequestError(
            _(
                "a worker has other code or libraries than the main process; "
                "install the same, change no code meanwhile, then continue with "
                "--resume"
            )
        )


def plan_digest(plan: Plan) -> str:
    """The sha256 of a plan's own file and its measures."""
    content = hashlib.sha256()
    for file in (plan.folder / "plan.yaml", *sorted((plan.folder / "measures").glob("*.yaml"))):
        content.update(f"{file.name}\n".encode())
        content.update(file.read_bytes())
    return content.hexdigest()
