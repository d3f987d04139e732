"""What produced the numbers: enough to make them again."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from xiancheng.results.store import record
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Cell, Table

WRITERS = ("typst", "python-docx", "xlsxwriter", "matplotlib")  # libraries that write documents
SETTINGS = ("start", "until", "cutoff", "seed", "draw", "scale")


def table(result: PlanResult, lang: str) -> Table:
    """A row for each fact: run, program, digests, seeds, libraries."""
    word = labels.labels("provenance", lang)
    rows = [
        {"item": word.get(name, name), "value": word["none"] if value is None else value}
        for name, value in facts(result, lang)
    ]
    return labels.table("provenance", rows, lang, source=result.stamp(lang))


def facts(result: PlanResult, lang: str) -> Iterator[tuple[str, Cell]]:
    """Each fact about a run in order, by its name in labels.yaml or in the record of the run."""
    saved, settings = result.provenance, result.both.scenario.settings
    yield "run", result.run or labels.label("provenance", "not saved", lang)
    if "written" in saved:
        yield "written", str(saved["written"])
    yield "scenario", result.scenario.name
    yield "title", result.title(lang, whole=True)
    yield "region", f"{result.region.name} {result.region.title(lang)}"
    yield from ((name, settings[name]) for name in SETTINGS)
    yield "draws", result.draws
    software = {**record.software().model_dump(), **saved.get("software", {})}
    yield "program", f"{software['name']} {software['version']}"
    yield "commit", software["commit"] or None
    yield "code", software.get("code") or software["simulation_code"]  # before 2026-11-29
    yield "pack", result.region.digest
    if "key" in saved:
        yield "key", saved["key"]
        yield "plan", saved["plan"]["sha256"]
        yield "values", saved["values"]
        yield from saved["files"].items()
    evidence = saved.get("evidence") or {}
    if sample := evidence.get("posterior"):
        yield "posterior", sample["sha256"]
        yield "estimated_by", f"{sample.get('model') or '?'} · {sample['made_by'] or '?'}"
    if forecasts := evidence.get("forecasts"):
        yield "forecasts", forecasts["record"]
    yield from evidence.get("files", {}).items()
    machine = saved.get("environment") or record.environment().model_dump()
    yield "Python", f"{machine['python']} · {machine.get('machine', '')}"
    others = {k: v for k, v in machine.items() if k not in ("python", "machine")}
    yield from (machine.get("libraries") or others).items()
    yield from writers().items()


def writers() -> dict[str, Any]:
    """The installed libraries that write documents, and their versions."""
    found = {}
    for name in WRITERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
