"""The words of the commands that compare and explain."""

import argparse
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str, str], str]
Command = Callable[[str, str, str], argparse.ArgumentParser]

MODULE = "xiancheng.results.comparison.command"
WORLDS = 5  # see results.analysis.attribution, which is not imported to show help


def add(command: Command, say: Say) -> None:
    """Add compare, attribute, seek and sensitivity to the command line."""
    _compare(command("compare", "并列比较情景或已存运行", "scenarios or runs side by side"), say)
    _attribute(command("attribute", "各措施的贡献", "what each measure contributes"), say)
    _seek(command("seek", "达标的最小措施组合", "the least package that meets the targets"), say)
    _sensitivity(command("sensitivity", "参数敏感性", "which parameters matter"), say)


def _compare(compare: argparse.ArgumentParser, say: Say) -> None:
    what = say("情景名、文件或运行文件夹", "names, files or folders of runs")
    compare.add_argument("scenarios", nargs="+", metavar="A", help=what)
    compare.add_argument(
        "--baseline",
        metavar="A",
        help=say("作为基准的一个；缺省为第一个", "the baseline; by default the first"),
    )
    each = say("每组抽样的种子数；缺省 1", "seeds for each draw; 1 by default")
    compare.add_argument("--seeds", type=int, help=each)
    shown = say(
        "显示的指标；缺省为城镇化率及其成因", "indicators shown; by default the rate and causes"
    )
    compare.add_argument("--outcome", nargs="+", action="extend", default=[], help=shown)
    _common(compare, say, scale=1.0, draws=0)
    compare.set_defaults(seed=None, scale=None)  # of 1, unless a saved run brings its own
    _at(compare, say)
    _csv(compare, say)


def _attribute(attribute: argparse.ArgumentParser, say: Say) -> None:
    _scenario(attribute, say)
    orders = say("次序数，成对取反", "number of orders, in antithetic pairs")
    attribute.add_argument("--permutations", type=int, default=2 * WORLDS, help=orders)
    _common(attribute, say, scale=0.05)
    worlds = say(
        f"参数抽样数，各有自己的随机世界；缺省 {WORLDS}，次序更少时为其一半",
        f"parameter draws, each a random world; {WORLDS} by default, or half the orders if fewer",
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
        help=say("达标概率，0 至 1", "probability of meeting the targets, 0 to 1"),
    )
    named = say(
        "目标编号或县名；缺省为全部目标", "ids of targets, or counties; by default all targets"
    )
    seek.add_argument(
        "--targets", nargs="+", action="extend", default=[], metavar="T-2", help=named
    )
    rate = say(
        "目标改用的城镇化率 [百分比]；缺省照区域包",
        "another target rate [percent]; by default the pack's",
    )
    seek.add_argument(
        "--rate", nargs="+", action="extend", default=[], metavar="371621=45", help=rate
    )
    out = say(
        "不得使用的措施或工程；缺省没有", "measures or projects not to be used; by default none"
    )
    seek.add_argument("--exclude", nargs="+", action="extend", default=[], metavar="M05", help=out)
    most = say("最大力度，为方案的倍数", "largest intensity, in multiples of the plan's")
    seek.add_argument("--max-intensity", type=float, default=1.5, help=most)
    weight = say(
        "措施在总力度中的权重；缺省均为 1", "weight in the total intensity; by default 1 each"
    )
    seek.add_argument(
        "--weight", nargs="+", action="extend", default=[], metavar="M12=2", help=weight
    )
    sum_of = say("求最小的是总力度还是总费用", "what is to be least in total")
    seek.add_argument("--least", choices=["intensity", "cost"], default="intensity", help=sum_of)
    most_yuan = say("预算 [元]；缺省不限", "budget [yuan]; by default none")
    seek.add_argument("--budget", type=float, metavar="YUAN", help=most_yuan)
    only = say("只在这些县实施；缺省为全部", "counties to act in; by default all")
    seek.add_argument("--counties", nargs="+", action="extend", default=[], help=only)
    times = say("确认的新抽样次数", "fresh draws that confirm")
    seek.add_argument("--confirm", type=int, default=150, help=times)
    full = say("确认所用规模：每名居民的行数", "rows for each resident in the confirmations")
    seek.add_argument("--confirm-scale", type=float, default=1.0, help=full)
    regret = say("外部条件比较的新抽样数，0 为不做", "fresh draws for other worlds; 0: none")
    seek.add_argument("--regret", type=int, default=20, help=regret)
    _common(seek, say, scale=0.02, draws=40)
    seek.set_defaults(module="xiancheng.results.seeking.command")


def _sensitivity(sensitivity: argparse.ArgumentParser, say: Say) -> None:
    _scenario(sensitivity, say)
    method = say("分析方法", "method of the analysis")
    sensitivity.add_argument("--method", choices=["morris", "sobol"], default="morris", help=method)
    what = say("所分析的指标", "indicator that is analysed")
    sensitivity.add_argument("--outcome", default="resident_urbanization_rate", help=what)
    effect = say("方案减基准", "the plan less its baseline")
    sensitivity.add_argument("--effect", action="store_true", help=effect)
    named = say("参数；缺省为全部", "parameters; all by default")
    sensitivity.add_argument("--factors", nargs="+", action="extend", default=[], help=named)
    paths = say("Morris 轨迹数，缺省 10", "Morris trajectories; 10 by default")
    sensitivity.add_argument("--trajectories", type=int, help=paths)
    top = say(
        "由 Morris 选入 Sobol 的参数个数；缺省 8",
        "factors that Morris passes on to Sobol; 8 by default",
    )
    sensitivity.add_argument("--top", type=int, help=top)
    points = say(
        "Sobol 基点数，2 的幂；缺省 64", "base points of Sobol, a power of two; 64 by default"
    )
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
        help=say("情景名或文件", "name or file of a scenario"),
    )
    command.add_argument(
        "--until", help=say("终点；缺省为情景的终点", "last day; by default the scenario's")
    )


def _common(
    command: argparse.ArgumentParser, say: Say, *, scale: float, draws: int | None = None
) -> None:
    command.set_defaults(module=MODULE)
    command.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))
    luck = say("随机种子，整数；缺省 1", "seed of the random numbers; 1 by default")
    command.add_argument("--seed", type=int, default=1, help=luck)
    rows = say(
        f"规模：每名居民的行数；缺省 {scale:g}", f"rows for each resident; {scale:g} by default"
    )
    command.add_argument("--scale", type=float, default=scale, help=rows)
    command.add_argument(
        "--jobs",
        type=int,
        help=say("并行进程数；缺省为处理器核数", "worker processes; by default one per core"),
    )
    if draws is not None:
        told = say("参数抽样次数，0 为不抽样", "number of parameter draws; 0: none")
        command.add_argument("--draws", type=int, default=draws, help=told)


def _at(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument(
        "--at",
        metavar="DATE",
        help=say("哪一天；缺省为目标期限", "on which day; by default the last deadline"),
    )


def _place(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument(
        "--county",
        help=say("地区；缺省为最大的目标所辖", "place; by default that of the largest target"),
    )


def _csv(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help=say("另存为此 CSV 文件；缺省不存", "also write this CSV file; by default not"),
    )
