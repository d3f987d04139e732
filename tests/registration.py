"""The digests that section 11 of the preregistration names, in both languages.

    python -m tests.registration

writes them anew into docs/preregistration.md and docs/preregistration.en.md and prints them. Do so
in the last commit before scoring; afterwards the section stays as it is.
"""

import re
from pathlib import Path

from xiancheng.results.verdict.registered import digests

DOCS = Path(__file__).parents[1] / "docs"
PAGES = (DOCS / "preregistration.md", DOCS / "preregistration.en.md")
SECTION = "\n## 11 "
ROW = r"^\| `(\w+)` \| .* \| `([0-9a-f]{64})` \|$"  # name and digest


def named(page: Path) -> dict[str, str]:
    """The digests in section 11 of a page, by name."""
    text = page.read_text("utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| .* \| `([0-9a-f]{64})` \|$", text[text.index(SECTION) :], re.M
    )
    return dict(rows)


def renewed(text: str, now: dict[str, str | None]) -> str:
    """The text of a page with the digests of section 11 as they are now."""
    before, title, section = text.partition(SECTION)
    for name, value in now.items():
        row = rf"^(\| `{name}` \| .* \| `)[0-9a-f]*(` \|)$"
        section, found = re.subn(row, rf"\g<1>{value}\g<2>", section, flags=re.M)
        if found != 1:
            raise ValueError(f"section 11 should hold one row of `{name}`, found {found}")
    return before + title + section


if __name__ == "__main__":
    today = digests("binzhou")
    for path in PAGES:
        path.write_text(renewed(path.read_text("utf-8"), today), "utf-8")
        print(path.name, *(f"{name} {value}" for name, value in named(path).items()), sep="\n")
