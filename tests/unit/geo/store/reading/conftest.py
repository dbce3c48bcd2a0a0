"""Small files of every kind that is read."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.errors import InputError
from geo.store.reading import read_layer
from geo.store.sandbox import Sandbox

LONLAT = ((108.94, 34.26), (108.95, 34.27), (108.96, 34.28))
NAMES = ("东关市场", "钟楼", "大雁塔")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as warm:
        yield warm


@pytest.fixture
def points() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"编号": ["001", "002", "003"], "name": list(NAMES), "组数": [1, 2, 3]},
        geometry=[shapely.Point(p) for p in LONLAT],
        crs="EPSG:4326",
    )


@pytest.fixture
def geojson(tmp_path: Path) -> Callable[..., Path]:
    def make(
        geometries: list[object], *, crs: str | None = "urn:ogc:def:crs:OGC:1.3:CRS84", name: str = "a.geojson"
    ) -> Path:
        document: dict[str, object] = {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": {"name": f"格{i}"}, "geometry": g} for i, g in enumerate(geometries)
            ],
        }
        if crs:
            document["crs"] = {"type": "name", "properties": {"name": crs}}
        path = tmp_path / name
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return path

    return make


@pytest.fixture
def shapefile(tmp_path: Path, points: gpd.GeoDataFrame) -> Callable[..., Path]:
    def make(*, encoding: str = "GB18030", cpg: bool = True, prj: bool = True, crs: str = "EPSG:4326") -> Path:
        folder = tmp_path / "shp"
        folder.mkdir(exist_ok=True)
        pyogrio.write_dataframe(points.to_crs(crs), folder / "屯警点.shp", encoding=encoding)
        if not cpg:
            (folder / "屯警点.cpg").unlink()
        if not prj:
            (folder / "屯警点.prj").unlink()
        return folder

    return make


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        made = tmp_path / f"{folder.name}.zip"
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, f"数据/{file.name}")
        return made

    return make


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    def make(columns: dict[str, list[object]], name: str = "a.xlsx", layer: str = "Sheet1") -> Path:
        path = tmp_path / name
        pyogrio.write_dataframe(pd.DataFrame(columns), path, driver="XLSX", layer=layer)
        return path

    return make


@pytest.fixture
def refused(sandbox: Sandbox) -> Callable[..., InputError]:
    def read(kind: type[InputError], match: str, path: Path, **options: object) -> InputError:
        """Read, expect the refusal, and see to it that both languages say one sentence."""
        with pytest.raises(kind, match=match) as caught:
            read_layer(path, sandbox=sandbox, **options)  # type: ignore[arg-type]
        assert type(caught.value) is kind
        assert re.search("[\u4e00-\u9fff]", caught.value.zh)
        assert "\n" not in caught.value.en + caught.value.zh
        return caught.value

    return read
