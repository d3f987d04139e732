"""The page of results: what is measured stands between markers, and what people wrote stays."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

MARKERS = "<!-- measured: {0} -->", "<!-- end: {0} -->"


class PageError(ValueError):
    """The page has no place for a part."""


def filled(page: str, part: str, text: str) -> str:
    """The page with `text` between the markers of a part."""
    begin, end = (marker.format(part) for marker in MARKERS)
    between = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if len(between.findall(page)) != 1:
        raise PageError(f"the page needs one {begin} and one {end} after it")
    return between.sub(lambda _: f"{begin}\n{text.strip()}\n{end}", page)


def write(file: Path, part: str, text: str) -> None:
    """Fill a part of the page in a file."""
    file.write_text(filled(file.read_text("utf-8"), part, text), "utf-8")


def machine() -> str:
    """What it ran on, without names or paths."""
    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
        load = f"{os.getloadavg()[0]:.1f}"
    except (OSError, StopIteration, ValueError, AttributeError):
        memory, load = "memory unknown", "unknown"
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "mesa"))
    return (
        f"{cpu}, {os.cpu_count()} cores, {memory}, {platform.system()} {platform.machine()}; "
        f"load at the start {load}. Python {platform.python_version()}, {packages}."
    )
