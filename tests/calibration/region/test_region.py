"""The region pack: what it says of Binzhou, and what it says of a pack that is wrong."""

import csv
import pickle
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from xiancheng.calibration.errors import PackError
from xiancheng.calibration.region import load, packs
from xiancheng.calibration.region.imputation import default
from xiancheng.calibration.region.schema import TABLES

THEN, NOW = date(2010, 11, 1), date(2020, 11, 1)
HUIMIN, ZOUPING = 2, 6
BINZHOU = load("binzhou")
CENSUSES = pytest.mark.parametrize("census", [THEN, NOW])


def folder_of(name: str) -> Path:
    return load(name).folder


# What the pack says


def test_the_pack_counts_every_resident_of_both_censuses():
    assert BINZHOU.urban_rural(NOW).sum() == 3_928_568
    assert BINZHOU.urban_rural(THEN).sum() == 3_748_474


def test_counties_stand_in_order_of_code():
    codes = [county.code for county in BINZHOU.counties]
    assert codes == sorted(codes)
    assert BINZHOU.counties[HUIMIN].zh == "惠民县"
    assert BINZHOU.counties[ZOUPING].en == "Zouping"


@CENSUSES
def test_residents_are_urban_or_rural_and_of_one_sex_and_age(census):
    np.testing.assert_array_equal(
        BINZHOU.sex_age(census).sum(axis=(1, 2)), BINZHOU.urban_rural(census).sum(axis=1)
    )


def test_huimin_lost_urban_residents_between_the_censuses():
    assert BINZHOU.urban_rural(NOW)[HUIMIN, 0] < BINZHOU.urban_rural(THEN)[HUIMIN, 0]


@CENSUSES
def test_every_table_speaks_of_every_county(census):
    n = len(BINZHOU.counties)
    shapes = {
        "sex_age": (n, 2, 19), "urban_rural": (n, 2), "education": (n, 2, 4), "in_movers": (n, 3),
        "work": (n, 3), "away": (n, 3), "moves": (n, 4), "arrivals": (n, 2), "hukou": (n,),
    }  # fmt: skip
    for name, shape in shapes.items():
        table = getattr(BINZHOU, name)(census)
        assert table.shape == shape, name
        assert np.isfinite(table).all(), name
        assert (table >= 0).all(), name
    assert BINZHOU.urban_odds(census).shape == (19,)


@CENSUSES
def test_whoever_is_six_or_older_has_a_level_of_education(census):
    """The census asks from the age of 6: all bands from 10, and four fifths of 5 to 9."""
    ages = BINZHOU.sex_age(census)
    counted = ages[:, :, 3:].sum(axis=2) + 0.8 * ages[:, :, 2]
    np.testing.assert_allclose(BINZHOU.education(census).sum(axis=2), counted, rtol=0.02)


@CENSUSES
def test_the_employed_are_adults(census):
    adults = BINZHOU.sex_age(census)[:, :, 4:].sum(axis=(1, 2))
    employed = BINZHOU.work(census).sum(axis=1) / adults
    assert ((employed > 0.5) & (employed < 0.9)).all()


@CENSUSES
def test_every_home_was_obtained_somehow(census):
    np.testing.assert_allclose(np.sum(list(BINZHOU.home(census).values()), axis=0), 1)


@CENSUSES
def test_whoever_left_for_another_county_of_the_region_is_an_in_mover_there(census):
    """Half of the in-movers from the province come from the region (assumed)."""
    from_region = BINZHOU.away(census)[:, 0].sum()
    assert from_region == pytest.approx(0.5 * BINZHOU.in_movers(census)[:, 1].sum(), abs=1)


def test_the_registered_of_2020_live_here_or_away():
    """The city's registered population is its own residents plus those who are away."""
    own = BINZHOU.urban_rural(NOW).sum() - BINZHOU.in_movers(NOW)[:, 1:].sum()
    assert own + BINZHOU.away(NOW).sum() == 3_975_431 == BINZHOU.hukou(NOW).sum()


def test_births_of_2010_are_the_official_rates():
    births, deaths = BINZHOU.vital(THEN)
    assert births[HUIMIN] == 12.35
    assert deaths[HUIMIN] == 8.07


