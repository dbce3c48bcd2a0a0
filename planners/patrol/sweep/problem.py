"""The question of a sweep: which streets are to be driven along, over which streets, by how many units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.arrays import read_only

MOST_TASKS: Final = 3000
"""Streets of one sweep: the ways between all of them are held at once."""

Goal = Literal["total", "longest"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SweepProblem:
    """Drive along every task from the depot and back; all arrays are read-only, all costs whole numbers.

    ``n`` nodes, ``m`` arcs, ``t`` tasks. A task is a street to be swept: along its first arc, or along its second where it
    has one. Between tasks units drive any arcs at ``cost``. With ``goal`` "total" the sum of all routes is least, with
    "longest" the longest route. On streets the costs are milliseconds.

    Attributes
    ----------
    nodes : number of nodes
    tails, heads : int32[m]
    cost : int64[m], 0 or more
    task_keys : names of the tasks
    task_arcs : int32[t, 2], the arc that sweeps the task, and the one that does so the other way or -1
    serve : int64[t, 2], cost of sweeping along either; ignored where there is no second arc
    demand : int64[t], 0 or more, in the unit of ``capacity``
    depot : node where all routes begin and end
    vehicles : the most routes there may be, None for any number
    capacity : the most demand of a route, None for any
    limit : the most cost of a route, None for any
    goal : what is least
    street_arcs : int32[m], the arc of the street network that each arc is, -1 for none; empty where there is no network
    """

    nodes: int
    tails: npt.NDArray[np.int32]
    heads: npt.NDArray[np.int32]
    cost: npt.NDArray[np.int64]
    task_keys: tuple[str, ...]
    task_arcs: npt.NDArray[np.int32]
    serve: npt.NDArray[np.int64]
    demand: npt.NDArray[np.int64]
    depot: int
    vehicles: int | None = None
    capacity: int | None = None
    limit: int | None = None
    goal: Goal = "total"
    street_arcs: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        kinds: dict[str, type[np.generic]] = {
            "tails": np.int32, "heads": np.int32, "cost": np.int64, "task_arcs": np.int32, "serve": np.int64,
            "demand": np.int64, "street_arcs": np.int32,
        }  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, read_only(getattr(self, name), kind))
        self._require_shapes()
        self._require_tasks()
        for value, en, zh in (
            (self.vehicles, "number of units", "巡组数"),
            (self.capacity, "capacity of a unit", "单组容量"),
            (self.limit, "time of a unit", "单组时限"),
        ):
            if value is not None and value < 1:
                raise ParameterError(f"The {en} must be at least 1", f"{zh}至少为 1")

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return len(self.task_keys)

    @property
    def arcs(self) -> int:
        """Number of arcs."""
        return len(self.tails)

    def two_way(self) -> npt.NDArray[np.bool_]:
        """Return whether each task may be swept either way, bool[t]."""
        return self.task_arcs[:, 1] >= 0

    def _require_shapes(self) -> None:
        m, t = len(self.tails), len(self.task_keys)
        wanted: dict[str, tuple[int, ...]] = {
            "heads": (m,),
            "cost": (m,),
            "task_arcs": (t, 2),
            "serve": (t, 2),
            "demand": (t,),
        }
        if len(self.street_arcs):
            wanted["street_arcs"] = (m,)
        for name, shape in wanted.items():
            found = getattr(self, name).shape
            if found != shape:
                raise InputError(f"{name} has shape {found}, not {shape}", f"{name} 的形状为 {found}，应为 {shape}")
        if t == 0:
            raise InfeasibleError(
                "There is no street to sweep; choose a part with streets", "没有需要巡查的道路，请选择有道路的范围"
            )
        if t > MOST_TASKS:
            raise ParameterError(
                f"{t} streets are more than one sweep can hold ({MOST_TASKS}); choose a smaller part",
                f"所选范围有 {t} 段道路，超过一次巡查的上限 {MOST_TASKS} 段，请缩小范围",
            )
        ends = np.concatenate([self.tails, self.heads, [self.depot]])
        if ends.min() < 0 or ends.max() >= self.nodes:
            raise InputError("An arc or the depot is at a node that does not exist", "路段或驻点引用了不存在的节点")
        if (self.cost < 0).any() or (self.demand < 0).any():
            raise InputError("A cost or a demand is below 0", "费用或需求量小于 0")

    def _require_tasks(self) -> None:
        first, second = self.task_arcs.T
        bad = (first < 0) | (first >= self.arcs) | (second < -1) | (second >= self.arcs)
        if bad.any():
            raise InputError("A task is on an arc that does not exist", "任务引用了不存在的路段")
        if (self.serve[:, 0] < 0).any() or (self.serve[second >= 0, 1] < 0).any():
            raise InputError("Sweeping a street costs less than 0", "巡查费用小于 0")
        ends = np.stack([self.tails[first], self.heads[first]])
        back = np.stack([self.heads[second], self.tails[second]])
        if (ends != back)[:, second >= 0].any():
            raise InputError("The two arcs of a task do not join the same nodes", "同一任务的两个方向端点不一致")
