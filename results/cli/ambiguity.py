"""Which of two things a bare name means, where it is both shipped and a file or folder here."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from xiancheng.calibration.errors import ScenarioError
from xiancheng.calibration.naming import is_path
from xiancheng.calibration.region import SHIPPED as PACKS
from xiancheng.calibration.region import packs
from xiancheng.calibration.yaml_positions import read_yaml
from xiancheng.scenarios.loader import SHIPPED as PLAN
from xiancheng.scenarios.loader import shipped_plans as plans

YAML = (".yaml", ".yml")
ENDINGS = {"packs": ("",), "plans": ("",), "scenarios": ("", *YAML)}  # of a file or folder
KEYS = {"packs": ("region",), "scenarios": ("based_on", "scenarios")}  # of files

Named = Sequence[tuple[str, Sequence[str]]]  # names with the kinds of what each may name


def ambiguous(names: Named, files: Iterable[Path] = ()) -> list[tuple[str, str]]:
    """Bare names of what is shipped, each with the file or folder of that name here.

    Parameters
    ----------
    names : on the command line
    files : scenarios and designs that it names, whose own names count as well
    """
    paths = [Path(name) for name, _ in names if is_path(name)]
    written = {path.resolve() for path in paths}
    found = {
        (name, here)
        for name, kinds in names
        for kind in kinds
        for name, here in _shadowed(name, kind, Path())
        if Path(here).resolve() not in written  # who writes the path knows the two
    }
    for file in (*paths, *files):
        if file.suffix in YAML:
            found |= set(_in_file(file))
    return sorted(found)


def _in_file(file: Path) -> Iterator[tuple[str, str]]:
    """The same of the names in a scenario or a design; nothing of what cannot be read."""
    try:
        value: Any = read_yaml(file).value
    except ScenarioError:
        return
    for kind, keys in KEYS.items():
        for key in keys if isinstance(value, dict) else ():
            names = value.get(key)
            for name in names if isinstance(names, list) else [names]:
                yield from _shadowed(name, kind, file.parent, but=file)


def _shadowed(
    name: object, kind: str, folder: Path, but: Path | None = None
) -> Iterator[tuple[str, str]]:
    """A name of something shipped, and the file or folder of that name in a folder."""
    if not isinstance(name, str) or not name or is_path(name) or not name.isprintable():
        return
    for here in (folder / f"{name}{ending}" for ending in ENDINGS[kind]):
        if here == but or not here.exists() or name not in (shipped := _shipped(kind)):
            continue
        if not here.samefile(shipped[name]):
            yield name, str(here) if here.is_absolute() else f"./{here}"


def _shipped(kind: str) -> dict[str, Path]:
    """The packs, plans or scenarios that come with the program, by name."""
    if kind == "packs":
        return {name: PACKS / name for name in packs()}
    if kind == "plans":
        return plans()
    return {file.stem: file for file in (plans()[PLAN] / "scenarios").glob("*.yaml")}
