"""What a plan's files hold: measures, clauses, indicators, doses of levers; and the plan whole.

Each model is a part of a file in plans/<plan>/; its fields are the keys of the file.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from xiancheng.calibration import forms
from xiancheng.calibration.file_models import (
    Counties,
    Day,
    FileModel,
    Quarter,
    Quarters,
    Text,
    known,
    wrong,
)
from xiancheng.calibration.i18n import Words, _, listed, same
from xiancheng.calibration.naming import is_path, place_names
from xiancheng.calibration.parsing import is_share
from xiancheng.calibration.region.schema import Target
from xiancheng.sim.levers import LEVERS, Lever
from xiancheng.sim.state import quarter_with

# Units that the plan uses, in English. Others are refused, multiples such as 万人 too.
UNITS = {
    "%": "%",
    "个": "",
    "个/县(市)": "a county",
    "处": "sites",
    "处/县(市)": "sites a county",
    "条/县": "a county",
    "所": "",
    "支": "teams",
    "台": "points",
    "公里": "km",
    "张": "beds",
    "套": "dwellings",
    "套/年": "dwellings a year",
    "户/年": "households a year",
    "人/年": "persons a year",
    "元/年": "yuan a year",
    "标准差": "standard deviations",
    "倍基年存量": "base-year stock",
    "每年概率": "a year",
    "份额": "share",
    "人次": "person-times",
    "星级": "stars",
    "类": "class",
    "件": "papers",
    "元": "yuan",
    "万元/亩": "10,000 yuan per mu",
    "万千瓦": "10,000 kW",
    "突破数": "breaches",
    "机制": "mechanism",
    "格局": "pattern",
    "项目": "project",
    "底线": "red line",
}

Rule = Literal["residents", "urban residents", "rural residents", "equal per county"]
Status = Literal["official", "secondary", "derived", "planned", "assumed"]
Grade = Literal["S", "W", "A"]  # of the mechanism: strong, weak, assumption
Sign = Literal["+", "-", "±", "0"]
Channel = Literal[
    "jobs", "wages", "schools", "housing", "health", "eldercare", "childcare", "transport",
    "amenity", "digital", "land_hukou", "finance", "governance", "none", "(outcome)",
]  # fmt: skip

Department = Annotated[str, known("departments", _("a department in plan.yaml"))]
Project = Annotated[str, known("projects", _("a project in plan.yaml"))]
COUNTED = {  # units of what there is no part of
    "个", "个/县(市)", "处", "处/县(市)", "条/县", "所", "支", "台", "人次", "件", "星级", "张",
    "套", "套/年", "户/年", "人/年",
}  # fmt: skip
ADDED = "N"  # project of what a scenario adds to a plan, and first letter of its numbers
OWN_FILE = "plan.yaml"  # of a plan that is a folder
WHOLE = 1e-6  # by which a sum of shares may fall short of a whole number


class Schedule(FileModel):
    """When something is done: evenly over `ramp` from `start`, felt after `lag`, until `until`."""

    start: Quarter
    ramp: Annotated[Quarters, Field(ge=1)]
    lag: Quarters = 0
    until: Quarter | None = None  # the last quarter in force, of a programme that ends

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.until is not None and self.until < self.start:
            raise wrong(_("until not before start"))
        return self


class Range(FileModel):
    """Lowest and highest credible value."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise wrong(same("low ≤ high"))
        return self

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


class Conversion(FileModel):
    """How an indicator of the plan becomes a lever: `per` is in lever units per indicator unit."""

    indicator: str
    per: Annotated[float, Field(gt=0)]
    range: Range
    because: Text

    @model_validator(mode="after")
    def _central_value_in_range(self) -> Self:
        if self.per not in self.range:
            raise wrong(_("per inside its range"))
        return self


class Amount(FileModel):
    """How far a lever moves at full delivery: stated, or converted from what the plan gives."""

    unit: str
    full: Annotated[float, Field(ge=0)] | None = None
    range: Range | None = None
    conversion: Annotated[Conversion | None, Field(alias="from")] = None
    status: Status

    @model_validator(mode="after")
    def _stated_once(self) -> Self:
        stated = self.full is not None and self.range is not None
        if stated == (self.conversion is not None) or (self.full is None) != (self.range is None):
            raise wrong(_("either full and range, or from"))
        if self.full is not None and self.range is not None and self.full not in self.range:
            raise wrong(_("full inside its range"))
        return self


