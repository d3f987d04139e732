"""Saved scenarios: two sessions and one folder, and nobody's work is overwritten."""

import pytest

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.region import load
from xiancheng.results.console import library as saving
from xiancheng.results.console.edits import ScenarioEdit, edit_title, projects
from xiancheng.results.console.library import Library
from xiancheng.results.console.session import Session
from xiancheng.scenarios.loader import resolve

EVIL = "<img src=x onerror=alert(1)>"
PLAN = ScenarioEdit.of("plan")
PROJECTS = projects(PLAN.scenario)
REGION = load("binzhou")
CHANGED = "别人已改动|somebody else has changed"


def fresh(lang: str = "zh") -> Session:
    return Session(lang, PLAN, ScenarioEdit.of("baseline"))


@pytest.fixture
def shared(tmp_path):
    """A library with a scenario that two sessions have opened."""
    library = Library(tmp_path)
    number = library.save(PLAN.with_intensity(("M01",), 0.5).with_title("甲"))
    one, other = fresh(), fresh()
    for session in (one, other):
        saving.pick(session, library, "a", f"saved:{number}", "binzhou")
    return library, number, one, other


def moved(session: Session, measure: str, value: float) -> None:
    session.change(a=session.a.with_intensity((measure,), value))


def test_a_rename_changes_the_title_and_saves_no_levers(shared):
    library, number, one, _ = shared
    moved(one, "M02", 1.5)
    saving.rename(one, library, "乙")
    stored = library.read(number)[0]
    assert stored.title == "乙"
    assert stored.scenario.setting("M02").intensity == 1
    assert one.a.title == "乙"
    assert one.a.scenario.setting("M02").intensity == 1.5, "it is still there to be saved"
    saving.save(one, library)
    assert library.read(number)[0].scenario.setting("M02").intensity == 1.5


def test_a_rename_keeps_what_another_has_saved_meanwhile(shared):
    library, number, one, other = shared
    moved(other, "M03", 0.2)
    saving.save(other, library)
    saving.rename(one, library, "乙")
    assert library.read(number)[0].scenario.setting("M03").intensity == 0.2
    moved(one, "M02", 1.5)
    with pytest.raises(RequestError, match=CHANGED):
        saving.save(one, library)


def test_what_another_has_changed_is_not_written_over(shared):
    library, number, one, other = shared
    moved(one, "M02", 1.5)
    moved(other, "M03", 0.2)
    saving.save(other, library)
    with pytest.raises(RequestError, match=CHANGED):
        saving.save(one, library)
    assert library.read(number)[0].to_file() == other.a.to_file()
    saving.clone(one, library)
    assert library.read(one.saved_as)[0].scenario.setting("M02").intensity == 1.5
    assert one.saved_as != number


def test_one_session_saves_as_often_as_it_likes_also_after_a_step_back(shared):
    library, number, one, _ = shared
    for value in (0.1, 0.2):
        moved(one, "M02", value)
        saving.save(one, library)
    one.undo()
    saving.save(one, library)
    assert library.read(number)[0].scenario.setting("M02").intensity == 0.1


@pytest.mark.parametrize(("lang", "word"), [("zh", "的改动"), ("en", "changed")])
def test_a_changed_scenario_of_the_plan_is_saved_under_a_title_of_its_own(tmp_path, lang, word):
    library = Library(tmp_path)
    for _ in range(2):
        session = fresh(lang)
        moved(session, "M02", 1.5)
        with pytest.raises(RequestError, match=r"请另取|choose another"):
            saving.save(session, library)
        session.change(a=session.a.with_title(saving.suggested_title(session, library)))
        saving.save(session, library)
        assert session.a.title in library.titles().values()
    name = f"{PLAN.base.title.text(lang)} {word}"
    assert sorted(library.titles().values()) == [name, f"{name} 2"]


def test_a_title_of_the_plan_is_given_to_no_other_scenario(shared):
    library, number, one, _ = shared
    with pytest.raises(RequestError):
        saving.rename(one, library, PLAN.title)
    assert library.read(number)[0].title == "甲"


def test_a_scenario_is_called_changed_until_it_has_a_title_or_is_saved(shared):
    library, _, one, _ = shared
    session = fresh()
    moved(session, "M02", 1.5)
    moved(session, "M05", 0.5)
    assert edit_title(session.a, REGION).zh == "方案照文件实施（有改动 2 项）"
    assert edit_title(session.a, REGION).en.endswith("(2 changes)")
    session.change(a=session.a.with_title("我的"))
    assert edit_title(session.a, REGION).zh == "我的"

    def called() -> str:
        return edit_title(one.a, REGION, one.origin).zh

    assert called() == "甲"
    moved(one, "M02", 1.5)
    assert called() == "甲（有改动 1 项）"
    saving.save(one, library)
    assert called() == "甲"
    one.undo()
    assert called() == "甲（有改动 1 项）", "what is on file is another"


def test_a_saved_scenario_comes_back_as_it_was(tmp_path):
    library = Library(tmp_path / "saved")
    edit = PLAN.with_intensity(PROJECTS["P2"], 0.7).with_title(EVIL)
    number = library.save(edit)
    assert library.titles() == {number: EVIL}
    assert library.read(number)[0].to_file() == edit.to_file()
    (file,) = (tmp_path / "saved").iterdir()
    assert file.name == f"{number}.yaml"
    assert resolve(file).settings == edit.scenario.settings, "the command line reads it too"


def test_saving_again_writes_over_and_leaves_no_draft(tmp_path):
    library = Library(tmp_path)
    number = library.save(PLAN.with_title("甲"))
    assert library.save(PLAN.with_title("乙"), number) == number
    assert [file.name for file in tmp_path.iterdir()] == [f"{number}.yaml"]


@pytest.mark.parametrize("number", ["../secret", "x", "", "0123456789ab/../x", "0123456789a\n"])
def test_no_number_of_a_saved_scenario_is_a_path(tmp_path, number):
    library = Library(tmp_path)
    for does in (library.read, lambda n: library.save(PLAN, n)):
        with pytest.raises(RequestError):
            does(number)


def test_files_that_are_no_scenarios_do_not_hide_the_others(tmp_path):
    library = Library(tmp_path)
    number = library.save(PLAN)
    for name, text in {"aaaaaaaaaaaa": "- 1", "bbbbbbbbbbbb": "{", "note": "title: x"}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    assert list(library.titles()) == [number]
