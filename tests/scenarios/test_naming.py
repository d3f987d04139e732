"""What scenarios and plans are called: changed as changed, applied elsewhere as applied."""

import csv
import json
import shutil
from dataclasses import replace
from itertools import chain
from types import SimpleNamespace

import pytest

from tests.census_lines import built, lines_of
from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.naming import place, place_names
from xiancheng.calibration.region import load
from xiancheng.calibration.region.census_table import COLUMNS
from xiancheng.results.analysis.compare import comparands
from xiancheng.results.analysis.result import read_printed, scenario_digest
from xiancheng.results.cli import batch, main
from xiancheng.results.report import sections
from xiancheng.results.report.build import file_name
from xiancheng.results.tables import assumptions, plan_result, verdicts
from xiancheng.results.tables.labels import dated
from xiancheng.results.verdict.verdict import Verdict
from xiancheng.scenarios.diff import called, differences
from xiancheng.scenarios.ensemble import ensemble
from xiancheng.scenarios.loader import resolve
from xiancheng.scenarios.run_spec import RunSpec, horizon

HERE, SCALE = load("binzhou"), 0.005
PLAN = {"name": "plan", "title": {"zh": "方案照文件实施", "en": "The plan as written"}}
CHANGED = PLAN | {
    "based_on": "plan", "measures": {"M12": 2}, "conditions": {"recoding": "frozen"},
}  # fmt: skip
TARGETS = """
targets:
  - {id: D-1, name: {zh: 禹城市目标, en: Yucheng}, counties: [371482], value: 60,
     operator: at least, wording: 60%, deadline: 2025-12-31}
  - {id: D-2, name: {zh: 平原县目标, en: Pingyuan}, counties: [371426], value: 55,
     operator: at least, wording: 55%, deadline: 2025-12-31}
  - {id: D-3, name: {zh: 禹城市目标, en: Yucheng}, counties: [371482], value: 65,
     operator: at least, wording: 65%, deadline: 2030-12-31}
"""


@pytest.fixture(scope="module")
def dezhou(tmp_path_factory):
    """A pack of two counties that the plan does not speak of; one has targets for two years."""
    folder = tmp_path_factory.mktemp("pack")
    with (folder / "census.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines_of(("371426", "371482")))
    built(folder / "census.csv", folder / "made", ("371400",))
    shutil.copytree(folder / "made", folder / "dezhou")
    pack = folder / "dezhou" / "region.yaml"
    pack.write_text(pack.read_text(encoding="utf-8") + TARGETS, encoding="utf-8")
    return folder / "dezhou"


@pytest.fixture(scope="module")
def abroad(dezhou):
    """The plan carried out there to the end of 2030, as the subject of a document."""
    plan = horizon(resolve("plan", dezhou), None, "2030-12-31")
    return plan_result.of_pair(ensemble(plan, draws=0, region=dezhou, scale=0.02), run="plan-0123")


def texts(record, lang):
    """Everything that a document says."""
    document = sections.document(record, lang)
    for section in document.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, str):
                yield block
            elif hasattr(block, "items"):
                yield from block.items
            else:
                shown = getattr(block, "table", block)
                yield from (shown.title, shown.source, *shown.notes, *chain(*shown.texts()))
    yield from (document.title, document.subtitle, document.header)


# Changed


def test_a_changed_scenario_is_never_called_by_the_unchanged_name():
    assert called(resolve("plan"), HERE).zh == "方案照文件实施"
    assert called(resolve(PLAN | {"based_on": "plan"}), HERE).en == "The plan as written"
    assert called(resolve(CHANGED), HERE).zh == "方案照文件实施（有改动 2 项）"
    assert called(resolve(CHANGED | {"name": "draft"}), HERE).en.endswith("(2 changes)")
    project = PLAN | {"based_on": "plan", "measures": {"P1": 1.6}}
    assert called(resolve(project), HERE).zh.endswith("（有改动 1 项）")
    own = CHANGED | {"title": "学校加倍"}
    assert called(resolve(own), HERE).zh == "学校加倍"


