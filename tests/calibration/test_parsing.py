"""Numbers, dates, tables and names as people write them: read in one way, or refused by name."""

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace as Place

import click
import pytest

from xiancheng.calibration import parsing
from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.naming import is_path, nearest, place, place_names
from xiancheng.calibration.region import load, located, packs
from xiancheng.calibration.yaml_positions import scalar
from xiancheng.results.cli import main, parsed
from xiancheng.results.text import Say
from xiancheng.scenarios import simulate
from xiancheng.scenarios.design import points_in

BINZHOU = load("binzhou").counties

# Numbers

NO_NUMBERS = ["7_1.2", "0_1e-1", "1_0", "0x1f", "0o17", "１．５", "５０", "inf", "-Infinity", "nan",
              "1e999", "1,5", "1 5", "", "五"]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_only_plain_digits_are_a_number(text):
    assert parsing.number(text) is None
    assert not isinstance(scalar(text), int | float) or text in ("", ".inf")
    with pytest.raises(click.UsageError):
        parsed(["seek", "--weight", f"M12={text}"], Say("en"))


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7), ("-1.5e3", -1500), (" .5 ", 0.5), ("+2.", 2), ("1E2", 100)]
)
def test_a_number_is_what_it_says(text, value):
    assert parsing.number(text) == value


@pytest.mark.parametrize(
    "words",
    [
        ["--scale", "0_1e-1"],
        ["--scale", "1e999"],
        ["--scale", "１"],
        ["--seed", "1_0"],
        ["--draws", "0x2"],
        ["--scale", "inf"],
        ["--scale", "nan"],
    ],
)
def test_options_take_plain_numbers_only(words, capsys):
    assert main(["run", "plan", *words]) == 2
    assert words[1] in capsys.readouterr().err


# Dates

SAME_DAY = ["2010-11-01", "2010-11-1", "2010/11/1", "2010/11/01", "2010.11.1", "2010年11月1日",
            "20101101", "2010/11/1 0:00", "2010-11-01 00:00:00"]  # fmt: skip
NO_DAY = ["1/11/2010", "11/1/2010", "2010-13-01", "2010-02-30", "2010-11", "10-11-01", "2010-W01-1",
          "2010/11-1", "２０１０-11-01", "soon", ""]  # fmt: skip


@pytest.mark.parametrize("text", SAME_DAY)
def test_a_date_with_the_year_first_is_read_however_a_spreadsheet_writes_it(text):
    assert parsing.day(text) == date(2010, 11, 1)


@pytest.mark.parametrize("text", NO_DAY)
def test_an_ambiguous_or_impossible_date_is_none(text):
    assert parsing.day(text) is None


def test_options_take_the_same_dates():
    assert parsed(["compare", "A", "--at", "2025/12/31"], Say("en")).params["at"] == date(
        2025, 12, 31
    )
    outcome = simulate("baseline", scale=0.005, until="2021/3/31")
    assert outcome.dates[-1] == date(2021, 3, 31)


# Text and tables


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("名称".encode("utf-16"), "UTF-16"),
        ("a,b".encode("utf-16-be"), "UTF-16"),
        ("年份,数值\n2010,甲乙丙丁\n".encode("gbk"), "GBK"),
        (b"PK\x03\x04....", ".xlsx"),
        (b"a\0b", "binary"),
        (b"a\xff\xff\xff", "another encoding"),
    ],
)
def test_another_encoding_is_named(content, named):
    with pytest.raises(parsing.TextError) as refused:
        parsing.text_of(content)
    assert named in refused.value.found[1]


@pytest.mark.parametrize(
    ("sign", "named"), [(";", "semicolons"), ("\t", "tabs"), ("，", "full-width commas")]
)
def test_another_delimiter_is_named(tmp_path, sign, named):
    table = tmp_path / "points.csv"
    table.write_text(f"beta_y{sign}beta_s\n1{sign}2\n", "utf-8")
    with pytest.raises(ScenarioError) as refused:
        points_in(table)
    assert named in refused.value.text("en")


