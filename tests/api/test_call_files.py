"""Calls from XLSX and GeoPackage files and from addresses, over HTTP and on the command line."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from pyproj import Transformer

from api.app import create_app
from api.cli.main import main
from api.settings import Settings
from geo.store.sql import SqlStore

N = 30


def frame(*, places: bool = True) -> pd.DataFrame:
    made = pd.DataFrame(
        {
            "警情编号": [f"A{i}" for i in range(N)],
            "案发时间": [pd.Timestamp("2025-05-01 08:00") + pd.Timedelta(minutes=97 * i) for i in range(N)],
            "警情类别": ["盗窃" if i % 2 else "纠纷" for i in range(N)],
            "报警人": ["张三"] * N,
            "案发地址": [f"解放路{i}号" for i in range(N)],
        }
    )
    if places:
        made["经度"] = [114.9 + i * 1e-3 for i in range(N)]
        made["纬度"] = [25.8 + i * 1e-3 for i in range(N)]
    return made


def sheet(path: Path, made: pd.DataFrame) -> Path:
    with pd.ExcelWriter(path) as book:
        made.to_excel(book, index=False, sheet_name="警情")
    return path


@pytest.fixture
def door(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(home=tmp_path)
    store = SqlStore.open(settings.database)
    with TestClient(create_app(settings, store, warm_up=False)) as client:
        yield client
    store.close()


def preview(door: TestClient, path: Path, query: str) -> dict[str, object]:
    answer = door.post(f"/api/calls/preview?{query}", files={"file": (path.name, path.read_bytes())})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_workbook_keeps_its_days_and_loses_its_persons(door: TestClient, tmp_path: Path) -> None:
    told = preview(door, sheet(tmp_path / "警情.xlsx", frame()), "frame=WGS84")
    assert (told["read"], told["kept"], told["n_placed"]) == (N, N, N)
    assert told["persons"] == [{"column": "报警人", "reason": "name"}]
    assert told["preview"][0]["occurred_at"] == "2025-05-01T00:00:00Z"  # type: ignore[index]
    assert told["samples"]["案发地址"] == ["解放路0号", "解放路1号", "解放路2号"]  # type: ignore[index]


def test_a_geopackage_brings_its_own_frame(door: TestClient, tmp_path: Path) -> None:
    made = frame()
    # Gauss-Krueger zone 39 of CGCS2000 by pyproj: an oracle that shares nothing with the reader.
    x, y = Transformer.from_crs(4490, 4548, always_xy=True).transform(made.pop("经度"), made.pop("纬度"))
    path = tmp_path / "calls.gpkg"
    gpd.GeoDataFrame(made, geometry=gpd.points_from_xy(x, y), crs=4548).to_file(path, layer="calls")
    told = preview(door, path, "")
    assert told["n_placed"] == N
    first = told["preview"][0]  # type: ignore[index]
    assert (round(first["lon"], 6), round(first["lat"], 6)) == (114.9, 25.8)


def test_fields_that_no_header_tells_are_listed_and_mapped_by_hand(door: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    frame().rename(columns={"案发时间": "c2"}).to_csv(path, index=False, encoding="gb18030")
    query = "frame=WGS84&encoding=auto"
    refused = door.post(f"/api/calls/preview?{query}", files={"file": (path.name, path.read_bytes())})
    assert (refused.status_code, refused.json()["code"]) == (422, "input.field")
    held = door.post("/api/calls/uploads?encoding=auto", files={"file": (path.name, path.read_bytes())}).json()
    assert (held["encoding"], held["read"], held["samples"]["c2"][0]) == ("GB18030", N, "2025-05-01 08:00:00")
    mapping = {**held["mapping"], "fields": {**held["mapping"]["fields"], "c2": "occurred_at"}}
    body = {"upload_id": held["upload_id"], "mapping": mapping, "frame": "WGS84", "encoding": "auto"}
    told = door.post(f"/api/calls/preview/{held['upload_id']}", json=body).json()
    assert (told["kept"], told["mapping_from"]) == (N, "given")


def told(capsys: pytest.CaptureFixture[str], *command: str) -> dict[str, object]:
    capsys.readouterr()
    with contextlib.suppress(SystemExit):
        main([*command, "--json"])
    return dict(json.loads(capsys.readouterr().out))


def test_the_command_line_from_addresses_to_families(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(tmp_path / "home")]
    (tmp_path / "home").mkdir()
    SqlStore.open(tmp_path / "home" / "xunge.sqlite").close()
    book = io.StringIO("名称,经度,纬度\n" + "".join(f"解放路{i}号,{114.9 + i * 1e-3:.3f},25.8\n" for i in range(N - 1)))
    (tmp_path / "book.csv").write_text(book.getvalue(), "utf-8")
    file = str(sheet(tmp_path / "calls.xlsx", frame(places=False)))
    asked = ["import", "calls", file, "--frame", "WGS84", *home]
    found = told(capsys, *asked, "--addresses", str(tmp_path / "book.csv"), "--addresses-frame", "WGS84", "--preview")
    assert (found["n_placed"], found["version"]) == (N - 1, None)
    assert told(capsys, "calls", "addresses", str(tmp_path / "book.csv"), "--frame", "WGS84", *home) == {
        "entries": N - 1
    }
    wrote = told(capsys, *asked)
    assert (wrote["inserted"], wrote["n_placed"]) == (N, N - 1)

    assert [p["name"] for p in told(capsys, "calls", "profiles", *home)["profiles"]] == ["calls.xlsx"]  # type: ignore[union-attr, index]
    assert told(capsys, "calls", "profiles", "--delete", "calls.xlsx", *home) == {"profiles": []}

    names = told(capsys, "calls", "families", "--preset", "major", *home)
    assert (names["version"], [f["family_id"] for f in names["families"]]) == (1, ["八类主要刑事"])  # type: ignore[union-attr, index]
    assert told(capsys, "calls", "families", "--version", "0", *home)["version"] == 0


def test_the_command_line_takes_a_decision_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(tmp_path)]
    SqlStore.open(tmp_path / "xunge.sqlite").close()
    made = frame()
    twice = made.iloc[[3]].assign(警情编号="A3x", 案发时间=made["案发时间"].iloc[3] + pd.Timedelta(minutes=4))
    file = str(sheet(tmp_path / "calls.xlsx", pd.concat([made, twice])))
    told(capsys, "import", "calls", file, "--frame", "WGS84", *home)
    valid = {}
    for word in ("accept", "undo", "dismiss"):
        decided = told(capsys, "calls", word, "repeat", *home)
        assert decided["changed"] == 1
        valid[word] = decided["bases"]["valid"]  # type: ignore[index]
    assert valid == {"accept": N, "undo": N + 1, "dismiss": N + 1}
    listed = told(capsys, "calls", "flags", "repeat", "--state", "dismissed", *home)
    assert [c["call_id"] for c in listed["calls"]] == ["A3x"]  # type: ignore[union-attr, index]
    assert told(capsys, "calls", "flags", *home)["n_flagged"] == 1