def test_a_later_end_is_no_change_of_a_scenario():
    assert called(horizon(resolve("plan"), None, "2030-12-31"), HERE).zh == "方案照文件实施"


def test_a_file_without_a_title_is_called_by_its_own_name(tmp_path):
    file = tmp_path / "更多学校.yaml"
    file.write_text("name: plan\nbased_on: plan\nmeasures: {M12: 2}\n", encoding="utf-8")
    assert called(resolve(file), HERE).zh == "更多学校"
    assert [side.name for side in comparands(["plan", str(file)], None)] == ["plan", "更多学校"]


def test_a_document_names_the_changes_and_lists_every_setting():
    record = plan_result.of_pair(ensemble(resolve(CHANGED), draws=0, scale=SCALE), run="plan-0123")
    tables = {table.key: table for table in sections.document(record, "zh").tables()}
    rows = tables["differences"].texts()
    assert [row[0][:4] for row in rows] == ["城乡代码", "M12 "]
    assert "按趋势划转 → 冻结" in rows[0]
    assert "76 → 152" in rows[1][1]
    first = sections.document(record, "zh").sections[1].blocks  # after the page for leaders
    assert tables["differences"] in first
    settled = {row[0][:3]: row[1] for row in tables["settings"].rows}
    assert (settled["M12"], settled["M01"]) == (2, 1)
    everything = [*texts(record, "zh")]
    unmarked = [t for t in everything if "方案照文件实施" in t and "有改动 2 项" not in t]
    assert not unmarked
    assert file_name(record, "zh").startswith("滨州市_方案照文件实施（有改动_2_项）_20")


def test_what_is_as_written_is_said_to_be():
    record = SimpleNamespace(scenario=resolve("plan"), region=HERE)
    assert "没有" in assumptions.changes(record, "zh")


def test_dropped_measures_share_a_line():
    few = resolve({"name": "few", "title": "t", "based_on": "baseline", "measures": {"M12": 1}})
    rows = assumptions.departures(SimpleNamespace(scenario=few, region=HERE))
    assert len(rows) < 10
    assert "M11、M13、M14、M15、S1、S2、S3" in rows[-1].change.zh


# Applied elsewhere


def test_outside_its_city_a_plan_is_called_applied(dezhou):
    region = load(dezhou)
    assert called(resolve("plan"), region).zh == "滨州市 2023 年方案（套用）：方案照文件实施"
    assert called(resolve("plan"), region).en.startswith(
        "Binzhou's plan of 2023 (applied elsewhere)"
    )
    assert called(resolve("baseline"), region).zh == resolve("baseline").title.zh


def test_a_document_of_another_region_has_no_tasks_dates_or_caveats_of_the_plan(abroad):
    for lang in ("zh", "en"):
        output = [*texts(abroad, lang)]
        assert not any(
            "2023-12-29" in text or "沾化" in text or "Zhanhua" in text for text in output
        )
        keys = {section.key for section in sections.document(abroad, lang).sections}
        assert not keys & {"delivery", "caveats"}
        title = sections.document(abroad, lang).subtitle
        assert {"zh": "滨州市 2023 年方案（套用）", "en": "Binzhou's plan of 2023"}[lang] in title


def test_names_of_places_have_one_order():
    """Whatever the seed of Python's hashes: errors list names, and the first of equals is meant."""
    two = [SimpleNamespace(code="371621", zh="惠民县", en="Huimin"),
           SimpleNamespace(code="371622", zh="阳信县", en="Yangxin")]  # fmt: skip
    assert list(place_names(two)) == [
        "惠民县", "Huimin", "371621", "阳信县", "Yangxin", "371622",
        "惠民", "huimin", "阳信", "yangxin",
    ]  # fmt: skip


def test_a_name_with_the_wrong_kind_of_unit_is_no_place():
    """惠民区 does not exist: it is refused with the nearest name, and not taken for 惠民县."""
    names = place_names([SimpleNamespace(code="371621", zh="惠民县", en="Huimin")])
    assert place("惠民区", names) is None
    assert place("惠民", names) == place("Huimin County", names) == "371621"