class Dose(FileModel):
    """What one clause does to one lever.

    `total` is shared out over the counties by `allocation`, or by the weights of named `counties`;
    `each` holds in every county, or in the named ones, times their weight.
    """

    lever: Annotated[str, AfterValidator(lambda name: _lever(name))]
    where: Literal["urban", "rural", "all"]
    total: Amount | None = None
    each: Amount | None = None
    allocation: Rule | None = None
    counties: Counties | None = None
    schedule: Schedule | None = None
    sign: Annotated[str, Field(pattern=r"^(0|-|\+|0\|\+|-\|0|-\|0\|\+)$")]
    grade: Grade
    evidence: str
    because: Text

    @property
    def amount(self) -> Amount:
        """How far the lever moves."""
        amount = self.total or self.each
        assert amount is not None  # held to by _agrees_with_its_lever
        return amount

    @model_validator(mode="after")
    def _agrees_with_its_lever(self) -> Self:
        if (self.total is None) == (self.each is None):
            raise wrong(_("either total or each"))
        if self.each is not None and self.allocation is not None:
            raise wrong(_("allocation only with total"))
        lever = LEVERS[self.lever]
        if lever.where != "any" and self.where != lever.where:
            raise wrong(same(f"where: {lever.where}"))
        if self.amount.unit != lever.unit:
            raise wrong(same(f"unit: {lever.unit}"))
        return self


def _lever(name: str) -> str:
    if name not in LEVERS or name == "workload":
        raise wrong(_("a lever of sim/levers.py"), name, LEVERS)
    return name


class Deadline(FileModel):
    """A deadline as the plan writes it; assumed where the plan's words leave the day open."""

    wording: str
    day: Day
    status: Literal["official", "assumed"] = "official"


class Baseline(FileModel):
    """Where an indicator stood before the plan."""

    value: float
    day: Day
    source: str
    status: Status


class PlanIndicator(FileModel):
    """What the plan promises, in its own numbers and qualifiers."""

    name: Text
    kind: Literal["numeric", "universal", "milestone", "guard"]
    operator: Literal["about", "at least", "exactly", "more than", "less than", "strive for"]
    value: float | None
    wording: str
    unit: str
    implied: bool = False  # the plan says "all of them"; the number and its unit are our reading
    deadline: Deadline | None  # null: the plan does not write one
    scope: str
    dimension: Literal[
        "stock", "flow_cumulative", "flow", "ratio", "standard", "event", "event_count"
    ]
    counts: Literal["things", "person-times", "posts created", "persons"] = "things"
    role: Literal["outcome_target", "lever", "lever_minor", "context", "not_modelled", "constraint"]
    channels: list[Channel]
    sign: Sign | None
    baseline: Baseline | None = None  # null: not found

    @model_validator(mode="after")
    def _counts_what_its_unit_says(self) -> Self:
        if self.unit not in UNITS:
            expected = _("a unit among {UNITS}", UNITS=listed(UNITS))
            raise wrong(expected, self.unit.lstrip("万亿"), UNITS)
        if (self.unit == "人次") != (self.counts == "person-times"):
            raise wrong(_("“人次” to count person-times, not persons"))
        if self.role == "outcome_target" and self.unit == "%" and is_share(self.value or 0):
            raise wrong(_("percent and no share: 59.3, not 0.593"))
        return self

    @property
    def scales(self) -> bool:
        """Whether the plan's quantity grows with the strength of its measure."""
        amount = self.dimension in ("stock", "flow_cumulative")
        return self.kind == "numeric" and amount and self.unit != "%"

    @property
    def proportional(self) -> bool:
        """Whether part of it can be done: not of a ban, a standard, a mechanism or an award."""
        whole = self.dimension in ("standard", "event", "event_count")
        return self.kind not in ("guard", "milestone") and not whole

    @property
    def closed(self) -> bool:
        """Whether the value is all there can be: the scope counts as many."""
        whole = "" if self.value is None else f"{self.value:g}"
        return self.operator == "exactly" and whole in re.findall(r"\d+", self.scope)

    def quantity(self, share: float) -> float:
        """What a share of the value comes to, in its unit.

        What is counted is counted whole, and of a closed set, as "all 5 county hospitals", there
        are no more than its members.
        """
        value = (self.value or 0) * (min(share, 1.0) if self.closed else share)
        return float(math.floor(value + WHOLE)) if self.unit in COUNTED else value


