"""From the units, the points and the street times of a shift to the problems that are solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.patrol import PatrolQuestion
from api.services.patrol_terms import Terms
from geo.errors import InfeasibleError, InputError, NotFoundError, ParameterError
from geo.tables.points import Points
from planners.patrol.problem import NO_WAY, VehicleType
from planners.patrol.spacing.asked import Appointment, Ban, Break, OptionalStop, Pin
from planners.patrol.spacing.point_demands import Demand, Refused
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
VIDEO_POST: Final = "VIDEO"
"""Key of the room where operators watch the cameras."""
KIND_ORDER: Final = ("car", "motorcycle", "foot", "off_road")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitRows:
    """The units of a shift and the posts where they stand, by key; ``post`` is the index of each unit's post."""

    keys: tuple[str, ...]
    names: Mapping[str, str]
    kind: tuple[str, ...]
    post: tuple[int, ...]
    police: tuple[bool, ...]
    post_keys: tuple[str, ...]
    post_names: tuple[str, ...]
    post_lonlat: Floats

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of units on shift."""
        return frozenset(self.kind)

    @classmethod
    def of(
        cls, units: gpd.GeoDataFrame, posts: gpd.GeoDataFrame, *, shift_id: str, unit_ids: Sequence[str] | None
    ) -> Self:
        """Return the chosen units of a shift; unknown ones, strays and an empty shift raise."""
        unknown = sorted(set(unit_ids or ()) - set(units["unit_id"]))
        if unknown:
            raise NotFoundError(
                f"Unknown unit_id: {', '.join(unknown[:5])}", f"不存在的巡组：{'、'.join(unknown[:5])}", rows=unknown
            )
        mine = units[units["shift_id"] == shift_id]
        if unit_ids is not None:
            mine = mine[mine["unit_id"].isin(list(unit_ids))]
        mine = mine.sort_values("unit_id")
        if mine.empty:
            raise InfeasibleError(
                f"No unit is on shift {shift_id}; assign units to it", f"班次 {shift_id} 没有巡组，请先排班"
            )
        held = posts[posts["post_id"].isin(set(mine["post_id"]))].sort_values("post_id")
        index = {str(key): number for number, key in enumerate(held["post_id"])}
        strays = [str(u) for u, p in zip(mine["unit_id"], mine["post_id"], strict=True) if str(p) not in index]
        if strays:
            raise InputError(
                f"Units {', '.join(strays[:5])} stand at a post that does not exist",
                f"巡组 {'、'.join(strays[:5])} 所属屯警点不存在",
                rows=strays,
            )
        return cls(
            keys=tuple(str(k) for k in mine["unit_id"]),
            names={str(k): str(n) for k, n in zip(mine["unit_id"], mine["name"], strict=True)},
            kind=tuple(str(k) for k in mine["kind"]),
            post=tuple(index[str(p)] for p in mine["post_id"]),
            police=tuple(int(n) > 0 for n in mine["officers"]),
            post_keys=tuple(index),
            post_names=tuple(str(n) for n in held["name"]),
            post_lonlat=shapely.get_coordinates(np.asarray(held.geometry.array)),
        )

    def vehicles(self, shift_seconds: int) -> tuple[tuple[VehicleType, ...], npt.NDArray[np.bool_]]:
        """Return units that are alike as types, and whether each type has a police officer in its crews."""
        alike: dict[tuple[int, int, bool], list[str]] = {}
        for key, kind, post, police in zip(self.keys, self.kind, self.post, self.police, strict=True):
            alike.setdefault((KIND_ORDER.index(kind), post, police), []).append(key)
        types = tuple(
            VehicleType(
                kind=KIND_ORDER[kind],
                start_post=post,
                end_post=post,
                shift_seconds=shift_seconds,
                unit_keys=tuple(keys),
            )
            for (kind, post, _), keys in sorted(alike.items())
        )
        return types, np.array([police for _, _, police in sorted(alike)], np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What is asked beside the rounds of points.

    ``roads`` are points that are left elsewhere than where they are entered, ``hot`` those of optional stops only.
    """

    roads: frozenset[int] = frozenset()
    hot: frozenset[int] = frozenset()
    optional: tuple[OptionalStop, ...] = ()
    breaks: tuple[Break, ...] = ()


