"""The words of the commands that estimate and test the model."""

import argparse
from pathlib import Path

from xiancheng.calibration.i18n import _
from xiancheng.results.asking import Command, Say


def add(command: Command, say: Say) -> None:
    """Add calibrate and hindcast to the command line."""
    calibrate = command("calibrate", _("estimate the parameters from censuses"))
    calibrate.set_defaults(module="xiancheng.results.knowing.calibrate")
    _common(calibrate, say)
    fast = say(_("a quick estimate, for development"))
    calibrate.add_argument("--quick", action="store_true", help=fast)
    page = say(_("write what is on file as this page; by default estimate"))
    calibrate.add_argument("--report", type=Path, metavar="FILE", help=page)

    hindcast = command("hindcast", _("test on a census it never saw"))
    hindcast.set_defaults(module="xiancheng.results.knowing.hindcast", quick=False)
    _common(hindcast, say)
    page = say(_("also write this page; by default not"))
    hindcast.add_argument("--write", type=Path, metavar="FILE", help=page)


def _common(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--region", default="binzhou", help=say(_("region pack")))
    around = say(_("pack of counties around, or none; by default the largest of the province"))
    command.add_argument("--pool", metavar="PACK", help=around)
    for name, meaning in (
        ("runs", _("runs of the region; 1000 by default")),
        ("pool-runs", _("runs of the counties around; 1000 by default")),
        ("rows", _("rows of the sample that is kept; 400 by default")),
    ):
        command.add_argument(f"--{name}", type=int, help=say(meaning))
    rows = say(_("rows for each resident; 1 by default"))
    command.add_argument("--scale", type=float, help=rows)
    around = say(_("the same of the counties around; 0.01 by default"))
    command.add_argument("--pool-scale", type=float, help=around)
    command.add_argument("--seed", type=int, default=1, help=say(_("seed of the random numbers")))
    command.add_argument(
        "--jobs",
        type=int,
        help=say(_("worker processes; by default one per core")),
    )
    kept = say(_("where runs are kept, and taken up again; by default results/runs/trials/PACK"))
    command.add_argument("--out", type=Path, help=kept)
