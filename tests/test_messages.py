"""Every message of the program is in Chinese and in English, and says the same values in both."""

import re
from string import Formatter
from types import SimpleNamespace

import pytest

from tests import messages
from xiancheng.calibration.i18n import Words, _

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def catalogue():
    return messages.kept()


def values(template):
    """The names in a template, also those inside of formats."""
    names = set()
    for __, name, form, __ in Formatter().parse(template):
        if name:
            names |= {name.split(".")[0].split("[")[0]} | values(form or "")
    return names


def test_every_message_has_a_translation(catalogue):
    known = {(each.context or "", each.id) for each in catalogue if each.id and each.string}
    assert messages.given().keys() - known == set()


def test_no_translation_is_of_a_message_that_is_gone(catalogue):
    known = {(each.context or "", each.id) for each in catalogue if each.id}
    assert known - messages.given().keys() == set()


def test_the_compiled_catalogue_is_of_the_one_on_file(catalogue):
    compiled = messages.FILE.with_suffix(".mo").read_bytes()
    assert compiled == messages.compiled(catalogue)


def test_the_english_has_no_chinese_but_what_a_plan_is_quoted_for(catalogue):
    """Messages are written in English; an example of a Chinese name may stand in quotes."""
    for each in catalogue:
        if each.id and CHINESE.search(each.id):
            assert re.search(r"['\"‘“(].*[\u4e00-\u9fff]", each.id), each.id


def test_no_message_speaks_of_one_plan_of_one_city(catalogue):
    """How many projects, measures or counties a plan has is counted, and not written."""
    for each in catalogue:
        said = f"{each.id} {each.string}"
        assert not re.search(
            r"Binzhou|Zouping|滨州|邹平|[一二三四五六七八九十]项工程|七县", said
        ), said


@pytest.mark.parametrize("folder", ["calibration", "scenarios", "results"])
def test_messages_are_literals(folder):
    """A message that is put together cannot be found, so not be translated."""
    for file in sorted((messages.HOUSE / folder).rglob("*.py")):
        messages.in_source(file.read_text(encoding="utf-8"))


def test_a_translation_takes_no_value_that_the_message_is_not_given(catalogue):
    """Values that only one language needs are few: plural endings and the like."""
    given = messages.given()
    for each in catalogue:
        if each.id:
            assert values(each.string) <= given[each.context or "", each.id], each.id
            assert values(each.id) <= given[each.context or "", each.id], each.id


def test_what_has_both_languages_is_put_in_each_and_nothing_else_is_changed():
    """A county or the title of a scenario is named in the reader's language; a shape is a shape."""
    county = SimpleNamespace(zh="惠民县", en="Huimin")
    stays = _("{county} stays at {will:g}", county=county, will=2)
    assert stays == ("惠民县保持 2", "Huimin stays at 2")
    shape = _("{x} of {y}", x=(3, 4), y=())
    assert shape == Words("(3, 4) of ()", "(3, 4) of ()")
