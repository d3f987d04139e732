"""A plan of one's own begun: a folder to fill in, from nothing or from the shipped measures.

Rules by which measures become templates for another region (`template`):

- what the plan shares out over its counties grows or shrinks with residents, two digits kept;
- what holds in every county or for every person stays as it is;
- tasks, their deadlines and the places they name are left out, as they were promised elsewhere;
- schedules move to the first quarter after the new plan is issued and keep their length;
- every amount becomes an assumption.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from xiancheng.calibration.file_models import quarter_name
from xiancheng.calibration.region import Region
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.scenarios.own_plans import quarter_at, unit_zh
from xiancheng.scenarios.plan_files import Clause, Plan
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import quarter_with

DIGITS = 2  # significant ones that a scaled amount keeps


def new_plan(
    name: str, pack: Region, reference: str, issued: date, deadline: date, source: Plan | None
) -> dict[str, str]:
    """The files of a new plan by their path in its folder.

    Parameters
    ----------
    reference : what plan.yaml calls the pack: its name, or a path from the folder of the plan
    source : the plan whose measures become templates; None: one example to be replaced
    """
    first = quarter_with(issued) + 1
    written = {
        "plan.yaml": _plan_yaml(name, pack, reference, issued, deadline, source),
        "scenarios/ours.yaml": OURS,
    }
    if source is None:
        return written | {"measures/M01.yaml": _first_measure(pack, first)}
    share = pack.urban_rural(pack.censuses[-1]).sum() / source.about.residents.value
    head = TEMPLATE.format(source=source.about.name.zh, share=share)
    for number in source.measures:
        file = next(f for f in source.files[1:] if f.stem == number)
        content = template(read_yaml(file).value, source, pack, first, float(share))
        written[f"measures/{number}.yaml"] = head + dumped(content)
    return written


# From nothing


def _plan_yaml(
    name: str, pack: Region, reference: str, issued: date, deadline: date, source: Plan | None
) -> str:
    """The plan's own file; what is still to be written is empty, so that a check names its line."""
    city = next(iter(pack.prefectures.values()), None)
    county, names = pack.counties[0], "、".join(each.zh for each in pack.counties)
    lines = [
        f"# {name}: 方案本身。措施在 measures/，情景在 scenarios/。查缺：xiancheng plan check",
        "title: # 方案名称 title of the plan",
        f"issuer: {city.zh if city else pack.title_zh}人民政府",
        f"issued: {issued}   # 印发日期，之前不起作用 nothing acts before; 请核对 to be checked",
        f"region: {reference}",
        "",
        "# 目标：operator 可写 不低于、约、超过、力争；可有多个期限；地级市代码代表其全部县市",
        f"# 县市 counties: {names}",
        "targets:",
        f"  - {{counties: {county.zh}, operator: 不低于, value: , deadline: {deadline}}}",
    ]
    if source is not None:
        lines += ["", "projects:"]
        lines += [
            f"  {key}: {{zh: {each.zh}, en: {each.en}}}"
            for key, each in source.about.projects.items()
        ]
        lines += ["", "departments:"]
        renamed = _renaming(source, pack)
        lines += [f"  {renamed(zh)}: {renamed(en)}" for zh, en in source.about.departments.items()]
    return "\n".join([*lines, ""])


def _first_measure(pack: Region, first: int) -> str:
    county = pack.counties[0].zh
    lines = [
        "# 一项措施：名称、抓手、数量、县市、起止。全部抓手：xiancheng plan levers",
        "# A measure: name, lever, amount, counties, start and finish.",
        "name: # 名称，如 高新区二期",
        "lever: tradable_jobs   # " + LEVERS["tradable_jobs"].zh,
        f"amount: # 数量，单位：{unit_zh(LEVERS['tradable_jobs'].unit)}（岗位），各县合计",
        "# range: {low: , high: }   # 可信范围；不写则取 0.5 至 1.2 倍（假定）",
        f"counties: [{county}]   # 或 {{{county}: 3000, …: 2000}} 按县写数量",
        f"start: {quarter_name(first)}",
        f"finish: {quarter_name(first + 7)}",
        "lag: 2 quarters   # 建成到见效；不写为 0",
    ]
    return "\n".join([*lines, ""])


