"""The scenario in hand: edits, their list, their way back, and the address that holds it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xiancheng.calibration import naming
from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.yaml_positions import MAX_BYTES, MAX_PROBLEMS
from xiancheng.results.console.address import LARGEST, packed, read, unpacked
from xiancheng.results.console.changes import changes
from xiancheng.results.console.draft import Draft, projects
from xiancheng.results.console.incoming import draft_of
from xiancheng.results.console.library import Library
from xiancheng.scenarios.loader import resolve

EVIL = "<img src=x onerror=alert(1)>"
PLAN = Draft.of("plan")
PROJECTS = projects(PLAN.scenario)
MEASURES = list(PLAN.scenario.plan.measures)
COUNTIES = [county.code for county in PLAN.scenario.plan.about.counties]

strengths = st.integers(0, 20).map(lambda tenths: tenths / 10)
edits = st.one_of(
    st.tuples(st.just("project"), st.sampled_from(sorted(PROJECTS)), strengths),
    st.tuples(st.just("measure"), st.sampled_from(MEASURES), strengths),
    st.tuples(st.just("county"), st.sampled_from(MEASURES), st.sampled_from(COUNTIES), strengths),
    st.tuples(st.just("world"), st.just("fertility"), strengths),
    st.tuples(st.just("world"), st.just("recoding_frozen"), st.booleans()),
)


def edited(draft: Draft, edit: tuple) -> Draft:
    kind, name, *rest = edit
    if kind == "project":
        return draft.intensity(PROJECTS[name], rest[0])
    if kind == "measure":
        return draft.intensity((name,), rest[0])
    if kind == "county":
        return draft.county(name, *rest)
    return draft.condition(name, rest[0])


def drafted(base: str, chosen: list[tuple]) -> Draft:
    draft = Draft.of(base)
    for edit in chosen:
        draft = edited(draft, edit)
    return draft


bases = st.sampled_from(["plan", "baseline", "schools-first"])
some = st.lists(edits, max_size=5)


@settings(max_examples=30)
@given(bases, some)
def test_an_address_holds_the_whole_scenario(base, chosen):
    draft = drafted(base, chosen)
    again = unpacked(packed(draft))
    assert packed(again) == packed(draft)
    for key in ("plan", "horizon", "measures", "doses", "conditions", "red_lines"):
        assert again.scenario.resolved()[key] == draft.scenario.resolved()[key]


@settings(max_examples=30)
@given(bases, some)
def test_putting_back_every_change_gives_the_base(base, chosen):
    draft = drafted(base, chosen)
    for _ in range(100):
        left = changes(draft)
        if not left:
            break
        draft = draft.put_back(left[0].key)
    assert not draft.changed
    assert draft.scenario.settings == draft.base.settings


@settings(max_examples=30)
@given(bases, some)
def test_what_is_put_back_is_no_longer_listed(base, chosen):
    draft = drafted(base, chosen)
    for change in changes(draft):
        assert change.key not in {c.key for c in changes(draft.put_back(change.key))}


def test_a_measure_set_apart_in_one_county_stays_off_elsewhere():
    draft = Draft.of("baseline").county("M12", COUNTIES[0], 1.0)
    setting = draft.scenario.setting("M12")
    assert setting.intensity == 0
    assert setting.counties == {COUNTIES[0]: 1.0}


def test_a_project_moved_as_a_whole_is_one_line():
    draft = PLAN.intensity(PROJECTS["P1"], 1.5)
    (line,) = changes(draft)
    assert (line.old.zh, line.new.zh) == ("1", "1.5")
    assert draft.file()["measures"] == {"P1": {"intensity": 1.5}}


@pytest.mark.parametrize(
    "letters", ["", ".", "..", ".@@@@", ".AAAA", "no-such", "../plan", "/etc/passwd", "." * 99999]
)
def test_an_address_that_is_none_is_refused(letters):
    with pytest.raises(ScenarioError):
        unpacked(letters)


def test_an_address_that_unfolds_into_too_much_is_refused():
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * (LARGEST + 1), 9)).decode()
    assert len(bomb) < 1000
    with pytest.raises(ScenarioError):
        unpacked("." + bomb)


@pytest.mark.parametrize("base", ["../../x", "/etc/passwd", "x.yaml", "upload"])
def test_a_scenario_is_based_on_no_file(base):
    import base64
    import zlib

    text = json.dumps({"name": "x", "title": "x", "based_on": base})
    letters = base64.urlsafe_b64encode(zlib.compress(text.encode())).decode().rstrip("=")
    with pytest.raises(ScenarioError):
        unpacked("." + letters)
    with pytest.raises(ScenarioError):
        draft_of(f"name: x\ntitle: x\nbased_on: {json.dumps(base)}\n".encode())


UNKNOWN = {
    "keys": lambda names: names,
    "measures": lambda names: {"measures": names},
    "counties": lambda names: {"measures": {"M12": {"intensity": 1, "counties": names}}},
}


@pytest.mark.parametrize("where", UNKNOWN)
def test_a_thousand_unknown_names_cost_no_thousand_searches(where, monkeypatch):
    searched = []

    class Counted(naming.SequenceMatcher):
        def set_seq1(self, name):
            searched.append(name)
            super().set_seq1(name)

    monkeypatch.setattr(naming, "SequenceMatcher", Counted)

    def refused(count: int) -> tuple[int, int]:
        searched.clear()
        file = {"name": "x", "title": "x", "based_on": "plan"}
        with pytest.raises(ScenarioError) as error:
            read(file | UNKNOWN[where]({f"unknown{i}": 1 for i in range(count)}))
        return len(searched), len(error.value.problems)

    few, many = refused(MAX_PROBLEMS), refused(3500)
    assert 0 < many[0] <= few[0]
    assert many[1] == MAX_PROBLEMS + 1, "and that there are more"


def test_an_upload_over_one_mebibyte_is_refused():
    with pytest.raises(ScenarioError, match="1 MiB"):
        draft_of(b"#" * (MAX_BYTES + 1))


def test_an_upload_cannot_name_a_python_object():
    with pytest.raises(ScenarioError):
        draft_of(b"name: !!python/object/apply:os.system ['true']\ntitle: x\n")


def test_a_saved_scenario_comes_back_as_it_was(tmp_path):
    library = Library(tmp_path / "saved")
    draft = PLAN.intensity(PROJECTS["P2"], 0.7).named(EVIL)
    number = library.save(draft)
    assert library.titles() == {number: EVIL}
    assert library.get(number).file() == draft.file()
    (file,) = (tmp_path / "saved").iterdir()
    assert file.name == f"{number}.yaml"
    assert resolve(file).settings == draft.scenario.settings, "the command line reads it too"


def test_saving_again_writes_over_and_leaves_no_draft(tmp_path):
    library = Library(tmp_path)
    number = library.save(PLAN.named("甲"))
    assert library.save(PLAN.named("乙"), number) == number
    assert [file.name for file in tmp_path.iterdir()] == [f"{number}.yaml"]


@pytest.mark.parametrize("number", ["../secret", "x", "", "0123456789ab/../x", "0123456789a\n"])
def test_no_number_of_a_saved_scenario_is_a_path(tmp_path, number):
    library = Library(tmp_path)
    for does in (library.get, lambda n: library.save(PLAN, n)):
        with pytest.raises(RequestError):
            does(number)


def test_files_that_are_no_scenarios_do_not_hide_the_others(tmp_path):
    library = Library(tmp_path)
    number = library.save(PLAN)
    for name, text in {"aaaaaaaaaaaa": "- 1", "bbbbbbbbbbbb": "{", "note": "title: x"}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    assert list(library.titles()) == [number]


def test_a_title_that_no_file_may_hold_is_refused():
    with pytest.raises(ScenarioError):
        PLAN.named("\u202e" + "x")


def test_a_step_back_also_forgets_which_file_the_scenario_came_from():
    """Saving after it must not write one scenario over another."""
    from xiancheng.results.console.session import Session

    session = Session("zh", PLAN, Draft.of("baseline"))
    session.change(a=PLAN.named("甲"))
    session.kept_as = "0123456789ab"
    session.undo()
    assert (session.a, session.kept_as) == (PLAN, None)
    session.redo()
    assert (session.a.title, session.kept_as) == ("甲", "0123456789ab")
