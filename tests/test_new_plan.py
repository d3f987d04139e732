"""The guide to a plan of one's own, followed as it stands: census table, plan, check, verdict."""

import csv
import json
import re
import shlex
from pathlib import Path

import pytest

from tests.census_lines import built, lines_of
from tests.test_docs import DOCS, blocks, text_of
from xiancheng.calibration.region import load
from xiancheng.results.cli import main

DEZHOU = tuple(c.code for c in load("shandong").counties if c.prefecture == "371400")
LANGUAGES = {"zh": "new-plan.md", "en": "new-plan.en.md"}
SMALL = {"--scale": "0.01", "--draws": "2"}  # in place of those of the guide
FEW = {  # what commands take beside it
    "attribute": ["--permutations", "2", "--dose-draws", "2", "--draws", "1"],
    "report": ["--format", "html", "--draws", "2"],
}


def lines_typed(page: Path) -> list[list[str]]:
    return [
        shlex.split(line) for line in re.findall(r"^ {4}xiancheng (.+)$", text_of(page), re.M)
    ]  # fmt: skip


def small(words: list[str]) -> list[str]:
    """The command at a small scale."""
    found = list(words)
    for option, value in SMALL.items():
        if option in found:
            found[found.index(option) + 1] = value
    return found


@pytest.fixture(params=LANGUAGES, scope="module")
def guided(request, tmp_path_factory):
    """A folder with a census table, and the language whose guide is followed in it."""
    folder = tmp_path_factory.mktemp("dezhou")
    rows = lines_of(DEZHOU)
    for name in ("表.csv", "TABLE.csv"):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            columns = sorted({column for row in rows for column in row})
            table = csv.DictWriter(file, columns)
            table.writeheader()
            table.writerows(rows)
    plan, _ = blocks(DOCS / LANGUAGES[request.param], "yaml")
    (folder / "dezhou-plan.yaml").write_text(plan, encoding="utf-8")
    return folder, request.param


def typed(lang, *begin):
    """The first command of the guide that begins with these words."""
    return next(
        line for line in lines_typed(DOCS / LANGUAGES[lang]) if tuple(line[: len(begin)]) == begin
    )


