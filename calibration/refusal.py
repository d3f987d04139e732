"""Errors that a user can correct, in both languages."""

import os

LANGUAGE = "XIANCHENG_LANG"  # environment variable: zh or en


def preferred_language() -> str | None:
    """The language that the environment asks for, "zh" or "en"; None if it asks for neither.

    `XIANCHENG_LANG` may be a plain code or the name of a locale, such as en_US.UTF-8.
    """
    code = os.environ.get(LANGUAGE, "").replace("-", "_").partition("_")[0].strip().lower()
    return code if code in ("zh", "en") else None


class RefusedError(ValueError):
    """Base class of all errors that a user can correct; `zh` and `en` say what is wrong.

    `str` gives the language that the environment variable XIANCHENG_LANG names, else both: first
    Chinese, then English on a line of its own.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)

    @property
    def zh(self) -> str:
        """The message in Chinese."""
        return self.text("zh")

    @property
    def en(self) -> str:
        """The message in English."""
        return self.text("en")

    def text(self, lang: str = "zh") -> str:
        """The message in one language, "zh" or "en"."""
        return str(self.args[1 if lang == "en" else 0])

    def __str__(self) -> str:
        lang = preferred_language()
        return self.text(lang) if lang else f"{self.zh}\n{self.en}"


class RequestError(RefusedError):
    """What was asked for cannot be computed; `zh` and `en` say why and what to do."""


def told(error: Exception, lang: str) -> str | None:
    """The message of an error that a user can correct; None for any other."""
    text = getattr(error, "text", None)
    return str(text(lang)) if callable(text) else None
