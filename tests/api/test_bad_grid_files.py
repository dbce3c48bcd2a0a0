"""Layers of grids that cannot be used: each refused in a sentence that says what and where, nothing half imported."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.data import app as importing
from geo.errors import InputError
from geo.frames import from_wgs84
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.communities import Communities
from geo.tables.grids import Grids

HOME = "999001001001"
WEST, SOUTH = 24.94, 60.17
Shape = dict[str, Any]


@pytest.fixture
def client(own_client: TestClient) -> TestClient:
    return own_client


def square(k: int = 0) -> Shape:
    x = WEST + 0.002 * k
    ring = [[x, SOUTH], [x + 0.002, SOUTH], [x + 0.002, SOUTH + 0.002], [x, SOUTH + 0.002], [x, SOUTH]]
    return {"type": "Polygon", "coordinates": [ring]}


def features(*shapes: Shape | None, codes: list[str] | None = None, **more: Any) -> bytes:
    named = codes or [f"{HOME}{k + 1:03d}" for k in range(len(shapes))]
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": shape, "properties": {"网格编码": code, "社区编码": HOME, **more}}
                for code, shape in zip(named, shapes, strict=True)
            ],
        }
    ).encode()


def nested(depth: int) -> bytes:
    inner = '{"type":"GeometryCollection","geometries":[' * depth + "]}" * depth
    return features(square(0)).replace(json.dumps(square(0)).encode(), inner.encode())


def ring_of(n: int) -> Shape:
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    ring = np.column_stack([WEST + 0.003 * np.cos(turn), SOUTH + 0.002 * np.sin(turn)]).tolist()
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def spoilt(*ring: tuple[float, float]) -> Shape:
    return {"type": "Polygon", "coordinates": [[[WEST + x / 1e3, SOUTH + y / 1e3] for x, y in ring]]}


BOWTIE = spoilt((0, 0), (2, 2), (2, 0), (0, 2), (0, 0))
OPEN = spoilt((0, 0), (2, 0), (2, 2), (0, 2))
SPIKE = spoilt((0, 0), (2, 0), (2, 2), (2, 3), (2, 2), (0, 2), (0, 0))
LINE = {"type": "LineString", "coordinates": [[WEST, SOUTH], [WEST + 0.002, SOUTH]]}
HOLE_OUTSIDE = {
    "type": "Polygon",
    "coordinates": [square(0)["coordinates"][0], [[x + 0.01, y] for x, y in square(0)["coordinates"][0]]],
}
OVERLAPPING_PARTS = {"type": "MultiPolygon", "coordinates": [square(0)["coordinates"], square(0)["coordinates"]]}
EMPTY = {"type": "Polygon", "coordinates": []}
NAN = b'{"type":"Polygon","coordinates":[[[24.94,60.17],[NaN,60.17],[24.95,60.18],[24.94,60.17]]]}'
COMPOUND_CURVE = "CURVEPOLYGON (CIRCULARSTRING (24.94 60.17, 24.941 60.171, 24.942 60.17, 24.941 60.169, 24.94 60.17))"


def text_table(shape: str) -> bytes:
    return f'网格编码,社区编码,wkt\n{HOME}001,{HOME},"{shape}"\n'.encode()


def curve_in_binary() -> bytes:
    return f"网格编码,社区编码,wkb\n{HOME}001,{HOME},{struct.pack('<BII', 1, 10, 0).hex()}\n".encode()


CASES: dict[str, tuple[str, Callable[[], bytes], str, str]] = {
    "crossing": ("a.geojson", lambda: features(square(0), spoilt((2, 0), (4, 2), (4, 0), (2, 2), (2, 0))), "2", "自相交"),
    "bowtie": ("a.geojson", lambda: features(BOWTIE), "1", "自相交"),
    "spike": ("a.geojson", lambda: features(SPIKE), "1", "自相交"),
    "hole outside": ("a.geojson", lambda: features(HOLE_OUTSIDE), "1", "内环"),
    "overlapping parts": ("a.geojson", lambda: features(OVERLAPPING_PARTS), "1", "自相交"),
    "unclosed": ("a.geojson", lambda: features(OPEN), "1", ""),
    "line": ("a.geojson", lambda: features(square(0), LINE), f"{HOME}002", "几何类型"),
    "nothing": ("a.geojson", lambda: features(square(0), None), f"{HOME}002", "没有几何"),
    "empty": ("a.geojson", lambda: features(square(0), EMPTY), f"{HOME}002", "没有几何"),
    "not a number": ("a.geojson", lambda: features(square(0)).replace(json.dumps(square(0)).encode(), NAN), "", ""),
    "a million vertices": ("a.geojson", lambda: features(ring_of(1_000_000)), "1", "1,000,001"),
    "curve": ("a.csv", lambda: text_table(COMPOUND_CURVE), "2", "曲线"),
    "curve in binary": ("a.csv", curve_in_binary, "", ""),
    "nested 100,000 deep": ("a.geojson", lambda: nested(100_000), "", "层"),
    "nested text": ("a.csv", lambda: text_table("GEOMETRYCOLLECTION(" * 100_000 + ")" * 100_000), "", "层"),
    "duplicate codes": ("a.geojson", lambda: features(square(0), square(1), codes=[f"{HOME}001"] * 2), f"{HOME}001", "重复"),
    "no code": ("a.geojson", lambda: features(square(0)).replace(json.dumps("网格编码").encode(), b'"x"'), "", "网格编码"),
    "gb18030": (
        "a.csv", lambda: f"网格编码,网格名称,经度,纬度\n{HOME}001,东关网格,24.94,60.17\n".encode("gb18030"), "", "GB18030",
    ),
    "big5": ("a.csv", lambda: f"網格編碼,名稱,經度,緯度\n{HOME}001,東關網格,24.94,60.17\n".encode("big5"), "", "编码"),
    "damaged bytes": (
        "a.csv",
        lambda: f"网格编码,名称,wkt\n{HOME}001,好,{shapely.box(0, 0, 1, 1).wkt}\n{HOME}002,".encode() + b"\xff\xfe\x80,x\n",
        "", "FF",
    ),
    "metres as degrees": ("a.geojson", lambda: features(spoilt((5e8, 0), (6e8, 0), (6e8, 9e7), (5e8, 0))), "", ""),
}  # fmt: skip


def before_and_after(store: SqlStore) -> tuple[int, int, bytes]:
    frame = store.table(DEMO, Grids).frame
    return store.version("grids"), len(frame), b"".join(frame.geometry.to_wkb())


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_layer_that_cannot_be_used_leaves_everything_as_it_was(
    client: TestClient, store: SqlStore, home: Path, tmp_path: Path, case: str
) -> None:
    name, body, row, word = CASES[case]
    held = before_and_after(store)
    answer = client.post("/api/import/grids?frame=WGS84", files={"file": (name, body())})
    assert answer.status_code in (413, 422), answer.text
    problem = answer.json()
    assert problem["detail_zh"] != problem["detail_en"]
    assert word.lower() in problem["detail_zh"].lower(), problem["detail_zh"]
    assert row in problem["rows"] or row in problem["detail_zh"], problem
    assert before_and_after(store) == held
    # The same file from the command line, with a report that stands alone.
    path = tmp_path / name
    path.write_bytes(body())
    page = tmp_path / "report.html"
    words = ["grids", str(path), "--frame", "WGS84", "--home", str(home), "--report", str(page)]
    made = CliRunner().invoke(importing, words)
    assert isinstance(made.exception, InputError), made.output
    assert before_and_after(store) == held
    text = page.read_text("utf-8")
    assert "已拒绝，未写入任何数据" in text
    assert "<script" not in text


def test_the_report_of_a_refused_file_is_kept_and_has_a_page(client: TestClient) -> None:
    answer = client.post(
        "/api/import/grids?frame=WGS84",
        files={"file": ("<b>网格.geojson", features(square(0), square(1), codes=[f"{HOME}001"] * 2))},
    )
    url = answer.headers["Link"].split(">")[0].strip("<")
    report = client.get(url).json()
    assert (report["outcome"], report["code"], report["rows"]) == ("refused", "input.table", [f"{HOME}001"] * 2)
    page = client.get(url, params={"f": "html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "&lt;b&gt;网格.geojson" in page.text
    assert "<b>" not in page.text
    assert f"{HOME}001" in page.text
    assert "Refused" in client.get(url, params={"f": "html", "lang": "en"}).text
    assert client.get("/api/imports/none").status_code == 404


def test_a_shifted_layer_is_refused_without_a_frame_and_put_right_with_one(client: TestClient, store: SqlStore) -> None:
    held = before_and_after(store)
    answer = client.post("/api/import/grids", files={"file": ("a.geojson", features(square(0)))})
    assert (answer.status_code, answer.json()["code"]) == (422, "input.frame")
    assert before_and_after(store) == held


def test_grids_outside_their_community_come_in_with_a_report_that_names_them(
    client: TestClient, store: SqlStore, home: Path, tmp_path: Path
) -> None:
    area = gpd.GeoDataFrame({"code": [HOME]}, geometry=[shapely.geometry.shape(square(0))], crs=4326)
    store.put_table(DEMO, Communities.of(area), source="test")
    answer = client.post("/api/import/grids?frame=WGS84", files={"file": ("a.geojson", features(square(0), square(1)))})
    assert answer.status_code == 200, answer.text
    url = answer.headers["Link"].split(">")[0].strip("<")
    report = client.get(url).json()
    outside = [f for f in report["faults"] if f["kind"] == "outside_parent"]
    assert [f["grids"] for f in outside] == [[f"{HOME}002"]]
    assert f"{HOME}002" in client.get(url, params={"f": "html"}).text
    path, made = tmp_path / "a.geojson", tmp_path / "report.json"
    path.write_bytes(features(square(0), square(1)))
    words = ["grids", str(path), "--frame", "WGS84", "--home", str(home), "--report", str(made), "--json"]
    assert CliRunner().invoke(importing, words).exit_code == 0
    assert json.loads(made.read_text("utf-8"))["n_faults"] == report["n_faults"]


@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_a_stated_encoding_is_read(client: TestClient, store: SqlStore, encoding: str) -> None:
    name = "东关网格" if encoding == "gb18030" else "東關網格"
    shape = shapely.geometry.shape(square(0)).wkt
    body = f'code,name,parent_code,wkt\n{HOME}001,{name},{HOME},"{shape}"\n'.encode(encoding)
    answer = client.post(f"/api/import/grids?frame=WGS84&encoding={encoding}", files={"file": ("a.csv", body)})
    assert answer.status_code == 200, answer.text
    assert store.table(DEMO, Grids).frame["name"].tolist() == [name]


def test_shifted_coordinates_are_undone(client: TestClient, store: SqlStore) -> None:
    lonlat = np.array([[116.40, 39.90], [116.41, 39.90], [116.41, 39.91], [116.40, 39.91], [116.40, 39.90]])
    moved = from_wgs84(lonlat, "GCJ02").lonlat
    body = features({"type": "Polygon", "coordinates": [moved.tolist()]})
    answer = client.post("/api/import/grids?frame=GCJ02", files={"file": ("a.geojson", body)})
    if answer.status_code == 200:
        back = shapely.get_coordinates(store.table(DEMO, Grids).frame.geometry.iloc[0])
        assert np.abs(back - lonlat).max() < 1e-6
    else:
        # A layer far from the streets of the city is refused, not put down somewhere.
        assert answer.json()["code"].startswith("input.")


def test_a_report_goes_out_as_page_or_json_only(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(features(square(0)))
    words = ["grids", str(path), "--frame", "WGS84", "--home", str(home), "--report", str(tmp_path / "r.pdf")]
    made = CliRunner().invoke(importing, words)
    assert isinstance(made.exception, InputError)
