"""Posts that can only do so much: capacitated covering and capacitated p-median.

``d_ij`` seconds, ``w_i`` demand, ``Q_j`` what a post at site ``j`` can take, ``x_ij`` the share of demand point ``i`` that it
takes, ``y_j = 1`` when it is open. The median::

    minimise    sum_ij w_i d_ij x_ij
    subject to  sum_j x_ij = 1                 for every i
                sum_i w_i x_ij <= Q_j y_j      for every j
                x_ij <= y_j                    for every i, j
                sum_j y_j = p,  y_j in {0, 1},  0 <= x_ij <= 1

Covering maximises ``sum w_i x_ij`` over the pairs within the limit (equality covers), with ``sum_j x_ij <= 1``. Unless
demand may be split, ``x`` is whole. A demand point need not belong to the nearest post.

Current, J. and Storbeck, J. (1988). Capacitated covering models. Environment and Planning B 15, 153-163. Mulvey, J. and
Beck, M. (1984). Solving capacitated clustering problems. European Journal of Operational Research 18, 339-348.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.errors import CheckError, InfeasibleError, InputError
from planners.arrays import read_only
from planners.contract import Budget, Observer, Outcome, silent, stopped_before_any_plan
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.problem import brief, named, require_seconds, require_sites, require_weights

SOLVER = "posts.capacity.exact"
Floats = npt.NDArray[np.float64]
Sites = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CapacityProblem:
    """Open ``p`` sites that take no more than they can.

    Attributes
    ----------
    seconds : float64[n, m], inf where unreachable
    weights : float64[n], demand, at least 0
    capacities : float64[m], at least 0
    site_keys, demand_keys : keys, the second possibly empty
    p, fixed, closed : as ``AllocationProblem``
    radius_seconds : None asks for the median of all demand; a limit asks for the most demand taken within it
    split : whether a demand point may be shared by posts
    """

    seconds: Floats
    weights: Floats
    capacities: Floats
    site_keys: tuple[str, ...]
    p: int
    demand_keys: tuple[str, ...] = ()
    fixed: npt.NDArray[np.int32]
    closed: npt.NDArray[np.int32]
    radius_seconds: float | None = None
    split: bool = False

    def __post_init__(self) -> None:
        for name in ("seconds", "weights", "capacities"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))
        for name in ("fixed", "closed"):
            object.__setattr__(self, name, read_only(np.unique(np.asarray(getattr(self, name), np.int32)), np.int32))
        n, m = self.seconds.shape
        require_weights(self.weights, self.demand_keys, n)
        require_sites(self.site_keys, m, p=self.p, fixed=self.fixed, closed=self.closed)
        if len(self.capacities) != m or not np.isfinite(self.capacities).all() or (self.capacities < 0).any():
            raise InputError("Each site needs a capacity of 0 or more", "每个点位需有不小于 0 的承载能力")
        require_seconds(self.seconds, self.demand_keys)
        if self.radius_seconds is None:
            self._require_room()

    def _require_room(self) -> None:
        """Refuse demand that no ``p`` sites have room for, or that no site reaches or can take."""
        usable = np.flatnonzero(self.usable)
        needed = math.fsum(self.weights.tolist())
        others = np.setdiff1d(usable, self.fixed)
        ranked = np.sort(self.capacities[others])[::-1]
        held = math.fsum(self.capacities[self.fixed].tolist())
        room = held + math.fsum(ranked[: self.p - len(self.fixed)].tolist())
        if room < needed * (1 - 1e-12):
            running = held + np.cumsum(ranked)
            enough = np.flatnonzero(running >= needed * (1 - 1e-12))
            advice = f"ask for at least {len(self.fixed) + int(enough[0]) + 1} posts" if len(enough) else "add capacity"
            hint = f"请至少设 {len(self.fixed) + int(enough[0]) + 1} 个点" if len(enough) else "请增加承载能力"
            raise InfeasibleError(
                f"{self.p} posts can take at most {room:g} of a demand of {needed:g}; {advice}",
                f"{self.p} 个点最多承担 {room:g}，需求共 {needed:g}，{hint}",
            )
        fits = np.isfinite(self.seconds[:, usable])
        if not self.split:
            fits &= self.weights[:, None] <= self.capacities[usable][None, :] * (1 + 1e-12)
        left = np.flatnonzero(~fits.any(axis=1))
        if len(left):
            names = named(self.demand_keys, left)
            raise InfeasibleError(
                f"No site that may be open reaches {brief(names)} and has room for it; split the demand or add capacity",
                f"没有可用点位既能到达又能承担需求点 {brief(names)}，请允许拆分或增加承载能力",
                rows=names,
            )

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Sites that may be open, bool[m]."""
        out = np.ones(self.seconds.shape[1], bool)
        out[self.closed] = False
        return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CapacityPlan:
    """Open sites, and who takes what.

    Attributes
    ----------
    sites : int32[k], rising
    rows, takers, shares : int32, int32, float64; post ``takers[e]`` takes ``shares[e]`` of demand point ``rows[e]``
    """

    sites: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]
    takers: npt.NDArray[np.int32]
    shares: Floats

    def __post_init__(self) -> None:
        for name, kind in (("sites", np.int32), ("rows", np.int32), ("takers", np.int32), ("shares", np.float64)):
            object.__setattr__(self, name, read_only(getattr(self, name), kind))

    def loads(self, problem: CapacityProblem) -> Floats:
        """Return what each open site takes, float64[k]."""
        taken = np.bincount(
            self.takers, weights=self.shares * problem.weights[self.rows], minlength=len(problem.capacities)
        )
        return np.asarray(taken[self.sites], np.float64)


