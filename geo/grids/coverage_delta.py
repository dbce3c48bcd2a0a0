"""What edits made of a coverage, as bytes: read onto the same base, they give the same arcs, numbers and shapes."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import FileError
from geo.grids.arcs import CutRings, Int64s, Ring
from geo.grids.recut import no_bounds
from geo.grids.replace_grids import Plain, as_frame, attributes_of_rows
from geo.grids.topology import Coverage, arc_bounds, arc_locks, parent_numbers, shape_of

_FORM: Final = "xunge coverage delta 1"
Arrays = Mapping[str, npt.NDArray[np.generic]]


def changed_rows(base: Coverage, now: Coverage) -> tuple[list[int], npt.NDArray[np.intp]]:
    """Return the rows of ``now`` that are not just those of ``base``, and the row of ``base`` with each code or -1."""
    source = np.array([base.row_of.get(code, -1) for code in now.codes], dtype=np.intp)
    rows = [
        row
        for row, old in enumerate(source.tolist())
        if old < 0 or now.shapes[row] is not base.shapes[old] or now.cut.shapes[row] is not base.cut.shapes[old]
    ]
    return rows, source


def delta_bytes(base: Coverage, now: Coverage) -> bytes:
    """Return how ``now``, made of ``base`` by edits, differs from it."""
    rows, source = changed_rows(base, now)
    known = len(base.cut.arcs)
    numbers = [
        number for number, line in enumerate(now.cut.arcs) if number >= known or line is not base.cut.arcs[number]
    ]
    lines = [now.cut.arcs[number] for number in numbers]
    nodes = np.arange(len(now.cut.node_xy))
    there = nodes < len(base.cut.node_xy)
    there[there] = (now.cut.node_xy[: there.sum()] == base.cut.node_xy).all(axis=1)
    rings = [ring for row in rows for polygon in now.cut.shapes[row] for ring in polygon]
    told = {"base": base.fingerprint, "put": attributes_of_rows(now, rows)}
    held = {
        "form": np.array(_FORM),
        "told": np.frombuffer(json.dumps(told, ensure_ascii=False).encode(), dtype=np.uint8),
        "shift": (source - np.arange(len(source))).astype(np.int32),
        "rows": np.array(rows, dtype=np.int32),
        "polygons": np.array([len(now.cut.shapes[row]) for row in rows], dtype=np.int32),
        "rings": np.array([len(polygon) for row in rows for polygon in now.cut.shapes[row]], dtype=np.int32),
        "refs": np.array([ref for ring in rings for ref in ring.refs], dtype=np.int32),
        "ring": np.array([(len(ring.refs), ring.slot, ring.offset) for ring in rings], np.int32).reshape(-1, 3),
        "arcs": np.array(numbers, dtype=np.int32),
        "lengths": np.array([len(line) for line in lines], dtype=np.int32),
        "xy": np.concatenate([np.zeros((0, 2), np.int64), *lines]),
        "users": now.cut.users[numbers],
        "ends": now.cut.ends[numbers],
        "nodes": nodes[~there],
        "node_xy": now.cut.node_xy[~there],
    }
    made = io.BytesIO()
    np.savez_compressed(made, allow_pickle=False, **held)
    return made.getvalue()


def with_delta(base: Coverage, data: bytes) -> Coverage:
    """Return what ``delta_bytes`` wrote, on the same base.

    Raises
    ------
    FileError
        If the bytes are damaged, or belong to another base.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        told = json.loads(held["told"].tobytes())
        fits = str(held["form"]) == _FORM and told["base"] == base.fingerprint
        made = _made(base, held, told["put"]) if fits else None
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error) as problem:
        raise _unreadable() from problem
    if made is None:
        raise _unreadable()
    return made


def _unreadable() -> FileError:
    return FileError(
        "The kept state of a drawing is damaged or belongs to another edition; its edits are made again",
        "绘图存档已损坏或属于其他版本，将按操作记录重新绘制",
    )


