"""The record of a run, `run.json`: everything that made it, in a form that programs can rely on.

`schema` gives the JSON Schema that is published beside this file. The record is sealed: its own
digest is kept in it, so an altered record is recognized.
"""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AliasChoices, Field, ValidationError, model_validator

from xiancheng.calibration import posterior
from xiancheng.calibration.file_models import FileModel
from xiancheng.calibration.forecasts import panel
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import Region
from xiancheng.results.store.files import file_digest
from xiancheng.results.verdict import registered
from xiancheng.scenarios.outcome import commit
from xiancheng.scenarios.run_spec import RunSpec, code_digest
from xiancheng.sim import MODEL_VERSION, same_model

if TYPE_CHECKING:
    import pandas as pd

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
    model: str | None = Field(
        default=None, description="version N.M of the model; another N has other chances or rules"
    )
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
    model: str | None = Field(
        default=None, description="version of the model that it was estimated with"
    )
    made_by: Sha256 | None = Field(description="digest of the program that estimated it")
    from_priors: list[str] = Field(
        default=[], description="parameters that it lacks, which today's priors give"
    )

    @model_validator(mode="before")
    @classmethod
    def _without_former_key(cls, row: Any) -> Any:
        """Leave out what records before 2026-11-30 hold: whether `made_by` was their program."""
        return {k: v for k, v in row.items() if k != "same_program"}


class Forecasts(FileModel):
    """The statistical forecasts that give the level."""

    program: Sha256
    record: Sha256 = Field(description="of the censuses that they were fitted to")


class Evidence(FileModel):
    """What a verdict rests on beside the program."""

    draws: int = Field(description="of the parameters; 0 at central values")
    basis: str | None = Field(
        description="statistics, model, unaligned or another start; null: no target"
    )
    posterior: PosteriorSample | None
    forecasts: Forecasts | None
    files: dict[str, Sha256] = Field(description="every file of data that was read")


class Record(FileModel):
    """What made a run, what it came to, and the digests of its files."""

    format: Literal[1]
    run: str
    key: Sha256 = Field(
        description="digest of code, data, plan, scenario, parameters and random numbers"
    )
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
    alignment: Literal["level", "off"] = Field(
        default="off", description="whether it follows the level, or replays what that took"
    )
    observations: list[tuple[str, Day, float]] = Field(
        default=[], description="published rates brought to the run: code of the unit, day, percent"
    )
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
        return _with_former_names(Record.model_validate_json(text))
    except ValidationError:
        return None


_FORMER = {
    "simulated": "model_rate",
    "met": "above_target_in_model",
    "margin_pp": "model_margin_pp",
}


def _with_former_names(record: Record) -> Record:
    """The record; where an older program wrote the model's own targets as verdicts, renamed."""
    if not record.verdicts or "met" not in record.verdicts[0]:
        return record
    rows = [{_FORMER.get(name, name): v for name, v in row.items()} for row in record.verdicts]
    return record.model_copy(update={"verdicts": [], "model_targets": rows})


def schema() -> dict[str, Any]:
    """The JSON Schema of `run.json`; results/run.schema.json holds it."""
    fields = Record.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **fields, "title": "Run"}


