"""What made the numbers: enough to make them again."""

from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.contents.parts import Cell, Column, Table
from xiancheng.results.contents.subject import Subject
from xiancheng.results.keeping import record

DRAWN = ("typst", "python-docx", "xlsxwriter", "matplotlib")


def table(subject: Subject, lang: str) -> Table:
    """A row for each fact: run, program, digests, luck, libraries."""
    columns = (
        Column(_("item").said(lang)),
        Column(_("value", "text").said(lang), wide=True),
    )
    rows = tuple((zh_en.said(lang), value) for zh_en, value in facts(subject, lang))
    title = _("Provenance").said(lang)
    return Table("provenance", title, columns, rows, subject.stamp(lang))


def facts(subject: Subject, lang: str) -> Iterator[tuple[Words, Cell]]:
    """What is told of a run, in order."""
    made, asked = subject.made, subject.both.plan.request
    software = record.software()
    none = _("none").said(lang)
    yield _("run"), subject.run or _("not saved").said(lang)
    if "written" in made:
        yield _("written (UTC)"), str(made["written"])
    yield _("scenario"), subject.scenario.name
    yield _("title of the scenario"), subject.title(lang, whole=True)
    yield _("region"), f"{subject.region.name} {subject.region.title(lang)}"
    for name, called in (
        ("start", _("start")), ("until", _("until")),
        ("cutoff", _("nothing later was used")), ("seed", _("seed")),
        ("draw", _("draw of county and yearly effects")),
        ("scale", _("scale (rows for each resident)")),
    ):  # fmt: skip
        yield called, asked[name]
    yield _("draws of the parameters"), subject.draws
    told = {**software.model_dump(), **made.get("software", {})}
    yield _("program"), f"{told['name']} {told['version']}"
    yield _("commit"), told["commit"] or none
    code = told.get("code") or told["simulation_code"]  # the first in records before 2026-11-29
    yield _("digest of the simulation code"), code
    yield _("digest of the region pack"), subject.region.digest
    yield from _digests(made)
    yield from _machine(made)
    yield from ((Words(name, name), number) for name, number in writers().items())


def writers() -> dict[str, str]:
    """The libraries that wrote this document, and their versions."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in DRAWN:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _digests(made: Any) -> Iterator[tuple[Words, Cell]]:
    if "key" in made:
        yield _("key of the request"), made["key"]
        yield _("digest of the plan"), made["plan"]["sha256"]
        yield _("digest of the numbers"), made["values"]
        yield from ((Words(name, name), each) for name, each in made["files"].items())
    rests_on = made.get("evidence") or {}
    if sample := rests_on.get("posterior"):
        yield _("digest of the posterior sample"), sample["sha256"]
        by = sample["made_by"] or "?"
        yield _("program that estimated it"), by
    if forecasts := rests_on.get("forecasts"):
        yield (
            _("digest of the record of forecasts"),
            forecasts["record"],
        )
    yield from ((Words(name, name), each) for name, each in rests_on.get("files", {}).items())


def _machine(made: Any) -> Iterator[tuple[Words, Cell]]:
    told = made.get("environment") or record.environment().model_dump()
    libraries = told.get("libraries") or {
        k: v for k, v in told.items() if k not in ("python", "machine")
    }
    yield Words("Python", "Python"), f"{told['python']} · {told.get('machine', '')}"
    yield from ((Words(name, name), number) for name, number in libraries.items())
