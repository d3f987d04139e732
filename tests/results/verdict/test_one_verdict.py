"""Every door gives one verdict: the same question has the same expected rates and chances."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import xiancheng
from xiancheng.calibration.forecasts.level import DRAWS
from xiancheng.results.analysis import certificate
from xiancheng.results.analysis.goal_seek import AnchoredRuns
from xiancheng.results.analysis.goal_spec import parse_goal
from xiancheng.results.cli import main
from xiancheng.results.console.result import ABQuery, ABResult
from xiancheng.results.store.runs import read_run
from xiancheng.results.tables import plan_result
from xiancheng.results.tables import verdicts as tables
from xiancheng.results.verdict import level as levels
from xiancheng.results.verdict.level import Level
from xiancheng.results.verdict.verdict import Verdict
from xiancheng.scenarios.ensemble import Summaries, ensemble, judged_on, layered
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec

SCALE, N = 0.005, 3


@pytest.fixture(scope="module", autouse=True)
def known_level():
    """A level that is wide enough for every chance to lie between 0 and 1; its own takes longer."""

    def level(region, start, until, *_):
        days = sorted({start, until, *(target.deadline for target in region.targets)})
        groups = levels.reported_groups(region)
        rng = np.random.default_rng(1)
        rate = np.full((len(days), DRAWS, len(groups)), 50.0)
        for target in region.targets:
            column = levels.group_of(target, region, groups)
            spread = 3 * rng.standard_normal((len(days), DRAWS))
            rate[:, :, column] = target.value + spread
        return Level(tuple(days), tuple(group.code for group in groups), rate)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "level_from", level)
        yield


@pytest.fixture(scope="module")
def wanted():
    """What Python gives, (target,) each, in the order of the targets."""
    return Verdict.of(ensemble("plan", draws=N, jobs=1, scale=SCALE)).table()


def printed(capsys, *words):
    capsys.readouterr()
    assert main([*words, "--scale", str(SCALE), "--draws", str(N), "--jobs", "1", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def same(rows, wanted, *names):
    table = pd.DataFrame(rows).set_index("target").loc[wanted["target"]]
    for name in names or ("expected", "probability", "all_met"):
        assert table[name].to_numpy() == pytest.approx(wanted[name].to_numpy(), abs=1e-6)


def test_the_question_can_tell_doors_apart(wanted):
    assert wanted["probability"].between(0.05, 0.95).all()
    assert wanted["all_met"].between(0.0001, 0.9).all()


def test_run_its_file_and_the_report_give_the_verdict(wanted, tmp_path, capsys):
    out = tmp_path / "runs"
    report = printed(capsys, "run", "plan", "--out", str(out))
    names = ("expected", "low", "high", "probability", "all_met", "margin_pp", "from_plan_pp")
    same(report["verdicts"], wanted, *names)
    (file,) = out.glob("**/verdicts.csv")
    same(pd.read_csv(file, encoding="utf-8-sig"), wanted, *names)
    shown = tables.table(plan_result.of_saved(read_run(file.parent)), "en")
    cells = pd.DataFrame(shown.records())
    assert cells["probability"].to_numpy() == pytest.approx(100 * wanted["probability"].to_numpy())
    assert cells["expected"].to_numpy() == pytest.approx(wanted["expected"].to_numpy())


def test_compare_gives_the_verdict(wanted, capsys):
    rows = printed(capsys, "compare", "baseline", "plan")["targets"]
    same([row for row in rows if row["scenario"] == "plan"], wanted)
    none = wanted.assign(**{
        name: wanted[other]
        for name, other in (("expected", "without"), ("probability", "probability_without"),
                            ("all_met", "all_met_without"))
    })  # fmt: skip
    same([row for row in rows if row["scenario"] == "baseline"], none)


def test_the_page_gives_the_verdict(wanted):
    question = ABQuery(resolve("plan"), resolve("baseline"), "binzhou", SCALE, draws=N)
    central, drawn = (question.summarize(specs) for specs in (question.central, question.drawn(N)))
    result = ABResult.of(question, central, drawn, preliminary=False)
    same(result.subject.verdicts, wanted)
    for row in wanted.to_dict("records"):
        column = [group.code for group in result.groups].index(row["unit_code"])
        assert result.places(row["deadline"]).a[column] == pytest.approx(row["expected"], abs=1e-6)


def test_a_certificate_for_the_same_draws_gives_the_verdict(wanted):
    plan, region = resolve("plan"), xiancheng.load_region("binzhou")
    spec = RunSpec.of(plan, scale=SCALE)
    with Summaries(spec, judged_on(plan, region), jobs=1) as runs:
        goal, specs = parse_goal(plan, region, probability=0.9), layered(spec, N, 1)
        package = dict.fromkeys(goal.bounds, 1.0)
        own = AnchoredRuns(runs, plan, specs)
        proof = certificate.certify(goal, package, own, specs)
        count = [own.read([draw])[0].targets for draw in specs]
    by_id = wanted.set_index("target")
    for index, chance in proof.target_probability.items():
        assert chance == pytest.approx(by_id["probability"][region.targets[index].id], abs=1e-6)
    assert proof.probability == pytest.approx(wanted["all_met"].iloc[-1], abs=1e-6)
    assert proof.met == sum(int((goal.margins(rates) >= 0).all()) for rates in count)


def test_python_gives_the_verdict_of_one_outcome():
    outcome = xiancheng.simulate("plan", scale=SCALE)
    verdict = xiancheng.verdict(outcome)
    central = Verdict.of(ensemble(resolve("plan"), draws=0, scale=SCALE)).to_frame()
    same(verdict.to_frame(), central)
    same(outcome.verdicts(), central)
    assert f"probability {central['probability'].iloc[0]:.2f}" in repr(verdict)


def test_a_verdict_of_rates_alone_has_estimates_and_no_table(wanted):
    verdict = Verdict.of(ensemble(resolve("plan"), draws=0, scale=SCALE))
    with pytest.raises(ValueError, match="estimates"):
        replace(verdict, one_run=None).to_frame()
