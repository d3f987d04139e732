"""`xiancheng calibrate`: estimate a region, keep the sample, and say what the data can tell."""

import json
import os
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from xiancheng.calibration import posterior
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.region import load
from xiancheng.results import cells, cost
from xiancheng.results.cli import Say
from xiancheng.results.keeping.files import installed, whole_file, writable
from xiancheng.results.keeping.store import RUNS
from xiancheng.results.knowing import accounting, estimating, identifiability, trials
from xiancheng.results.knowing.estimating import Settings, Stage
from xiancheng.results.show import progress, table
from xiancheng.results.stopping import DONE, FAILED

QUICK: dict[str, Any] = {
    "pool": None,
    "runs": 320,
    "scale": 0.02,
}  # some minutes on two cores, for development


def calibrate(asked: Namespace, say: Say) -> int:
    """Estimate; 1 if the intervals did not pass their test, and then no sample is kept."""
    pack = load(asked.region, say.lang)
    if asked.report:
        cells.possible(asked.report)
        here = asked.out is not None and (asked.out / posterior.SAMPLE).is_file()
        return _report(asked.out if here else pack.folder, asked, say)
    chosen = settings(asked)
    folder = asked.out or RUNS / "trials" / pack.name
    short = estimating.shortfalls(chosen, own=True)
    home = folder if installed(pack.folder) else pack.folder  # of the sample, if it is kept
    writable(folder)
    if not short:
        writable(home)
    jobs = asked.jobs or os.cpu_count() or 1
    cost.announce(say, works(chosen), jobs)
    begun = time.monotonic()
    first, last = _estimate(chosen, folder, jobs, say)
    seconds = round(time.monotonic() - begun)
    if asked.quick:
        told = {"parameters": accounting.parameters(last.posterior),
                "errors": accounting.errors(last), "stages": [accounting.stage(last)]}  # fmt: skip
    else:
        with progress(say("检验与核对", "testing and comparing"), 1) as step:
            told = accounting.account(chosen, first, last, {"seconds": seconds, "jobs": jobs})
            step()
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    passed = all(stage["gate"]["passed"] for stage in told["stages"])
    if asked.json:
        print(cells.as_json(told), flush=True)
    else:
        _show(told, say)
    whole_file(folder / "account.json", text.encode())
    say.note(*named(folder / "account.json"))
    if not passed:
        say.note("区间未通过检验，不予采用", "the intervals failed their test and are not used")
        return FAILED
    if short:
        what = estimating.trial(short)
        say.note(
            f"{what.zh}。小规模样本的后验用于全规模数据会有偏，不予保存",
            f"{what.en}. The posterior of a small scale is biased at full scale, and no sample is "
            "kept",
        )
        return DONE
    values, _, numbers = estimating.drawn(last, chosen.rows, chosen.seed)
    posterior.write(home, posterior.Sample(values, numbers, told))
    for name in (posterior.SAMPLE, posterior.ABOUT):
        say.note(*named(home / name))
    if home != pack.folder:
        say.note(*UNCHANGED)
    return DONE


def named(file: Path) -> tuple[str, str]:
    """What is said of a file that was written."""
    return f"已写入 {file}", f"written to {file}"


UNCHANGED = (
    "随程序安装的区域包不会改动；要用这些文件，请复制该区域包，把它们放进去，再用 --region 指定",
    "the pack that comes with the program is never changed; to use these files, copy the pack, put "
    "them into it and name it with --region",
)


def settings(asked: Namespace) -> Settings:
    """What the command line asks for."""
    pack = load(asked.region)
    pool = estimating.wider(pack) if asked.pool is None else asked.pool
    chosen = Settings(asked.region, None if pool in ("", "none") else pool, seed=asked.seed)
    if asked.quick:
        chosen = replace(chosen, **QUICK)
    for name in ("runs", "scale", "pool_runs", "pool_scale", "rows"):
        if getattr(asked, name) is not None:
            chosen = replace(chosen, **{name: getattr(asked, name)})
    fewest = {"runs": 180, "pool_runs": 180, "rows": 1}
    for name, least in fewest.items():
        if getattr(chosen, name) < least:
            raise RequestError(
                f"{name} 至少为 {least}；得到 {getattr(chosen, name)}",
                f"{name} should be {least} at least; got {getattr(chosen, name)}",
            )
    return chosen


def works(chosen: Settings) -> list[cost.Work]:
    """The runs of an estimate, for a word on how long they take."""
    asked = [(chosen.runs, chosen.region, chosen.scale)]
    if chosen.pool is not None:
        asked.append((chosen.pool_runs, chosen.pool, chosen.pool_scale))
    return [
        cost.Work(runs, region, scale, *trials.censuses(load(region)))
        for runs, region, scale in asked
    ]


def _estimate(settings: Settings, folder: Path, jobs: int, say: Say) -> tuple[Stage | None, Stage]:
    """The estimate from the counties around, and the region's own."""
    if settings.pool is None:
        values = estimating.alone(settings)
        with progress(say("本地区各次运行", "runs of the region"), len(values)) as step:
            made = estimating.own(settings, values, folder, jobs, step)
        return None, estimating.estimated(made.table(), made, settings)
    with progress(say("周边各县的运行", "runs of the counties around"), settings.pool_runs) as step:
        around = estimating.pooled(settings, folder, jobs, step)
    chosen = estimating.others(around.pack, load(settings.region))
    first = estimating.estimated(around.table(chosen), around, settings)
    if not first.gate.passed:
        raise RequestError(first.gate.said("zh"), first.gate.said("en"))
    values, sizes, _ = estimating.drawn(first, settings.runs, settings.seed)
    with progress(say("本地区各次运行", "runs of the region"), len(values)) as step:
        own = estimating.own(settings, values, folder, jobs, step)
    return first, estimating.updated(first, own.table(), own, sizes, settings)


def _show(told: dict[str, Any], say: Say) -> None:
    """The estimate in tables and sentences."""
    for stage in told["stages"]:
        print(f"{stage['region']}: {stage['check'][say.lang]}")
        print(f"{stage['region']}: {stage['gate'][say.lang]}")
    if all(stage["gate"]["passed"] for stage in told["stages"]):
        table(say("估计的参数", "what was estimated"), *identifiability.parameters(told, say.lang))
        table(say("模型遗漏的大小", "what the model leaves out"),
              *identifiability.errors(told, say.lang))  # fmt: skip


def _report(folder: Path, asked: Namespace, say: Say) -> int:
    """Write what the data can tell, from the account beside the sample."""
    sample = posterior.read(folder)
    if sample is None or not sample.about:
        raise RequestError(
            f"{folder} 中没有后验样本；请先运行 xiancheng calibrate",
            f"there is no posterior sample in {folder}; run xiancheng calibrate first",
        )
    whole_file(asked.report, identifiability.page(sample.about).encode())
    if asked.json:
        print(cells.as_json({"file": str(asked.report)}))
    else:
        say.note(f"已写入 {asked.report}", f"written to {asked.report}")
    return DONE