class Clause(FileModel):
    """A part of a measure: what it says in our words, what it promises, what it moves."""

    says: Text
    lead: list[Department]
    channels: list[Channel]
    sign: Sign
    strength: Literal["strong", "moderate", "weak", "none"]
    recoding_possible: bool = False
    indicators: dict[str, PlanIndicator] = Field(default_factory=dict)
    mechanism: Annotated[
        list[Dose],
        BeforeValidator(lambda value: [] if value == "none" else value),
    ]
    because: Text | None = None  # why nothing moves; only with mechanism: none

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if bool(self.mechanism) == (self.because is not None):
            raise wrong(_("because with mechanism: none only"))
        moved = [(dose.lever, dose.where) for dose in self.mechanism]
        if len(set(moved)) != len(moved):
            raise wrong(_("a lever once in the same place"))
        for dose in self.mechanism:
            self._check_conversion(dose.amount.conversion, LEVERS[dose.lever])
        return self

    def _check_conversion(self, conversion: Conversion | None, lever: Lever) -> None:
        if conversion is None:
            return
        source = self.indicators.get(conversion.indicator)
        if source is None or source.value is None:
            expected = _("an indicator of this clause that has a value")
            raise wrong(expected, conversion.indicator, self.indicators)
        if source.counts == "person-times" and "persons" in lever.unit and conversion.per >= 1:
            raise wrong(_("per below 1: person-times are not persons"))
        if source.counts == "posts created" and "in post" in lever.unit and conversion.per >= 1:
            raise wrong(_("per below 1: posts created are not held"))

    def full(self, dose: Dose) -> float:
        """The central value of a dose at full delivery, in the lever's unit."""
        if dose.amount.conversion is None:
            return float(dose.amount.full or 0)
        return self._converted(dose.amount.conversion, dose.amount.conversion.per)

    def range(self, dose: Dose) -> Range:
        """The credible range of a dose at full delivery, in the lever's unit."""
        if dose.amount.conversion is None:
            assert dose.amount.range is not None
            return dose.amount.range
        per = dose.amount.conversion.range
        low, high = (self._converted(dose.amount.conversion, each) for each in (per.low, per.high))
        return Range(low=low, high=high)

    def _converted(self, conversion: Conversion, per: float) -> float:
        return float(self.indicators[conversion.indicator].value or 0) * per


class Allocation(FileModel):
    """How a city total is shared out over the counties; the plan does not say (caveat C4)."""

    rule: Rule
    alternatives: list[Rule]  # the rule's range: what a sensitivity analysis puts in its place
    because: Text


class Measure(FileModel):
    """A measure of the plan, or a safeguard: one file."""

    id: Annotated[str, Field(pattern=r"^[A-Z]\d{1,2}$")]
    number: str
    title: Text
    project: Project | None
    lead: list[Department] | None
    channels: list[Channel]
    allocation: Allocation
    schedule: Schedule
    clauses: Annotated[dict[str, Clause], Field(min_length=1)]

    @model_validator(mode="after")
    def _numbers_its_clauses(self) -> Self:
        for clause in self.clauses:
            if not re.fullmatch(rf"{self.id}-[a-z]", clause):
                raise wrong(
                    _("clause numbers such as {id}-a, not {clause}", id=self.id, clause=clause)
                )
        return self

    @property
    def indicators(self) -> dict[str, PlanIndicator]:
        """The indicators of all clauses."""
        return {k: v for clause in self.clauses.values() for k, v in clause.indicators.items()}

    def doses(self) -> Iterable[tuple[str, str, Dose]]:
        """Every dose with its name and its clause: ("M05-a/training/rural", "M05-a", dose)."""
        for number, clause in self.clauses.items():
            for dose in clause.mechanism:
                yield f"{number}/{dose.lever}/{dose.where}", number, dose


class PlanCounty(FileModel):
    """A county of the plan."""

    code: str
    zh: str
    en: str


class Total(FileModel):
    """A figure with its source."""

    value: Annotated[float, Field(gt=0)]
    day: Day
    source: str
    status: Status


class UnitCost(FileModel):
    """What one unit of an indicator costs; the plan gives none, so none is shipped."""

    yuan: Annotated[float, Field(gt=0)]
    source: Annotated[str, StringConstraints(min_length=1)]
    status: Status


