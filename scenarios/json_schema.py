"""JSON Schemas of scenario and measure files, for editors that check while one writes."""

from typing import Any

from xiancheng.scenarios.plan_files import Measure, Plan
from xiancheng.scenarios.scenario_files import STRONGEST, ScenarioFile


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
    names = [*plan.names["measures"]]
    parts["measures"] = _mapping(names, {"anyOf": choices})
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