def test_county_settings_take_the_counties_of_the_region(dezhou, tmp_path, capsys):
    file = tmp_path / "own.yaml"
    file.write_text(
        "name: own\ntitle: t\nbased_on: plan\nmeasures: {M02: {counties: {禹城市: 1.5}}}\n", "utf-8"
    )
    there = resolve(file, dezhou)
    assert there.setting("M02").counties == {"371482": 1.5}
    assert resolve(there.resolved(), dezhou).settings == there.settings
    with pytest.raises(ScenarioError, match="滨城区、沾化区"):
        resolve(file)
    with pytest.raises(ScenarioError, match="平原县、禹城市"):
        resolve({"name": "x", "based_on": "plan", "measures": {"M02": {"counties": {"惠民县": 1}}}},
                dezhou)  # fmt: skip
    assert main(["check", str(file), "--region", str(dezhou)]) == 0
    assert main(["check", str(file)]) == 2
    capsys.readouterr()


def test_quantities_of_the_city_are_not_listed_elsewhere(dezhou):
    region = load(dezhou)
    more = resolve({"name": "x", "based_on": "plan", "measures": {"M12": 1.5}})
    assert [d.text() for d in differences(resolve("plan"), more, region)] == ["M12：力度 1 -> 1.5"]
    assert "76 -> 114" in differences(resolve("plan"), more, HERE)[0].text()
    local = resolve({"name": "x", "based_on": "plan",
                     "measures": {"M02": {"counties": {"禹城市": 0.5}}}}, dezhou)  # fmt: skip
    assert "禹城市 1 -> 0.5" in differences(resolve("plan"), local, region)[0].text()


# Two deadlines


def test_two_deadlines_of_a_place_are_told_apart(abroad):
    rows = abroad.verdicts.to_dict("records")
    assert [str(row["deadline"]) for row in rows] == ["2025-12-31", "2025-12-31", "2030-12-31"]
    assert [dated(row, rows, "zh") for row in rows][::2] == [
        "禹城市（2025-12-31）", "禹城市（2030-12-31）"
    ]  # fmt: skip
    for table in ("verdicts", "parts"):
        found = next(t for t in sections.document(abroad, "zh").tables() if t.key == table)
        assert [row[1] for row in found.texts()] == [str(row["deadline"]) for row in rows]
    output = " ".join(sections.answers(abroad, "zh")["met"])
    assert "禹城市（2030-12-31）" in output
    assert "禹城市 " not in output


def test_the_chance_of_all_is_by_deadline(abroad):
    judged = Verdict.of(abroad.both)
    met = judged.met(judged.scenario)
    record = {
        day: (n, having) for day, n, _, having in verdicts.joint_probabilities(abroad.verdicts)
    }
    assert record["2025-12-31"] == (2, pytest.approx(met[:, :2].all(axis=1).mean(), abs=1e-6))
    assert record["2030-12-31"] == (3, pytest.approx(met.all(axis=1).mean(), abs=1e-6))


def test_what_is_not_judged_is_named(abroad, dezhou):
    pack, scenario, groups = load(dezhou), resolve("plan"), abroad.both.scenario.groups
    record = verdicts.limits(pack, groups, scenario.start, scenario.until, "zh")
    assert len(record) == 1
    assert "终点设为 2030-12-31" in record[0]
    assert "65%" in record[0]
    last = abroad.both.scenario.dates[-1]
    found = verdicts.limits(pack, groups, scenario.start, last, "zh")
    assert not [note for note in found if "D-" in note]


