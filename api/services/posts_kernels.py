"""The solvers' kernels made ready before the clock of a question starts: compiled once after the installation, then read back.

A time limit is for thinking. A kernel that is compiled (or read from disk) inside a solve would spend the planner's
seconds on work that has nothing to do with her question.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from planners.contract import Budget, Observer, Progress
from planners.posts.allocation import AllocationProblem, build_allocation
from planners.posts.backup import backup_worth
from planners.posts.build import build_coverage, build_mclp
from planners.posts.capacity import CapacityProblem, solve_capacity
from planners.posts.hierarchy import levels_135, solve_hierarchy
from planners.posts.least_change import solve_least_change
from planners.posts.lscp import LscpProblem, solve_lscp
from planners.posts.mclp import solve_mclp
from planners.posts.multi_cover import build_multi_cover, solve_multi_cover
from planners.posts.p_center import solve_p_center
from planners.posts.p_median import solve_p_median
from planners.posts.problem import MclpProblem
from planners.posts.robust import RobustProblem, solve_robust
from planners.posts.site_budget import SiteBudgetProblem, solve_site_budget

Floats = npt.NDArray[np.float64]
DEMAND, SITES, P, LIMIT = 120, 40, 8, 240.0
BUDGET: Final = Budget(seconds=20.0, seed=1)


def _seconds() -> Floats:
    """Return times on a plane with a tie here and there: small, and still not solved by the reductions alone."""
    rng = np.random.default_rng(5)
    places, sites = rng.uniform(0, 1000, (DEMAND, 2)), rng.uniform(0, 1000, (SITES, 2))
    apart = places[:, None] - sites[None]
    return np.asarray(np.round(np.hypot(apart[..., 0], apart[..., 1])), np.float64)


_WEIGHTS: Final = np.random.default_rng(6).integers(1, 30, DEMAND).astype(np.float64)
_KEYS: Final = tuple(str(site) for site in range(SITES))
_FIXED: Final = np.array([3], np.int32)


def _cover(weights: Floats = _WEIGHTS, *, limit: float = LIMIT, p: int = P) -> MclpProblem:
    return build_mclp(_seconds(), weights=weights, site_keys=_KEYS, p=p, radius_seconds=limit, fixed=[3], closed=[7])


def _times() -> AllocationProblem:
    return build_allocation(_seconds(), weights=_WEIGHTS, site_keys=_KEYS, p=P, fixed=[3], closed=[7])


def _mclp() -> None:
    solve_mclp(_cover(), BUDGET)
    solve_least_change(_cover(), np.arange(P), moves=2, budget=BUDGET)


def _budget() -> None:
    solve_site_budget(
        SiteBudgetProblem(
            coverage=_cover().coverage, weights=_WEIGHTS, site_keys=_KEYS, costs=np.tile([1.0, 2.0], SITES // 2), budget=12.0,
            fixed=_FIXED, closed=np.array([7], np.int32),
        ),
        BUDGET,
    )  # fmt: skip


def _lscp() -> None:
    solve_lscp(
        LscpProblem(coverage=_cover().coverage, site_keys=_KEYS, fixed=_FIXED, closed=np.array([7], np.int32)), BUDGET
    )


def _p_median() -> None:
    solve_p_median(_times(), BUDGET)
    solve_least_change(_times(), np.arange(P), moves=2, budget=BUDGET)


def _multi_cover() -> None:
    coverage = build_coverage(_seconds(), demand=DEMAND, sites=SITES, radius_seconds=LIMIT)
    solve_multi_cover(
        build_multi_cover(
            coverage, weights=_WEIGHTS, worth=backup_worth(k=2, first_share=0.5), site_keys=_KEYS, p=P, fixed=[3]
        ),
        BUDGET,
    )


def _capacity() -> None:
    each = np.full(SITES, np.ceil(1.3 * _WEIGHTS.sum() / P))
    solve_capacity(
        CapacityProblem(
            seconds=_seconds(), weights=_WEIGHTS, capacities=each, site_keys=_KEYS, p=P, fixed=_FIXED,
            closed=np.array([7], np.int32), radius_seconds=LIMIT, split=False,
        ),
        Budget(seconds=1.0, seed=1),
    )  # fmt: skip


def _hierarchy() -> None:
    solve_hierarchy(levels_135([_cover(limit=120.0), _cover(), _cover(limit=400.0, p=3)]), Budget(seconds=2.0, seed=1))


def _robust() -> None:
    part = np.random.default_rng(7).uniform(0.2, 0.8, DEMAND)
    solve_robust(
        RobustProblem(problem=_cover(), weights=np.stack([_WEIGHTS * part, _WEIGHTS * (1 - part)]), names=("a", "b")),
        Budget(seconds=2.0, seed=1),
    )


_READY: Final[Mapping[str, Callable[[], object]]] = {
    "mclp": _mclp,
    "p_median": _p_median,
    "lscp": _lscp,
    "p_center": lambda: solve_p_center(_times(), BUDGET),
    "backup": _multi_cover,
    "budget": _budget,
    "hierarchy": _hierarchy,
    "robust": _robust,
    "capacity": _capacity,
}
_SAME: Final = {"mexclp": "backup", "timed": "mclp"}
_guards: Final = {name: threading.Lock() for name in _READY}
_done: Final[set[str]] = set()
KERNELS: Final = tuple(_READY)
"""What ``kernels_ready`` can make ready, the most asked first."""


def kernels_waiting(*names: str) -> bool:
    """Return whether a question of these models would have to wait for its kernels."""
    return any(_SAME.get(name, name) not in _done for name in names)


def get_ready(observe: Observer, *names: str) -> None:
    """Make the kernels of some models ready before a budget starts, and say so where that takes time."""
    if kernels_waiting(*names):
        observe(
            Progress(seconds=0.0, share=0.0, message="首次使用，正在准备求解器 / preparing the solver, first use only")
        )
        kernels_ready(*names)


def kernels_ready(*names: str) -> None:
    """Compile or read the kernels of some models by solving a small problem of each; nothing is done a second time."""
    for name in dict.fromkeys(_SAME.get(name, name) for name in names):
        if name in _done:
            continue
        with _guards[name]:
            if name not in _done:
                _READY[name]()
                _done.add(name)
