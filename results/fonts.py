"""The Chinese fonts that pictures and PDF are set in; they come with the `report` extra.

Noto Sans SC stands for 黑体 and Noto Serif SC for 宋体, so no system font is needed. Licence of
both: SIL Open Font License 1.1.
"""

from importlib.util import find_spec
from pathlib import Path

PACKAGE = "pylopdf_fonts_zh_cn"
SANS, SERIF = "Noto Sans SC", "Noto Serif SC"
FILES = {SANS: "NotoSansSC-Regular.otf", SERIF: "NotoSerifSC-Regular.otf"}


def folder() -> Path | None:
    """Where the font files are; None if they are not installed."""
    found = find_spec(PACKAGE)
    return Path(found.origin).parent if found is not None and found.origin else None


def file(name: str) -> Path | None:
    """The file of a font; None if it is not installed."""
    inside = folder()
    return None if inside is None else inside / FILES[name]