def test_seek_asks_which_of_two_targets_is_meant(dezhou, capsys):
    code = main(["seek", "--region", str(dezhou), "--scale", "0.02", "--draws", "2", "--confirm",
                 "1", "--regret", "0", "--targets", "禹城市", "--until", "2030-12-31"])  # fmt: skip
    record = capsys.readouterr().err
    assert code == 2
    assert "D-1（≥60%，2025-12-31）" in record
    assert "D-3（≥65%，2030-12-31）" in record
    code = main(["seek", "--region", str(dezhou), "--scale", "0.02", "--draws", "2", "--confirm",
                 "1", "--regret", "0", "--targets", "D-3"])  # fmt: skip
    assert code == 2
    assert "--until 2030-12-31" in capsys.readouterr().err


def test_compare_shows_deadlines_and_the_plan_as_applied(dezhou, capsys):
    words = ["compare", "baseline", "plan", "--region", str(dezhou), "--scale", "0.02", "--jobs",
             "1"]  # fmt: skip
    assert main([*words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert {row["deadline"] for row in record["targets"]} == {"2025-12-31"}
    assert {row["county"] for row in record["targets"]} == {"禹城市", "平原县"}
    assert any("滨州市 2023 年方案（套用）" in line for line in record["remarks"])
    assert any("2030-12-31" in line for line in record["remarks"])
    assert not any("70,000" in line for line in record["inputs"]["plan"])


def test_a_sweep_names_the_targets_that_it_does_not_judge(dezhou):
    """Once each, whatever the number of scenarios; with an end after all deadlines none."""
    specs = [RunSpec.of(name, region=str(dezhou)) for name in ("plan", "baseline")]
    late = [t for t in load(dezhou).targets if t.deadline > specs[0].scenario.until]
    notes = batch.unjudged(specs, "zh")
    assert late
    assert len(notes) == len(late)
    assert all(target.id in note for target, note in zip(late, notes, strict=True))
    assert "horizon.until" in notes[0]  # the way that a design has
    last = max(target.deadline for target in late)
    longer = [spec.running(replace(spec.scenario, until=last)) for spec in specs]
    assert batch.unjudged(longer, "zh") == []


def test_a_sweep_gives_the_targets_that_it_does_not_judge_to_programs_too(dezhou, tmp_path, capsys):
    design = f"name: d\nregion: {dezhou}\nscenarios: plan\nscales: {SCALE}\n"
    (tmp_path / "d.yaml").write_text(design, "utf-8")
    words = ["sweep", str(tmp_path / "d.yaml"), "--out", str(tmp_path / "out"), "--lang", "en"]
    assert main([*words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [line.partition(" is not judged")[0] for line in record["remarks"]] == ["Target D-3"]
    assert {row["target"] for row in record["targets"]} == {"D-1", "D-2"}


def test_show_says_where_a_plan_is_applied_to_another_region(dezhou, capsys):
    for words in (["show", "plan"], ["show", "plan", "--diff", "baseline"]):
        assert main([*words, "--region", str(dezhou), "--lang", "en"]) == 0
        assert "does not speak of these counties" in capsys.readouterr().err
        assert main([*words, "--lang", "en"]) == 0
        assert not capsys.readouterr().err
    assert main(["show", "baseline", "--region", str(dezhou), "--lang", "en"]) == 0
    assert not capsys.readouterr().err  # nothing is carried out


def test_show_takes_the_counties_of_the_region(dezhou, tmp_path, capsys):
    file = tmp_path / "own.yaml"
    file.write_text(
        "name: own\nbased_on: plan\nmeasures: {M02: {counties: {禹城市: 1.5}}}\n", "utf-8"
    )
    assert main(["show", "plan", "--diff", str(file), "--region", str(dezhou)]) == 0
    head, *changes = capsys.readouterr().out.splitlines()
    assert head == f"从 plan 到 {file}："  # the reader sees which way the arrows point
    assert "M02：禹城市 1 -> 1.5" in changes


def test_an_attribution_of_other_settings_is_refused(tmp_path):
    record = {"scenario": "plan", "scenario_sha256": scenario_digest(resolve("plan"))}
    file = tmp_path / "shares.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    assert read_printed(file, resolve("plan"), "attribute") == record
    with pytest.raises(RequestError, match="other settings"):
        read_printed(file, resolve(CHANGED), "attribute")
