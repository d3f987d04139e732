"""The words of `xiancheng console` on the command line."""

from pathlib import Path

from xiancheng.calibration.i18n import _
from xiancheng.results.asking import Command, Say

HERE = "127.0.0.1"
SAVED = Path("results/runs/scenarios")


def add(command: Command, say: Say) -> None:
    """Add the command to the command line."""
    console = command("console", _("compare scenarios in the browser"))
    console.set_defaults(module="xiancheng.results.console.command")
    console.add_argument("--port", type=int, default=8080, help=say(_("port")))
    console.add_argument("--host", default=HERE, help=say(_("address to listen on")))
    console.add_argument("--region", default="binzhou", help=say(_("region pack")))
    console.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help=say(_("rows for each resident")),
    )
    console.add_argument("--draws", type=int, default=40, help=say(_("number of parameter draws")))
    quick = say(_("the same of the preliminary answer"))
    console.add_argument("--quick-scale", type=float, default=0.02, help=quick)
    first = say(_("draws of the preliminary answer"))
    console.add_argument("--quick-draws", type=int, default=16, help=first)
    console.add_argument(
        "--jobs",
        type=int,
        help=say(_("worker processes; by default one per core")),
    )
    kept = say(_("folder of saved scenarios"))
    console.add_argument("--saved", type=Path, default=SAVED, help=kept)
    console.add_argument("--open", action="store_true", help=say(_("open a browser")))
