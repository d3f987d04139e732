"""Which scenario is A and which is B: lists, steps back, and what is saved."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from xiancheng.calibration.i18n import _
from xiancheng.results.console import dialogs, saving
from xiancheng.results.console.address import unpacked
from xiancheng.results.console.draft import Draft, of_plan
from xiancheng.results.console.naming import BASELINE
from xiancheng.results.console.native import button, element, fill, select, set_prop, text
from xiancheng.scenarios.diff import called, foreign
from xiancheng.scenarios.loader import load_plan

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region
    from xiancheng.results.console.page import Page

USUAL = {"a": "plan", "b": "baseline"}


class Choosing:
    """The top of the panel."""

    def __init__(self, page: "Page") -> None:
        self.page, self.session, self.library = page, page.session, page.library
        say = self.session.say
        with element("div", "pick"):
            text("A", name="strong")
            self._a = select(say(_("Scenario A")), {}, "", self._pick_a)
            text("B", name="strong")
            against = say(_("Scenario B, held against"))
            self._b = select(against, {}, "", self._pick_b)
        with element("div", "actions"):
            self._undo = button(say(_("Undo")), lambda __: self._step(self.session.undo))
            self._redo = button(say(_("Redo")), lambda __: self._step(self.session.redo))
            button(say(_("Save")), lambda __: self._save())
            button(say(_("Clone")), lambda __: self._clone())
            button(say(_("Rename")), lambda __: dialogs.rename(self.page))

    def refresh(self) -> None:
        """The lists and buttons as the session is."""
        fill(self._a, self._choices("a"), "here")
        fill(self._b, self._choices("b"), "here")
        for control, able in (
            (self._undo, self.session.undoable), (self._redo, self.session.redoable),
        ):  # fmt: skip
            set_prop(control, "disabled", not able)

    def _pick_a(self, key: str) -> None:
        def pick() -> None:
            kind, __, number = key.partition(":")
            if kind == "saved":
                saving.opened(self.session, self.library, number)
            else:
                self.session.change(a=self.drafted(key))
                self.session.kept_as = None
            self.page.follow()

        self.page.guarded(pick)

    def _pick_b(self, key: str) -> None:
        self.page.guarded(lambda: self.page.change(b=self.drafted(key)))

    def drafted(self, key: str) -> Draft:
        """The scenario that a choice of a list stands for."""
        kind, __, name = key.partition(":")
        if key in ("a", "b"):
            return self.session.a if key == "a" else self.session.b
        if kind == "saved":
            return self.library.get(name)
        region = self.page.server.name
        return (
            unpacked(name, region)
            if kind == "plan" and not name.startswith(".")
            else self.session.a
        )

    def _save(self) -> None:
        if not self.session.a.named_by_user:
            say = self.session.say
            heading = say(_("A title to save the scenario under"))
            title = saving.suggested(self.session, self.library)
            dialogs.ask_title(self.page, heading, title, self._save_as)
        else:
            self._saved()

    def _save_as(self, title: str) -> None:
        if self.page.guarded(lambda: self.page.entitle(title)):
            self._saved()

    def _saved(self) -> None:
        def save() -> None:
            saving.save(self.session, self.library)
            self.page.refresh()
            self.page.renamed()
            self.page.note(self.session.say(_("Saved")))

        self.page.guarded(save)

    def _clone(self) -> None:
        def clone() -> None:
            saving.clone(self.session, self.library)
            self.page.refresh()
            self.page.renamed()
            self.page.note(self.session.say(_("Cloned")))

        self.page.guarded(clone)

    def rename(self, title: str) -> None:
        """Give A another title."""

        def rename() -> None:
            saving.rename(self.session, self.library, title)
            self.page.refresh()
            self.page.renamed()

        self.page.guarded(rename)

    def _step(self, does: Callable[[], None]) -> None:
        does()
        self.page.follow()

    def _choices(self, side: str) -> dict[str, dict[str, str]]:
        return {"": {"here": self.page.title(side)}} | self.scenarios()

    def scenarios(self) -> dict[str, dict[str, str]]:
        """Every scenario that can be chosen, by group."""
        say = self.session.say
        region = self.page.server.region
        shipped = of_the_plan(region, self.session.lang)
        saved = {f"saved:{number}": title for number, title in self.library.titles().items()}
        group = say(_("Of the plan"))
        if foreign(of_plan("plan"), region):
            plan = load_plan().about.name
            group = say(_("{plan} (applied elsewhere)", plan=plan))
        groups = {group: shipped}
        return groups | ({say(_("Saved")): saved} if saved else {})


def of_the_plan(region: "Region", lang: str) -> dict[str, str]:
    """The scenarios that come with the plan, by the key of a choice: the plan itself first."""
    names = sorted(load_plan().scenario_files(), key=lambda name: name not in USUAL.values())
    return {f"plan:{name}": called(of_plan(name), region).said(lang) for name in names}


def usual(region: "Region") -> dict[str, str]:
    """A and B of somebody who asks for none: another city's plan is nobody's first question."""
    return dict.fromkeys(USUAL, BASELINE) if foreign(of_plan("plan"), region) else USUAL