OURS = """\
# 一个自己的情景 A scenario of one's own: what differs from the plan as written
name: ours
title: {zh: 力度加大两成, en: A fifth stronger}
based_on: plan
measures:
  all: {intensity: 1.2}
"""
TEMPLATE = """\
# 模板，取自{source}：总量按常住人口折算（{share:.3g} 倍），其余不变，均为假定，须逐项核对修改。
# A template taken from another city's plan; totals are scaled by residents; all of it is assumed.
"""


# From the measures of another plan


def template(
    measure: Mapping[str, Any], source: Plan, pack: Region, first: int, share: float
) -> dict[str, Any]:
    """The keys of a measure file, as a template for another region.

    Parameters
    ----------
    first : quarter in which the first measures start
    share : residents of the region over those that the plan was written for
    """
    renamed = _renaming(source, pack)
    new: dict[str, Any] = _renamed(deepcopy(dict(measure)), renamed)
    later = first - source.first_quarter
    for schedule in _schedules(new):
        for key in {"start", "until"} & schedule.keys():
            quarter = quarter_at(schedule[key], end=False)
            assert quarter is not None
            schedule[key] = quarter_name(quarter + later)
    for number, clause in new["clauses"].items():
        clause.pop("indicators", None)
        doses = clause["mechanism"] if clause["mechanism"] != "none" else []
        for i, dose in enumerate(doses):
            own: Clause = source.clauses[number]
            of = own.mechanism[i]
            times = share if of.total is not None else 1.0
            bounds = own.range(of)
            dose.pop("counties", None)
            dose["total" if of.total is not None else "each"] = {
                "full": rounded(own.full(of) * times),
                "range": {"low": rounded(bounds.low * times), "high": rounded(bounds.high * times)},
                "unit": of.amount.unit, "status": "assumed",
            }  # fmt: skip
    return new


def rounded(value: float) -> float:
    """A value with two significant digits.

    >>> rounded(12345.0), rounded(0.0001)
    (12000.0, 0.0001)
    """
    return float(f"{value:.{DIGITS}g}")


def _schedules(measure: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield measure["schedule"]
    for clause in measure["clauses"].values():
        for dose in clause["mechanism"] if clause["mechanism"] != "none" else []:
            if "schedule" in dose:
                yield dose["schedule"]


def _renaming(source: Plan, pack: Region) -> Any:
    """A function that puts the region's name for that of the plan's city, and no county's for its.

    Names of the plan's counties become "某县" and "a county".
    """
    city = re.match(r"(.+?)市?人民政府", source.about.issuer.zh)
    town = re.match(r"(\w+)'s", source.about.name.en)
    here = next(iter(pack.prefectures.values()))
    pairs = [(city[1] if city else "", here.zh.removesuffix("市"))]
    pairs += [(town[1] if town else "", here.en)]
    for county in source.about.counties:
        short = county.zh[:-1]
        pairs += [(county.zh, "某县"), (f"{short}县城", "某县城"), (short, "某县")]
        pairs += [(county.en, "a county")]
    if source.about.covers(county.code for county in pack.counties):
        pairs = []

    def renamed(text: str) -> str:
        for old, new in pairs:
            text = text.replace(old, new) if old else text
        return text

    return renamed


def _renamed(value: Any, renamed: Any) -> Any:
    """All text in a value, renamed; keys stay."""
    if isinstance(value, dict):
        return {key: _renamed(each, renamed) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, renamed) for each in value]
    return renamed(value) if isinstance(value, str) else value


def dumped(content: Mapping[str, Any]) -> str:
    """Content as YAML that people read: keys in their order, Chinese as it is."""
    yaml, stream = YAML(), StringIO()
    yaml.allow_unicode, yaml.width = True, 1000
    yaml.dump(dict(content), stream)
    return stream.getvalue()
