"""The report of what a page shows, made in a worker process: it takes seconds to draw."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results.contents.parts import Lang
    from results.contents.subject import Subject

FORMS = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel", "html": "HTML"}


def made(subject: "Subject", form: str, lang: "Lang", runs: Path) -> tuple[str, bytes]:
    """A document and its name: the run that it speaks of is saved first, so that it can be named.

    The file is called by the title of the scenario and the date.

    Raises
    ------
    RequestError
        if a library is missing.
    """
    from results.keeping.answers import Answers, keep
    from results.report.command import documents, possible
    from scenarios.request import Request

    possible([form])
    plan, answers = subject.both.plan, Answers.here()
    asked = plan.request
    request = Request.of(
        plan.scenario, region=plan.region.name, seed=asked["seed"], scale=asked["scale"]
    )
    outcome = answers(request)
    folder, _ = keep(outcome, request, subject.verdicts, subject.delivery, runs, answers)
    named = replace(subject, run=folder.name)
    name = file_name(plan.scenario.title.said(lang), form)
    return name, documents(named, [form], lang)[form]


def file_name(title: str, ending: str) -> str:
    """The name of a file about a scenario: its title as far as a file may hold it, and the date.

    >>> file_name("a/b: c", "pdf").startswith("a b c-")
    True
    """
    words = "".join(c if c.isalnum() or c in "-_（）()，" else " " for c in title).split()
    return f"{' '.join(words)[:LONGEST].strip()}-{datetime.now(UTC):%Y%m%d}.{ending}"


LONGEST = 60  # characters of a title in the name of a file
