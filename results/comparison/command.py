"""What the commands that compare and explain do; each gives the exit code."""

from argparse import Namespace
from datetime import date
from math import isfinite
from typing import TYPE_CHECKING

from results.cli import DONE, Say
from results.show import progress, table
from scenarios.simulate import RequestError

if TYPE_CHECKING:
    import pandas as pd

    from results.sensitivity import Question
    from scenarios.paired import Runs
    from scenarios.scenario import Scenario


def compare(asked: Namespace, say: Say) -> int:
    """`xiancheng compare`: side by side, with paired differences."""
    from results import cells
    from results.comparison import compared
    from results.comparison.compare import compare as compare_sides
    from results.comparison.compare import ordered

    wanted = compared.asked_for(asked.outcome)
    sides = ordered(asked.scenarios, asked.baseline)
    _check(asked, *(side.scenario for side in sides))
    steps = len(sides) * (1 + asked.draws * asked.seeds)
    with progress(say("比较", "comparing"), steps) as step:
        told = compare_sides(
            sides, region=asked.region, seed=asked.seed, scale=asked.scale, draws=asked.draws,
            seeds=asked.seeds, jobs=asked.jobs, day=_day(asked.at), done=step,
        )  # fmt: skip
    remarks = [*compared.remarks(told, say.lang)]
    if asked.csv:
        cells.write(told.to_frame(), asked.csv)
        say.note(f"已写 {asked.csv}", f"wrote {asked.csv}")
    if asked.json:
        report = {"outcomes": told.to_frame(), "targets": told.verdicts(), "remarks": remarks}
        print(cells.as_json({"baseline": sides[0].name, "inputs": told.inputs[say.lang], **report}))
        return DONE
    for name, changes in told.inputs[say.lang].items():
        print(f"{sides[0].name} -> {name}")
        for change in changes or [say("输入没有差别", "no difference in the inputs")]:
            print(f"  {change}")
    for outcome in wanted:
        table(compared.title(outcome, say.lang), *compared.values(told, outcome, say.lang))
    table(say("目标", "targets"), *compared.targets(told, say.lang))
    for remark in remarks:
        print(f"· {remark}")
    return DONE


def attribute(asked: Namespace, say: Say) -> int:
    """`xiancheng attribute`: what each measure and project contributes."""
    from results import cells
    from results.comparison import attributed
    from results.comparison.attribute import Game
    from results.comparison.attribute import attribute as attribute_effect
    from scenarios.paired import Draw, layered

    scenario = _scenario(asked)
    draws = layered(asked.region, asked.draws, asked.seed) if asked.draws else [Draw(asked.seed)]
    with _runs(asked, scenario) as runs:
        place = group_named(runs, asked.county)
        game = Game.of(scenario, asked.permutations, len(draws), asked.seed)
        with progress(say("归因", "attributing"), len(game.coalitions())) as step:
            told = attribute_effect(
                scenario, runs, permutations=asked.permutations, draws=draws, seed=asked.seed,
                done=step,
            )  # fmt: skip
    remarks = [*attributed.remarks(told, asked.scale, say.lang)]
    if asked.csv:
        cells.write(told.to_frame(), asked.csv)
        say.note(f"已写 {asked.csv}", f"wrote {asked.csv}")
    if asked.json:
        about = {"scenario": scenario.name, "date": str(told.day), "runs": told.runs}
        sampling = {"permutations": told.permutations, "draws": told.draws, "scale": asked.scale}
        print(cells.as_json({**about, **sampling, "shares": told.to_frame(), "remarks": remarks}))
        return DONE
    where = told.groups[place]
    title = f"{scenario.title.said(say.lang)} · {say(where.zh, where.en)}"
    table(title, *attributed.projects(told, place, say.lang))
    table(title, *attributed.measures(told, place, say.lang))
    for remark in remarks:
        print(f"· {remark}")
    return DONE


