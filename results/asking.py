"""The words of the commands that compare and explain."""

import argparse
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str, str], str]
Command = Callable[[str, str, str], argparse.ArgumentParser]

MODULE = "results.comparison.command"


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
    compare.add_argument("--seeds", type=int, default=1, help=say("每组种子数", "seeds a draw"))
    compare.add_argument("--outcome", nargs="+", default=[], help=say("显示的指标", "indicators"))
    _common(compare, say, scale=1.0, draws=0)
    _csv(compare, say)


def _attribute(attribute: argparse.ArgumentParser, say: Say) -> None:
    _scenario(attribute, say)
    orders = say("次序数", "number of orders")
    attribute.add_argument("--permutations", type=int, default=8, help=orders)
    _common(attribute, say, scale=0.05, draws=0)
    _place(attribute, say)
    _csv(attribute, say)


def _seek(seek: argparse.ArgumentParser, say: Say) -> None:
    _scenario(seek, say)
    seek.add_argument("--probability", type=float, default=0.9, help=say("概率", "probability"))
    named = say("目标编号或县名", "ids of targets, or counties")
    seek.add_argument("--targets", nargs="+", default=[], metavar="T-2", help=named)
    rate = say("改用的城镇化率", "another rate")
    seek.add_argument("--rate", nargs="+", default=[], metavar="371621=45", help=rate)
    out = say("不得使用的措施或工程", "measures or projects that may not be used")
    seek.add_argument("--exclude", nargs="+", default=[], metavar="M05", help=out)
    most = say("最大力度倍数", "largest multiple of the intensity")
    seek.add_argument("--max-intensity", type=float, default=1.5, help=most)
    weight = say("措施在总力度中的权重", "weight in the total intensity")
    seek.add_argument("--weight", nargs="+", default=[], metavar="M12=2", help=weight)
    sum_of = say("求最小的是总力度还是总费用", "what is to be least in total")
    seek.add_argument("--least", choices=["intensity", "cost"], default="intensity", help=sum_of)
    seek.add_argument("--budget", type=float, metavar="YUAN", help=say("预算", "budget"))
    only = say("只在这些县实施", "only carried out there")
    seek.add_argument("--counties", nargs="+", default=[], help=only)
    times = say("确认次数", "confirmations")
    seek.add_argument("--confirm", type=int, default=150, help=times)
    full = say("确认所用规模", "scale of the confirmations")
    seek.add_argument("--confirm-scale", type=float, default=1.0, help=full)
    regret = say("外部条件比较的抽样数，0 为不做", "draws for other outside worlds; 0: none")
    seek.add_argument("--regret", type=int, default=20, help=regret)
    _common(seek, say, scale=0.02, draws=40)


def _sensitivity(sensitivity: argparse.ArgumentParser, say: Say) -> None:
    _scenario(sensitivity, say)
    sensitivity.add_argument("--method", choices=["morris", "sobol"], default="morris")
    sensitivity.add_argument("--outcome", default="resident_urbanization_rate")
    effect = say("方案减基准", "the plan less its baseline")
    sensitivity.add_argument("--effect", action="store_true", help=effect)
    named = say("参数；缺省为全部", "parameters; all by default")
    sensitivity.add_argument("--factors", nargs="+", default=[], help=named)
    paths = say("Morris 轨迹数", "Morris trajectories")
    sensitivity.add_argument("--trajectories", type=int, default=10, help=paths)
    top = say("由 Morris 选入 Sobol 的参数个数", "factors that Morris passes on to Sobol")
    sensitivity.add_argument("--top", type=int, default=8, help=top)
    points = say("Sobol 基点数，2 的幂", "base points of Sobol, a power of two")
    sensitivity.add_argument("--points", type=int, default=64, help=points)
    _common(sensitivity, say, scale=0.01)
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
    command.add_argument("--seed", type=int, default=1, help=say("随机种子", "seed of the luck"))
    command.add_argument("--scale", type=float, default=scale, help=say("规模", "rows a resident"))
    command.add_argument("--jobs", type=int, help=say("并行进程数", "worker processes"))
    command.add_argument("--at", metavar="DATE", help=say("哪一天；缺省为目标期限", "on which day"))
    if draws is not None:
        told = say("参数抽样数", "parameter draws")
        command.add_argument("--draws", type=int, default=draws, help=told)


def _place(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--county", help=say("地区；缺省为五县市合计", "place"))


def _csv(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--csv", type=Path, metavar="FILE", help=say("另存 CSV", "also write CSV"))
