"""The words of the commands that compare and explain."""

import argparse
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str, str], str]
Command = Callable[[str, str, str], argparse.ArgumentParser]

MODULE = "results.comparison.command"
WORLDS = 5  # see results.comparison.attribute, which is not imported to show help


def add(command: Command, say: Say) -> None:
    """Add compare, attribute, seek and sensitivity to the command line."""
    _compare(command("compare", "并列比较情景或已存运行", "scenarios or runs side by side"), say)
    _attribute(command("attribute", "各措施的贡献", "what each measure contributes"), say)
    _seek(command("seek", "达标的最小措施组合", "the least package that meets the targets"), say)
    _sensitivity(command("sensitivity", "参数敏感性", "which parameters matter"), say)


def _compare(compare: argparse.ArgumentParser, say: Say) -> None:
    what = say("情景名、文件或运行文件夹", "names, files or folders of runs")
    compare.add_argument("scenarios", nargs="+", metavar="A", help=what)
    compare.add_argument("--baseline", metavar="A", help=say("基准；缺省为第一个", "or the first"))
    each = say("每组抽样的种子数，缺省 1", "seeds a draw; 1 by default")
    compare.add_argument("--seeds", type=int, help=each)
    compare.add_argument(
        "--outcome", nargs="+", action="extend", default=[], help=say("显示的指标", "indicators")
    )
    _common(compare, say, scale=1.0, draws=0)
    compare.set_defaults(seed=None, scale=None)  # of 1, unless a saved run brings its own
    _at(compare, say)
    _csv(compare, say)


def _attribute(attribute: argparse.ArgumentParser, say: Say) -> None:
    _scenario(attribute, say)
    orders = say("次序数，成对取反", "number of orders, in antithetic pairs")
    attribute.add_argument("--permutations", type=int, default=2 * WORLDS, help=orders)
    _common(attribute, say, scale=0.05, draws=WORLDS)
    _at(attribute, say)
    _place(attribute, say)
    _csv(attribute, say)


def _seek(seek: argparse.ArgumentParser, say: Say) -> None:
    _scenario(seek, say)
    seek.add_argument("--probability", type=float, default=0.9, help=say("概率", "probability"))
    named = say("目标编号或县名", "ids of targets, or counties")
    seek.add_argument(
        "--targets", nargs="+", action="extend", default=[], metavar="T-2", help=named
    )
    rate = say("改用的城镇化率", "another rate")
    seek.add_argument(
        "--rate", nargs="+", action="extend", default=[], metavar="371621=45", help=rate
    )
    out = say("不得使用的措施或工程", "measures or projects that may not be used")
    seek.add_argument("--exclude", nargs="+", action="extend", default=[], metavar="M05", help=out)
    most = say("最大力度倍数", "largest multiple of the intensity")
    seek.add_argument("--max-intensity", type=float, default=1.5, help=most)
    weight = say("措施在总力度中的权重", "weight in the total intensity")
    seek.add_argument(
        "--weight", nargs="+", action="extend", default=[], metavar="M12=2", help=weight
    )
    sum_of = say("求最小的是总力度还是总费用", "what is to be least in total")
    seek.add_argument("--least", choices=["intensity", "cost"], default="intensity", help=sum_of)
    seek.add_argument("--budget", type=float, metavar="YUAN", help=say("预算", "budget"))
    only = say("只在这些县实施", "only carried out there")
    seek.add_argument("--counties", nargs="+", action="extend", default=[], help=only)
    times = say("确认次数", "confirmations")
    seek.add_argument("--confirm", type=int, default=150, help=times)
    full = say("确认所用规模", "scale of the confirmations")
    seek.add_argument("--confirm-scale", type=float, default=1.0, help=full)
    regret = say("外部条件比较的新抽样数，0 为不做", "fresh draws for other worlds; 0: none")
    seek.add_argument("--regret", type=int, default=20, help=regret)
    _common(seek, say, scale=0.02, draws=40)
    seek.set_defaults(module="results.seeking.command")


def _sensitivity(sensitivity: argparse.ArgumentParser, say: Say) -> None:
    _scenario(sensitivity, say)
    sensitivity.add_argument("--method", choices=["morris", "sobol"], default="morris")
    sensitivity.add_argument("--outcome", default="resident_urbanization_rate")
    effect = say("方案减基准", "the plan less its baseline")
    sensitivity.add_argument("--effect", action="store_true", help=effect)
    named = say("参数；缺省为全部", "parameters; all by default")
    sensitivity.add_argument("--factors", nargs="+", action="extend", default=[], help=named)
    paths = say("Morris 轨迹数，缺省 10", "Morris trajectories; 10 by default")
    sensitivity.add_argument("--trajectories", type=int, help=paths)
    top = say(
        "由 Morris 选入 Sobol 的参数个数，缺省 8", "factors that Morris passes on to Sobol, or 8"
    )
    sensitivity.add_argument("--top", type=int, help=top)
    points = say("Sobol 基点数，2 的幂，缺省 64", "base points of Sobol, a power of two, or 64")
    sensitivity.add_argument("--points", type=int, help=points)
    _common(sensitivity, say, scale=0.01)
    _at(sensitivity, say)
    _place(sensitivity, say)
    _csv(sensitivity, say)


def _scenario(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument(
        "scenario", nargs="?", default="plan", help=say("情景名或文件", "scenario")
    )
    command.add_argument("--until", help=say("终点", "the last day"))


def _common(
    command: argparse.ArgumentParser, say: Say, *, scale: float, draws: int | None = None
) -> None:
    command.set_defaults(module=MODULE)
    command.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))
    luck = say("随机种子：运气与设计", "seed of the luck, and of what is drawn")
    command.add_argument("--seed", type=int, default=1, help=luck)
    command.add_argument("--scale", type=float, default=scale, help=say("规模", "rows a resident"))
    command.add_argument("--jobs", type=int, help=say("并行进程数", "worker processes"))
    if draws is not None:
        told = say("参数抽样数", "parameter draws")
        command.add_argument("--draws", type=int, default=draws, help=told)


def _at(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--at", metavar="DATE", help=say("哪一天；缺省为目标期限", "on which day"))


def _place(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--county", help=say("地区；缺省为五县市合计", "place"))


def _csv(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--csv", type=Path, metavar="FILE", help=say("另存 CSV", "also write CSV"))
