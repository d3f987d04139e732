"""The report of what a page shows, made in a worker process: it takes seconds to draw."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results.contents.parts import Lang
    from results.contents.subject import Subject

FORMS = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel", "html": "HTML"}


def made(subject: "Subject", form: str, lang: "Lang", runs: Path) -> tuple[str, bytes]:
    """A document and its name: the run that it speaks of is saved first, so that it can be named.

    Raises
    ------
    RequestError
        if a library is missing.
    """
    from results.keeping.answers import Answers, keep
    from results.report.command import documents, named, possible
    from scenarios.request import Request

    possible([form])
    plan, answers = subject.both.plan, Answers.here()
    asked = plan.request
    request = Request.of(
        plan.scenario, region=plan.region.folder, seed=asked["seed"], scale=asked["scale"]
    )
    outcome = answers(request)
    folder, _ = keep(outcome, request, subject.verdicts, subject.delivery, runs, answers)
    told = replace(subject, run=folder.name)
    return f"{named(told, lang)}.{form}", documents(told, [form], lang)[form]
