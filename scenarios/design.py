"""The design of a sweep: scenarios x parameter draws x seeds x scales, as one writes it in a file.

Points are numbered. The order is fixed by the design alone, so every process and every shard means
the same run by the same number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from xiancheng.calibration import parsing, posterior, priors
from xiancheng.calibration.errors import Problem, ScenarioError
from xiancheng.calibration.file_models import Day, FileModel, validated, wrong
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import is_path, nearest
from xiancheng.calibration.priors import ParameterError
from xiancheng.calibration.region import load
from xiancheng.calibration.yaml_positions import YamlDocument, read_yaml
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import LIMITS, RunSpec, check_run, digest_of, horizon
from xiancheng.scenarios.scenario_files import Horizon, Name, PlanName
from xiancheng.scenarios.trace import in_use, inactive_parameters
from xiancheng.sim.state import Floats

MOST = 1_000_000  # runs in a sweep
SOURCES = ("central", "prior", "posterior")  # of parameter values, but for a file
UNUSED: dict[str, tuple[str, ...]] = {  # keys that would do nothing, by source
    "central": ("method", "only", "seed"), "prior": (), "posterior": ("method",),
    "a file": ("method", "seed"),
}  # fmt: skip

Count = Annotated[int, Field(ge=1, le=MOST)]
Seed = Annotated[int, Field(ge=LIMITS["seed"][0], le=LIMITS["seed"][1])]
Scale = Annotated[float, Field(gt=0, le=1)]


class Span(FileModel):
    """Consecutive seeds."""

    first: Seed = 1
    count: Count


def _distinct(values: Sequence[object]) -> Sequence[object]:
    if len(set(values)) != len(values):
        raise wrong(_("values that all differ"))
    return values


def _listed(value: object) -> object:
    """One value as a list of one."""
    return value if isinstance(value, list | None) else [value]


def _spelled_out(value: object) -> object:
    """A span of seeds as the list that it stands for; one value as a list of one."""
    if isinstance(value, dict):
        if not value.keys() <= Span.model_fields.keys():
            raise wrong(_("a span of no keys but first and count"))
        span = Span.model_validate(value)
        return list(range(span.first, span.first + span.count))
    return _listed(value)


Several = AfterValidator(_distinct)
NotEmpty = Annotated[str, Field(min_length=1)]


class Sampling(FileModel):
    """Where parameter values come from, and how many draws of them are taken.

    `central` takes the central values; `prior` draws from the priors by `method`; `posterior` takes
    draws of the posterior sample in the region pack, each with the county and yearly effects that
    belong to it; the name of a CSV file takes its rows.
    """

    source: Annotated[NotEmpty, Field(alias="from")] = "prior"
    method: Literal["latin-hypercube", "sobol", "independent"] = "latin-hypercube"
    n: Annotated[int, Field(ge=1, le=100_000)] | None = None
    seed: Seed = 1
    only: Annotated[list[str], Field(min_length=1), Several] | None = None

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.source in ("prior", "posterior") and self.n is None:
            raise wrong(_("n, the number of draws from {source}", source=self.source))
        if self.source == "prior" and self.method == "sobol" and self.n and self.n & (self.n - 1):
            near = 2 ** round(math.log2(self.n))
            raise wrong(_("a power of 2 for sobol: {near}", near=near))
        for key in UNUSED.get(self.source, UNUSED["a file"]):
            if key in self.model_fields_set:
                raise wrong(
                    _("no {key}, of which from: {source} makes no use", key=key, source=self.source)
                )
        return self


class DesignFile(FileModel):
    """A sweep as written."""

    name: Name
    region: str = "binzhou"
    plan: PlanName | None = None
    scenarios: Annotated[list[NotEmpty], Field(min_length=1), Several, BeforeValidator(_listed)]
    parameters: Sampling = Sampling(source="central")
    effects: bool | None = Field(
        default=None,
        description="a draw of county and yearly effects with each draw; by default, unless the "
        "parameters are central",
    )
    seeds: Annotated[list[Seed], Field(min_length=1), Several, BeforeValidator(_spelled_out)] = (
        Field(default=[1])
    )
    scales: Annotated[list[Scale], Field(min_length=1), Several, BeforeValidator(_listed)]
    horizon: Horizon = Horizon()
    cutoff: Day | None = None
    alignment: Literal["level", "off"] = Field(
        default="level",
        description="off: runs without measures follow no level, so that parameters move it too",
    )


@dataclass(frozen=True)
class Design:
    """A sweep that was read: its scenarios, and one row of parameter values for each draw."""

    name: str
    specs: tuple[RunSpec, ...]  # of each scenario, with neither draw nor scale
    names: tuple[str, ...]  # of the parameters that are set
    values: Floats  # (draw, parameter)
    effects: bool
    seeds: tuple[int, ...]
    scales: tuple[float, ...]
    own_seeds: bool = False  # of each draw: its number is added to the seed
    numbers: tuple[int, ...] = ()  # of the effects that belong to each draw; empty: 1, 2, 3 ...

    def to_json(self) -> dict[str, Any]:
        """The design whole, JSON-ready; `from_json` gives it back."""
        worlds = [
            {
                "scenario": spec.scenario.resolved(), "region": spec.region,
                "cutoff": spec.inputs["cutoff"], "alignment": spec.alignment,
            }
            for spec in self.specs
        ]  # fmt: skip
        return {
            "name": self.name, "worlds": worlds, "names": list(self.names),
            "values": self.values.tolist(), "effects": self.effects, "seeds": list(self.seeds),
            "scales": list(self.scales), "own_luck": self.own_seeds, "numbers": list(self.numbers),
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The design that `to_json` gave."""
        specs = (
            RunSpec.of(
                each["scenario"],
                region=each["region"],
                cutoff=each["cutoff"],
                alignment=each["alignment"],
            )
            for each in content["worlds"]
        )
        return cls(
            name=content["name"], specs=tuple(specs), names=tuple(content["names"]),
            values=np.array(content["values"], float), effects=content["effects"],
            seeds=tuple(content["seeds"]), scales=tuple(content["scales"]),
            own_seeds=content["own_luck"], numbers=tuple(content["numbers"]),
        )  # fmt: skip

    @cached_property
    def digest(self) -> str:
        """The sha256 of all that decides which runs are meant, but for the code.

        Where a pack or a plan lies decides nothing: it enters by its own digest.
        """
        content = self.to_json()
        worlds = [{k: spec.inputs[k] for k in ("scenario", "cutoff")} for spec in self.specs]
        inputs = [[spec.inputs["plan"], spec.inputs["region"]] for spec in self.specs]
        return digest_of(content | {"worlds": worlds, "inputs": inputs})

    def __len__(self) -> int:
        return len(self.specs) * len(self.values) * len(self.seeds) * len(self.scales)

    def row(self, number: int) -> int:
        """The row of `values` that a run takes."""
        return number // len(self.specs) % len(self.values)

    def spec(self, number: int) -> RunSpec:
        """A run by its number; scenarios change fastest, so that partners are run together."""
        rest, scenario = divmod(number, len(self.specs))
        rest, row = divmod(rest, len(self.values))
        scale, seed = divmod(rest, len(self.seeds))
        effects = self.numbers[row] if self.numbers else row + 1
        return self.specs[scenario].vary(
            parameters=dict(zip(self.names, self.values[row].tolist(), strict=True)),
            seed=self.seeds[seed] + row * self.own_seeds,
            scale=self.scales[scale],
            draw=effects if self.effects else 0,
        )

    def points(self, shard: tuple[int, int] = (1, 1)) -> list[int]:
        """The numbers of the runs of shard i of n; all scenarios of a draw and seed are in one."""
        i, n = shard
        each = len(self.specs)
        return [
            first * each + scenario
            for first in range(i - 1, len(self) // each, n)
            for scenario in range(each)
        ]

    def inactive(self) -> list[str]:
        """The parameters that are set but can act in no run of the design."""
        used: set[str] = set()
        for spec in self.specs:
            used |= in_use(spec)
        return inactive_parameters(self.names, int(self.effects), used)


def read_design(file: Path) -> Design:
    """The sweep in a design file; scenario files and CSV files are looked for beside it.

    Raises
    ------
    ScenarioError, ParameterError, PackError, RequestError
        with what is wrong, before anything is computed.
    """
    document = read_yaml(file)
    written = validated(DesignFile, document, {})
    region = beside(file, written.region)
    plan = None if written.plan is None else beside(file, written.plan)
    specs = []
    for name in written.scenarios:
        chosen = resolve(beside(file, name), region, plan)
        chosen = horizon(chosen, written.horizon.start, written.horizon.until)
        for scale in written.scales:
            check_run(chosen, region, scale=scale)
        cutoff = None if written.cutoff is None else str(written.cutoff)
        specs.append(RunSpec.of(chosen, region=region, cutoff=cutoff, alignment=written.alignment))
    titles = [spec.scenario.name for spec in specs]
    for i, title in enumerate(titles):
        if title in titles[:i]:
            each = _("a name of its own for each scenario")
            raise ScenarioError([document.problem(("scenarios", i), each, title)])
    names, values, numbers = _drawn(written, document, file)
    design = Design(
        name=written.name,
        specs=tuple(specs),
        names=names,
        values=values,
        effects=written.parameters.source != "central"
        if written.effects is None
        else written.effects,
        seeds=tuple(written.seeds),
        scales=tuple(written.scales),
        numbers=numbers,
    )
    if len(design) > MOST:
        expected = _("at most {MOST} runs", MOST=MOST)
        raise ScenarioError([document.problem((), expected, str(len(design)))])
    return design


def beside(file: Path, name: str) -> str | Path:
    """What a design names: a bare name as it is, a path from the folder of the design.

    A path that is not there is taken from the working folder.
    """
    if not is_path(name):
        return name
    return near if (near := file.parent / name).exists() or not Path(name).exists() else Path(name)


Drawn = tuple[tuple[str, ...], Floats, tuple[int, ...]]


def _drawn(written: DesignFile, document: YamlDocument, file: Path) -> Drawn:
    """What the design sets: names of parameters, their values (draw, parameter), and effects."""
    sampling = written.parameters
    known = [prior.name for prior in priors.catalogue()]
    chosen = known if sampling.only is None else sampling.only
    unknown = [
        document.problem(
            ("parameters", "only", i), _("the name of a parameter"), name,
            nearest=nearest(name, known),
        )
        for i, name in enumerate(chosen)
        if name not in known
    ]  # fmt: skip
    if unknown:
        raise ScenarioError(unknown)
    if sampling.source == "central":
        return (), np.zeros((sampling.n or 1, 0)), ()
    if sampling.source == "prior":
        names = tuple(chosen)
        return names, sampled(sampling.method, names, sampling.n or 1, sampling.seed), ()
    if sampling.source == "posterior":
        names, values, numbers = _believed(written, document, beside(file, written.region))
    else:
        names, values = points_in(_table(sampling.source, document, file), sampling.n)
        numbers = ()
    kept = [i for i, name in enumerate(names) if name in chosen or sampling.only is None]
    return tuple(names[i] for i in kept), values[:, kept], numbers


def _table(source: str, document: YamlDocument, file: Path) -> Path:
    """The CSV file of points that a design names."""
    table = file.parent / source
    if table.is_file():
        return table
    methods = get_args(Sampling.model_fields["method"].annotation)
    hint = f"; write method: {source} with from: prior" if source in methods else ""
    note = f"；抽样方法应写作 from: prior 加 method: {source}" if hint else ""
    expected = _("prior, posterior, central or a CSV file beside the design{hint}",
                 hint=Words(note, hint))  # fmt: skip
    raise ScenarioError(
        [document.problem(("parameters", "from"), expected, source,
                          nearest="" if hint else nearest(source, SOURCES))]
    )  # fmt: skip


def _believed(written: DesignFile, document: YamlDocument, region: str | Path) -> Drawn:
    """Draws of the posterior sample of the region, as `xiancheng run --draws` takes them."""
    pack, sampling = load(region), written.parameters
    if posterior.read(pack.folder) is None:
        expected = _("prior or a CSV file: the pack holds no posterior.csv")  # fmt: skip
        raise ScenarioError([document.problem(("parameters", "from"), expected, "posterior")])
    draws = posterior.draws(pack, sampling.n or 1, sampling.seed)
    names = tuple(asdict(draws[0].parameters))
    values = np.array([[*asdict(draw.parameters).values()] for draw in draws])
    return names, values, tuple(draw.number for draw in draws)


# Points in the space of parameters

SMALLEST = 2.0**-33  # quantiles are never taken at 0 or 1


def sampled(method: str, names: Sequence[str], n: int, seed: int) -> Floats:
    """`n` draws of these parameters from their priors, `priors.on_grid`, (draw, parameter).

    References
    ----------
    McKay, Beckman & Conover (1979), doi:10.1080/00401706.1979.10489755; Owen (1998),
    doi:10.1006/jcom.1998.0487 for scrambled Sobol points
    """
    by_name = {prior.name: prior for prior in priors.catalogue()}
    if method == "latin-hypercube":  # the draws of `xiancheng run --draws`
        return np.column_stack([by_name[name].draws(n, seed) for name in names])
    if method == "sobol":
        from scipy.stats.qmc import Sobol

        unit = Sobol(len(names), rng=np.random.default_rng(seed)).random_base2(n.bit_length() - 1)
    else:
        unit = np.random.default_rng(seed).random((n, len(names)))
    unit = np.clip(unit, SMALLEST, 1 - SMALLEST)
    drawn = [by_name[name].quantile(unit[:, i]) for i, name in enumerate(names)]
    return priors.on_grid(np.column_stack(drawn))


def points_in(table: Path, n: int | None = None) -> tuple[tuple[str, ...], Floats]:
    """Parameter values in a CSV file with a row of names; all rows, or the first `n`.

    Raises
    ------
    ScenarioError
        with everything that is wrong, line by line.
    """
    header, rows = parsing.read_table(table)
    problems = []
    if len(rows) < (n or 1):
        expected = _("at least {n} rows of values", n=n or 1)
        problems.append(Problem(str(table), 1, 1, "", expected, str(len(rows))))
    known = [prior.name for prior in priors.catalogue()]
    for column, name in enumerate(header):
        if name not in known or name in header[:column]:
            each = _("names of parameters, each once")
            near = nearest(name, known)
            problems.append(Problem(str(table), 1, column + 1, "", each, name, near))
    if problems:
        raise ScenarioError(problems)
    values = []
    for line, row in rows[:n]:
        numbers = [number for cell in row if (number := parsing.number(cell)) is not None]
        if len(numbers) != len(header) or len(row) != len(header):
            expected = _("{n} numbers", n=len(header))
            problems.append(Problem(str(table), line, 1, "", expected, ",".join(row)[:60]))
            continue
        try:
            priors.override(dict(zip(header, numbers, strict=True)))
            values.append(numbers)
        except ParameterError as error:
            within = _("values that the priors allow")
            found = Words(error.zh, error.en)
            problems.append(Problem(str(table), line, 1, "", within, found))
    if problems:
        raise ScenarioError(problems)
    return tuple(header), np.array(values)
