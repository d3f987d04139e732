"""Sessions in URLs and uploads: within bounds, and based on no file of the server."""

import base64
import json
import zlib

import pytest

from xiancheng.calibration import naming
from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.yaml_positions import MAX_BYTES, MAX_PROBLEMS
from xiancheng.results.console.edits import ScenarioEdit
from xiancheng.results.console.session import (
    MAX_UNPACKED,
    Session,
    decode,
    from_bytes,
    from_mapping,
)

PLAN = ScenarioEdit.of("plan")


@pytest.mark.parametrize(
    "letters", ["", ".", "..", ".@@@@", ".AAAA", "no-such", "../plan", "/etc/passwd", "." * 99999]
)
def test_an_address_that_is_none_is_refused(letters):
    with pytest.raises(ScenarioError):
        decode(letters)


def test_an_address_that_unfolds_into_too_much_is_refused():
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * (MAX_UNPACKED + 1), 9)).decode()
    assert len(bomb) < 1000
    with pytest.raises(ScenarioError):
        decode("." + bomb)


@pytest.mark.parametrize("base", ["../../x", "/etc/passwd", "x.yaml", "upload"])
def test_a_scenario_is_based_on_no_file(base):
    text = json.dumps({"name": "x", "title": "x", "based_on": base})
    letters = base64.urlsafe_b64encode(zlib.compress(text.encode())).decode().rstrip("=")
    with pytest.raises(ScenarioError):
        decode("." + letters)
    with pytest.raises(ScenarioError):
        from_bytes(f"name: x\ntitle: x\nbased_on: {json.dumps(base)}\n".encode())


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
            from_mapping(file | UNKNOWN[where]({f"unknown{i}": 1 for i in range(count)}))
        return len(searched), len(error.value.problems)

    few, many = refused(MAX_PROBLEMS), refused(3500)
    assert 0 < many[0] <= few[0]
    assert many[1] == MAX_PROBLEMS + 1, "and that there are more"


@pytest.mark.parametrize("path", ["/etc/passwd", "../ours.yaml", "./plan"])
def test_an_upload_names_its_plan_by_no_path(path):
    with pytest.raises(ScenarioError, match="console --plan"):
        from_bytes(f"name: x\ntitle: x\nplan: {path}\n".encode())


def test_an_upload_over_one_mebibyte_is_refused():
    with pytest.raises(ScenarioError, match="1 MiB"):
        from_bytes(b"#" * (MAX_BYTES + 1))


def test_an_upload_cannot_name_a_python_object():
    with pytest.raises(ScenarioError):
        from_bytes(b"name: !!python/object/apply:os.system ['true']\ntitle: x\n")


def test_a_step_back_also_forgets_which_file_the_scenario_came_from():
    """Saving after it must not write one scenario over another."""
    session = Session("zh", PLAN, ScenarioEdit.of("baseline"))
    session.change(a=PLAN.with_title("甲"))
    session.saved_as = "0123456789ab"
    session.undo()
    assert (session.a, session.saved_as) == (PLAN, None)
    session.redo()
    assert (session.a.title, session.saved_as) == ("甲", "0123456789ab")
