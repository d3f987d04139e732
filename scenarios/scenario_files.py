"""A scenario: which measures, how strongly, when and where, and the world outside.

A scenario on file says what differs from the one it is based on; `resolve` gives the whole.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WrapValidator,
    create_model,
)

from xiancheng.calibration import forms
from xiancheng.calibration.file_models import (
    CountyName,
    Day,
    FileModel,
    Quarter,
    Quarters,
    Shown,
    Text,
    distinct,
    known,
    quarter_name,
    wrong,
)
from xiancheng.calibration.i18n import Words, _
from xiancheng.calibration.naming import is_path
from xiancheng.calibration.region.schema import Target
from xiancheng.calibration.region.targets import TargetEntry
from xiancheng.scenarios.own_plans import OwnMeasure, as_written
from xiancheng.scenarios.plan_files import ADDED, Measure, Plan, Rule, UnitCost
from xiancheng.sim.conditions import CONDITIONS, Conditions

STRONGEST = 2.0  # twice the plan as written

Intensity = Annotated[float, Field(ge=0, le=STRONGEST)]


def is_name(value: object) -> bool:
    """Whether this can be the name of a scenario or a plan: no path, no control character."""
    return isinstance(value, str) and re.fullmatch(r"\w[\w-]{0,63}", value) is not None


def _name(value: str) -> str:
    if not is_name(value):
        raise wrong(_("a name of letters, digits and hyphens"))
    return value


Name = Annotated[str, AfterValidator(_name)]


def _plan_name(value: str) -> str:
    if not is_name(value) and not (is_path(value) and value.isprintable()):
        raise wrong(_("the name of a plan, or the path of its folder or file"))
    return value


PlanName = Annotated[str, AfterValidator(_plan_name)]


class Phase(FileModel):
    """A spell in which a measure is carried out with one intensity."""

    first: Annotated[Quarter, Field(alias="from")]
    until: Quarter
    intensity: Intensity = 1.0


def _apart(phases: list[Phase]) -> list[Phase]:
    ordered = sorted(phases, key=lambda phase: phase.first)
    if any(phase.until < phase.first for phase in ordered):
        raise wrong(_("until not before from"))
    if any(a.until >= b.first for a, b in pairwise(ordered)):
        raise wrong(_("spells that do not overlap"))
    return ordered


class Setting(FileModel):
    """How a measure is carried out: `intensity` 1 is the plan as written.

    A county named in `counties` follows its own intensity throughout; `phases` give the intensity
    by spell, 0 outside them.
    """

    intensity: Intensity = 1.0
    delay: Quarters = 0
    counties: Annotated[dict[CountyName, Intensity], WrapValidator(distinct)] = Field(
        default_factory=dict
    )
    phases: Annotated[list[Phase], AfterValidator(_apart)] = Field(default_factory=list)
    allocation: Rule | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is done anywhere, ever."""
        spells = [phase.intensity for phase in self.phases] or [self.intensity]
        return not any((*spells, *self.counties.values()))

    def but(self, other: Self) -> Self:
        """The same setting, except for what `other` sets."""
        return self.model_copy(update={k: getattr(other, k) for k in other.model_fields_set})


OFF = Setting(intensity=0.0, counties={}, phases=[])


def _spelled_out(value: Any) -> Any:
    """`off`, `on` and a bare intensity as the mapping that they stand for."""
    if value == "off":
        return {"intensity": 0.0, "counties": {}, "phases": []}
    if value == "on":
        return {"intensity": 1.0}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"intensity": value}
    if not isinstance(value, Mapping | Setting):
        raise wrong(
            _("off, on, an intensity such as 1.5, or a mapping of intensity, delay, counties, "
              "phases")
        )  # fmt: skip
    return value


class Horizon(FileModel):
    """From a census of the region to the last day simulated."""

    start: Day | None = None
    until: Day | None = None


class _ConditionsFile(FileModel):
    """The world outside, as departures from the trend on file."""

    recoding: Literal["trend", "frozen"] | None = None


if TYPE_CHECKING:
    ConditionsFile = _ConditionsFile
else:  # a condition is declared once, in sim/conditions.py
    ConditionsFile = create_model(
        "ConditionsFile",
        __base__=_ConditionsFile,
        **{
            name: (Annotated[float, Field(ge=each.low, le=each.high)] | None, None)
            for name, each in CONDITIONS.items()
            if name != "recoding_frozen"
        },
    )


