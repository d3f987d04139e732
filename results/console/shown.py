"""What a view is handed: the answer, the place looked at, and the reader's language."""

from dataclasses import dataclass

from results.console.answer import Answer
from results.console.markup import Markup, joined, tag
from results.console.session import Session
from results.contents.parts import Table
from results.report import layout
from scenarios.outcome import Group


@dataclass(frozen=True)
class Shown:
    """An answer in a session."""

    session: Session
    answer: Answer

    def say(self, zh: str, en: str) -> str:
        """The words in the reader's language."""
        return self.session.say(zh, en)

    @property
    def lang(self) -> str:
        """The reader's language."""
        return self.session.lang

    @property
    def column(self) -> int:
        """The position of the place in the groups."""
        return min(self.session.group, len(self.answer.groups) - 1)

    @property
    def group(self) -> Group:
        """The place looked at."""
        return self.answer.groups[self.column]

    def place(self, group: Group) -> str:
        """What a place is called."""
        return group.said(self.lang)

    def basis(self) -> Markup:
        """What the numbers rest on, in a line."""
        a = self.answer
        asked = a.outcome.request
        if a.preliminary:
            scale = f"{1 / a.scale:.0f}"
            stage = self.say(f"初步结果（规模 1/{scale}）", f"Preliminary (scale 1/{scale})")
        else:
            full = a.scale == 1
            stage = (
                self.say("全规模结果（一人一行）", "Full scale (a row a resident)")
                if full
                else self.say(f"规模 {a.scale:g} 的结果", f"At scale {a.scale:g}")
            )
        drawn = (
            self.say(f"{a.draws} 次抽样", f"{a.draws} draws")
            if a.draws
            else self.say("中心参数一次，抽样计算中", "one run at central values, draws under way")
        )
        rest = self.say(f"种子 {asked['seed']}", f"seed {asked['seed']}")
        badge = tag("strong", stage, cls="badge preliminary" if a.preliminary else "badge final")
        return joined([badge, " ", drawn, self.say("，", ", "), rest])


def as_table(table: Table) -> Markup:
    """A table of ours as markup, with its source and its notes."""
    kinds = [_kind(table, i) for i in range(len(table.columns))]
    cells = [
        tag("tr", *(
            tag("th" if i == 0 else "td", text, scope="row" if i == 0 else None, cls=kind)
            for i, (kind, text) in enumerate(zip(kinds, texts, strict=True))
        ), cls="total" if table.total and n == len(table.rows) - 1 else None)
        for n, texts in enumerate(table.texts())
    ]  # fmt: skip
    head = tag("tr", *(
        tag("th", c.header, scope="col", cls="number" if c.numeric else None)
        for c in table.columns
    ))  # fmt: skip
    inner = tag("table", tag("caption", table.title), tag("thead", head), tag("tbody", *cells))
    below = [tag("p", note, cls="note") for note in table.notes]
    if table.source:
        below.append(tag("p", table.source, cls="source"))
    whole = tag("div", inner, cls="scroll", tabindex="0", role="region", aria_label=table.title)
    return tag("section", whole, *below, cls="tabled")


def _kind(table: Table, index: int) -> str | None:
    """How a column is set: numbers flush right, prose broad, short words on one line."""
    column = table.columns[index]
    if column.numeric:
        return "number"
    if column.wide:
        return "wide"
    longest = max((layout.span(row[index]) for row in table.texts()), default=0)
    return "short" if longest <= layout.SHORT else None
