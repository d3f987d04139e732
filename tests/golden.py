"""The golden table: digests of what the program gives, the same on every processor.

    python -m tests.golden

writes tests/golden.json anew. Do so only in a commit that is meant to change results (its line in
CHANGELOG.md begins with RESULTS), or to change what is digested. Outcomes that differ from those on
file are refused while `sim.MODEL_VERSION` is the one on file.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from xiancheng.calibration import posterior, priors
from xiancheng.calibration.forecasts.panel import record
from xiancheng.calibration.region import load
from xiancheng.results.store.parquet import values_digest
from xiancheng.scenarios import simulate
from xiancheng.scenarios.design import sampled
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import digest_of, plan_digest
from xiancheng.sim import MODEL_VERSION
from xiancheng.sim.indicators import INDICATORS

FILE = Path(__file__).with_name("golden.json")
PARAMETERS = tuple(prior.name for prior in priors.catalogue())

OUTCOMES = {
    "baseline": {"scenario": "baseline", "scale": 0.01},
    "plan": {"scenario": "plan", "scale": 0.01},
    "delayed": {"scenario": "delayed", "scale": 0.01},
    "jobs-first": {"scenario": "jobs-first", "scale": 0.01},
    "plan-without-recoding": {"scenario": "plan-without-recoding", "scale": 0.01},
    "from 2010": {
        "scenario": "baseline", "scale": 0.01, "start": "2010-11-01", "until": "2020-12-31",
    },
    "draw 3, seed 2": {"scenario": "plan", "scale": 0.01, "draw": 3, "seed": 2},
    "shandong": {"scenario": "baseline", "region": "shandong", "scale": 0.01},
    "baseline, scale 0.1": {"scenario": "baseline", "scale": 0.1},
    "plan, scale 0.1": {"scenario": "plan", "scale": 0.1},
}  # fmt: skip


def indicators() -> list[str]:
    """Those digested: the ones on file, as a new one changes no results; all in a new version."""
    on_file = kept()
    return on_file["indicators"] if on_file["model"] == MODEL_VERSION else list(INDICATORS)


def outcome(name: str) -> str:
    """Digest of all that a run gives: its numbers, verdicts, census and movers."""
    given = simulate(**OUTCOMES[name])
    rows = [[f"{v:.6f}" if isinstance(v, float) else str(v) for v in row.values()]
            for row in given.model_target_rows()]  # fmt: skip
    movers = given.movers()
    moved = hashlib.sha256(movers.to_csv(index=False).encode()).hexdigest()
    census = {key: np.asarray(found).tolist() for key, found in given.census.items()}
    columns = [list(INDICATORS).index(indicator) for indicator in indicators()]
    given = replace(given, record=given.record[:, columns])
    return digest_of(
        {"values": values_digest(given), "verdicts": rows, "movers": moved, "census": census}
    )


def drawn(method: str) -> str:
    """Digest of draws of all parameters from their priors."""
    return digest_of({"values": sampled(method, PARAMETERS, 64, 1).tolist()})


def believed() -> str:
    """Digest of draws for a region without a posterior sample."""
    each = posterior.draws(load("shandong"), 50, 7)
    return digest_of({"draws": [asdict(draw.parameters) for draw in each]})


INPUTS: dict[str, Callable[[], str]] = {
    "pack binzhou": lambda: load("binzhou").digest,
    "pack shandong": lambda: load("shandong").digest,
    "plan": lambda: plan_digest(resolve("plan").plan),
    "record": lambda: record(load("binzhou")).digest,
    "posterior sample": lambda: posterior.read(load("binzhou").folder).digest,
    "central parameters": lambda: digest_of(asdict(priors.central())),
    "draws, latin hypercube": lambda: drawn("latin-hypercube"),
    "draws, sobol": lambda: drawn("sobol"),
    "draws, independent": lambda: drawn("independent"),
    "draws without a posterior": believed,
}


Table = Mapping[str, Any]


def table() -> Table:
    """Every digest, made anew, and the version of the model."""
    return {
        "model": MODEL_VERSION,
        "indicators": indicators(),
        "inputs": {name: digest() for name, digest in INPUTS.items()},
        "outcomes": {name: outcome(name) for name in OUTCOMES},
    }


def kept() -> Table:
    """The table on file."""
    return json.loads(FILE.read_text("utf-8"))


def refusal(before: Table, now: Table) -> str | None:
    """Why a table must not take the place of the one on file; None if it may.

    An outcome that was not on file before may join under the same version.
    """
    if now["model"] != before["model"]:
        return None
    changed = [name for name, digest in now["outcomes"].items()
               if before["outcomes"].get(name, digest) != digest]  # fmt: skip
    if not changed:
        return None
    return (
        f"outcomes differ under model {now['model']}: {', '.join(changed)}. Raise MODEL_VERSION in "
        "sim/__init__.py: N of N.M where chances or rules changed, M where only random numbers did"
    )


if __name__ == "__main__":
    digests = table()
    if why := refusal(kept(), digests):
        sys.exit(why)
    FILE.write_text(json.dumps(digests, ensure_ascii=False, indent=1) + "\n", "utf-8")
