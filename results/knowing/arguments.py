"""The words of the commands that estimate and test the model."""

import argparse
from pathlib import Path

from results.asking import Command, Say


def add(command: Command, say: Say) -> None:
    """Add calibrate and hindcast to the command line."""
    calibrate = command("calibrate", "用普查估计参数", "estimate the parameters from censuses")
    calibrate.set_defaults(module="results.knowing.calibrate")
    _common(calibrate, say)
    fast = say("快速估计，供开发用", "a quick estimate, for development")
    calibrate.add_argument("--quick", action="store_true", help=fast)
    page = say("不估计，只把已有结果写成文件", "write what is on file as a page")
    calibrate.add_argument("--report", type=Path, metavar="FILE", help=page)

    hindcast = command("hindcast", "用未见过的普查检验", "test on a census it never saw")
    hindcast.set_defaults(module="results.knowing.hindcast", quick=False)
    _common(hindcast, say)
    hindcast.add_argument("--write", type=Path, metavar="FILE", help=say("写成文件", "as a page"))


def _common(command: argparse.ArgumentParser, say: Say) -> None:
    command.add_argument("--region", default="binzhou", help=say("区域包", "region pack"))
    around = say("借用其县份的区域包，none 为不用", "pack of counties around; none for none")
    command.add_argument("--pool", metavar="PACK", help=around)
    for name, zh, en in (
        ("runs", "本地区运行次数", "runs of the region"),
        ("pool-runs", "周边各县运行次数", "runs of the counties around"),
        ("rows", "保留的后验样本数", "rows of the sample that is kept"),
    ):
        command.add_argument(f"--{name}", type=int, help=say(zh, en))
    command.add_argument("--scale", type=float, help=say("本地区规模", "scale of the region"))
    command.add_argument("--pool-scale", type=float, help=say("周边规模", "scale of the pool"))
    command.add_argument("--seed", type=int, default=1, help=say("随机种子", "seed of the luck"))
    command.add_argument("--jobs", type=int, help=say("并行进程数", "worker processes"))
    kept = say("运行保存位置，中断后从这里继续", "where runs are kept, and taken up again")
    command.add_argument("--out", type=Path, help=kept)
