"""Errors that a person can mend, in both languages."""


class RefusedError(ValueError):
    """What was asked for cannot be had; `zh` and `en` say why, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en

    def __str__(self) -> str:
        return self.en