def seek(asked: Namespace, say: Say) -> int:
    """`xiancheng seek`: the least package that meets the targets, and its certificate."""
    from results import cells
    from results.seeking import certify, seek, sought, wish
    from scenarios.paired import independent, layered

    scenario = _scenario(asked)
    with _runs(asked, scenario) as runs:
        wanted = wish.wished(
            scenario, runs, probability=asked.probability, targets=asked.targets,
            rates=_numbers(asked.rate, "--rate 371621=45"), exclude=asked.exclude,
            strongest=asked.max_intensity, weights=_numbers(asked.weight, "--weight M12=2"),
            least=asked.least, budget=asked.budget, counties=asked.counties,
        )  # fmt: skip
        draws = layered(asked.region, asked.draws, asked.seed)
        with progress(say("搜索", "searching"), seek.runs_foreseen(wanted, len(draws))) as step:
            found = seek.search(wanted, runs, draws, seed=asked.seed, done=step)
        regret = None
        if asked.regret:
            steps = len(certify.packages_to_regret(wanted, found)) * len(certify.WORLDS)
            with progress(say("外部条件", "outside worlds"), steps * asked.regret) as step:
                regret = certify.regret(wanted, found, runs, draws[: asked.regret], step)
    with (
        _runs(asked, scenario, asked.confirm_scale) as runs,
        progress(say("确认", "confirming"), asked.confirm) as step,
    ):
        fresh = independent(asked.region, asked.confirm, asked.seed)
        proof = certify.certify(wanted, found.package, runs, fresh, step)
    verdict = [*sought.verdict(wanted, found, proof, runs, say.lang)]
    if asked.json:
        report = {"found": found, "certificate": proof, "share": proof.share, "verdict": verdict}
        worlds = sought.regret_records(regret) if regret else None
        print(cells.as_json({"scenario": scenario.name, **report, "regret": worlds}))
        return DONE
    if found.package:
        table(say("措施组合", "package"), *sought.package(wanted, found, say.lang))
    table(say("目标", "targets"), *sought.targets(wanted, proof, runs, say.lang))
    if regret:
        title = say("外部条件不同时的达标概率（后悔）", "chance in other outside worlds (regret)")
        table(title, *sought.regrets(regret, say.lang))
    for sentence in verdict:
        print(f"· {sentence}")
    return DONE


def sensitivity(asked: Namespace, say: Say) -> int:
    """`xiancheng sensitivity`: which parameters move an outcome."""
    from results import cells, sensitivity
    from results.comparison import compared
    from scenarios.simulate import reported

    scenario = _scenario(asked)
    outcome = compared.asked_for([asked.outcome])[0]
    sensitivity.factors(asked.factors)  # refuses unknown names before anything is computed
    with _runs(asked, scenario) as runs:
        place = group_named(runs, asked.county)
        question = sensitivity.Question(outcome, place, asked.effect)
        screened = None
        if asked.method == "morris":
            told = _screened(asked, scenario, question, runs)
        else:
            names = list(asked.factors)
            if not names:
                screened = _screened(asked, scenario, question, runs)
                names = screened["factor"].tolist()[: asked.top]
            steps = sensitivity.runs_needed("sobol", len(names), asked.points, asked.effect)
            with progress("Sobol", steps) as step:
                told = sensitivity.sobol(
                    scenario, question, runs, names=names, points=asked.points, seed=asked.seed,
                    done=step,
                )  # fmt: skip
        where = reported(runs.pack)[place]
    if asked.csv:
        cells.write(told, asked.csv)
        say.note(f"已写 {asked.csv}", f"wrote {asked.csv}")
    remarks = [*sensitivity.remarks(asked.method, asked.effect, say.lang)]
    if asked.json:
        about = {"scenario": scenario.name, "outcome": outcome, "effect": asked.effect}
        kept = {"method": asked.method, "factors": told, "screening": screened}
        print(cells.as_json({**about, "date": str(runs.day), **kept, "remarks": remarks}))
        return DONE
    title = f"{compared.title(outcome, say.lang)} · {say(where.zh, where.en)} · {runs.day}"
    table(title, *sensitivity.lines(told, say.lang))
    for remark in remarks:
        print(f"· {remark}")
    return DONE


