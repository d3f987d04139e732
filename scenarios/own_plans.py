"""A plan of one's own in short: measures by name, lever, amount, counties, start and finish.

`OwnPlan` is what a short file or plan.yaml holds, `OwnMeasure` a measure in it or in a file of its
own. Both are spelled out as the full form that the shipped plan is written in (`plan_files`), so
that everything after them is the same for all plans.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from xiancheng.calibration.errors import Problem
from xiancheng.calibration.file_models import (
    Day,
    FileModel,
    Quarters,
    Text,
    quarter_name,
    wrong,
)
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import half_width
from xiancheng.calibration.region import County, Region, Target
from xiancheng.calibration.region.targets import (
    Label,
    Members,
    TargetEntry,
    deadline,
    found_in,
    listing,
    members_of,
    read_counties,
    read_targets,
)
from xiancheng.calibration.yaml_positions import KeyPath, YamlDocument
from xiancheng.scenarios.plan_files import About, Dose, Grade, Range, Rule
from xiancheng.sim.levers import LEVERS
from xiancheng.sim.state import quarter_of, quarter_with

UNSTATED = (0.5, 1.2)  # range of an amount that states none, in shares of it; assumed
COUNTABLE = {  # levers of these units are shared out as totals: unit in Chinese, counts
    "jobs": ("个", "things"),
    "posts in post": ("个", "things"),
    "seats": ("个", "things"),
    "beds": ("张", "things"),
    "dwellings": ("套", "things"),
    "dwellings/year": ("套/年", "things"),
    "households/year": ("户/年", "things"),
    "persons/year": ("人/年", "persons"),
}
BY_UNIT = {  # the others hold in each county
    "share": "份额", "1/year": "每年概率", "standard deviations": "标准差",
    "base-year stock": "倍基年存量", "yuan/year per rural resident": "元/年",
    "share of capacity": "份额",
}  # fmt: skip
CHANNELS = {  # by the rule that a lever enters
    "labour": "jobs", "schooling": "schools", "housing": "housing", "hukou": "land_hukou",
    "services.health": "health", "services.elder_care": "eldercare",
    "services.childcare": "childcare", "services.amenity": "amenity",
    "destination.utility: distance": "transport", "destination": "finance",
    "departure": "jobs", "reclassification": "land_hukou", "governments": "governance",
}  # fmt: skip
NUMBER = re.compile(r"[A-Z]\d{1,2}")
_AMOUNT = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?) ?(万)?")
_WITH_UNIT = re.compile(r"(.*[0-9] ?万?) ?([^0-9万 %.]+)")
_SEASON = re.compile(r"([0-9]{4}) ?年?第?([1-4一二三四])季度")
_YEAR = re.compile(r"([0-9]{4}) ?年?(初)?")


# Values


def quarter_at(value: object, *, end: bool) -> int | None:
    """The quarter that a text names; of a year the first, or with `end` the last.

    >>> quarter_at("2024Q1", end=False) == quarter_at("2024年一季度", end=True)
    True
    >>> quarter_name(quarter_at(2025, end=True)), quarter_at("soon", end=True)
    ('2025Q4', None)
    """
    text = half_width(str(value)) if isinstance(value, int | str | date) else ""
    if found := re.fullmatch(r"((?:19|20|21)[0-9]{2})[Qq]([1-4])", text):
        return quarter_of(int(found[1]), int(found[2]))
    if found := _SEASON.fullmatch(text):
        season = "一二三四".find(found[2]) + 1 or int(found[2])
        return quarter_of(int(found[1]), season)
    if not end and (found := _YEAR.fullmatch(text)):
        return quarter_of(int(found[1]), 1)
    day = deadline(value)
    return None if day is None else quarter_with(day)


def _quarter(value: object, *, end: bool) -> int:
    found = quarter_at(value, end=end)
    if found is None:
        raise wrong(_("a quarter such as 2024Q3, or a date"))
    return found


def _amount(value: object) -> float:
    if isinstance(value, str) and (found := _AMOUNT.fullmatch(half_width(value))):
        return float(found[1].replace(",", "")) * (1e4 if found[2] else 1)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(_("an amount such as 5000, without its unit"))
    return float(value)


def _lever(name: str) -> str:
    by_label = {lever.zh: key for key, lever in LEVERS.items()}
    known = [key for key in (*LEVERS, *by_label) if key not in ("workload", LEVERS["workload"].zh)]
    if name not in known:
        raise wrong(_("a lever, as xiancheng plan levers lists them"), name, known)
    return by_label.get(name, name)


def _by_county(value: object) -> object:
    """Amounts by county, or names of counties."""
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    return listing(value)


TEXT = WithJsonSchema({"type": "string"})
Start = Annotated[int, BeforeValidator(lambda value: _quarter(value, end=False)), TEXT]
Finish = Annotated[int, BeforeValidator(lambda value: _quarter(value, end=True)), TEXT]
Quantity = Annotated[float, BeforeValidator(_amount), Field(ge=0)]
LeverName = Annotated[str, AfterValidator(_lever)]
Departments = Annotated[list[str], BeforeValidator(listing)]


# Models


class OwnMeasure(FileModel):
    """A measure in short: a name, a lever, an amount in its unit, counties, start and finish.

    The amount is what all named counties have together, where the lever counts something; of other
    levers it holds in each of them. It grows evenly from `start` to the end of `finish`.
    """

    name: Text | None = None  # by default the key under which it stands
    id: Annotated[str, Field(pattern=NUMBER.pattern)] | None = None  # by default M01, M02 ...
    lever: LeverName
    amount: Quantity | None = None  # by default the sum over the counties
    unit: str | None = None  # only to be checked
    range: Range | None = None
    counties: Annotated[
        Annotated[list[str], Tag("names")] | Annotated[dict[str, Quantity], Tag("amounts")],
        Discriminator(lambda value: "amounts" if isinstance(value, dict) else "names"),
        BeforeValidator(_by_county),
    ] | None = None  # fmt: skip
    start: Start
    finish: Finish
    until: Finish | None = None  # the last quarter in force, of a programme that ends
    lag: Quarters = 0  # until it is felt
    allocation: Rule | None = None  # among all counties
    project: Label | None = None
    lead: Departments = Field(default_factory=list)
    grade: Grade | None = None
    evidence: str | None = None
    because: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _unit_apart(cls, given: object) -> object:
        """An amount as plans write it, 2000个, is an amount and its unit."""
        if isinstance(given, dict) and isinstance(amount := given.get("amount"), str):
            found = _WITH_UNIT.fullmatch(half_width(amount))
            return {"unit": found[2], **given, "amount": found[1]} if found else given
        return given

    @model_validator(mode="after")
    def _agrees_with_its_lever(self) -> Self:
        lever = LEVERS[self.lever]
        if self.name is None and "name" in self.model_fields_set:
            raise wrong(_("a name, or no key name"))
        known = unit_zh(lever.unit)
        if self.unit not in (None, lever.unit, known[:1]) and not self.unit.startswith(known):
            unit = Words(known, lever.unit)
            raise wrong(_("{unit}, the unit of its lever, not {found}", unit=unit, found=self.unit))
        if self.amount is None and not isinstance(self.counties, dict):
            raise wrong(_("an amount, or amounts by county"))
        if self.finish < self.start:
            raise wrong(_("finish not before start"))
        if self.until is not None and self.until < self.start:
            raise wrong(_("until not before start"))
        if self.allocation is not None and (self.counties or not self.counted):
            raise wrong(_("allocation only where a total goes to all counties"))
        if self.range is not None and self.full not in self.range:
            raise wrong(_("amount inside its range"))
        parts = self.amounts.values()
        if self.counted and self.amount and parts and abs(sum(parts) - self.amount) > 1e-6:
            raise wrong(_("amounts of the counties that add up to amount"))
        if self.full > lever.high:
            raise wrong(_("at most {high:g} {unit}", high=lever.high, unit=lever.unit))
        return self

    @property
    def counted(self) -> bool:
        """Whether the lever counts something, so that a total is shared out."""
        return LEVERS[self.lever].unit in COUNTABLE

    @property
    def amounts(self) -> dict[str, float]:
        """Amounts by county as written; empty where there is but one."""
        return self.counties if isinstance(self.counties, dict) else {}

    def split(self, members: Members) -> dict[str, float]:
        """Amounts by code of the county; what a prefecture has together in equal parts.

        Parameters
        ----------
        members : codes by every name, as of `members_of`
        """
        groups = {name: found_in(name, members) for name in self.amounts}
        return {
            code: value / len(groups[name]) if self.counted else value
            for name, value in self.amounts.items()
            for code in groups[name]
        }

    @property
    def full(self) -> float:
        """The amount at full delivery, in the unit of the lever."""
        if self.amount is not None:
            return self.amount
        return sum(self.amounts.values()) if self.counted else max(self.amounts.values(), default=0)


class OwnPlan(FileModel):
    """A plan of one's own: what it is called, its targets, and its measures or some of them."""

    title: Text
    issuer: Text | None = None
    issued: Day | None = None  # by default the day before the first measure starts
    region: str | None = None  # pack by name, or by path from here; by default the one in use
    projects: dict[str, Text] = Field(default_factory=dict)
    departments: Annotated[
        dict[str, str],
        BeforeValidator(lambda value: {each: each for each in value}
                        if isinstance(value, list) else value),
    ] = Field(default_factory=dict)  # fmt: skip
    targets: list[TargetEntry] = Field(default_factory=list)
    measures: dict[str, OwnMeasure] = Field(default_factory=dict)
    notes: dict[str, Text] = Field(default_factory=dict)


