"""The shipped plan: complete, as a second transcription has it; a miswritten measure is refused."""

import csv
from pathlib import Path

import pytest

from tests.plans import (
    PLAN,
)
from xiancheng.calibration.errors import ScenarioError
from xiancheng.scenarios.loader import load_plan

# The register


HERE = Path(__file__).parent


def transcription() -> list[dict[str, str]]:
    """The second transcription of the plan, a row for each measure, clause and indicator."""
    with (HERE.parent / "register.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = transcription()
OPERATORS = {
    "≈": "about", ">=": "at least", "=": "exactly", ">": "more than", "<": "less than",
}  # fmt: skip


def test_the_register_is_complete():
    assert len(PLAN.measures) == 30
    assert [len([m for m in PLAN.measures if m[0] == kind]) for kind in "MS"] == [27, 3]
    assert len(PLAN.clauses) == 70
    assert len([c for c in PLAN.clauses if c[0] == "M"]) == 64
    assert len(PLAN.indicators) == 66
    assert len(PLAN.about.targets) == 6
    assert len([i for i in PLAN.indicators if i.startswith("IS")]) == 4
    assert len(PLAN.about.projects) == 7
    assert len(PLAN.about.departments) == 34
    assert list(PLAN.about.caveats) == [f"C{i}" for i in range(1, 11)]


def test_indicators_are_of_four_kinds_and_four_deadlines():
    kinds = [each.kind for each in PLAN.indicators.values()]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"numeric": 43, "universal": 15, "milestone": 4, "guard": 4}
    wordings = [e.deadline.wording if e.deadline else None for e in PLAN.indicators.values()]
    counts = {wording: wordings.count(wording) for wording in set(wordings)}
    assert counts == {"到2025年底": 33, "到2025年": 4, None: 28, "2025年底前": 1}


def test_both_transcriptions_name_the_same_things():
    assert {r["id"] for r in ROWS if r["kind"] == "measure"} == set(PLAN.measures)
    assert {r["id"] for r in ROWS if r["kind"] == "clause"} == set(PLAN.clauses)
    assert {r["id"] for r in ROWS if r["kind"] == "indicator"} == set(PLAN.indicators)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_both_transcriptions_agree_field_by_field(row):
    assert {"measure": of_measure, "clause": of_clause, "indicator": of_indicator}[row["kind"]](
        row["id"]
    ) == {name: text for name, text in row.items() if text}


def of_measure(number: str) -> dict[str, str]:
    measure = PLAN.measures[number]
    return filled(
        kind="measure", id=number, name=measure.title.zh, number=measure.number,
        project=measure.project, lead=";".join(measure.lead or []),
        channels=";".join(measure.channels),
    )  # fmt: skip


def of_clause(number: str) -> dict[str, str]:
    clause = PLAN.clauses[number]
    return filled(
        kind="clause", id=number, within=number.split("-")[0], lead=";".join(clause.lead),
        channels=";".join(clause.channels), sign=clause.sign, strength=clause.strength,
        recoding=clause.recoding_possible,
    )  # fmt: skip


def of_indicator(number: str) -> dict[str, str]:
    each = PLAN.indicators[number]
    within = next((k for k, c in PLAN.clauses.items() if number in c.indicators), "T")
    lead = PLAN.clauses[within].lead if within != "T" else []
    deadline, day = ("(未写明)", None)
    if each.deadline:
        deadline, day = each.deadline.wording, each.deadline.day.isoformat()
        if each.deadline.status == "assumed":
            day = "2025 (到2025年,未写“底”;按2025-12-31处理须注明)"
    symbols = {word: symbol for symbol, word in OPERATORS.items()}
    value = each.value if each.value is None else f"{each.value:g}"
    return filled(
        kind="indicator", id=number, within=within, name=each.name.zh, lead=";".join(lead),
        channels=";".join(each.channels), sign=each.sign, operator=symbols[each.operator],
        value=value, wording=each.wording, unit=unit_as_transcribed(number, each),
        deadline=deadline, day=day, scope=each.scope, dimension=each.dimension, role=each.role,
    ) | {"class": each.kind}  # fmt: skip


