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
from xiancheng.calibration.errors import RequestError
from xiancheng.results.columns import in_file
from xiancheng.results.keeping import bounded, store
from xiancheng.results.keeping.evidence import evidence
from xiancheng.results.keeping.files import writable
from xiancheng.results.keeping.keyed import Store
from xiancheng.results.keeping.tables import csv, movers_file
from xiancheng.scenarios.outcome import Outcome
from xiancheng.scenarios.run_spec import RunSpec, check_same_code, code_digest, digest_of
from xiancheng.scenarios.simulation import timed

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

    def has(self, spec: RunSpec) -> bool:
        """Whether a request was answered before."""
        return self.store is not None and self.store.has(spec.key)

    def __call__(self, spec: RunSpec) -> Outcome:
        """The outcome of a request."""
        check_same_code(self.code)
        if self.store is not None:
            try:
                bounded.used(self.store, spec.key)
                saved = self.store.obtain(spec, movers_file)
            except OSError:  # the disk of the cache is full: no reason not to answer
                pass
            else:
                told = saved.record.seconds
                self.seconds[spec.key] = {n: told[n] for n in told if n in PHASES}
                return saved.outcome(spec)
        outcome, self.seconds[spec.key] = timed(spec)
        return outcome

    def set_aside(self) -> set[Path]:
        """Answers that were found torn or altered, and computed again."""
        return self.store.quarantined() if self.store else set()


PHASES = ("prepare", "simulate")


def keep(
    outcome: Outcome, spec: RunSpec, verdicts: "pd.DataFrame", delivered: "pd.DataFrame",
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
    rests_on = evidence(spec, verdicts)
    same = digest_of({"key": spec.key, "evidence": rests_on, **told})
    run = folder / f"{outcome.scenario.name}-{same[:12]}"
    with answers.store.claimed(same, wait=True) if answers.store else nullcontext():
        if store.whole(run):
            return run, True
        if run.exists():
            aside = folder / "quarantine" / f"{run.name}-{token_hex(3)}"
            aside.parent.mkdir(exist_ok=True)
            run.rename(aside)
        seconds = answers.seconds[spec.key]
        made = store.write(run, outcome, spec, seconds, verdicts, files, rests_on)
        return made, False


def beside(outcome: Outcome, delivered: "pd.DataFrame") -> dict[str, bytes]:
    """The files that `xiancheng run` adds to those of every run."""
    return {"delivery.csv": csv(in_file(delivered)), **movers_file(outcome)}
