"""A pack of one county, Huimin, with a line for each variable that a pack may hold."""

import csv
from pathlib import Path

from xiancheng.calibration.region import load
from xiancheng.calibration.region.schema import COLUMNS, catalogue, limits

COUNTY = "371621"
CENSUSES = ("2010-11-01", "2020-11-01")
DATED = ("economy", "services", "observations")
KEPT = ("residents", "urban_rural", "sex_age", "hukou", "vital", "households", "education")

REGION = """\
name: small
title: {zh: 惠民县, en: Huimin}
prefectures:
  - {code: 371600, zh: 滨州市, en: Binzhou}
province: {code: 370000, zh: 山东省, en: Shandong}
counties:
  - {code: 371621, zh: 惠民县, en: Huimin, prefecture: 371600, kind: county}
censuses: [2010-11-01, 2020-11-01]
outside:
  province: {zh: 济南, en: Jinan, lon: 117.00, lat: 36.65}
  country: {km: 600, low: 300, high: 1200}
targets:
  - id: T-1
    name: {zh: 目标, en: target}
    counties: [371621]
    value: 40
    operator: at least
    wording: 40%
    deadline: 2025-12-31
"""


def usual(table: str, variable: str, unit: str) -> float:
    """A value of a variable that nobody would doubt."""
    default = catalogue()[table, variable].default
    if default is not None:
        return default
    known = {
        "per_dwelling": 3,
        "wage": 40000,
        "income": 20000,
        "rate": 10,
        "price": 5000,
        "teacher": 15,
    }
    for word, value in known.items():
        if word in variable:
            return value
    return {"share": 0.5, "percent": 40, "seats": 20000}.get(unit, 30000)


def written(folder: Path, values: dict[tuple[str, str], float] | None = None) -> Path:
    """The pack, some of its values replaced, in a folder."""
    folder.mkdir(exist_ok=True)
    of = load("binzhou").folder
    (folder / "region.yaml").write_text(REGION, "utf-8")
    (folder / "sources.yaml").write_bytes((of / "sources.yaml").read_bytes())
    for name in ("margins.csv", "places.csv", "boundaries.csv"):
        with (of / name).open(encoding="utf-8-sig") as lines:
            rows = [
                row for row in csv.DictReader(lines)
                if row["county_code"] == COUNTY and row.get("table", "hukou") in KEPT
            ]  # fmt: skip
        save(folder / name, rows)
    for table in DATED:
        rows = []
        for (of_table, variable), entry in catalogue().items():
            value = (values or {}).get((table, variable), None)
            if of_table == table:
                value = usual(table, variable, entry.unit) if value is None else value
                rows += [line(table, variable, repr(value), day) for day in CENSUSES]
        save(folder / f"{table}.csv", rows)
    return folder


def line(table: str, variable: str, value: str, day: str = CENSUSES[-1]) -> dict[str, str]:
    """A line of a table of dated values."""
    row = dict.fromkeys(COLUMNS[f"{table}.csv"], "")
    return row | {
        "date": day, "unit_code": COUNTY, "variable": variable, "value": value,
        "unit": catalogue()[table, variable].unit, "source": "census-2020", "status": "official",
    }  # fmt: skip


def save(file: Path, rows: list[dict[str, str]]) -> None:
    """Write lines as a table."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS[file.name])
        writer.writeheader()
        writer.writerows(rows)


def ends(table: str, variable: str) -> tuple[float, float]:
    """The lowest and the highest value that a variable may have."""
    of = limits(table, variable, catalogue()[table, variable].unit)
    return of.low, of.high
