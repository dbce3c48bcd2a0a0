"""A messy export of calls goes in as it comes: previewed, mapped, written, reviewed, taken back, on the screen."""

from __future__ import annotations

import csv
import io
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

HEAD = ["接警编号", "案发时间", "类型", "报警人姓名", "联系电话", "地点描述", "经度", "纬度", "是否有效"]
CLASSES = ("盗窃", "抢劫", "殴打他人", "噪声扰民")


@pytest.fixture(scope="module")
def server(demo_server) -> Iterator[str]:
    """Address of a server of its own: what is imported here must not be counted elsewhere."""
    with demo_server(calls=800) as address:
        yield address


def export(server: str, *, rows: int = 60) -> bytes:
    """Return an export in GB18030: persons, repeats, a placeholder, times without an hour, an odd date."""
    with urllib.request.urlopen(f"{server}/api/collections/posts/items?limit=40") as answer:
        places = [f["geometry"]["coordinates"] for f in json.load(answer)["features"]]
    lines = []
    for i in range(rows):
        lon, lat = places[i % len(places)]
        at = f"2025-03-{1 + i % 28:02d} {(i * 7) % 24:02d}:{(i * 13) % 60:02d}:{i % 60:02d}"
        lines.append(
            [f"JQ{i:04d}", at, CLASSES[i % 4], "张三", "13800138000", f"某街{i}号", lon, lat, "是" if i % 10 else "否"]
        )
    first = lines[1]
    lines.append(["JQ9001", "2025-03-02 07:17:11", *first[2:8], "是"])
    lines.append(["JQ9002", "2025-03-04 12:30:00", "盗窃", "李四", "", "不详", 0, 0, "是"])
    lines.append(["JQ9003", "2025-03-05", "盗窃", "李四", "", first[5], first[6], first[7], "是"])
    lines.append(["JQ9004", "昨天晚上", "盗窃", "", "", first[5], first[6], first[7], "是"])
    lines += [
        [
            f"JQ8{i:03d}",
            f"2025-03-{1 + i % 28:02d} 00:00:00",
            CLASSES[i % 4],
            "",
            "",
            f"某路{i}号",
            *places[i % len(places)],
            "是",
        ]
        for i in range(40)
    ]
    text = io.StringIO()
    csv.writer(text).writerows([HEAD, *lines])
    return text.getvalue().encode("gb18030")


