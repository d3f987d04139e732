"""What produced the numbers: enough to make them again."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.store import record
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Cell, Table, build

WRITERS = ("typst", "python-docx", "xlsxwriter", "matplotlib")  # libraries that write documents
SETTINGS = {
    "start": _("start"),
    "until": _("until"),
    "cutoff": _("nothing later was used"),
    "seed": _("seed"),
    "draw": _("draw of county and yearly effects"),
    "scale": _("scale (rows for each resident)"),
}


def table(result: PlanResult, lang: str) -> Table:
    """A row for each fact: run, program, digests, seeds, libraries."""
    rows = [{"item": item.text(lang), "value": value} for item, value in facts(result, lang)]
    title = _("Provenance").text(lang)
    columns = labels.columns("provenance", lang)
    return build("provenance", title, columns, rows, source=result.stamp(lang))


def facts(result: PlanResult, lang: str) -> Iterator[tuple[Words, Cell]]:
    """Each fact about a run with its name, in order."""
    saved, request = result.provenance, result.both.scenario.settings
    yield _("run"), result.run or _("not saved").text(lang)
    if "written" in saved:
        yield _("written (UTC)"), str(saved["written"])
    yield _("scenario"), result.scenario.name
    yield _("title of the scenario"), result.title(lang, whole=True)
    yield _("region"), f"{result.region.name} {result.region.title(lang)}"
    yield from ((words, request[name]) for name, words in SETTINGS.items())
    yield _("draws of the parameters"), result.draws
    software = {**record.software().model_dump(), **saved.get("software", {})}
    yield _("program"), f"{software['name']} {software['version']}"
    yield _("commit"), software["commit"] or _("none").text(lang)
    code = software.get("code") or software["simulation_code"]  # in records before 2026-11-29
    yield _("digest of the simulation code"), code
    yield _("digest of the region pack"), result.region.digest
    yield from _digests(saved)
    yield from _machine(saved)
    yield from _same(writers())


def writers() -> dict[str, str]:
    """The installed libraries that write documents, and their versions."""
    found = {}
    for name in WRITERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _same(facts: dict[str, Any]) -> Iterator[tuple[Words, Cell]]:
    """Facts whose names are the same in every language."""
    return ((Words(name, name), value) for name, value in facts.items())


def _digests(saved: Any) -> Iterator[tuple[Words, Cell]]:
    if "key" in saved:
        yield _("key of the request"), saved["key"]
        yield _("digest of the plan"), saved["plan"]["sha256"]
        yield _("digest of the numbers"), saved["values"]
        yield from _same(saved["files"])
    evidence = saved.get("evidence") or {}
    if sample := evidence.get("posterior"):
        yield _("digest of the posterior sample"), sample["sha256"]
        yield _("program that estimated it"), sample["made_by"] or "?"
    if forecasts := evidence.get("forecasts"):
        words = _("digest of the record of forecasts")
        yield words, forecasts["record"]
    yield from _same(evidence.get("files", {}))


def _machine(saved: Any) -> Iterator[tuple[Words, Cell]]:
    machine = saved.get("environment") or record.environment().model_dump()
    libraries = machine.get("libraries") or {
        k: v for k, v in machine.items() if k not in ("python", "machine")
    }
    yield Words("Python", "Python"), f"{machine['python']} · {machine.get('machine', '')}"
    yield from _same(libraries)