def is_own(value: object) -> bool:
    """Whether the content of a plan's own file is in short form."""
    return isinstance(value, dict) and not {"target_counties", "residents", "caveats"} & set(value)


def unit_zh(unit: str) -> str:
    """The unit of a lever in Chinese, as a plan writes it."""
    return COUNTABLE[unit][0] if unit in COUNTABLE else BY_UNIT[unit]


def as_written(measure: OwnMeasure) -> dict[str, Any]:
    """The keys of a measure as a file holds them."""
    written = measure.model_dump(exclude_unset=True, exclude_none=True)
    days = {key: quarter_name(written[key]) for key in ("start", "finish", "until")
            if key in written}  # fmt: skip
    return written | days | ({"lag": f"{measure.lag} quarters"} if measure.lag else {})


# Spelled out

Places = tuple[Sequence[County], Mapping[str, Words]]  # counties, and prefectures by code


@dataclass(frozen=True)
class Placed:
    """A measure in short, and where it stands."""

    name: str  # key or file name
    measure: OwnMeasure
    document: YamlDocument
    path: KeyPath


def numbered(found: Sequence[Placed], taken: set[str], letter: str = "M") -> dict[str, Placed]:
    """Measures by number: their own, or M01, M02 ... in their order."""
    taken = taken | {each.measure.id for each in found if each.measure.id}
    numbers = (f"{letter}{n:02d}" for n in range(1, 100))
    free = (number for number in numbers if number not in taken)
    return {each.measure.id or next(free): each for each in found}


