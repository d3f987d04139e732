"""Packs of other regions: built from a county census table, scaffolded, and run.

The table of the tests is made from the shipped pack of Shandong, so it holds real counties.
"""

import csv
import json
import shutil
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from tests.census_lines import KNOWN, built, lines_of, plan_pack
from xiancheng.calibration import parsing
from xiancheng.calibration.errors import PackError, RefusedError
from xiancheng.calibration.region import census_import, load, pack_writer, packs
from xiancheng.calibration.region.census_table import COLUMNS, TableError
from xiancheng.calibration.region.imputation import FLOW_RULES, TABLE_RULES, first_line
from xiancheng.calibration.region.schema import AGE_BANDS, TABLES, catalogue, wanted_first
from xiancheng.results import cli
from xiancheng.results.cli import process
from xiancheng.results.tables import labels
from xiancheng.results.tables.assumptions import assumed
from xiancheng.scenarios import simulate

THEN, NOW = date(2010, 11, 1), date(2020, 11, 1)
SHANDONG = load("shandong")
RIZHAO = ("371102", "371103", "371121", "371122")  # a small prefecture; districts twice
CENSUSES = pytest.mark.parametrize("census", [THEN, NOW])


@pytest.fixture(scope="module")
def rizhao():
    """The lines of Rizhao, and of the prefecture itself."""
    rows = lines_of(RIZHAO)
    for year in ("2010", "2020"):
        own = [row for row in rows if row["year"] == year]
        counts = [c for c in COLUMNS[4:] if all(row.get(c, "").isdecimal() for row in own)]
        whole = {column: str(sum(int(row[column]) for row in own)) for column in counts}
        rows.append(whole | {"unit_code": "371100", "unit_name": "日照市", "level": "prefecture",
                             "year": year})  # fmt: skip
    return rows


@pytest.fixture
def table(tmp_path, rizhao):
    """A function that writes the table, with changes to it, and gives its path."""

    def write(*changes, columns=COLUMNS, extra=(), encoding="utf-8"):
        rows = [dict(row) for row in [*rizhao, *extra]]
        for code, year, column, value in changes:
            (row,) = (r for r in rows if (r["unit_code"], r["year"]) == (code, str(year)))
            row[column] = value
        path = tmp_path / "census.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def read(file):
    """The lines of a file of CSV, by column."""
    return [*csv.DictReader(file.read_text("utf-8").splitlines())]


def output(path, codes=("371100",)):
    """What is said of a table that cannot be used."""
    with pytest.raises(TableError) as wrong:
        plan_pack(path, codes, KNOWN)
    return str(wrong.value)


# The shipped province


def test_the_province_counts_every_resident_of_both_censuses():
    assert SHANDONG.urban_rural(THEN).sum() == 95_792_719
    assert SHANDONG.urban_rural(NOW).sum() == 101_527_453
    assert SHANDONG.in_movers(NOW).sum() == 28_026_762


def test_the_province_has_its_prefectures_of_2020():
    counted = {c.prefecture for c in SHANDONG.counties}
    assert counted == set(SHANDONG.prefectures)
    assert (len(SHANDONG.counties), len(counted)) == (136, 16)
    assert "371200" not in counted  # Laiwu became part of Jinan


@CENSUSES
def test_the_province_and_binzhou_count_the_same_people(census):
    binzhou = load("binzhou")
    own = [i for i, c in enumerate(SHANDONG.counties) if c.prefecture == "371600"]
    for name in ("sex_age", "urban_rural", "education", "in_movers", "work"):
        theirs = getattr(SHANDONG, name)(census)[own]
        np.testing.assert_allclose(theirs, getattr(binzhou, name)(census), rtol=1e-12)


def test_the_safe_set_holds_the_counties_that_kept_their_area():
    """78 of the 136: no district, nothing put together, no implausible change of residents."""
    safe = SHANDONG.comparable()
    assert safe.sum() == 78
    kinds = {c.kind for c, one in zip(SHANDONG.counties, safe, strict=True) if one}
    assert kinds == {"county", "city"}
    assert load("binzhou").comparable().sum() == 5


