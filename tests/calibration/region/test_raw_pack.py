"""Every number of a pack has a range, and what is beyond it is refused with the reason.

What `region check` passes, `run` can use.
"""

import csv
import json

import numpy as np
import pytest

from tests.small_pack import COUNTY, DATED, KEPT, ends, line, save, written
from xiancheng.calibration.errors import PackError, RefusedError
from xiancheng.calibration.region import load
from xiancheng.calibration.region.schema import TABLES, catalogue, limits, ranges
from xiancheng.results.cli import main
from xiancheng.results.tables.validation import record
from xiancheng.scenarios import simulate

VARIABLES = [(table, name) for table, name in catalogue() if table in DATED]
LIVED_BY = ("economy", "services")  # tables that runs read
NEVER = ["1e300", "1e15", "-1", "nan", "inf", "7_1.2", "0x1f", "１０"]


@pytest.fixture
def pack(tmp_path):
    return written(tmp_path / "mine")


def refused(folder, lang="en"):
    with pytest.raises(PackError) as wrong:
        load(folder, lang)
    return str(wrong.value)


def test_the_pack_of_the_tests_is_right_and_runs(pack):
    outcome = simulate("plan", region=pack, scale=0.003, until="2021-03-31")
    assert np.isfinite(outcome.record).all()


@pytest.mark.parametrize(("table", "name"), VARIABLES)
def test_no_variable_takes_a_number_that_cannot_be(pack, table, name):
    rows = [line(table, name, value, f"20{n + 11}-12-31") for n, value in enumerate(NEVER)]
    save(pack / f"{table}.csv", rows)
    message = [row for row in refused(pack).splitlines() if f"/{table}.csv:" in row]
    assert len(message) == len(NEVER), message


@pytest.mark.parametrize("table", [t for t in TABLES if t not in ("vital", "urban_odds")])
def test_no_census_table_takes_a_number_that_cannot_be(table):
    of = limits("margins", table)

    assert all(value not in of for value in (1e300, 1e15, -1, float("nan")))


def test_every_range_has_an_order_and_every_stated_reason_two_languages():
    for key, of in ranges().items():
        assert of.low < of.high, key
        assert bool(of.reason[0]) == bool(of.reason[1]), key


def test_the_shipped_packs_are_within_the_ranges():
    assert load("binzhou").counties
    assert load("shandong").counties


REGION = [
    ("lon: 117.00", "lon: 500", "longitudes of China"),
    ("lat: 36.65", "lat: 500", "latitudes of China"),
    ("lat: 36.65", "lat: -1", "latitudes of China"),
    ("lon: 117.00, lat: 36.65", "lon: 36.65, lat: 117.00", "do not swap"),
    ("km: 600", "km: 1e9", "outside.country.km"),
    ("low: 300", "low: 0", "outside.country.low"),
    ("high: 1200", "high: 1e300", "outside.country.high"),
    ("value: 40", "value: 0.4", "percent and no share, such as 40"),
    ("value: 40", "value: 1", "percent and no share, such as 100"),
    ("value: 40", "value: .nan", "at least 0 and at most 100"),
    ("value: 40", "value: .inf", "at least 0 and at most 100"),
    ("value: 40", "value: 4_0", "found '4_0'"),
    ("value: 40", "value: 0x28", "found '0x28'"),
    ("value: 40", "value: 四十", "found '四十'"),
    ("value: 40", "value: true", "at least 0 and at most 100"),
    ("value: 40", "value: -1", "at least 0 and at most 100"),
    ("operator: at least", "operator: above", "one of at least, about"),
    ("counties: [371621]", "counties: [371626]", "one of 371621 Huimin"),
    ("counties: [371621]", "counties: [Huimn]", "did you mean 'Huimin'?"),
    ("code: 371621", "code: 37_1621", "six digits"),
    ("{zh: 惠民县, en: Huimin}", "{zh：惠民县, en: Huimin}", "an ASCII :"),
    ("code: 371621", "code: ３７１６２１", "six digits"),
    ("name: small", "name: ''", "letters, digits and hyphens"),
    ("name: small", "name: ../../x", "letters, digits and hyphens"),
    ("deadline: 2025-12-31", "deadline: 1900-01-01", "a deadline from 2010-11-02"),
    ("deadline: 2025-12-31", "deadline: 9999-12-31", "to 2060-12-31"),
]


@pytest.mark.parametrize(("old", "new", "advice"), REGION)
def test_what_cannot_be_in_region_yaml_is_refused_with_the_reason(pack, old, new, advice):
    text = (pack / "region.yaml").read_text("utf-8")
    assert old in text
    (pack / "region.yaml").write_text(text.replace(old, new, 1), "utf-8")
    assert advice in refused(pack)


