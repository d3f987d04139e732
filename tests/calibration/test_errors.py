"""Errors that a user can correct: one form for packs, plans, scenarios and tables."""

import json

import pytest

from xiancheng.calibration.errors import (
    FileError,
    PackError,
    Problem,
    RefusedError,
    RequestError,
    ScenarioError,
    localized,
)
from xiancheng.calibration.i18n import Words, same

EXPECTED = Words("数字", "a number")


def problem(line=3, **others):
    return Problem("a.csv", line, 2, "value", EXPECTED, "x", **others)


def test_a_problem_says_where_what_was_expected_and_what_was_found():
    assert problem().text("en") == "a.csv:3:2: value: expected a number, found x"
    assert problem().text("zh") == "a.csv:3:2: value: 应为数字，现为 x"


def test_a_problem_names_what_was_looked_at_and_what_to_do_or_the_nearest_name():
    mended = problem(what=Words("单位", "the unit"), advice=Words("换算", "convert it"))
    result = "a.csv:3:2: value: the unit: expected a number, found x; please convert it"
    assert mended.text("en") == result
    assert mended.text("zh").endswith("现为 x；请换算")
    assert problem(nearest="y").text("en").endswith("found x; did you mean 'y'?")


def test_a_place_that_is_not_known_is_left_out():
    assert Problem("a.csv", 0, 0, "", EXPECTED, same("∅")).text("en") == (
        "a.csv: expected a number, found nothing"
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_problem_has_the_same_keys_in_json(lang):
    keys = ["file", "line", "column", "key", "what", "expected", "found", "nearest", "advice",
            "message"]  # fmt: skip
    assert list(problem().to_dict(lang)) == keys
    assert json.loads(json.dumps(problem().to_dict(lang)))["expected"] == EXPECTED.text(lang)


def test_problems_that_differ_by_line_alone_stand_once():
    error = FileError([problem(3), problem(4), problem(5), Problem("b", 1, 1, "", EXPECTED, "x")])
    assert error.text("en").splitlines() == [
        "a.csv:3:2: value: expected a number, found x (and 2 more lines alike)",
        "b:1:1: expected a number, found x",
    ]


def test_a_pack_error_begins_with_the_pack_and_the_number_of_problems():
    assert PackError("mine", [problem()]).text("en").splitlines()[0] == (
        "The region pack mine has 1 problem:"
    )


def test_errors_of_files_and_requests_are_refusals_and_others_are_not():
    for error in (ScenarioError([problem()]), PackError("mine", [problem()])):
        assert isinstance(error, FileError)
        assert localized(error, "en") == error.en
    assert issubclass(FileError, RefusedError)
    assert localized(RequestError(EXPECTED), "zh") == "数字"
    assert localized(ValueError("x"), "en") is None


def test_a_long_figure_in_a_file_is_cut_in_the_message():
    cut = Problem("a.csv", 2, 0, "", Words("数", "a number"), "9" * 400)
    for lang in ("zh", "en"):
        assert len(cut.text(lang)) < 250
        assert "9…" in cut.text(lang)
