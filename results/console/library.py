"""Saved scenarios: one file each in a folder shared by all users, and how a session saves to it."""

import re
import secrets
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

from xiancheng.calibration.errors import RequestError, ScenarioError
from xiancheng.calibration.i18n import _
from xiancheng.calibration.yaml_positions import parse_yaml
from xiancheng.results.console.edits import ScenarioEdit, bundled_titles, plan_scenario
from xiancheng.results.console.session import DEFAULTS, Session, decode, from_mapping
from xiancheng.results.store.parquet import yaml
from xiancheng.scenarios.diff import called, foreign
from xiancheng.scenarios.loader import load_plan

if TYPE_CHECKING:
    from xiancheng.calibration.region import Region

MAX_SCENARIOS = 500
MAX_TITLE = 100  # characters of a title that something is added to
NUMBER = re.compile(r"[0-9a-f]{12}")
NOT_FOUND = _("there is no such saved scenario")
RESERVED = '<>:"/\\|?*'  # in names of files
MAX_FILE_TITLE = 60  # characters of a title in the name of a file


class Library:
    """The folder of saved scenarios; every user of the server sees them."""

    def __init__(self, folder: Path, region: str | None = None) -> None:
        self._folder, self._region = folder, region

    def titles(self) -> Mapping[str, str]:
        """The title of each saved scenario by its number; unreadable files are left out."""
        found = {}
        files = self._folder.glob("*.yaml") if self._folder.is_dir() else ()
        for file in sorted(files, key=lambda f: f.stat().st_mtime):
            if NUMBER.fullmatch(file.stem):
                try:
                    title = parse_yaml(file.read_bytes(), file.name).value["title"]
                except (ScenarioError, OSError, KeyError, TypeError):
                    continue
                found[file.stem] = str(title)
        return found

    def read(self, number: str) -> tuple[ScenarioEdit, str]:
        """A saved scenario, and the sha256 of its file.

        Raises
        ------
        RequestError, ScenarioError
            if there is none of this number, or it is no longer valid.
        """
        file = self._file(number)
        if not file.is_file():
            raise RequestError(NOT_FOUND)
        source = file.read_bytes()
        edit = from_mapping(dict(parse_yaml(source, file.name).value), self._region)
        return edit, sha256(source).hexdigest()

    def digest(self, number: str) -> str:
        """The sha256 of the file of a saved scenario; empty if there is none."""
        file = self._file(number)
        return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""

    def save(
        self, edit: ScenarioEdit, number: str | None = None, expected: str | None = None
    ) -> str:
        """Write a scenario over the one of this number, or as a new one; returns its number.

        Raises
        ------
        RequestError
            if the file exists and is not the one of the `expected` digest, or the library is full.
        """
        if number is None:
            if len(self.titles()) >= MAX_SCENARIOS:
                full = _("{n} scenarios are saved; delete some", n=MAX_SCENARIOS)
                raise RequestError(full)
            number = secrets.token_hex(6)
        file = self._file(number)
        if expected and self.digest(number) not in ("", expected):
            raise RequestError(_("somebody else has changed this scenario, so it is not saved; "
                                 "keep yours as a new one with Clone"))  # fmt: skip
        self._folder.mkdir(parents=True, exist_ok=True)
        written = file.with_name(f".{number}.{secrets.token_hex(4)}")
        written.write_text(yaml(edit.to_file()), encoding="utf-8")
        written.replace(file)
        return number

    def free_title(self, title: str) -> str:
        """The title, with a number if it is taken."""
        taken = set(self.titles().values())
        numbered = (f"{title} {n}" for n in islice(count(2), len(taken)))
        return next((each for each in (title, *numbered) if each not in taken), title)

    def _file(self, number: str) -> Path:
        if not NUMBER.fullmatch(number):
            raise RequestError(NOT_FOUND)
        return self._folder / f"{number}.yaml"


# What a session does with the library: it overwrites nothing that it has not read


