"""The words of the commands that estimate and test the model."""

import argparse
from pathlib import Path

from xiancheng.results.asking import Command, Say


def add(command: Command, say: Say) -> None:
    """Add calibrate and hindcast to the command line."""
    calibrate = command("calibrate", "用普查估计参数", "estimate the parameters from censuses")
    calibrate.set_defaults(module="xiancheng.results.verdict.commands")
    _common(calibrate, say)
    fast = say("快速估计，供开发用", "a quick estimate, for development")
    calibrate.add_argument("--quick", action="store_true", help=fast)
    page = say(
        "不估计，只把已有结果写成此文件；缺省为估计",
        "write what is on file as this page; by default estimate",
    )
    calibrate.add_argument("--report", type=Path, metavar="FILE", help=page)

    hindcast = command("hindcast", "用未见过的普查检验", "test on a census it never saw")
    hindcast.set_defaults(module="xiancheng.results.verdict.commands", quick=False)
    _common(hindcast, say)
    page = say("另写成此文件；缺省不写", "also write this page; by default not")
    hindcast.add_argument("--write", type=Path, metavar="FILE", help=page)


def _common(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))
    around = say(
        "借用其县份的区域包，none 为不用；缺省为同省最大的区域包",
        "pack of counties around, or none; by default the largest of the province",
    )
    command.add_argument("--pool", metavar="PACK", help=around)
    for name, zh, en in (
        ("runs", "本地区运行次数；缺省 1000", "runs of the region; 1000 by default"),
        (
            "pool-runs",
            "周边各县运行次数；缺省 1000",
            "runs of the counties around; 1000 by default",
        ),
        ("rows", "保留的后验样本数；缺省 400", "rows of the sample that is kept; 400 by default"),
    ):
        command.add_argument(f"--{name}", type=int, help=say(zh, en))
    rows = say("本地区规模：每名居民的行数；缺省 1", "rows for each resident; 1 by default")
    command.add_argument("--scale", type=float, help=rows)
    around = say("周边的规模；缺省 0.01", "the same of the counties around; 0.01 by default")
    command.add_argument("--pool-scale", type=float, help=around)
    command.add_argument(
        "--seed", type=int, default=1, help=say("随机种子，整数", "seed of the random numbers")
    )
    command.add_argument(
        "--jobs",
        type=int,
        help=say("并行进程数；缺省为处理器核数", "worker processes; by default one per core"),
    )
    kept = say(
        "运行保存位置，中断后从这里继续；缺省 results/runs/trials/区域包名",
        "where runs are kept, and taken up again; by default results/runs/trials/PACK",
    )
    command.add_argument("--out", type=Path, help=kept)