def test_blanks_around_cells_and_rows_of_blanks_are_let_be(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text(" beta_y , beta_s\n1.0, 0.3\n , \n \n", "utf-8")
    names, values = points_in(table)
    assert (names, values.tolist()) == (("beta_y", "beta_s"), [[1.0, 0.3]])


# Names and paths


@pytest.mark.parametrize("what", ["./binzhou", "../x", "a/b", "a\\b", "mine.yaml", ".", Path("x")])
def test_what_holds_a_separator_or_a_dot_is_a_path(what):
    assert is_path(what)
    if str(what) != ".":
        assert located(what) == Path(what)


def test_a_bare_name_of_a_shipped_pack_means_it_and_a_path_does_not(tmp_path, monkeypatch, capsys):
    own = tmp_path / "binzhou"
    own.mkdir()
    for file in load("binzhou").folder.iterdir():
        (own / file.name).write_bytes(file.read_bytes())
    text = (own / "region.yaml").read_text("utf-8").replace("value: 59.3", "value: 90")
    (own / "region.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert load("binzhou").targets[0].value == 59.3
    assert load("./binzhou").targets[0].value == load(Path("binzhou")).targets[0].value == 90
    outcome = simulate("baseline", region="./binzhou", scale=0.005, until="2020-12-31")
    assert outcome.region.targets[0].value == 90
    assert main(["region", "check", "binzhou", "--json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["sha256"] == load("binzhou").digest
    assert "./binzhou" in output.err
    assert main(["region", "check", "./binzhou", "--json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["sha256"] == load("./binzhou").digest
    assert output.err == ""


def test_a_pack_that_changes_on_disk_is_read_again(tmp_path):
    from tests.small_pack import written

    folder = written(tmp_path / "mine")
    assert load(folder).targets[0].value == 40
    text = (folder / "region.yaml").read_text("utf-8")
    (folder / "region.yaml").write_text(text.replace("value: 40", "value: 45.5"), "utf-8")
    assert load(folder).targets[0].value == 45.5


def test_a_spec_names_a_pack_by_its_absolute_path(tmp_path, monkeypatch):
    from tests.small_pack import written
    from xiancheng.scenarios.run_spec import RunSpec

    written(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    spec = RunSpec.of("baseline", region="./mine", until="2020-12-31")
    assert spec.region == str(tmp_path / "mine")
    assert RunSpec.of("baseline").region == "binzhou"
    assert "mine" not in packs()


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("371626", ["371602", "371621"]), ("T-9", ["T-0", "T-1"]), ("M55", ["M05", "M15"]),
        ("above", ["at least", "about"]), ("at most", ["at least", "about"]),
        ("female", ["male"]), ("rate", ["death_rate"]), ("seats", ["phases"]),
        ("death_rate", ["birth_rate"]), ("urban_disposable_income", ["rural_disposable_income"]),
        ("阳谷县", ["阳信县", "惠民县"]), ("census-1910", ["census-2010"]),
    ],
)  # fmt: skip
def test_no_advice_leads_to_another_thing(name, valid):
    assert nearest(name, valid) == ""


@pytest.mark.parametrize(
    ("name", "valid", "meant"),
    [
        ("titel", ["title", "purpose"], "title"), ("M5", ["M04", "M05"], "M05"),
        ("vacancy_twon", ["vacancy_town", "unemployment_town"], "vacancy_town"),
        ("Income-Elasticity", ["income_elasticity"], "income_elasticity"),
        ("市财政厅", ["市财政局", "市教育局"], "市财政局"),
        ("equal", ["equal per county"], "equal per county"),
    ],
)  # fmt: skip
def test_a_misspelling_is_met_with_the_word_that_was_meant(name, valid, meant):
    assert nearest(name, valid) == meant


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("惠民县", "371621"), ("惠民", "371621"), ("huimin", "371621"), ("Huimin County", "371621"),
        ("371626", "371681"), ("邹平县", "371681"), ("邹平", "371681"), ("邹平市", "371681"),
        ("沾化县", "371603"), ("371624", "371603"), ("阳谷县", None), ("371699", None),
    ],
)  # fmt: skip
def test_a_county_is_known_by_every_name_it_has_or_had(name, code):
    assert place(name, place_names(BINZHOU)) == code


@pytest.mark.parametrize(("name", "code"), [("茌平县", "371503"), ("苍山", "371324")])
def test_a_county_of_another_prefecture_is_known_by_its_former_name(name, code):
    assert place(name, place_names(load("shandong").counties)) == code


def test_a_short_name_of_two_places_is_nobody():
    towns = [
        Place(code=370500, zh="东营市", en="Dongying"),
        Place(code=370502, zh="东营区", en="D"),
    ]
    names = place_names(towns)
    assert place("东营", names) is None
    assert place("东营区", names) == "370502"
