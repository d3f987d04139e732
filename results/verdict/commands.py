"""The commands that estimate and test the model: calibrate, hindcast, score."""

import json
import os
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xiancheng.calibration import parsing, posterior
from xiancheng.calibration.region import Region, load
from xiancheng.results import cells, cost
from xiancheng.results.cli import Say
from xiancheng.results.contents.words import LEFT_OUT
from xiancheng.results.keeping.files import installed, whole_file, writable
from xiancheng.results.keeping.store import RUNS
from xiancheng.results.show import progress, table
from xiancheng.results.stopping import DONE, FAILED
from xiancheng.results.tables import forecast_score as score_tables
from xiancheng.results.tables import hindcast as hindcast_tables
from xiancheng.results.tables import identifiability
from xiancheng.results.verdict import account, estimate, observations, trials
from xiancheng.results.verdict import hindcast as hindcasts
from xiancheng.results.verdict.estimate import EstimateSettings, Stage, trial_note
from xiancheng.results.verdict.forecast_score import by_case, by_forecaster
from xiancheng.results.verdict.forecasts import TITLES, check_cutoff, forecasts
from xiancheng.results.verdict.hindcast import Hindcast
from xiancheng.results.verdict.registered import REGISTERED, ScoreSettings, digests
from xiancheng.scenarios.simulate import RequestError, reported

QUICK: dict[str, Any] = {  # some minutes on two cores, for development
    "pool": None,
    "runs": 320,
    "scale": 0.02,
}
FEWEST = {"runs": 180, "pool_runs": 180, "rows": 1}
UNCHANGED = (
    "随程序安装的区域包不会改动；要用这些文件，请复制该区域包，把它们放进去，再用 --region 指定",
    "the pack that comes with the program is never changed; to use these files, copy the pack, put "
    "them into it and name it with --region",
)


def calibrate(asked: Namespace, say: Say) -> int:
    """Estimate; 1 if the intervals did not pass their test, and then no sample is kept."""
    pack = load(asked.region, say.lang)
    if asked.report:
        cells.possible(asked.report)
        here = asked.out is not None and (asked.out / posterior.SAMPLE).is_file()
        return _report(asked.out if here else pack.folder, asked, say)
    chosen = estimate_settings(asked)
    folder = asked.out or RUNS / "trials" / pack.name
    short = estimate.shortfalls(chosen, own=True)
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
        found = {"parameters": account.parameters(last.posterior),
                 "errors": account.errors(last), "stages": [account.stage(last)]}  # fmt: skip
    else:
        with progress(say("检验与核对", "testing and comparing"), 1) as step:
            found = account.account(chosen, first, last, {"seconds": seconds, "jobs": jobs})
            step()
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    if asked.json:
        print(cells.as_json(found), flush=True)
    else:
        _show(found, say)
    whole_file(folder / "account.json", text.encode())
    say.note(*written(folder / "account.json"))
    if not _passed(found):
        say.note("区间未通过检验，不予采用", "the intervals failed their test and are not used")
        return FAILED
    if short:
        what = trial_note(short)
        say.note(
            f"{what.zh}。小规模样本的后验用于全规模数据会有偏，不予保存",
            f"{what.en}. The posterior of a small scale is biased at full scale, and no sample is "
            "kept",
        )
        return DONE
    values, _, numbers = estimate.drawn(last, chosen.rows, chosen.seed)
    posterior.write(home, posterior.PosteriorSample(values, numbers, found))
    for name in (posterior.SAMPLE, posterior.ABOUT):
        say.note(*written(home / name))
    if home != pack.folder:
        say.note(*UNCHANGED)
    return DONE


def written(file: Path) -> tuple[str, str]:
    """The note on a file that was written."""
    return f"已写入 {file}", f"written to {file}"


def estimate_settings(asked: Namespace) -> EstimateSettings:
    """The settings that the command line asks for.

    Raises
    ------
    RequestError
        for too few runs or rows.
    """
    pack = load(asked.region)
    pool = estimate.wider(pack) if asked.pool is None else asked.pool
    chosen = EstimateSettings(asked.region, None if pool in ("", "none") else pool, seed=asked.seed)
    if asked.quick:
        chosen = replace(chosen, **QUICK)
    for name in ("runs", "scale", "pool_runs", "pool_scale", "rows"):
        if getattr(asked, name) is not None:
            chosen = replace(chosen, **{name: getattr(asked, name)})
    for name, least in FEWEST.items():
        if getattr(chosen, name) < least:
            raise RequestError(
                f"{name} 至少为 {least}；得到 {getattr(chosen, name)}",
                f"{name} should be {least} at least; got {getattr(chosen, name)}",
            )
    return chosen


