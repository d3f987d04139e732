"""Writes `commands.md`: every command and option, in the words of `--help` (`make pages`)."""

from collections.abc import Iterator
from pathlib import Path

import click

from xiancheng.results.cli.commands import COMMANDS
from xiancheng.results.cli.help import about_of, help_of, spelled
from xiancheng.results.cli.options import SHARED
from xiancheng.results.text import Say

ZH, EN = Say("zh"), Say("en")

HEAD = """\
# 命令 · Commands

由 `make pages` 依 `--help` 的文字写成，请勿手改。怎样用见各指南。
Written by `make pages` from the words of `--help`; do not edit. The guides say what they are for.

| 命令 · command | 做什么 · does |
|---|---|
"""
OPTIONS = """
## 选项 · Options

| 选项 · option | 命令 · commands | 含义 | meaning |
|---|---|---|---|
"""


def commands(each: click.Command, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """A command, or those of a group, with what is typed after `xiancheng`."""
    if isinstance(each, click.Group):
        for inner in each.commands.values():
            yield from commands(inner, f"{each.name} ")
    else:
        yield f"{before}{each.name}", each


def page() -> str:
    """The page."""
    listed = [pair for part in COMMANDS.values() for each in part for pair in commands(each)]
    rows, taken = [], dict[tuple[str, str, str], list[str]]()
    for name, each in listed:
        arguments = [spelled(p) for p in each.params if isinstance(p, click.Argument)]
        typed = " ".join([name, *arguments])
        rows.append(f"| `{typed}` | {about_of(each, ZH)}<br>{about_of(each, EN)} |")
        for param in (p for p in each.params if p not in SHARED and isinstance(p, click.Option)):
            known = spelled(param), help_of(param, ZH), help_of(param, EN)
            taken.setdefault(known, []).append(name)
    every = [((spelled(p), help_of(p, ZH), help_of(p, EN)), ["all"]) for p in SHARED]
    options = [
        "| " + " | ".join([f"`{option}`".replace("|", "\\|"), ", ".join(names), zh, en]) + " |"
        for (option, zh, en), names in [*sorted(taken.items()), *every]
    ]
    return HEAD + "\n".join(rows) + "\n" + OPTIONS + "\n".join(options) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("commands.md").write_text(page(), "utf-8")