def test_merged_districts_are_added_up_and_say_so():
    shibei = next(i for i, c in enumerate(SHANDONG.counties) if c.code == "370203")
    assert SHANDONG.urban_rural(THEN)[shibei].sum() == 558_218 + 462_497
    file = SHANDONG.folder / "margins.csv"
    (row,) = (x for x in file.read_text("utf-8").splitlines()
              if x.startswith("2010-11-01,370203,residents,,,total"))  # fmt: skip
    assert "derived" in row
    assert "370203 + 370205" in row


def test_each_prefecture_misses_the_people_whom_its_own_counties_have():
    """A province is its prefectures side by side: the rest of the province is outside of each."""
    for code in SHANDONG.prefectures:
        own = [i for i, c in enumerate(SHANDONG.counties) if c.prefecture == code]
        came = 0.5 * SHANDONG.in_movers(NOW)[own, 1].sum()
        assert SHANDONG.away(NOW)[own, 0].sum() == pytest.approx(came, abs=len(own))


def test_the_shipped_pack_is_small():
    folder = SHANDONG.folder
    assert sum(file.stat().st_size for file in folder.iterdir()) < 3e6


# From a table to a pack


def test_every_figure_of_the_table_is_in_the_pack(table, tmp_path):
    """To the last person, and nothing beside it."""
    region = built(table(), tmp_path / "mine")
    own = [i for i, c in enumerate(SHANDONG.counties) if c.code in RIZHAO]
    for census in (THEN, NOW):
        for name in ("sex_age", "urban_rural", "education", "in_movers", "work"):
            found, known = (getattr(r, name)(census) for r in (region, SHANDONG))
            np.testing.assert_array_equal(found, known[own])
        for kind, count in region.households(census).items():
            np.testing.assert_array_equal(count, SHANDONG.households(census)[kind][own])
    np.testing.assert_array_equal(region.hukou(THEN), SHANDONG.hukou(THEN)[own])


def test_what_the_table_lacks_is_assumed_and_listed_not_written(table, tmp_path):
    region = built(table(), tmp_path / "mine")
    assert not any(a for a in region.assumptions() if not a.default)
    filled = {(a.table, a.variable) for a in region.assumptions() if a.date == NOW}
    assert {("economy", "wage_industry"), ("economy", "house_price"), ("away", ""),
            ("services", "seats_primary"), ("distance", "county"),
            ("places", "townships")} <= filled  # fmt: skip
    assert ("industry", "") not in filled
    assert not region.targets


def test_every_figure_names_its_source_and_status(table, tmp_path):
    built(table(), tmp_path / "mine")
    rows = read(tmp_path / "mine/margins.csv")
    assert {(r["source"], r["status"]) for r in rows} == {
        ("census-2010", "official"), ("census-2020", "official"),
    }  # fmt: skip


def test_an_empty_cell_is_nobody_where_the_rest_makes_the_total(table, tmp_path):
    """Rural residents of a city all urban are left empty in the table."""
    (row,) = (r for r in lines_of(RIZHAO) if (r["unit_code"], r["year"]) == ("371102", "2010"))
    path = table(("371102", 2010, "urban", row["residents"]), ("371102", 2010, "rural", ""))
    assert built(path, tmp_path / "mine").urban_rural(THEN)[0, 1] == 0


def test_an_empty_cell_that_somebody_is_missing_from_is_told(table):
    message = output(table(("371102", 2010, "rural", "")))
    assert "residents: 东港区 2010: urban + rural" in message


def test_a_table_that_one_unit_lacks_is_left_to_the_defaults(table, tmp_path):
    path = table(*(("371102", 2020, f"in_movers_{k}", "")
                   for k in ("same_county", "same_province", "other_province")))  # fmt: skip
    region = built(path, tmp_path / "mine")
    assert any(a.table == "in_movers" and a.date == NOW for a in region.assumptions())
    assert not any(a.table == "in_movers" and a.date == THEN for a in region.assumptions())


def test_moves_between_districts_are_marked_where_the_census_counted_a_city_as_one(table, tmp_path):
    """In 2010 Rizhao had two districts: Donggang's in-movers hold moves from Lanshan."""
    built(table(), tmp_path / "mine")
    rows = read(tmp_path / "mine/margins.csv")
    noted = {(r["county_code"], r["census"]) for r in rows if "between the districts" in r["note"]}
    assert noted == {("371102", "2010-11-01"), ("371103", "2010-11-01")}


# Units of one census


ZONE = "371171"