CELLS = [
    ("places.csv", "units", "20.5", "a whole number"),
    ("places.csv", "units", "1e6", "of one township"),
    ("places.csv", "units", "0", "at least 1"),
    ("places.csv", "communities", "3.5", "a whole number"),
    ("boundaries.csv", "lat", "500", "latitudes of China"),
    ("boundaries.csv", "lon", "36.65", "longitudes of China"),
    ("boundaries.csv", "ring", "0.5", "a whole number"),
    ("margins.csv", "value", "1e15", "at most 130000000"),
    ("margins.csv", "value", "1e300", "at most 130000000"),
    ("margins.csv", "value", "-1", "at least 0"),
    ("margins.csv", "value", "1_000", "a finite number"),
    ("economy.csv", "date", "31/12/2020", "a date"),
    ("economy.csv", "date", "1800-01-01", "a date from 1949-10-01"),
    ("economy.csv", "date", "9999-12-31", "to 2060-12-31"),
    ("places.csv", "township_code", "", "township code"),
    ("economy.csv", "unit_code", "371626", "please use one of these"),
    ("economy.csv", "variable", "rate", "please use one of these"),
    ("economy.csv", "variable", "resident_urbanization_rate", "move the line to observations.csv"),
]


@pytest.mark.parametrize(("file", "column", "value", "advice"), CELLS)
def test_what_cannot_be_in_a_cell_is_refused_with_the_reason(pack, file, column, value, advice):
    with (pack / file).open(encoding="utf-8") as lines:
        rows = [*csv.DictReader(lines)]
    rows[0][column] = value
    save(pack / file, rows)
    assert advice in refused(pack)


RATES = [
    ("economy", "birth_rate", "105", "per thousand"),
    ("economy", "death_rate", "0.008", "per thousand"),
    ("economy", "wage_industry", "4.8", "in yuan and not in 10 000 yuan"),
    ("observations", "resident_urbanization_rate", "0.593", "such as 59.3"),
    ("observations", "non_agricultural_hukou_share", "0.2", "such as 20"),
    ("services", "homes_with_car", "67", "at most 1 (share)"),
]


@pytest.mark.parametrize(("table", "name", "value", "advice"), RATES)
def test_a_rate_in_another_unit_is_refused_with_the_unit(pack, table, name, value, advice):
    save(pack / f"{table}.csv", [line(table, name, value)])
    assert advice in refused(pack)


def test_dates_as_a_spreadsheet_writes_them_are_read(pack):
    save(pack / "economy.csv", [line("economy", "house_price", "5000", "2020/11/1")])
    text = (pack / "region.yaml").read_text("utf-8").replace("2025-12-31", "2025/12/31")
    (pack / "region.yaml").write_text(text.replace("[2010-11-01,", "[2010/11/1,"), "utf-8")
    assert str(load(pack).targets[0].deadline) == "2025-12-31"


@pytest.mark.parametrize("name", ["371600", "惠民", "Huimin County"])
def test_a_target_may_name_its_prefecture_or_county_and_write_its_operator_in_chinese(pack, name):
    text = (
        (pack / "region.yaml")
        .read_text("utf-8")
        .replace("counties: [371621]", f"counties: [{name}]")
    )
    (pack / "region.yaml").write_text(text.replace("at least", "不低于"), "utf-8")
    (target,) = load(pack).targets
    assert (target.counties, target.operator) == ((COUNTY,), "at least")


@pytest.mark.parametrize(
    ("file", "content", "output"),
    [
        ("margins.csv", "census,x\n".encode("utf-16"), "UTF-16"),
        ("economy.csv", "年份,单位\n甲,乙\n".encode("gbk"), "GBK"),
        ("economy.csv", b"date;unit_code;variable\n", "semicolons"),
        ("services.csv", b"PK\x03\x04rest", "an Excel workbook"),
        ("region.yaml", "name: 某地\n".encode("utf-16"), "UTF-16"),
        ("region.yaml", "name: x\ntitle：{zh: a, en: b}\nprovince: 1\n".encode(), "full-width ："),
        ("region.yaml", b"name: x\n\ttitle: y\n", "spaces for indentation"),
        ("region.yaml", b"", "an empty file"),
        ("region.yaml", b"- a\n- b\n", "a mapping of keys to values"),
        ("sources.yaml", b"just words\n", "a mapping of keys to values"),
    ],
)  # fmt: skip
def test_a_file_in_another_form_gets_one_clear_message(pack, file, content, output):
    (pack / file).write_bytes(content)
    message = refused(pack)
    assert output in message
    assert any(f"mine/{file}" in row and output in row for row in message.splitlines())


