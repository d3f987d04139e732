"""Templates of sentences: each in both languages, of the same blocks and the same values."""

from importlib.resources import files
from string import Formatter

import pytest
from jinja2 import Environment, meta, nodes
from jinja2.exceptions import UndefinedError
from ruamel.yaml import YAML

from xiancheng.calibration.i18n import Words
from xiancheng.results.tables import labels

TEXT = files("xiancheng.results.tables") / "text"
NAMES = sorted(file.name for file in (TEXT / "en").iterdir())


def blocks(lang, name):
    """The variables of each block of a template, and the other blocks that it calls."""
    environment = Environment()
    environment.filters |= dict.fromkeys(("day", "f", "listed", "percent"), str)
    tree = environment.parse((TEXT / lang / name).read_text("utf-8"))
    return {
        block.name: meta.find_undeclared_variables(
            nodes.Template(block.body, lineno=1).set_environment(environment)
        )
        | {f"self.{call.attr}" for call in block.find_all(nodes.Getattr)
           if isinstance(call.node, nodes.Name) and call.node.name == "self"}
        for block in tree.find_all(nodes.Block)
    }  # fmt: skip


def test_each_template_is_in_both_languages():
    assert sorted(file.name for file in (TEXT / "zh").iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_blocks_of_the_same_values(name):
    assert blocks("zh", name) == blocks("en", name)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_stands_outside_of_blocks(name):
    """It would never be printed."""
    for lang in ("zh", "en"):
        for node in Environment().parse((TEXT / lang / name).read_text("utf-8")).body:
            assert isinstance(node, nodes.Block) or not node.nodes[0].data.strip()


def test_paragraphs_are_parted_by_blank_lines_of_the_template_and_not_of_values():
    found = {"elsewhere": "A plan\n\nof two lines"}
    assert labels.paragraphs("verdict/elsewhere", "en", **found)[0].startswith(
        "A plan of two lines"
    )
    lines = labels.paragraphs("verdict/red_lines", "en", red_lines=["one", "two"])
    assert [line.split()[-1] for line in lines] == ["one", "two"]


def test_lines_are_joined_with_a_space_in_english_and_without_in_chinese():
    facts = {"calibrated": False, "tested": False}
    assert "assumptions, and the results" in labels.sentence("validation/accuracy", "en", **facts)
    assert " " not in labels.sentence("validation/accuracy", "zh", **facts)


def test_what_has_both_languages_is_put_in_that_of_the_reader():
    name = {"elsewhere": Words("甲方案", "Plan A")}
    assert labels.sentence("verdict/elsewhere", "zh", **name).startswith("甲方案没有")
    assert labels.sentence("verdict/elsewhere", "en", **name).startswith("Plan A does not")


def test_a_value_that_is_not_given_is_an_error():
    with pytest.raises(UndefinedError, match="elsewhere"):
        labels.paragraphs("verdict/elsewhere", "en")


def test_labels_are_in_both_languages_with_the_same_values():
    for group, every in YAML(typ="safe").load(labels.read("labels.yaml")).items():
        for name, words in every.items():
            fields = [{field for __, field, *__ in Formatter().parse(words[lang]) if field}
                      for lang in ("zh", "en")]  # fmt: skip
            assert fields[0] == fields[1], (group, name)