def _screened(
    asked: Namespace, scenario: "Scenario", question: "Question", runs: "Runs"
) -> "pd.DataFrame":
    from results import sensitivity

    names = sensitivity.factors(asked.factors)
    steps = sensitivity.runs_needed("morris", len(names), asked.trajectories, asked.effect)
    with progress("Morris", steps) as step:
        return sensitivity.morris(
            scenario, question, runs, names=names, trajectories=asked.trajectories,
            seed=asked.seed, done=step,
        )  # fmt: skip


def group_named(runs: "Runs", name: str | None) -> int:
    """The index of a group of counties, by code or name; by default the largest target's.

    Raises
    ------
    RequestError
    """
    from scenarios.simulate import reported

    groups = reported(runs.pack)
    if name is None:
        return len(groups) - 1
    for g, group in enumerate(groups):
        if name in (str(group.code), group.zh, group.en):
            return g
    zh, en = "、".join(g.zh for g in groups), ", ".join(g.en for g in groups)
    raise RequestError(
        f"没有名为 {name!r} 的地区；可用：{zh}", f"no place is called {name!r}: {en}"
    )


def _scenario(asked: Namespace) -> "Scenario":
    from scenarios.resolving import resolve
    from scenarios.simulate import horizon

    scenario = horizon(resolve(asked.scenario), None, asked.until)
    _check(asked, scenario)
    return scenario


def _check(asked: Namespace, *all_scenarios: "Scenario") -> None:
    """Refuse what cannot be computed, before anything is."""
    from scenarios.simulate import checked

    for scenario in all_scenarios:
        numbers = {"seed": asked.seed, "scale": asked.scale, "jobs": asked.jobs or 1}
        checked(scenario, asked.region, **numbers, draws=getattr(asked, "draws", 0))
    if asked.command == "seek":
        checked(all_scenarios[0], asked.region, scale=asked.confirm_scale, draws=asked.regret)
        if asked.draws < 1:
            raise RequestError("--draws 应为正整数", "--draws should be a positive number")
    points = asked.points if getattr(asked, "method", "") == "sobol" else 1
    if points > 0 and points & (points - 1):
        raise RequestError(
            f"--points 应为 2 的幂，如 64；得到 {points}",
            f"--points should be a power of two such as 64; got {points}",
        )
    for name in ("seeds", "permutations", "confirm", "trajectories", "points", "top"):
        if getattr(asked, name, 1) < 1:
            raise RequestError(f"--{name} 应为正整数", f"--{name} should be a positive number")


def _runs(asked: Namespace, scenario: "Scenario", scale: float | None = None) -> "Runs":
    from calibration.region import load
    from scenarios.paired import Runs, judged_on

    day = _day(asked.at) or judged_on(scenario, load(asked.region))
    if not scenario.start < day <= scenario.until:
        raise RequestError(
            f"--at {day} 应在 {scenario.start} 之后、不晚于 {scenario.until}",
            f"--at {day} should be after {scenario.start} and not after {scenario.until}",
        )
    return Runs(asked.region, day=day, scale=scale or asked.scale, jobs=asked.jobs)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise RequestError(
            f"--at 应为日期，如 2025-12-31；得到 {text!r}",
            f"--at should be a date such as 2025-12-31; got {text!r}",
        ) from None


def _numbers(pairs: list[str], example: str) -> dict[str, float]:
    """Numbers by name, from words such as M12=2."""
    told = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            told[name] = float(value)
            if not isfinite(told[name]):
                raise ValueError
        except ValueError:
            raise RequestError(
                f"应写作 {example}；得到 {pair!r}", f"expected {example}, got {pair!r}"
            ) from None
    return told