@pytest.mark.parametrize("content", [b"no json", b"[1, 2]", "{}".encode("utf-16"), b"\xff\xff"])
def test_a_record_of_a_sample_that_is_no_json_gets_one_message(tmp_path, content, capsys):
    pack = tmp_path / "mine"
    pack.mkdir()
    for file in load("binzhou").folder.iterdir():
        (pack / file.name).write_bytes(file.read_bytes())
    (pack / "posterior.json").write_bytes(content)
    words = [
        "run",
        "plan",
        "--region",
        str(pack),
        "--draws",
        "2",
        "--lang",
        "en",
        "--scale",
        "0.005",
    ]
    assert main(words) == 2
    output = capsys.readouterr()
    assert "posterior.json should hold one JSON object" in output.err
    assert output.out == ""


# What is passed runs


def runs_well(folder):
    """Some quarters from the last census, in which no warning, no nan and no leap comes up."""
    run = simulate("plan", region=folder, scale=0.003, until="2021-03-31", alignment="off")
    assert np.isfinite(run.record).all()
    first, last = (run.at("resident_urbanization_rate", run.dates[i]) for i in (0, -1))
    assert (abs(last - first) < 8).all()


@pytest.mark.parametrize("end", [0, 1], ids=["lowest", "highest"])
def test_a_pack_in_which_every_value_is_at_the_end_of_its_range_runs(tmp_path, end):
    runs_well(written(tmp_path / "mine", {each: ends(*each)[end] for each in VARIABLES}))


@pytest.mark.slow
@pytest.mark.parametrize(("table", "name"), [each for each in VARIABLES if each[0] in LIVED_BY])
@pytest.mark.parametrize("end", [0, 1], ids=["lowest", "highest"])
def test_a_pack_in_which_one_value_is_at_the_end_of_its_range_runs(tmp_path, table, name, end):
    runs_well(written(tmp_path / "mine", {(table, name): ends(table, name)[end]}))


def refusal(folder):
    try:
        load(folder, "en")
    except PackError as error:
        return str(error)
    return ""


EXTREME = ["0", "-1", "1e15", "1e300", "20.5", "1000000", "nan", "inf", "text", ""]
NUMBERS = [
    ("places.csv", "units", ""), ("places.csv", "communities", ""),
    *(("boundaries.csv", column, "") for column in ("ring", "order", "lon", "lat")),
    *(("margins.csv", "value", table) for table in KEPT),
]  # fmt: skip


@pytest.mark.parametrize(("file", "column", "table"), NUMBERS)
def test_an_extreme_number_is_refused_by_file_or_the_pack_runs(pack, file, column, table):
    with (pack / file).open(encoding="utf-8") as lines:
        rows = [*csv.DictReader(lines)]
    row = next(row for row in reversed(rows) if row.get("table", "") == table)
    right, refusals = row[column], 0
    for value in EXTREME:
        row[column] = value
        save(pack / file, rows)
        message = refusal(pack)
        if message:
            assert f"mine/{file}" in message, value
            refusals += 1
        else:
            runs_well(pack)
    assert refusals >= 6
    row[column] = right
    save(pack / file, rows)
    assert load(pack).counties


# Nobody at home


@pytest.mark.parametrize("table", ["urban_rural", "sex_age", "education", "households"])
def test_a_county_in_which_nobody_is_counted_is_refused(pack, table):
    with (pack / "margins.csv").open(encoding="utf-8") as lines:
        rows = [*csv.DictReader(lines)]
    for row in rows:
        if table in (row["table"], "urban_rural"):
            row["value"] = "0" if row["table"] in (table, "sex_age", "residents") else row["value"]
    save(pack / "margins.csv", rows)
    assert f"惠民县: all of {table} is 0" in refused(pack)


def test_region_check_prints_one_object_right_or_wrong(pack, capsys):
    assert main(["region", "check", str(pack), "--json"]) == 0
    message = json.loads(capsys.readouterr().out)
    assert (message["ok"], message["problems"]) == (True, [])
    (pack / "places.csv").write_bytes(b"a;b\n")
    assert main(["region", "check", str(pack), "--json", "--lang", "en"]) == 2
    output = capsys.readouterr()
    message = json.loads(output.out)
    assert not message["ok"]
    assert message["problems"][0]["file"] == "mine/places.csv"
    assert output.err == ""


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", "left_out\n".encode("utf-16"), b""])
def test_a_record_of_hindcasts_that_is_none_gets_one_message(pack, content):
    (pack / "hindcast.csv").write_bytes(content)
    with pytest.raises(RefusedError, match=r"hindcast\.csv should be the table"):
        record(load(pack))