def test_a_county_without_a_figure_takes_its_prefectures():
    """Only Huimin reports a rural income of its own."""
    income = BINZHOU.value(NOW, "home_income_rural")
    assert len(np.unique(np.delete(income, HUIMIN))) == 1
    assert income[HUIMIN] < income[0]


def test_a_year_gives_the_last_value_of_that_year():
    assert (BINZHOU.value(2019, "disposable_income") == 31_597).all()


def test_wages_outside_exceed_wages_at_home():
    for census in (THEN, NOW):
        assert (BINZHOU.outside(census) > BINZHOU.value(census, "wage_industry").max()).all()


def test_the_birth_rate_of_the_province_falls():
    series = BINZHOU.series(370000, "birth_rate")
    assert series[2010] > series[2021] > series[2023]


@pytest.mark.parametrize("file", ["margins.csv", "economy.csv", "services.csv"])
def test_nothing_that_starts_in_2010_was_published_after_it(file):
    """The compilations give figures of 2010; every other source of that start is the census."""
    with (folder_of("binzhou") / file).open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if "2010-11-01" in row.values()]
    used = {source for row in rows for source in row["source"].split()}
    compiled = {"income-compilation", "house-prices", "tianditu"}
    assert used <= {"census-2010", "assumption"} | compiled


def test_after_the_census_there_are_published_rates_and_no_urban_residents():
    """They inform the level up to the cut-off; the start of a run is of the census alone."""
    seen = BINZHOU.observations()
    assert set(seen[seen["variable"].str.contains("urban_residents")]["date"]) == {THEN, NOW}
    later = seen[(seen["variable"] == "resident_urbanization_rate") & (seen["date"] > NOW)]
    counties = {county.code for county in BINZHOU.counties}
    known = later[later["unit_code"].astype(str).isin(counties)]
    assert set(known["date"]) == {date(2021, 12, 31)}  # what round A opened


def test_townships_hold_all_village_level_units():
    table = BINZHOU.townships
    assert (len(table), table["units"].sum()) == (92, 3209)
    assert set(table["kind"]) == {"street", "town", "township"}


def test_distances_are_those_of_the_map():
    km = BINZHOU.distance_km()
    between = km[:, :7]
    np.testing.assert_array_equal(between, between.T)
    assert (np.diag(between) == 0).all()
    assert 20 < between[between > 0].min() < between.max() < 130
    assert km[:, 7].argmin() == ZOUPING  # nearest to Jinan
    assert (km[:, 8] == 600).all()


def test_targets_are_those_of_the_plan():
    values = {target.id: target.value for target in BINZHOU.targets}
    assert values == {"T-0": 59.3, "T-1": 70.5, "T-2": 40, "T-3": 50, "T-4": 62, "T-5": 66}
    together = BINZHOU.targets[0]
    assert (len(together.counties), together.operator) == (5, "about")


def test_the_five_county_targets_come_to_less_than_the_one_for_all():
    one = {t.counties[0]: t.value for t in BINZHOU.targets if len(t.counties) == 1}
    people = dict(
        zip([c.code for c in BINZHOU.counties], BINZHOU.urban_rural(NOW).sum(1), strict=True)
    )
    rate = sum(one[code] * people[code] for code in one) / sum(people[code] for code in one)
    assert rate == pytest.approx(58.72, abs=0.005)


def test_every_assumption_lies_in_its_range():
    stated = [a for a in BINZHOU.assumptions() if not a.default]
    assert stated
    assert all(a.low <= a.value <= a.high for a in stated)


def test_what_nobody_knows_is_listed_and_not_zero():
    gaps = {gap.variable for gap in BINZHOU.missing() if gap.date == NOW}
    assert {"elder_beds", "childcare_places"} <= gaps
    with pytest.raises(LookupError, match="elder_beds"):
        BINZHOU.value(NOW, "elder_beds")


def test_no_default_stands_in_for_binzhou():
    assert not any(a.default for a in BINZHOU.assumptions())


def test_a_pack_travels_between_processes():
    twin = pickle.loads(pickle.dumps(BINZHOU))
    assert twin.digest == BINZHOU.digest
    np.testing.assert_array_equal(twin.sex_age(NOW), BINZHOU.sex_age(NOW))


def test_what_is_given_away_can_be_changed_without_harm():
    BINZHOU.households(NOW)["total"][:] = 0
    assert (BINZHOU.households(NOW)["total"] > 0).all()