class Budget(FileModel):
    """What may be spent on the quantities whose unit cost is given."""

    yuan: Annotated[float, Field(gt=0)]


class RedLines(FileModel):
    """What the scenario asks of the plan's red lines, and what is done when one is crossed."""

    when_crossed: Literal["refuse", "flag"] = "refuse"
    asked: dict[
        Annotated[str, known("guards", _("a red line of the plan"))],
        Annotated[float, Field(ge=0)],
    ] = Field(default_factory=dict)
    budget: Budget | None = None
    unit_costs: dict[
        Annotated[str, known("indicators", _("an indicator of the plan"))],
        UnitCost,
    ] = Field(default_factory=dict)


MeasureName = Annotated[
    str,
    known(
        "measures",
        _("a measure (M01…S3), a project (P1…) or all"),
    ),
]
DoseName = Annotated[
    str,
    known("doses", _("a dose of the plan (clause/lever/where)")),
]


def _base(value: str, info: ValidationInfo) -> str:
    names = (info.context or {})["scenarios"]
    if is_path(value) or value in names:
        return value
    zh, en = ("、".join(names), ", ".join(names))
    raise wrong(
        _("a scenario ({what}), or the path of a YAML file, such as ./mine.yaml beside this one",
          what=Words(zh, en)),
        value,
        names,
    )  # fmt: skip


BaseName = Annotated[str, AfterValidator(_base)]


class Additions(FileModel):
    """What a scenario adds to its plan, by name."""

    model_config = ConfigDict(extra="ignore")  # the other keys of its file

    additions: dict[Shown, OwnMeasure] = Field(default_factory=dict)


