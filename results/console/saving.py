"""Saved scenarios as one session deals with them: it writes over nothing that it has not read."""

from itertools import count, islice

from xiancheng.calibration.errors import RequestError
from xiancheng.calibration.i18n import _
from xiancheng.results.console.draft import shipped_titles
from xiancheng.results.console.library import Library
from xiancheng.results.console.session import Session

LONGEST = 100  # characters of a title that something is added to


def opened(session: Session, library: Library, number: str) -> None:
    """Make a saved scenario A."""
    draft, session.known[number] = library.read(number)
    session.change(a=draft)
    session.kept_as, session.stored[number] = number, draft


def save(session: Session, library: Library) -> None:
    """Save A: in place of what it came from, or as a new one.

    Raises
    ------
    RequestError
        if it has no title of its own, or somebody else has changed what it came from.
    """
    own_title(session.a.title)
    number = session.kept_as
    if number is None:
        number = library.save(session.a)
    else:
        library.save(session.a, number, session.known.get(number))
    _kept(session, library, number)


def clone(session: Session, library: Library) -> None:
    """Save A as a new one, and go on with that."""
    if session.a.changed and not session.a.named_by_user:
        title = suggested(session, library)
    else:
        shown = (
            session.a.title if session.a.named_by_user else session.a.base.title.said(session.lang)
        )
        title = free(f"{shown[:LONGEST]} {session.say(_('copy'))}", library)
    draft = session.a.named(title)
    number = library.save(draft)
    session.change(a=draft)
    _kept(session, library, number)


def rename(session: Session, library: Library, title: str) -> None:
    """Give A another title, and what it came from too: of that nothing else is changed.

    Raises
    ------
    RequestError
        if it is the title of a scenario of the plan.
    """
    own_title(title)
    draft, number = session.a.named(title), session.kept_as
    if number is not None:
        stored, digest = library.read(number)
        library.save(stored.named(title), number, digest)
        if session.known.get(number) == digest:  # else saving still tells of the others' changes
            session.known[number] = library.digest(number)
            session.stored[number] = stored.named(title)
    session.change(a=draft)


def own_title(title: str) -> None:
    """Refuse the title of a scenario of the plan for another one.

    Raises
    ------
    RequestError
    """
    if not title.strip() or title in shipped_titles():
        raise RequestError(
            _(
                "'{title}' is the title of a scenario that comes with the plan; choose another",
                title=title,
            )
        )


def suggested(session: Session, library: Library) -> str:
    """A title for A that is free."""
    changed = session.say(_("changed"))
    title = session.a.base.title.said(session.lang)[:LONGEST]
    return free(f"{title} {changed}", library)


def free(title: str, library: Library) -> str:
    """The title, with a number if it is taken."""
    taken = set(library.titles().values())
    numbered = (f"{title} {n}" for n in islice(count(2), len(taken)))
    return next((each for each in (title, *numbered) if each not in taken), title)


def _kept(session: Session, library: Library, number: str) -> None:
    session.kept_as, session.stored[number] = number, session.a
    session.known[number] = library.digest(number)