def about_of(
    own: OwnPlan, document: YamlDocument, pack: Region, first: int, projects: Mapping[str, Text]
) -> tuple[About, list[Problem]]:
    """The plan as a whole in full form, and what is wrong with its targets.

    Parameters
    ----------
    first : quarter in which the first of its measures starts
    projects : its own, or one for each measure where it has none
    """
    targets, problems = read_targets(
        document, ("targets",), own.targets, pack.counties, pack.prefectures
    )
    census = pack.censuses[-1]
    residents = int(pack.urban_rural(census).sum())
    anonymous = _("(issuer not given)")
    full = {
        "title": own.title.model_dump(),
        "issuer": own.issuer.model_dump() if own.issuer else anonymous._asdict(),
        "issued": own.issued or _first_day(first) - timedelta(days=1),
        "counties": [{"code": c.code, "zh": c.zh, "en": c.en} for c in pack.counties],
        "residents": {
            "value": residents, "day": census, "source": f"census of {census.year}",
            "status": "official",
        },
        "projects": {key: each.model_dump() for key, each in projects.items()},
        "departments": own.departments,
        "targets": {each.id: _indicator_of(each) for each in targets},
        "target_counties": {each.id: list(each.counties) for each in targets},
        "caveats": {key: each.model_dump() for key, each in own.notes.items()},
    }  # fmt: skip
    return About.model_validate(full), problems