def works(chosen: EstimateSettings) -> list[cost.Work]:
    """The runs of an estimate, to announce how long they take."""
    asked = [(chosen.runs, chosen.region, chosen.scale)]
    if chosen.pool is not None:
        asked.append((chosen.pool_runs, chosen.pool, chosen.pool_scale))
    return [
        cost.Work(runs, region, scale, *trials.censuses(load(region)))
        for runs, region, scale in asked
    ]


def _estimate(
    settings: EstimateSettings, folder: Path, jobs: int, say: Say
) -> tuple[Stage | None, Stage]:
    """The estimate from the counties around, and the region's own."""
    own_runs = say("本地区各次运行", "runs of the region")
    if settings.pool is None:
        values = estimate.from_priors(settings)
        with progress(own_runs, len(values)) as step:
            made = estimate.own_trials(settings, values, folder, jobs, step)
        return None, estimate.estimated(made.table(), made, settings)
    with progress(say("周边各县的运行", "runs of the counties around"), settings.pool_runs) as step:
        around = estimate.pool_trials(settings, folder, jobs, step)
    chosen = estimate.others(around.pack, load(settings.region))
    first = estimate.estimated(around.table(chosen), around, settings)
    if not first.calibration.passed:
        failed = first.calibration.sentence()
        raise RequestError(failed.said("zh"), failed.said("en"))
    values, sizes, _ = estimate.drawn(first, settings.runs, settings.seed)
    with progress(own_runs, len(values)) as step:
        own = estimate.own_trials(settings, values, folder, jobs, step)
    return first, estimate.updated(first, own.table(), own, sizes, settings)


def _passed(found: dict[str, Any]) -> bool:
    return all(stage["gate"]["passed"] for stage in found["stages"])


def _show(found: dict[str, Any], say: Say) -> None:
    """The estimate in tables and sentences."""
    for stage in found["stages"]:
        print(f"{stage['region']}: {stage['check'][say.lang]}")
        print(f"{stage['region']}: {stage['gate'][say.lang]}")
    if _passed(found):
        table(say("估计的参数", "what was estimated"), *identifiability.parameters(found, say.lang))
        table(say("模型遗漏的大小", "what the model leaves out"),
              *identifiability.errors(found, say.lang))  # fmt: skip


def _report(folder: Path, asked: Namespace, say: Say) -> int:
    """Write the page on identifiability from the account beside the sample."""
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
        say.note(*written(asked.report))
    return DONE


# hindcast


def hindcast(asked: Namespace, say: Say) -> int:
    """Forecasts of the second census by every forecaster, county by county, beside the census."""
    chosen = estimate_settings(asked)
    pack = load(asked.region, say.lang)
    folder = asked.out or RUNS / "trials" / pack.name
    writable(folder)
    if asked.write:
        cells.possible(asked.write)
        writable(asked.write.with_name("pictures"))
    count = chosen.runs if chosen.pool is None else chosen.pool_runs
    cost.announce(say, [works(chosen)[-1]], asked.jobs)
    with progress(say("各次运行", "runs"), count) as step:
        made = hindcasts.trials_of(chosen, folder, asked.jobs or os.cpu_count() or 1, step)
    stage = hindcasts.learned(made, chosen)
    with progress(say("逐一留出", "leaving out"), 2 * len(stage.training.table.units)) as step:
        found = hindcasts.hindcasts(stage, chosen, step)
    record = hindcasts.account(
        chosen, pack, found, hindcasts.observed_changes(made), hindcasts.synthetic(stage)
    )
    if asked.json:
        print(cells.as_json(record), flush=True)
    else:
        _show_hindcast(record, pack, found, say)
    if asked.write:
        chart = asked.write.with_name("pictures") / "validation.svg"
        chart.parent.mkdir(exist_ok=True)
        whole_file(chart, hindcasts.picture(found[0]))
        page = hindcast_tables.page(record, pack) + registered_scores(asked.write)
        whole_file(asked.write, page.encode())
        for file in (chart, asked.write):
            say.note(*written(file))
        _keep_scores(record, pack, folder, say)
    return DONE