@pytest.fixture
def zone(rizhao):
    """A development zone that only the later census lists: a quarter of Donggang."""
    (row,) = (r for r in rizhao if (r["unit_code"], r["year"]) == ("371102", "2020"))
    return row | {"unit_code": ZONE, "unit_name": "日照经济技术开发区"}


def test_a_zone_is_added_to_its_county(table, tmp_path, zone):
    region = built(table(extra=[zone]), tmp_path / "mine")
    assert [c.code for c in region.counties] == list(RIZHAO)
    alone = built(table(), tmp_path / "other")
    np.testing.assert_array_equal(region.sex_age(NOW)[0], 2 * alone.sex_age(NOW)[0])
    assert not region.comparable()[0]


def test_a_unit_that_a_census_lacks_is_left_out_and_named(table, tmp_path, zone):
    nothing = census_import.Concordance()
    plan = plan_pack(table(extra=[zone]), ["371100"], nothing)
    assert [place.code for place in plan.units] == list(RIZHAO)
    (remark,) = (en for _, en in plan.notes if ZONE in en)
    assert "left out" in remark
    assert "no census of 2010" in remark


def test_a_known_slip_is_mended_from_the_other_counties(table, tmp_path):
    column, right = "edu_bachelor_female", "371122"
    mistake = {"unit": right, "year": 2010, "column": column, "found": 99_999.0}
    mistake |= {"zh": "十倍", "en": "ten times"}
    known = census_import.Concordance.model_validate({"corrections": [mistake]})
    plan = plan_pack(table((right, 2010, column, "99999")), ["371100"], known)
    (place,) = (p for p in plan.units if p.code == right)
    (row,) = (r for r in lines_of(RIZHAO) if (r["unit_code"], r["year"]) == (right, "2010"))
    assert place.at[2010].figures[column] == int(row[column])
    assert "371100 less its other units" in place.at[2010].note(column)
    assert any("ten times" in en for _, en in plan.notes)


def test_a_prefecture_that_is_not_its_counties_sum_is_told(table):
    path = table(("371100", 2010, "households_3_generation", "4000000"))
    plan = plan_pack(path, ["371100"], KNOWN)
    assert any("households_3_generation" in en for _, en in plan.notes)


# Tables that are wrong

SLIPS = [
    (("371102", 2010, "residents", "十万"), "residents: the figure", "a whole number from 0 on"),
    (("371102", 2010, "residents", "881,00"), "residents: the figure", "a whole number from 0 on"),
    (("371102", 2010, "urban", "-5"), "urban: the figure", "a whole number from 0 on"),
    (("371102", 2010, "age_0_male", "1.5"), "age_0_male: the figure", "a whole number"),
    (("371102", 2010, "residents_male", "1"), "residents: 东港区 2010", "residents_male"),
    (("371102", 2010, "age_0_male", "1"), "residents_male: 东港区 2010", "males of all ages"),
    (
        ("371102", 2010, "lf_employed", "1"),
        "lf_employed: 东港区 2010",
        "employed in all industries",
    ),
    (("371102", 2010, "family_household_residents", "9999999"), "东港区", "a part in households"),
    (("371102", 2010, "birth_rate_permille", "1200"), "birth_rate", "at least 1 and at most 60"),
    (("371102", 2010, "unit_code", "37110"), "unit_code", "six digits"),
    (("371102", 2010, "year", "2011"), "year", "2010 or 2020"),
    (("371102", 2010, "level", "countyy"), "level", "write 'county'"),
    (("371102", 2010, "unit_code", "371103"), "371103 in 2010 stands twice", "delete one"),
    (("371102", 2010, "unit_name", ""), "unit_name: the name", "a line of visible text"),
    (("371102", 2010, "hukou_population", "1e300"), "hukou_population: the figure", "a whole"),
]


@pytest.mark.parametrize(("change", "what", "expected"), SLIPS)
def test_a_slip_is_told_with_its_line_and_column(table, change, what, expected):
    path = table(change)
    column = COLUMNS.index("residents") if "sex" in what else None
    message = output(path)
    first = message.splitlines()[1]
    assert what in message
    assert expected in message
    number = first.split(f"{path}:")[1].split(":")
    # The first line below the header is Donggang in 2010, the second Lanshan.
    assert int(number[0]) == 2 + ("twice" in what)
    assert 1 <= int(number[1]) <= len(COLUMNS)
    assert column is None or int(number[1]) == column + 1


