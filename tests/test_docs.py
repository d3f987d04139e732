"""What the documents say is so: commands parse, names exist, examples run, pages keep up."""

import csv
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import xiancheng
from tests.test_house import RULES
from xiancheng.calibration import posterior
from xiancheng.calibration.forecasts.melding import SINGLE
from xiancheng.calibration.priors import catalogue
from xiancheng.results.cli import main, parsed
from xiancheng.results.text import Say

HOUSE = Path(__file__).parent.parent
DOCS = HOUSE / "docs"
FLOORS = ("sim", "calibration", "scenarios", "results")
PAGES = sorted([*DOCS.glob("*.md"), *HOUSE.glob("README*.md"), HOUSE / "CONTRIBUTING.md"])
PAIRS = sorted(page for page in PAGES if page.name.endswith(".en.md"))
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
each_pair = pytest.mark.parametrize("english", PAIRS, ids=lambda page: page.name)


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@cache
def maker(name: str):
    """A file of docs/ that writes a page, as a module."""
    spec = spec_from_file_location(name, DOCS / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)


def chinese(english: Path) -> Path:
    return english.with_name(english.name.replace(".en.md", ".md"))


# Commands and names


def commands(page: Path) -> list[list[str]]:
    """Every command line of ours that stands in a block of a page, without its comment."""
    lines = re.findall(r"^ *xiancheng (.+)$", text_of(page), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


ALL_COMMANDS = [(page.name, command) for page in PAGES for command in commands(page)]


@pytest.mark.parametrize(
    "command", [c for _, c in ALL_COMMANDS], ids=[f"{p}: {' '.join(c)}" for p, c in ALL_COMMANDS]
)
def test_a_command_that_is_told_can_be_typed(command):
    assert parsed(command, Say("en")).command


@each_page
def test_a_make_target_that_is_told_exists(page):
    named = set(re.findall(r"(?:^ +|`)make (\w[\w-]*)", text_of(page), re.MULTILINE))
    assert named <= set(re.findall(r"^([\w-]+):", text_of(HOUSE / "Makefile"), re.MULTILINE))


@each_page
def test_links_lead_to_files_that_are_there(page):
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)", prose)
    inside = [target for target in targets if "://" not in target]
    assert [t for t in inside if not (page.parent / t).exists()] == []


@each_page
def test_paths_that_are_told_exist(page):
    floors = "sim|calibration|scenarios|results|tests|benchmarks|docs"
    named = re.findall(rf"`((?:{floors})/[\w./-]+\.\w+)", text_of(page))
    written = "results/runs/", "docs/validation.md"  # by commands, later
    missing = [name for name in named if not (HOUSE / name).exists()]
    assert [name for name in missing if not name.startswith(written)] == []


@pytest.mark.parametrize("page", ["model.md", "model.en.md"])
def test_functions_and_classes_that_the_model_names_exist(page):
    equations = maker("equations")
    for file, name in equations.listed(text_of(DOCS / page)):
        files = [HOUSE / folder / file for folder in ("", "sim", "calibration", "scenarios")]
        sources = [text_of(each) for each in files if each.is_file()]
        *_, last = name.split(".")
        found = [s for s in sources if re.search(rf"^ *(def|class) {last}\b", s, re.MULTILINE)]
        assert found, f"{file} has no {name}"


@pytest.mark.parametrize("page", ["model.md", "model.en.md"])
def test_every_name_in_the_model_is_one_of_the_code_or_of_a_table(page):
    """`name` stands somewhere; `owner.name` is made in the module, or in a class, of that name."""
    code = {file: text_of(file) for folder in FLOORS for file in (HOUSE / folder).rglob("*.py")}
    tables = [
        HOUSE / "calibration/parameters.yaml",
        *(HOUSE / "calibration").rglob("catalogue.csv"),
    ]
    words = set(re.findall(r"\w+", "\n".join([*code.values(), *map(text_of, tables)])))
    known = re.compile(r"mesa\.Agent|.*\.(py|yaml|md|csv|json)")
    missing = []
    for each in set(re.findall(r"`([A-Za-z_][\w.]*)`", text_of(DOCS / page))):
        *owners, name = each.split(".")
        defined = re.compile(rf"^ *((def|class) {name}\b|{name} *[:=])", re.M)
        owner = re.compile(rf"^class {owners[-1]}\b", re.M) if owners else None
        of_owner = [
            text
            for file, text in code.items()
            if owner and (file.stem == owners[-1] or owner.search(text))
        ]
        found = any(map(defined.search, of_owner)) if owners else name in words
        if not (found or known.fullmatch(each)):
            missing.append(each)
    assert missing == []


