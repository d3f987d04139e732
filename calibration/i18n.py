"""Messages in English and Chinese: the code has the English, a gettext catalogue the Chinese."""

from collections.abc import Iterable
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any, NamedTuple


class Words(NamedTuple):
    """A message in Chinese and in English."""

    zh: str
    en: str

    def text(self, lang: str = "zh") -> str:
        """The message in one language, "zh" or "en"."""
        return self.en if lang == "en" else self.zh


EMPTY = Words("", "")


@cache
def _chinese() -> GNUTranslations:
    catalogue = Path(__file__).parent / "locale/zh/LC_MESSAGES/xiancheng.mo"
    with catalogue.open("rb") as opened:
        return GNUTranslations(opened)


def _(message: str, context: str = "", /, **values: Any) -> Words:
    """A message in both languages.

    Parameters
    ----------
    message : English, a template of `str.format` if there are values
    context : tells apart messages that are equal in English and not in Chinese
    values : by name; what has a `zh` and an `en`, as `Words`, is put in each language

    >>> _("{n} draws", n=3).en
    '3 draws'
    """
    catalogue = _chinese()
    zh = catalogue.pgettext(context, message) if context else catalogue.gettext(message)
    if not values:
        return Words(zh, message)
    chinese, english = (
        {key: getattr(value, lang, value) for key, value in values.items()} for lang in ("zh", "en")
    )
    return Words(zh.format_map(chinese), message.format_map(english))


def listed(names: Iterable[str | Words]) -> Words:
    """Some names, one after the other."""
    words = [same(name) if isinstance(name, str) else name for name in names]
    return Words("、".join(word.zh for word in words), ", ".join(word.en for word in words))


def same(text: str) -> Words:
    """A text that is the same in both languages."""
    return Words(text, text)