def test_years_that_may_be_swapped_are_asked_about(table, rizhao):
    """A unit whose urban share falls far, and a sum far from its prefecture's."""
    then, now = (r for r in rizhao if r["unit_code"] == "371122")
    changes = [
        ("371122", year, column, other.get(column, ""))
        for year, other in ((2010, now), (2020, then))
        for column in COLUMNS[4:]
    ]
    plan = plan_pack(table(*changes), ["371100"], KNOWN)
    assert any("371122" in en and "are the years swapped?" in en for _, en in plan.notes)
    plan = plan_pack(table(), ["371100"], KNOWN)
    assert not any("swapped" in en for _, en in plan.notes)


@pytest.mark.parametrize("words", ["a\x1b[31mb", "a\nb"])
def test_what_cannot_be_written_as_a_line_is_refused(words, table, tmp_path):
    with pytest.raises(RefusedError, match="visible text"):
        plan_pack(table(), ["371100"], KNOWN, via=words)
    with pytest.raises(RefusedError, match="visible text"):
        pack_writer.write(tmp_path / words, {})
    assert [file.name for file in tmp_path.iterdir()] == ["census.csv"]


def test_a_header_alone_is_no_table(tmp_path):
    path = tmp_path / "census.csv"
    path.write_text(",".join(COLUMNS) + "\n", "utf-8")
    assert "there is nothing below the header" in output(path)


def test_a_column_that_is_missing_is_named_with_the_nearest(table):
    columns = [c if c != "urban" else "urban_" for c in COLUMNS]
    assert "column 'urban': expected exactly one, found 0; please add it, or rename 'urban_'" in (
        output(table(columns=columns))
    )