def unit_as_transcribed(number: str, each) -> str:
    """Units with the remarks of the second transcription: implied, ordinal, or no unit at all."""
    if number == "I14-1":
        return "%(隐含;每县3类各≥1)"
    if each.unit in ("机制", "格局", "项目", "底线"):
        return f"({each.unit})"
    remark = "(隐含)" if each.implied else "(序数)" if each.unit in ("星级", "类") else ""
    return each.unit + remark


def filled(**texts) -> dict[str, str]:
    return {name: str(text) for name, text in texts.items() if text not in (None, "")}


def test_every_lead_department_leads():
    led = {name for clause in PLAN.clauses.values() for name in clause.lead}
    assert led == set(PLAN.about.departments)
    assert sum(len(clause.lead) for clause in PLAN.clauses.values()) == 118


def test_persons_and_person_times_are_told_apart():
    assert PLAN.indicators["I05-2"].counts == "person-times"
    assert PLAN.indicators["I05-1"].counts == "posts created"


MEASURE_SLIPS = {
    ("unit: 人次", "unit: 万人次"): "did you mean '人次'?",
    ("counts: person-times", "counts: persons"): "to count person-times, not persons",
    ("per: 0.33", "per: 1"): "per inside its range",
    ("range: {low: 0.2, high: 0.5}", "range: {low: 0.2, high: 2}"): None,
    ("unit: persons/year", "unit: '%'"): "unit: persons/year",
    ("lever: training", "lever: trainings"): "did you mean 'training'?",
    ("lever: rural_posts\n        where: rural", "lever: rural_posts\n        where: urban"): (
        "where: rural"
    ),
    ("start: 2024Q1, ramp: 8", "start: 2023Q4, ramp: 8"): "a quarter after 2023-12-29",
    ("indicator: I05-2", "indicator: I05-3"): "an indicator of this clause",
    ("市财政局]\nchannels", "市财政厅]\nchannels"): "did you mean '市财政局'?",
    ("project: P1", "project: P9"): "a project in plan.yaml",
    ("sign: ±", "sign: maybe"): "one of +, -, ±, 0",
    ("M05-a:", "M06-a:"): "clause numbers such as M05-a",
}


@pytest.mark.parametrize(("mistake", "advice"), MEASURE_SLIPS.items())
def test_a_slip_in_a_measure_is_explained(tmp_path, mistake, advice):
    folder = copied_plan(tmp_path)
    file = folder / "measures" / "M05.yaml"
    text = file.read_text(encoding="utf-8")
    assert mistake[0] in text
    file.write_text(text.replace(*mistake, 1), encoding="utf-8")
    if advice is None:
        load_plan(folder)
    else:
        with pytest.raises(ScenarioError) as caught:
            load_plan(folder)
        assert advice in caught.value.text("en")
        assert "M05.yaml:" in caught.value.text("en")


def test_person_times_cannot_pass_for_persons(tmp_path):
    folder = copied_plan(tmp_path)
    file = folder / "measures" / "M05.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("per: 0.33", "per: 1").replace(
        "{low: 0.2, high: 0.5}", "{low: 0.2, high: 2}"
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_plan(folder)
    assert "person-times are not persons" in caught.value.text("en")


def copied_plan(folder: Path) -> Path:
    target = folder / "plan"
    for file in PLAN.folder.rglob("*.yaml"):
        copy = target / file.relative_to(PLAN.folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    return target


def test_caveats_are_said_where_the_plan_speaks_of_a_county():
    about = load_plan().about
    assert about.caveats_for(["370102", "371621"]) == about.caveats
    assert about.caveats_for(["370102"]) == {}