@pytest.fixture(scope="module")
def file(server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "三月警情.csv"
    path.write_bytes(export(server))
    return path


def received(server: str) -> int:
    with urllib.request.urlopen(f"{server}/api/calls/flags") as answer:
        return int(json.load(answer)["bases"]["received"])


def test_a_messy_export_is_previewed_mapped_written_and_reviewed(visit, server: str, file: Path) -> None:
    before = received(server)
    at = visit("/calls")
    at.page.set_input_files("#file", str(file))
    at.until("document.querySelector('#write') !== null", "the preview")
    assert at.findings() == []
    at.shoot("calls-preview")
    panel = at.text("#panel")
    for told in ("报警人姓名", "联系电话", "GB18030", "WGS84", "疑似重复报警", "占位坐标", "零点堆积", "距道路"):
        assert told in panel, told
    assert "昨天晚上" in at.text("#work")
    assert received(server) == before
    person = at.page.locator("#mapping tr", has_text="报警人姓名")
    assert person.locator("select").count() == 0

    # The headers do not say that 地点描述 is the address; she says so, and the preview follows.
    chosen = at.page.locator("select[data-field='地点描述']")
    if chosen.input_value() != "address":
        chosen.select_option("address")
    at.until("document.querySelector('#work').innerText.includes('某街1号')", "the new preview")

    at.page.click("#write")
    at.until("document.querySelector('#result') !== null", "the result", seconds=60)
    at.shoot("calls-result")
    assert received(server) == before + 103
    assert at.text("#result b >> nth=0") == "103"
    assert at.text("#bases b >> nth=0") == "103"

    at.page.click("text=去核查")
    at.until("document.querySelectorAll('#rows tbody tr').length > 0", "the flagged calls")
    at.page.click("[data-code=repeat]")
    at.until("document.querySelector('#rows')?.innerText.includes('JQ9001')", "the repeat")
    at.page.wait_for_timeout(500)
    at.shoot("calls-review")
    assert at.findings() == []
    valid = int(at.text("#bases b >> nth=1").replace(",", ""))
    at.page.click("[data-decide=accept]")
    at.until(f"document.querySelectorAll('#bases b')[1].innerText.replace(',', '') === '{valid - 1}'", "one valid call less")  # fmt: skip
    at.page.keyboard.press("u")
    at.until(f"document.querySelectorAll('#bases b')[1].innerText.replace(',', '') === '{valid}'", "the call back")
    assert received(server) == before + 103


def test_the_same_file_again_is_mapped_as_before_and_changes_nothing(visit, server: str, file: Path) -> None:
    before = received(server)
    at = visit("/calls?lang=en&theme=dark")
    at.until(f"document.querySelector('#profiles')?.innerText.includes('{file.name}')", "the remembered mapping")
    at.page.set_input_files("#file", str(file))
    at.until("document.querySelector('#write') !== null", "the preview")
    at.page.click("#write")
    at.until("document.querySelector('#result') !== null", "the result", seconds=60)
    assert at.text("#result b >> nth=0") == "0"
    assert at.text("#result b >> nth=2") == "103"
    assert received(server) == before
    at.shoot("calls-result-dark-en")


def test_a_file_without_known_headers_is_mapped_by_hand(visit, server: str, tmp_path: Path) -> None:
    text = (
        export(server, rows=6).decode("gb18030").replace("案发时间", "c2").replace("经度", "c7").replace("纬度", "c8")
    )
    path = tmp_path / "odd.csv"
    path.write_bytes(text.encode("gb18030"))
    at = visit("/calls")
    at.expected = ("422",)
    at.page.set_input_files("#file", str(path))
    at.until("document.querySelector('select[data-field=c2]') !== null", "the fields")
    at.shoot("calls-by-hand")
    for field, role in (("c2", "occurred_at"), ("c7", "lon"), ("c8", "lat")):
        at.until("!document.querySelector('#work').hasAttribute('aria-busy')", "the answer")
        at.page.locator(f"select[data-field={field}]").select_option(role)
        at.page.wait_for_timeout(150)
    at.until("document.querySelector('#write') !== null", "the preview")


def test_families_take_a_preset_a_weight_and_a_class(visit, server: str) -> None:
    at = visit("/calls?mode=families")
    at.until("document.querySelectorAll('.family').length >= 3", "the families")
    assert at.findings() == []
    at.shoot("calls-families")
    at.page.click("#family-new")
    family = at.page.locator(".family").first
    family.locator("input[name=harm]").fill("2.5")
    family.locator("input[name=harm]").blur()
    family.locator(".members input").first.check()
    at.page.keyboard.press("Control+s")
    at.until("document.querySelector('#family-save').disabled", "the version to be saved")
    with urllib.request.urlopen(f"{server}/api/calls/families") as answer:
        held = json.load(answer)
    assert held["version"] == 1
    assert next((f["harm"], len(f["classes"])) for f in held["families"]) == (2.5, 1)


@pytest.mark.parametrize("width", [1152, 960])
def test_at_125_and_150_percent_nothing_runs_over(visit, server: str, file: Path, width: int) -> None:
    at = visit("/calls?theme=dark")
    at.page.set_viewport_size({"width": width, "height": width * 5 // 8})
    at.page.set_input_files("#file", str(file))
    at.until("document.querySelector('#write') !== null", "the preview")
    at.shoot(f"calls-{width}")
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    here = at.page.evaluate("document.querySelector('.tabs [aria-current]').getBoundingClientRect().right")
    assert here <= at.page.evaluate("document.querySelector('.search').getBoundingClientRect().left") + 1
