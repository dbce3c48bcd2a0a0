"""Plain values on their way into a store and back: instants, texts, JSON, checked queries."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Final, cast

from geo.errors import CoordinateError, EncodingError, FieldError, NotFoundError, ParameterError
from geo.store.port import TABLES, Json, Query
from geo.tables.spec import Table, TableSpec

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
LONGEST_KEY: Final = 200
"""Characters of a text that an index holds; PostgreSQL refuses entries over a third of a page."""

PACKED: Final = "zlib:"
"""What packed text begins with; no JSON text does."""

PACKED_FROM: Final = 65_536
"""Characters from which JSON text is packed."""

TIME_COLUMN: Final = {"calls": "occurred_at"}
"""The column that ``Query.start`` and ``Query.end`` bound."""

INDEXED: Final = {"calls": ("call_id", "family", "grid_code")}
"""Text columns inside an index, where it is not the key alone."""


def now() -> datetime:
    """Return the present instant in the zone of this machine; the clock of stores unless another is given."""
    return datetime.now(UTC).astimezone()


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970 in UTC, exactly; an instant without a zone raises ``ParameterError``."""
    if instant.tzinfo is None:
        raise ParameterError(
            f"The time {instant.isoformat()} has no zone; write it with one, such as +08:00",
            f"时间 {instant.isoformat()} 没有时区，请写明时区，例如 +08:00",
        )
    return (instant - EPOCH) // MICROSECOND


def instant_of(value: int) -> datetime:
    """Return the instant in UTC of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=value)


def is_storable(text: str) -> bool:
    """Whether every database can hold the text: no NUL, nothing that UTF-8 cannot encode."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_texts(where: str, texts: Sequence[str | None], *, longest: int | None = None) -> None:
    """Raise ``EncodingError`` or ``FieldError`` for texts that not every database can hold.

    ``where`` names the table and column; ``longest`` is in characters.
    """
    if not is_storable("".join(text for text in texts if text)):
        bad = next(text for text in texts if text and not is_storable(text))
        raise EncodingError(
            f"{where}: the text {bad!a} holds characters that cannot be stored (NUL or half a surrogate pair)",
            f"{where}：文本 {bad!a} 含有无法保存的字符（空字符或残缺的代理对）",
        )
    if longest is not None:
        long = next((text for text in texts if text and len(text) > longest), None)
        if long is not None:
            raise FieldError(
                f"{where}: “{long[:20]}…” has {len(long)} characters; at most {longest} are allowed",
                f"{where}：“{long[:20]}…” 有 {len(long)} 个字符，最多 {longest} 个",
            )


def dump(name: str, body: Mapping[str, Json]) -> str:
    """Return ``body`` as JSON text; NaN, infinity and values that JSON does not know raise ``ParameterError``."""
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"{name} cannot be kept as JSON: {error}", f"{name} 无法保存为 JSON：{error}") from error
    if not is_storable(text):
        raise EncodingError(f"{name} holds text that UTF-8 cannot encode", f"{name} 含有无法用 UTF-8 编码的文本")
    return text


def load(text: str) -> Mapping[str, Json]:
    """Return the value of JSON text written by ``dump``."""
    return cast("Mapping[str, Json]", json.loads(text))


def packed(text: str) -> str:
    """Return long JSON text compressed, as text that every database holds; ``unpacked`` reads both."""
    if len(text) < PACKED_FROM:
        return text
    return PACKED + base64.b64encode(zlib.compress(text.encode(), 4)).decode("ascii")


def unpacked(text: str) -> str:
    """Return what ``packed`` was given; text that was kept before it was packed is returned as it is."""
    if not text.startswith(PACKED):
        return text
    return zlib.decompress(base64.b64decode(text.removeprefix(PACKED))).decode()


def kind_of(collection: str) -> type[Table]:
    """Return the table class of a collection; an unknown name raises ``NotFoundError``."""
    kind = TABLES.get(collection)
    if kind is None:
        known = ", ".join(TABLES)
        raise NotFoundError(
            f"There is no collection {collection!a}; known are {known}",
            f"没有名为 {collection!a} 的数据集，可用的有 {known}",
        )
    return kind


def no_row(collection: str, key: str) -> NotFoundError:
    """Return the error for a row that is not there or not visible: the account cannot tell which."""
    return NotFoundError(f"There is no {key!r} in {collection}", f"{collection} 中没有 {key!r}", rows=[key])


def require_query(spec: TableSpec, query: Query) -> None:
    """Raise what is wrong with ``query`` for a collection; see ``Query``.

    Raises
    ------
    ParameterError
        Negative limit or offset, nothing to look for in a text, a box or a time that the collection cannot be asked for or that runs backwards.
    CoordinateError
        A box that is not finite.
    FieldError
        ``equals`` or ``holds`` on a column that is unknown or not text.
    """
    if query.limit < 0 or query.offset < 0:
        raise ParameterError(
            f"limit ({query.limit}) and offset ({query.offset}) must not be negative",
            f"limit（{query.limit}）和 offset（{query.offset}）不能为负",
        )
    if query.bbox is not None:
        _require_box(spec, query.bbox)
    if query.start is not None or query.end is not None:
        _require_times(spec, query)
    texts = [column.name for column in spec.columns if column.kind == "text"]
    if not all(query.holds.values()):
        raise ParameterError("An empty text is part of every one", "不能查找空文本")
    for name, value in (*query.equals.items(), *query.holds.items()):
        if name not in texts:
            raise FieldError(
                f"{spec.name} has no text field {name!a} to compare; it has {', '.join(texts)}",
                f"{spec.name} 没有可比较的文本字段 {name!a}，可用的有 {', '.join(texts)}",
            )
        require_texts(f"{spec.name}.{name}", [value])


def _require_box(spec: TableSpec, bbox: tuple[float, float, float, float]) -> None:
    west, south, east, north = bbox
    if not spec.geometry:
        raise ParameterError(f"{spec.name} has no place to search in a box", f"{spec.name} 没有位置，不能按范围查询")
    if not all(isfinite(value) for value in bbox):
        raise CoordinateError(f"The box {bbox} is not finite", f"范围 {bbox} 含有无效数值")
    if west > east or south > north:
        raise ParameterError(
            f"The box {bbox} runs backwards; give west, south, east, north in degrees",
            f"范围 {bbox} 顺序不对，请按 西、南、东、北（度）给出",
        )


def _require_times(spec: TableSpec, query: Query) -> None:
    if spec.name not in TIME_COLUMN:
        raise ParameterError(f"{spec.name} has no time to search by", f"{spec.name} 没有可查询的时间字段")
    bounds = [microseconds(instant) for instant in (query.start, query.end) if instant is not None]
    if bounds != sorted(bounds):
        raise ParameterError(
            f"The time runs backwards: start {query.start} is after end {query.end}",
            f"时间范围颠倒：开始 {query.start} 晚于结束 {query.end}",
        )
