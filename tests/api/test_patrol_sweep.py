"""Sweeps of streets and periodic rounds over HTTP and on the command line; bad input in one sentence."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli.main import main
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.grids import Grids
from geo.tables.points import Points
from geo.tables.posts import Posts


@pytest.fixture(scope="module")
def home(untouched_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("sweeps") / "home"
    shutil.copytree(untouched_home, copy)
    return copy


@pytest.fixture(scope="module")
def known(home: Path) -> dict[str, list[str]]:
    store = SqlStore.open(Settings(home=home).database)
    found = {
        "posts": store.table(DEMO, Posts).frame["post_id"].astype(str).tolist(),
        "points": store.table(DEMO, Points).frame["point_id"].astype(str).tolist(),
        "outline": [store.table(DEMO, Grids).frame.to_crs(4326).geometry.convex_hull.iloc[0].wkt],
        "grids": store.table(DEMO, Grids).frame[Grids.SPEC.key].astype(str).tolist(),
    }
    store.close()
    return found


@pytest.fixture(scope="module")
def city(home: Path) -> Iterator[TestClient]:
    settings = Settings(home=home)
    store = SqlStore.open(settings.database)
    with TestClient(create_app(settings, store, warm_up=False)) as made:
        yield made
    store.close()


def finished(client: TestClient, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == answer.json()["status_url"]
    for _ in range(1200):
        job: dict[str, Any] = client.get(answer.json()["status_url"]).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.05)
    pytest.fail("the job did not end")


def kept(client: TestClient, answer: Any) -> dict[str, Any]:
    job = finished(client, answer)
    assert job["state"] == "done", job
    body: dict[str, Any] = client.get(f"/api/plans/{job['result']['plan_id']}").json()
    return body


def test_all_streets_of_a_grid_are_swept_by_two_units(city: TestClient, known: dict[str, list[str]]) -> None:
    asked = {"post_id": known["posts"][0], "grid_codes": known["grids"][:2], "units": 2, "seconds": 60, "iterations": 5}
    plan = kept(city, city.post("/api/patrol/sweep", json=asked))
    assert plan["kind"] == "patrol_sweep"
    assert plan["bound"] <= plan["objective"] == pytest.approx(60 * max(r["minutes"] for r in plan["routes"]), abs=3.1)
    assert "全部巡到" in plan["sentence_zh"]
    assert plan["swept_metres"] + plan["passing_metres"] == pytest.approx(
        sum(r["metres"] for r in plan["routes"]), abs=1
    )
    for route in plan["routes"]:
        times = [t for _, _, t in route["line"]]
        assert times == sorted(times)
        assert route["line"][0][:2] == route["line"][-1][:2]
        assert route["passes"][-1]["end"] == len(route["line"]) - 1
    listed = city.get("/api/plans", params={"kind": "patrol_sweep"}).json()["plans"]
    assert plan["plan_id"] in [row["plan_id"] for row in listed]
    drawn = city.get(f"/api/patrol/sweep/{plan['plan_id']}/export", params={"f": "geojson"}).json()
    assert [f["properties"]["what"] for f in drawn["features"]] == ["route"] * plan["units"]
    gpx = city.get(f"/api/patrol/sweep/{plan['plan_id']}/export", params={"f": "gpx"})
    assert gpx.headers["content-type"].startswith("application/gpx+xml")
    assert gpx.text.count("<trk>") == plan["units"]
    assert city.get(f"/api/patrol/rounds/{plan['plan_id']}/export").status_code == 404
    paper = city.get(f"/api/patrol/sweep/{plan['plan_id']}/sheet", params={"f": "html", "unit": 2}).text
    assert "清街任务单" in paper
    assert paper.count("<tr>") == 1 + len(plan["routes"][1]["passes"])
    assert city.get(f"/api/patrol/sweep/{plan['plan_id']}/sheet", params={"unit": 9}).status_code == 404
    assert city.get(f"/api/patrol/rounds/{plan['plan_id']}/sheet", params={"day": "2026-11-23"}).status_code == 404
    assert city.get("/api/patrol/sweep/none/export").status_code == 404
    assert city.get(f"/api/patrol/sweep/{plan['plan_id']}/export", params={"f": "dwg"}).status_code == 422


def test_one_unit_drives_a_proved_way(city: TestClient, known: dict[str, list[str]]) -> None:
    asked = {"post_id": known["posts"][0], "grid_codes": known["grids"][:1], "sides": "both", "seconds": 60}
    plan = kept(city, city.post("/api/patrol/sweep", json=asked))
    assert plan["proved"]
    assert plan["objective"] == plan["bound"]
    assert "已证明最优" in plan["sentence_zh"]


def test_a_sweep_that_cannot_be_is_told_in_one_sentence(city: TestClient, known: dict[str, list[str]]) -> None:
    post, grid = known["posts"][0], known["grids"][0]
    for asked, status, words in (
        ({"post_id": "nowhere", "grid_codes": [grid]}, 404, "nowhere"),
        ({"post_id": post, "grid_codes": ["x9"]}, 404, "x9"),
        ({"post_id": post}, 422, "其一"),
        ({"post_id": post, "area": [[0, 0], [1, 1], [0, 1], [1, 0]]}, 422, "自相交"),
        ({"post_id": post, "area": [[0, 0], [0, 1], [1, 1]]}, 422, "没有需要巡查的道路"),
    ):
        answer = city.post("/api/patrol/sweep", json=asked)
        assert answer.status_code == status, answer.text
        assert words in answer.json()["detail"]
    short = {"post_id": post, "grid_codes": [grid], "limit_minutes": 0.5}
    job = finished(city, city.post("/api/patrol/sweep", json=short))
    assert job["state"] == "failed"
    assert "单组时限" in str(job["problem"])


def test_places_are_visited_every_few_days(city: TestClient, known: dict[str, list[str]]) -> None:
    points: list[dict[str, object]] = [
        {"point_id": p, "every_days": 3 + 2 * (i % 3)} for i, p in enumerate(known["points"][:8])
    ]
    asked = {
        "post_id": known["posts"][0], "points": [*points, {"name": "海上", "lon": 0, "lat": 0}], "from_day": "2026-11-23", "days": 14,
        "units": 1, "seconds": 60, "iterations": 3,
    }  # fmt: skip
    plan = kept(city, city.post("/api/patrol/rounds", json=asked))
    assert [row["name"] for row in plan["left_out"]] == ["海上"]
    assert plan["bound"] <= plan["objective"]
    assert all(row["days"] for row in plan["points"] if not row["left_out"])
    weekend = {"2026-11-28", "2026-11-29", "2026-12-05", "2026-12-06"}
    assert not weekend & {route["day"] for route in plan["routes"]}
    stops = [stop for route in plan["routes"] for stop in route["stops"]]
    assert len(stops) == plan["visits"] == sum(len(row["days"]) for row in plan["points"])
    assert all(stop["arrive"].endswith("+08:00") and stop["why"] for stop in stops)
    day = plan["routes"][0]["day"]
    drawn = city.get(f"/api/patrol/rounds/{plan['plan_id']}/export", params={"day": day}).json()
    assert {f["properties"]["what"] for f in drawn["features"]} == {"route", "stop"}
    assert city.get(f"/api/patrol/rounds/{plan['plan_id']}/export", params={"day": "2030-01-01"}).status_code == 404
    sheet = f"/api/patrol/rounds/{plan['plan_id']}/sheet"
    paper = city.get(sheet, params={"day": day})
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    assert city.get(sheet, params={"day": "2030-01-01"}).status_code == 404
    assert city.get(sheet).status_code == 422


def test_rounds_that_cannot_be_are_told_in_one_sentence(city: TestClient, known: dict[str, list[str]]) -> None:
    post, good = known["posts"][0], {"point_id": known["points"][0]}
    for changed, status, words in (
        ({"points": [{"point_id": "nowhere"}]}, 404, "nowhere"),
        ({"points": [{"name": "无处"}]}, 422, "经纬度"),
        ({"post_id": "nowhere"}, 404, "nowhere"),
        ({"points": [{**good, "last_visit": "2026-12-01"}]}, 422, "上次走访"),
        ({"days": 1, "duty_weekdays": [7]}, 422, "没有值勤日"),
        ({"points": [{**good, "every_days": 2, "tolerance_days": 2}]}, 422, "浮动天数"),
    ):
        asked = {"post_id": post, "points": [good], "from_day": "2026-11-23", **changed}
        answer = city.post("/api/patrol/rounds", json=asked)
        assert answer.status_code == status, answer.text
        assert words in answer.json()["detail"]
    alone = {"post_id": post, "points": [{"name": "海上", "lon": 0, "lat": 0}], "from_day": "2026-11-23"}
    job = finished(city, city.post("/api/patrol/rounds", json=alone))
    assert job["state"] == "failed"
    assert "没有可往返的道路" in str(job["problem"])


def run(capsys: pytest.CaptureFixture[str], home: Path, *words: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["patrol", *words, "--home", str(home)])
    shown = capsys.readouterr()
    assert (ended.value.code == 0) == (code == 0), shown.err
    assert "Traceback" not in shown.err
    return shown.out if code == 0 else "".join((shown.out + shown.err).split())


def test_both_are_planned_on_the_command_line(
    capsys: pytest.CaptureFixture[str], home: Path, known: dict[str, list[str]], tmp_path: Path
) -> None:
    post, grid = known["posts"][0], known["grids"][0]
    drawn = tmp_path / "sweep.gpx"
    words = ["sweep", "--post", post, "--grid", grid, "--seconds", "5", "--file", str(drawn), "--json"]
    plan = json.loads(run(capsys, home, *words))
    assert plan["streets"] > 0
    assert drawn.read_text(encoding="utf-8").count("<trk>") == plan["units"]
    paper = tmp_path / "sheet.html"
    run(capsys, home, "sheet", plan["plan_id"], str(paper), "--unit", "1")
    assert "清街任务单" in paper.read_text(encoding="utf-8")
    assert "以序号表示" in run(capsys, home, "sheet", plan["plan_id"], str(paper), "--unit", "甲", code=1)
    table = tmp_path / "places.csv"
    rows = [f"{p},5,15,1 2 3 4 5" for p in known["points"][:4]]
    table.write_text("\n".join(["编号,周期,走访分钟,星期", *rows]), encoding="utf-8-sig")
    words = ["rounds", str(table), "--post", post, "--from", "2026-11-23", "--days", "10", "--seconds", "3"]
    assert "组日" in run(capsys, home, *words)
    made = json.loads(run(capsys, home, *words, "--json"))
    run(capsys, home, "sheet", made["plan_id"], str(tmp_path / "day.pdf"), "--day", made["routes"][0]["day"])
    assert (tmp_path / "day.pdf").read_bytes().startswith(b"%PDF")
    assert "--day" in run(capsys, home, "sheet", made["plan_id"], str(tmp_path / "day.pdf"), code=1)


def test_bad_words_are_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], home: Path, known: dict[str, list[str]], tmp_path: Path
) -> None:
    post = known["posts"][0]
    table = tmp_path / "places.csv"
    table.write_text("name,lon,lat,every_days\n甲,24.94,abc,3\n", encoding="utf-8")
    rounds = ["rounds", str(table), "--post", post, "--from"]
    assert "第2行" in run(capsys, home, *rounds, "2026-11-23", code=1)
    assert "不是日期" in run(capsys, home, *rounds, "soon", code=1)
    table.write_text("name\n", encoding="utf-8")
    assert "没有走访点" in run(capsys, home, *rounds, "2026-11-23", code=1)
    assert "三个角点" in run(capsys, home, "sweep", "--post", post, "--within", "1,2;3", code=1)
    assert ".geojson或.gpx" in run(capsys, home, "sweep", "--post", post, "--grid", "x", "--file", "a.txt", code=1)
    assert "kind" in run(capsys, home, "sweep", "--post", post, "--grid", "x", "--kind", "boat", code=1)


def test_an_area_that_is_drawn_is_swept_as_well(city: TestClient, known: dict[str, list[str]]) -> None:
    ring = shapely.get_coordinates(shapely.from_wkt(known["outline"][0]))[:-1].tolist()
    asked = {"post_id": known["posts"][0], "area": ring, "seconds": 60, "iterations": 2, "units": 3}
    plan = kept(city, city.post("/api/patrol/sweep", json=asked))
    assert plan["units"] <= 3
