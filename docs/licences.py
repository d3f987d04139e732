"""Writes `licences.md`: what the program stands on, and under which licences. `make pages` runs it.

What is needed is read off `pyproject.toml` and the metadata of what is installed.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

DOCS = Path(__file__).parent
CORE = "core"

HEAD = """\
# 依赖与许可 · Dependencies and their licences

由 `make pages` 依已安装的软件包写成，请勿手改。本程序以 MIT 许可发布。下表是它用到的软件包：
`core` 为运行所需，其余随可选部分安装，`dev` 只用于开发；“直接”指写在 `pyproject.toml` 里的。
版本与摘要在 `requirements.lock`。

Written by `make pages` from what is installed; do not edit. The program is under the MIT licence.
These are the distributions that it uses: `core` is needed to run, others come with an extra, `dev`
is for development only; direct ones are named in `pyproject.toml`. Versions and digests are in
`requirements.lock`.

数据 Data: `calibration/regions/binzhou/classes.csv` 由
[Vonng/adcode](https://github.com/Vonng/adcode)（冯若航，
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)）汇总而成 counts the units of that
code list by class (changed: tabulated). 其余数据的来源与许可见各区域包的 `sources.yaml`
The sources and licences of all other data stand in the `sources.yaml` of each region pack.

| 软件包 · distribution | 部分 · part | 直接 · direct | 许可 · licence |
|---|---|---|---|
"""


def parts() -> dict[str, list[Requirement]]:
    """What is asked for directly, by part: `core` and the extras."""
    text = (DOCS.parent / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    groups = {CORE: project["dependencies"], **project["optional-dependencies"]}
    return {
        part: [each for line in lines if (each := Requirement(line)).name != project["name"]]
        for part, lines in groups.items()
    }


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(requirements: Iterable[Requirement]) -> Iterator[str]:
    """Whatever these need, and what that needs in turn, as far as it is installed here."""
    waiting = [(_key(each.name), part) for each in requirements for part in ("", *each.extras)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            lines = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        yield name
        for each in map(Requirement, lines):
            if not each.marker or each.marker.evaluate({"extra": extra}):
                waiting += [(_key(each.name), part) for part in ("", *each.extras)]


def needed() -> dict[str, list[str]]:
    """The parts that bring each distribution; what the core brings, no extra brings."""
    brought: dict[str, list[str]] = {}
    for part, requirements in parts().items():
        for name in sorted(set(closure(requirements))):
            others = brought.setdefault(name, [])
            if CORE not in others and not (part == "dev" and others):
                others.append(part)
    return dict(sorted(brought.items()))


def licence(name: str) -> str:
    """As its maker states it: an expression, else classifiers, else the first line of a text."""
    of = distribution(name)
    metadata = of.metadata
    classes = [
        line.split(" :: ")[-1]
        for line in metadata.get_all("Classifier", [])
        if line.startswith("License :: ") and not line.endswith(":: OSI Approved")
    ]
    (expression,) = metadata.get_all("License-Expression", [""])
    (text,) = metadata.get_all("License", [""])
    files = metadata.get_all("License-File", [])
    enclosed = [of.read_text(f"licenses/{file}") or "" for file in files]
    text = next(filter(None, (text, *enclosed)), "")
    return expression or "; ".join(classes) or text.strip().partition("\n")[0]


def page() -> str:
    """The page as it stands on file."""
    direct = {_key(each.name) for requirements in parts().values() for each in requirements}
    return HEAD + "".join(
        f"| {name} | {', '.join(brought)} | {'✓' if name in direct else ''} | {licence(name)} |\n"
        for name, brought in needed().items()
    )


if __name__ == "__main__":
    (DOCS / "licences.md").write_text(page(), encoding="utf-8")
