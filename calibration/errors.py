"""Errors that a user can correct, in Chinese and English: one problem, or all those of a file."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import nearest, shortened

LANGUAGE = "XIANCHENG_LANG"  # environment variable: zh or en
LONGEST = 160  # characters shown of what was found in a file


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

    def __init__(self, message: Words) -> None:
        super().__init__(message)

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
        return str(self.args[0][1 if lang == "en" else 0])

    def rows(self, lang: str) -> list[dict[str, Any]]:
        """What is wrong, a problem a row, JSON-ready."""
        return [{"message": self.text(lang)}]

    def __str__(self) -> str:
        lang = preferred_language()
        return self.text(lang) if lang else f"{self.zh}\n{self.en}"


class RequestError(RefusedError):
    """What was asked for cannot be computed; `zh` and `en` say why and what to do.

    Raised before anything is computed or written: a wrong scale, date, seed or name, options that
    contradict each other, a missing library.
    """


def refuse_unknown(found: str, known: Iterable[str], what: Words) -> NoReturn:
    """Refuse a name that nothing has, with the nearest one or else those there are.

    Raises
    ------
    RequestError
    """
    names = list(known)
    if near := nearest(found, names):
        raise RequestError(
            _("no {what} {found!r}; did you mean {near!r}?", what=what, found=found[:60], near=near)
        )
    raise RequestError(
        _("no {what} {found!r}; there are: {known}", what=what, found=found[:60],
          known=", ".join(names[:30]))
    )  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file: where, what was expected, what was found, what to do."""

    file: str
    line: int  # from 1; 0 for the whole file
    column: int  # from 1; 0 for the whole line
    key: str  # path of the value, as measures.M05.intensity, or column of a table; may be empty
    expected: Words
    found: str | Words
    nearest: str = ""  # valid name of which the one found is a misspelling
    what: Words | None = None  # what was looked at, where the key does not say it
    advice: Words | None = None  # what to do

    def to_dict(self, lang: str = "zh") -> dict[str, Any]:
        """The problem in one language, JSON-ready."""
        i = 1 if lang == "en" else 0
        return {
            "file": self.file, "line": self.line, "column": self.column, "key": self.key,
            "what": self.what[i] if self.what else "", "expected": self.expected[i],
            "found": self.found if isinstance(self.found, str) else self.found[i],
            "nearest": self.nearest, "advice": self.advice[i] if self.advice else "",
            "message": self.text(lang),
        }  # fmt: skip

    def text(self, lang: str = "zh") -> str:
        """The problem as a sentence."""
        i = 1 if lang == "en" else 0
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        subjects = (place, self.key, self.what[i] if self.what else "")
        subject = ": ".join(filter(None, subjects))
        found = self.found if isinstance(self.found, str) else self.found[i]
        found = _("nothing", "found")[i] if found == "∅" else shortened(found, LONGEST)
        if lang == "en":
            meant = f"; did you mean {self.nearest!r}?" if self.nearest else ""
            advice = f"; please {self.advice[1]}" if self.advice else ""
            return f"{subject}: expected {self.expected[i]}, found {found}{meant}{advice}"
        meant = f"；是否想写 {self.nearest!r}？" if self.nearest else ""
        advice = f"；请{self.advice[0]}" if self.advice else ""
        return f"{subject}: 应为{self.expected[i]}，现为 {found}{meant}{advice}"


class FileError(RefusedError):
    """A file that cannot be used, with everything that is wrong in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        ValueError.__init__(self, self.problems)

    def rows(self, lang: str) -> list[dict[str, Any]]:
        """What is wrong, a problem a row, JSON-ready."""
        return [problem.to_dict(lang) for problem in self.problems]

    def text(self, lang: str = "zh") -> str:
        """All problems, one a line; those that differ by line alone stand once."""
        alike: dict[Problem, list[Problem]] = {}
        for problem in self.problems:
            alike.setdefault(replace(problem, line=0), []).append(problem)
        more = _(" (and {} more lines alike)").text(lang)
        return "\n".join(
            same[0].text(lang) + (more.format(len(same) - 1) if len(same) > 1 else "")
            for same in alike.values()
        )


class ScenarioError(FileError):
    """A scenario, measure, plan, design or table of a user that cannot be used.

    `problems` holds all that is wrong: file, line, column, key, expected, found, nearest name.
    """


class PackError(FileError):
    """A region pack that cannot be used.

    `pack` is its name or path; `problems` is all that is wrong in its files, as in a
    ScenarioError.
    """

    noun: Words = _("The region pack")

    def __init__(self, pack: str, problems: Iterable[Problem], lang: str | None = None) -> None:
        self.pack, self.problems, self.lang = pack, tuple(problems), lang
        ValueError.__init__(self, pack, self.problems, lang)

    def text(self, lang: str | None = None) -> str:
        """All problems; in the language asked for, else that of `load`, else "zh"."""
        lang = lang or self.lang or "zh"
        n = len(self.problems)
        head = _("{noun} {pack} has {n} problem{value}:", noun=self.noun, pack=self.pack, n=n,
                 value="s" * (n > 1)).text(lang)  # fmt: skip
        return "\n  ".join([head, *super().text(lang).split("\n")])

    def __str__(self) -> str:
        return self.text() if self.lang else super().__str__()


def localized(error: Exception, lang: str) -> str | None:
    """The message of an error that a user can correct; None for any other."""
    return error.text(lang) if isinstance(error, RefusedError) else None
