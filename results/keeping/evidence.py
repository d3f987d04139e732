"""What the numbers of a run rest on beside the program: files, a sample, a record, by digest."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xiancheng.calibration import panel, posterior
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import Region, load
from xiancheng.results.forecasts import frozen
from xiancheng.results.keeping.files import digest
from xiancheng.scenarios.request import World, code_digest

if TYPE_CHECKING:
    import pandas as pd

READ = (".csv", ".yaml", ".geojson")  # of a pack: files that are read
FOLLOW = (posterior.SAMPLE, posterior.ABOUT, posterior.RECORD)  # files that follow from a pack


def evidence(world: World, verdicts: "pd.DataFrame") -> dict[str, Any]:
    """What a verdict rests on, as `results.keeping.record.Evidence` has it.

    Parameters
    ----------
    verdicts : as `results.verdict.verdict.verdicts` gives them; may be empty
    """
    pack = load(world.region)
    basis = None if verdicts.empty else str(verdicts["basis"].iloc[0])
    told: dict[str, Any] = {
        "draws": 0 if verdicts.empty else int(verdicts["draws"].iloc[0]),
        "basis": basis,
        "posterior": sample(pack),
        "forecasts": None,
        "files": dict(_files(world, pack, basis == "statistics")),
    }
    if basis == "statistics":
        record = frozen.panel_digest(panel.record(pack))
        told["forecasts"] = {"program": frozen.program(), "record": record}
    return told


def sample(pack: Region) -> dict[str, Any] | None:
    """The posterior sample of a pack and what made it; None where draws are those of the priors."""
    known = posterior.read(pack.folder)
    if known is None:
        return None
    program = known.about.get("software", {}).get("code")
    return {
        "sha256": digest(pack.folder / posterior.SAMPLE),
        "rows": len(known.values),
        "made_by": program,
        "same_program": program == code_digest(),
    }


def remark(pack: Region) -> Words | None:
    """The posterior sample that a verdict rests on, and who made it; None where there is none."""
    told = sample(pack)
    if told is None:
        return None
    short, by = told["sha256"][:12], (told["made_by"] or "?")[:12]
    if told["same_program"]:
        return _(
            "Posterior sample {short} ({rows} rows), estimated by this program.",
            short=short,
            rows=told["rows"],
        )
    return _(
        "Posterior sample {short} ({rows} rows), estimated by another "
        "program ({by}; this one is {code_digest}); to estimate with this "
        "one, run xiancheng calibrate.",
        short=short,
        rows=told["rows"],
        by=by,
        code_digest=code_digest()[:12],
    )


def remarks(pack: Region, lang: str) -> list[str]:
    """The remark in one language; none where there is no sample."""
    told = remark(pack)
    return [] if told is None else [told.said(lang)]


def _files(world: World, pack: Region, leans: bool) -> Iterator[tuple[str, str]]:
    """Every file that is read, by a name that does not depend on where it lies, and its sha256."""
    calibration = Path(str(files("xiancheng.calibration")))
    for file in sorted([*calibration.glob("*.csv"), *calibration.glob("*.yaml")]):
        yield f"calibration/{file.name}", digest(file)
    for file in sorted(pack.folder.iterdir()):
        if file.suffix in READ or file.name in FOLLOW:
            yield f"region/{file.name}", digest(file)
    wider = panel.around(pack) if leans else pack
    if wider.folder != pack.folder:
        for file in sorted(wider.folder.iterdir()):
            if file.suffix in READ and file.name not in FOLLOW:
                yield f"record/{wider.name}/{file.name}", digest(file)
    plan = world.scenario.plan.folder
    for file in (plan / "plan.yaml", *sorted((plan / "measures").glob("*.yaml"))):
        yield f"plan/{file.relative_to(plan).as_posix()}", digest(file)