def street_problem(
    units: UnitRows,
    keys: Sequence[str],
    demands: Sequence[Demand],
    *,
    names: Sequence[str],
    seconds: Mapping[str, Floats],
    terms: Terms,
    question: PatrolQuestion,
    extras: Extras,
) -> tuple[SpacingProblem, list[Refused]]:
    """Return the problem of the units on the streets, and the set times for which no kind of unit is on shift.

    ``seconds`` are float64[places, places] by kind, posts first, inf where there is no way; they are rounded up.
    """
    shift = terms.shift_seconds
    kinds = tuple(kind for kind in KIND_ORDER if kind in seconds)
    vehicles, police = units.vehicles(shift)
    appointments: list[Appointment] = []
    refused: list[Refused] = []
    for point, (key, demand) in enumerate(zip(keys, demands, strict=True)):
        may = tuple(kind for kind in demand.kinds if kind in kinds)
        if demand.set_times and not may:
            refused.append(
                Refused(
                    point_id=key, code="no_unit", en=f"{names[point]}: no unit of a kind that may go there is on shift",
                    zh=f"{names[point]} 当班没有可派的巡组类型",
                )
            )  # fmt: skip
            continue
        appointments += [
            Appointment(
                key=key if len(demand.set_times) == 1 else f"{key}#{number}", point=point, earliest=time.earliest,
                latest=time.latest, dwell=demand.dwell, units=demand.together, kinds=may,
            )
            for number, time in enumerate(demand.set_times, start=1)
        ]  # fmt: skip
    on_rounds = np.array([not d.set_times and p not in extras.hot for p, d in enumerate(demands)], np.bool_)
    eligible = np.array([[kind in d.kinds for kind in kinds] for d in demands], np.bool_).reshape(-1, len(kinds))
    turned = np.array(sorted(extras.roads), np.int64) + len(units.post_keys)
    whole = np.stack([_whole(seconds[kind], turned) for kind in kinds])
    gap = np.array([d.gap for d in demands], np.int64)
    problem = SpacingProblem(
        post_keys=units.post_keys, point_keys=tuple(keys), kinds=kinds, seconds=whole.astype(np.int32),
        metres=np.zeros(whole.shape, np.int32), vehicles=vehicles, shift_seconds=shift,
        dwell=np.array([d.dwell for d in demands], np.int32), gap=gap.astype(np.int32),
        least_gap=np.array([min(d.least_gap, d.gap) for d in demands], np.int32),
        since=_since(keys, gap, whole, eligible, len(units.post_keys), terms), eligible=eligible & on_rounds[:, None],
        priority=np.array([d.priority for d in demands], np.int64), police=police, appointments=tuple(appointments),
        auxiliaries_alone=terms.settings.auxiliaries_alone, on_rounds=on_rounds,
        bans=_bans(question, keys, units, kinds), pins=_pins(question, keys, units, terms),
        breaks=extras.breaks, optional=extras.optional,
    )  # fmt: skip
    return problem, refused


