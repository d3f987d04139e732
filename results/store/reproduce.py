"""Running a saved run again, to see whether it gives the same files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.store.cache import files_of_run
from xiancheng.results.store.record import Evidence, Record, evidence
from xiancheng.results.store.runs import SavedRun, read_run, write_run
from xiancheng.results.tables.plan_result import delivery_frame
from xiancheng.results.verdict.verdict import verdicts
from xiancheng.scenarios.ensemble import ensemble
from xiancheng.scenarios.trunk import simulate_together


@dataclass(frozen=True)
class Reproduction:
    """How a run, made again, differs from what was kept."""

    compared: tuple[str, ...]
    files: dict[str, tuple[str, str]]  # name: sha256 then, sha256 now
    inputs: dict[str, tuple[str, str]]  # what made it: then, now

    def lines(self, lang: str) -> Iterator[str]:
        """The difference in one language, a line each; what made the run comes first."""
        for name, (then, now) in self.inputs.items():
            what = WORDS.get(name, Words(name, name))
            line = _("has changed: {name} {then} -> {now}", name=what, then=then, now=now)
            yield line.text(lang)
        for name in self.compared:
            same = name not in self.files
            mark = _("same") if same else _("differs")
            yield f"{name}: {mark.text(lang)}"
            if not same:
                then, now = self.files[name]
                yield f"    {then} → {now}"
        if not self.files:
            yield _("the same to the last byte").text(lang)


def run_again(saved: SavedRun) -> Reproduction:
    """Run a saved run once more, in a folder of its own that is not kept."""
    with TemporaryDirectory(prefix="xiancheng-") as room:
        now = _anew(saved, Path(room) / saved.record.run)
    then = saved.record
    pairs = {"values": (then.values, now.values)}
    pairs |= {name: (known, now.files.get(name, "∅")) for name, known in then.files.items()}
    return Reproduction(
        compared=tuple(pairs),
        files={name: both for name, both in pairs.items() if both[0] != both[1]},
        inputs=dict(changed(then, now)),
    )


def changed(then: Record, now: Record) -> Iterator[tuple[str, tuple[str, str]]]:
    """What made a run and is no longer as it was, by name; files of data are named one by one.

    Where a record of an older form says nothing of what its verdicts rest on, neither do we.
    """
    before, after = _made_by(then), _made_by(now)
    if then.evidence is not None and now.evidence is not None:
        before, after = before | _rests_on(then.evidence), after | _rests_on(now.evidence)
    for name in dict.fromkeys([*before, *after]):
        both = before.get(name, NONE), after.get(name, NONE)
        if both[0] != both[1]:
            yield name, both


NONE = "∅"

WORDS = {  # of inputs that are no files, for people; JSON has the names
    "simulation code": _("simulation code"),
    "plan": _("plan"),
    "region": _("region pack"),
    "libraries": _("libraries"),
    "machine": _("machine"),
    "processor": _("processor"),
    "program of forecasts": _("program of forecasts"),
    "census record of forecasts": _("census record of forecasts"),
}


def _made_by(record: Record) -> dict[str, str]:
    """What made a run, beside its settings."""
    where = record.environment
    libraries = " ".join(f"{name}=={number}" for name, number in where.libraries.items())
    return {
        "simulation code": record.software.simulation_code, "plan": record.plan.sha256,
        "region": record.region.sha256, "libraries": libraries, "python": where.python,
        "machine": where.machine, "processor": where.processor.model,
    }  # fmt: skip


def _rests_on(evidence: Evidence) -> dict[str, str]:
    inputs = dict(evidence.files)
    if evidence.forecasts is not None:
        inputs["program of forecasts"] = evidence.forecasts.program
        inputs["census record of forecasts"] = evidence.forecasts.record
    return inputs


def _anew(saved: SavedRun, folder: Path) -> Record:
    """The record of the same run, run again: with its baseline and draws if it had them."""
    spec = saved.spec
    if "delivery.csv" in saved.record.files:  # written by `xiancheng run`
        judged = saved.record.verdicts
        n = int(judged[0].get("draws", 0)) if judged else 0
        both = ensemble(spec, draws=n, draw_scale=judged[0].get("draw_scale") if n else None)
        found, delivered = verdicts(both), delivery_frame(both.scenario)
        more = files_of_run(both, delivered)
        write_run(folder, both.scenario, spec, {}, found, more, evidence(spec, found))
    else:
        [outcome] = simulate_together([spec])
        write_run(folder, outcome, spec, {})
    anew = read_run(folder)
    assert anew is not None
    return anew.record