@cache
def software() -> Software:
    """The program that is running."""
    return Software(
        name="xiancheng", version=version("xiancheng"), commit=commit(), model=MODEL_VERSION,
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
    known: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                known.setdefault(name.strip(), value.strip())
    except OSError:
        pass
    flags = (known.get("flags") or known.get("Features") or "").split()
    return Processor(
        model=known.get("model name") or platform.processor() or platform.machine(),
        cores=os.cpu_count() or 1,
        features=sorted(flag for flag in flags if flag.startswith(FLAGS)),
    )


# What the numbers of a run rest on beside the program

READ = (".csv", ".yaml", ".geojson")  # of a pack: files that are read
FOLLOW = (posterior.SAMPLE, posterior.ABOUT, posterior.RECORD)  # files that follow from a pack


def evidence(spec: RunSpec, verdicts: "pd.DataFrame") -> dict[str, Any]:
    """What a verdict rests on, as `Evidence` has it.

    Parameters
    ----------
    verdicts : as `results.verdict.verdict.verdicts` gives them; may be empty
    """
    pack = spec.pack
    basis = None if verdicts.empty else str(verdicts["basis"].iloc[0])
    found: dict[str, Any] = {
        "draws": 0 if verdicts.empty else int(verdicts["draws"].iloc[0]),
        "basis": basis,
        "posterior": posterior_record(pack),
        "forecasts": None,
        "files": dict(_files(spec, pack, basis == "statistics")),
    }
    if basis == "statistics":
        record = panel.record_basis(pack).record
        found["forecasts"] = {"program": registered.program(), "record": record}
    return found


def posterior_record(pack: Region) -> dict[str, Any] | None:
    """The posterior sample of a pack and what made it; None where draws are those of the priors."""
    known = posterior.read(pack.folder)
    if known is None:
        return None
    made_by = known.about.get("software", {})
    return {
        "sha256": file_digest(pack.folder / posterior.SAMPLE),
        "rows": len(known.values),
        "model": made_by.get("model"),
        "made_by": made_by.get("simulation_code") or made_by.get("code"),  # before 2026-11-29
        "from_priors": list(known.about[posterior.TAKEN]),
    }


def sample_note(pack: Region) -> Words | None:
    """The posterior sample that a verdict rests on, and of which model; None where there is none.

    A sample is this model's where the N of the version N.M is the same: random numbers and code may
    have changed since, chances and rules have not.
    """
    found = posterior_record(pack)
    if found is None:
        return None
    short, by = found["sha256"][:12], found["model"] or "?"
    rows, number = found["rows"], len(found["from_priors"])
    lacking = (
        _(" {n} parameters that it lacks come from today's priors.", n=number)
        if number
        else Words("", "")
    )
    if same_model(found["model"]):
        return _(
            "Posterior sample {short} ({rows} rows), estimated with this model ({by}).{lacking}",
            short=short,
            rows=rows,
            by=by,
            lacking=lacking,
        )
    if found["model"] is None and found["made_by"] is None:
        return _(
            "Posterior sample {short} ({rows} rows), of which the pack says nothing more.{lacking}",
            short=short,
            rows=rows,
            lacking=lacking,
        )
    return _(
        "Posterior sample {short} ({rows} rows), estimated with model {by}, and this is model "
        "{now}; to estimate with this one, run xiancheng calibrate.{lacking}",
        short=short,
        rows=rows,
        by=by,
        now=MODEL_VERSION,
        lacking=lacking,
    )


def sample_notes(pack: Region, lang: str) -> list[str]:
    """The note in one language; none where there is no sample."""
    note = sample_note(pack)
    return [] if note is None else [note.text(lang)]


def _files(spec: RunSpec, pack: Region, leans: bool) -> Iterator[tuple[str, str]]:
    """Every file that is read, by a name that does not depend on where it lies, and its sha256."""
    calibration = Path(str(files("xiancheng.calibration")))
    for file in sorted([*calibration.glob("*.csv"), *calibration.glob("*.yaml")]):
        yield f"calibration/{file.name}", file_digest(file)
    for file in sorted(pack.folder.iterdir()):
        if file.suffix in READ or file.name in FOLLOW:
            yield f"region/{file.name}", file_digest(file)
    wider = panel.record_basis(pack) if leans else pack
    if wider.folder != pack.folder:
        for file in sorted(wider.folder.iterdir()):
            if file.suffix in READ and file.name not in FOLLOW:
                yield f"record/{wider.name}/{file.name}", file_digest(file)
    plan, *measures = spec.scenario.plan.files
    yield f"plan/{plan.name}", file_digest(plan)
    for file in measures:
        yield f"plan/measures/{file.name}", file_digest(file)
