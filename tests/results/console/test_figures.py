"""Figures that a visitor brings: read within limits, inert, carried in the address."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.forecasts.common_trend import PublishedRate
from xiancheng.calibration.region import load
from xiancheng.calibration.yaml_positions import MAX_BYTES
from xiancheng.results.console import figures
from xiancheng.results.console.session import from_url
from xiancheng.scenarios.outcome import reported_groups

BINZHOU = load("binzhou")
RATES = (
    PublishedRate("371621", date(2023, 12, 31), 36.9),
    PublishedRate("371600", date(2024, 12, 31), 62.35),
)


def read(source, lang="en"):
    return figures.figures_response(source, lang, "binzhou")


def workbook(*rows):
    book, kept = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(kept)
    return kept.getvalue()


def test_a_table_is_taken_as_csv_or_workbook():
    status, answer = read(
        "地区,日期,城镇化率\n惠民,2023年,36.9%\n滨州市,2024,62.35\n".encode("gbk")
    )
    assert (status, answer) == (200, {"figures": figures.encode(RATES), "remarks": []})
    rows = (["place", "date", "rate"], ["Huimin", "2023", 36.9], ["371600", 2024, 62.35])
    assert read(workbook(*rows)) == (status, answer)


def test_what_is_after_the_cut_off_is_marked():
    status, answer = read(b"place,date,rate\nHuimin,2023,36.9\nHuimin,2025,39\n")
    assert status == 200
    assert answer["figures"] == figures.encode(RATES[:1])
    assert "figures:3: Huimin, 2025-12-31, 39 %" in answer["remarks"][0]


def zip_bomb():
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"<" + b"0" * 100_000_000)
    return kept.getvalue()


ENTITIES = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(12))


def entity_bomb():
    """A workbook whose strings blow up when entities are replaced."""
    kept = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["place"]))) as plain,
        zipfile.ZipFile(kept, "w") as packed,
    ):
        for name in plain.namelist():
            content = plain.read(name)
            if "sheet1" in name:
                content = (
                    f'<!DOCTYPE a [<!ENTITY a0 "x">{ENTITIES}]><worksheet>&a12;</worksheet>'
                ).encode()
            packed.writestr(name, content)
    return kept.getvalue()


HOSTILE = [
    b"", b"\0" * 100, b"PK\x03\x04", b"place,date,rate\n", b"a;b;c\n1;2;3\n",
    b"place,date,rate\n<script>alert(1)</script>,2023,36\n",
    b"place,date,rate\n=cmd|' /C calc'!A0,2023,36\n", b"place,date,rate\nHuimin,2023,1e999\n",
    b"place,date,rate\n../../etc/passwd,2023,36\n", b"place,date,rate\nHuimin,2023,0.369\n",
    b"place,date,rate\n" + b"Huimin,2023,36.9\n" * 600, zip_bomb(), entity_bomb(),
    "place,date,rate\nHuimin,2023,36\u202e\n".encode(),
]  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_no_table_of_rates_gets_one_message(source, lang):
    status, answer = read(source, lang)
    assert status == 422
    assert set(answer) == {"message"}
    assert answer["message"].startswith("figures")
    assert len(answer["message"]) < 5000


def test_a_file_over_a_mebibyte_is_refused_unread():
    status, answer = read(b"x" * (MAX_BYTES + 1))
    assert status == 413
    assert "at most 1 MB" in answer["message"]


def test_the_name_of_a_file_of_the_server_is_a_name_of_a_place_and_no_more(tmp_path):
    status, _ = read(f"place,date,rate\n{tmp_path},2023,36\n".encode())
    assert status == 422


# In the address


def opened(text):
    return from_url("en", {"figures": text}, BINZHOU, reported_groups(BINZHOU), "binzhou")


def test_the_address_holds_the_figures():
    session, problem = opened(figures.encode(RATES))
    assert (session.figures, problem) == (RATES, "")
    assert f"figures={figures.encode(RATES)}" in session.url(reported_groups(BINZHOU))


@pytest.mark.parametrize("text", ["x", "371621_20231231", "371621_20231231_nan", "1_2_3~4",
                                  "371621_20231231_369", "999999_20231231_36"])  # fmt: skip
def test_an_address_that_the_page_did_not_make_is_told_and_uses_none(text):
    session, problem = opened(text)
    assert session.figures == ()
    assert problem
    with pytest.raises(ScenarioError):
        figures.decode(text, BINZHOU)


def test_other_figures_forget_what_was_computed_without_them():
    session, _ = opened("")
    session.attribution, session.variance = object(), object()
    session.bring(RATES)
    assert (session.figures, session.attribution, session.variance) == (RATES, None, None)
    assert "2 figures" in figures.summary(RATES).en
