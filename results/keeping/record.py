"""The record of a run, `run.json`: everything that made it, in a form that programs can rely on.

`schema` gives the JSON Schema that is published beside this file. The record is sealed: its own
digest is kept in it, so an altered record is told from a whole one.
"""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, ValidationError

from xiancheng.scenarios.outcome import commit
from xiancheng.scenarios.request import code_digest
from xiancheng.scenarios.types import FileModel

LIBRARIES = ("mesa", "numba", "numpy", "pandas", "pyarrow", "scipy")
SEAL = b',\n"seal": "'
FLAGS = ("sse", "avx", "fma", "neon", "asimd", "sve")  # processor features that touch arithmetic

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[^./\\][^/\\]*$")]  # in the folder of the run
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


class Software(FileModel):
    """The program that ran."""

    name: str
    version: str
    commit: str | None
    simulation_code: Sha256 = Field(
        description="syntax trees and tables of sim, calibration and scenarios, and the versions "
        "of the libraries that compute; `code` in records of programs before 2026-11-29",
        validation_alias=AliasChoices("simulation_code", "code"),
    )


class Input(FileModel):
    """A plan or a region pack."""

    name: str = Field(description="name, or the path it was read from")
    sha256: Sha256


class Processor(FileModel):
    """The processor, where the system tells."""

    model: str
    cores: int
    features: list[str]


class Environment(FileModel):
    """The machine and the libraries."""

    python: str
    system: str
    machine: str
    processor: Processor
    libraries: dict[str, str]


class Begun(FileModel):
    """Who was there when the run began [persons], by county."""

    urban: list[int]
    present: list[int]


class PosteriorSample(FileModel):
    """The posterior sample that parameters are drawn from."""

    sha256: Sha256
    rows: int
    made_by: Sha256 | None = Field(description="digest of the program that estimated it")
    same_program: bool = Field(description="whether that is the program of this run")


class Forecasts(FileModel):
    """The statistical forecasts that give the level."""

    program: Sha256
    record: Sha256 = Field(description="of the censuses that they were fitted to")


class Evidence(FileModel):
    """What a verdict rests on beside the program."""

    draws: int = Field(description="of the parameters; 0 at central values")
    basis: str | None = Field(description="statistics, model or another start; null: no target")
    posterior: PosteriorSample | None
    forecasts: Forecasts | None
    files: dict[str, Sha256] = Field(description="every file of data that was read")


class Record(FileModel):
    """What made a run, what it came to, and the digests of its files."""

    format: Literal[1]
    run: str
    key: Sha256 = Field(description="digest of code, data, plan, scenario, parameters and luck")
    written: str = Field(description="when, in UTC")
    software: Software
    plan: Input
    region: Input
    scenario: dict[str, Any] = Field(description="as resolved: a file based on no other")
    start: Day
    until: Day
    cutoff: Day = Field(description="nothing dated later was used")
    seed: int
    scale: float
    draw: int = Field(description="of county and yearly effects; 0 is the median world")
    parameters: dict[str, float]
    environment: Environment
    seconds: dict[str, float] = Field(description="by phase: prepare, simulate, tabulate")
    peak_memory_bytes: int = Field(description="of the process, up to the end of this run")
    begun: Begun
    summary: dict[str, float | None] = Field(description="every indicator at the end of the run")
    verdicts: list[dict[str, Any]] = Field(
        default=[], description="of a run with its baseline: the rows of verdicts.csv"
    )
    model_targets: list[dict[str, Any]] = Field(
        default=[], description="of a run without: the rows of model_targets.csv, no verdict"
    )
    evidence: Evidence | None = Field(
        default=None, description="of a run of `xiancheng run`; a run of a sweep has no verdict"
    )
    values: Sha256 = Field(description="of the numbers in series and growth, in any file format")
    files: dict[FileName, Sha256]
    seal: Sha256 = Field(description="of the bytes of this file before the seal")


def written(content: Mapping[str, Any]) -> bytes:
    """A record as the text of `run.json`: a key a line, the seal last.

    Parameters
    ----------
    content : the fields of `Record` but for the seal, JSON-ready
    """
    lines = (f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in content.items())
    text = ("{\n" + ",\n".join(lines)).encode()
    return text + SEAL + hashlib.sha256(text).hexdigest().encode() + b'"\n}\n'


def parsed(text: bytes) -> Record | None:
    """The record in a text; None if it is torn, altered, or of no form that we know."""
    before, _, seal = text.rpartition(SEAL)
    if seal != hashlib.sha256(before).hexdigest().encode() + b'"\n}\n':
        return None
    try:
        return _renamed(Record.model_validate_json(text))
    except ValidationError:
        return None


_FORMER = {
    "simulated": "model_rate",
    "met": "above_target_in_model",
    "margin_pp": "model_margin_pp",
}


def _renamed(record: Record) -> Record:
    """The record; where an older program wrote the model's own targets as verdicts, renamed."""
    if not record.verdicts or "met" not in record.verdicts[0]:
        return record
    rows = [{_FORMER.get(name, name): v for name, v in row.items()} for row in record.verdicts]
    return record.model_copy(update={"verdicts": [], "model_targets": rows})


def schema() -> dict[str, Any]:
    """The JSON Schema of `run.json`; results/run.schema.json holds it."""
    told = Record.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **told, "title": "Run"}


@cache
def software() -> Software:
    """The program that is running."""
    return Software(
        name="xiancheng", version=version("xiancheng"), commit=commit(),
        simulation_code=code_digest(),
    )  # fmt: skip


@cache
def environment() -> Environment:
    """The machine and the libraries in use."""
    return Environment(
        python=platform.python_version(),
        system=platform.system(),
        machine=platform.machine(),
        processor=_processor(),
        libraries={name: version(name) for name in LIBRARIES},
    )


def peak_memory() -> int:
    """The most memory this process has held [bytes]; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def _processor() -> Processor:
    import os

    told: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                told.setdefault(name.strip(), value.strip())
    except OSError:
        pass
    flags = (told.get("flags") or told.get("Features") or "").split()
    return Processor(
        model=told.get("model name") or platform.processor() or platform.machine(),
        cores=os.cpu_count() or 1,
        features=sorted(flag for flag in flags if flag.startswith(FLAGS)),
    )