def _show_hindcast(
    record: Mapping[str, Any], pack: Region, found: Sequence[Hindcast], say: Say
) -> None:
    """Scores by what is held out, then the region's own counties."""
    short = record["trial"]
    below = f"{trial_note(short).said(say.lang)}\n" if short else ""
    made_with = hindcast_tables.settings_of(record).said(say.lang)
    for each in found:
        title = say(f"留出{LEFT_OUT[each.by].zh}", f"left out: {LEFT_OUT[each.by].en}")
        scores = [row for row in record["scores"] if row["left_out"] == each.by]
        table(f"{title} · {made_with}", *hindcast_tables.score_lines(scores, say.lang))
        print(below, end="")
    for name, rows in record["counties"].items():
        title = f"{pack.title(say.lang)} · {TITLES[name].said(say.lang)} · {made_with}"
        table(title, *hindcast_tables.county_lines(rows, pack, say.lang))
        print(below, end="")


MARK = "<!-- scores -->\n"  # what follows in a page is kept: registered scores, as they came out


def registered_scores(file: Path) -> str:
    """The text from `MARK` on in a page that is written anew; empty if there is none."""
    if not file.is_file():
        return ""
    _, mark, scores = file.read_text(encoding="utf-8").partition(MARK)
    return f"\n{mark}{scores}" if mark else ""


def _keep_scores(record: Mapping[str, Any], pack: Region, folder: Path, say: Say) -> None:
    """Keep the scores: in the pack if it is the user's own and the settings are the real ones.

    What falls short of them, or is of a pack that comes with the program, stays in `folder`.
    """
    import pandas as pd

    within = installed(pack.folder)
    home = folder if record["trial"] or within else pack.folder
    scores = pd.DataFrame(record["scores"])
    whole_file(home / posterior.RECORD, scores.to_csv(index=False).encode("utf-8-sig"))
    say.note(*written(home / posterior.RECORD))
    if record["trial"]:
        what = trial_note(record["trial"])
        say.note(
            f"{what.zh}；区域包中的记录不变", f"{what.en}; the record of the pack stays as it is"
        )
    elif within:
        say.note(*UNCHANGED)


# score


def score(asked: Namespace, say: Say) -> int:
    """Score every forecaster on a file of observations; without one, show what is registered."""
    pack, settings = load(asked.region), score_settings(asked)
    check_cutoff(pack, settings.cutoff)
    registered = digests(asked.region)
    heading = say("冻结的设定与摘要", "settings and digests")
    if asked.observations is None:
        if asked.json:
            print(cells.as_json({"settings": settings.row(), "digests": registered}))
        else:
            table(heading, *score_tables.registered_lines(settings, registered, say.lang))
        return DONE
    if asked.out:
        cells.possible(asked.out)
    observed = observations.read(asked.observations, reported(pack), settings.cutoff)
    start, until = pack.censuses[-1], max(each.day for each in observed)
    runs = 2 * settings.draws if pack.targets else settings.draws
    work = cost.Work(runs, asked.region, settings.scale, start, until)
    cost.announce(say, [work], asked.jobs)
    with progress(say("模拟", "simulating"), settings.draws) as step:
        made = forecasts(
            asked.region, [each.day for each in observed], settings, jobs=asked.jobs, done=step
        )
    each, overall = by_case(made, observed), by_forecaster(made, observed, pack)
    notes = [note.said(say.lang) for note in score_tables.notes(made, observed, settings)]
    if asked.json:
        report = {
            "cases": each, "scores": overall, "weights": dict(made.weights),
            "settings": settings.row(), "digests": registered, "remarks": notes,
        }  # fmt: skip
        print(cells.as_json(report))
    else:
        table(say("逐条观测", "each observation"), *score_tables.case_lines(each, say.lang))
        for over, rows in overall.groupby("over", sort=False):
            title = say(*score_tables.OVER[str(over)]).format(rows["cases"].iloc[0])
            table(title, *score_tables.score_lines(rows, say.lang))
        table(heading, *score_tables.registered_lines(settings, registered, say.lang))
        for note in notes:
            print(f"· {note}")
    if asked.out:
        cells.write(each, asked.out)
        say.note(f"已写 {asked.out}", f"wrote {asked.out}")
    return DONE


def score_settings(asked: Namespace) -> ScoreSettings:
    """The settings that the command line asks for; the registered ones by default.

    Raises
    ------
    RequestError
    """
    cutoff = parsing.day(asked.cutoff or str(REGISTERED.cutoff))
    if cutoff is None:
        raise RequestError(
            f"--cutoff 应为日期，如 2024-12-31；得到 {asked.cutoff}",
            f"--cutoff should be a date such as 2024-12-31; got {asked.cutoff}",
        )
    numbers = {name: getattr(asked, name) for name in ("draws", "scale", "seed")}
    given = {name: value for name, value in numbers.items() if value is not None}
    return replace(REGISTERED, cutoff=cutoff, **given)
