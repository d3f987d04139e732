"""The JSON Schemas for editors are those in force."""

import json
import re
from pathlib import Path

from tests.plans import (
    PLAN,
)
from xiancheng import scenarios
from xiancheng.scenarios.scenario_files import measure_schema, scenario_schema

# Editors


def test_the_schemas_are_the_ones_in_force():
    folder = Path(scenarios.__path__[0])
    for name, schema in (("scenario", scenario_schema(PLAN)), ("measure", measure_schema())):
        on_file = json.loads((folder / f"{name}.schema.json").read_text(encoding="utf-8"))
        assert on_file == schema
    for file in PLAN.scenario_files().values():
        named = re.match(
            r"# yaml-language-server: \$schema=(\S+)", file.read_text(encoding="utf-8")
        )
        assert (file.parent / named[1]).samefile(folder / "scenario.schema.json")
