"""Goal-seeking: the least package, what it is worth, and the plain word where there is none."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from xiancheng.calibration import posterior
from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import same
from xiancheng.results.analysis import certificate, goal_seek, goal_spec
from xiancheng.results.analysis.goal_seek import least_package
from xiancheng.results.analysis.goal_spec import parse_goal, spending
from xiancheng.results.cli import main
from xiancheng.results.tables import analysis as tables
from xiancheng.results.verdict.level import level_from
from xiancheng.scenarios import simulation, steering
from xiancheng.scenarios.ensemble import RunSummary, Summaries, independent, layered
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec

SCALE = 0.005
SPEC = RunSpec.of("plan", scale=SCALE)
HUIMIN = 2  # the index of its target


@pytest.fixture(scope="module")
def runs():
    plan = resolve("plan")
    with Summaries(RunSpec.of(plan, scale=SCALE), jobs=1) as runs:
        yield runs


def goal_of(runs, scenario="plan", **how):
    return parse_goal(resolve(scenario), runs.spec.pack, **{"probability": 0.9, **how})


def sentences(goal, found, proof, lang):
    return tables.goal_notes(goal, found, proof, SPEC.pack, lang, anchored=False)


def recoding(**how):
    """A scenario in which one strong measure recodes villages."""
    return {"name": "m26", "title": "t", "based_on": "baseline", "measures": {"M26": 1}, **how}


# What is wished


def test_all_six_targets_are_wished_by_default(runs):
    assert len(goal_of(runs).targets) == 6


def test_about_allows_what_a_verdict_allows(runs):
    whole = runs.spec.pack.targets[0]
    assert whole.operator == "about"
    assert goal_of(runs).targets[0] < whole.value
    assert goal_of(runs, rates={"T-0": 59.3}).targets[0] == 59.3


def test_a_county_names_its_target_and_a_stricter_rate(runs):
    for name in ("惠民县", "惠民", "Huimin", "huimin county", "371621", "T-2"):
        assert goal_of(runs, targets=[name], rates={"371621": 45}).targets == {HUIMIN: 45}


def test_what_is_excluded_is_never_used(runs):
    used = goal_of(runs, exclude=["M01", "P4"]).bounds
    assert {"M01", "M11", "M12", "M13", "M14", "M15"}.isdisjoint(used)


def test_only_measures_that_move_a_lever_can_be_in_a_package(runs):
    assert "S1" not in goal_of(runs).bounds
    assert not goal_of(runs, "baseline").bounds


def test_no_intensity_goes_beyond_what_a_scenario_may_set(runs):
    double = {"name": "d", "title": "t", "based_on": "plan", "measures": {"M01": 1.6}}
    assert goal_of(runs, double, strongest=1.5).bounds["M01"] == 1.25
    assert goal_of(runs, double, strongest=1.5).bounds["M02"] == 1.5


@pytest.mark.parametrize(
    "how",
    [
        {"targets": ["T-9"]}, {"rates": {"Beijing": 50}}, {"exclude": ["M99"]},
        {"weights": {"S1": 2}}, {"counties": ["nowhere"]}, {"probability": 1.5},
        {"rates": {"惠民县": 0.45}}, {"rates": {"惠民县": 1}}, {"targets": ["阳谷县"]},
        {"strongest": 3}, {"budget": 1e9}, {"least": "cost"}, {"weights": {"M01": -1}},
    ],
)  # fmt: skip
def test_a_wish_that_cannot_be_read_is_refused(runs, how):
    with pytest.raises(RequestError):
        goal_of(runs, **how)


@pytest.mark.parametrize(
    ("how", "near", "listed"),
    [
        ({"targets": ["Yangxn"]}, "did you mean Yangxin?", "371681 Zouping"),
        ({"targets": ["阳信县里"]}, "是否指 阳信县？", "371681 邹平市"),
        ({"counties": ["Hiumin"]}, "did you mean Huimin?", "371602 Bincheng"),
        ({"rates": {"Boxng": 60.0}}, "did you mean Boxing?", "371625 Boxing"),
    ],
)
def test_a_place_misspelt_gets_the_nearest_and_the_list_in_each_language(runs, how, near, listed):
    with pytest.raises(RequestError) as refused:
        goal_of(runs, **how)
    assert near in str(refused.value)
    assert listed in str(refused.value)
    assert "邹平" not in refused.value.en
    assert "Zouping" not in refused.value.zh


def test_nothing_is_due_before_the_deadline(runs):
    with pytest.raises(RequestError):
        goal_of(runs, {"name": "s", "title": "t", "based_on": "plan",
                    "horizon": {"until": "2024-12-31"}})  # fmt: skip


def test_a_package_scales_what_the_scenario_does(runs):
    uneven = {"name": "u", "title": "t", "based_on": "baseline",
              "measures": {"M01": {"intensity": 0.5, "counties": {"惠民县": 1.0}}}}  # fmt: skip
    goal = goal_of(runs, uneven)
    setting = goal.scenario_of({"M01": 1.5}).setting("M01")
    assert setting.intensity == 0.75
    assert setting.counties == {"371621": 1.5}
    assert not goal.scenario_of({}).settings


def test_a_package_can_be_kept_to_some_counties(runs):
    goal = goal_of(runs, counties=["惠民县", "Yangxin"])
    setting = goal.scenario_of({"M01": 1.0}).setting("M01")
    assert {c for c, x in setting.counties.items() if x == 0} == set(goal.elsewhere)
    assert len(goal.elsewhere) == 5


def test_a_budget_bounds_what_has_a_unit_cost(runs):
    """76 education groups at a million yuan each do not fit into 50 million."""
    groups = next(k for k, i in resolve("plan").plan.measures["M12"].indicators.items() if i.scales)
    cost = {"yuan": 1e6, "source": "a test", "status": "assumed"}
    priced = {"name": "p", "title": "t", "based_on": "plan",
              "red_lines": {"unit_costs": {groups: cost}}}  # fmt: skip
    goal = goal_of(runs, priced, budget=50e6)
    assert not goal.allowed({"M12": 1.0})
    assert goal.allowed({"M12": 0.5, "M01": 1.5})


# The programme


def slopes_of(goal, **by_measure):
    """What a unit of each measure adds to the one rate that is wished."""
    return np.array([[by_measure.get(n, 0.0)] for n in goal.bounds])


def test_the_programme_takes_the_measure_that_gives_most_for_its_weight(runs):
    goal = goal_of(runs, targets=["T-2"], weights={"M01": 3.0}, probability=0.5)
    slopes = slopes_of(goal, M01=2.0, M02=1.0, M05=-1.0)
    x, feasible = least_package(goal, np.array([[-1.0], [-9.0]]), slopes)
    assert feasible
    assert dict(zip(goal.bounds, x.round(6), strict=True)) == {
        **dict.fromkeys(goal.bounds, 0.0), "M02": 1.0,
    }  # fmt: skip


def test_the_programme_leaves_the_hardest_draws_that_the_probability_allows(runs):
    goal = goal_of(runs, targets=["T-2"], probability=0.75)
    margins = np.array([[-0.2], [-0.4], [-0.6], [-99.0]])
    x, feasible = least_package(goal, margins, slopes_of(goal, M01=1.0))
    assert feasible
    assert x.sum() == pytest.approx(0.6, abs=1e-4)


def test_the_programme_says_when_no_package_is_enough(runs):
    goal = goal_of(runs, targets=["T-2"], probability=0.9)
    x, feasible = least_package(goal, np.array([[-1.0], [-99.0]]), slopes_of(goal, M01=1.0))
    assert not feasible
    assert x.sum() == pytest.approx(1.0, abs=1e-3)  # what meets it in one draw of two


def test_packages_are_tried_from_the_least_on(runs):
    goal = goal_of(runs, recoding(measures={"M01": 1, "M26": 1}), weights={"M26": 0.1})
    weights = [goal.weight(p) for p in goal_seek.grid(goal)]
    assert weights == sorted(weights)
    assert weights[0] == 0
    assert len(weights) == 16


# Searching


def test_the_least_package_is_empty_where_the_targets_are_met_anyway(runs):
    goal = goal_of(runs, targets=["T-2"], rates={"T-2": 20})
    draws = layered(SPEC, 4, 1)
    found = goal_seek.search(goal, runs, draws)
    assert (found.package, found.met, found.how) == ({}, True, "empty")
    proof = certificate.certify(goal, found.package, runs, independent(SPEC, 4, 1))
    assert any("the least package is empty" in s
               for s in sentences(goal, found, proof, "en"))  # fmt: skip


@pytest.mark.parametrize("scenario", [recoding(), "p1-industry"], ids=["few", "many"])
def test_a_target_out_of_reach_is_said_to_be(runs, scenario):
    goal = goal_of(runs, scenario, targets=["T-2"], rates={"T-2": 90})
    found = goal_seek.search(goal, runs, layered(SPEC, 2, 1))
    assert not found.met
    assert found.share == 0
    assert all(x <= goal.bounds[n] for n, x in found.package.items())
    proof = certificate.certify(goal, found.package, runs, independent(SPEC, 2, 1))
    output = sentences(goal, found, proof, "en")
    assert any("No package within the bounds" in s for s in output)
    assert proof.binding == (HUIMIN,)


def test_many_measures_meet_what_the_strongest_of_them_reach(runs):
    draws = layered(SPEC, 2, 1)
    blank = goal_of(runs, "p1-industry", targets=["T-0"], probability=0.5)
    trial = goal_seek.Trial(blank, runs, draws, lambda: None)
    without, most = (trial.margins(package)[:, 0].max() for package in ({}, blank.bounds))
    goal = replace(blank, targets={0: blank.targets[0] + (without + most) / 2})
    found = goal_seek.search(goal, runs, draws)
    assert (found.met, found.how) == (True, "programme")
    assert 0 < goal.weight(found.package) < goal.weight(goal.bounds)


def test_the_package_found_is_the_least_on_the_grid(runs):
    draws, steps = layered(SPEC, 3, 1), (0, 0.5, 1.0, 1.5)
    blank = goal_of(runs, recoding(), probability=0.6, targets=["T-0"])
    trial = goal_seek.Trial(blank, runs, draws, lambda: None)
    margins = [trial.margins({"M26": x} if x else {})[:, 0] for x in steps]
    reached = np.sort(margins, axis=1)[:, 1]  # by two draws of three
    wanted = reached.max()
    goal = replace(blank, targets={0: blank.targets[0] + wanted - 1e-9})
    found = goal_seek.search(goal, runs, draws)
    weakest = steps[int(np.argmax(reached >= wanted))]
    assert found.met
    assert found.package == ({"M26": weakest} if weakest else {})


# A world in which the answer is known


class Linear:
    """Runs of a world in which each measure adds its own to every rate, without random numbers."""

    def __init__(self, runs, full, adds):
        self.spec, self.full, self.adds = runs.spec, full, adds

    def read(self, specs, done):
        for spec in specs:
            multiples = {
                n: spec.scenario.setting(n).intensity / self.full.setting(n).intensity
                for n in self.adds
            }
            rate = spec.seed + sum(self.adds[n] * x for n, x in multiples.items())
            targets = np.full((2, len(self.spec.pack.targets)), rate)
            yield RunSummary(np.empty(0), np.empty(0), *targets)


ADDS = {"M01": 1.0, "M02": 2.0, "M06": 0.5, "M12": 3.0, "M21": -1.0}


def linear_search(runs, probability=0.9, measures=ADDS, **how):
    """Ten draws with rates of 31 to 40 and a target of 36.5, met in four of ten without a plan."""
    plan = resolve("plan")
    names = [*plan.plan.measures]
    goal = parse_goal(plan, runs.spec.pack, **{
        "probability": probability, "targets": ["T-2"], "rates": {"T-2": 36.5},
        "exclude": [n for n in names if n not in measures], **how,
    })  # fmt: skip
    draws = [SPEC.vary(seed=seed) for seed in range(31, 41)]
    return goal, goal_seek.search(goal, Linear(runs, plan, ADDS), draws)


def test_the_least_package_of_a_known_world_is_found(runs):
    """Nine of ten draws need 4.5 points: 1.5 of the best measure, at 3 points each, is enough."""
    goal, found = linear_search(runs)
    assert (found.met, found.share, found.how) == (True, 0.9, "programme")
    assert found.package == {"M12": 1.5}
    goal, found = linear_search(runs, probability=1.0 - 1e-9)  # 5.5 points
    assert found.package == {"M12": 1.5, "M02": 0.5}
    assert goal.weight(found.package) == 2.0


def test_weights_and_exclusions_turn_to_the_next_best_measures(runs):
    _, found = linear_search(runs, exclude=[n for n in resolve("plan").plan.measures
                                            if n not in ("M01", "M02", "M06", "M21")])  # fmt: skip
    assert found.package == {"M02": 1.5, "M01": 1.5}
    _, found = linear_search(runs, weights={"M12": 10.0})
    assert found.package == {"M01": 1.5, "M02": 1.5}


def test_the_best_that_can_be_had_is_told_where_nothing_is_enough(runs):
    """All good measures at their bounds add 9.75 points: enough for 44.5 in six draws of ten."""
    _, found = linear_search(runs, rates={"T-2": 44.5})
    assert not found.met
    assert found.share == 0.6
    assert "M21" not in found.package  # it does harm
    assert found.gain > 6.5


def test_a_tight_budget_is_kept_and_used(runs):
    """A proposal that is rounded up must not break the budget that bounds it."""
    groups = next(k for k, i in resolve("plan").plan.measures["M12"].indicators.items() if i.scales)
    cost = {"yuan": 1e6, "source": "a test", "status": "assumed"}
    priced = resolve({"name": "p", "title": "t", "based_on": "plan",
                      "red_lines": {"unit_costs": {groups: cost}}})  # fmt: skip
    yuan = spending(priced, "M12")
    left_out = [n for n in priced.plan.measures if n not in ADDS]
    goal = parse_goal(priced, SPEC.pack, probability=0.9, targets=["T-2"], rates={"T-2": 36.5},
                   exclude=left_out, budget=yuan * 0.777)  # fmt: skip
    draws = [SPEC.vary(seed=seed) for seed in range(31, 41)]
    found = goal_seek.search(goal, Linear(runs, priced, ADDS), draws)
    assert found.met
    assert 0.7 < found.package["M12"] <= 0.777
    assert goal.allowed(found.package)


def test_the_least_cost_uses_only_measures_whose_cost_is_known(runs):
    groups = next(k for k, i in resolve("plan").plan.measures["M12"].indicators.items() if i.scales)
    cost = {"yuan": 1e6, "source": "a test", "status": "assumed"}
    priced = {"name": "p", "title": "t", "based_on": "plan",
              "red_lines": {"unit_costs": {groups: cost}}}  # fmt: skip
    goal = goal_of(runs, priced, least="cost")
    assert "M12" in goal.bounds
    assert goal.weight({"M12": 1.0}) == spending(resolve(priced), "M12") > 1e6
    assert "M01" not in goal.bounds


def test_total_intensity_counts_what_is_carried_out(runs):
    half = {"name": "h", "title": "t", "based_on": "plan", "measures": {"M01": 0.5}}
    assert goal_of(runs, half).weight({"M01": 1.0, "M02": 1.0}) == 1.5


# Confirming


@given(st.integers(1, 300), st.data())
def test_the_bound_is_that_of_clopper_and_pearson(draws, data):
    met = data.draw(st.integers(0, draws))
    twin = binomtest(met, draws, alternative="greater").proportion_ci(0.95, "exact").low
    assert certificate.lower_bound(met, draws) == pytest.approx(twin, abs=1e-9)


def test_150_confirmations_at_nine_in_ten_do_not_certify_nine_in_ten():
    assert certificate.lower_bound(135, 150) < 0.86
    assert certificate.enough(0.9, 0.9) is None
    assert certificate.lower_bound(143, 150) > 0.9


def test_regret_is_nothing_for_the_best_package_of_each_world(runs):
    goal = goal_of(runs, recoding(), targets=["T-2"])
    found = goal_seek.SearchResult({"M26": 0.5}, 0, False, 0, 1, "enumerated")
    record = certificate.regret(goal, found, runs, layered(SPEC, 1, 1))
    assert list(record.packages) == ["nothing", "found", "scenario", "most"]
    assert (record.regret >= 0).all()
    assert (record.regret.min(axis=0) == 0).all()


@pytest.mark.slow
def test_regret_is_counted_on_draws_that_the_search_has_not_seen(capsys, monkeypatch):
    met, regret = [], certificate.regret

    def watched(goal, found, runs, draws, done):
        met.append(draws)
        return regret(goal, found, runs, draws, done)

    monkeypatch.setattr(certificate, "regret", watched)
    words = ["seek", "p3-digital", "--targets", "T-2", "--rate", "T-2=20", "--draws", "2",
             "--confirm", "1", "--scale", str(SCALE), "--confirm-scale", str(SCALE),
             "--regret", "3", "--jobs", "1", "--lang", "en"]  # fmt: skip
    assert main(words) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert len(met[0]) == 3  # more than the search had
    assert {d.draw_key for d in met[0]}.isdisjoint(d.draw_key for d in layered(SPEC, 2, 1))
    assert "the same 3 fresh draws, which the search has not seen" in output
    assert "at scale 0.005; a chance comes in steps of 33%" in output


def test_what_is_said_in_several_words_adds_up(capsys, monkeypatch):
    """`--exclude M01 --exclude M02` leaves both out; one name with two numbers is refused."""
    goal = []

    def watched(*_, **how):
        goal.append(how)
        raise RequestError(same("enough"))

    monkeypatch.setattr("xiancheng.results.analysis.goal_spec.parse_goal", watched)
    words = ["seek", "--exclude", "M01", "--exclude", "M02", "--weight", "M03=2"]
    assert main([*words, "--weight", "M04=3", "--lang", "en"]) == 2
    assert "enough" in capsys.readouterr().err
    assert goal[0]["exclude"] == ["M01", "M02"]
    assert goal[0]["weights"] == {"M03": 2, "M04": 3}
    assert main([*words, "--weight", "M03=3", "--lang", "en"]) == 2
    assert "M03 stands twice" in capsys.readouterr().err
    assert len(goal) == 1


def test_the_step_of_an_enumeration_is_told(runs):
    goal = goal_of(runs, recoding(), targets=["T-2"])
    found = goal_seek.SearchResult({"M26": 0.5}, 0, False, 0, 1, "enumerated")
    proof = certificate.certify(goal, found.package, runs, independent(SPEC, 1, 1))
    output = sentences(goal, found, proof, "en")
    assert any("in steps of 0.5" in line for line in output)


def test_a_search_is_held_to_the_level_and_not_to_the_models_own(runs):
    """A model that is five points too high in every world finds the same margins."""

    class High:
        spec = runs.spec

        def read(self, specs, done=lambda: None):
            return [replace(r, targets=r.targets + 5.0) for r in runs.read(specs, done)]

    plan, draws = resolve("plan"), layered(SPEC, 3, 1)
    sources = (runs, High())
    plain, high = (goal_seek.AnchoredRuns(each, plan, draws).read(draws) for each in sources)
    rates = [np.array([r.targets for r in readings]) for readings in (plain, high)]
    assert rates[0] == pytest.approx(rates[1], abs=1e-9)
    own = np.array([r.targets for r in runs.read(draws)])
    assert not np.allclose(rates[0], own, atol=0.5)


def test_a_draw_of_a_confirmation_is_run_once_on_each_side(tmp_path, monkeypatch):
    """The run without the plan that others replay is the one that margins are read from."""
    simulated, run = [], simulation.outcome_of

    def counted(model):
        simulated.append(model.spec.outcome_key)
        return run(model)

    monkeypatch.setattr(simulation, "outcome_of", counted)
    monkeypatch.setattr(steering, "_records", {})
    monkeypatch.setattr(steering.cache, "home", lambda: tmp_path)
    draws = independent(SPEC, 2, 977)
    with Summaries(SPEC, jobs=1) as runs:
        goal_seek.AnchoredRuns(runs, resolve("plan"), draws).read(draws)
    assert len(simulated) == len({*simulated}) == 4


class Nothing:
    """Runs in which nothing makes a difference: what they are held to is the level itself."""

    def __init__(self, runs):
        self.spec = runs.spec

    def read(self, specs, done=lambda: None):
        none = np.zeros(0)
        targets = np.zeros((2, len(self.spec.pack.targets)))
        return [RunSummary(none, none, *targets) for _ in specs]


def test_each_draw_has_a_level_of_its_own_and_the_same_for_every_package(runs):
    plan, draws = resolve("plan"), independent(SPEC, 60, 1)
    own = goal_seek.AnchoredRuns(Nothing(runs), plan, draws)
    rates, again = (
        np.array([r.targets for r in own.read([draw.running(scenario) for draw in draws])])
        for scenario in (plan, resolve("baseline"))
    )
    assert (rates == again).all()
    everywhere = level_from(runs.spec.pack, plan.start, plan.until).at_deadlines(runs.spec.pack)[
        :, HUIMIN
    ]
    assert rates[:, HUIMIN].std() == pytest.approx(everywhere.std(), rel=0.35)
    assert rates[:, HUIMIN].mean() == pytest.approx(everywhere.mean(), abs=2.5)


def test_other_conditions_are_held_to_the_level_of_the_usual_ones(runs):
    frozen, draws = resolve("plan-without-recoding"), [SPEC]
    goal = [draw.running(frozen) for draw in draws]
    usual = runs.read([draw.running(resolve("baseline")) for draw in draws])[0].targets
    level_alone = goal_seek.AnchoredRuns(Nothing(runs), frozen, draws).read(goal)[0].targets
    own = runs.read(goal)[0].targets
    record = goal_seek.AnchoredRuns(runs, frozen, draws).read(goal)[0].targets
    assert record - level_alone == pytest.approx(own - usual, abs=1e-9)
    assert (own - usual).min() < -0.3


def test_draws_are_called_what_they_are(runs, monkeypatch):
    """Of the priors before the parameters are estimated, of the posterior after."""
    goal, found = goal_of(runs, targets=["T-2"]), goal_seek.SearchResult({}, 1, True, 1, 1, "empty")
    proof = certificate.certify(goal, {}, runs, [SPEC])
    monkeypatch.setattr(posterior, "read", lambda folder: None)
    assert any("prior draws" in s for s in sentences(goal, found, proof, "en"))
    monkeypatch.setattr(posterior, "read", lambda folder: object())
    output = sentences(goal, found, proof, "zh")
    assert any("后验" in line for line in output)
    assert not any("先验" in line for line in output)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--at", "2024-12-31"], "takes no --at"),
        (["--regret", "-1"], "--regret should be a whole number from 0"),
        (["--draws", "0"], "--draws should be a whole number from 1"),
        (["--confirm", "0"], "--confirm should be a whole number from 1"),
        (["--jobs", "0"], "--jobs should be a whole number from 1"),
    ],
)
def test_what_means_or_does_nothing_is_refused_before_computing(words, advice, capsys, monkeypatch):
    monkeypatch.setattr(Summaries, "read", lambda *_: pytest.fail("it computed"))
    assert main(["seek", *words, "--lang", "en"]) == 2
    assert advice in capsys.readouterr().err


def test_the_command_shows_both_numbers(capsys):
    words = ["seek", "p3-digital", "--targets", "T-2", "--rate", "T-2=20", "--draws", "3",
             "--confirm", "4", "--scale", str(SCALE), "--confirm-scale", str(SCALE),
             "--regret", "0", "--jobs", "1"]  # fmt: skip
    assert main([*words, "--lang", "en"]) == 0
    assert "4 meet the targets, 100.0%" in (output := capsys.readouterr().out)
    assert "not certified; at this share it would take about 29" in output
    assert main([*words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["certificate"]["certified"] is False
    assert record["share"] == 1


def test_the_list_of_valid_counties_has_their_present_names_in_full():
    from xiancheng.calibration.region import load
    from xiancheng.results.analysis.result import look_up

    counties = load("binzhou").counties
    known = {str(c.code): c.zh for c in counties}
    with pytest.raises(RequestError) as caught:
        look_up("371699", known, goal_spec.COUNTY, counties)
    assert all(f"{code} {zh}" in caught.value.zh for code, zh in known.items())