def video_problem(
    points: Points, demands: Sequence[Demand], *, terms: Terms, operators: int | None
) -> SpacingProblem | None:
    """Return the problem of the operators, whose way from picture to picture takes the same time everywhere.

    Without a number there are as many operators as the points can need. None where there is nothing to watch or nobody to watch it.
    """
    demands = [d for d in demands if not d.set_times]
    switch = terms.settings.switch_seconds
    if not demands or operators == 0:
        return None
    if operators is None:
        operators = sum(
            -(-sum(d.dwell + switch for d in demands if d.gap == gap) // gap) + 1 for gap in {d.gap for d in demands}
        )
    n = len(demands)
    seconds = np.full((1, n + 1, n + 1), switch, np.int32)
    seconds[0, np.arange(n + 1), np.arange(n + 1)] = 0
    keys = tuple(f"视频{number + 1}岗" for number in range(operators))
    return SpacingProblem(
        post_keys=(VIDEO_POST,), point_keys=tuple(str(points.frame["point_id"].iloc[d.row]) for d in demands),
        kinds=("video",), seconds=seconds, metres=np.zeros_like(seconds),
        vehicles=(
            VehicleType(
                kind="video", start_post=0, end_post=0, shift_seconds=terms.shift_seconds, unit_keys=keys
            ),
        ),
        shift_seconds=terms.shift_seconds, dwell=np.array([d.dwell for d in demands], np.int32),
        gap=np.array([d.gap for d in demands], np.int32), least_gap=np.array([d.least_gap for d in demands], np.int32),
        since=np.zeros(n, np.int32), eligible=np.ones((n, 1), np.bool_),
        priority=np.array([d.priority for d in demands], np.int64), police=np.ones(1, np.bool_),
    )  # fmt: skip


def _whole(matrix: Floats, turned: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Round times up; the way from the end of a road back to its begin stays on the diagonal."""
    # Ceiling keeps the triangle inequality: ceil(a + b) <= ceil(a) + ceil(b).
    full = np.ceil(np.where(np.isfinite(matrix), np.minimum(matrix, NO_WAY), NO_WAY) - 1e-9).astype(np.int64)
    back = full[turned, turned].copy()
    np.fill_diagonal(full, 0)
    full[turned, turned] = back
    return full


def _since(
    keys: Sequence[str],
    gap: npt.NDArray[np.int64],
    seconds: npt.NDArray[np.int64],
    eligible: npt.NDArray[np.bool_],
    posts: int,
    terms: Terms,
) -> npt.NDArray[np.int32]:
    """Return the time since the last visit, at most so long that a unit from some post can still be in time."""
    stated = dict(terms.since)
    asked = np.array([stated.get(key, 0) for key in keys], np.int64)
    out = np.where(eligible.T[:, None, :], seconds[:, :posts, posts:], NO_WAY).min(axis=(0, 1))
    held: npt.NDArray[np.int32] = np.clip(np.minimum(asked, gap - out), 0, None).astype(np.int32)
    return held


def _bans(question: PatrolQuestion, keys: Sequence[str], units: UnitRows, kinds: Sequence[str]) -> tuple[Ban, ...]:
    index = {key: number for number, key in enumerate(keys)}
    who = [item.unit_id or item.kind or "" for item in question.forbidden]
    return tuple(
        Ban(who=name, point=index[item.point_id])
        for item, name in zip(question.forbidden, who, strict=True)
        if item.point_id in index and (name in units.names or name in kinds)
    )


def _pins(question: PatrolQuestion, keys: Sequence[str], units: UnitRows, terms: Terms) -> tuple[Pin, ...]:
    index = {key: number for number, key in enumerate(keys)}
    found = []
    for item in question.pinned:
        if item.point_id not in index or item.unit_id not in units.names:
            raise NotFoundError(
                f"The set stop of {item.unit_id} at {item.point_id} names a unit or point that is not on this shift",
                f"指定停留（{item.unit_id}，{item.point_id}）的巡组或必巡点不在本班次",
                rows=[item.unit_id, item.point_id],
            )
        low = max(0, terms.second(item.earliest))
        high = min(terms.shift_seconds, terms.second(item.latest))
        if low > high:
            raise ParameterError(
                f"The set stop of {units.names[item.unit_id]} has no time within the shift between its two times",
                f"{units.names[item.unit_id]}的指定停留时段不在本班次内，或最晚早于最早",
                rows=[item.unit_id, item.point_id],
            )
        found.append(Pin(unit=item.unit_id, point=index[item.point_id], earliest=low, latest=high))
    return tuple(found)
