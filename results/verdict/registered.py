"""Registered settings of scoring, and digests of all that makes a forecast.

One set of settings is registered in docs/preregistration.md; others are for development, and
tables of their results say so.
"""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xiancheng.calibration import code_identity, posterior
from xiancheng.calibration.forecasts.panel import record
from xiancheng.calibration.region import load
from xiancheng.calibration.region.schema import INFORMATION
from xiancheng.scenarios.run_spec import COMPUTES, code_digest, digest_of


@dataclass(frozen=True)
class ScoreSettings:
    """Everything that decides the numbers of a scoring."""

    cutoff: date = INFORMATION  # nothing dated later is used
    draws: int = 400  # runs of the model, each with a draw of the parameters
    level_draws: int = 4000  # of every statistical forecast and of the meld
    left_out_draws: int = 1000  # of each forecast by which weights of the stack are found
    scale: float = 1.0  # rows for each resident
    seed: int = 20241231

    def row(self) -> dict[str, Any]:
        """The settings, JSON-ready."""
        return {**asdict(self), "cutoff": str(self.cutoff)}


REGISTERED = ScoreSettings()
ROUNDS = (date(2020, 11, 1), INFORMATION)  # the cut-offs of the two registered rounds
FORECASTS = (*COMPUTES, "results.verdict")  # the packages that simulate, forecast and score


def digests(region: str | Path) -> dict[str, str | None]:
    """Sha256 of the program, the pack, the record and the posterior sample; None without one."""
    pack = load(region)
    sample = posterior.read(pack.folder)
    return {
        "forecasting_code": program(),
        "pack": pack.digest,
        "record": record(pack).digest,
        "posterior": sample.digest if sample else None,
    }


def program() -> str:
    """Sha256 of all code that simulates, forecasts and scores; a run names `code_digest`."""
    return digest_of({"arithmetic": code_digest(), "code": code_identity.digest(*FORECASTS)})
