"""Files, archives, encodings and XML that are refused, each with a sentence that says what and where."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest

from geo.errors import (
    CoordinateError,
    EncodingError,
    FieldError,
    FileError,
    GeometryError,
    InputError,
    LimitError,
    NotFoundError,
)
from geo.store.limits import ReadLimits
from geo.store.reading import read_layer
from geo.store.sandbox import Sandbox

Refused = Callable[..., InputError]


DEEP = 100_000

# Files


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".zip", ".kml", ".gpx", ".csv", ".xlsx", ".parquet"])
def test_empty_file(suffix: str, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"")
    refused(FileError, "The file is empty", path, frame="WGS84")


def test_file_without_rows(tmp_path: Path, geojson: Callable[..., Path], refused: Refused) -> None:
    refused(FileError, "has no rows", geojson([]))
    (tmp_path / "a.csv").write_text("lon,lat\n", encoding="utf-8")
    refused(FileError, "has no rows", tmp_path / "a.csv", frame="WGS84")


def test_missing_file_and_unknown_ending(tmp_path: Path, refused: Refused, sandbox: Sandbox) -> None:
    with pytest.raises(NotFoundError, match=r"no file a\.csv"):
        read_layer(tmp_path / "a.csv", sandbox=sandbox)
    (tmp_path / "a.vrt").write_text("<OGRVRTDataSource/>", encoding="utf-8")
    refused(FileError, "ending in '.vrt' are not read", tmp_path / "a.vrt")


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".kml", ".xlsx", ".parquet"])
def test_truncated_file(suffix: str, tmp_path: Path, points: gpd.GeoDataFrame, refused: Refused) -> None:
    from geo.store.writing import write_layer

    path = tmp_path / f"a{suffix}"
    write_layer(points, path)
    whole = path.read_bytes()
    for share in (0.99, 0.5):
        path.write_bytes(whole[: int(len(whole) * share)])
        refused(FileError, "cut off|breaks off|damaged", path, frame="WGS84")


def test_truncated_csv(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text("name,lon,lat\na,108.9,34.2\nb,108", encoding="utf-8")
    refused(FileError, "Row 3 has 2 fields, the header has 3", tmp_path / "a.csv", frame="WGS84")
    (tmp_path / "b.csv").write_text('name,lon,lat\na,108.9,34.2\n"b,108.9,34.2\n', encoding="utf-8")
    refused(FileError, "Row 3 cannot be read", tmp_path / "b.csv", frame="WGS84")


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
def test_truncated_and_missing_parts_of_a_shapefile(
    suffix: str, shapefile: Callable[..., Path], refused: Refused
) -> None:
    part = shapefile() / f"屯警点{suffix}"
    whole = part.read_bytes()
    part.write_bytes(whole[:-20])
    refused(FileError, "cut off", part.parent)
    part.unlink()
    refused(FileError, f"without its {suffix}|one shapefile; it holds: none", part.parent)


def test_content_that_is_not_what_the_ending_says(tmp_path: Path, refused: Refused) -> None:
    cases = {
        "a.gpkg": b"lon,lat\n1,2\n",
        "a.csv": b"PK\x03\x04....",
        "a.kml": b"<html><body/></html>",
        "a.xlsx": b"<?xml?><x/>",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        refused(FileError, "but its content is", tmp_path / name, frame="WGS84")


def test_missing_columns_of_coordinates(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text("编号,名称\n1,a\n", encoding="utf-8")
    refused(FieldError, "No columns of longitude.*编号, 名称", tmp_path / "a.csv", frame="WGS84")
    refused(
        FieldError,
        "no column 经, 纬; it has: 编号, 名称",
        tmp_path / "a.csv",
        frame="WGS84",
        lon="经",
        lat="纬",
    )


# Archives


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_zip_bomb_by_declared_size(tmp_path: Path, refused: Refused) -> None:
    with (
        zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w") as stream,
    ):
        for _ in range(60):
            stream.write(b" " * 1_000_000)
    refused(LimitError, "inflates to more than 2000 MB or 200 times", tmp_path / "a.zip", frame="WGS84")


def test_zip_bomb_that_lies_about_its_size(tmp_path: Path, sandbox: Sandbox) -> None:
    path = _zip(tmp_path / "a.zip", {"a.csv": b"lon,lat\n" + b"108.9,34.2\n" * 2_000_000})
    data = bytearray(path.read_bytes())
    real = struct.pack("<I", 8 + 11 * 2_000_000)
    assert data.count(real) == 2
    path.write_bytes(bytes(data).replace(real, struct.pack("<I", 1_000)))
    with pytest.raises(InputError, match=r"cut off or damaged|inflates"):
        read_layer(path, frame="WGS84", sandbox=sandbox)


def test_zip_bomb_inside_a_spreadsheet(tmp_path: Path, refused: Refused) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as stream:
            for _ in range(60):
                stream.write(b" " * 1_000_000)
    refused(LimitError, "inflates to more than", tmp_path / "a.xlsx", frame="WGS84")


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil.csv", "..\\..\\evil.csv", "C:\\evil.csv", "a/../../evil.csv"]
)
def test_zip_slip(name: str, tmp_path: Path, refused: Refused) -> None:
    path = _zip(tmp_path / "a.zip", {name: b"lon,lat\n108.9,34.2\n"})
    refused(FileError, "a name that leads out of it", path, frame="WGS84")
    assert not list(tmp_path.parent.glob("evil*"))


def test_links_passwords_and_nothing_useful_in_archives(tmp_path: Path, refused: Refused, sandbox: Sandbox) -> None:
    link = zipfile.ZipInfo("a.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    refused(FileError, "a name that leads out of it", tmp_path / "a.zip", frame="WGS84")
    refused(FileError, "holds no layer", _zip(tmp_path / "b.zip", {"readme.md": b"x"}))
    both = _zip(tmp_path / "c.zip", {"一.csv": b"lon,lat\n1,2\n", "二.csv": b"lon,lat\n1,2\n3,4\n"})
    refused(FileError, "several layers.*一, 二", both, frame="WGS84")
    assert len(read_layer(both, frame="WGS84", layer="二", sandbox=sandbox)) == 2
    locked = bytearray(_zip(tmp_path / "d.zip", {"a.csv": b"lon,lat\n1,2\n"}).read_bytes())
    locked[6] |= 1
    locked[bytes(locked).index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "d.zip").write_bytes(locked)
    refused(FileError, "locked with a password", tmp_path / "d.zip", frame="WGS84")


def test_too_many_files_in_an_archive(tmp_path: Path, refused: Refused) -> None:
    path = _zip(tmp_path / "a.zip", {f"{i}.txt": b"" for i in range(30)})
    refused(LimitError, "30 files, more than the 20 allowed", path, limits=ReadLimits(members=20))


# Encodings


def test_gb18030_read_as_utf8(tmp_path: Path, refused: Refused, sandbox: Sandbox) -> None:
    text = "name,lon,lat\nplain,108.9,34.2\n测试网格,108.9,34.2\n"
    (tmp_path / "a.csv").write_bytes(text.encode("gb18030"))
    wrong = refused(
        EncodingError,
        "Row 3: the bytes B2 E2 CA D4 are not UTF-8; .*GB18030",
        tmp_path / "a.csv",
        frame="WGS84",
    )
    assert "第 3 行" in wrong.zh
    assert (
        read_layer(tmp_path / "a.csv", frame="WGS84", encoding="GB18030", sandbox=sandbox)["name"].tolist()[1]
        == "测试网格"
    )


def test_utf8_read_as_gb18030(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text("名称,lon,lat\n东关市场,108.9,34.2\n", encoding="utf-8")
    refused(
        EncodingError,
        "is UTF-8, not GB18030|are not GB18030",
        tmp_path / "a.csv",
        frame="WGS84",
        encoding="GB18030",
    )


def test_gb18030_in_json(tmp_path: Path, refused: Refused) -> None:
    text = '{"type":"Feature",\n"properties":{"name":"测试"},"geometry":null}'
    (tmp_path / "a.geojson").write_bytes(text.encode("gb18030"))
    refused(EncodingError, "Row 2: the bytes B2 E2", tmp_path / "a.geojson", frame="WGS84")


def test_shapefile_text_that_is_not_what_it_says(shapefile: Callable[..., Path], refused: Refused) -> None:
    refused(EncodingError, "Row .*: the bytes .* are not UTF-8; .*GB18030", shapefile(cpg=False))
    (shapefile() / "屯警点.cpg").write_text("UTF-8", encoding="ascii")
    refused(EncodingError, "are not UTF-8", shapefile(cpg=False).parent / "shp")


def test_unknown_encoding(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.csv").write_text("lon,lat\n1,2\n", encoding="utf-8")
    refused(EncodingError, "'zlib' is not an encoding", tmp_path / "a.csv", frame="WGS84", encoding="zlib")


# XML

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "lollollol">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9))
    + "]>"
)


@pytest.mark.parametrize("suffix", ["kml", "gpx"])
def test_billion_laughs_and_outside_entities(suffix: str, tmp_path: Path, refused: Refused) -> None:
    for declared in (
        LAUGHS,
        '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/hostname">]>',
        "<!DOCTYPE x SYSTEM 'http://127.0.0.1/x'>",
    ):
        path = tmp_path / f"a.{suffix}"
        path.write_text(f'<?xml version="1.0"?>{declared}<{suffix}><name>&j;</name></{suffix}>', encoding="utf-8")
        refused(FileError, "document type or entities", path, frame="WGS84")


def test_entities_inside_a_spreadsheet(tmp_path: Path, refused: Refused) -> None:
    path = _zip(
        tmp_path / "a.xlsx", {"xl/workbook.xml": f"<?xml version='1.0'?>{LAUGHS}<workbook>&j;</workbook>".encode()}
    )
    refused(FileError, "workbook.xml in the file declares XML entities", path, frame="WGS84")


def test_deep_xml(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "a.kml").write_text("<kml>" + "<Folder>" * DEEP + "</Folder>" * DEEP + "</kml>", encoding="utf-8")
    refused(FileError, "nested more than 200 deep", tmp_path / "a.kml", frame="WGS84")


def test_damaged_kml_geometry(tmp_path: Path, refused: Refused) -> None:
    for inner, kind, match in (
        ("<Point><coordinates>x,y</coordinates></Point>", CoordinateError, "row 1 hold 'x,y'"),
        ("<Point><coordinates/></Point>", GeometryError, "Point of row 1 is damaged"),
        ("<Polygon/>", GeometryError, "Polygon of row 1 is damaged"),
    ):
        (tmp_path / "a.kml").write_text(f"<kml><Placemark>{inner}</Placemark></kml>", encoding="utf-8")
        refused(kind, match, tmp_path / "a.kml", frame="WGS84")
