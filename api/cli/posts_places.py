"""Values that the commands about posts read from words and tables: pairs, places to cover, levels of response."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from geo.errors import FileError, InputError

COLUMNS: Final[Mapping[str, str]] = {
    "key": "key", "编号": "key", "名称": "key", "name": "key",
    "lon": "lon", "经度": "lon", "longitude": "lon",
    "lat": "lat", "纬度": "lat", "latitude": "lat",
    "weight": "weight", "权重": "weight", "需求": "weight", "人数": "weight",
}  # fmt: skip
"""What the columns of a table of places may be called."""


def mapped(texts: list[str], name: str, example: str = "P001=2") -> dict[str, str]:
    """Read ``NUMBER=VALUE`` pairs."""
    out: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key or not value:
            raise InputError(
                f"--{name} {text!r} is not NUMBER=VALUE; write it like {example}",
                f"--{name} {text!r} 应写作 编号=值，例如 {example}",
                rows=[text],
            )
        if key in out:
            raise InputError(
                f"--{name} gives {key} twice; give it once", f"--{name} 中 {key} 重复，请只给一次", rows=[key]
            )
        out[key] = value
    return out


def read_needs(texts: list[str], path: Path | None) -> list[dict[str, object]] | None:
    """Return places to cover, those of the words and those of a table, or None where there are none."""
    found: list[dict[str, object]] = []
    for text in texts:
        key, _, rest = text.partition("=")
        parts = rest.split(",")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        if not key or len(numbers) not in (2, 3):
            raise InputError(
                f"--need {text!r} is not key=lon,lat or key=lon,lat,weight; write it like school=108.95,34.26,700",
                f"--need {text!r} 应写作 编号=经度,纬度[,权重]，例如 校1=108.95,34.26,700",
                rows=[text],
            )
        found.append({"key": key, "lon": numbers[0], "lat": numbers[1], "weight": (*numbers, 1.0)[2]})
    if path is not None:
        found += _table(path)
    return found or None


def _table(path: Path) -> list[dict[str, object]]:
    try:
        raw = path.read_bytes()
        if path.suffix.lower() == ".json":
            read = orjson.loads(raw)
            listed = read if isinstance(read, list) else []
        else:
            listed = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    except (OSError, orjson.JSONDecodeError, UnicodeDecodeError, csv.Error) as problem:
        raise FileError(
            f"{path} cannot be read as a CSV (UTF-8) or JSON table: {problem}",
            f"{path} 不是可读的 CSV（UTF-8）或 JSON 表：{problem}",
        ) from None
    out = []
    for number, row in enumerate(listed, start=1):
        cells = {COLUMNS.get(str(name).strip().lower(), ""): value for name, value in dict(row).items()}
        missing = [name for name in ("lon", "lat") if cells.get(name) in (None, "")]
        if missing:
            raise InputError(
                f"Row {number} of {path.name} has no {' and '.join(missing)}; the columns are key, lon, lat, weight",
                f"{path.name} 第 {number} 行缺少{'、'.join(missing)}；列名应为 编号、经度、纬度、权重",
                rows=[str(number)],
            )
        weight = cells.get("weight")
        out.append(
            {
                "key": str(cells.get("key") or number), "lon": cells["lon"], "lat": cells["lat"],
                "weight": 1.0 if weight in (None, "") else weight,
            }
        )  # fmt: skip
    if not out:
        raise FileError(f"{path.name} lists no places", f"{path.name} 中没有需求点")
    return out


def read_levels(texts: list[str]) -> list[dict[str, object]]:
    """Read levels spelled ``MINUTES=POSTS[,PROFILE[,KIND+KIND]]``."""
    out: list[dict[str, object]] = []
    for minutes, rest in mapped(texts, "level", "1=20,motorcycle,street_post+kiosk").items():
        posts, profile, kinds = [*rest.split(","), "", ""][:3]
        level: dict[str, object] = {
            "minutes": minutes,
            "p": posts,
            "kinds": [kind for kind in kinds.split("+") if kind],
        }
        out.append(level | ({"profile": profile} if profile else {}))
    return out


def read_spot(text: str) -> dict[str, float]:
    """Read ``lon,lat``."""
    parts = text.split(",")
    try:
        lon, lat = (float(part) for part in parts)
    except ValueError:
        raise InputError(
            f"{text!r} is not lon,lat; write it like 108.95,34.26",
            f"{text!r} 不是 经度,纬度，请写作 108.95,34.26",
            rows=[text],
        ) from None
    return {"lon": lon, "lat": lat}
