"""The question of spaced patrols: every point begun again within its gap, with the fewest units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.arrays import read_only
from planners.patrol.problem import NO_WAY, VehicleType
from planners.patrol.spacing.asked import Appointment, Ban, Break, OptionalStop, Pin, Start


def _unset() -> npt.NDArray[np.bool_]:
    return np.zeros(0, np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpacingProblem:
    """Visit every point so often that its gap is kept; all arrays are read-only, all times whole seconds.

    Places are the posts, then the points. The shift runs from 0 to ``shift_seconds``. A visit lasts the dwell of its point.
    The gap of a point on the rounds is kept where its first visit begins at ``gap - since`` or earlier, each next one begins at most
    ``gap`` and at least ``least_gap`` after the one before, and the last begins later than ``shift_seconds - gap``, so
    that the next shift can take over. Routes leave their start post at 0 or later and end at their end post in time.

    A point watched by camera is a point of a kind of its own, such as ``video``, whose travel is the time to switch pictures and
    whose units are the operators at the video post.

    Attributes
    ----------
    post_keys, point_keys : keys of the places
    kinds : kinds of units
    seconds, metres : int32[kinds, places, places], ``NO_WAY`` where there is none; 0 on the diagonal but for a point that is left
        elsewhere than where it is entered, such as a road that is driven along: its row begins where it is left
    vehicles : types of units; ``shift_seconds`` of each is that of the problem
    dwell, gap, least_gap, since : int32[p]; ``since`` is the time from the last visit to the start of the shift
    eligible : bool[p, kinds]; none for a point that is visited by appointment only
    priority : int64[p], 1 or more: what leaving the point out costs
    appointments : visits at set times
    police : bool[vehicles], whether each unit of the type has a police officer (民警) in its crew
    auxiliaries_alone : whether units without one may be sent
    breaks, optional, pins, bans : see ``planners.patrol.spacing.asked``
    starts : units that are under way or away, one a unit at most
    on_rounds : bool[p], False for a point that is only the place of appointments or optional stops; all True unless given
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
    breaks: tuple[Break, ...] = ()
    optional: tuple[OptionalStop, ...] = ()
    pins: tuple[Pin, ...] = ()
    bans: tuple[Ban, ...] = ()
    starts: tuple[Start, ...] = ()
    on_rounds: npt.NDArray[np.bool_] = field(default_factory=_unset)

    def __post_init__(self) -> None:
        if not len(self.on_rounds):
            object.__setattr__(self, "on_rounds", np.ones(self.points, np.bool_))
        kinds: dict[str, type[np.generic]] = {
            "seconds": np.int32, "metres": np.int32, "dwell": np.int32, "gap": np.int32, "least_gap": np.int32,
            "since": np.int32, "eligible": np.bool_, "priority": np.int64, "police": np.bool_, "on_rounds": np.bool_,
        }  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, read_only(getattr(self, name), kind))
        self._require_shapes()
        self._require_times()
        self._require_vehicles()
        self._require_windows()
        self._require_names()

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
    def by_appointment(self) -> npt.NDArray[np.bool_]:
        """Points visited at set times only, bool[p]: they have an appointment and no kind of unit for rounds."""
        set_times = np.zeros(self.points, np.bool_)
        set_times[[item.point for item in self.appointments]] = True
        return set_times & ~self.eligible.any(axis=1)

    @property
    def plain(self) -> bool:
        """Whether nothing but rounds and appointments from the posts is asked."""
        return bool(self.on_rounds.all()) and not (
            self.breaks or self.optional or self.pins or self.bans or self.starts
        )

    def unit_key(self, vehicle: int, unit: int) -> str:
        """Return the key of a unit."""
        return self.vehicles[vehicle].unit_keys[unit]

    def place_key(self, point: int) -> str:
        """Return the key of the place of a stop: a point, or below 0 a post."""
        return self.point_keys[point] if point >= 0 else self.post_keys[self.posts + point]

    def concerns(self, who: str, vehicle: int, unit: int) -> bool:
        """Return whether ``who``, a key of a unit or a kind, means a unit."""
        return who in (self.unit_key(vehicle, unit), self.vehicles[vehicle].kind)

    def start_of(self, vehicle: int, unit: int) -> Start:
        """Return from where and when a unit may leave."""
        key = self.unit_key(vehicle, unit)
        for start in self.starts:
            if start.unit == key:
                return start
        return Start(unit=key, place=self.vehicles[vehicle].start_post, free=0)

    def may_stop(self, vehicle: int, unit: int, point: int) -> bool:
        """Return whether no ban keeps a unit from a point."""
        return not any(ban.point == point and self.concerns(ban.who, vehicle, unit) for ban in self.bans)

    @property
    def price_of_leaving_out(self) -> int:
        """Price of one step of priority left out, in units: above all units there are."""
        return self.units + 1

    def _require_shapes(self) -> None:
        places, p, k = self.posts + self.points, self.points, len(self.kinds)
        wanted: dict[str, tuple[int, ...]] = {
            "seconds": (k, places, places), "metres": (k, places, places), "dwell": (p,), "gap": (p,),
            "least_gap": (p,), "since": (p,), "eligible": (p, k), "priority": (p,), "police": (len(self.vehicles),),
            "on_rounds": (p,),
        }  # fmt: skip
        for name, shape in wanted.items():
            found = getattr(self, name).shape
            if found != shape:
                raise InputError(f"{name} has shape {found}, not {shape}", f"{name} 的形状为 {found}，应为 {shape}")
        if (self.seconds < 0).any() or (np.diagonal(self.seconds, axis1=1, axis2=2)[:, : self.posts] != 0).any():
            raise InputError(
                "seconds are negative, or not 0 from a post to itself", "seconds 为负数或屯警点对角线不为 0"
            )
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
            if (bad & self.on_rounds).any():
                names = [self.point_keys[i] for i in np.flatnonzero(bad & self.on_rounds)]
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

    def _require_windows(self) -> None:
        demands = [
            *((a.key, a.earliest, a.latest, a.dwell, "Appointment", "定时任务") for a in self.appointments),
            *((b.key, b.earliest, b.latest, b.seconds, "Break", "休息") for b in self.breaks),
            *((o.key, o.earliest, o.latest, o.dwell, "Optional stop", "可选停留") for o in self.optional),
            *((p.unit, p.earliest, p.latest, 0, "Set stop of unit", "指定停留，巡组") for p in self.pins),
        ]
        for key, earliest, latest, dwell, en, zh in demands:
            if earliest > latest:
                raise InputError(
                    f"{en} {key} has a window shorter than its dwell: its latest begin is before its earliest",
                    f"{zh} {key} 的时间窗短于驻守时长：最晚开始早于最早开始",
                    rows=[key],
                )
            if earliest < 0 or dwell < 0 or latest + dwell > self.shift_seconds:
                raise InputError(
                    f"{en} {key} does not fit the shift, or lasts less than 0 seconds",
                    f"{zh} {key} 超出班次，或时长小于 0 秒",
                    rows=[key],
                )

    def _require_names(self) -> None:
        units = {key for v in self.vehicles for key in v.unit_keys}
        known = units | set(self.kinds)
        kinds = set(self.kinds)
        for item in self.appointments:
            self._require(item.units >= 1, item.key, "asks for no unit", "所需巡组数小于 1")
            self._require(
                set(item.kinds) <= kinds, item.key, "asks for a kind of unit that does not exist", "的巡组类型不存在"
            )
        for offer in self.optional:
            self._require(offer.prize > 0, offer.key, "has a prize of 0 or less", "的价值不大于 0")
            self._require(
                set(offer.kinds) <= kinds, offer.key, "asks for a kind of unit that does not exist", "的巡组类型不存在"
            )
        for rest in self.breaks:
            self._require(
                set(rest.who) <= known, rest.key, "is for a unit or kind that does not exist", "的巡组或类型不存在"
            )
            posts = all(0 <= post < self.posts for post in rest.posts)
            self._require(posts, rest.key, "names a post that does not exist", "的屯警点不存在")
        for pin in self.pins:
            self._require(pin.unit in units, pin.unit, "has a set stop but does not exist", "有指定停留，但不存在")
        for ban in self.bans:
            self._require(ban.who in known, ban.who, "has a forbidden stop but does not exist", "有禁止停留，但不存在")
        for key, point in self._named_points():
            self._require(0 <= point < self.points, key, "names a point that does not exist", "的地点不存在")
        for start in self.starts:
            fits = start.unit in units and 0 <= start.place < self.posts + self.points and start.free >= 0
            self._require(fits, start.unit, "is under way from a place that does not exist", "的当前位置或巡组不存在")
        if len({start.unit for start in self.starts}) < len(self.starts):
            raise InputError("A unit is said to be under way twice", "同一巡组的当前位置重复")

    def _named_points(self) -> Iterable[tuple[str, int]]:
        yield from ((item.key, item.point) for item in self.appointments)
        yield from ((offer.key, offer.point) for offer in self.optional)
        yield from ((pin.unit, pin.point) for pin in self.pins)
        yield from ((ban.who, ban.point) for ban in self.bans)

    @staticmethod
    def _require(good: object, key: str, en: str, zh: str) -> None:
        if not good:
            raise InputError(f"{key} {en}", f"{key} {zh}", rows=[key])