# Two languages


@each_pair
def test_a_page_in_two_languages_has_the_same_sections(english):
    headings = [re.findall(r"^(#+)", text_of(page), re.M) for page in (english, chinese(english))]
    assert headings[0] == headings[1]


@each_pair
def test_a_page_in_two_languages_has_the_same_examples(english):
    def typed(page: Path) -> list[list[str]]:
        spoken = re.compile(r"--lang|en|[^\x00-\x7f].*|Huimin|Yangxin|.*<.*>|[A-Z]+\.csv")
        return [[w for w in command if not spoken.fullmatch(w)] for command in commands(page)]

    assert Counter(map(tuple, typed(english))) == Counter(map(tuple, typed(chinese(english))))


# Examples


@pytest.mark.parametrize("name", ["guide-researcher.md", "guide-researcher.en.md"])
def test_the_examples_for_researchers_run(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for number, block in enumerate(blocks(DOCS / name, "python")):
        script = Path(f"{number}.py")
        script.write_text(block, encoding="utf-8")
        runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr().out
    assert "job_mover_share" in printed
    worth, rows = re.search(r"^(?:worth|有效抽样) (\d+) / (\d+)$", printed, re.M).groups()
    assert 100 < int(worth) < int(rows)  # else the example shows how not to do it
    assert posterior.load("mine").values.shape[0] == int(rows)


@pytest.mark.parametrize("name", ["guide-policy.md", "guide-policy.en.md"])
def test_the_scenarios_for_policy_staff_are_well_formed(name, tmp_path):
    scenarios = list(blocks(DOCS / name, "yaml"))
    assert len(scenarios) == 2
    for written in scenarios:
        file = tmp_path / "ours.yaml"
        file.write_text(written, encoding="utf-8")
        assert main(["check", str(file)]) == 0


@pytest.mark.slow
def test_the_guide_for_batch_users_works_from_design_to_table(tmp_path, monkeypatch, capsys):
    guide = DOCS / "guide-batch.en.md"
    (design,) = blocks(guide, "yaml")
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(design, encoding="utf-8")
    for command in commands(guide):
        if command[0] == "sweep":
            assert main(command) == 0
    run = next(Path("small/runs").iterdir())
    assert main(["reproduce", str(run)]) == 0
    capsys.readouterr()
    for number, block in enumerate(blocks(guide, "python")):
        Path(f"{number}.py").write_text(block, encoding="utf-8")
        runpy.run_path(f"{number}.py")
    assert "effect_pp" in capsys.readouterr().out


# Pages that follow from the code


def test_the_page_of_equations_is_as_the_model_and_the_code_have_it():
    assert text_of(DOCS / "equations.md") == maker("equations").page(), "run `make pages`"


def test_the_data_dictionary_is_as_the_registers_have_it():
    assert text_of(DOCS / "data-dictionary.md") == maker("data_dictionary").page(), "make pages"


def test_the_page_of_commands_is_as_help_has_them():
    assert text_of(DOCS / "commands.md") == maker("commands").page(), "run `make pages`"


def test_every_public_name_stands_in_the_page_of_python():
    named = re.findall(r"`xiancheng\.(\w+)`", text_of(DOCS / "python.md"))
    assert sorted(named) == sorted(xiancheng.__all__)


def test_every_rule_stands_in_the_page_of_equations():
    mapped = {(each.file, each.name) for _, each in maker("equations").table()}
    rules = {(f"sim/{rule}.py", name) for rule, names in RULES.items() for name in names}
    assert rules - mapped == set(), "name them beside their equation in docs/model*.md"


def test_both_languages_name_the_same_functions_beside_their_equations():
    equations = maker("equations")
    zh, en = (equations.sections(page) for page in equations.PAGES)
    assert zh.keys() == en.keys()
    for number, section in zh.items():
        assert equations.named(section).keys() <= equations.named(en[number]).keys(), number


def test_the_model_counts_its_parameters_right():
    parameters = list(catalogue())
    grades = Counter(each.grade for each in parameters)
    free = sum(each.estimable == "free" for each in parameters)
    page = text_of(DOCS / "model.en.md")
    assert (
        f"Of {len(parameters)} parameters {grades['S']} rest on strong evidence (S), {grades['W']} "
        f"on weak (W), {grades['A']} are assumptions (A); {free} are marked `free`" in page
    )
    assert f"| {free} may be estimated;" in page
    assert f"只有 {free} 个可估；" in text_of(DOCS / "model.md")
    assert f"beside {NUMBERS[len(SINGLE)]} statistical forecasts" in page


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMERALS = "零一二三四五六七八九十"


def test_pages_say_what_the_page_of_the_estimate_says_of_its_parameters():
    section = text_of(DOCS / "identifiability.md").split("\n## 参数")[1].split("\n## ")[0]
    groups = Counter(re.findall(r"^\| [a-z_]+ .* \| (\S+) [a-z, ]+ \|$", section, re.M))
    assert groups.total() == sum(each.estimable == "free" for each in catalogue())
    weak, moved, none = groups["弱识别"], groups["移动而未收窄"], groups["数据未提供信息"]
    assert (
        f"{NUMBERS[weak]} are weakly identified, {NUMBERS[moved]} moved without getting narrower, "
        f"of {NUMBERS[none]} the data say nothing" in text_of(DOCS / "model.en.md")
    )
    assert (
        f"{NUMERALS[weak]}个弱识别，{NUMERALS[moved]}个移动而未收窄，对其余{NUMERALS[none]}个数据未提供信息"
        in text_of(DOCS / "model.md")
    )
    assert f"censuses tell something of {NUMBERS[weak]}, weakly" in text_of(HOUSE / "README.en.md")
    assert f"普查数据只能弱地说明{NUMERALS[weak]}个" in text_of(HOUSE / "README.md")


def test_prose_quotes_the_record_of_hindcasts():
    """What README and limits say of counties left out is what the record that is shipped holds."""
    file = HOUSE / "calibration/regions/binzhou/hindcast.csv"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = {r["forecaster"]: r for r in csv.DictReader(lines) if r["left_out"] == "unit"}
    runs, estimate, level = (rows[name] for name in ("model_runs", "model", "stacked"))
    best = min(float(rows[forecast.name]["mae"]) for forecast in SINGLE)
    mae, r, cover = float(runs["mae"]), float(runs["r"]), 100 * float(estimate["cover_80"])
    assert runs["fell_inside_95"] == level["fell_inside_95"] == "2"
    assert estimate["fell_inside_95"] == estimate["fell"] == "4"
    of_record = re.search(r"^\| 县内迁入者.*", text_of(DOCS / "validation.md"), re.M)[0].split(
        " | "
    )
    census, error, model = (f"{float(cell):.2f}" for cell in of_record[2:5])
    quoted = {
        "docs/limits.en.md": [
            f"missed by {mae:.1f} points on average, r {r:.2f} with", f"hold {cover:.0f} % of",
            f"(slope +{census}, s.e. {error})", f"rises less ({model})",
        ],
        "docs/limits.md": [
            f"平均差 {mae:.1f} 点，与实际变化的相关 {r:.2f}", f"80% 区间含 {cover:.0f}% 的县",
            f"斜率 +{census}，标准误 {error}", f"升得更少（−{model[1:]}）",
        ],
        "README.en.md": [
            f"mechanisms alone is {mae:.1f} points", f"best single forecast {best:.1f},",
            f"misses by {float(estimate['mae']):.1f} and is too wide (its 80 % hold {cover:.0f} %",
        ],
        "README.md": [
            f"平均绝对误差是 {mae:.1f} 点", f"最好的单一预测 {best:.1f} 点",
            f"估计误差 {float(estimate['mae']):.1f} 点，区间偏宽（80% 区间含 {cover:.0f}% 的县）",
        ],
    }  # fmt: skip
    for page, parts in quoted.items():
        assert [part for part in parts if part not in text_of(HOUSE / page)] == [], page


CHECKLIST = {
    "I.i", "I.ii.a–b", "I.ii.c", "I.ii.d–e", "I.iii", "II.i.a–b", "II.i.c", "II.i.d–e", "II.ii.a",
    "II.ii.b–c", "II.ii.d", "II.ii.e", "II.ii.f–g", "II.ii.h", "II.iii.a–b", "II.iv.a–b", "II.iv.c",
    "II.iv.d–e", "II.v", "II.vi.a–b", "II.vi.c–d", "II.vii", "II.viii.a–b", "II.ix", "II.x.a–b",
    "III.i.a", "III.i.b", "III.ii.a–c", "III.iii", "III.iv.a–c",
}  # fmt: skip


@pytest.mark.parametrize("page", ["model.md", "model.en.md"])
def test_every_question_of_odd_d_is_answered(page):
    rows = re.findall(r"^\| (I{1,3}\.[\w.–]+) \| (.+?) \| (.+?) \|$", text_of(DOCS / page), re.M)
    assert {item for item, _, answer in rows if answer.strip()} == CHECKLIST


# Citation and licences


def test_the_citation_is_complete_and_of_this_version():
    citation = YAML(typ="safe").load(text_of(HOUSE / "CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "type", "license", "version"} <= citation.keys()
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert [author.keys() for author in citation["authors"]] == [{"name"}]  # an entity, no person


def test_a_run_needs_no_more_than_fifteen_direct_dependencies_and_their_licences_are_told():
    licences = maker("licences")
    direct = {each.name.replace(".", "-") for each in licences.parts()[licences.CORE]}
    rows = re.findall(
        r"^\| (\S+) \| ([\w, ]+) \| (✓?) \| (.*) \|$", text_of(DOCS / "licences.md"), re.M
    )
    core = {name: licence for name, part, _, licence in rows if part == licences.CORE}
    assert len(direct) <= 15
    assert direct <= {name for name, _, mark, _ in rows if mark}
    assert {name for name in licences.closure(licences.parts()[licences.CORE])} <= core.keys()
    assert all(core.values())


# The site


class Loads(HTMLParser):
    """What a page makes the browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        sources = [given.get(key) or "" for key in ("src", "srcset", "data", "poster", "action")]
        links = given.get("href") or "" if tag in ("link", "base", "use", "image") else ""
        self.addresses += [
            *sources,
            links,
            *re.findall(r"url\(([^)]*)\)", given.get("style") or ""),
        ]


OUTSIDE = re.compile(r"^\W*(https?:)?//")


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_outside(tmp_path):
    if not all(find_spec(name) for name in ("sphinx", "furo", "myst_parser")):
        pytest.skip("needs xiancheng[docs]")
    site = tmp_path / "site"
    build = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"]
    done = subprocess.run([*build, str(DOCS), str(site)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for page in site.rglob("*.html"):
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert [a for a in loads.addresses if OUTSIDE.match(a)] == [], page.name
    for style in site.rglob("*.css"):
        sheet = style.read_text(encoding="utf-8")
        fetched = re.findall(r"url\(([^)]*)\)|@import\s+([^;]*)", sheet)
        assert [a for pair in fetched for a in pair if OUTSIDE.match(a)] == [], style.name
    for script in site.rglob("*.js"):
        code = script.read_text(encoding="utf-8")
        assert not re.search(r"(fetch|import|open|src=)\W{0,3}(https?:)?//", code), script.name
    assert (site / "reference/xiancheng.sim.departure.html").exists()
    doors = (site / "reference/xiancheng.html").read_text(encoding="utf-8")
    assert 'id="xiancheng.simulate"' in doors
    assert not list(site.rglob("*results.cli*"))
    searched = (site / "_static/language_data.js").read_text(encoding="utf-8")
    stemmer = re.search(r"window\.Stemmer = (\w+);", searched)[1]
    assert f"var {stemmer}=" in searched, "the search page would stop"
