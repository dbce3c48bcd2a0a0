"""Reading collections in SQL: scope, boxes, times, pages, counts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import geopandas as gpd
import sqlalchemy as sa

from geo.store.lattice import LONGEST_LIST, cell_x, cell_y
from geo.store.port import HISTORY_COLUMNS, Extent, Page, Principal, Query
from geo.store.records import POINT_COLUMNS, frame_of, geometry_columns, layer_of, with_history
from geo.store.schema import COLLECTIONS, HISTORIES, VERSIONS
from geo.store.scope import prefix_ranges, scope_column
from geo.store.values import TIME_COLUMN, instant_of, kind_of, microseconds

Condition = sa.ColumnElement[bool]
Rows = Sequence[Sequence[object]]


class CountCache:
    """How many rows matched a query at a version of its collection; the oldest answers are dropped."""

    def __init__(self, size: int = 512) -> None:
        self._size = size
        self._counts: OrderedDict[Hashable, int] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> int | None:
        """Return a count, or None."""
        with self._lock:
            if key in self._counts:
                self._counts.move_to_end(key)
            return self._counts.get(key)

    def put(self, key: Hashable, count: int) -> None:
        """Keep a count."""
        with self._lock:
            self._counts[key] = count
            while len(self._counts) > self._size:
                self._counts.popitem(last=False)


def fields_of(table: sa.Table, collection: str) -> list[sa.Column[Any]]:
    """Return the columns that ``frame_of`` reads: the fields, then the WKB."""
    spec = kind_of(collection).SPEC
    names = [*spec.names, *geometry_columns(spec)[:1]]
    return [table.c[name] for name in names]


def in_scope(principal: Principal, collection: str, table: sa.Table | None = None) -> list[Condition]:
    """Return the condition that limits ``principal`` in ``collection`` (or in its history), or none."""
    column = scope_column(principal, collection)
    if column is None:
        return []
    code = (COLLECTIONS[collection] if table is None else table).c[column]
    ranges = [
        sa.and_(code >= low, code < high) if high is not None else code >= low
        for low, high in prefix_ranges(principal.scopes)
    ]
    return [sa.or_(*ranges)]


def count(connection: sa.Connection, principal: Principal, collection: str) -> int:
    """Return the number of rows that ``principal`` sees."""
    scope = in_scope(principal, collection)
    if not scope:
        return int(connection.execute(sa.select(VERSIONS.c.rows).where(VERSIONS.c.name == collection)).scalar_one())
    return _number(connection, collection, scope)


def _number(connection: sa.Connection, collection: str, where: Sequence[Condition]) -> int:
    statement = sa.select(sa.func.count()).select_from(COLLECTIONS[collection]).where(*where)
    return int(connection.execute(statement).scalar_one())


def version(connection: sa.Connection, collection: str) -> int:
    """Return the version of a collection."""
    return int(connection.execute(sa.select(VERSIONS.c.version).where(VERSIONS.c.name == collection)).scalar_one())


def all_rows(connection: sa.Connection, principal: Principal, collection: str) -> Rows:
    """Return all rows that ``principal`` sees, in key order."""
    table = COLLECTIONS[collection]
    key = table.c[kind_of(collection).SPEC.key]
    fields = fields_of(table, collection)
    return connection.execute(sa.select(*fields).where(*in_scope(principal, collection)).order_by(key)).all()


def row(connection: sa.Connection, principal: Principal, collection: str, key: str) -> Rows:
    """Return the row of ``key``, or nothing."""
    table = COLLECTIONS[collection]
    same = table.c[kind_of(collection).SPEC.key] == key
    return connection.execute(
        sa.select(*fields_of(table, collection)).where(same, *in_scope(principal, collection))
    ).all()


def page(connection: sa.Connection, principal: Principal, collection: str, query: Query, counts: CountCache) -> Page:
    """Return one page in key order and the number of all that match; both of one moment."""
    kind = kind_of(collection)
    table = COLLECTIONS[collection]
    key = table.c[kind.SPEC.key]
    times = _times(connection, collection, query)
    by_time = times is not None and times.share < _box_share(connection, collection, query)
    plain = [
        *in_scope(principal, collection),
        *_times_where(collection, times),
        *(table.c[name] == value for name, value in sorted(query.equals.items())),
        # LIKE would not tell capitals from small letters in every database.
        *(sa.func.replace(table.c[name], part, "") != table.c[name] for name, part in sorted(query.holds.items())),
    ]
    where = [*plain, *_box_where(collection, query, use_cells=not by_time)]
    if not where:
        matched = count(connection, principal, collection)
    else:
        asked = (collection, version(connection, collection), principal.scopes, query.bbox, times)
        texts = (tuple(sorted(query.equals.items())), tuple(sorted(query.holds.items())))
        matched = _matched(connection, collection, where, (*asked, *texts), counts)
    rows: Rows = []
    if query.limit and query.offset < matched:
        if times is None and _walks(connection, collection, query, matched):
            where = [*plain, *_box_where(collection, query, use_cells=False)]
            order: sa.ColumnElement[Any] = key
        else:
            # An expression keeps the database from walking the whole collection in key order.
            order = key if not where else key.concat("")
        # The covering index gives the keys; only the rows of this page are read whole.
        keys = sa.select(key).where(*where).order_by(order).limit(query.limit).offset(query.offset)
        rows = connection.execute(
            sa.select(*fields_of(table, collection)).where(key.in_(keys.scalar_subquery())).order_by(key)
        ).all()
    return Page(frame=layer_of(frame_of(kind, rows)), matched=matched)


def extent(connection: sa.Connection, principal: Principal, collection: str) -> Extent:
    """Return the box and the times of the rows that ``principal`` sees."""
    table = COLLECTIONS[collection].c
    columns = geometry_columns(kind_of(collection).SPEC)
    if columns == POINT_COLUMNS:
        columns = ("wkb", "lon", "lat", "lon", "lat")
    asked: list[sa.ColumnElement[Any]] = [sa.func.min(table[name]) for name in columns[1:3]]
    asked += [sa.func.max(table[name]) for name in columns[3:5]]
    if collection in TIME_COLUMN:
        time = table[TIME_COLUMN[collection]]
        asked += [sa.func.min(time), sa.func.max(time)]
    if not asked:
        return Extent()
    found = list(connection.execute(sa.select(*asked).where(*in_scope(principal, collection))).one())
    if found[0] is None:
        return Extent()
    bbox = (found[0], found[1], found[2], found[3])
    if len(found) == len(bbox):
        return Extent(bbox=bbox)
    return Extent(bbox=bbox, start=instant_of(found[4]), end=instant_of(found[5]))


def history(connection: sa.Connection, principal: Principal, collection: str, key: str) -> gpd.GeoDataFrame | None:
    """Return a row as it was before each change, newest first; None for a key that never was."""
    kind = kind_of(collection)
    table = HISTORIES[collection]
    fields = fields_of(table, collection)
    found = connection.execute(
        sa.select(*fields, *(table.c[name] for name in HISTORY_COLUMNS))
        .where(table.c[kind.SPEC.key] == key, *in_scope(principal, collection, table))
        .order_by(table.c.serial.desc())
    ).all()
    if not found and not row(connection, principal, collection, key):
        return None
    frame = layer_of(frame_of(kind, [values[: len(fields)] for values in found]))
    return with_history(frame, [tuple(values[len(fields) :]) for values in found])


def _matched(
    connection: sa.Connection, collection: str, where: Sequence[Condition], asked: Hashable, counts: CountCache
) -> int:
    known = counts.get(asked)
    if known is None:
        known = _number(connection, collection, where)
        counts.put(asked, known)
    return known


def _walks(connection: sa.Connection, collection: str, query: Query, matched: int) -> bool:
    """Whether walking in key order until the page is full reads less than collecting all matches."""
    total = int(connection.execute(sa.select(VERSIONS.c.rows).where(VERSIONS.c.name == collection)).scalar_one())
    return (query.offset + query.limit) * total < matched * matched / 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    """Bounds in microseconds that exclude something, and what share of all times lies between them."""

    start: int | None
    end: int | None
    share: float


def _times(connection: sa.Connection, collection: str, query: Query) -> _Times | None:
    if query.start is None and query.end is None:
        return None
    column = COLLECTIONS[collection].c[TIME_COLUMN[collection]]
    # Two questions, since each is one step in the index of times.
    first = connection.execute(sa.select(sa.func.min(column))).scalar()
    last = connection.execute(sa.select(sa.func.max(column))).scalar()
    start = None if query.start is None else microseconds(query.start)
    end = None if query.end is None else microseconds(query.end)
    if first is None or last is None:
        return None
    if start is not None and start <= first:
        start = None
    if end is not None and end > last:
        end = None
    if start is None and end is None:
        return None
    span = (last if end is None else end) - (first if start is None else start)
    return _Times(start=start, end=end, share=span / max(last - first, 1))


def _box_share(connection: sa.Connection, collection: str, query: Query) -> float:
    """Return roughly which share of the area of all points lies in the box: by its height alone, squared."""
    if query.bbox is None:
        return 1.0 + 1e-9
    column = COLLECTIONS[collection].c.cell_y
    first = connection.execute(sa.select(sa.func.min(column))).scalar()
    last = connection.execute(sa.select(sa.func.max(column))).scalar()
    if first is None or last is None:
        return 1.0
    low, high = int(cell_y(query.bbox[1])), int(cell_y(query.bbox[3]))
    height: int = min(high, last) - max(low, first) + 1
    return float((max(height, 0) / (last - first + 1)) ** 2)


def _times_where(collection: str, times: _Times | None) -> list[Condition]:
    if times is None:
        return []
    column = COLLECTIONS[collection].c[TIME_COLUMN[collection]]
    where: list[Condition] = [] if times.start is None else [column >= times.start]
    return where if times.end is None else [*where, column < times.end]


def _box_where(collection: str, query: Query, *, use_cells: bool) -> list[Condition]:
    if query.bbox is None:
        return []
    table = COLLECTIONS[collection].c
    west, south, east, north = query.bbox
    if geometry_columns(kind_of(collection).SPEC) != POINT_COLUMNS:
        return [table.max_lat >= south, table.min_lat <= north, table.max_lon >= west, table.min_lon <= east]
    exact = [table.lat >= south, table.lat <= north, table.lon >= west, table.lon <= east]
    if not use_cells:
        return exact
    low, high = int(cell_y(south)), int(cell_y(north))
    rows = table.cell_y.in_(range(low, high + 1)) if high - low < LONGEST_LIST else table.cell_y.between(low, high)
    return [rows, table.cell_x.between(int(cell_x(west)), int(cell_x(east))), *exact]
