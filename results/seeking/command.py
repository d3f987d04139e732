"""`xiancheng seek`: the least package that meets the targets, and its certificate."""

from argparse import Namespace
from typing import Any

from xiancheng.results import cells, cost
from xiancheng.results.cli import Say
from xiancheng.results.comparison import asked as words
from xiancheng.results.file_checks import note_inactive
from xiancheng.results.keeping import evidence
from xiancheng.results.show import progress, table
from xiancheng.results.stopping import DONE


def seek(asked: Namespace, say: Say) -> int:
    """Search, confirm on fresh draws, compare with other packages; 0 whatever was found."""
    from xiancheng.results.analysis import certificate, goal_seek, goal_spec
    from xiancheng.results.analysis.attribution import identity
    from xiancheng.results.caveats import unjudged
    from xiancheng.results.seeking import sought
    from xiancheng.scenarios.diff import called
    from xiancheng.scenarios.paired import independent, layered
    from xiancheng.scenarios.simulate import reported

    words.at_least(1, "draws", asked.draws)
    words.at_least(1, "confirm", asked.confirm)
    words.at_least(0, "regret", asked.regret)
    scenario = words.scenario(asked)
    note_inactive(scenario, say)
    words.possible(asked, scenario, seed=asked.seed, scale=asked.scale, draws=asked.draws)
    words.possible(asked, scenario, scale=asked.confirm_scale, draws=asked.confirm)
    day = words.last_deadline(asked, scenario)
    with words.runs(asked, scenario, day) as runs:
        wanted = goal_spec.parse_goal(
            scenario, runs, probability=asked.probability, targets=asked.targets,
            rates=words.numbers(asked.rate, "--rate 371621=45"), exclude=asked.exclude,
            strongest=asked.max_intensity, weights=words.numbers(asked.weight, "--weight M12=2"),
            least=asked.least, budget=asked.budget, counties=asked.counties,
        )  # fmt: skip
        each = goal_seek.runs_each(runs.pack, scenario)
        search = each * goal_seek.runs_foreseen(wanted, asked.draws)
        worlds = each * certificate.PACKAGES * len(certificate.WORLDS) * asked.regret
        confirm = each * asked.confirm
        cost.announce(
            say,
            [
                cost.Work(count, asked.region, scale, scenario.start, scenario.until)
                for count, scale in (
                    (search + worlds, asked.scale), (confirm, asked.confirm_scale),
                )
            ],
            asked.jobs,
        )  # fmt: skip
        fresh = independent(asked.region, max(asked.confirm, asked.regret), asked.seed)
        draws = layered(asked.region, asked.draws, asked.seed)
        own = goal_seek.Held(runs, scenario, draws)
        with progress(say("搜索", "searching"), search) as step:
            found = goal_seek.search(wanted, own, draws, seed=asked.seed, done=step)
        regret = None
        if asked.regret:
            steps = len(certificate.packages_to_regret(wanted, found)) * len(certificate.WORLDS)
            steps *= each * asked.regret
            others = goal_seek.Held(runs, scenario, fresh[: asked.regret])
            with progress(say("外部条件", "outside worlds"), steps) as step:
                regret = certificate.regret(wanted, found, others, fresh[: asked.regret], step)
    with (
        words.runs(asked, scenario, day, asked.confirm_scale) as runs,
        progress(say("确认", "confirming"), confirm) as step,
    ):
        confirmed = goal_seek.Held(runs, scenario, fresh[: asked.confirm])
        proof = certificate.certify(wanted, found.package, confirmed, fresh[: asked.confirm], step)
    verdict = [*sought.verdict(wanted, found, proof, confirmed, say.lang)]
    if regret:
        verdict += sought.about_regret(regret, asked.scale, say.lang)
    if not asked.targets:  # who names targets knows of the others
        groups = reported(runs.pack)
        late = unjudged(runs.pack, groups, scenario.start, scenario.until)
        verdict += [note.said(say.lang) for note in late]
    verdict += evidence.remarks(runs.pack, say.lang)
    name = called(scenario, runs.pack)
    if asked.json:
        report = {"found": found, "certificate": proof, "share": proof.share, "verdict": verdict}
        worlds = sought.regret_records(regret) if regret else None
        report |= {"targets": sought.target_records(wanted, proof, runs), "regret": worlds}
        about: dict[str, Any] = {"scenario": scenario.name, "title": name._asdict()}
        about |= {"scenario_sha256": identity(scenario), "posterior": evidence.sample(runs.pack)}
        print(cells.as_json({**about, **report}))
        return DONE
    if found.package:
        table(
            say(f"措施组合 · {name.zh}", f"package · {name.en}"),
            *sought.package(wanted, found, say.lang),
        )
    table(say("目标", "targets"), *sought.targets(wanted, proof, runs, say.lang))
    if regret:
        title = say("外部条件不同时的达标概率（后悔）", "chance in other outside worlds (regret)")
        table(title, *sought.regrets(regret, say.lang))
    for sentence in verdict:
        print(f"· {sentence}")
    return DONE
