"""Two sessions and one folder of saved scenarios: nobody's work is written over."""

import pytest

from results.console import saving
from results.console.draft import Draft
from results.console.library import Library
from results.console.session import Session
from scenarios.simulate import RequestError

PLAN = Draft.of("plan")
TOLD = "别人已改动|somebody else has changed"


def fresh(lang: str = "zh") -> Session:
    return Session(lang, PLAN, Draft.of("baseline"))


@pytest.fixture
def shared(tmp_path):
    """A library with a scenario that two sessions have opened."""
    library = Library(tmp_path)
    number = library.save(PLAN.intensity(("M01",), 0.5).named("甲"))
    one, other = fresh(), fresh()
    saving.opened(one, library, number)
    saving.opened(other, library, number)
    return library, number, one, other


def moved(session: Session, measure: str, value: float) -> None:
    session.change(a=session.a.intensity((measure,), value))


def test_a_rename_changes_the_title_and_saves_no_levers(shared):
    library, number, one, _ = shared
    moved(one, "M02", 1.5)
    saving.rename(one, library, "乙")
    stored = library.get(number)
    assert stored.title == "乙"
    assert stored.scenario.setting("M02").intensity == 1
    assert one.a.title == "乙"
    assert one.a.scenario.setting("M02").intensity == 1.5, "it is still there to be saved"
    saving.save(one, library)
    assert library.get(number).scenario.setting("M02").intensity == 1.5


def test_a_rename_keeps_what_another_has_saved_meanwhile(shared):
    library, number, one, other = shared
    moved(other, "M03", 0.2)
    saving.save(other, library)
    saving.rename(one, library, "乙")
    assert library.get(number).scenario.setting("M03").intensity == 0.2
    moved(one, "M02", 1.5)
    with pytest.raises(RequestError, match=TOLD):
        saving.save(one, library)


def test_what_another_has_changed_is_not_written_over(shared):
    library, number, one, other = shared
    moved(one, "M02", 1.5)
    moved(other, "M03", 0.2)
    saving.save(other, library)
    with pytest.raises(RequestError, match=TOLD):
        saving.save(one, library)
    assert library.get(number).file() == other.a.file()
    saving.clone(one, library)
    assert library.get(one.kept_as).scenario.setting("M02").intensity == 1.5
    assert one.kept_as != number


def test_one_session_saves_as_often_as_it_likes_also_after_a_step_back(shared):
    library, number, one, _ = shared
    for value in (0.1, 0.2):
        moved(one, "M02", value)
        saving.save(one, library)
    one.undo()
    saving.save(one, library)
    assert library.get(number).scenario.setting("M02").intensity == 0.1


@pytest.mark.parametrize(("lang", "word"), [("zh", "的改动"), ("en", "changed")])
def test_a_changed_scenario_of_the_plan_is_saved_under_a_title_of_its_own(tmp_path, lang, word):
    library = Library(tmp_path)
    for _ in range(2):
        session = fresh(lang)
        moved(session, "M02", 1.5)
        saving.save(session, library)
        assert session.a.title in library.titles().values()
    name = f"{PLAN.called(lang)} {word}"
    assert sorted(library.titles().values()) == [name, f"{name} 2"]
