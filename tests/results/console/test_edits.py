"""Edited scenarios: their changes, the way back, and a URL that holds all of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.region import load
from xiancheng.results.console.edits import ScenarioEdit, changes, projects
from xiancheng.results.console.measures import amounts
from xiancheng.results.console.session import decode, encode
from xiancheng.scenarios.loader import using_plan
from xiancheng.scenarios.trace import by_clause

PLAN = ScenarioEdit.of("plan")
PROJECTS = projects(PLAN.scenario)
MEASURES = list(PLAN.scenario.plan.measures)
COUNTIES = [county.code for county in PLAN.scenario.plan.about.counties]

strengths = st.integers(0, 20).map(lambda tenths: tenths / 10)
edits = st.one_of(
    st.tuples(st.just("project"), st.sampled_from(sorted(PROJECTS)), strengths),
    st.tuples(st.just("measure"), st.sampled_from(MEASURES), strengths),
    st.tuples(st.just("county"), st.sampled_from(MEASURES), st.sampled_from(COUNTIES), strengths),
    st.tuples(st.just("delay"), st.sampled_from(MEASURES), st.integers(0, 8)),
    st.tuples(st.just("dose"), st.just("M01-a/tradable_jobs/urban"),
              st.sampled_from([8000.0, 24000.0, 30000.0, None])),
    st.tuples(st.just("project of ours"), st.sampled_from(["园区", "学校"]),
              st.sampled_from([900, 5000])),
    st.tuples(st.just("its intensity"), st.just("N01"), strengths),
    st.tuples(st.just("world"), st.just("fertility"), strengths),
    st.tuples(st.just("world"), st.just("recoding_frozen"), st.booleans()),
)  # fmt: skip


def edited(before: ScenarioEdit, edit: tuple) -> ScenarioEdit:
    kind, name, *rest = edit
    if kind == "project":
        return before.with_intensity(PROJECTS[name], rest[0])
    if kind == "measure":
        return before.with_intensity((name,), rest[0])
    if kind == "county":
        return before.with_county(name, *rest)
    if kind == "delay":
        return before.with_delay(name, rest[0])
    if kind == "dose":
        return before.with_dose(name, rest[0])
    if kind == "project of ours":
        keys = {"lever": "school_seats", "amount": rest[0], "start": "2024Q1", "finish": "2025Q2"}
        return before.with_addition(name, keys, name if name in before.scenario.additions else None)
    if kind == "its intensity":
        known = name in before.scenario.plan.measures
        return before.with_intensity((name,), rest[0]) if known else before
    return before.with_condition(name, rest[0])


def edit_of(base: str, chosen: list[tuple]) -> ScenarioEdit:
    edit = ScenarioEdit.of(base)
    for each in chosen:
        edit = edited(edit, each)
    return edit


bases = st.sampled_from(["plan", "baseline", "schools-first"])
some = st.lists(edits, max_size=5)


@settings(max_examples=30)
@given(bases, some)
def test_an_address_holds_the_whole_scenario(base, chosen):
    edit = edit_of(base, chosen)
    again = decode(encode(edit))
    assert encode(again) == encode(edit)
    for key in ("plan", "horizon", "measures", "doses", "conditions", "red_lines"):
        assert again.scenario.resolved()[key] == edit.scenario.resolved()[key]


@settings(max_examples=30)
@given(bases, some)
def test_putting_back_every_change_gives_the_base(base, chosen):
    edit = edit_of(base, chosen)
    for _ in range(100):
        left = changes(edit)
        if not left:
            break
        edit = edit.revert(left[0].key)
    assert not edit.changed
    assert edit.scenario.settings == edit.base.settings
    assert edit.scenario.plan == edit.base.plan


@settings(max_examples=30)
@given(bases, some)
def test_what_is_put_back_is_no_longer_listed(base, chosen):
    edit = edit_of(base, chosen)
    for change in changes(edit):
        assert change.key not in {c.key for c in changes(edit.revert(change.key))}


def test_a_measure_set_apart_in_one_county_stays_off_elsewhere():
    edit = ScenarioEdit.of("baseline").with_county("M12", COUNTIES[0], 1.0)
    setting = edit.scenario.setting("M12")
    assert setting.intensity == 0
    assert setting.counties == {COUNTIES[0]: 1.0}


def test_a_project_moved_as_a_whole_is_one_line():
    edit = PLAN.with_intensity(PROJECTS["P1"], 1.5)
    (line,) = changes(edit)
    assert (line.old.zh, line.new.zh) == ("1", "1.5")
    assert edit.to_file()["measures"] == {"P1": {"intensity": 1.5}}


def test_an_amount_is_listed_with_what_it_is_and_refused_out_of_its_range():
    dose = "M01-a/tradable_jobs/urban"
    (line,) = changes(PLAN.with_dose(dose, 30000.0))
    assert (line.label.zh, line.old.zh, line.new.zh) == (
        "M01-a 产业与园区岗位", "24,000", "30,000",
    )  # fmt: skip
    assert not PLAN.with_dose(dose, 24000.0).changed
    with pytest.raises(ScenarioError):
        PLAN.with_dose(dose, 50000.0)


def test_what_a_measure_comes_to_follows_its_intensity_and_amounts():
    region, measures = load("binzhou"), PROJECTS["P1"]
    alone, whole = (amounts(PLAN.scenario, region, each) for each in (("M01",), measures))
    jobs = {
        measure: sum(t.full for t in by_clause(PLAN.scenario.plan, measure)
                     if t.lever == "tradable_jobs")
        for measure in measures
    }  # fmt: skip
    more = PLAN.with_dose("M01-a/tradable_jobs/urban", 30000.0)
    for edit, strength, added in ((PLAN, 1, 0), (PLAN.with_intensity(("M01",), 2), 2, 0),
                                  (more, 1, 6000)):  # fmt: skip
        own = strength * (jobs["M01"] + added)
        assert f"{own:,.0f} jobs" in alone(edit.scenario).en
        together = own + sum(jobs.values()) - jobs["M01"]
        assert f"{together:,.0f} jobs" in whole(edit.scenario).en
    assert "各地" in alone(PLAN.scenario).zh
    assert "各地" not in whole(PLAN.scenario).zh, "only what is shared out adds up"
    assert alone(PLAN.with_county("M01", COUNTIES[0], 1).scenario).zh == ""
    assert alone(PLAN.with_intensity(("M01",), 0).scenario).zh == ""


def test_an_added_project_is_one_line_that_takes_all_of_it_away():
    keys = {"lever": "tradable_jobs", "amount": 900, "start": "2024Q1", "finish": "2025Q2"}
    edit = PLAN.with_addition("园区", keys).with_intensity(("N01",), 0.5)
    edit = edit.with_dose("N01-a/tradable_jobs/urban", 500.0)
    first, *rest = changes(edit)
    assert (first.label.zh, len(rest)) == ("N01 园区", 2)
    assert "900 个" in first.new.zh
    assert not edit.revert(first.key).changed
    other = edit.with_addition("园区二", keys | {"amount": 800}, "园区")
    assert [*other.scenario.additions] == ["园区二"]
    assert other.scenario.setting("N01").intensity == 0.5


def test_what_a_form_does_not_ask_for_stays_with_a_changed_project():
    quarters = {"start": "2024Q1", "finish": "2025Q2"}
    seats, jobs = ({"lever": each} | quarters for each in ("school_seats", "tradable_jobs"))
    said = {
        "amount": 1000, "counties": {"惠民": 600, "阳信": 400}, "lag": "2 quarters",
        "range": {"low": 500, "high": 1500}, "evidence": "批复", "because": "缺位", "name": "学校",
    }  # fmt: skip
    edit = PLAN.with_addition("学校", said | seats)
    parts = {"371621": 900.0, "371622": 400.0}
    later = edit.with_addition("学校", seats | {"counties": parts}, "学校")
    kept = later.scenario.additions["学校"]
    assert (kept.counties, kept.full, kept.id) == (parts, 1300, "N01")
    assert (kept.lag, kept.evidence, kept.name.zh) == (2, "批复", "学校")
    assert kept.because == edit.scenario.additions["学校"].because
    assert kept.range == edit.scenario.additions["学校"].range
    more = later.with_addition("学校", seats | {"amount": 9000}, "学校").scenario.additions
    assert more["学校"].range is None, "9,000 would lie outside"
    (park,) = later.with_addition("园", jobs | {"amount": 9}, "学校").scenario.additions.values()
    assert (park.id, park.lag, park.evidence, park.name) == ("N01", 2, None, None)


def test_a_project_of_the_base_is_not_carried_out_where_it_is_removed(tmp_path):
    park = "{lever: tradable_jobs, amount: 900, start: 2024Q1, finish: 2025Q2}"
    for name, content in {
        "plan.yaml": f"title: 试\nmeasures:\n  一: {park}\n",
        "scenarios/ours.yaml": f"name: ours\nbased_on: plan\nadditions:\n  园区: {park}\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    with using_plan(tmp_path, "binzhou"):
        edit = ScenarioEdit.of("ours", region="binzhou")
        without = edit.without_addition("园区")
        keys = {"lever": "tradable_jobs", "amount": 700, "start": "2024Q1", "finish": "2025Q2"}
        renamed = edit.with_addition("别的园区", keys, "园区")
        changed = edit.with_addition("园区", keys, "园区")
        assert not changed.without_addition("园区").changed, "as its base has it"
    assert without.scenario.setting("N01").intensity == 0
    assert [*renamed.scenario.additions] == ["园区", "别的园区"]
    assert renamed.scenario.setting("N01").intensity == 0
    assert renamed.scenario.setting("N02").intensity == 1
    assert changed.scenario.additions["园区"].amount == 700


def test_spells_are_listed_refused_where_they_overlap_and_put_back():
    spell = {"from": "2024Q1", "until": "2024Q4", "intensity": 0.5}
    edit = PLAN.with_phases("M01", [spell])
    (line,) = changes(edit)
    assert (line.old.zh, line.new.zh) == ("全程", "2024Q1–2024Q4 0.5")
    assert decode(encode(edit)).phases("M01") == [spell]
    with pytest.raises(ScenarioError):
        edit.with_phases("M01", [spell, spell | {"from": "2024Q4", "until": "2025Q2"}])
    assert not edit.revert(line.key).changed


def test_a_title_that_no_file_may_hold_is_refused():
    with pytest.raises(ScenarioError):
        PLAN.with_title("\u202e" + "x")