def _made(base: Coverage, held: Arrays, put: Sequence[Mapping[str, Plain]]) -> Coverage:
    rows = held["rows"].tolist()
    source = held["shift"].astype(np.intp) + np.arange(len(held["shift"]))
    attributes = _attributes(base.attributes, source, rows, put)
    arcs = _arcs(base, held)
    count = len(arcs)
    # The last entry serves user -1, the outside.
    target = np.full(len(base.codes) + 1, -1, dtype=np.int32)
    target[source[source >= 0]] = np.flatnonzero(source >= 0)
    users = _grown(target[base.cut.users], count)
    users.sort(axis=1)
    users = np.where(users[:, :1] < 0, users[:, ::-1], users)
    ends = _grown(base.cut.ends, count)
    bounds = np.tile(no_bounds(), (count, 1))
    bounds[: len(base.bounds)] = base.bounds
    numbers = held["arcs"]
    users[numbers], ends[numbers] = held["users"], held["ends"]
    bounds[numbers] = no_bounds()
    there = [number for number in numbers.tolist() if len(arcs[number])]
    if there:
        bounds[there] = arc_bounds([arcs[number] for number in there])
    nodes = max([len(base.cut.node_xy), *(held["nodes"] + 1).tolist()])
    node_xy = np.zeros((nodes, 2), dtype=np.int64)
    node_xy[: len(base.cut.node_xy)] = base.cut.node_xy
    node_xy[held["nodes"]] = held["node_xy"]
    rings = [base.cut.shapes[old] if old >= 0 else () for old in source.tolist()]
    for row, polygons in zip(rows, _rings(held), strict=True):
        rings[row] = polygons
    cut = CutRings(arcs=arcs, users=users, ends=ends, node_xy=node_xy, shapes=tuple(rings))
    shapes = base.shapes[source]
    for row in rows:
        shapes[row] = shape_of(cut, row)
    for array in (users, ends, node_xy, bounds, shapes):
        array.setflags(write=False)
    return Coverage(
        attributes=attributes,
        shapes=shapes,
        cut=cut,
        bounds=bounds,
        codes=tuple(str(code) for code in attributes["code"]),
        lock_of_arc=arc_locks(users, parent_numbers(attributes)),
    )


def _attributes(
    base: pd.DataFrame, source: npt.NDArray[np.intp], rows: Sequence[int], put: Sequence[Mapping[str, Plain]]
) -> pd.DataFrame:
    taken = source.copy()
    taken[rows] = len(base) + np.arange(len(rows))
    whole = pd.concat([base, as_frame(put, base)], ignore_index=True) if rows else base
    return whole.iloc[taken].reset_index(drop=True)


def _arcs(base: Coverage, held: Arrays) -> tuple[Int64s, ...]:
    numbers = cast("list[int]", held["arcs"].tolist())
    count = max([len(base.cut.arcs), *(number + 1 for number in numbers)])
    arcs = [*base.cut.arcs, *[np.zeros((0, 2), np.int64)] * (count - len(base.cut.arcs))]
    lines = np.split(held["xy"].astype(np.int64), np.cumsum(held["lengths"])[:-1]) if numbers else []
    for number, line in zip(numbers, lines, strict=True):
        line.setflags(write=False)
        arcs[number] = line
    return tuple(arcs)


def _rings(held: Arrays) -> list[tuple[tuple[Ring, ...], ...]]:
    refs = iter(held["refs"].tolist())
    rings = iter(held["ring"].tolist())
    of_polygon = iter(held["rings"].tolist())

    def ring() -> Ring:
        length, slot, offset = next(rings)
        return Ring(refs=tuple(next(refs) for _ in range(length)), slot=slot, offset=offset)

    return [
        tuple(tuple(ring() for _ in range(next(of_polygon))) for _ in range(polygons))
        for polygons in held["polygons"].tolist()
    ]


def _grown(values: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int32]:
    made = np.full((count, 2), -1, dtype=np.int32)
    made[: len(values)] = values
    return made