def solve_capacity(problem: CapacityProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[CapacityPlan]:
    """Find the best plan and prove it, or the best found and a bound when the budget (seconds, nodes) ends."""
    began = time.perf_counter()
    program, rows, sites = program_of(problem)
    answer = solve_program(program, budget, observe=observe, began=began)
    if not answer.feasible:
        raise InfeasibleError(
            f"No {problem.p} posts reach all demand and have room for it; ask for more posts or let demand be split",
            f"{problem.p} 个点无法在承载能力内承担全部需求，请增加点数或允许拆分需求",
        )
    sense = 1 if problem.radius_seconds is not None else -1
    if answer.values is None:
        if sense < 0:
            raise stopped_before_any_plan()
        values = np.zeros(len(program.costs))
        values[_fill(problem)] = 1.0
    else:
        values = answer.values
    m = problem.seconds.shape[1]
    share = values[m:] if problem.split else np.round(values[m:])
    kept = share > 1e-9
    plan = CapacityPlan(
        sites=np.flatnonzero(values[:m] > 0.5).astype(np.int32),
        rows=rows[kept].astype(np.int32),
        takers=sites[kept].astype(np.int32),
        shares=np.minimum(share[kept], 1.0),
    )
    objective = check_capacity(problem, plan)
    bound = answer.bound if answer.bound is not None else (float(problem.weights.sum()) if sense > 0 else 0.0)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=max(bound, objective) if sense > 0 else min(bound, objective),
        sense=sense,
        termination=answer.termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def check_capacity(problem: CapacityProblem, plan: CapacityPlan) -> float:
    """Return the weighted seconds, or the demand taken within the limit, of a plan; or raise ``CheckError``."""
    sites = plan.sites.astype(np.int64)
    wrong = len(sites) != problem.p or (np.diff(sites) <= 0).any() or not problem.usable[sites].all()
    if wrong or len(np.setdiff1d(problem.fixed, sites)):
        raise CheckError(
            f"The plan does not open {problem.p} usable sites, the fixed ones among them",
            f"方案未按要求启用 {problem.p} 个可用点位（含固定点）",
        )
    seconds = problem.seconds[plan.rows, plan.takers]
    limit = np.inf if problem.radius_seconds is None else problem.radius_seconds
    bad = ~np.isin(plan.takers, sites) | ~np.isfinite(seconds) | (seconds > limit)
    bad |= (plan.shares <= 0) | (plan.shares > 1 + 1e-9) | (not problem.split and np.abs(plan.shares - 1) > 1e-9)
    taken = np.bincount(plan.rows, weights=plan.shares, minlength=len(problem.weights))
    over = taken > 1 + 1e-6
    if problem.radius_seconds is None:
        over |= taken < 1 - 1e-6
    names = named(problem.demand_keys, np.union1d(plan.rows[bad], np.flatnonzero(over)).astype(np.int64))
    if names:
        raise CheckError(
            f"Demand {brief(names)} is not taken once, by an open post in reach",
            f"需求点 {brief(names)} 未由可达的已设点恰好承担一次",
            rows=names,
        )
    full = plan.loads(problem) > problem.capacities[sites] * (1 + 1e-6) + 1e-9
    if full.any():
        names = named(problem.site_keys, sites[full])
        raise CheckError(
            f"Posts {brief(names)} take more than they can", f"屯警点 {brief(names)} 超出承载能力", rows=names
        )
    amount = plan.shares * problem.weights[plan.rows]
    return math.fsum((amount if problem.radius_seconds is not None else amount * seconds).tolist())


def program_of(problem: CapacityProblem) -> tuple[IntegerProgram, Sites, Sites]:
    """Return the program, first ``y`` then ``x`` of the pairs, and the demand point and site of each pair."""
    n, m = problem.seconds.shape
    limit = problem.radius_seconds
    possible = np.isfinite(problem.seconds) & problem.usable[None, :]
    if limit is not None:
        possible &= problem.seconds <= limit
    if not problem.split:
        possible &= problem.weights[:, None] <= problem.capacities[None, :] * (1 + 1e-12)
    rows, columns = np.nonzero(possible)
    pairs, each = len(rows), np.arange(len(rows))
    ones, weight = np.ones(pairs), problem.weights[rows]
    served = sparse.csr_matrix((ones, (rows, each)), shape=(n, pairs))
    load = sparse.csr_matrix((weight, (columns, each)), shape=(m, pairs))
    room = sparse.diags(-problem.capacities)
    linked = sparse.hstack([sparse.csr_matrix((ones, (each, columns)), shape=(pairs, m)), -sparse.identity(pairs)])
    counted = sparse.hstack([sparse.csr_matrix(np.ones((1, m))), sparse.csr_matrix((1, pairs))])
    matrix = sparse.vstack(
        [sparse.hstack([sparse.csr_matrix((n, m)), served]), sparse.hstack([room, load]), linked, counted]
    )
    lower, upper = np.zeros(m + pairs), np.ones(m + pairs)
    lower[problem.fixed] = 1.0
    upper[problem.closed] = 0.0
    cost = weight if limit is not None else weight * problem.seconds[rows, columns]
    p = float(problem.p)
    program = IntegerProgram(
        costs=np.concatenate([np.zeros(m), cost]),
        lower=lower,
        upper=upper,
        whole=np.ones(m + pairs, bool) if not problem.split else np.arange(m + pairs) < m,
        rows=sparse.csr_matrix(matrix),
        row_lower=np.concatenate([np.full(n, float(limit is None)), np.full(m, -np.inf), np.zeros(pairs), [p]]),
        row_upper=np.concatenate([np.ones(n), np.zeros(m), np.full(pairs, np.inf), [p]]),
        sense=1 if limit is not None else -1,
    )
    return program, rows.astype(np.int64), columns.astype(np.int64)


def _fill(problem: CapacityProblem) -> Sites:
    """Return the fixed sites and the first others, ``p`` in all: a plan that takes nothing yet."""
    others = np.setdiff1d(np.flatnonzero(problem.usable), problem.fixed)
    return np.sort(np.concatenate([problem.fixed.astype(np.int64), others[: problem.p - len(problem.fixed)]]))
