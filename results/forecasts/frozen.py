"""What is frozen before anything is scored: settings, and digests of all that makes a forecast.

One set of settings is registered in docs/preregistration.md; others are for development, and are
told apart wherever their results are shown.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from calibration import posterior
from calibration.panel import Panel, record
from calibration.region import load
from scenarios.checking import Words
from scenarios.request import code_digest
from scenarios.simulate import INFORMATION


@dataclass(frozen=True)
class Settings:
    """What makes a scoring one of a kind."""

    cutoff: date = INFORMATION  # nothing dated later is used
    draws: int = 400  # runs of the model, each with a draw of what we believe
    level_draws: int = 4000  # of every statistical forecast and of the meld
    left_out_draws: int = 1000  # of each forecast by which weights of the stack are found
    scale: float = 1.0  # rows for each resident
    seed: int = 20241231


REGISTERED = Settings()
ROUNDS = (date(2020, 11, 1), INFORMATION)  # the cut-offs of the two registered rounds
PARTS = ("forecasting.py", "frozen.py", "level.py", "observed.py", "score.py")  # of what is here


def digests(region: str | Path) -> dict[str, str | None]:
    """Sha256 of the program, the pack, the record and the posterior sample; None without one."""
    pack = load(region)
    sample = posterior.read(pack.folder)
    return {
        "code": program(),
        "pack": pack.digest,
        "record": panel_digest(record(pack)),
        "posterior": sample.digest if sample else None,
    }


def program() -> str:
    """Sha256 of all that simulates, forecasts and scores."""
    content = hashlib.sha256(code_digest().encode())
    for file in _sources():
        content.update(f"{file.parent.name}/{file.name}\n".encode() + file.read_bytes())
    return content.hexdigest()


def panel_digest(panel: Panel) -> str:
    """Sha256 of the census record that statistical forecasts lean on."""
    content = hashlib.sha256("/".join(panel.codes).encode())
    for figures in (panel.urban, panel.rural, panel.ages, panel.odds):
        content.update(np.ascontiguousarray(figures, "<f8").tobytes())
    return content.hexdigest()


def _sources() -> Iterator[Path]:
    """What forecasts and scores, beside what simulates."""
    yield from sorted((Path(str(files("calibration"))) / "baselines").glob("*.py"))
    here = Path(__file__).parent
    yield from (here / name for name in PARTS)


def lines(
    settings: Settings, digests: dict[str, str | None], lang: str
) -> tuple[list[str], list[list[str]]]:
    """The settings and the digests that registration names."""
    rows = [[name, str(value)] for name, value in told(settings).items()]
    none = Words("无：先验抽样", "none: draws of the priors").said(lang)
    rows += [[f"sha256 {name}", value or none] for name, value in digests.items()]
    return [Words("项目", "item").said(lang), Words("取值", "value").said(lang)], rows


def told(settings: Settings) -> dict[str, Any]:
    """The settings, ready to be shown."""
    return {**asdict(settings), "cutoff": str(settings.cutoff)}
