"""The report in the order in which it is read: conclusions, places, attribution, and so on."""

from collections.abc import Iterator

from xiancheng.calibration.i18n import _
from xiancheng.results.contents import (
    assumed,
    conclusions,
    contributions,
    counties,
    promises,
    provenance,
    settings,
    targets,
    validation,
)
from xiancheng.results.contents.parts import Block, Document, Lang, Points, Section
from xiancheng.results.contents.subject import Subject


def document(subject: Subject, lang: Lang) -> Document:
    """Everything that a report on a run says."""
    region, title = subject.region.title(lang), subject.title(lang, whole=True)
    drawn = (
        _("{draws} draws", "document", draws=subject.draws)
        if subject.draws
        else _("central parameters, no draws")
    ).said(lang)
    name = _("County-town urbanization in {region}", region=region)
    years = f"{subject.scenario.start.year}–{subject.scenario.until.year}"
    return Document(
        title=name.said(lang),
        subtitle=_("Scenario: {title} ({years})", title=title, years=years).said(lang),
        header=" | ".join([region, subject.title(lang), years, drawn, subject.run]).rstrip(" |"),
        lang=lang,
        sections=tuple(_sections(subject, lang)),
    )


def _sections(subject: Subject, lang: str) -> Iterator[Section]:
    yield Section("conclusions", _("Conclusions").said(lang), _first(subject, lang))
    yield from _places(subject, lang)
    yield Section(
        "attribution", _("Attribution").said(lang), tuple(_shares(subject, lang)),
        new_page=True,
    )  # fmt: skip
    if not subject.foreign:  # another city's tasks are none of this one's
        yield Section(
            "delivery", _("Delivery").said(lang), tuple(_delivery(subject, lang)),
            new_page=True,
        )  # fmt: skip
    yield Section(
        "assumptions", _("Assumptions").said(lang),
        (settings.whole(subject, lang), assumed.summary(subject, lang),
         assumed.parameters(subject, lang),
         assumed.doses(subject, lang), assumed.region(subject, lang)), new_page=True,
    )  # fmt: skip
    if open_points := tuple(caveats(subject, lang)):
        yield Section(
            "caveats", _("Caveats of the plan").said(lang),
            (Points(open_points),), new_page=True,
        )  # fmt: skip
    yield Section("validation", _("Validation").said(lang), tuple(_checked(subject, lang)))
    yield Section(
        "provenance", _("Provenance").said(lang), (provenance.table(subject, lang),),
        new_page=True,
    )  # fmt: skip


def _first(subject: Subject, lang: str) -> tuple[Block, ...]:
    told = conclusions.answers(subject, lang)
    answers = Points(tuple(_answer(*each, lang) for each in told if each[1]), led=True)
    changes = settings.blocks(subject, lang)
    if not targets.any_due(subject):
        return (*changes, answers)
    return targets.table(subject, lang), *changes, answers, targets.chart(subject, lang)


def _answer(question: str, sentences: tuple[str, ...], lang: str) -> str:
    said = ("" if lang == "zh" else " ").join(sentences)
    return _("{question}: {said}", question=question, said=said).said(lang)


def _places(subject: Subject, lang: str) -> Iterator[Section]:
    yield Section("places", _("Places").said(lang), (), new_page=True)
    alone, wanted = len(subject.region.counties), _codes(subject)
    several = sorted(subject.groups[alone:], key=lambda g: g.code not in wanted)
    for number, group in enumerate((*several, *subject.groups[:alone])):
        yield Section(
            f"place-{group.code}", group.said(lang),
            (counties.path_chart(subject, group, lang), counties.causes_chart(subject, group, lang),
             counties.causes(subject, group, lang), counties.figures(subject, group, lang)),
            level=2, new_page=number > 0,
        )  # fmt: skip


def _codes(subject: Subject) -> set[int]:
    """Codes of the groups that have a target."""
    return set(subject.verdicts["unit_code"]) if targets.any_due(subject) else set()


def _shares(subject: Subject, lang: str) -> Iterator[Block]:
    if targets.any_due(subject):
        yield targets.parts(subject, lang)
    shares = subject.shares
    if shares is None:
        yield _("There is no attribution; xiancheng attribute makes one.").said(lang)
        return
    code = shares.largest()
    yield contributions.chart(subject, shares, code, lang)
    yield contributions.projects(subject, shares, code, lang)
    if shares.of_group(code, "measure", "shapley"):
        yield contributions.measures(subject, shares, code, lang)
    yield Points(tuple(contributions.remarks(shares, lang)))


def _delivery(subject: Subject, lang: str) -> Iterator[Block]:
    if promises.judged(subject):
        yield promises.table(subject, lang)
        yield counties.effort_chart(subject, lang)
        yield counties.effort(subject, lang)
        return
    yield _("The run ends before the plan is issued.").said(lang)


def caveats(subject: Subject, lang: str) -> Iterator[str]:
    """What the plan's text leaves open, and the red lines that the scenario crosses, if any."""
    for line in subject.scenario.crossed():
        yield _("Crosses a red line: {line}", line=line).said(lang)
    for number, caveat in subject.caveats.items():
        yield f"{number} {caveat.said(lang)}"


def _checked(subject: Subject, lang: str) -> Iterator[Block]:
    yield validation.sentence(subject, lang)
    for table in (validation.recorded(subject, lang), validation.census(subject, lang)):
        if table is not None:
            yield table
