"""The same words in Chinese and in English."""

from typing import NamedTuple

Say = tuple[str, str]  # the same words in Chinese and in English


class Words(NamedTuple):
    """The same name or sentence twice."""

    zh: str
    en: str

    def said(self, lang: str = "zh") -> str:
        """It in one language, "zh" or "en"."""
        return self.en if lang == "en" else self.zh
