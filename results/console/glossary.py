"""Words that the page explains: marked where they first stand in a view."""

from functools import cache
from importlib.resources import files

from markupsafe import Markup
from ruamel.yaml import YAML

from xiancheng.results.console.widgets import joined, tag


@cache
def glossary(lang: str) -> dict[str, str]:
    """What each explained word means.

    >>> "划转" in glossary("zh"), "recoding" in glossary("en")
    (True, True)
    """
    text = files("xiancheng.results.console").joinpath("glossary.yaml").read_text("utf-8")
    terms = YAML(typ="safe").load(text).values()
    return {str(term[lang]): str(term["says"][lang]) for term in terms}


def explained(text: str, lang: str, seen: set[str]) -> Markup:
    """A text with its explained words marked, those left out that were `seen` before.

    >>> explained("划转与<划转>", "zh", set()).count("<span")
    1
    >>> explained("划转", "zh", {"划转"})
    Markup('划转')
    """
    found = ((text.find(word), word) for word in glossary(lang) if word not in seen)
    first = ((at, -len(word), word) for at, word in found if at >= 0)
    at, __, word = min(first, default=(-1, 0, ""))
    if at < 0:
        return Markup.escape(text)
    seen.add(word)
    meaning = glossary(lang)[word]
    term = tag("span", word, cls="term", tabindex="0", data_gloss=meaning)
    rest = text[at + len(word) :]
    return joined([text[:at], term, explained(rest, lang, seen)])
