"""What the commands that compare and explain do; each gives the exit code."""

from argparse import Namespace
from typing import TYPE_CHECKING, TypeVar

from xiancheng.results import cells, cost
from xiancheng.results.cli import Say
from xiancheng.results.comparison import asked as words
from xiancheng.results.file_checks import note_inactive
from xiancheng.results.keeping import evidence
from xiancheng.results.show import progress, table
from xiancheng.results.stopping import DONE
from xiancheng.scenarios.inactive import message
from xiancheng.scenarios.simulate import RequestError

Number = TypeVar("Number", int, float)

if TYPE_CHECKING:
    import pandas as pd

    from xiancheng.results.analysis.sensitivity import Question
    from xiancheng.scenarios.paired import Runs
    from xiancheng.scenarios.scenario_files import Scenario


def compare(asked: Namespace, say: Say) -> int:
    """`xiancheng compare`: side by side, with paired differences."""
    from xiancheng.results.analysis.compare import compare as compare_sides
    from xiancheng.results.analysis.compare import ordered
    from xiancheng.results.comparison import compared

    wanted = compared.asked_for(asked.outcome)
    sides = ordered(asked.scenarios, asked.baseline, asked.region)
    for side in sides:
        note_inactive(side.scenario, say)
    if any(side.saved for side in sides):
        words.idle(
            asked, ("scale",), "规模以已存运行为准；请去掉",
            "the scale is that of the saved run; leave it out",
        )  # fmt: skip
    if not asked.draws:
        words.idle(
            asked, ("seeds",), "没有抽样就没有区间；请同时给出 --draws，如 --draws 50",
            "without draws there is no interval; give --draws as well, such as --draws 50",
        )  # fmt: skip
        if any(side.saved for side in sides):
            words.idle(
                asked, ("seed",), "种子以已存运行为准；请去掉，或用 --draws",
                "the seed is that of the saved run; leave it out, or use --draws",
            )  # fmt: skip
    seed, scale, seeds = _or(asked.seed, 1), _or(asked.scale, 1.0), _or(asked.seeds, 1)
    words.at_least(1, "seeds", seeds)
    words.possible(
        asked, *(side.scenario for side in sides), seed=seed, scale=scale, draws=asked.draws
    )
    each = 1 + asked.draws * seeds
    cost.announce(say, [_work(asked, side.scenario, each, scale) for side in (*sides, sides[0])],
                  asked.jobs)  # fmt: skip
    with progress(say("比较", "comparing"), (len(sides) + 1) * each) as step:
        told = compare_sides(
            sides, region=asked.region, seed=seed, scale=scale, draws=asked.draws, seeds=seeds,
            jobs=asked.jobs, day=words.day(asked.at), done=step,
        )  # fmt: skip
    remarks = [*compared.remarks(told, say.lang), *evidence.remarks(told.region, say.lang)]
    written = told.to_frame()
    if asked.json:
        report = {"outcomes": told.to_frame(), "targets": told.verdicts(), "remarks": remarks,
                  "posterior": evidence.sample(told.region)}  # fmt: skip
        inputs = told.inputs[say.lang]
        print(cells.as_json({"baseline_scenario": sides[0].name, "inputs": inputs, **report}))
        _csv(written, asked, say)
        return DONE
    if told.region.targets:
        table(say("目标", "targets"), *compared.targets(told, say.lang))
    for outcome in wanted:
        table(compared.title(outcome, say.lang), *compared.values(told, outcome, say.lang))
    for name, changes in told.inputs[say.lang].items():
        n, base = len(changes), sides[0].name
        print(say(f"{base} -> {name}：改了 {n} 项", f"{base} -> {name}: {n} changes"))
        for change in changes or [say("输入没有差别", "no difference in the inputs")]:
            print(f"  {change}")
    _remark(remarks)
    _csv(written, asked, say)
    return DONE


