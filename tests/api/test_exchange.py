"""Files in and out over HTTP: frames stated, persons dropped, bad files refused with nothing written."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient

HEADER = "警情编号,报警时间,案发时间,警情类别,经度,纬度,报警人姓名,联系电话\n"
ROWS = "T-1,2026-11-01 08:00,2026-11-01 07:50,盗窃,24.945,60.170,张三,13800138000\n"


def upload(client: TestClient, collection: str, name: str, body: bytes, query: str):
    return client.post(f"/api/import/{collection}?{query}", files={"file": (name, io.BytesIO(body))})


def test_a_trial_writes_nothing_and_says_which_columns_held_persons(client: TestClient) -> None:
    before = client.get("/api/collections/calls/items?limit=1").json()["numberMatched"]
    answer = upload(client, "calls", "calls.csv", (HEADER + ROWS).encode(), "frame=WGS84&commit=false")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["read"], body["kept"], body["version"]) == (1, 1, None)
    assert {p["column"] for p in body["persons"]} == {"报警人姓名", "联系电话"}
    assert "张三" not in answer.text
    assert "13800138000" not in answer.text
    assert client.get("/api/collections/calls/items?limit=1").json()["numberMatched"] == before


def test_the_same_calls_may_come_twice(client: TestClient) -> None:
    first = upload(client, "calls", "calls.csv", (HEADER + ROWS).encode(), "frame=WGS84").json()
    second = upload(client, "calls", "calls.csv", (HEADER + ROWS).encode(), "frame=WGS84").json()
    assert (first["inserted"], second["inserted"]) == (1, 0)


def test_gcj02_is_undone_on_entry(client: TestClient) -> None:
    body = HEADER + ROWS.replace("24.945,60.170", "116.404,39.915")
    row = upload(client, "calls", "c.csv", body.encode(), "frame=GCJ02&commit=false")
    assert row.status_code in (200, 422)
    if row.status_code == 200:
        assert row.json()["source_frame"] == "GCJ02"


@pytest.mark.parametrize(
    ("name", "body", "query", "status", "code"),
    [
        ("calls.csv", (HEADER + ROWS).encode(), "", 422, "input.frame"),
        ("calls.csv", b"", "frame=WGS84", 422, "input.file"),
        ("calls.csv", (HEADER + ROWS).encode("gb18030"), "frame=WGS84", 422, "input.encoding"),
        ("calls.csv", (HEADER + ROWS.replace("60.170", "NaN")).encode(), "frame=WGS84", 422, None),
        (
            "calls.kml",
            b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>",
            "frame=WGS84",
            422,
            "input.file",
        ),
        ("calls.exe", b"MZ", "frame=WGS84", 422, "input.file"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence_and_nothing_is_written(
    client: TestClient, name: str, body: bytes, query: str, status: int, code: str | None
) -> None:
    before = client.get("/api/health").json()["collections"]["calls"]
    answer = upload(client, "calls", name, body, query)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["detail_zh"]
    assert problem["detail_en"]
    assert code is None or problem["code"] == code
    assert client.get("/api/health").json()["collections"]["calls"] == before


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "parquet", "kml", "gpx", "xlsx", "csv"])
def test_every_format_downloads(client: TestClient, kind: str) -> None:
    answer = client.get(f"/api/export/posts?f={kind}")
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    assert len(answer.content) > 500


def test_an_exported_layer_reads_back_equal(client: TestClient) -> None:
    body = client.get("/api/export/points?f=geojson").content
    frame = gpd.read_file(io.BytesIO(body))
    total = client.get("/api/collections/points/items?limit=1").json()["numberMatched"]
    assert len(frame) == total
    assert json.loads(body)["type"] == "FeatureCollection"


def test_an_unknown_format_names_the_known_ones(client: TestClient) -> None:
    answer = client.get("/api/export/posts?f=dwg")
    assert answer.status_code == 422
    assert "geojson" in answer.json()["detail_en"]
