"""Saved scenarios as one session deals with them: it writes over nothing that it has not read."""

from itertools import count, islice

from results.console.draft import of_plan
from results.console.library import Library
from results.console.session import Session
from scenarios.loading import load

LONGEST = 100  # characters of a title that something is added to


def opened(session: Session, library: Library, number: str) -> None:
    """Make a saved scenario A."""
    draft, session.known[number] = library.read(number)
    session.change(a=draft)
    session.kept_as = number


def save(session: Session, library: Library) -> None:
    """Save A: in place of what it came from, or as a new one under a title of its own.

    Raises
    ------
    RequestError
        if somebody else has changed what it came from.
    """
    number = session.kept_as
    if number is None:
        if session.a.changed and session.a.title in shipped():
            changed = session.say("的改动", "changed")
            title = f"{session.a.called(session.lang)[:LONGEST]} {changed}"
            draft = session.a.named(free(title, library))
            number = library.save(draft)
            session.change(a=draft)
        else:
            number = library.save(session.a)
    else:
        library.save(session.a, number, session.known.get(number))
    session.kept_as = number
    session.known[number] = library.digest(number)


def clone(session: Session, library: Library) -> None:
    """Save A as a new one, and go on with that."""
    title = f"{session.a.called(session.lang)[:LONGEST]} {session.say('副本', 'copy')}"
    draft = session.a.named(free(title, library))
    number = library.save(draft)
    session.change(a=draft)
    session.kept_as, session.known[number] = number, library.digest(number)


def rename(session: Session, library: Library, title: str) -> None:
    """Give A another title, and what it came from too: of that nothing else is changed."""
    draft, number = session.a.named(title), session.kept_as
    if number is not None:
        stored, digest = library.read(number)
        library.save(stored.named(title), number, digest)
        if session.known.get(number) == digest:  # else saving still tells of the others' changes
            session.known[number] = library.digest(number)
    session.change(a=draft)


def free(title: str, library: Library) -> str:
    """The title, with a number if it is taken."""
    taken = set(library.titles().values())
    numbered = (f"{title} {n}" for n in islice(count(2), len(taken)))
    return next((each for each in (title, *numbered) if each not in taken), title)


def shipped() -> set[str]:
    """The titles of the scenarios that come with the plan."""
    titles = (of_plan(name).title for name in load().scenario_files())
    return {said for title in titles for said in (title.zh, title.en)}