def attribute(asked: Namespace, say: Say) -> int:
    """`xiancheng attribute`: what each measure and project contributes."""
    from xiancheng.results.analysis.attribution import WORLDS, CoalitionGame, identity
    from xiancheng.results.analysis.attribution import attribute as attribute_effect
    from xiancheng.results.comparison import attributed
    from xiancheng.scenarios.diff import called
    from xiancheng.scenarios.paired import Draw, layered

    words.at_least(1, "permutations", asked.permutations)
    if asked.draws is None:  # a world for each antithetic pair of orders
        pairs = min(WORLDS, asked.permutations // 2)
        asked.draws = pairs if pairs > 1 else 0
    scenario = words.scenario(asked)
    note_inactive(scenario, say)
    words.possible(asked, scenario, seed=asked.seed, scale=asked.scale, draws=asked.draws)
    draws = layered(asked.region, asked.draws, asked.seed) if asked.draws else [Draw(asked.seed)]
    day = words.day(asked.at) or words.last_deadline(asked, scenario)
    with words.runs(asked, scenario, day) as runs:
        place = words.group_named(runs, asked.county)
        game = CoalitionGame.of(scenario, asked.permutations, len(draws), asked.seed)
        count = len(game.coalitions())
        cost.announce(say, [_work(asked, scenario, count)], asked.jobs)
        with progress(say("归因", "attributing"), count) as step:
            told = attribute_effect(
                scenario, runs, permutations=asked.permutations, draws=draws, seed=asked.seed,
                done=step,
            )  # fmt: skip
    remarks = [*attributed.remarks(told, asked.scale, runs.pack, say.lang)]
    remarks += evidence.remarks(runs.pack, say.lang) if asked.draws else []
    written = told.to_frame()
    if asked.json:
        about = {"scenario": scenario.name, "date": str(told.day), "runs": told.runs}
        titles = {
            "title": called(scenario, runs.pack)._asdict(), "scenario_sha256": identity(scenario)
        }  # fmt: skip
        sampling = {"permutations": told.permutations, "draws": told.draws, "scale": asked.scale}
        sample = {"posterior": evidence.sample(runs.pack) if asked.draws else None}
        report = {"shares": told.to_frame(), "remarks": remarks}
        print(cells.as_json({**about, **titles, **sampling, **report, **sample}))
        _csv(written, asked, say)
        return DONE
    where = told.groups[place]
    name = called(scenario, runs.pack).said(say.lang)
    title = f"{name} · {where.said(say.lang)} · {told.day}"
    table(title, *attributed.projects(told, place, say.lang, asked.scale))
    table(title, *attributed.measures(told, place, say.lang, asked.scale))
    _remark(remarks)
    _csv(written, asked, say)
    return DONE


def sensitivity(asked: Namespace, say: Say) -> int:
    """`xiancheng sensitivity`: which parameters move an outcome."""
    from xiancheng.results.analysis import sensitivity
    from xiancheng.results.comparison import compared
    from xiancheng.scenarios.simulate import reported

    outcome = compared.asked_for([asked.outcome])[0]
    sensitivity.factors(asked.factors)  # refuses unknown names before anything is computed
    sizes = _sizes(asked)
    scenario = words.scenario(asked)
    note_inactive(scenario, say)
    words.possible(asked, scenario, seed=asked.seed, scale=asked.scale)
    day = words.day(asked.at) or words.last_deadline(asked, scenario)
    with words.runs(asked, scenario, day) as runs:
        place = words.group_named(runs, asked.county)
        question = sensitivity.Question(outcome, place, asked.effect)
        chosen = sensitivity.factors(asked.factors)
        if idle := sensitivity.inactive(chosen, scenario, runs.pack, question):
            say.note(*message(idle))
        screened = None
        if asked.method == "morris":
            told = _screened(asked, scenario, question, runs, sizes["trajectories"], say)
        else:
            names = list(asked.factors)
            if not names:
                screened = _screened(asked, scenario, question, runs, sizes["trajectories"], say)
                names = screened["factor"].tolist()[: sizes["top"]]
            steps = sensitivity.runs_needed("sobol", len(names), sizes["points"], asked.effect)
            cost.announce(say, [_work(asked, scenario, steps)], asked.jobs)
            with progress("Sobol", steps) as step:
                told = sensitivity.sobol(
                    scenario, question, runs, names=names, points=sizes["points"],
                    seed=asked.seed, done=step,
                )  # fmt: skip
        where = reported(runs.pack)[place]
    written, remarks = (
        told,
        [*sensitivity.remarks(asked.method, asked.effect, asked.seed, say.lang)],
    )
    if asked.json:
        about = {"scenario": scenario.name, "outcome": outcome, "effect": asked.effect}
        kept = {
            "method": asked.method,
            "seed": asked.seed,
            "factors": told,
            "screening": screened,
            "inactive": idle,
        }
        print(cells.as_json({**about, "date": str(runs.day), **kept, "remarks": remarks}))
        _csv(written, asked, say)
        return DONE
    title = f"{compared.title(outcome, say.lang)} · {where.said(say.lang)} · {runs.day}"
    table(title, *sensitivity.lines(told, say.lang))
    _remark(remarks)
    _csv(written, asked, say)
    return DONE


def _sizes(asked: Namespace) -> dict[str, int]:
    """How much a sensitivity analysis computes; what its method does not use is refused."""
    from xiancheng.results.analysis.sensitivity import LEAST, SIZES

    if asked.method == "morris":
        words.idle(
            asked, ("points", "top"), "它属于 --method sobol；请去掉",
            "it belongs to --method sobol; leave it out",
        )  # fmt: skip
    elif asked.factors:
        words.idle(
            asked, ("trajectories", "top"), "给出 --factors 时不做 Morris 筛选；请去掉其一",
            "with --factors there is no screening by Morris; leave one of them out",
        )  # fmt: skip
    sizes = {name: _or(getattr(asked, name), usual) for name, usual in SIZES.items()}
    for name, least in LEAST.items():
        words.at_least(
            least, name, sizes[name], "（更少则 95% 区间没有意义）",
            ", as fewer tell no 95 % interval",
        )  # fmt: skip
    words.at_least(1, "top", sizes["top"])
    if sizes["points"] & (sizes["points"] - 1):
        raise RequestError(
            f"--points 应为 2 的幂，如 64；得到 {sizes['points']}",
            f"--points should be a power of two such as 64; got {sizes['points']}",
        )
    return sizes


def _screened(
    asked: Namespace,
    scenario: "Scenario",
    question: "Question",
    runs: "Runs",
    trajectories: int,
    say: Say,
) -> "pd.DataFrame":
    from xiancheng.results.analysis import sensitivity

    names = sensitivity.factors(asked.factors)
    steps = sensitivity.runs_needed("morris", len(names), trajectories, asked.effect)
    cost.announce(say, [_work(asked, scenario, steps)], asked.jobs)
    with progress("Morris", steps) as step:
        return sensitivity.morris(
            scenario, question, runs, names=names, trajectories=trajectories, seed=asked.seed,
            done=step,
        )  # fmt: skip


def _work(
    asked: Namespace, scenario: "Scenario", runs: int, scale: float | None = None
) -> cost.Work:
    """Runs of a scenario, for a word on how long they take."""
    chosen = asked.scale if scale is None else scale
    return cost.Work(runs, asked.region, chosen, scenario.start, scenario.until)


def _csv(told: "pd.DataFrame", asked: Namespace, say: Say) -> None:
    if asked.csv:
        cells.write(told, asked.csv)
        say.note(f"已写 {asked.csv}", f"wrote {asked.csv}")


def _remark(remarks: list[str]) -> None:
    for remark in remarks:
        print(f"· {remark}")


def _or(given: Number | None, usual: Number) -> Number:
    return usual if given is None else given
