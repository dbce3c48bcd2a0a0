"""The question of patrol routes: which unit visits which point when, with the least travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.arrays import read_only

NO_WAY: Final = 2**30 - 1
"""Travel seconds and metres of a pair without a way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleType:
    """Units that are alike: their kind, the posts (indices) where they start and end, and the length of their shift.

    ``capacity`` is what one of them can carry to its visits, in the unit of ``PatrolProblem.load``.
    """

    kind: str
    start_post: int
    end_post: int
    shift_seconds: int
    unit_keys: tuple[str, ...]
    capacity: int = NO_WAY

    @property
    def available(self) -> int:
        """Number of units of this type."""
        return len(self.unit_keys)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatrolProblem:
    """Visit points with units so that ``objective`` is least; all arrays are read-only, all times whole seconds.

    Places are the posts, then the points. A visit begins inside its window (both ends belong to it), after the unit
    has arrived, and lasts its dwell; a unit may wait. A route leaves its start post at 0 or later and is back at its
    end post at ``shift_seconds`` or earlier. A visit may be made by a unit of an eligible kind only.

    ``objective = travel seconds of all routes + unit_seconds * routes + prizes of the optional visits not made
    + missed_seconds * required visits not made``, where visits that no unit could ever make are left out.

    Travel times are expected to obey the triangle inequality, as shortest times do.

    Attributes
    ----------
    post_keys, point_keys : keys of the places
    kinds : kinds of units, such as car, motorcycle, foot
    seconds, metres : int32[kinds, places, places], ``NO_WAY`` where there is none, 0 on the diagonal
    vehicles : types of units
    visit_point : int32[v], index into ``point_keys``
    visit_number : int32[v], 0 for the first visit of a point in the shift, 1 for the second
    window : int32[v, 2], earliest and latest begin
    dwell : int32[v]
    required : bool[v]
    prize : int64[v], seconds of travel that an optional visit is worth; 0 for required ones
    eligible : bool[v, kinds]
    unit_seconds : seconds of travel that using one more unit must save
    load : int32[v], what a visit takes of the capacity of its unit, such as barriers to be set; 0 where not given
    """

    post_keys: tuple[str, ...]
    point_keys: tuple[str, ...]
    kinds: tuple[str, ...]
    seconds: npt.NDArray[np.int32]
    metres: npt.NDArray[np.int32]
    vehicles: tuple[VehicleType, ...]
    visit_point: npt.NDArray[np.int32]
    visit_number: npt.NDArray[np.int32]
    window: npt.NDArray[np.int32]
    dwell: npt.NDArray[np.int32]
    required: npt.NDArray[np.bool_]
    prize: npt.NDArray[np.int64]
    eligible: npt.NDArray[np.bool_]
    unit_seconds: int = 0
    load: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))

    def __post_init__(self) -> None:
        if not len(self.load):
            object.__setattr__(self, "load", np.zeros(len(self.visit_point), np.int32))
        kinds: dict[str, type[np.generic]] = {
            "seconds": np.int32, "metres": np.int32, "visit_point": np.int32, "visit_number": np.int32,
            "window": np.int32, "dwell": np.int32, "required": np.bool_, "prize": np.int64, "eligible": np.bool_,
            "load": np.int32,
        }  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, read_only(getattr(self, name), kind))
        self._require_shapes()
        self._require_travel()
        self._require_visits()
        self._require_vehicles()

    @property
    def visits(self) -> int:
        """Number of visits asked for."""
        return len(self.visit_point)

    @property
    def units(self) -> int:
        """Number of units on shift."""
        return sum(vehicle.available for vehicle in self.vehicles)

    @property
    def place_of_visit(self) -> npt.NDArray[np.int64]:
        """Return the place of each visit, int64[v]."""
        return self.visit_point.astype(np.int64) + len(self.post_keys)

    def kind_of(self, vehicle: VehicleType) -> int:
        """Return the index of a type's kind in ``kinds``."""
        return self.kinds.index(vehicle.kind)

    def visit_key(self, visit: int) -> str:
        """Return the key of a visit's point, with the number of the visit where there are several."""
        point = int(self.visit_point[visit])
        several = int((self.visit_point == point).sum()) > 1
        return self.point_keys[point] + (f" #{int(self.visit_number[visit]) + 1}" if several else "")

    @property
    def missed_seconds(self) -> int:
        """Price of a required visit not made: above all travel and prizes of any plan: none is missed to save."""
        usable = np.where(self.seconds >= NO_WAY, 0, self.seconds).astype(np.int64)
        places = self.place_of_visit
        into = usable.max(axis=(0, 1))[places]
        out = usable.max(axis=(0, 2))[places]
        return 1 + int((into + out).sum()) + int(self.prize.sum()) + self.unit_seconds * self.visits

    def _require_shapes(self) -> None:
        places, v = len(self.post_keys) + len(self.point_keys), len(self.visit_point)
        wanted = {
            "seconds": (len(self.kinds), places, places), "metres": (len(self.kinds), places, places),
            "visit_number": (v,), "window": (v, 2), "dwell": (v,), "required": (v,), "prize": (v,),
            "eligible": (v, len(self.kinds)), "load": (v,),
        }  # fmt: skip
        for name, shape in wanted.items():
            found = getattr(self, name).shape
            if found != shape:
                raise InputError(f"{name} has shape {found}, not {shape}", f"{name} 的形状为 {found}，应为 {shape}")
        for keys, en, zh in ((self.post_keys, "Posts", "屯警点"), (self.point_keys, "Points", "必巡点")):
            double = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) != len(keys) else []
            if double:
                names = ", ".join(double[:5])
                raise InputError(f"{en} are listed twice: {names}", f"{zh}编号重复：{names}", rows=double)

    def _require_travel(self) -> None:
        for name in ("seconds", "metres"):
            array = getattr(self, name)
            if (array < 0).any() or (np.diagonal(array, axis1=1, axis2=2) != 0).any():
                raise InputError(
                    f"{name} are negative, or not 0 from a place to itself", f"{name} 为负数或对角线不为 0"
                )

    def _require_visits(self) -> None:
        v = self.visits
        if v == 0:
            raise InfeasibleError(
                "There is no point to visit; add must-visit points that are not by video",
                "没有需要到场的必巡点，请添加",
            )
        if self.visit_point.min() < 0 or self.visit_point.max() >= len(self.point_keys):
            raise ParameterError("A visit names a point that does not exist", "巡逻任务引用了不存在的点")
        bad = (self.dwell < 0) | (self.window[:, 0] < 0) | (self.window[:, 1] < self.window[:, 0]) | (self.prize < 0)
        bad |= self.load < 0
        if bad.any():
            names = [self.point_keys[int(p)] for p in self.visit_point[bad]]
            raise InputError(
                f"Dwell, window, prize or load is negative or reversed at {', '.join(names[:5])}",
                f"{'、'.join(names[:5])} 的驻守时长、时间窗、权重或载量为负或颠倒",
                rows=names,
            )

    def _require_vehicles(self) -> None:
        if self.units == 0:
            raise InfeasibleError("No unit is on this shift; assign units to it", "该班次没有巡组，请先排班")
        for vehicle in self.vehicles:
            posts = (vehicle.start_post, vehicle.end_post)
            if vehicle.kind not in self.kinds or min(posts) < 0 or max(posts) >= len(self.post_keys):
                raise ParameterError(
                    f"Units {', '.join(vehicle.unit_keys[:5])} have an unknown kind or post",
                    f"巡组 {'、'.join(vehicle.unit_keys[:5])} 的类型或屯警点不存在",
                    rows=vehicle.unit_keys,
                )
            if not 0 < vehicle.shift_seconds < NO_WAY:
                raise ParameterError("A shift must last longer than 0 seconds", "班次时长必须大于 0 秒")
            if vehicle.capacity < 0:
                raise ParameterError("The capacity of a unit must be 0 or more", "巡组载量不得为负")