def test_the_guide_leads_from_a_census_table_to_a_verdict(guided, monkeypatch, capsys):
    folder, lang = guided
    monkeypatch.chdir(folder)
    assert main([*typed(lang, "region", "from-census"), "--lang", lang]) == 0
    capsys.readouterr()
    assert main([*typed(lang, "plan", "check"), "--lang", lang, "--json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["measures"], len(verdict["targets"])) == (4, 4)
    assert {each["kind"] for each in verdict["findings"]} == {"missing", "assumed", "note"}
    if lang == "en":  # the numbers are those of the other guide
        return
    assert main([*small(typed(lang, "run", "plan")), "--lang", lang, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    rows = report["verdicts"]
    assert [row["deadline"][:4] for row in rows] == ["2025", "2025", "2030", "2030"]
    assert [row["operator"] for row in rows] == ["at least", "about", "strive for", "more than"]
    assert all(0 <= row["probability"] <= 1 for row in rows)
    assert rows[2]["high"] - rows[2]["low"] > rows[0]["high"] - rows[0]["low"]  # later, less sure
    names = {each["indicator"] for each in report["delivery"]}
    assert names == {f"IM0{n}-1" for n in range(1, 5)}
    text = json.dumps(report, ensure_ascii=False)
    for other in ("滨州", "Binzhou", "邹平", "惠民", "27 项"):
        assert other not in text


def test_measures_of_binzhou_become_templates_that_do_not_speak_of_it(guided, monkeypatch, capsys):
    folder, lang = guided
    monkeypatch.chdir(folder)
    if not (folder / "dezhou").is_dir():
        main(typed(lang, "region", "from-census"))
    for name in ("our-plan", "from-binzhou"):
        assert main([*typed(lang, "plan", "new", name), "--lang", lang]) == 0
    assert main(["plan", "check", "./our-plan", "--lang", "en"]) == 2
    assert "plan.yaml:3:" in capsys.readouterr().err
    every = [file.read_text("utf-8") for file in (folder / "from-binzhou").rglob("*.yaml")]
    written = "".join(re.sub("^#.*", "", text, flags=re.M) for text in every)
    for other in ("滨州", "Binzhou", "沾化", "邹平", "惠民", "阳信", "Huimin", "Zouping"):
        assert other not in written


@pytest.mark.slow
@pytest.mark.parametrize("command", ["attribute", "compare", "report"])
def test_the_other_commands_carry_the_names_of_the_plan(guided, command, monkeypatch, capsys):
    folder, lang = guided
    monkeypatch.chdir(folder)
    if not (folder / "dezhou").is_dir():
        main(typed(lang, "region", "from-census"))
    words = [*small(typed(lang, command)), *FEW.get(command, [])]
    capsys.readouterr()
    assert main([*words, "--lang", lang]) == 0
    text = capsys.readouterr().out
    if command == "report":
        text = next(folder.glob("*.html")).read_text("utf-8")
    name = "老旧小区改造" if lang == "zh" else "Renovated estates"
    assert command == "compare" or name in text
    for other in ("邹平", "惠民", "Zouping", "Huimin", "27 项", "保障措施", "safeguards"):
        assert other not in text


# A pack that names its plan

OWN = """\
title: 两县方案（示例）
issued: 2020-12-31
measures:
  禹城的园区: {lever: 产业与园区岗位, amount: 3000, counties: 禹城, start: 2021Q1, finish: 2021Q4}
  平原的学校: {lever: 城镇学位, counties: {平原县: 900}, start: 2021Q1, finish: 2022Q4}
targets:
  - {counties: 禹城市, operator: 不低于, value: 51%, deadline: 2021年底}
  - {counties: 平原县, operator: 力争, value: 46%, deadline: 2022年底}
"""
SCALE = ["--scale", "0.01", "--jobs", "1"]
SEEK = ["--targets", "T-2", "--confirm", "2", "--regret", "1", "--confirm-scale", "0.01"]
NAMED = {  # what is typed, and what only its plan can have said
    "plan check": "两县方案",
    "check plan": "M02",
    "measures": "方案所定",
    "show ours.yaml --diff plan": "平原的学校",
    "run plan --draws 1": "46",
    "run baseline": "2022-12-31",
    "compare ours.yaml plan": "平原的学校",
    "attribute plan --permutations 1 --draws 0 --dose-draws 1": "平原的学校",
    "sensitivity --factors kappa --trajectories 5": "2022-12-31",
    "sensitivity --verdict --points 8": "2022-12-31",
    f"seek plan --draws 2 {' '.join(SEEK)}": "城镇学位（个）",
    "sweep design.yaml --out sweep": "plan",
    "report plan --draws 1 --format html": "两县方案（示例）：方案照文件实施",
    "score": "",
    "cite": "",
}
RUNS = ("run", "compare", "attribute", "sensitivity", "seek", "report")


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A folder with a pack of two counties that names its plan."""
    folder = tmp_path_factory.mktemp("named")
    with (folder / "table.csv").open("w", encoding="utf-8", newline="") as file:
        rows = lines_of(("371426", "371482"))
        table = csv.DictWriter(file, sorted({column for row in rows for column in row}))
        table.writeheader()
        table.writerows(rows)
    built(folder / "table.csv", folder / "two", ("371400",))
    with (folder / "two" / "region.yaml").open("a", encoding="utf-8") as file:
        file.write("plan: ../own.yaml\n")
    texts = {
        "own": OWN,
        "ours": "name: ours\nbased_on: plan\nmeasures: {M02: {counties: {平原: 0.5}}}\n",
        "design": "name: d\nregion: ./two\nscenarios: plan\nscales: 0.02\n",
    }
    for name, content in texts.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "command",
    [pytest.param(each, marks=pytest.mark.slow) if "--verdict" in each else each for each in NAMED],
)
def test_every_command_takes_the_plan_that_a_pack_names(named, command, monkeypatch, capsys):
    words = command.split()
    monkeypatch.chdir(named)
    words += [] if words[0] == "sweep" else ["--region", "./two"]
    words += SCALE if words[0] in RUNS else []
    assert main(words) == 0
    output = capsys.readouterr()
    text = output.out + output.err
    if words[0] == "report":
        text += next(named.glob("*.html")).read_text("utf-8")
    assert NAMED[command] in text
    for other in ("滨州市深入", "滨州市 2023", "邹平", "惠民", "Zouping", "Huimin", "27 项"):
        assert other not in text


def test_a_pack_that_names_a_plan_that_is_not_there_is_told_so(named, monkeypatch, capsys):
    monkeypatch.chdir(named)
    pack = named / "two" / "region.yaml"
    text = pack.read_text("utf-8")
    pack.write_text(text.replace("own.yaml", "gone.yaml"), encoding="utf-8")
    try:
        assert main(["check", "plan", "--region", "./two", "--lang", "en"]) == 2
    finally:
        pack.write_text(text, encoding="utf-8")
    said = "".join(capsys.readouterr())
    assert "region.yaml: plan: " in said
    assert "gone.yaml" in said
