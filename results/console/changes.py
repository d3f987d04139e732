"""What a draft changes in its base: one line a lever, each with the key by which it is put back."""

from collections.abc import Iterator
from dataclasses import dataclass

from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.region import load
from xiancheng.results.console.draft import Draft, together
from xiancheng.sim.conditions import CONDITIONS


@dataclass(frozen=True)
class Change:
    """One lever: what it is called, what it was and what it is now."""

    key: tuple[str, ...]
    label: Words
    old: Words
    new: Words


FROZEN, TREND = _("frozen"), _("trend", "manner")
SAID = {
    "intensity": _("intensity"),
    "delay": _("delay in quarters"),
    "phases": _("spells"),
    "allocation": _("shared out by"),
}


def changes(draft: Draft) -> list[Change]:
    """Every changed lever, in the order of the panel."""
    return [*_measures(draft), *_world(draft), *_rest(draft)]


def _measures(draft: Draft) -> Iterator[Change]:
    plan, own = draft.scenario.plan, together(draft.own, draft.scenario)
    counties = load(draft.region).counties if draft.region else plan.about.counties
    names = {county.code: Words(county.zh, county.en) for county in counties}
    order = [*plan.about.projects, *plan.measures]
    for name in sorted(own, key=order.index):
        group = name in plan.about.projects
        members = [m for m, each in plan.measures.items() if name in (m, each.project)]
        title = plan.about.projects[name] if group else plan.measures[name].title
        was, will = draft.base.setting(members[0]), draft.scenario.setting(members[0])
        for field in own[name]:
            if field == "counties":
                for code in sorted(was.counties.keys() | will.counties.keys()):
                    before = was.counties.get(code, was.intensity)
                    after = will.counties.get(code, will.intensity)
                    if was.counties.get(code) != will.counties.get(code):
                        place = names[code]
                        label = _("{name} {title}: {place}", name=name, title=title, place=place)
                        for member in members:
                            yield Change(
                                ("measures", member, field, code),
                                label,
                                _number(before),
                                _number(after),
                            )
                continue
            what = SAID[field]
            label = Words(f"{name} {title.zh}·{what.zh}", f"{name} {title.en}: {what.en}")
            key = ("measures", ",".join(members), field)
            olds = {_value(getattr(draft.base.setting(m), field)) for m in members}
            old = olds.pop() if len(olds) == 1 else _("various")
            yield Change(key, label, old, _value(getattr(will, field)))


def _world(draft: Draft) -> Iterator[Change]:
    for name, condition in CONDITIONS.items():
        was, will = (getattr(s.conditions, name) for s in (draft.base, draft.scenario))
        if was == will:
            continue
        key = "recoding" if name == "recoding_frozen" else name
        label = Words(condition.zh, condition.meaning)
        if isinstance(was, bool):
            label = _("recoding of villages")
            yield Change(("conditions", key), label, *(FROZEN if x else TREND for x in (was, will)))
        else:
            yield Change(("conditions", key), label, _number(was), _number(will))


def _rest(draft: Draft) -> Iterator[Change]:
    base, now = draft.base, draft.scenario
    for name, label in (("start", _("start")), ("until", _("end"))):
        was, will = getattr(base, name), getattr(now, name)
        if was != will:
            yield Change(("horizon", name), label, *(Words(str(d), str(d)) for d in (was, will)))
    for name, value in now.doses.items():
        if base.doses.get(name) != value:
            old = base.doses.get(name)
            plan = _("central value")
            label = _("dose {name}", name=name)
            yield Change(
                ("doses", name), label, plan if old is None else _number(old), _number(value)
            )
    if base.red_lines != now.red_lines:
        own = _("differ from the base")
        yield Change(("red_lines",), _("red lines"), _("as it was"), own)


def _value(value: object) -> Words:
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list):
        count = len(value)
        return _("{count} spells", count=count)
    said = "–" if value is None else str(value)
    return Words(said, said)


def _number(value: float) -> Words:
    return Words(f"{value:g}", f"{value:g}")
