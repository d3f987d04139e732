"""The site that `make docs` builds: guides, the model, and a reference from docstrings.

Nothing in it is loaded from outside: the theme brings its own styles and uses the fonts of the
reader's system.
"""

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from shutil import rmtree
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.search.en import SearchEnglish

sys.path.insert(0, str(Path(__file__).parent))
import notebooks

notebooks.pages()
FLOORS = ["sim", "calibration", "scenarios"]  # described in full; of results what python.md names
HERE = Path(__file__).parent
REFERENCE = HERE / "reference"  # written anew by each build

project = "县城 xiancheng"
author = "The xiancheng founders"
version = release = version_of("xiancheng")
language = "zh_CN"

extensions = ["myst_parser", "sphinx.ext.apidoc", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
highlight_language = "none"  # equations and commands stand in blocks without a language
default_role = "code"
suppress_warnings = [
    "ref.python"
]  # a type is told by its short name, which several modules may have
exclude_patterns = ["reference/modules.rst", "examples", "tutorials/*.ipynb"]
modindex_common_prefix = ["xiancheng."]

napoleon_use_param = False  # shapes are no types to be looked up

html_math_renderer = "mathml"  # as browsers understand it, without a script
html_theme = "furo"
html_title = f"{project} {version}"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "native"


def _as_installed() -> str:
    """A folder of links in which the packages stand inside `xiancheng`, as they are installed."""
    package = HERE.parent / "build" / "documented" / "xiancheng"
    package.mkdir(parents=True, exist_ok=True)
    for name in ("xiancheng/__init__.py", *FLOORS):
        link = package / Path(name).name
        if not link.is_symlink():
            link.symlink_to(HERE.parent / name)
    return str(package)


rmtree(REFERENCE, ignore_errors=True)  # else the pages of modules that are gone would stay
apidoc_modules = [
    {
        "path": _as_installed(),
        "destination": REFERENCE.name,
        "follow_links": True,
        "separate_modules": True,
        "automodule_options": {"members", "show-inheritance"},
    }
]


class SearchPairs(SearchEnglish):
    """Search in Chinese by pairs of characters, so that no dictionary of words is needed.

    Sphinx's own search in Chinese needs a dictionary, and in version 9.0 names a stemmer that its
    pages do not define.
    """

    lang = "zh"
    words = re.compile(r"[a-zA-Z0-9_]+")
    runs = re.compile(r"[\u4e00-\u9fff]+")
    js_splitter_code = """
function splitQuery(query) {
  const words = query.match(/[a-zA-Z0-9_]+/g) || [];
  const runs = query.match(/[\\u4e00-\\u9fff]+/g) || [];
  const pairs = runs.flatMap(run =>
    run.length < 3 ? [run] : [...run.slice(1)].map((next, i) => run[i] + next));
  return words.concat(pairs);
}
"""

    def split(self, input: str) -> list[str]:
        """Words in Latin letters, and every two Chinese characters that stand side by side."""
        runs = self.runs.findall(input)
        pairs = [run[i : i + 2] for run in runs for i in range(len(run) - 1)]
        return pairs + self.words.findall(input)


def _formula(writer: Any, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML."""
    writer.body.append(tex2mathml(node.astext(), as_block=isinstance(node, nodes.math_block)))
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Let Chinese be searched by pairs of characters, and formulas be read without a script."""
    app.add_search_language(SearchPairs)
    app.add_html_math_renderer("mathml", (_formula, None), (_formula, None))
    return {"parallel_read_safe": True}