def _first_day(quarter: int) -> date:
    return date(1900 + quarter // 4, 3 * (quarter % 4) + 1, 1)


def _indicator_of(target: Target) -> dict[str, Any]:
    return {
        "name": target.name._asdict(), "kind": "numeric", "operator": target.operator,
        "value": target.value, "wording": target.wording, "unit": "%",
        "deadline": {"wording": str(target.deadline), "day": target.deadline},
        "scope": target.name.zh, "dimension": "ratio", "role": "outcome_target",
        "channels": ["(outcome)"], "sign": None,
    }  # fmt: skip


def spelled_out(
    number: str, placed: Placed, places: Places, known: Mapping[str, Dose], project: str | None
) -> tuple[dict[str, Any], list[Problem]]:
    """A measure as its file would say it in full form, and what is wrong with its counties.

    Parameters
    ----------
    places : counties that it may name, and their prefectures
    known : a dose of the shipped plan by lever, for what is known of the lever's effect
    project : under which it stands
    """
    own, lever = placed.measure, LEVERS[placed.measure.lever]
    weights, problems = _weights(placed, places)
    title = (own.name or Text(zh=placed.name, en=placed.name)).model_dump()
    like = known.get(own.lever)
    low, high = (own.full * share for share in UNSTATED)
    bounds = own.range or Range(low=low, high=high)
    dose: dict[str, Any] = {
        "lever": own.lever,
        "where": lever.where if lever.where != "any" else "all",
        "total" if own.counted else "each": {
            "full": own.full, "range": {"low": bounds.low, "high": max(bounds.high, own.full)},
            "unit": lever.unit, "status": "planned",
        },
        "sign": like.sign if like else "-|0|+",
        "grade": own.grade or (like.grade if like else "A"),
        "evidence": own.evidence or (like.evidence if like else "none found"),
        "because": own.because.model_dump() if own.because else title,
    }  # fmt: skip
    if weights is not None:
        dose["counties"] = weights
    schedule = {
        "start": quarter_name(own.start), "ramp": f"{own.finish - own.start + 1} quarters",
        "lag": f"{own.lag} quarters",
    }  # fmt: skip
    if own.until is not None:
        schedule["until"] = quarter_name(own.until)
    rule = own.allocation or _rule(dose["where"])
    channel = next(each for key, each in CHANNELS.items() if lever.term.startswith(key))
    clause = {
        "says": title, "lead": own.lead, "channels": [channel], "sign": _sign(dose["sign"]),
        "strength": "moderate", "mechanism": [dose],
        "indicators": {f"I{number}-1": _task(own, title, channel, _sign(dose["sign"]))},
    }  # fmt: skip
    return {
        "id": number, "number": number, "title": title, "project": project,
        "lead": own.lead or None, "channels": [channel],
        "allocation": {
            "rule": rule, "alternatives": ["equal per county"],
            "because": _("the plan does not say; assumed")._asdict(),
        },
        "schedule": schedule, "clauses": {f"{number}-a": clause},
    }, problems  # fmt: skip


def _weights(placed: Placed, places: Places) -> tuple[dict[str, float] | None, list[Problem]]:
    """Weights of the counties that are named, by code; None where all share by the rule."""
    own, (counties, prefectures) = placed.measure, places
    if own.counties is None:
        return None, []
    members = members_of(counties, prefectures)
    labels = {c.code: Words(c.zh, c.en) for c in counties}
    path = (*placed.path, "counties")
    codes, problems = read_counties(placed.document, path, [*own.counties], members, labels)
    if problems:
        return None, problems
    if not own.amounts:
        whole = len(codes) == len(counties)
        return None if whole else dict.fromkeys(codes, 1.0), []
    unit = 1.0 if own.counted else own.full or 1.0
    return {code: each / unit for code, each in own.split(members).items()}, []


def _rule(where: str) -> Rule:
    """How a total is shared out among all counties where the plan does not say."""
    by: dict[str, Rule] = {"urban": "urban residents", "rural": "rural residents"}
    return by.get(where, "residents")


def _sign(sign: str) -> str:
    return {"+": "+", "0|+": "+", "-": "-", "-|0": "-", "0": "0"}.get(sign, "±")


def _task(own: OwnMeasure, title: Mapping[str, str], channel: str, sign: str) -> dict[str, Any]:
    """What the measure promises: its amount, to the end of its finish."""
    unit = unit_zh(LEVERS[own.lever].unit)
    last = _first_day(own.finish + 1) - timedelta(days=1)
    counted = COUNTABLE.get(LEVERS[own.lever].unit)
    return {
        "name": title, "kind": "numeric", "operator": "at least", "value": own.full,
        "wording": f"{own.full:g}{unit}", "unit": unit,
        "deadline": {"wording": quarter_name(own.finish), "day": last},
        "scope": "、".join(own.counties or []) or "全部县(市、区)",
        "dimension": "stock" if counted else "ratio",
        "counts": counted[1] if counted else "things",
        "role": "lever", "channels": [channel], "sign": sign,
    }  # fmt: skip
