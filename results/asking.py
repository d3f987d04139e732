"""The words of the commands that compare and explain."""

import argparse
from collections.abc import Callable
from pathlib import Path

from xiancheng.calibration.i18n import Words, _

Say = Callable[[Words], str]
Command = Callable[[str, Words], argparse.ArgumentParser]

MODULE = "xiancheng.results.comparison.command"
WORLDS = 5  # see results.analysis.attribution, which is not imported to show help


def add(command: Command, say: Say) -> None:
    """Add compare, attribute, seek and sensitivity to the command line."""
    _compare(command("compare", _("scenarios or runs side by side")), say)
    _attribute(command("attribute", _("what each measure contributes")), say)
    _seek(command("seek", _("the least package that meets the targets")), say)
    _sensitivity(command("sensitivity", _("which parameters matter")), say)


def _compare(compare: argparse.ArgumentParser, say: Say) -> None:
    what = say(_("names, files or folders of runs"))
    compare.add_argument("scenarios", nargs="+", metavar="A", help=what)
    compare.add_argument(
        "--baseline",
        metavar="A",
        help=say(_("the baseline; by default the first")),
    )
    each = say(_("seeds for each draw; 1 by default"))
    compare.add_argument("--seeds", type=int, help=each)
    shown = say(_("indicators shown; by default the rate and causes"))
    compare.add_argument("--outcome", nargs="+", action="extend", default=[], help=shown)
    _common(compare, say, scale=1.0, draws=0)
    compare.set_defaults(seed=None, scale=None)  # of 1, unless a saved run brings its own
    _at(compare, say)
    _csv(compare, say)


def _attribute(attribute: argparse.ArgumentParser, say: Say) -> None:
    _scenario(attribute, say)
    orders = say(_("number of orders, in antithetic pairs"))
    attribute.add_argument("--permutations", type=int, default=2 * WORLDS, help=orders)
    _common(attribute, say, scale=0.05)
    worlds = say(
        _(
            "parameter draws, each a random world; {WORLDS} by default, or half "
            "the orders if fewer",
            WORLDS=WORLDS,
        )
    )
    attribute.add_argument("--draws", type=int, default=None, help=worlds)
    _at(attribute, say)
    _place(attribute, say)
    _csv(attribute, say)


def _seek(seek: argparse.ArgumentParser, say: Say) -> None:
    _scenario(seek, say)
    seek.add_argument(
        "--probability",
        type=float,
        default=0.9,
        help=say(_("probability of meeting the targets, 0 to 1")),
    )
    named = say(_("ids of targets, or counties; by default all targets"))
    seek.add_argument(
        "--targets", nargs="+", action="extend", default=[], metavar="T-2", help=named
    )
    rate = say(_("another target rate [percent]; by default the pack's"))
    seek.add_argument(
        "--rate", nargs="+", action="extend", default=[], metavar="371621=45", help=rate
    )
    out = say(_("measures or projects not to be used; by default none"))
    seek.add_argument("--exclude", nargs="+", action="extend", default=[], metavar="M05", help=out)
    most = say(_("largest intensity, in multiples of the plan's"))
    seek.add_argument("--max-intensity", type=float, default=1.5, help=most)
    weight = say(_("weight in the total intensity; by default 1 each"))
    seek.add_argument(
        "--weight", nargs="+", action="extend", default=[], metavar="M12=2", help=weight
    )
    sum_of = say(_("what is to be least in total"))
    seek.add_argument("--least", choices=["intensity", "cost"], default="intensity", help=sum_of)
    most_yuan = say(_("budget [yuan]; by default none"))
    seek.add_argument("--budget", type=float, metavar="YUAN", help=most_yuan)
    only = say(_("counties to act in; by default all"))
    seek.add_argument("--counties", nargs="+", action="extend", default=[], help=only)
    times = say(_("fresh draws that confirm"))
    seek.add_argument("--confirm", type=int, default=150, help=times)
    full = say(_("rows for each resident in the confirmations"))
    seek.add_argument("--confirm-scale", type=float, default=1.0, help=full)
    regret = say(_("fresh draws for other worlds; 0: none"))
    seek.add_argument("--regret", type=int, default=20, help=regret)
    _common(seek, say, scale=0.02, draws=40)
    seek.set_defaults(module="xiancheng.results.seeking.command")


def _sensitivity(sensitivity: argparse.ArgumentParser, say: Say) -> None:
    _scenario(sensitivity, say)
    method = say(_("method of the analysis"))
    sensitivity.add_argument("--method", choices=["morris", "sobol"], default="morris", help=method)
    what = say(_("indicator that is analysed"))
    sensitivity.add_argument("--outcome", default="resident_urbanization_rate", help=what)
    effect = say(_("the plan less its baseline"))
    sensitivity.add_argument("--effect", action="store_true", help=effect)
    named = say(_("parameters; all by default"))
    sensitivity.add_argument("--factors", nargs="+", action="extend", default=[], help=named)
    paths = say(_("Morris trajectories; 10 by default"))
    sensitivity.add_argument("--trajectories", type=int, help=paths)
    top = say(_("factors that Morris passes on to Sobol; 8 by default"))
    sensitivity.add_argument("--top", type=int, help=top)
    points = say(_("base points of Sobol, a power of two; 64 by default"))
    sensitivity.add_argument("--points", type=int, help=points)
    _common(sensitivity, say, scale=0.01)
    _at(sensitivity, say)
    _place(sensitivity, say)
    _csv(sensitivity, say)


def _scenario(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument(
        "scenario",
        nargs="?",
        default="plan",
        help=say(_("name or file of a scenario")),
    )
    command.add_argument("--until", help=say(_("last day; by default the scenario's")))


def _common(
    command: argparse.ArgumentParser, say: Say, *, scale: float, draws: int | None = None
) -> None:
    command.set_defaults(module=MODULE)
    command.add_argument("--region", default="binzhou", help=say(_("region pack")))
    luck = say(_("seed of the random numbers; 1 by default"))
    command.add_argument("--seed", type=int, default=1, help=luck)
    rows = say(_("rows for each resident; {scale:g} by default", scale=scale))
    command.add_argument("--scale", type=float, default=scale, help=rows)
    command.add_argument(
        "--jobs",
        type=int,
        help=say(_("worker processes; by default one per core")),
    )
    if draws is not None:
        told = say(_("number of parameter draws; 0: none"))
        command.add_argument("--draws", type=int, default=draws, help=told)


def _at(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument(
        "--at",
        metavar="DATE",
        help=say(_("on which day; by default the last deadline")),
    )


def _place(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument(
        "--county",
        help=say(_("place; by default that of the largest target")),
    )


def _csv(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help=say(_("also write this CSV file; by default not")),
    )