def test_another_table_is_told_in_one_line(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("name,value\nA,1\n", "utf-8")
    message = output(other).splitlines()
    assert len(message) == 2
    assert "columns are missing" in message[1]


def test_a_table_wrong_all_over_is_told_briefly(table, rizhao):
    every = [(row["unit_code"], row["year"], f"age_{age}_male", f"{age} of them")
             for row in rizhao for age in AGE_BANDS]  # fmt: skip
    message = output(table(*every)).splitlines()
    assert len(message) == 14
    assert "more" in message[-1]


# Tables as people keep them


def as_workbook(path, rows):
    """The table as an Excel workbook, numbers as numbers, below a sheet that is empty."""
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("census")
    for row in rows:
        sheet.append([int(c) if c.isdecimal() else c or None for c in row])
    file = path.with_suffix(".xlsx")
    book.save(file)
    return file


def grouped(text):
    return f"{int(text):,}" if text.isdecimal() else text


WIDE = str.maketrans("0123456789,-", "０１２３４５６７８９，－")


@pytest.mark.parametrize("kind", ["gbk", "utf-8-sig", "thousands", "full width", "workbook"])
def test_a_table_as_offices_keep_it_is_the_same_table(table, kind, tmp_path):
    plain = plan_pack(table(), ["371100"], KNOWN)
    path = table(encoding=kind if kind in ("gbk", "utf-8-sig") else "utf-8")
    with path.open(encoding="gbk" if kind == "gbk" else "utf-8-sig", newline="") as lines:
        header, *rows = csv.reader(lines)
    if kind == "workbook":
        path = as_workbook(path, [header, *rows])
    elif kind in ("thousands", "full width"):
        rows = [[*row[:4], *map(grouped, row[4:])] for row in rows]
        if kind == "full width":
            rows = [[cell.translate(WIDE) for cell in row] for row in rows]
        with path.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows([header, *rows])
    found = plan_pack(path, ["日照"], KNOWN)
    for own, other in zip(found.units, plain.units, strict=True):
        assert own.code == other.code
        for year in (2010, 2020):
            assert own.at[year].figures == pytest.approx(other.at[year].figures, nan_ok=True)


@pytest.mark.parametrize("name", ["371100", "日照市", "日照", "Rizhao", "３７１１００"])
def test_a_prefecture_has_several_names(table, name):
    assert [unit.code for unit in plan_pack(table(), [name], KNOWN).units] == list(RIZHAO)


@pytest.mark.parametrize("lines", [b"PK\x03\x04 and no more", b"PK\x03\x04" + b"\0" * 5000])
def test_what_only_begins_like_a_workbook_is_refused(tmp_path, lines):
    path = tmp_path / "census.xlsx"
    path.write_bytes(lines)
    assert "cannot be read as a workbook" in output(path)


def test_a_workbook_that_swells_is_refused_unread(tmp_path):
    path = tmp_path / "census.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (parsing.UNPACKED + 1))
    assert "more than 60 MB" in output(path)


def test_a_file_over_the_limit_is_refused_unread(tmp_path):
    path = tmp_path / "census.csv"
    with path.open("wb") as file:
        file.truncate(parsing.LARGEST + 1)
    assert "at most 20 MB" in output(path)


def leniently(path):
    return census_import.plan_pack(path, ["371100"], KNOWN, lang="en", unknown=True)


def test_an_impossible_cell_is_unknown_if_that_is_wanted_and_its_sum_gives_it_back(table):
    """One cell of a sum follows from the others, says so, and is listed."""
    column = "age_30-34_male"
    (row,) = (r for r in lines_of(RIZHAO) if (r["unit_code"], r["year"]) == ("371102", "2020"))
    plan = leniently(table(("371102", 2020, column, "-7")))
    (unit,) = (u for u in plan.units if u.code == "371102")
    assert unit.at[2020].figures[column] == int(row[column])
    assert "the table has -7" in unit.at[2020].note(column)
    message = [en for _, en in plan.notes]
    assert any("taken as unknown" in each and column in each for each in message)
    assert any(f"{column} = {int(row[column]):,}" in each for each in message)


def test_an_impossible_cell_that_no_sum_gives_back_costs_its_table(table, tmp_path):
    cells = [("371102", 2020, f"edu_{level}_male", "?") for level in ("none", "primary")]
    plan = leniently(table(*cells))
    assert any("education" in en and "defaults" in en for _, en in plan.notes)
    pack_writer.write(tmp_path / "mine", pack_writer.pack_files(plan, "mine"))
    region = load(tmp_path / "mine")
    assert {a.date for a in region.assumptions() if a.table == "education"} == {NOW}


def test_what_no_pack_can_do_without_is_refused_even_then(table):
    cells = [("371102", 2020, f"age_{age}_male", "?") for age in ("0", "1-4")]
    with pytest.raises(TableError, match="without which there is no pack"):
        leniently(table(*cells))


def test_an_impossible_cell_is_refused_unless_that_is_wanted(table):
    assert "age_0_male: the figure" in output(table(("371102", 2020, "age_0_male", "-7")))


# The template


def test_the_template_has_every_column_with_its_meaning():
    named = [each.name for each in pack_writer.columns()]
    assert named == list(COLUMNS)
    assert all(each.meaning.zh and each.meaning.en for each in pack_writer.columns())
    needed = {each.name for each in pack_writer.columns() if each.required}
    assert {"unit_code", "urban", "age_85+_female"} <= needed
    assert "edu_none_male" not in needed


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
def test_the_template_filled_in_is_a_table(kind, rizhao, tmp_path):
    assert cli.main(["region", "new", "mine", "--out", str(tmp_path / "mine")]) == process.DONE
    path = tmp_path / f"mine/template/census-table{kind}"
    filled_in = [[row.get(c, "") for c in COLUMNS] for row in rizhao]
    if kind == ".csv":
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(filled_in)
    else:
        book = openpyxl.load_workbook(path)
        for row in filled_in:
            book.worksheets[0].append(row)
        book.save(path)
    assert len(plan_pack(path, ["371100"], KNOWN).units) == len(RIZHAO)


def test_a_table_that_is_not_there_is_told(tmp_path):
    assert "No such file" in output(tmp_path / "none.csv")


def test_a_prefecture_that_is_not_there_is_met_with_those_that_are(table):
    assert "expected one of the codes 371100 日照市" in output(table(), ["371600"])


# The command


def command(*words, capsys):
    code = cli.main([str(word) for word in words])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_command_makes_a_pack_that_runs_without_hand_work(table, tmp_path, capsys):
    out = tmp_path / "rizhao"
    code, output, _ = command("region", "from-census", table(), "--prefecture", "371100",
                              "--out", out, "--lang", "en", capsys=capsys)  # fmt: skip
    assert code == process.DONE
    assert "4 county-level units at two censuses" in output
    outcome = simulate("baseline", region=out, start=THEN, until="2011-12-31", scale=0.01)
    known = outcome.region.urban_rural(THEN)
    np.testing.assert_allclose(outcome.at("residents", THEN)[:4], known.sum(1), rtol=1e-3)
    rate = 100 * known[:, 0] / known.sum(1)
    np.testing.assert_allclose(outcome.at("resident_urbanization_rate", THEN)[:4], rate, atol=0.3)
    assert (outcome.at("urban_residents", outcome.dates[-1])[:4] > known[:, 0]).all()


def test_nothing_is_written_where_something_is(table, tmp_path, capsys):
    out = tmp_path / "there"
    out.mkdir()
    code, _, err = command(
        "region", "from-census", table(), "--province", "--out", out, capsys=capsys
    )
    assert code == process.REFUSED
    assert "已存在" in err
    assert not list(out.iterdir())


def test_a_bad_table_leaves_nothing_behind(table, tmp_path, capsys):
    path = table(("371102", 2010, "residents", "x"))
    code, _, err = command("region", "from-census", path, "--province", "--out", tmp_path / "new",
                       capsys=capsys)  # fmt: skip
    assert code == process.REFUSED
    assert f"{path}:2:" in err
    assert [file.name for file in tmp_path.iterdir()] == ["census.csv"]


def test_the_command_speaks_json(table, tmp_path, capsys):
    code, out, _ = command("region", "from-census", table(), "--province", "--out", tmp_path / "p",
                       "--json", capsys=capsys)  # fmt: skip
    assert code == process.DONE
    assert json.loads(out)["units"] == list(RIZHAO)
    code, out, _ = command("region", "check", tmp_path / "p", "--json", capsys=capsys)
    assert {"assumptions", "missing", "sha256"} <= json.loads(out).keys()


# By hand


def test_a_scaffold_says_line_by_line_what_is_missing(tmp_path, capsys):
    mine = tmp_path / "mine"
    assert command("region", "new", "mine", "--out", mine, capsys=capsys)[0] == process.DONE
    code, _, err = command("region", "check", mine, "--lang", "en", capsys=capsys)
    assert code == process.REFUSED
    lines = (mine / "region.yaml").read_text("utf-8").splitlines()
    line = 1 + next(n for n, text in enumerate(lines) if text.startswith("title:"))
    assert f"mine/region.yaml:{line}:12: title.zh: expected text" in err
    assert "mine/sources.yaml" in err


def filled(mine: Path, of: Path) -> None:
    """A scaffold with its blanks filled in from another pack."""
    text = (mine / "region.yaml").read_text("utf-8")
    text = text.replace("zh: , en: }", "zh: 某地, en: Somewhere}").replace("000000", "371102")
    text = text.replace("en: , prefecture", "en: Somewhere, prefecture").replace("zh: ,", "zh: 某,")
    (mine / "region.yaml").write_text(text, "utf-8")
    source = (mine / "sources.yaml").read_text("utf-8")
    source = source.replace("title:\n", "title: Census\n").replace(
        "publisher:\n", "publisher: us\n"
    )
    (mine / "sources.yaml").write_text(source, "utf-8")
    cell = ("census", "county_code", "table", "sex", "age", "key")
    known = {tuple(row[c] for c in cell): row["value"] for row in read(of / "margins.csv")}
    rows = [row | {"county_code": "371102"} for row in read(mine / "margins.csv")]
    with (mine / "margins.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"value": known[tuple(row[c] for c in cell)]} for row in rows)


def test_figures_still_to_be_written_are_told_by_line(tmp_path):
    mine, of = tmp_path / "mine", SHANDONG.folder
    assert cli.main(["region", "new", "mine", "--out", str(mine)]) == process.DONE
    blank = shutil.copy(mine / "margins.csv", tmp_path / "blank.csv")
    filled(mine, of)
    shutil.copy(blank, mine / "margins.csv")
    with pytest.raises(PackError, match=r"mine/margins\.csv:2: the number in column value"):
        load(mine, lang="en")


def test_a_scaffold_filled_with_two_tables_runs(tmp_path):
    """A county by itself, without any neighbour, map, wage or school."""
    mine, of = tmp_path / "mine", SHANDONG.folder
    assert cli.main(["region", "new", "mine", "--out", str(mine)]) == process.DONE
    filled(mine, of)
    outcome = simulate("baseline", region=mine, start=THEN, until="2011-06-30", scale=0.01)
    assert np.isfinite(outcome.record).all()
    assert outcome.at("residents", THEN)[0] == pytest.approx(
        load(mine).urban_rural(THEN).sum(), rel=1e-3
    )


def test_a_name_that_cannot_be_quoted_wrongly(tmp_path):
    """Whatever the folder is called, the pack can be read."""
    folder = tmp_path / "it's: a #1"
    pack_writer.write(folder, {"region.yaml": f"name: {pack_writer.quoted(folder.name)}\n"})
    from ruamel.yaml import YAML

    assert YAML().load((folder / "region.yaml").read_text("utf-8"))["name"] == "it's: a #1"


# The whole of it


@pytest.mark.slow
@pytest.mark.parametrize("prefecture", ["370500", "370900", "371700"])
def test_another_prefecture_runs_from_one_census_to_the_next(prefecture, tmp_path):
    """From a table, without hand work: it starts at the census and comes near the next."""
    own = [c.code for c in SHANDONG.counties if c.prefecture == prefecture]
    path = tmp_path / "census.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(lines_of(own))
    region = built(path, tmp_path / "pack", [prefecture], census_import.Concordance())
    assert [county.code for county in region.counties] == own
    outcome = simulate("baseline", region=tmp_path / "pack", start=THEN, until=NOW, scale=0.02)
    whole = next(i for i, g in enumerate(outcome.groups) if str(g.code) == prefecture)
    for day, near in ((THEN, 0.001), (NOW, 0.1)):
        residents = outcome.at("residents", day)[whole]
        assert residents == pytest.approx(region.urban_rural(day).sum(), rel=near)
    town, everyone = region.urban_rural(NOW)[:, 0].sum(), region.urban_rural(NOW).sum()
    rate = outcome.at("resident_urbanization_rate", NOW)[whole]
    assert rate == pytest.approx(100 * town / everyone, abs=8)


@pytest.mark.slow
@pytest.mark.parametrize("guide", ["new-region.md", "new-region.en.md"])
def test_the_example_of_the_guide_runs(guide):
    text = (Path(__file__).parents[3] / "docs" / guide).read_text("utf-8")
    output: dict[str, object] = {}
    exec(text.split("```python\n")[1].split("```")[0], output)
    assert len(output["found"]) == 78
    assert np.isfinite(output["found"]).all()


# Read in Chinese


def test_every_reason_of_ours_is_told_in_chinese():
    shipped = {item.basis for name in packs() for item in load(name).assumptions()}
    rules = {first_line(rule) for rule in (*TABLE_RULES.values(), *FLOW_RULES.values())}
    bases = {entry.basis for entry in catalogue().values() if entry.basis}
    assert set(labels.names("reasons")) == shipped | rules | bases


def test_what_a_pack_assumes_is_called_by_its_name():
    table = assumed(load("binzhou"), "zh")
    headers, rows = table.headers, table.texts()
    message = [dict(zip(headers, row, strict=True)) for row in rows]
    names = {each["变量"]: each["名称"] for each in message}
    assert names["vacancy_town"] == "城镇住房空置率"
    assert names["0 … 85+"] == "各年龄城镇优势"


# Rows that were not asked for, and units in which nobody lives


ELSEWHERE = "371602"


@pytest.fixture
def elsewhere():
    """The lines of a county of another prefecture."""
    return [dict(row) for row in lines_of((ELSEWHERE,))]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("urban", "-5"),
        ("residents", "12,3"),
        ("level", "countyy"),
        ("year", "1999"),
        ("age_0_male", "1_0"),
        ("birth_rate_permille", "105"),
    ],
)
def test_a_slip_in_a_row_that_was_not_asked_for_is_told_and_not_fatal(
    table, tmp_path, elsewhere, column, value
):
    elsewhere[0][column] = value
    path = table(extra=elsewhere)
    plan = plan_pack(path, ["371100"], KNOWN)
    assert [place.code for place in plan.units] == list(RIZHAO)
    (remark,) = (en for _, en in plan.notes if "not asked for" in en)
    assert f"{path}:" in remark
    assert value in remark
    with pytest.raises(TableError):
        plan_pack(path, [], KNOWN)


