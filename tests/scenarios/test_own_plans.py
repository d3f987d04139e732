"""Plans of one's own: what a short file says, what it comes to, and what is refused or found."""

from datetime import date

import pytest

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.file_models import quarter_name
from xiancheng.calibration.region import load
from xiancheng.calibration.region.targets import deadline
from xiancheng.scenarios.loader import load_plan, resolve, using_plan
from xiancheng.scenarios.own_plans import quarter_at
from xiancheng.scenarios.plan_check import AGAINST, ASSUMED, MISSING, plan_findings
from xiancheng.scenarios.plan_files import OWN_FILE
from xiancheng.scenarios.plan_writer import new_plan, rounded
from xiancheng.scenarios.policy import compile_policy
from xiancheng.scenarios.run_spec import RunSpec, baseline_of, judged, reference_of
from xiancheng.sim.state import quarter_of

BINZHOU = load("binzhou")
CODES = [county.code for county in BINZHOU.counties]
HUIMIN, YANGXIN = CODES.index("371621"), CODES.index("371622")
SHORT = """\
title: 试
measures:
  园区:
    lever: tradable_jobs
    amount: 5000
    counties: [惠民县, 阳信]
    start: 2024Q1
    finish: 2025年底
  学位:
    lever: 城镇学位
    counties: {惠民: 1,800, 阳信县: 0.12万}
    start: 2025Q1
    finish: 2026Q4
    lag: 1 year
  网络:
    lever: digital
    amount: 0.2
    counties: 邹平市
    start: 2024Q1
    finish: 2024Q1
targets:
  - {counties: 惠民县, operator: 不低于, value: 45%, deadline: 2030年底}
  - {counties: "371600", operator: 超过, value: 60, deadline: 2027年6月}
"""


@pytest.fixture
def own(tmp_path):
    """A function that writes a short plan and gives its path."""

    def written(text=SHORT, name="ours.yaml"):
        file = tmp_path / name
        file.write_text(text.replace("1,800", '"1,800"'), encoding="utf-8")
        return file

    return written


def messages(file):
    with pytest.raises(ScenarioError) as error:
        load_plan(file, "binzhou")
    return error.value.text("en")


# What it comes to


def test_amounts_go_to_the_counties_that_are_named_from_start_to_finish(own):
    scenario = resolve("plan", "binzhou", own())
    policy = compile_policy(scenario, BINZHOU)
    jobs = policy(quarter_of(2025, 4)).tradable_jobs
    assert jobs.sum() == pytest.approx(5000)
    assert jobs[2 * HUIMIN] == jobs[2 * YANGXIN] == pytest.approx(2500)  # urban places
    assert policy(quarter_of(2024, 4)).tradable_jobs.sum() == pytest.approx(2500)
    assert policy(quarter_of(2023, 4)).tradable_jobs.sum() == 0
    seats = policy(quarter_of(2027, 4)).school_seats
    assert (seats[2 * HUIMIN], seats[2 * YANGXIN]) == pytest.approx((1800, 1200))
    assert policy(quarter_of(2025, 4)).school_seats.sum() == 0  # felt a year later
    digital = policy(quarter_of(2024, 1)).digital.reshape(-1, 2)
    assert digital[CODES.index("371681")].tolist() == pytest.approx([0.2, 0.2])
    assert digital.sum() == pytest.approx(0.4)


def test_targets_of_the_plan_stand_in_place_of_those_of_the_pack(own):
    scenario = resolve("plan", "binzhou", own())
    first, second = judged(scenario, "binzhou").targets
    assert (first.counties, first.value, first.operator) == (("371621",), 45.0, "at least")
    assert (second.counties, second.operator) == (tuple(CODES), "more than")
    assert (first.deadline, second.deadline) == (date(2030, 12, 31), date(2027, 6, 30))
    assert scenario.until == date(2030, 12, 31)  # the last deadline
    base = baseline_of(scenario)
    assert judged(base, "binzhou").targets == (first, second)
    assert not base.settings
    shipped = judged(resolve("plan"), "binzhou")
    assert (shipped.digest, shipped.targets) == (BINZHOU.digest, BINZHOU.targets)


def test_a_baseline_of_ones_own_that_is_edited_is_read_again(own, tmp_path):
    own(name=OWN_FILE)
    baseline = tmp_path / "scenarios" / "baseline.yaml"
    baseline.parent.mkdir()
    scenario = resolve("plan", "binzhou", tmp_path)
    for growth in (0.01, 0.015):
        text = f"name: baseline\nconditions: {{job_growth: {growth}}}\n"
        baseline.write_text(text, encoding="utf-8")
        assert reference_of(scenario).conditions.job_growth == growth