class ScenarioFile(FileModel):
    """A scenario as written: what differs from the one it is based on."""

    name: Name
    title: Text | None = None
    purpose: Text | None = None
    based_on: BaseName | None = None
    plan: PlanName | None = None
    horizon: Horizon = Horizon()
    additions: dict[Shown, OwnMeasure] = Field(default_factory=dict)
    measures: dict[MeasureName, Annotated[Setting, BeforeValidator(_spelled_out)]] = Field(
        default_factory=dict
    )
    doses: dict[DoseName, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    conditions: ConditionsFile = ConditionsFile()
    red_lines: RedLines = RedLines()
    targets: list[TargetEntry] = Field(default_factory=list)  # beside those of the plan


@dataclass(frozen=True, repr=False)
class Scenario(forms.Displayed):
    """A resolved scenario; a measure that is not in `settings` is not carried out."""

    name: str
    title: Text
    purpose: Text
    plan: Plan
    start: date
    until: date
    settings: Mapping[str, Setting]
    doses: Mapping[str, float]  # full deliveries put in place of the central ones
    conditions: Conditions
    red_lines: RedLines
    targets: tuple[Target, ...] = ()  # beside those of the plan
    additions: Mapping[str, OwnMeasure] = field(default_factory=dict)  # to its plan, by name

    def displayed(self) -> tuple[str, forms.Rows]:
        """What it is, of which plan, and how much it sets."""
        return f"Scenario {self.name!r}", [
            ("title", f"{self.title.zh} · {self.title.en}"),
            ("plan", self.plan.name),
            ("horizon", f"{self.start} to {self.until}"),
            ("measures", f"{len(self.settings)} carried out, {len(self.additions)} of them added"),
            ("doses", f"{len(self.doses)} put in place of central ones"),
        ]

    def setting(self, measure: str) -> Setting:
        """How a measure is carried out."""
        return self.settings.get(measure, OFF)

    def crossed(self) -> list[Words]:
        """Red lines that the scenario crosses."""
        return [
            *_guards_crossed(self.plan, self.red_lines),
            *_overspent(self.plan, self.red_lines, self.settings),
        ]

    def resolved(self) -> dict[str, Any]:
        """The scenario as a file that is based on no other; `resolve` gives it back."""
        world: dict[str, Any] = {k: getattr(self.conditions, k) for k in CONDITIONS}
        frozen = world.pop("recoding_frozen")
        return {
            "name": self.name,
            "title": self.title.model_dump(),
            "purpose": self.purpose.model_dump(),
            "plan": self.plan.reference,
            "horizon": {"start": self.start.isoformat(), "until": self.until.isoformat()},
            "measures": {number: _written(each) for number, each in self.settings.items()},
            "doses": dict(self.doses),
            "conditions": {"recoding": "frozen" if frozen else "trend", **world},
            "red_lines": self.red_lines.model_dump(exclude_none=True),
        } | {key: own for key, own in self._own.items() if own}

    @property
    def _own(self) -> dict[str, Any]:
        """What most scenarios have none of."""
        return {
            "targets": [_target(each) for each in self.targets],
            "additions": {name: as_written(each) for name, each in self.additions.items()},
        }


def _target(target: Target) -> dict[str, Any]:
    return {
        "id": target.id, "name": target.name._asdict(), "counties": list(target.counties),
        "value": target.value, "operator": target.operator, "wording": target.wording,
        "deadline": target.deadline.isoformat(),
    }  # fmt: skip


def _written(setting: Setting) -> dict[str, Any]:
    written = setting.model_dump(exclude_none=True, exclude={"delay", "phases"})
    written["delay"] = f"{setting.delay} quarters"
    written["phases"] = [
        {
            "from": quarter_name(phase.first),
            "until": quarter_name(phase.until),
            "intensity": phase.intensity,
        }
        for phase in setting.phases
    ]
    return written


def _guards_crossed(plan: Plan, lines: RedLines) -> Iterator[Words]:
    for number, amount in lines.asked.items():
        guard = plan.indicators[number]
        if amount > (guard.value or 0):
            zh, en = guard.name.zh, guard.name.en
            yield _("{number} {what}: at most {guard:g}, the scenario asks for {asked:g}",
                    number=number, what=en, guard=guard.value, asked=amount, zh=zh,
                    wording=guard.wording, unit=guard.unit)  # fmt: skip


def _overspent(plan: Plan, lines: RedLines, settings: Mapping[str, Setting]) -> Iterator[Words]:
    """Spending beyond the budget, on the quantities that have a unit cost; no cost is invented."""
    if lines.budget is None:
        return
    costs = plan.about.unit_costs | lines.unit_costs
    spent = sum(
        costs[number].yuan * (indicator.value or 0) * settings[measure.id].intensity
        for measure in plan.measures.values()
        for number, indicator in measure.indicators.items()
        if number in costs and indicator.scales and measure.id in settings
    )
    if spent > lines.budget.yuan:
        yield _("the budget is {yuan:,.0f} yuan; what has a unit cost comes to {spent:,.0f} yuan",
                yuan=lines.budget.yuan, spent=spent)  # fmt: skip


# JSON Schemas


def scenario_schema(plan: Plan) -> dict[str, Any]:
    """What a scenario of a plan may hold; measures and the plan's counties are listed."""
    schema = ScenarioFile.model_json_schema()
    parts = schema["properties"]
    written = parts["measures"]["additionalProperties"]
    choices = [
        written,
        {"enum": ["off", "on"]},
        {"type": "number", "minimum": 0, "maximum": STRONGEST},
    ]
    names, own = [*plan.names["measures"]], {rf"^{ADDED}\d{{0,2}}$": {"anyOf": choices}}
    parts["measures"] = _mapping(names, {"anyOf": choices}) | {"patternProperties": own}
    parts["doses"] = _mapping(sorted(plan.names["doses"]), {"type": "number", "minimum": 0})
    counties = schema["$defs"]["Setting"]["properties"]["counties"]
    values = counties["additionalProperties"]
    schema["$defs"]["Setting"]["properties"]["counties"] = _mapping(
        [name for each in plan.about.counties for name in (each.zh, each.en, each.code)], values
    ) | {"additionalProperties": values}  # of another region, which a file does not name
    for text in ("title", "purpose"):
        parts[text] = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Text"}]}
    return _headed(schema, "Scenario")


def measure_schema() -> dict[str, Any]:
    """What a measure file may hold."""
    schema = Measure.model_json_schema()
    clause = schema["$defs"]["Clause"]["properties"]
    clause["mechanism"] = {"anyOf": [{"const": "none"}, clause["mechanism"]]}
    return _headed(schema, "Measure")


def _mapping(names: list[str], value: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: value for name in names},
        "additionalProperties": False,
    }


def _headed(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}