def test_a_row_cut_short_that_was_not_asked_for_is_told_and_not_fatal(table, elsewhere):
    path = table(extra=elsewhere)
    text = path.read_text("utf-8").rstrip("\n")
    path.write_text(text.rsplit(",", 1)[0] + "\n", "utf-8")
    plan = plan_pack(path, ["371100"], KNOWN)
    assert any("the number of cells" in en for _, en in plan.notes)
    with pytest.raises(TableError, match="the number of cells"):
        plan_pack(path, ["371600"], KNOWN)


def test_many_slips_in_rows_that_were_not_asked_for_are_told_briefly(table, elsewhere):
    for age in AGE_BANDS:
        elsewhere[0][f"age_{age}_male"] = "x"
    plan = plan_pack(table(extra=elsewhere), ["371100"], KNOWN)
    message = [en for _, en in plan.notes if "not asked for" in en]
    assert len(message) == 13
    assert message[-1] == "7 more in rows that were not asked for"


def test_a_unit_in_which_nobody_lives_is_left_out_and_named_and_the_pack_runs(table, tmp_path):
    empty = [("371103", 2020, column, "0") for column in COLUMNS[4:]]
    path = table(*empty)
    plan = plan_pack(path, ["371100"], KNOWN)
    assert "371103" not in [place.code for place in plan.units]
    assert any("left out 371103" in en and "no residents (0)" in en for _, en in plan.notes)
    region = built(path, tmp_path / "mine")
    outcome = simulate("baseline", region=region.folder, scale=0.005, until="2020-12-31")
    assert np.isfinite(outcome.record).all()


