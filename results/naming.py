"""Which of two things a bare name means, where it is both shipped and a file or folder here."""

from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from xiancheng.calibration.naming import is_path

if TYPE_CHECKING:
    from xiancheng.results.cli import Say

YAML = (".yaml", ".yml")
OPTIONS = {  # what the words of the command line name, and what such a thing ends in
    "packs": (("region", "pool", "pack", "files"), ("",)),
    "plans": (("files",), ("",)),
    "scenarios": (("scenario", "scenarios", "baseline", "diff", "run", "files"), ("", *YAML)),
}
KEYS = {"packs": ("region",), "scenarios": ("based_on", "scenarios")}  # of files


def note_ambiguous_names(options: Namespace, say: "Say") -> None:
    """Note, on stderr, every bare name that means what is shipped and is here too."""
    for name, here in sorted(set(ambiguous(options))):
        say.note(
            f"“{name}”指随程序提供的 {name}；要用这里的，请写 {here}",
            f"{name!r} means the {name} that is shipped; for the one here, write {here}",
        )


def ambiguous(given: Namespace) -> Iterator[tuple[str, str]]:
    """Bare names on the command line and in the files that it names, with what is here."""
    values, files = vars(given), []
    for _, (options, _) in OPTIONS.items():
        files += [name for option in options for name in _listed(values.get(option))]
    named = {Path(file).resolve() for file in files if is_a_path(file)}
    for kind, (options, endings) in OPTIONS.items():
        for option in options:
            for name in _listed(values.get(option)):
                for shipped, here in _shadowed(name, kind, endings, Path()):
                    if Path(here).resolve() not in named:  # who writes the path knows the two
                        yield shipped, here
    for file in [*files, values.get("design")]:
        path = Path(file) if is_a_path(file) else Path()
        if path.suffix in YAML:
            yield from _in_file(path)


def _in_file(file: Path) -> Iterator[tuple[str, str]]:
    """The same of the names in a scenario or a design; nothing of what cannot be read."""
    from xiancheng.calibration.errors import ScenarioError
    from xiancheng.calibration.yaml_positions import read_yaml

    try:
        value: Any = read_yaml(file).value
    except ScenarioError:
        return
    for kind, keys in KEYS.items():
        for key in keys if isinstance(value, dict) else ():
            for name in _listed(value.get(key)):
                yield from _shadowed(name, kind, OPTIONS[kind][1], file.parent, but=file)


def _shadowed(
    name: object, kind: str, endings: Iterable[str], folder: Path, but: Path | None = None
) -> Iterator[tuple[str, str]]:
    """A name of something shipped, and the file or folder of that name in a folder."""
    if not isinstance(name, str) or not name or is_path(name) or not name.isprintable():
        return
    for here in (folder / f"{name}{ending}" for ending in endings):
        if here == but or not here.exists() or name not in (shipped := _shipped(kind)):
            continue
        if not here.samefile(shipped[name]):
            yield name, str(here) if here.is_absolute() else f"./{here}"


def _shipped(kind: str) -> dict[str, Path]:
    """The packs, plans or scenarios that come with the program, by name."""
    if kind == "packs":
        from xiancheng.calibration.region import SHIPPED as PACKS
        from xiancheng.calibration.region import packs

        return {name: PACKS / name for name in packs()}
    from xiancheng.scenarios.loader import SHIPPED
    from xiancheng.scenarios.loader import shipped_plans as plans

    if kind == "plans":
        return plans()
    return {file.stem: file for file in (plans()[SHIPPED] / "scenarios").glob("*.yaml")}


def is_a_path(value: object) -> TypeGuard[str | Path]:
    """Whether something given on the command line is a path, and not a bare name."""
    return isinstance(value, Path) or (isinstance(value, str) and is_path(value))


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
