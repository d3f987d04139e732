"""The words of `xiancheng report` on the command line."""

from pathlib import Path

from xiancheng.calibration.i18n import _
from xiancheng.results.asking import Command, Say

SCALE, DRAWS = 0.05, 20  # of a scenario that was not run before


def add(command: Command, say: Say) -> None:
    """Add the command to the command line."""
    report = command("report", _("documents on a run"))
    report.set_defaults(module="xiancheng.results.report.command")
    what = say(_("id or folder of a run, or a scenario"))
    report.add_argument("run", help=what)
    forms = say(_("formats, with commas"))
    report.add_argument("--format", default="docx,pdf,xlsx,html", help=forms)
    out = say(_("folder of the documents"))
    report.add_argument("--out", type=Path, default=Path(), help=out)
    shares = say(_("result of attribute --json; by default computed"))
    report.add_argument("--attribution", type=Path, metavar="FILE", help=shares)
    package = say(_("result of seek --json; by default none"))
    report.add_argument("--package", type=Path, metavar="FILE", help=package)
    report.add_argument("--region", default="binzhou", help=say(_("region pack")))
    report.add_argument("--seed", type=int, default=1, help=say(_("seed of the random numbers")))
    scale = say(_("rows for each resident, of a scenario"))
    report.add_argument("--scale", type=float, default=SCALE, help=scale)
    draws = say(_("parameter draws of a scenario; 0: none"))
    report.add_argument("--draws", type=int, default=DRAWS, help=draws)
    report.add_argument(
        "--jobs",
        type=int,
        help=say(_("worker processes; by default one per core")),
    )
