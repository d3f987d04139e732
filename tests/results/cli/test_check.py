"""`xiancheng check`: what it passes can be run, and what never acts is said."""

import json

import pytest

from tests.small_pack import written
from xiancheng.calibration.errors import ScenarioError
from xiancheng.results.cli import main
from xiancheng.scenarios.design import read_design
from xiancheng.scenarios.loader import load_plan, resolve
from xiancheng.scenarios.trace import inactive_measures

HEAD = "name: mine\ntitle: t\nbased_on: plan\n"


@pytest.fixture
def check(tmp_path, capsys):
    """A function that checks a file of some content: exit code and the object printed for it."""

    def checked(content, name="mine.yaml"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        code = main(["check", str(file), "--json", "--lang", "en"])
        output = capsys.readouterr()
        assert output.err == ""
        report = json.loads(output.out)
        assert report["ok"] == (code == 0)
        (one,) = report["files"]
        return code, one

    return checked


def message(report):
    return "\n".join(problem["message"] for problem in report["problems"])


# What cannot be read


@pytest.mark.parametrize(
    ("content", "output"),
    [
        (b"", "an empty file"),
        (b"# nothing\n", "an empty file"),
        (b"- a\n- b\n", "a mapping of keys"),
        (b"just words\n", "a mapping of keys"),
        ("name：m\n".encode(), "full-width ："),
        ("name: m\ntitle：t\nbased_on: plan\n".encode(), "mine.yaml:2:6: expected an ASCII :"),
        (HEAD.encode() + "measures: {M05: off， M06: off}\n".encode(), "mine.yaml:4:20"),
        (HEAD.encode() + "measures: {M05: {intensity：1.5}}\n".encode(), "full-width ："),
        (HEAD.encode() + b"measures:\n\tM05: off\n", "mine.yaml:5:1: expected spaces"),
        (HEAD.encode("utf-16"), "UTF-16"),
        ("name: m\ntitle: 学位优先\n".encode("gbk"), "GBK"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(check, content, output):
    code, report = check(content)
    assert code == 2
    assert output in message(report)


def test_full_width_signs_in_words_are_let_be(check):
    code, _ = check("name: m\ntitle: 学位：优先，“其余”\npurpose: '（甲）：乙'\nbased_on: plan\n")
    assert code == 0


# What check passes, run takes


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("horizon: {until: 2099-12-31}", "not after 2060"),
        ("horizon: {start: 2015-11-01}", "2015-11-01 is not a census"),
        ("measures: {M05: 7_1.2}", "found '7_1.2'"),
        ("measures: {M05: 0x1}", "found '0x1'"),
        ("measures: {M05: １}", "found '１'"),
        ("measures: {M05: 1e999}", "found '1e999'"),
    ],
)
def test_check_refuses_what_run_refuses(check, tmp_path, capsys, line, output):
    code, report = check(f"{HEAD}{line}\n")
    assert code == 2
    assert output in message(report)
    words = ["run", str(tmp_path / "mine.yaml"), "--lang", "en", "--scale", "0.005"]
    assert main(words) == 2
    assert output in capsys.readouterr().err


def test_counties_by_short_and_former_names_and_dates_of_a_spreadsheet_are_taken(tmp_path):
    file = tmp_path / "mine.yaml"
    counties = "{惠民: 1, 邹平县: 0.5, Boxing County: 0}"
    text = f"{HEAD}horizon: {{until: 2025/12/31}}\nmeasures: {{M08: {{counties: {counties}}}}}\n"
    file.write_text(text, "utf-8")
    scenario = resolve(file)
    assert scenario.setting("M08").counties == {"371621": 1, "371681": 0.5, "371625": 0}
    assert str(scenario.until) == "2025-12-31"


# Names and paths


def test_a_base_may_be_a_path_from_the_folder_of_the_file(tmp_path):
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases/half.yaml").write_text("name: half\ntitle: h\nmeasures: {M05: 0.5}\n")
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\ntitle: t\nbased_on: ./bases/half.yaml\n")
    assert resolve(file).setting("M05").intensity == 0.5
    file.write_text("name: mine\ntitle: t\nbased_on: ./bases/nowhere.yaml\n")
    with pytest.raises(ScenarioError, match=r"mine\.yaml:3:11.*应为已有的 YAML 文件"):
        resolve(file)
    file.write_text("name: mine\ntitle: t\nbased_on: halff\n")
    with pytest.raises(ScenarioError, match="YAML 文件的路径"):
        resolve(file)


def test_a_path_is_never_the_shipped_scenario_of_that_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.yaml").write_text("name: own\ntitle: t\nmeasures: {M05: 0.5}\n")
    assert resolve("plan").name == "plan"
    assert resolve("./plan.yaml").name == resolve("plan.yaml").name == "own"
    with pytest.raises(ScenarioError):
        resolve("./plan")
    assert main(["show", "plan", "--json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["name"] == "plan"
    assert "./plan.yaml" in output.err
    assert main(["show", "./plan.yaml", "--json"]) == 0
    output = capsys.readouterr()
    assert (json.loads(output.out)["name"], output.err) == ("own", "")
    assert main(["check", "./plan.yaml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["kind"] == "scenario"


def test_a_shipped_scenario_is_checked_by_its_path_and_is_not_said_to_hide_another(capsys):
    folder = load_plan().folder
    for file in (folder / "scenarios/plan.yaml", folder / "scenarios/to-2030.yaml"):
        assert main(["check", str(file), "--json"]) == 0
        output = capsys.readouterr()
        assert json.loads(output.out)["files"][0]["kind"] == "scenario"
        assert output.err == ""
    assert main(["check", str(folder / "plan.yaml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"][0]["kind"] == "plan"


def test_who_writes_the_path_is_not_told_to_write_it(tmp_path, monkeypatch, capsys):
    written(tmp_path / "binzhou")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "./binzhou"]) == 0  # --region is binzhou by default
    assert capsys.readouterr().err == ""
    assert main(["check", "binzhou"]) == 0
    assert "./binzhou" in capsys.readouterr().err


def test_a_folder_called_like_a_shipped_scenario_is_no_run_of_that_name(tmp_path, monkeypatch):

    from xiancheng.results.analysis.compare import comparand

    (tmp_path / "plan").mkdir()
    (tmp_path / "plan/run.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert comparand("plan").saved is None


def test_a_base_that_is_shipped_and_beside_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "baseline.yaml").write_text("name: own\ntitle: t\nmeasures: {M05: 0.5}\n")
    (tmp_path / "mine.yaml").write_text("name: mine\ntitle: t\nbased_on: baseline\n")
    assert main(["--lang", "en", "check", "mine.yaml"]) == 0
    assert "'baseline' means the baseline that is shipped" in capsys.readouterr().err


def test_a_design_takes_paths_from_its_own_folder(tmp_path, monkeypatch):
    from tests.small_pack import written

    folder = tmp_path / "designs"
    folder.mkdir()
    written(folder / "binzhou")
    (folder / "mine.yaml").write_text(f"{HEAD}measures: {{M05: off}}\n")
    text = "name: d\nregion: ./binzhou\nscenarios: [./mine.yaml, plan]\nscales: 0.01\n"
    (folder / "design.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    design = read_design(folder / "design.yaml")
    assert [spec.region for spec in design.specs] == [str(folder / "binzhou")] * 2
    assert [spec.scenario.name for spec in design.specs] == ["mine", "plan"]
    digest = design.digest  # before the files are gone
    moved = folder.rename(tmp_path / "moved")
    assert read_design(moved / "design.yaml").digest == digest


def test_a_dict_needs_no_title():
    assert resolve({"name": "mine", "based_on": "plan"}).title.zh == "mine"
    with pytest.raises(ScenarioError, match="name"):
        resolve({"based_on": "plan"})


# What never acts


NEVER = {
    "measures: {M05: {phases: [{from: 2018Q1, until: 2019Q4}]}}": "over before",
    "measures: {M05: {phases: [{from: 2030Q1, until: 2031Q4}]}}": "starts in 2030Q1, after the end",
    "measures: {M05: {delay: 8 quarters}}": "starts in 2026Q1, after the end",
    "measures: {M01: {delay: 6 quarters}}": "felt from 2026Q1 on",
    "measures: {M01: {phases: [{from: 2024Q1, until: 2024Q2}]}}": "over before it is felt",
    "measures: {M05: {phases: [{from: 2018Q1, until: 2018Q4}, {from: 2024Q1, until: 2025Q4}]}}": (
        "the spell 2018Q1–2018Q4 never acts"
    ),
    "horizon: {until: 2023-06-30}": "all 30 measures: never acts, as the end, 2023Q2, is before",
    "measures: {all: {delay: 20 quarters}}": "all 30 measures: never acts",
}


@pytest.mark.parametrize(("line", "output"), NEVER.items())
def test_a_measure_that_never_acts_is_said(check, line, output):
    code, report = check(f"{HEAD}{line}\n")
    assert code == 0
    (sentence,) = report["inactive"]
    assert output in sentence


ACTS = [
    "measures: {M05: {phases: [{from: 2024Q1, until: 2025Q4}]}}",
    "measures: {M05: off}",
    "measures: {M05: {delay: 2 quarters}}",
    "horizon: {until: 2030-12-31}\nmeasures: {M05: {delay: 8 quarters}}",
]


@pytest.mark.parametrize("line", ACTS)
def test_of_a_measure_that_acts_or_is_off_nothing_is_said(check, line):
    code, report = check(f"{HEAD}{line}\n")
    assert (code, report["inactive"]) == (0, [])


def test_shipped_scenarios_ask_for_nothing_that_never_acts():
    from xiancheng.scenarios.loader import load_plan

    assert not any(inactive_measures(resolve(name)) for name in load_plan().scenario_files())


def test_run_says_it_too(tmp_path, capsys):
    file = tmp_path / "mine.yaml"
    file.write_text(f"{HEAD}measures: {{M05: {{delay: 8 quarters}}}}\n")
    words = ["run", str(file), "--scale", "0.005", "--out", str(tmp_path / "runs"), "--json"]
    assert main([*words, "--lang", "en"]) == 0
    remarks = json.loads(capsys.readouterr().out)["remarks"]
    assert any("M05: never acts" in remark for remark in remarks)


def test_check_prints_one_object_for_all_files(tmp_path, capsys):
    (tmp_path / "bad.yaml").write_bytes(b"")
    assert (
        main(["--json", "check", "plan", "binzhou", "schools-first", str(tmp_path / "bad.yaml")])
        == 2
    )
    report = json.loads(capsys.readouterr().out)
    assert [each["ok"] for each in report["files"]] == [True, True, True, False]
    assert [each["kind"] for each in report["files"]] == ["plan", "region", "scenario", "scenario"]
    assert report["files"][0]["notes"]