def test_a_census_that_the_pack_does_not_hold_is_named():
    with pytest.raises(LookupError, match="2015-11-01"):
        BINZHOU.sex_age(date(2015, 11, 1))


def test_a_misspelt_variable_is_met_with_the_nearest():
    with pytest.raises(LookupError, match="wage_industry"):
        BINZHOU.value(NOW, "wage_industri")


# A pack with nothing but two censuses


@pytest.fixture
def bare(tmp_path):
    """Binzhou with urban and rural residents, sex and age, and nothing else."""
    folder = tmp_path / "bare"
    folder.mkdir()
    for file in ("region.yaml", "sources.yaml"):
        shutil.copy(folder_of("binzhou") / file, folder)
    with (folder_of("binzhou") / "margins.csv").open(encoding="utf-8") as lines:
        kept = [x for i, x in enumerate(lines) if not i or ",urban_rural," in x or ",sex_age," in x]
    (folder / "margins.csv").write_text("".join(kept), encoding="utf-8")
    return folder


def test_two_censuses_are_enough(bare):
    region = load(bare)
    for name in ("education", "in_movers", "work", "away", "moves", "arrivals", "hukou"):
        table = getattr(region, name)(NOW)
        assert np.isfinite(table).all(), name
        assert table.sum() > 0, name
    for variable in ("wage_industry", "dwellings_town", "seats_primary", "unit_size_log_sd"):
        assert (region.value(NOW, variable) > 0).all(), variable
    assert (region.outside(THEN) > 0).all()
    assert region.distance_km().shape == (7, 9)
    assert set(region.townships["county_code"]) == {county.code for county in region.counties}


def test_what_was_filled_is_said(bare):
    region = load(bare)
    filled = {(a.table, a.date) for a in region.assumptions() if a.default}
    for name in TABLES.keys() - {"urban_rural", "sex_age", "marital"}:
        assert {(name, THEN), (name, NOW)} <= filled
    assert {"marital", "house_price"} <= {gap.variable for gap in region.missing()}