@pytest.mark.parametrize("kind", ["edu_", "households_"])
def test_a_table_that_counts_nobody_where_people_live_is_refused(table, kind):
    columns = [c for c in COLUMNS if c.startswith(kind)]
    if kind == "households_":
        columns += ["family_households", "family_household_residents"]
    assert "not all 0 where people live" in output(
        table(*(("371102", 2020, column, "0") for column in columns))
    )


def test_a_last_row_with_a_blank_in_it_is_let_be(table):
    path = table()
    path.write_text(path.read_text("utf-8") + " \n , ,\n", "utf-8")
    assert len(plan_pack(path, ["371100"], KNOWN).units) == len(RIZHAO)


@pytest.mark.parametrize(("sign", "named"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_delimiter_of_a_census_table_is_named(table, sign, named):
    path = table()
    path.write_text(path.read_text("utf-8").replace(",", sign), "utf-8")
    assert named in output(path)


def test_a_census_table_in_utf_16_is_named(table):
    assert "UTF-16" in output(table(encoding="utf-16"))


REST = "column: x, found: 1_0, zh: a, en: b"


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ("- a\n", "a mapping of keys to values"),
        ("joins: 5\n", "a list"),
        ("joins: [{unit: 371102}]\n", "joins[0].of"),
        (f"corrections: [{{unit: 371102, year: 2011, {REST}}}]\n", "one of 2010"),
        (f"corrections: [{{unit: 371102, year: 2010, {REST}}}]\n", "found '1_0'"),
        ("joins：[]\n", "full-width"),
        ("", "an empty file"),
    ],
)
def test_a_concordance_that_is_wrong_is_told_by_line(tmp_path, content, output):
    file = tmp_path / "joins.yaml"
    file.write_text(content, "utf-8")
    with pytest.raises(PackError) as wrong:
        census_import.read_concordance(file)
    assert output in wrong.value.text("en")


# What to fill in first


def test_a_new_pack_is_told_five_things_and_a_full_one_what_it_lacks(table, tmp_path, capsys):
    built(table(), tmp_path / "mine")
    code, out, _ = command("region", "check", tmp_path / "mine", "--lang", "en", capsys=capsys)
    assert code == process.DONE
    assert "The 5 things to fill in first" in out
    assert out.count("│") < 5 * 4 * 3  # and not the hundred rows of all
    code, every, _ = command("region", "check", tmp_path / "mine", "--all", capsys=capsys)
    assert len(every) > 3 * len(out)
    lacking = [each.name for each in load(tmp_path / "mine").wanted()]
    assert lacking[:3] == ["targets", "published", "away"]
    assert {"away", "townships", "distance", "targets"} & {
        each.name for each in load("binzhou").wanted()
    } == set()


def test_what_is_to_be_filled_first_is_what_a_pack_may_hold():
    for each in wanted_first():
        for variable in each.variables:
            known = (
                variable in TABLES
                if each.table == "margins"
                else ((each.table, variable) in catalogue())
            )
            assert known, each
