"""What a view needs to show a result: chosen place and day, texts in the reader's language."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from math import ceil, log10
from typing import Any

from markupsafe import Markup
from ruamel.yaml import YAML

from xiancheng.calibration.i18n import Words, _
from xiancheng.results.console.downloads import table_tools
from xiancheng.results.console.edits import changes, plan_scenario
from xiancheng.results.console.result import ENOUGH, ABResult
from xiancheng.results.console.session import VIEWS, Session
from xiancheng.results.console.widgets import joined, tag
from xiancheng.results.tables import labels, render, verdicts
from xiancheng.results.tables.table import Cell, Column, Table
from xiancheng.scenarios.diff import called, foreign
from xiancheng.scenarios.outcome import Group

UNTIL = re.compile(r"；?用 --until [\d-]+ 判定| Use --until [\d-]+\.|; use --until [\d-]+")
PERSONS = ("urban_residents", "residents")  # what a plan adds
COUNTED = ("persons", "moves")  # units in which a row of the model is several
RESOLVED = 2  # digits of persons that are rounded off: random numbers alone change them


@dataclass(frozen=True)
class ViewModel:
    """A result in a session."""

    session: Session
    result: ABResult
    seen: set[str] = field(default_factory=set)  # explained words that the view has marked

    def say(self, words: Words) -> str:
        """A message in the reader's language."""
        return words.text(self.lang)

    @property
    def lang(self) -> str:
        """The reader's language."""
        return self.session.lang

    @property
    def column(self) -> int:
        """The position of the chosen place in the groups."""
        return min(self.session.group, len(self.result.groups) - 1)

    @property
    def group(self) -> Group:
        """The chosen place."""
        return self.result.groups[self.column]

    @property
    def days(self) -> list[date]:
        """The days to choose from: deadlines, ends of years, and the end of A."""
        a = self.result.outcome
        first, last = a.dates[0], a.dates[-1]
        years = [date(year, 12, 31) for year in range(first.year, last.year + 1)]
        due = [target.deadline for target in a.region.targets]
        return sorted({day for day in (*years, *due) if first < day <= last} | {last})

    @property
    def day(self) -> date:
        """The chosen day, or that on which A is judged."""
        chosen = self.session.day
        return chosen if chosen in self.days else self.result.day

    @property
    def a_title(self) -> str:
        """The title of the scenario that is shown as A."""
        return called(self.result.outcome.scenario, self.result.outcome.region).text(self.lang)

    @property
    def b_title(self) -> str:
        """The title of the scenario that is shown as B, and whether it is beyond its own end."""
        ends = self.result.b_until
        own = replace(self.result.b.scenario, until=ends)
        title = called(own, self.result.outcome.region)
        if ends < self.day:
            title = _("{title} (run on to {day}; its own end is {ends})", title=title,
                      day=self.day, ends=ends)  # fmt: skip
        return self.say(title)

    @property
    def foreign(self) -> bool:
        """Whether A carries out a plan that was written for other counties."""
        return foreign(self.result.outcome.scenario, self.result.outcome.region)

    def limit(self) -> str:
        """A warning if the chosen day is beyond what levels can be judged for; else empty."""
        cutoff = str(self.result.outcome.settings["cutoff"])
        if self.day.year <= int(cutoff[:4]) + 1:
            return ""
        return self.say(_(
            "{day} is beyond what levels can be judged for (information to {cutoff}): the level is "
            "a trend drawn on; read differences between scenarios only.",
            day=self.day, cutoff=cutoff,
        ))  # fmt: skip

    def plain(self, line: str) -> str:
        """A sentence without its hints at the command line, which do not apply to the page."""
        recoding = plan_scenario("plan-without-recoding").title.text(self.lang)
        replacements = {
            "plan-without-recoding": self.say(Words(f"“{recoding}”", f"'{recoding}'")),
            "（docs/validation.md）": "（见“检验”）",
            "(docs/validation.md)": "(see 'Validation')",
            "（--draws 50）": "", " (--draws 50)": "",
            "，请加大 --draws 再求": "", ": seek again with more --draws": "",
            "（--confirm）": "", " (--confirm)": "",
            "; seek again with more --draws": "", "；用 --draws 50": "", "; use --draws 50": "",
            "；要用本程序估计，请运行 xiancheng calibrate": "",
            "; to estimate with this one, run xiancheng calibrate": "",
            "；分到措施请用 xiancheng attribute，再以 --attribution 并入报告": "",
            "; for measures use xiancheng attribute, and bring it in with --attribution": "",
        }  # fmt: skip
        for word, instead in replacements.items():
            line = line.replace(word, instead)
        return UNTIL.sub("", line)

    def build(
        self, kind: str, rows: Sequence[Mapping[str, Any]], *, notes: Sequence[str] = (),
        **given: Any,
    ) -> Table:  # fmt: skip
        """A table as `labels.table` has it."""
        return labels.table(kind, rows, self.lang, notes=notes, spread=self.spread, **given)

    @property
    def spread(self) -> str:
        """What intervals of differences are of."""
        draws = self.result.draws
        few = 0 < draws < ENOUGH
        return self.say(_("range of {draws} draws", draws=draws) if few else _("90%"))

    @property
    def whole(self) -> int:
        """Decimals of persons, below 0: no finer than the scale can resolve."""
        return -max(RESOLVED, ceil(log10(1 / self.result.scale)))

    def table(
        self, table: Table, markup: Callable[[Column, Cell], str | None] = lambda column, cell: None
    ) -> Markup:
        """A table as HTML, with its source, its notes and the buttons that download it.

        Persons and moves are rounded to what the scale can resolve.
        """
        counted = {labels.label("units", unit, self.lang) for unit in COUNTED}
        columns = (replace(c, digits=self.whole) if c.unit in counted else c for c in table.columns)
        notes = tuple(map(self.plain, table.notes))
        plain = replace(table, columns=tuple(columns), notes=notes)
        self.session.tables[table.key] = plain
        heads = [self.explained(head) for head in plain.headers]
        shown = replace(plain, notes=tuple(map(self.explained, plain.notes)))
        html = Markup(render.html(shown, heads=heads, markup=markup))
        return tag("div", table_tools(plain, self.lang), html, cls="with-tools")

    def explained(self, text: str) -> Markup:
        """A text with the words of the glossary marked that no text of this view had before."""
        return explained(text, self.lang, self.seen)

    def stamp(self) -> str:
        """What the numbers rest on, in a line of plain text: for files and for print."""
        a, settings = self.result, self.result.outcome.settings
        return self.say(_(
            "A: {a_title}; B: {b_title}; scale {scale:g}, {draws} draws, seed {seed}; made {today}",
            a_title=self.a_title, b_title=self.b_title, scale=a.scale, draws=a.draws,
            seed=settings["seed"], today=date.today(),
        ))  # fmt: skip

    def basis(self) -> Markup:
        """Scale, scenario, draws and seed of the numbers, in a line."""
        a, say = self.result, self.say
        style = "preliminary" if a.preliminary else "final"
        if not a.draws:
            stage = _("First answer") if a.pending else _("Central run")
            drawn = _("one run at central values, draws under way")
            if not a.pending:
                drawn = _("one run at central values")
        else:
            stage = _("First draws") if a.preliminary else _("All draws")
            drawn = _("{draws} of {wanted} draws, at scale {scale:g}", draws=a.draws,
                      wanted=a.wanted, scale=a.both.draw_scale or a.scale)  # fmt: skip
        plan = self.session.a.scenario.plan
        title = [plan.about.title.text(self.lang), " · "] if plan.own else []
        central = _("counties and causes at scale {scale:g}", scale=a.scale)
        return joined([
            tag("strong", say(stage), cls=f"badge {style}"), " ", *title,
            tag("strong", say(_("A: {a_title}", a_title=self.a_title))), say(_("; ")),
            verdicts.known_until(a.subject, self.lang), say(_(", ", "clauses")), say(drawn),
            say(_(", ", "clauses")), say(central),
            say(_(", ", "clauses")), say(_("seed {seed}", seed=a.outcome.settings["seed"])),
            *([tag("p", limit, cls="limit")] if (limit := self.limit()) else []),
        ])  # fmt: skip


def print_head(model: ViewModel) -> Markup:
    """What stands above a printed view: region, view, scenarios, changed settings, date."""
    session, region = model.session, model.result.outcome.region
    title = Words(region.title_zh, region.title_en).text(model.lang)
    view = VIEWS[session.view].text(model.lang)
    changed = [
        f"{c.label.text(model.lang)}：{c.old.text(model.lang)} → {c.new.text(model.lang)}"
        for c in changes(session.a)
    ]
    none = model.say(_("Settings as in “{base}”", base=session.a.base.title))
    return joined([
        tag("h2", f"{title} · {view} · {model.group.text(model.lang)}"),
        tag("p", model.stamp()),
        tag("p", model.say(_("Changed settings")), f": {'; '.join(changed)}") if changed
        else tag("p", none),
    ])  # fmt: skip


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
