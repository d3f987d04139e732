"""The report of what a page shows, made in a worker process: it takes seconds to draw."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiancheng.results.tables.plan_result import PlanResult
    from xiancheng.results.tables.table import Lang

FORMS = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel", "html": "HTML"}


def made(result: "PlanResult", form: str, lang: "Lang", runs: Path) -> tuple[str, bytes]:
    """A document and its name: the run that it speaks of is saved first, so that it can be named.

    Raises
    ------
    RequestError
        if a library is missing.
    """
    from xiancheng.results.report import build
    from xiancheng.results.store.cache import StoredRuns, save_run

    build.check_installed([form])
    plan, answers = result.both.scenario, StoredRuns.here()
    outcome = answers(plan.spec)
    folder, _ = save_run(outcome, plan.spec, result.verdicts, result.delivery, runs, answers)
    saved = replace(result, run=folder.name)
    return f"{build.file_name(saved, lang)}.{form}", build.documents(saved, [form], lang)[form]


def file_name(title: str, ending: str) -> str:
    """The name of a file about a scenario: its title as far as a file may hold it, and the date.

    >>> file_name("a/b: c", "yaml").startswith("a_b_c_")
    True
    """
    words = "".join(" " if c in RESERVED or not c.isprintable() else c for c in title).split()
    return f"{'_'.join(words)[:LONGEST]}_{date.today().isoformat()}.{ending}"


RESERVED = '<>:"/\\|?*'
LONGEST = 60  # characters of a title in the name of a file
