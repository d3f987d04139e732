"""What is held side by side: scenarios and saved runs, what each met, how their inputs differ."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from xiancheng.calibration.priors import catalogue, override
from xiancheng.calibration.refusal import RequestError
from xiancheng.results.keeping.store import Saved, on_file
from xiancheng.scenarios.checking import Words
from xiancheng.scenarios.differences import diff, differences
from xiancheng.scenarios.paired import Draw
from xiancheng.scenarios.resolving import is_shipped, resolve
from xiancheng.scenarios.run_spec import code_digest, information
from xiancheng.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region


@dataclass(frozen=True)
class Side:
    """A scenario, or a run on disk."""

    name: str
    scenario: Scenario
    saved: Saved | None = None


@dataclass(frozen=True)
class Met:
    """What a side met in its one run; sides that met the same are compared in pairs."""

    seed: int
    draw: int
    scale: float
    start: str
    cutoff: str
    parameters: tuple[tuple[str, float], ...]
    region: str  # sha256 of the pack
    code: str  # sha256 of what computed

    @classmethod
    def of(cls, made: Saved) -> Self:
        """What a saved run met."""
        told = made.record
        return cls(
            told.seed, told.draw, told.scale, told.start, told.cutoff,
            tuple(sorted(told.parameters.items())), told.region.sha256,
            told.software.simulation_code,
        )  # fmt: skip


def opened(what: str, region: str | Path | None = None) -> Side:
    """A shipped scenario by its bare name, a saved run by its folder or id, or another scenario.

    A file under the name of a scenario of the plan that it changes is called by its own name.

    Raises
    ------
    RequestError, ScenarioError
    """
    if not is_shipped(what) and (saved := on_file(what)):
        return Side(saved.record.run, saved.spec.scenario, saved)
    scenario = resolve(what, region)
    namesake = scenario.plan.scenario_files().get(scenario.name)
    altered = namesake is not None and bool(differences(resolve(namesake), scenario))
    return Side(Path(what).stem if altered else scenario.name, scenario)


def ordered(
    names: Sequence[str], baseline: str | None, region: str | Path | None = None
) -> tuple[Side, ...]:
    """The sides, the baseline first, under names that tell them apart.

    Raises
    ------
    RequestError
        if fewer than two are left.
    """
    chosen = [baseline, *(n for n in names if n != baseline)] if baseline else list(names)
    if len(chosen) < 2:
        raise RequestError(
            "至少比较两个情景或运行；也可用 --baseline 指定基准",
            "compare at least two scenarios or runs; --baseline names one as well",
        )
    sides: list[Side] = []
    for what in chosen:
        side = opened(what, region)
        again = sum(other.name.partition("#")[0] == side.name for other in sides)
        sides.append(replace(side, name=f"{side.name}#{again + 1}") if again else side)
    return tuple(sides)


def met(side: Side, common: Draw, scale: float, pack: "Region") -> Met:
    """What a side meets: that of its run, or the luck common to all."""
    if side.saved:
        return Met.of(side.saved)
    values = asdict(override(common.parameters))
    return Met(
        common.seed, common.number, scale, str(side.scenario.start),
        str(information(side.scenario, pack, None)),
        tuple(sorted(values.items())), pack.digest, code_digest(),
    )  # fmt: skip


def differing(base: Side, other: Side, lang: str, region: "Region | None" = None) -> Iterator[str]:
    """What differs in the inputs of two sides, in the words of the plan, in a region."""
    yield from diff(base.scenario, other.scenario, lang, region)
    if base.saved is None or other.saved is None:
        return
    a, b = Met.of(base.saved), Met.of(other.saved)
    titles = {prior.name: prior.title[lang] for prior in catalogue()}
    was, will = dict(a.parameters), dict(b.parameters)
    for name in sorted(was.keys() | will.keys()):
        if was.get(name) != will.get(name):
            yield f"{titles.get(name, name)} ({name}): {was.get(name)} -> {will.get(name)}"
    for key, words in MET.items():
        if getattr(a, key) != getattr(b, key):
            yield f"{words.said(lang)}: {getattr(a, key)} -> {getattr(b, key)}"


MET = {
    "seed": Words("种子", "seed"),
    "draw": Words("抽样号", "draw"),
    "scale": Words("规模", "scale"),
    "cutoff": Words("信息截止日", "cut-off of what is known"),
    "region": Words("区域包数据 sha256", "sha256 of the region pack"),
    "code": Words("模拟程序 sha256", "sha256 of the simulation code"),
}