def test_a_scenario_may_ask_for_the_next_period():
    ours = {
        "name": "ours", "based_on": "to-2030",
        "targets": [{"counties": "邹平市", "operator": "力争", "value": "75%",
                     "deadline": "十五五末"}],
    }  # fmt: skip
    scenario = resolve(ours, "binzhou")
    found = judged(scenario, "binzhou").targets
    assert found[:-1] == BINZHOU.targets
    assert (found[-1].id, found[-1].operator) == ("S-1", "strive for")
    assert resolve(scenario.resolved(), "binzhou").targets == scenario.targets


def test_a_plan_is_known_again_by_its_contents_and_not_by_its_place(own, tmp_path):
    one = RunSpec.of("plan", plan=own(), scale=0.01)
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "ours.yaml").write_bytes(own().read_bytes())
    assert RunSpec.of("plan", plan=other / "ours.yaml", scale=0.01).key == one.key
    changed = own(SHORT.replace("5000", "6000"))
    assert RunSpec.of("plan", plan=changed, scale=0.01).key != one.key
    assert RunSpec.of("plan", scale=0.01).key != one.key


def test_the_plan_of_a_command_is_meant_until_it_ends(own):
    with using_plan(own(), "binzhou"):
        assert resolve("plan", "binzhou").plan.name == "ours"
        with pytest.raises(ScenarioError, match="ours"):
            resolve({"name": "x", "plan": "binzhou-2023"}, "binzhou")
    assert resolve("plan", "binzhou").plan.name == "binzhou-2023"


def test_it_is_read_as_offices_write_it(own):
    typed = {
        "amount: 5000": "amount: ０．５万个", "[惠民县, 阳信]": "惠民县、阳信",
        "1,800": "１，８００", "2024Q1": "２０２４年一季度", "45%": "４５％",
        "2030年底": "２０３０年底",
    }  # fmt: skip
    text = SHORT
    for plain, office in typed.items():
        assert plain in text
        text = text.replace(plain, office)
    plain, office = (resolve("plan", "binzhou", own(each, "ours.yaml")) for each in (SHORT, text))
    for season in (quarter_of(2024, 2), quarter_of(2026, 4)):
        one, two = (compile_policy(each, BINZHOU)(season) for each in (plain, office))
        assert one.tradable_jobs.sum() == two.tradable_jobs.sum() > 0
        assert (one.school_seats == two.school_seats).all()
    assert judged(plain, "binzhou").targets == judged(office, "binzhou").targets


# What is refused, with its place


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lever: tradable_jobs", "lever: tradeable_jobs", "did you mean 'tradable_jobs'?"),
        ("[惠民县, 阳信]", "[惠民县, 禹城市]", "ours.yaml:6:"),
        ("[惠民县, 阳信]", "[惠民县, 惠民]", "each but once"),
        ("amount: 5000", "amount: 五千", "an amount such as 5000"),
        ("amount: 5000", "amount: 5000套", "jobs, the unit of its lever, not 套"),
        ("0.12万", "很多", "ours.yaml:11:34: measures.学位.counties.阳信县: expected an amount"),
        ("amount: 5000", "unit: 个", "an amount, or amounts by county"),
        ("amount: 5000", "amount: 9e5", "at most 200000 jobs"),
        ("finish: 2025年底", "finish: 2023Q4", "finish not before start"),
        ("start: 2024Q1", "start: 明年", "a quarter such as 2024Q3"),
        ("operator: 不低于", "operator: 不超过", "one of"),
        ("45%", "0.45", "percent and no share"),
        ("45%", "45%左右", "go into operator"),
        ("deadline: 2030年底", "deadline: 明年", "a deadline such as 2025-12-31"),
        ("measures:", "measure:", "measures"),
    ],
)
def test_a_slip_is_told_with_its_line(own, old, new, message):
    assert message in messages(own(SHORT.replace(old, new, 1)))


def test_opposites_are_no_suggestions(own):
    assert "did you mean" not in messages(own(SHORT.replace("operator: 不低于", "operator: below")))
    assert "did you mean" not in messages(own(SHORT.replace('"371600"', "371699")))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025年底", date(2025, 12, 31)), ("到2025年底前", date(2025, 12, 31)),
        (2030, date(2030, 12, 31)), ("2027年6月", date(2027, 6, 30)),
        ("十五五末", date(2030, 12, 31)), ("2025/12/31", date(2025, 12, 31)),
        ("25年", None), (True, None), ("2025年13月", None),
    ],
)  # fmt: skip
def test_deadlines_are_read_as_plans_write_them(text, day):
    assert deadline(text) == day


