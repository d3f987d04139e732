"""The places for maps: GeoJSON and GeoPackage of the rates, chances, effects and causes by county.

A county has its outline if the region pack has boundaries, else no shape: packs hold no other
coordinates. Coordinates are longitude and latitude on WGS 84.

References
----------
Butler et al. (2016), The GeoJSON format, RFC 7946
OGC 12-128r19, GeoPackage encoding standard 1.4
"""

import json
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from xiancheng.results.tables import counties, labels
from xiancheng.results.tables.plan_result import PlanResult
from xiancheng.sim.state import Floats

WGS84 = 4326
APPLICATION, VERSION = 0x47504B47, 10400  # "GPKG", 1.4.0
LAYER = "counties"
TYPES = {  # of columns; all others are numbers
    "unit_code": "INTEGER", "date": "DATE",
    **dict.fromkeys(("county", "county_en", "target", "operator", "in_words", "run"), "TEXT"),
}  # fmt: skip
DIGITS = 4  # decimals of rates and chances
PLACES = 6  # decimals of a degree: a tenth of a metre
GEOGRAPHIC = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,'
    'AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)
SYSTEMS = (  # rows that every GeoPackage holds (requirement 11)
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian coordinates"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinates"),
    ("WGS 84 geodetic", WGS84, "EPSG", WGS84, GEOGRAPHIC, "longitude and latitude in degrees"),
)
TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""


@dataclass(frozen=True)
class Feature:
    """A county on a day: its outline, closed and counterclockwise (point, 2), and what is known."""

    outline: Floats | None  # [degrees]
    properties: dict[str, Any]


def features(result: PlanResult, lang: str) -> Iterator[Feature]:
    """Every county at every deadline, or at the end of the run if nothing is judged."""
    outlines = result.region.outlines()
    units = result.groups[: len(result.region.counties)]
    for day in counties.days(result):
        for group in units:
            row = counties.on_a_day(result, group, day)
            chance = row["probability"]
            row["in_words"] = (
                None if chance is None
                else labels.label("chances", labels.likelihood(chance), lang)
            )  # fmt: skip
            outline = outlines.get(str(group.code))
            cells = {k: round(v, DIGITS) if isinstance(v, float) else v for k, v in row.items()}
            yield Feature(
                None if outline is None else ring(outline), cells | {"run": result.run or None}
            )


def ring(outline: Floats) -> Floats:
    """An outline with its first point at its end too, counterclockwise.

    >>> ring(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    closed = np.round(outline, PLACES)
    if (closed[0] != closed[-1]).any():
        closed = np.vstack([closed, closed[:1]])
    x, y = closed.T
    doubled_area = float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())
    return closed if doubled_area > 0 else closed[::-1]


def about(result: PlanResult, lang: str) -> str:
    """What the numbers are of, whose the boundaries are, or that there are none."""
    parts = [result.stamp(lang), result.region.attribution.text(lang)]
    if not result.region.outlines():
        parts.append(labels.label("report", "no boundaries", lang))
    return " ".join(part for part in parts if part)


def geojson(result: PlanResult, lang: str) -> bytes:
    """A feature collection; a county that has no outline has no geometry."""
    shown = [
        {
            "type": "Feature",
            "id": f"{each.properties['unit_code']}-{each.properties['date']}",
            "geometry": None if each.outline is None
            else {"type": "Polygon", "coordinates": [each.outline.tolist()]},
            "properties": each.properties,
        }
        for each in features(result, lang)
    ]  # fmt: skip
    collection = {"type": "FeatureCollection", "name": LAYER, "description": about(result, lang),
                  "features": shown}  # fmt: skip
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode()


def geopackage(result: PlanResult, lang: str) -> bytes:
    """A GeoPackage with a layer for each deadline, named `counties_<date>`."""
    layers: dict[str, list[Feature]] = {}
    for each in features(result, lang):
        layers.setdefault(f"{LAYER}_{each.properties['date'].replace('-', '_')}", []).append(each)
    with closing(sqlite3.connect(":memory:")) as package:
        package.execute(f"PRAGMA application_id = {APPLICATION}")
        package.execute(f"PRAGMA user_version = {VERSION}")
        package.executescript(TABLES)
        package.executemany(f"INSERT INTO gpkg_spatial_ref_sys VALUES ({_marks(6)})", SYSTEMS)
        written = str(result.provenance.get("written", ""))
        for name, members in layers.items():
            _layer(package, name, members, about(result, lang), written)
        package.commit()
        return package.serialize()


def _layer(
    package: sqlite3.Connection, name: str, members: list[Feature], description: str, written: str
) -> None:
    """A table of features, and its entries in the tables of contents and of geometry columns."""
    outlines = [each.outline for each in members if each.outline is not None]
    points = np.vstack(outlines) if outlines else None
    box = [None] * 4 if points is None else [*points.min(axis=0), *points.max(axis=0)]
    package.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, min_x, min_y,"
        f" max_x, max_y, srs_id) VALUES ({_marks(9)})",
        (name, "features", name, description, *map(_plain, box), WGS84),
    )  # fmt: skip
    if written:  # when the run was made, so that a file made again is the same
        package.execute("UPDATE gpkg_contents SET last_change = ?", (_instant(written),))
    package.execute(
        f"INSERT INTO gpkg_geometry_columns VALUES ({_marks(6)})",
        (name, "geom", "POLYGON", WGS84, 0, 0),
    )
    kinds = [*members[0].properties]
    declared = ", ".join(f'"{key}" {TYPES.get(key, "DOUBLE")}' for key in kinds)
    package.execute(
        f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,'
        f" geom POLYGON, {declared})"
    )
    columns = ", ".join(f'"{key}"' for key in kinds)
    package.executemany(
        f'INSERT INTO "{name}" (geom, {columns}) VALUES ({_marks(1 + len(kinds))})',
        [(None if each.outline is None else blob(each.outline), *each.properties.values())
         for each in members],
    )  # fmt: skip


def blob(outline: Floats) -> bytes:
    """A polygon in GeoPackage binary: header, envelope (x, x, y, y), then well-known binary."""
    (west, south), (east, north) = outline.min(axis=0), outline.max(axis=0)
    little_endian_xy_envelope = 0b0000_0011
    header = struct.pack("<2sBBi4d", b"GP", 0, little_endian_xy_envelope, WGS84,
                         west, east, south, north)  # fmt: skip
    polygon, rings = 3, 1
    return (
        header
        + struct.pack("<BIII", 1, polygon, rings, len(outline))
        + np.ascontiguousarray(outline, "<f8").tobytes()
    )


def _instant(written: str) -> str:
    """A time as GeoPackage wants it, to the millisecond in UTC."""
    return f"{written[:19]}.000Z" if len(written) >= 19 else f"{written[:10]}T00:00:00.000Z"


def _marks(n: int) -> str:
    return ", ".join("?" * n)


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)
