"""Lines of a county census table made from a shipped pack, and packs that are built from them."""

import csv

from xiancheng.calibration.region import census_import, load, pack_writer
from xiancheng.calibration.region.census_table import FIGURES, FLOOR, HOMES
from xiancheng.calibration.region.schema import TABLES

KNOWN = census_import.shipped_concordance()


def lines_of(codes, pack="shandong"):
    """Lines of a census table, as the pack counts these counties, (line,) of cells by column."""
    folder = load(pack).folder
    rows: dict[tuple[str, str], dict[str, str]] = {}
    with (folder / "margins.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            table, cell = row["table"], (row["sex"], row["age"], row["key"])
            if row["county_code"] in codes and table in FIGURES:
                line = rows.setdefault((row["county_code"], row["census"][:4]), {})
                line[FIGURES[table][TABLES[table].cells[cell]]] = row["value"]
    named = {county.code: county.zh for county in load(pack).counties}
    for (code, year), line in rows.items():
        homes = [value for name, value in line.items() if name.startswith("lf_home_")]
        line |= {
            "unit_code": code, "unit_name": named[code], "level": "county", "year": year,
            HOMES: str(sum(map(int, homes))), FLOOR: "40.5",
        }  # fmt: skip
    return list(rows.values())


def plan_pack(path, codes, concordance, **options):
    return census_import.plan_pack(path, codes, concordance, lang="en", **options)


def built(path, folder, codes=("371100",), concordance=None):
    plan = plan_pack(path, codes, concordance or KNOWN)
    pack_writer.write(folder, pack_writer.pack_files(plan, folder.name))
    return load(folder)