@pytest.mark.parametrize("name", ["binzhou", "shandong"])
def test_flows_of_a_later_census_are_growth_of_the_stocks_less_what_better_capture_adds(name):
    """Of the pack that states them and of the one that leaves them to the rule."""
    region = load(name)
    capture, rural = default("moves", "capture"), default("economy", "rural_origin_share")
    assert capture > 1
    then, now = (region.in_movers(day) for day in (THEN, NOW))
    growth = np.maximum(now - capture * then, 0) / 10
    np.testing.assert_allclose(region.moves(NOW)[:, 0], rural * growth[:, 0], rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(region.arrivals(NOW)[:, 1], growth[:, 2], rtol=1e-4, atol=1e-9)
    built_up = rural * then[:, 0] / default("moves", "years_in")
    np.testing.assert_allclose(region.moves(THEN)[:, 0], built_up, rtol=1e-4)


def test_stocks_that_nobody_counted_do_not_grow(bare):
    region = load(bare)
    own = default("economy", "rural_origin_share") * region.in_movers(NOW)[:, 0]
    np.testing.assert_allclose(region.moves(NOW)[:, 0], own / default("moves", "years_in"))


def test_defaults_are_of_the_size_of_what_they_stand_for(bare):
    """Births and households follow from ages; a default is no worse than a third off."""
    region = load(bare)
    for name in ("hukou", "education", "work"):
        default, known = (np.sum(getattr(r, name)(NOW)) for r in (region, BINZHOU))
        assert default == pytest.approx(known, rel=1 / 3), name
    np.testing.assert_allclose(region.vital(NOW)[1], BINZHOU.vital(NOW)[1], rtol=0.1)


def test_households_by_default_add_up(bare):
    kinds = load(bare).households(NOW)
    parts = sum(kinds[f"generations_{n}"] for n in ("1", "2", "3", "4p"))
    np.testing.assert_array_equal(parts, kinds["total"])


# A pack that is wrong


@pytest.fixture
def broken(tmp_path):
    """A function that replaces text in a copy of a pack, and gives what `load` then says."""

    def tell(*changes: tuple[str, str, str], lang: str = "en") -> str:
        folder = shutil.copytree(folder_of("binzhou"), tmp_path / "mine")
        for file, old, new in changes:
            text = (folder / file).read_text(encoding="utf-8")
            assert text.count(old) >= 1, old
            (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(PackError) as slips:
            load(folder, lang=lang)
        return str(slips.value)

    return tell


def line_of(file: str, text: str) -> int:
    lines = (folder_of("binzhou") / file).read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


URBAN = "2020-11-01,371621,urban_rural,,,urban,192755"
SLIPS = [
    ("margins.csv", "census,county_code", "censsus,county_code", 1, "'census'"),
    ("margins.csv", ",urban_rural,,,urban,", ",urban_rurall,,,urban,", None, "'urban_rural'"),
    ("margins.csv", ",residents,,,male,", ",residents,,,mal,", None, "'male'"),
    ("margins.csv", URBAN, URBAN.replace("371621", "惠民"), None, "'371621'"),
    ("margins.csv", URBAN, URBAN.replace("371621", "371612"), None, "371612"),
    ("margins.csv", URBAN, URBAN.replace("192755", "-192755"), None, "at least 0"),
    ("margins.csv", URBAN, URBAN.replace("192755", "NaN"), None, "a finite number"),
    ("margins.csv", URBAN, URBAN.replace("192755", "19万"), None, "a finite number"),
    ("margins.csv", URBAN, URBAN.replace("2020-11-01", "2021-11-01"), None, "2020-11-01"),
    ("margins.csv", "census-2010,official", "cencus-2010,official", None, "'census-2010'"),
    ("margins.csv", "census-2010,official", "census-2010,offical", None, "'official'"),
    ("economy.csv", "vacancy_town,0.15", "vacancy_town,1.15", None, "at most 1 (share)"),
    ("economy.csv", "vacancy_town,", "vacancy_twon,", None, "'vacancy_town'"),
    ("economy.csv", "assumed,0.05,0.25", "assumed,,", None, "required if assumed"),
    ("economy.csv", "assumed,0.05,0.25", "assumed,0.2,0.25", None, "low <= value <= high"),
    ("economy.csv", "2010-11-01,371602", "2010年,371602", None, "a date"),
    ("economy.csv", ",yuan/m2,", ",万元/m2,", None, "yuan/m2"),
    ("services.csv", ",seats_primary,", ",seats_primry,", None, "'seats_primary'"),
    ("places.csv", "371602001,市中街道,street,20", "371602001,市中街道,street,0", 2, "at least 1"),
    ("places.csv", ",street,", ",streett,", 2, "'street'"),
    ("classes.csv", "371621101,石庙镇", "371621110,石庙镇", None, "is not known"),
    ("classes.csv", "石庙镇,0,0,1,18,", "石庙镇,0,0,1,1.8,", None, "a whole number"),
    ("classes.csv", "石庙镇,0,0,1,18,", "石庙镇,0,0,1,,", None, "a finite number"),
    ("classes.csv", "2016-12-31,371621101", "2016,371621101", None, "a date"),
    ("classes.csv", "2016-12-31,371621102", "2016-12-31,371621101", None, "each value once"),
    ("boundaries.csv", "371602,0,0,118.12789", "371602,0,0,east", 2, "a finite number"),
    ("region.yaml", "title: {", "tittle: {", None, "'title'"),
    ("region.yaml", "kind: district", "kind: distrct", None, "'district'"),
    ("region.yaml", "operator: about", "operator: abut", None, "'about'"),
    ("region.yaml", "value: 59.3", "value: 159.3", None, "at most 100"),
    ("region.yaml", "id: T-2", "id: T-1", None, "each but once"),
    ("region.yaml", "name: binzhou", "name: binzhou\nname: binzhou", None, "each key once"),
    (
        "region.yaml",
        "censuses: [2010-11-01, 2020-11-01]",
        "censuses: [soon]",
        None,
        "a date such as",
    ),
    ("sources.yaml", "  publisher: 国家统计局", "  publihser: 国家统计局", None, "'publisher'"),
]


@pytest.mark.parametrize(("file", "old", "new", "line", "advice"), SLIPS)
def test_a_slip_of_the_pen_is_explained(broken, file, old, new, line, advice):
    message = broken((file, old, new))
    line = line or line_of(file, old.split("\n")[0]) + (new.count("\n"))
    assert any(f"mine/{file}:{line}:" in row and advice in row for row in message.splitlines()), (
        message
    )


def test_urban_and_rural_must_make_the_residents(broken):
    message = broken(("margins.csv", URBAN, URBAN.replace("192755", "192756")))
    line = line_of("margins.csv", "2020-11-01,371621,residents,,,total")
    assert message.count("\n") == 1
    assert f"margins.csv:{line}: 2020-11-01 惠民县: urban + rural" in message
    assert "expected 569,975, found 569,976 (+1)" in message


def test_ages_must_make_the_residents(broken):
    old = "2020-11-01,371621,sex_age,male,0,,2423"
    message = broken(("margins.csv", old, old.replace("2423", "2424")))
    assert "males of all ages" in message
    assert "sex x age" in message


def test_a_part_cannot_exceed_the_whole(broken):
    old = "2020-11-01,371621,households,,,one_person,28024"
    message = broken(("margins.csv", old, old.replace("28024", "280240")))
    assert "a part in households exceeds the whole" in message


def test_a_line_given_twice_is_refused(broken):
    line = line_of("margins.csv", URBAN)
    row = (folder_of("binzhou") / "margins.csv").read_text(encoding="utf-8").splitlines()[line - 1]
    message = broken(("margins.csv", row, f"{row}\n{row}"))
    assert f"mine/margins.csv:{line + 1}:" in message
    assert f"= margins.csv:{line}" in message


def test_a_census_half_there_is_refused(broken):
    row = "2020-11-01,371621,urban_rural,,,rural,377220,persons,census-2020,official,,,\n"
    message = broken(("margins.csv", row, ""))
    assert "census figures are missing: 2020-11-01 371621 urban_rural: rural" in message


@pytest.mark.parametrize("file", ["places.csv", "boundaries.csv"])
def test_a_map_without_a_county_is_refused(broken, file):
    text = (folder_of("binzhou") / file).read_text(encoding="utf-8")
    huimin = "".join(row for row in text.splitlines(keepends=True) if row.startswith("371621"))
    assert f"mine/{file}: 371621 Huimin" in broken((file, huimin, ""))


def test_an_edition_without_a_township_is_refused(broken):
    text = (folder_of("binzhou") / "classes.csv").read_text(encoding="utf-8")
    gone = next(row for row in text.splitlines(keepends=True) if "石庙镇" in row)
    message = broken(("classes.csv", gone, ""))
    assert "371621101" in message
    assert "a line for each township" in message


def test_a_census_not_there_is_refused(broken):
    message = broken(
        ("region.yaml", "[2010-11-01, 2020-11-01]", "[2000-11-01, 2010-11-01, 2020-11-01]")
    )
    assert "2000-11-01 urban_rural" in message
    assert "2000-11-01 sex_age" in message


def test_all_problems_are_told_at_once_in_order(broken):
    message = broken(
        ("services.csv", ",seats_primary,", ",seats_primry,"),
        ("margins.csv", URBAN, URBAN.replace("192755", "-1")),
        ("economy.csv", "vacancy_town,0.15", "vacancy_town,1.15"),
        ("region.yaml", "operator: about", "operator: abut"),
    )
    named = [row.split(":")[0].strip() for row in message.splitlines()[1:]]
    assert named == [
        f"mine/{f}" for f in ("economy.csv", "margins.csv", "region.yaml", "services.csv")
    ]


def test_problems_are_told_in_chinese_by_default(broken):
    message = broken(("economy.csv", "vacancy_town,0.15", "vacancy_town,1.15"), lang="zh")
    assert "应为不小于 0、不大于 1（share），现为 1.15；请核对原表与单位" in message


def test_the_same_slip_on_many_lines_is_told_once(broken):
    message = broken(("region.yaml", "code: 371621", "code: 371624"))
    assert len(message) < 4000
    assert "more lines alike" in message


def test_a_pack_that_does_not_exist_is_met_with_the_nearest():
    assert packs() == ["binzhou", "shandong"]
    with pytest.raises(PackError, match="改为“binzhou”"):
        load("binzou")


def test_an_empty_folder_is_not_a_pack(tmp_path):
    with pytest.raises(PackError, match=r"region\.yaml"):
        load(tmp_path)