def pick(session: Session, library: Library, side: str, key: str, region: str) -> None:
    """Make A or B the scenario of a key of `scenario_choices`."""
    kind, __, number = key.partition(":")
    if side == "b":
        session.change(b=chosen(key, session, library, region))
        return
    digest = ""
    if kind == "saved":
        edit, digest = library.read(number)
    else:
        edit = chosen(key, session, library, region)
    session.change(a=edit)
    session.saved_as = number if digest else None
    if digest:
        session.stored[number], session.digests[number] = edit, digest


def save(session: Session, library: Library) -> None:
    """Save A over the scenario that it came from, or as a new one.

    Raises
    ------
    RequestError
        if A has no title of its own, or another session has changed the file since.
    """
    check_title(session.a.title)
    number = session.saved_as
    _saved(session, library, library.save(session.a, number, session.digests.get(number or "")))


def clone(session: Session, library: Library) -> None:
    """Save A as a new scenario, and continue with that."""
    if session.a.needs_title:
        title = suggested_title(session, library)
    else:
        own = session.a.has_own_title
        shown = session.a.title if own else session.a.base.title.text(session.lang)
        title = library.free_title(f"{shown[:MAX_TITLE]} {session.say(_('copy'))}")
    edit = session.a.with_title(title)
    number = library.save(edit)
    session.change(a=edit)
    _saved(session, library, number)


def rename(session: Session, library: Library, title: str) -> None:
    """Give A another title, and also the saved scenario that it came from, changing only that.

    Raises
    ------
    RequestError
        if it is the title of a scenario of the plan.
    """
    check_title(title)
    edit, number = session.a.with_title(title), session.saved_as
    if number is not None:
        stored, digest = library.read(number)
        library.save(stored.with_title(title), number, digest)
        if session.digests.get(number) == digest:  # else a later save still reports the conflict
            session.digests[number] = library.digest(number)
            session.stored[number] = stored.with_title(title)
    session.change(a=edit)


def check_title(title: str) -> None:
    """Refuse the title of a scenario of the plan for another one.

    Raises
    ------
    RequestError
    """
    if not title.strip() or title in bundled_titles():
        raise RequestError(_("'{title}' is the title of a scenario that comes with the plan; "
                             "choose another", title=title))  # fmt: skip


def suggested_title(session: Session, library: Library) -> str:
    """A free title for A."""
    title = session.a.base.title.text(session.lang)[:MAX_TITLE]
    return library.free_title(f"{title} {session.say(_('changed'))}")


def _saved(session: Session, library: Library, number: str) -> None:
    session.saved_as, session.stored[number] = number, session.a
    session.digests[number] = library.digest(number)


# The lists of scenarios to choose from


def scenario_choices(
    session: Session, library: Library, region: "Region"
) -> dict[str, dict[str, str]]:
    """Every scenario that can be chosen: titles by key, by group."""
    group = _("Of the plan")
    if foreign(plan_scenario("plan"), region):
        group = _("{plan} (applied elsewhere)", plan=load_plan().about.name)
    saved = {f"saved:{number}": title for number, title in library.titles().items()}
    groups = {session.say(group): bundled_choices(region, session.lang)}
    return groups | ({session.say(_("Saved")): saved} if saved else {})


def bundled_choices(region: "Region", lang: str) -> dict[str, str]:
    """The scenarios that come with the plan, the plan itself and the baseline first."""
    names = sorted(load_plan().scenario_files(), key=lambda name: name not in DEFAULTS.values())
    return {f"plan:{name}": called(plan_scenario(name), region).text(lang) for name in names}


def chosen(key: str, session: Session, library: Library, region: str) -> ScenarioEdit:
    """The scenario of a key of `scenario_choices`; A for a key that it does not give."""
    kind, __, name = key.partition(":")
    if kind == "saved":
        return library.read(name)[0]
    if kind == "plan" and not name.startswith("."):
        return decode(name, region)
    return session.a


def file_name(title: str, ending: str) -> str:
    """The name of a file about a scenario: its title, as far as a file name can have it, and date.

    >>> file_name("a/b: c", "yaml").startswith("a_b_c_")
    True
    """
    words = "".join(" " if c in RESERVED or not c.isprintable() else c for c in title).split()
    return f"{'_'.join(words)[:MAX_FILE_TITLE]}_{date.today().isoformat()}.{ending}"
