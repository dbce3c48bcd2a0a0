"""The question of spaced patrols: every point begun again within its gap, with the fewest units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.arrays import read_only
from planners.patrol.problem import NO_WAY, VehicleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A visit at a set time beside the rounds, such as a school post at bell time.

    It begins in ``[earliest, latest]`` and lasts ``dwell`` seconds; its ``units`` (2 or more for a visit that several
    units make together) all begin in the same second. ``kinds`` are the kinds of units that may come.
    """

    key: str
    point: int
    earliest: int
    latest: int
    dwell: int
    units: int = 1
    kinds: tuple[str, ...] = ("car",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpacingProblem:
    """Visit every point so often that its gap is kept; all arrays are read-only, all times whole seconds.

    Places are the posts, then the points. The shift runs from 0 to ``shift_seconds``. A visit lasts the dwell of its point.
    The gap of a point is kept where its first visit begins at ``gap - since`` or earlier, each next one begins at most
    ``gap`` and at least ``least_gap`` after the one before, and the last begins later than ``shift_seconds - gap``, so
    that the next shift can take over. Routes leave their start post at 0 or later and end at their end post in time.

    A point watched by camera is a point of a kind of its own, such as ``video``, whose travel is the time to switch pictures and
    whose units are the operators at the video post.

    Attributes
    ----------
    post_keys, point_keys : keys of the places
    kinds : kinds of units
    seconds, metres : int32[kinds, places, places], ``NO_WAY`` where there is none, 0 on the diagonal
    vehicles : types of units; ``shift_seconds`` of each is that of the problem
    dwell, gap, least_gap, since : int32[p]; ``since`` is the time from the last visit to the start of the shift
    eligible : bool[p, kinds]
    priority : int64[p], 1 or more: what leaving the point out costs
    appointments : visits at set times
    police : bool[vehicles], whether each unit of the type has a police officer (民警) in its crew
    auxiliaries_alone : whether units without one may be sent
    """

    post_keys: tuple[str, ...]
    point_keys: tuple[str, ...]
    kinds: tuple[str, ...]
    seconds: npt.NDArray[np.int32]
    metres: npt.NDArray[np.int32]
    vehicles: tuple[VehicleType, ...]
    shift_seconds: int
    dwell: npt.NDArray[np.int32]
    gap: npt.NDArray[np.int32]
    least_gap: npt.NDArray[np.int32]
    since: npt.NDArray[np.int32]
    eligible: npt.NDArray[np.bool_]
    priority: npt.NDArray[np.int64]
    police: npt.NDArray[np.bool_]
    appointments: tuple[Appointment, ...] = ()
    auxiliaries_alone: bool = False

    def __post_init__(self) -> None:
        kinds: dict[str, type[np.generic]] = {
            "seconds": np.int32, "metres": np.int32, "dwell": np.int32, "gap": np.int32, "least_gap": np.int32,
            "since": np.int32, "eligible": np.bool_, "priority": np.int64, "police": np.bool_,
        }  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, read_only(getattr(self, name), kind))
        self._require_shapes()
        self._require_times()
        self._require_vehicles()
        self._require_appointments()

    @property
    def points(self) -> int:
        """Number of points."""
        return len(self.point_keys)

    @property
    def posts(self) -> int:
        """Number of posts."""
        return len(self.post_keys)

    def may_go(self, vehicle: int) -> bool:
        """Return whether the crew rule lets units of a type go out."""
        return self.auxiliaries_alone or bool(self.police[vehicle])

    @property
    def units(self) -> int:
        """Number of units that may go out."""
        return sum(v.available for i, v in enumerate(self.vehicles) if self.may_go(i))

    def kind_of(self, vehicle: int) -> int:
        """Return the index in ``kinds`` of a type of units."""
        return self.kinds.index(self.vehicles[vehicle].kind)

    @property
    def price_of_leaving_out(self) -> int:
        """Price of one step of priority left out, in units: above all units there are."""
        return self.units + 1

    def _require_shapes(self) -> None:
        places, p, k = self.posts + self.points, self.points, len(self.kinds)
        wanted: dict[str, tuple[int, ...]] = {
            "seconds": (k, places, places), "metres": (k, places, places), "dwell": (p,), "gap": (p,),
            "least_gap": (p,), "since": (p,), "eligible": (p, k), "priority": (p,), "police": (len(self.vehicles),),
        }  # fmt: skip
        for name, shape in wanted.items():
            found = getattr(self, name).shape
            if found != shape:
                raise InputError(f"{name} has shape {found}, not {shape}", f"{name} 的形状为 {found}，应为 {shape}")
        if (self.seconds < 0).any() or (np.diagonal(self.seconds, axis1=1, axis2=2) != 0).any():
            raise InputError("seconds are negative, or not 0 from a place to itself", "seconds 为负数或对角线不为 0")
        if p == 0:
            raise InfeasibleError("There is no point to visit; add must-visit points", "没有必巡点，请添加")

    def _require_times(self) -> None:
        if not 0 < self.shift_seconds < NO_WAY:
            raise ParameterError("A shift must last longer than 0 seconds", "班次时长必须大于 0 秒")
        for bad, en, zh in (
            (self.dwell <= 0, "has a dwell of 0 seconds or less", "的驻守时长不大于 0"),
            (self.dwell >= self.gap, "has a dwell as long as its gap or longer", "的驻守时长不小于到点间隔"),
            (self.gap > self.shift_seconds, "has a gap longer than the shift", "的到点间隔长于班次"),
            (
                (self.since < 0) | (self.since > self.gap),
                "was already overdue before the shift",
                "在班次开始前已超过间隔",
            ),
            (self.least_gap > self.gap, "has a least gap above its greatest", "的最小间隔大于最大间隔"),
            (self.priority < 1, "has a priority below 1", "的优先级小于 1"),
        ):
            if bad.any():
                names = [self.point_keys[i] for i in np.flatnonzero(bad)]
                more = f" (and {len(names) - 3} more)" if len(names) > 3 else ""
                raise InputError(
                    f"Point {', '.join(names[:3])}{more} {en}",
                    f"必巡点 {'、'.join(names[:3])} 等 {len(names)} 个{zh}",
                    rows=names,
                )

    def _require_vehicles(self) -> None:
        for vehicle in self.vehicles:
            posts = (vehicle.start_post, vehicle.end_post)
            if vehicle.kind not in self.kinds or min(posts) < 0 or max(posts) >= self.posts:
                raise ParameterError(
                    f"Units {', '.join(vehicle.unit_keys[:5])} have an unknown kind or post",
                    f"巡组 {'、'.join(vehicle.unit_keys[:5])} 的类型或屯警点不存在",
                    rows=vehicle.unit_keys,
                )
        if self.units == 0:
            raise InfeasibleError(
                "No unit that may go out is on this shift: every crew needs a police officer",
                "该班次没有可出巡的巡组：每组须有民警",
            )

    def _require_appointments(self) -> None:
        for item in self.appointments:
            window = 0 <= item.earliest <= item.latest and item.latest + item.dwell <= self.shift_seconds
            if not window or item.units < 1 or item.dwell < 0 or not 0 <= item.point < self.points:
                raise InputError(
                    f"Appointment {item.key} does not fit the shift, or has no unit or point",
                    f"定时任务 {item.key} 超出班次或缺少巡组、地点",
                    rows=[item.key],
                )
            if not set(item.kinds) <= set(self.kinds):
                raise InputError(
                    f"Appointment {item.key} asks for a kind of unit that does not exist",
                    f"定时任务 {item.key} 的巡组类型不存在",
                    rows=[item.key],
                )
