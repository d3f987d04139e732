"""What a view is handed: the answer, the place looked at, and the reader's language."""

import re
from dataclasses import dataclass, replace
from datetime import date
from math import ceil, log10

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.answer import Answer
from xiancheng.results.console.draft import of_plan
from xiancheng.results.console.markup import Markup, joined, tag
from xiancheng.results.console.session import Session
from xiancheng.results.tables import render
from xiancheng.results.tables.table import Table
from xiancheng.scenarios.diff import called, foreign
from xiancheng.scenarios.outcome import Group

UNTIL = re.compile(r"；?用 --until [\d-]+ 判定| Use --until [\d-]+\.|; use --until [\d-]+")
MOST_EXACT = 100  # persons: random worlds alone differ by as many


@dataclass(frozen=True)
class Shown:
    """An answer in a session."""

    session: Session
    answer: Answer

    def say(self, words: Words) -> str:
        """The words in the reader's language."""
        return self.session.say(words)

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

    @property
    def days(self) -> list[date]:
        """The days that can be looked at: deadlines, ends of years, and the end of A."""
        a = self.answer.outcome
        first, last = a.dates[0], a.dates[-1]
        years = [date(year, 12, 31) for year in range(first.year, last.year + 1)]
        due = [target.deadline for target in a.region.targets]
        return sorted({day for day in (*years, *due) if first < day <= last} | {last})

    @property
    def day(self) -> date:
        """The day looked at: the one that was chosen, or that on which A is judged."""
        chosen = self.session.day
        return chosen if chosen in self.days else self.answer.day

    @property
    def a_title(self) -> str:
        """What the scenario that is shown as A is called."""
        return called(self.answer.outcome.scenario, self.answer.outcome.region).said(self.lang)

    @property
    def b_title(self) -> str:
        """What the scenario that is shown as B is called, and where it was run on."""
        own = replace(self.answer.b.scenario, until=self.answer.b_until)
        title = called(own, self.answer.outcome.region).said(self.lang)
        if self.answer.b_until >= self.day:
            return title
        ends = self.answer.b_until
        return self.say(
            _(
                "{title} (run on to {day}; its own end is {ends})",
                title=title,
                day=self.day,
                ends=ends,
            )
        )

    @property
    def foreign(self) -> bool:
        """Whether A carries out a plan that was written for other counties."""
        return foreign(self.answer.outcome.scenario, self.answer.outcome.region)

    def limit(self) -> str:
        """What the day looked at is beyond, if anything."""
        cutoff = str(self.answer.outcome.settings["cutoff"])
        if self.day.year <= int(cutoff[:4]) + 1:
            return ""
        return self.say(
            _(
                "{day} is beyond what levels can be judged for (information to "
                "{cutoff}): the level is a trend drawn on; read differences "
                "between scenarios only.",
                day=self.day,
                cutoff=cutoff,
            )
        )

    def place(self, group: Group) -> str:
        """What a place is called."""
        return group.said(self.lang)

    def plain(self, line: str) -> str:
        """A sentence without words of the command line, which nobody can act upon here."""
        recoding = of_plan("plan-without-recoding").title.said(self.lang)
        places = {
            "plan-without-recoding": self.say(Words(f"“{recoding}”", f"'{recoding}'")),
            "（docs/validation.md）": "（见“检验”）",
            "(docs/validation.md)": "(see 'Validation')",
            "（--draws 50）": "", " (--draws 50)": "",
            "；用 --draws 50": "", "; use --draws 50": "",
            "；要用本程序估计，请运行 xiancheng calibrate": "",
            "; to estimate with this one, run xiancheng calibrate": "",
            "；分到措施请用 xiancheng attribute，再以 --attribution 并入报告": "",
            "; for measures use xiancheng attribute, and bring it in with --attribution": "",
        }  # fmt: skip
        for word, instead in places.items():
            line = line.replace(word, instead)
        return UNTIL.sub("", line)

    def persons(self, value: float) -> str:
        """A change of persons, to the tens or hundreds that the rows of the run can show."""
        step = max(MOST_EXACT, 10 ** ceil(log10(1 / self.answer.scale)))
        rounded = round(value / step) * step
        return f"{rounded:+,.0f}" if rounded else "0"

    def basis(self) -> Markup:
        """What the numbers rest on, in a line."""
        a = self.answer
        asked = a.outcome.settings
        if a.preliminary:
            scale = f"{1 / a.scale:.0f}"
            stage = self.say(_("Preliminary (scale 1/{scale})", scale=scale))
        else:
            full = a.scale == 1
            stage = (
                self.say(_("Full scale (a row a resident)"))
                if full
                else self.say(_("At scale {scale:g}", scale=a.scale))
            )
        drawn = (
            self.say(_("{draws} draws", draws=a.draws))
            if a.draws
            else self.say(_("one run at central values, draws under way"))
        )
        rest = self.say(_("seed {seed}", seed=asked["seed"]))
        badge = tag("strong", stage, cls="badge preliminary" if a.preliminary else "badge final")
        what = self.say(_("A: {a_title}", a_title=self.a_title))
        parts = [badge, " ", tag("strong", what), self.say(_("; ")), drawn,
                 self.say(_(", ", "clauses")), rest]  # fmt: skip
        if limit := self.limit():
            parts.append(tag("p", limit, cls="limit"))
        return joined(parts)


def as_table(table: Table) -> Markup:
    """A table as markup, with its source and its notes."""
    return Markup(render.html(table))
