"""What one browser tab works on: scenario A, what it is held against, and the way back."""

from dataclasses import dataclass, field
from datetime import date

from xiancheng.calibration.i18n import Words
from xiancheng.results.console.draft import Draft
from xiancheng.results.console.maps import Scale

STEPS = 50  # that can be undone

State = tuple[Draft, Draft, str | None]


@dataclass
class Session:
    """The state of a tab; nothing of it is shared with another."""

    lang: str
    a: Draft
    b: Draft
    group: int = 0  # the place looked at: a position in the groups of the outcome
    view: str = "overview"
    kept_as: str | None = None  # the saved scenario that A came from
    known: dict[str, str] = field(default_factory=dict)  # of saved ones: the digest last seen
    stored: dict[str, Draft] = field(default_factory=dict)  # saved ones as last seen
    day: date | None = None  # the day looked at; None: that on which A is judged
    scales: dict[str, Scale] = field(default_factory=dict)  # of maps, kept while the tab is open
    _past: list[State] = field(default_factory=list)
    _future: list[State] = field(default_factory=list)

    def say(self, words: Words) -> str:
        """The words in the reader's language."""
        return words.said(self.lang)

    @property
    def origin(self) -> Draft | None:
        """The saved scenario that A came from, as it was last seen on file."""
        return self.stored.get(self.kept_as) if self.kept_as else None

    def change(self, a: Draft | None = None, b: Draft | None = None) -> None:
        """Go on with another A or B."""
        self._past = [*self._past[-STEPS + 1 :], self._state]
        self._future = []
        self.a, self.b = a or self.a, b or self.b

    @property
    def _state(self) -> State:
        return self.a, self.b, self.kept_as

    @property
    def undoable(self) -> bool:
        """Whether there is a step back."""
        return bool(self._past)

    @property
    def redoable(self) -> bool:
        """Whether there is a step forward."""
        return bool(self._future)

    def undo(self) -> None:
        """One step back."""
        if self._past:
            self._future.append(self._state)
            self.a, self.b, self.kept_as = self._past.pop()

    def redo(self) -> None:
        """One step forward again."""
        if self._future:
            self._past.append(self._state)
            self.a, self.b, self.kept_as = self._future.pop()
