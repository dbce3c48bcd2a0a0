"""From posts, points, units, a shift and street times to the routing problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, NotFoundError
from geo.tables.points import Points
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from geo.tables.units import Units
from planners.patrol.problem import NO_WAY, PatrolProblem, VehicleType

Floats = npt.NDArray[np.float64]

KINDS = ("car", "motorcycle", "foot")
"""Kinds of units in the order of the matrices."""

SERVED_BY: Mapping[str, tuple[str, ...]] = {
    "car": ("car", "motorcycle"),
    "motorcycle": ("motorcycle", "foot"),
    "foot": ("foot",),
}
"""Kinds of units that may visit a point, by the point's way of patrol (方式)."""


def routed(points: Points) -> npt.NDArray[np.int64]:
    """Return the rows of ``points`` that units go to, rising; points watched by video are not routed."""
    return np.flatnonzero((points.frame["mode"] != "video").to_numpy())


def build_patrol(
    posts: Posts,
    points: Points,
    units: Units,
    shifts: Shifts,
    shift_id: str,
    *,
    seconds: Mapping[str, Floats],
    metres: Mapping[str, Floats],
    served_by: Mapping[str, tuple[str, ...]] = SERVED_BY,
    prizes: Mapping[str, int] | None = None,
    unit_seconds: int = 0,
) -> PatrolProblem:
    """Build the routing problem of one shift.

    Units of the shift start and end at their post; those of one kind at one post are one vehicle type. A point with
    several visits asks for each in its own equal part of the shift, which spreads them but does not space them evenly.

    Parameters
    ----------
    seconds, metres
        By kind of unit, float64[places, places], inf where there is no way; places are all posts in their order, then
        the ``routed`` points in theirs. Times are rounded up to whole seconds, which keeps the triangle inequality.
    prizes
        Points (by key) that may be left out, and the seconds of travel that each visit there is worth.

    Raises
    ------
    InputError
        A matrix that is missing, of another shape or negative; a unit at an unknown post.
    NotFoundError
        An unknown shift.
    """
    rows = routed(points)
    places = len(posts) + len(rows)
    frame = points.frame.iloc[rows]
    length = _shift_seconds(shifts, shift_id)
    vehicles = _vehicles(posts, units, shift_id, length)
    kinds = tuple(kind for kind in KINDS if any(v.kind == kind for v in vehicles))
    wanted = frame["visits"].to_numpy().astype(np.int64)
    point = np.repeat(np.arange(len(rows)), wanted)
    number = np.concatenate([np.arange(n) for n in wanted]) if len(wanted) else np.zeros(0, np.int64)
    count = wanted[point]
    window = np.stack(
        [number * length // np.maximum(count, 1), (number + 1) * length // np.maximum(count, 1) - 1], axis=1
    )
    window[number + 1 == count, 1] = length
    keys = [str(key) for key in frame["point_id"]]
    worth = (
        np.array([(prizes or {}).get(key, -1) for key in keys], np.int64)[point] if len(rows) else np.zeros(0, np.int64)
    )
    may = np.array([[kind in served_by.get(str(mode), ()) for kind in kinds] for mode in frame["mode"]], bool)
    return PatrolProblem(
        post_keys=tuple(posts.keys),
        point_keys=tuple(keys),
        kinds=kinds,
        seconds=_stacked(seconds, kinds, places, "seconds"),
        metres=_stacked(metres, kinds, places, "metres"),
        vehicles=vehicles,
        visit_point=point.astype(np.int32),
        visit_number=number.astype(np.int32),
        window=window.astype(np.int32),
        dwell=frame["dwell_seconds"].to_numpy().astype(np.int32)[point],
        required=worth < 0,
        prize=np.maximum(worth, 0),
        eligible=may.reshape(len(rows), len(kinds))[point],
        unit_seconds=unit_seconds,
    )


def _shift_seconds(shifts: Shifts, shift_id: str) -> int:
    rows = shifts.frame[shifts.frame["shift_id"].astype(str) == shift_id]
    if rows.empty:
        raise NotFoundError(f"There is no shift {shift_id}", f"没有班次 {shift_id}")
    return int(rows["length_minutes"].iloc[0]) * 60


def _vehicles(posts: Posts, units: Units, shift_id: str, length: int) -> tuple[VehicleType, ...]:
    index = {key: row for row, key in enumerate(posts.keys)}
    frame = units.frame[units.frame["shift_id"].astype(str) == shift_id]
    if frame.empty:
        raise InfeasibleError(
            f"No unit is on shift {shift_id}; assign units to it", f"班次 {shift_id} 没有巡组，请先排班"
        )
    strays = [str(u) for u, p in zip(frame["unit_id"], frame["post_id"], strict=True) if str(p) not in index]
    if strays:
        raise InputError(
            f"Units {', '.join(strays[:5])} stand at a post that does not exist",
            f"巡组 {'、'.join(strays[:5])} 所属屯警点不存在",
            rows=strays,
        )
    alike: dict[tuple[int, int], list[str]] = {}
    for unit, kind, post in zip(frame["unit_id"], frame["kind"], frame["post_id"], strict=True):
        alike.setdefault((KINDS.index(str(kind)), index[str(post)]), []).append(str(unit))
    return tuple(
        VehicleType(
            kind=KINDS[kind], start_post=post, end_post=post, shift_seconds=length, unit_keys=tuple(sorted(keys))
        )
        for (kind, post), keys in sorted(alike.items())
    )


def _stacked(matrices: Mapping[str, Floats], kinds: Sequence[str], places: int, name: str) -> npt.NDArray[np.int32]:
    out = np.zeros((len(kinds), places, places), np.int32)
    for number, kind in enumerate(kinds):
        matrix = np.asarray(matrices.get(kind, np.zeros((0, 0))), np.float64)
        if matrix.shape != (places, places) or np.isnan(matrix).any() or (matrix < 0).any():
            raise InputError(
                f"The {name} of {kind} units must be {places} by {places}, 0 or more, infinite where there is no way",
                f"{kind} 巡组的 {name} 矩阵应为 {places}×{places}，不小于 0，不可达处为无穷大",
            )
        # Ceiling keeps the triangle inequality: ceil(a + b) <= ceil(a) + ceil(b).
        whole = np.ceil(np.where(np.isfinite(matrix), matrix, NO_WAY) - 1e-9)
        out[number] = np.minimum(whole, NO_WAY).astype(np.int32)
        np.fill_diagonal(out[number], 0)
    return out
