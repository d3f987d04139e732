"""The tutorials: executed anew, and as pages of the site.

    python docs/notebooks.py

runs every notebook of docs/tutorials in a kernel of its own and keeps what it shows (needs nbclient
and ipykernel, of the extra `examples`). The site needs neither: `pages` writes what is kept as
Markdown.
"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TUTORIALS = Path(__file__).parent / "tutorials"
STYLE = re.compile(r"<style.*?</style>\s*", re.DOTALL)


def notebooks() -> list[Path]:
    """The files of the tutorials."""
    return sorted(TUTORIALS.glob("*.ipynb"))


def pages() -> None:
    """Write each tutorial as a Markdown page beside it, with its pictures."""
    for file in notebooks():
        book = json.loads(file.read_text(encoding="utf-8"))
        parts = [part for number, cell in enumerate(book["cells"]) for part in _cell(
            cell, f"{file.stem}-{number}")]  # fmt: skip
        link = f"{{download}}`{file.name} <{file.name}>`"
        parts.insert(1, f"笔记本 · The notebook: {link}")
        file.with_suffix(".md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _cell(cell: dict[str, Any], name: str) -> Iterator[str]:
    """A cell as Markdown; pictures that it shows are written beside the page."""
    text = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield text
        return
    yield f"```python\n{text}\n```"
    for shown in cell["outputs"]:
        data = shown.get("data", {})
        if "image/png" in data:
            (TUTORIALS / f"{name}.png").write_bytes(base64.b64decode(data["image/png"]))
            yield f"![{''.join(data['text/plain'])}]({name}.png)"
        elif "text/html" in data:
            yield STYLE.sub("", "".join(data["text/html"]))
        else:
            yield f"```text\n{''.join(data.get('text/plain', shown.get('text', '')))}\n```"


def execute(file: Path) -> None:
    """Run a notebook in an empty folder, and keep what it shows and nothing of this machine."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(file, as_version=4)
    with TemporaryDirectory() as folder:
        NotebookClient(book, timeout=1800, resources={"metadata": {"path": folder}}).execute()
    book.metadata = {"kernelspec": book.metadata["kernelspec"], "language_info": {"name": "python"}}
    for cell in book.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    nbformat.write(book, file)


if __name__ == "__main__":
    for each in notebooks():
        execute(each)
        print(each.name)
