"""What `xiancheng run` asks: outcomes that are on file are not computed again.

The cache keeps the answers that were used last, `bounded.MOST` of them; older ones are thrown away
as a command begins.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from xiancheng.calibration import cache
from xiancheng.results.keeping import bounded, store
from xiancheng.results.keeping.evidence import evidence
from xiancheng.results.keeping.files import writable
from xiancheng.results.keeping.keyed import Store
from xiancheng.results.keeping.tables import csv, movers_file
from xiancheng.results.tables.plan_result import delivery_for_files
from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.request import Request, code_digest, digest_of, of_code, timed
from xiancheng.scenarios.simulate import RequestError

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Answers:
    """Outcomes by request: those on file, and new ones that are on file from then on.

    They are kept in the cache of this user; where that cannot be written to, each is computed.
    """

    store: Store | None
    code: str = field(default_factory=code_digest)  # that whoever computes must have
    seconds: dict[str, Mapping[str, float]] = field(default_factory=dict)  # by key, for a phase

    @classmethod
    def here(cls) -> "Answers":
        """The answers in the cache of this user."""
        folder = cache.home() / "answers"
        try:
            writable(folder)
        except RequestError:
            return cls(None)
        bounded.bound(Store(folder))
        return cls(Store(folder))

    def has(self, request: Request) -> bool:
        """Whether a request was answered before."""
        return self.store is not None and self.store.has(request.key)

    def __call__(self, request: Request) -> Outcome:
        """The outcome of a request."""
        of_code(self.code)
        if self.store is not None:
            try:
                bounded.used(self.store, request.key)
                saved = self.store.obtain(request, movers_file)
            except OSError:  # the disk of the cache is full: no reason not to answer
                pass
            else:
                told = saved.record.seconds
                self.seconds[request.key] = {n: told[n] for n in told if n in PHASES}
                return saved.outcome(request)
        outcome, self.seconds[request.key] = timed(request)
        return outcome

    def set_aside(self) -> set[Path]:
        """Answers that were found torn or altered, and computed again."""
        return self.store.quarantined() if self.store else set()


PHASES = ("prepare", "simulate")


def keep(
    outcome: Outcome, request: Request, verdicts: "pd.DataFrame", delivered: "pd.DataFrame",
    folder: Path, answers: Answers,
) -> tuple[Path, bool]:  # fmt: skip
    """Write a run into a folder below `folder`, unless the very same is there.

    Its id follows from what was asked, what the files hold, and what the verdicts rest on: the
    same run has one folder.

    Returns
    -------
    the folder of the run, and whether it was there before
    """
    files = {"verdicts.csv": csv(verdicts), **beside(outcome, delivered)}
    told = {name: sha256(content).hexdigest() for name, content in files.items()}
    rests_on = evidence(request.world, verdicts)
    same = digest_of({"key": request.key, "evidence": rests_on, **told})
    run = folder / f"{outcome.scenario.name}-{same[:12]}"
    with answers.store.claimed(same, wait=True) if answers.store else nullcontext():
        if store.whole(run):
            return run, True
        if run.exists():
            aside = folder / "quarantine" / f"{run.name}-{token_hex(3)}"
            aside.parent.mkdir(exist_ok=True)
            run.rename(aside)
        seconds = answers.seconds[request.key]
        made = store.write(run, outcome, request, seconds, verdicts, files, rests_on)
        return made, False


def beside(outcome: Outcome, delivered: "pd.DataFrame") -> dict[str, bytes]:
    """The files that `xiancheng run` adds to those of every run."""
    return {"delivery.csv": csv(delivery_for_files(delivered)), **movers_file(outcome)}
