"""The tables of verdicts: what is said of chances and effects, and what is left out if unknown."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from xiancheng.results.tables import verdicts as tables

END, LATER = date(2025, 12, 31), date(2030, 12, 31)
ROW = {
    "target": "T-1", "target_name": "甲县常住人口城镇化率", "unit_code": 1,
    "target_name_en": "Resident urbanization rate of A", "county": "甲县", "county_en": "A",
    "deadline": END, "operator": "at least", "target_rate": 60.0, "rate_at_start": 50.0,
    "draws": 40, "basis": "statistics", "without": 58.0, "expected": 59.0, "low": 56.04,
    "high": 62.06, "probability": 0.25, "probability_without": 0.1, "margin_pp": -1.0,
    "from_conditions_pp": 0.0, "steered_flow_pp": 0.0, "steered_recoding_pp": 0.0,
    "from_plan_pp": 1.0, "plan_low": 0.5, "plan_high": 1.5, "simulated": 61.0, "baseline": 60.0,
    "natural_pp": 1.0, "migration_pp": 2.0, "recoding_pp": 3.0, "denominator_pp": 4.0,
    "counting_pp": -1.0,
}  # fmt: skip


def verdicts(*rows, **columns):
    """Verdicts that are `ROW` but for what is given of each, or of all."""
    return pd.DataFrame([ROW | columns | row for row in rows or ({},)])


def result(frame):
    """What the tables ask of a result."""
    scenario = SimpleNamespace(start=date(2020, 11, 1), until=END)
    return SimpleNamespace(
        verdicts=frame, scenario=scenario, judged=len(frame) > 0, title=lambda lang: "t",
        region=SimpleNamespace(title=lambda lang: "r"),
        both=SimpleNamespace(scenario=SimpleNamespace(settings={"cutoff": END})),
        stamp=lambda lang: f"run 1, {lang}",
    )  # fmt: skip


def only(frame, lang="en"):
    (row,) = tables.rows_of(frame, lang)
    return row


def test_a_verdict_is_in_the_words_of_its_reader():
    en, zh = (only(verdicts(), lang) for lang in ("en", "zh"))
    assert (en["place"], en["asked"], en["target"]) == ("A", "at least", "≥60")
    assert (zh["place"], zh["asked"]) == ("甲县", "不低于")
    assert only(verdicts(operator="about", target_rate=59.3))["target"] == "≈59.3"
    assert (en["deadline"], en["interval"], en["effect"]) == ("2025-12-31", "56.0–62.1", "+1.00")
    assert (en["probability"], en["chance"]) == (25.0, "25%")
    assert (en["in_words"], zh["in_words"]) == ("unlikely", "较难达到")


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.0, "very unlikely"), (0.099, "very unlikely"), (0.1, "unlikely"), (0.329, "unlikely"),
        (0.33, "as likely as not"), (0.659, "as likely as not"), (0.66, "likely"),
        (0.899, "likely"), (0.9, "very likely"), (1.0, "very likely"),
    ],
)  # fmt: skip
def test_a_chance_has_the_word_of_the_ipcc(chance, words):
    assert only(verdicts(probability=chance))["in_words"] == words


def test_where_one_chance_is_unknown_nothing_is_said_of_any():
    known, unknown = tables.rows_of(verdicts({}, {"probability": float("nan")}), "en")
    for row in (known, unknown):
        assert not {"probability", "low", "high", "chance", "in_words", "interval"} & row.keys()
        assert row["expected"] == 59.0


@pytest.mark.parametrize(
    ("value", "low", "high", "shown", "unclear"),
    [
        (0.5, 0.1, 0.9, "+0.50", False), (-0.5, -0.9, -0.1, "-0.50", False),
        (0.5, -0.1, 0.9, "+0.50?", True), (0.5, 0.0, 0.9, "+0.50?", True),
        (-0.5, -0.9, 0.0, "-0.50?", True), (0.0, 0.0, 0.0, "+0.00", False),
    ],
)  # fmt: skip
def test_an_effect_is_unclear_where_its_interval_holds_zero(value, low, high, shown, unclear):
    frame = verdicts(from_plan_pp=value, plan_low=low, plan_high=high)
    assert only(frame)["effect"] == shown
    parts = tables.parts(result(frame), "en")
    (band,) = parts.column("band")
    assert band == f"({low:+.2f}, {high:+.2f})" + (", unclear" if unclear else "")
    assert parts.source == "run 1, en"


def test_one_effect_without_an_interval_leaves_out_all_intervals():
    frame = verdicts({}, {"plan_low": float("nan"), "plan_high": float("nan")})
    assert "band" not in [column.key for column in tables.parts(result(frame), "en").columns]


def test_outside_conditions_are_shown_where_they_add_anything():
    for first, second, shown in ((0.0, 0.0, False), (0.0, -0.2, True), (0.3, 0.0, True)):
        frame = verdicts({"from_conditions_pp": first}, {"from_conditions_pp": second})
        columns = [column.key for column in tables.summary(result(frame), "en").columns]
        assert ("from_conditions_pp" in columns) == shown
        assert columns[:2] == ["place", "deadline"]


def test_the_start_and_the_five_causes_are_the_expected_rate():
    (row,) = tables.parts(result(verdicts()), "en").records()
    causes = ("natural", "migration", "recoding", "denominator", "counting")
    found = [row[f"{cause}_pp"] for cause in causes]
    assert found == [1.0, 2.0, 3.0, 4.0, -1.0]
    assert row["rate_at_start"] + sum(found) == row["expected"]


def test_what_was_aligned_is_shown_where_anything_was():
    for flow, shown in ((0.0, False), (-0.4, True)):
        columns = tables.parts(result(verdicts(steered_flow_pp=flow)), "en").columns
        assert ({"steered_flow_pp", "steered_recoding_pp"} <= {c.key for c in columns}) == shown


def test_deadlines_are_named_once_and_in_order():
    both = verdicts({"deadline": LATER}, {}, {"deadline": LATER})
    assert tables.deadlines(result(both), "en") == "2025-12-31, 2030-12-31"
    none = both.iloc[:0]
    assert tables.deadlines(result(none), "en") == "2025-12-31", "the end of the run"


def test_an_effect_of_exactly_zero_is_not_called_unclear():
    """A baseline adds nothing: no cell of its table bears the mark that the note explains."""
    assert not tables.unclear_effects(verdicts(from_plan_pp=0.0, plan_low=0.0, plan_high=0.0))
    assert tables.unclear_effects(verdicts(from_plan_pp=0.1, plan_low=0.0, plan_high=0.2))


def test_all_targets_of_a_deadline_are_those_due_by_then():
    early = {"deadline": END, "all_met": 0.4, "all_met_without": 0.3}
    late = {"deadline": LATER, "all_met": 0.2, "all_met_without": 0.1}
    found = tables.joint_probabilities(verdicts(late, early, early))
    assert found == [(str(END), 2, 0.3, 0.4), (str(LATER), 3, 0.1, 0.2)]