def test_a_year_begins_and_ends():
    assert quarter_name(quarter_at(2024, end=False)) == "2024Q1"
    assert quarter_name(quarter_at("2024年", end=True)) == "2024Q4"


# What is found by rule


def found(text, own):
    return {each.topic: each for each in plan_findings(load_plan(own(text), "binzhou"), BINZHOU)}


def test_what_a_plan_assumes_is_told_by_line(own):
    every = plan_findings(load_plan(own(), "binzhou"), BINZHOU)
    assumed = {(each.topic, each.concerns[0]): each.at for each in every if each.kind == ASSUMED}
    assert assumed["assumed range", "M01"] == "ours.yaml:3"
    assert ("assumed lag", "M02") not in assumed  # it states one
    assert {each.topic for each in every if each.kind == MISSING} == {
        "no issuer", "no issued", "no lead", "no baseline",
    }  # fmt: skip
    assert not [each for each in every if each.kind == AGAINST]


@pytest.mark.parametrize(
    ("old", "new", "topic"),
    [
        ("45%", "20%", "met at once"),
        ('"371600", operator: 超过, value: 60, deadline: 2027年6月',
         "惠民县, value: 50, deadline: 2027年6月", "falling target"),
        ("finish: 2026Q4", "finish: 2031Q4", "after the deadline"),
        ("lag: 1 year", "lag: 5 years", "after the deadline"),
        ("lever: digital\n    amount: 0.2\n    counties: 邹平市",
         "lever: 城镇学位\n    amount: 90\n    counties: 惠民", "counted twice"),
        ("amount: 5000", "amount: 150000", "large amount"),
    ],
)  # fmt: skip
def test_contradictions_are_found_by_rule(own, old, new, topic):
    assert old in SHORT
    each = found(SHORT.replace(old, new, 1), own)[topic]
    assert each.kind == AGAINST
    assert each.at.startswith("ours.yaml:")
    assert topic not in found(SHORT, own)


def test_the_doubts_about_the_shipped_plan_are_found_by_the_same_rules():
    every = {each.topic: each for each in plan_findings(load_plan(), BINZHOU)}
    assert "58.72 %" in every["targets"].says.en  # C2
    assert "59.65 %" in every["a part only"].says.en  # C1
    assert set(every["recoding"].concerns) == {"M02-a", "M26-a", "S2-a", "S3-c", "S3-d"}  # C9
    assert "24 months" in every["short time"].says.en  # C10
    assert {"no baseline", "no deadline", "not persons", "assumed allocation"} <= every.keys()


# Begun


@pytest.mark.parametrize("source", [None, "binzhou-2023"])
def test_a_new_plan_is_complete_once_its_blanks_are_filled(tmp_path, source):
    pack = load("shandong")
    begun = new_plan(
        "ours", pack, "shandong", date(2025, 12, 31), date(2030, 12, 31),
        load_plan(source) if source else None,
    )  # fmt: skip
    for name, text in begun.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    texts = messages(tmp_path)
    assert "plan.yaml:3:" in texts
    assert "value" in texts
    plan = (tmp_path / "plan.yaml").read_text("utf-8")
    plan = plan.replace("title: #", "title: t #").replace("value: ,", "value: 90%,")
    (tmp_path / "plan.yaml").write_text(plan, encoding="utf-8")
    if source is None:
        first = tmp_path / "measures" / "M01.yaml"
        text = first.read_text("utf-8").replace("name: #", "name: 园 #")
        first.write_text(text.replace("amount: #", "amount: 100 #"), encoding="utf-8")
    filled = load_plan(tmp_path)
    assert resolve("ours", plan=filled).settings
    assert len(filled.measures) == (30 if source else 1)


def test_templates_grow_with_residents_and_promise_nothing():
    source, pack = load_plan(), load("shandong")
    share = pack.urban_rural(pack.censuses[-1]).sum() / source.about.residents.value
    begun = new_plan("x", pack, "shandong", date(2025, 12, 31), date(2030, 12, 31), source)
    text = begun["measures/M01.yaml"]
    full = source.clauses["M01-b"].full(source.clauses["M01-b"].mechanism[0])
    assert f"full: {rounded(full * share)}" in text
    assert "start: 2026Q1" in text
    assert all("indicators:" not in content for content in begun.values())
