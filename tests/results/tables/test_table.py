"""The table model and its renderers: the same numbers everywhere, and no cell a formula."""

import csv
from html.parser import HTMLParser
from io import StringIO

import pytest
from ruamel.yaml import YAML

from xiancheng.results.tables import labels, render
from xiancheng.results.tables.table import Column, Table

COLUMNS = (
    Column("place", "地区"),
    Column("expected", "有方案", "%", 1),
    Column("effect", "方案", "百分点", 2, signed=True),
)
TABLE = Table(
    "verdicts", "判定", COLUMNS, (("=甲县", 63.379, -0.5), ("乙县", 58.0, None)),
    source="运行 x", notes=("一", "<二>"),
)  # fmt: skip
TEXTS = [["=甲县", "63.4", "-0.50"], ["乙县", "58.0", "–"]]


class Cells(HTMLParser):
    """The cells of an HTML table, by row, and all other text."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.others, self.inside = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        self.inside = tag in ("td", "th")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        (self.rows[-1] if self.inside else self.others).append(data)


@pytest.mark.parametrize(
    ("column", "cell", "reads"),
    [
        (Column("x", "x", "%", 2), 63.379, "63.38"),
        (Column("x", "x", "points", 2, signed=True), 0.2149, "+0.21"),
        (Column("x", "x", "points", 2, signed=True), -0.001, "0.00"),
        (Column("x", "x", "points", 2), -1.5, "-1.50"),
        (Column("x", "x", "persons", 0), 1234567, "1,234,567"),
        (Column("x", "x", "persons", -2), 1234567.8, "1,234,600"),
        (Column("x", "x", "mixed", "free"), 0.0833333, "0.0833"),
        (Column("x", "x", "mixed", "free"), 24000.0, "24,000"),
        (Column("x", "x", "%", 0), None, "–"),
        (Column("x", "x", "%", 0), float("nan"), "–"),
        (Column("x", "x", "%", 0, chance=True), 0.4, "<1"),
        (Column("x", "x", "%", 0, chance=True), 99.6, ">99"),
        (Column("x", "x"), "=cmd()", "=cmd()"),
    ],
)
def test_a_number_reads_as_its_column_says(column, cell, reads):
    assert column.text(cell) == reads


def test_every_renderer_prints_the_same_numbers(capsys):
    render.show(TABLE)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line.strip("│").split("│")] for line in lines] == TEXTS
    assert render.markdown(TABLE).splitlines()[2:] == [f"| {' | '.join(row)} |" for row in TEXTS]
    shown = Cells(render.html(TABLE))
    assert shown.rows[1:] == [["'=甲县", *TEXTS[0][1:]], TEXTS[1]]
    assert shown.others == ["判定", "一", "<二>", "运行 x"]


def test_csv_and_json_hold_raw_values_under_the_keys_of_columns():
    assert TABLE.records()[0] == {"place": "=甲县", "expected": 63.379, "effect": -0.5}
    content = render.csv(TABLE)
    assert content.startswith("\ufeff".encode())
    rows = [*csv.reader(StringIO(content.decode("utf-8-sig")))]
    assert rows == [
        ["place", "expected", "effect"],
        ["'=甲县", "63.379", "-0.5"],
        ["乙县", "58.0", ""],
    ]


def test_markdown_in_two_languages_says_once_what_is_alike():
    english = Table("t", "t", (Column("a", "90% interval"),), (("1.5",),))
    chinese = Table("t", "t", (Column("a", "90% 区间"),), (("1.5",),))
    assert render.markdown(chinese, english) == "| 90% 区间 interval |\n|---|\n| 1.5 |"


def test_a_table_has_the_columns_that_its_rows_have():
    rows = [{"date": "2020", "without": 1.0, "with": 2.0}]
    table = labels.table("path", rows, "en", where="Huimin", low=5, high=95)
    assert table.title == "Resident urbanization rate, Huimin"
    assert [column.key for column in table.columns] == ["date", "without", "with"]
    assert table.column("with") == [2.0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_column_has_a_label_and_a_known_unit_in_both_languages(lang):
    for table in YAML(typ="safe").load(labels.read("columns.yaml")):
        given = {"year": 2020, "low": 5, "high": 95, "probability": 0.9}
        columns = labels.columns(table, lang, **given, spread="90%", letter="A")
        assert all(column.label and "{" not in column.label for column in columns.values())
