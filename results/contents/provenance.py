"""What made the numbers: enough to make them again."""

from collections.abc import Iterator
from typing import Any

from xiancheng.calibration.i18n import Words
from xiancheng.results.contents.parts import Cell, Column, Table
from xiancheng.results.contents.subject import Subject
from xiancheng.results.keeping import record

DRAWN = ("typst", "python-docx", "xlsxwriter", "matplotlib")


def table(subject: Subject, lang: str) -> Table:
    """A row for each fact: run, program, digests, luck, libraries."""
    columns = (
        Column(Words("项目", "item").said(lang)),
        Column(Words("内容", "value").said(lang), wide=True),
    )
    rows = tuple((zh_en.said(lang), value) for zh_en, value in facts(subject, lang))
    title = Words("来源", "Provenance").said(lang)
    return Table("provenance", title, columns, rows, subject.stamp(lang))


def facts(subject: Subject, lang: str) -> Iterator[tuple[Words, Cell]]:
    """What is told of a run, in order."""
    made, asked = subject.made, subject.both.plan.request
    software = record.software()
    none = Words("无", "none").said(lang)
    yield Words("运行编号", "run"), subject.run or Words("未保存", "not saved").said(lang)
    if "written" in made:
        yield Words("保存时间（UTC）", "written (UTC)"), str(made["written"])
    yield Words("情景", "scenario"), subject.scenario.name
    yield Words("情景标题", "title of the scenario"), subject.title(lang, whole=True)
    yield Words("地区", "region"), f"{subject.region.name} {subject.region.title(lang)}"
    for name, zh, en in (
        ("start", "起点", "start"), ("until", "终点", "until"),
        ("cutoff", "信息截止日", "nothing later was used"), ("seed", "随机种子", "seed"),
        ("draw", "县与年效应的抽样号", "draw of county and yearly effects"),
        ("scale", "规模（每位居民的行数）", "scale (rows for each resident)"),
    ):  # fmt: skip
        yield Words(zh, en), asked[name]
    yield Words("参数抽样数", "draws of the parameters"), subject.draws
    told = {**software.model_dump(), **made.get("software", {})}
    yield Words("程序", "program"), f"{told['name']} {told['version']}"
    yield Words("提交", "commit"), told["commit"] or none
    code = told.get("code") or told["simulation_code"]  # the first in records before 2026-11-29
    yield Words("模拟程序摘要", "digest of the simulation code"), code
    yield Words("区域包摘要", "digest of the region pack"), subject.region.digest
    yield from _digests(made)
    yield from _machine(made)
    yield from ((Words(name, name), number) for name, number in writers().items())


def writers() -> dict[str, str]:
    """The libraries that wrote this document, and their versions."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in DRAWN:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _digests(made: Any) -> Iterator[tuple[Words, Cell]]:
    if "key" in made:
        yield Words("请求摘要", "key of the request"), made["key"]
        yield Words("方案摘要", "digest of the plan"), made["plan"]["sha256"]
        yield Words("数值摘要", "digest of the numbers"), made["values"]
        yield from ((Words(name, name), each) for name, each in made["files"].items())
    rests_on = made.get("evidence") or {}
    if sample := rests_on.get("posterior"):
        yield Words("后验样本摘要", "digest of the posterior sample"), sample["sha256"]
        by = sample["made_by"] or "?"
        yield Words("估计后验的程序", "program that estimated it"), by
    if forecasts := rests_on.get("forecasts"):
        yield (
            Words("预测所据普查记录摘要", "digest of the record of forecasts"),
            forecasts["record"],
        )
    yield from ((Words(name, name), each) for name, each in rests_on.get("files", {}).items())


def _machine(made: Any) -> Iterator[tuple[Words, Cell]]:
    told = made.get("environment") or record.environment().model_dump()
    libraries = told.get("libraries") or {
        k: v for k, v in told.items() if k not in ("python", "machine")
    }
    yield Words("Python", "Python"), f"{told['python']} · {told.get('machine', '')}"
    yield from ((Words(name, name), number) for name, number in libraries.items())
