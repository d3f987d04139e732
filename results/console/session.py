"""What one browser tab works on: scenario A, what it is held against, and the way back."""

from dataclasses import dataclass, field

from results.console.draft import Draft
from scenarios.checking import Words

STEPS = 100  # that can be undone

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
    _past: list[State] = field(default_factory=list)
    _future: list[State] = field(default_factory=list)

    def say(self, zh: str, en: str) -> str:
        """The words in the reader's language."""
        return Words(zh, en).said(self.lang)

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
