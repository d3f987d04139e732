"""What produced the numbers: enough to make them again."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from xiancheng.calibration.i18n import Words
from xiancheng.results.keeping import record
from xiancheng.results.tables import labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.results.tables.table import Cell, Table, build

WRITERS = ("typst", "python-docx", "xlsxwriter", "matplotlib")  # libraries that write documents
SETTINGS = {
    "start": Words("起点", "start"),
    "until": Words("终点", "until"),
    "cutoff": Words("信息截止日", "nothing later was used"),
    "seed": Words("随机种子", "seed"),
    "draw": Words("县与年效应的抽样号", "draw of county and yearly effects"),
    "scale": Words("规模（每位居民的行数）", "scale (rows for each resident)"),
}


def table(result: PlanResult, lang: str) -> Table:
    """A row for each fact: run, program, digests, seeds, libraries."""
    rows = [{"item": item.said(lang), "value": value} for item, value in facts(result, lang)]
    title = Words("来源", "Provenance").said(lang)
    columns = labels.columns("provenance", lang)
    return build("provenance", title, columns, rows, source=result.stamp(lang))


def facts(result: PlanResult, lang: str) -> Iterator[tuple[Words, Cell]]:
    """Each fact about a run with its name, in order."""
    made, request = result.made, result.both.plan.request
    yield Words("运行编号", "run"), result.run or Words("未保存", "not saved").said(lang)
    if "written" in made:
        yield Words("保存时间（UTC）", "written (UTC)"), str(made["written"])
    yield Words("情景", "scenario"), result.scenario.name
    yield Words("情景标题", "title of the scenario"), result.title(lang, whole=True)
    yield Words("地区", "region"), f"{result.region.name} {result.region.title(lang)}"
    yield from ((words, request[name]) for name, words in SETTINGS.items())
    yield Words("参数抽样数", "draws of the parameters"), result.draws
    software = {**record.software().model_dump(), **made.get("software", {})}
    yield Words("程序", "program"), f"{software['name']} {software['version']}"
    yield Words("提交", "commit"), software["commit"] or Words("无", "none").said(lang)
    code = software.get("code") or software["simulation_code"]  # in records before 2026-11-29
    yield Words("模拟程序摘要", "digest of the simulation code"), code
    yield Words("区域包摘要", "digest of the region pack"), result.region.digest
    yield from _digests(made)
    yield from _machine(made)
    yield from _same(writers())


def writers() -> dict[str, str]:
    """The installed libraries that write documents, and their versions."""
    found = {}
    for name in WRITERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _same(facts: dict[str, Any]) -> Iterator[tuple[Words, Cell]]:
    """Facts whose names are the same in every language."""
    return ((Words(name, name), value) for name, value in facts.items())


def _digests(made: Any) -> Iterator[tuple[Words, Cell]]:
    if "key" in made:
        yield Words("请求摘要", "key of the request"), made["key"]
        yield Words("方案摘要", "digest of the plan"), made["plan"]["sha256"]
        yield Words("数值摘要", "digest of the numbers"), made["values"]
        yield from _same(made["files"])
    evidence = made.get("evidence") or {}
    if sample := evidence.get("posterior"):
        yield Words("后验样本摘要", "digest of the posterior sample"), sample["sha256"]
        yield Words("估计后验的程序", "program that estimated it"), sample["made_by"] or "?"
    if forecasts := evidence.get("forecasts"):
        words = Words("预测所据普查记录摘要", "digest of the record of forecasts")
        yield words, forecasts["record"]
    yield from _same(evidence.get("files", {}))


def _machine(made: Any) -> Iterator[tuple[Words, Cell]]:
    machine = made.get("environment") or record.environment().model_dump()
    libraries = machine.get("libraries") or {
        k: v for k, v in machine.items() if k not in ("python", "machine")
    }
    yield Words("Python", "Python"), f"{machine['python']} · {machine.get('machine', '')}"
    yield from _same(libraries)
