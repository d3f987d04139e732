"""Maps of the counties: what a reader of GeoJSON and GeoPackage finds is what the run says."""

import json
import sqlite3
import struct
from dataclasses import replace

import numpy as np
import pytest

from tests.results.report.test_sections import SCALE, drawn
from xiancheng.results.report import maps
from xiancheng.results.tables import counties, plan_result
from xiancheng.scenarios.ensemble import ensemble
from xiancheng.scenarios.loader import resolve


@pytest.fixture(scope="module")
def result():
    both = drawn(ensemble(resolve("plan"), draws=0, scale=SCALE))
    return plan_result.of_pair(both, run="plan-0123456789ab")


@pytest.fixture(scope="module")
def collection(result):
    return json.loads(maps.geojson(result, "zh"))


@pytest.fixture
def package(result, tmp_path):
    """The GeoPackage on disk, opened as any program opens it."""
    file = tmp_path / "counties.gpkg"
    file.write_bytes(maps.geopackage(result, "zh"))
    with sqlite3.connect(file) as opened:
        opened.row_factory = sqlite3.Row
        yield opened


def without_boundaries(result, monkeypatch):
    monkeypatch.setattr(type(result.region), "outlines", lambda _: {})
    return result


def polygon(blob):
    """The points of a polygon in GeoPackage binary, read by the standard: (point, 2)."""
    magic, version, flags, system = struct.unpack_from("<2sBBi", blob)
    assert (magic, version, flags & 1, system) == (b"GP", 0, 1, 4326)
    envelope = {0: 0, 1: 32}[(flags >> 1) & 7]
    order, kind, rings, points = struct.unpack_from("<BIII", blob, 8 + envelope)
    assert (order, kind, rings) == (1, 3, 1)
    found = np.frombuffer(blob, "<f8", offset=8 + envelope + 13).reshape(-1, 2)
    assert len(found) == points
    west, east, south, north = struct.unpack_from("<4d", blob, 8)
    assert (west, south, east, north) == (*found.min(axis=0), *found.max(axis=0))
    return found


def area(points):
    """Twice the area of a ring; positive if it runs counterclockwise."""
    x, y = np.asarray(points).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())


def test_every_county_has_its_outline_and_its_verdict(result, collection):
    judged = result.verdicts.set_index("unit_code")
    shown = {each["properties"]["unit_code"]: each for each in collection["features"]}
    assert [*shown] == [county.code for county in result.groups[: len(result.region.counties)]]
    for code, each in shown.items():
        (ring,) = each["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        assert area(ring) > 0
        assert {tuple(point) for point in ring} == {
            tuple(point) for point in result.region.outlines()[str(code)].round(6).tolist()
        }
        if code in judged.index:
            for name in ("expected", "low", "high", "probability", "from_plan_pp", "target_rate"):
                assert each["properties"][name] == pytest.approx(judged[name][code], abs=1e-4)


def test_a_county_without_a_target_has_a_rate_and_no_chance(collection):
    (zhanhua,) = (f for f in collection["features"] if f["properties"]["county"] == "沾化区")
    assert zhanhua["properties"]["expected"] > 0
    assert zhanhua["properties"]["probability"] is None
    assert zhanhua["properties"]["target"] is None


def test_the_causes_add_up(result):
    for each in maps.features(result, "en"):
        row = each.properties
        change = row["expected"] - row["rate_at_start"]
        assert sum(row[cause] for cause in counties.CAUSES_PP) == pytest.approx(change, abs=5e-4)


def test_a_package_holds_what_the_standard_asks_for(package):
    assert package.execute("PRAGMA application_id").fetchone()[0] == 0x47504B47
    assert package.execute("PRAGMA user_version").fetchone()[0] >= 10200
    assert package.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert not package.execute("PRAGMA foreign_key_check").fetchall()
    systems = {row["srs_id"] for row in package.execute("SELECT * FROM gpkg_spatial_ref_sys")}
    assert systems == {-1, 0, 4326}
    (layer,) = package.execute("SELECT * FROM gpkg_contents").fetchall()
    assert (layer["table_name"], layer["data_type"]) == ("counties_2025_12_31", "features")
    (geometry,) = package.execute("SELECT * FROM gpkg_geometry_columns").fetchall()
    assert (geometry["table_name"], geometry["srs_id"]) == (layer["table_name"], 4326)


def test_both_formats_say_the_same(package, collection):
    rows = package.execute('SELECT * FROM "counties_2025_12_31" ORDER BY fid').fetchall()
    (layer,) = package.execute("SELECT * FROM gpkg_contents").fetchall()
    spots = []
    for row, feature in zip(rows, collection["features"], strict=True):
        assert {key: row[key] for key in feature["properties"]} == feature["properties"]
        spots.append(polygon(row["geom"]))
        assert spots[-1].tolist() == feature["geometry"]["coordinates"][0]
    every = np.vstack(spots)
    box = [layer[name] for name in ("min_x", "min_y", "max_x", "max_y")]
    assert box == [*every.min(axis=0), *every.max(axis=0)]


def test_the_boundaries_are_credited(collection):
    assert "天地图" in collection["description"]


def test_each_deadline_is_a_layer(result):
    days = ["2024-12-31", *result.verdicts["deadline"].iloc[1:]]
    two = replace(result, verdicts=result.verdicts.assign(deadline=days))
    with sqlite3.connect(":memory:") as opened:
        opened.deserialize(maps.geopackage(two, "en"))
        names = [row[0] for row in opened.execute("SELECT table_name FROM gpkg_contents")]
    assert names == ["counties_2024_12_31", "counties_2025_12_31"]


def test_without_boundaries_counties_have_data_and_no_shape(result, monkeypatch):
    bare = without_boundaries(result, monkeypatch)
    shown = json.loads(maps.geojson(bare, "zh"))
    assert "没有边界" in shown["description"]
    assert all(each["geometry"] is None for each in shown["features"])
    with sqlite3.connect(":memory:") as opened:
        opened.deserialize(maps.geopackage(bare, "zh"))
        found = opened.execute('SELECT geom, expected FROM "counties_2025_12_31"').fetchall()
    assert all(geom is None and expected > 0 for geom, expected in found)