class About(FileModel):
    """The plan as a whole: plan.yaml."""

    title: Text
    issuer: Text
    issued: Day
    counties: Annotated[list[PlanCounty], Field(min_length=1)]
    residents: Total  # of all counties: what city totals were written for
    projects: dict[str, Text]
    departments: dict[str, str]  # Chinese name: English name
    targets: dict[str, PlanIndicator]
    target_counties: dict[str, list[str]]  # of each target: the counties it speaks of
    caveats: dict[str, Text]
    unit_costs: dict[str, UnitCost] = Field(default_factory=dict)

    def covers(self, codes: Iterable[str]) -> bool:
        """Whether the plan was written for any of these counties."""
        return bool({place.code for place in self.counties} & set(codes))

    def caveats_for(self, codes: Iterable[str]) -> dict[str, Text]:
        """The caveats, where the plan speaks of any of these counties; else none."""
        return self.caveats if self.covers(codes) else {}

    @property
    def name(self) -> Text:
        """What people call the plan: its city and year; its issuer where the city is not read."""
        city = re.match(r"(.+?)人民政府", self.issuer.zh)
        town = re.search(r"(\w+) (?:Municipal|PlanCounty|District|Provincial)", self.issuer.en)
        year = self.issued.year
        return Text(
            zh=f"{city[1] if city else self.issuer.zh} {year} 年方案",
            en=f"{town[1] if town else self.issuer.en}'s plan of {year}",
        )


# The plan as a whole


@dataclass(frozen=True, repr=False)
class Plan(forms.Displayed):
    """A plan: what it is, and its measures and safeguards in the order of their numbers."""

    name: str
    reference: str  # what finds it again: the name of a shipped plan, or an absolute path
    files: tuple[Path, ...]  # that it was read from, its own first
    about: About
    measures: dict[str, Measure]
    added: frozenset[str] = frozenset()  # those of them that a scenario adds

    def __hash__(self) -> int:
        return hash((self.reference, self.files))

    @property
    def own(self) -> bool:
        """Whether it is a user's, and not one of those that come with the package."""
        return is_path(self.reference)

    def displayed(self) -> tuple[str, forms.Rows]:
        """What it is, by whom, and how much is in it."""
        about = self.about
        return f"Plan {self.name!r}", [
            ("title", f"{about.title.zh} · {about.title.en}"),
            ("issued", f"{about.issued}, {about.issuer.en}"),
            ("counties", ", ".join(county.en for county in about.counties)),
            ("measures", f"{', '.join(list(self.measures)[:3])} ... ({len(self.measures)})"),
            ("targets", f"{len(self.targets)}, to {self.last_day}"),
        ]

    @property
    def shipped(self) -> bool:
        """Whether it comes with the program."""
        return not is_path(self.reference)

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The rates that the plan wants, each of its counties together by its deadline."""
        return tuple(
            Target(
                number, Words(each.name.zh, each.name.en),
                tuple(self.about.target_counties[number]), each.value, each.operator,
                each.wording, each.deadline.day,
            )
            for number, each in self.about.targets.items()
            if each.value is not None and each.deadline is not None
        )  # fmt: skip

    @property
    def folder(self) -> Path:
        """The folder that its own file lies in."""
        return self.files[0].parent

    @property
    def last_day(self) -> date:
        """The last deadline of its targets; without any, the end of the year of its last task."""
        tasks = [each.deadline.day for each in self.indicators.values() if each.deadline]
        targets = [each.deadline for each in self.targets]
        return max(targets) if targets else date(max(tasks, default=self.about.issued).year, 12, 31)

    @property
    def first_quarter(self) -> int:
        """The first whole quarter after the plan was issued; nothing acts before."""
        issued = self.about.issued
        return quarter_with(issued) + 1

    @cached_property
    def projects(self) -> dict[str, tuple[str, ...]]:
        """The measures of each project, in the order of the plan."""
        return {
            project: tuple(k for k, each in self.measures.items() if each.project == project)
            for project in self.about.projects
        }

    @cached_property
    def clauses(self) -> dict[str, Clause]:
        """All clauses by number."""
        return {k: v for measure in self.measures.values() for k, v in measure.clauses.items()}

    @cached_property
    def indicators(self) -> dict[str, PlanIndicator]:
        """All indicators: overall targets, then those of the measures."""
        inside = {k: v for m in self.measures.values() for k, v in m.indicators.items()}
        return self.about.targets | inside

    @cached_property
    def names(self) -> dict[str, Mapping[str, object]]:
        """The valid names of a scenario file, by kind; of counties each with its code."""
        return {
            "counties": place_names(self.about.counties),
            "measures": dict.fromkeys(["all", *self.about.projects, *self.measures]),
            "doses": {name: d for m in self.measures.values() for name, __, d in m.doses()},
            "guards": {k: v for k, v in self.indicators.items() if v.kind == "guard"},
            "indicators": self.indicators,
        }

    def scenario_files(self) -> dict[str, Path]:
        """The scenarios that come with the plan, by name; those of every plan among them."""
        folders = [Path(str(files("xiancheng.scenarios"))) / "every_plan"]
        if self.files[0].name == OWN_FILE:
            folders.append(self.folder / "scenarios")
        return {file.stem: file for each in folders for file in sorted(each.glob("*.yaml"))}
