"""Errors that a person can mend, in both languages."""


class RefusedError(ValueError):
    """What was asked for cannot be had; `zh` and `en` say why, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en

    def __str__(self) -> str:
        return self.en

    def text(self, lang: str = "zh") -> str:
        """What is said to the reader."""
        return self.en if lang == "en" else self.zh


def told(error: Exception, lang: str) -> str | None:
    """What an error says to a person who can mend it; None of one that nobody foresaw."""
    text = getattr(error, "text", None)
    return str(text(lang)) if callable(text) else None
