"""The hypercube queueing model, exactly: workloads and who answers whom, with calls that wait in one queue.

``N`` units, each free or busy: ``2^N`` states. Calls arrive from places as Poisson streams, service is exponential with
one mean ``1/mu``. A call goes to the first free unit in its place's order of preference; where all are busy it waits,
first come first served, and is answered by whichever unit is free first, so by each with chance ``1/N``. The balance
of each state with a free unit is::

    (lambda + mu |B|) P(B) = sum_{i in B} rate(B - i -> i) P(B - i) + sum_{i not in B} mu P(B + i)

where ``rate(B - i -> i)`` is the rate of the places whose first free unit in state ``B - i`` is ``i``. The states with
all units busy and ``k`` waiting are ``P(full) rho^k`` with ``rho = lambda / (N mu)``.

Larson, R. C. (1974). A hypercube queuing model for facility location and redistricting in urban emergency services.
Computers and Operations Research 1, 67-95. Larson, R. C. and Odoni, A. R. (1981). Urban Operations Research, ch. 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import spsolve

from geo.errors import InfeasibleError, InputError, LimitError
from planners.arrays import read_only

LARGEST: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HypercubeProblem:
    """Places with call rates and, for each, the units in order of preference.

    Attributes
    ----------
    rates : float64[places], calls in one unit of time
    preferences : int32[places, units], unit numbers from 0, best first
    service : mean service time, in the same unit of time
    """

    rates: npt.NDArray[np.float64]
    preferences: npt.NDArray[np.int32]
    service: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", read_only(self.rates, np.float64))
        object.__setattr__(self, "preferences", read_only(self.preferences, np.int32))
        order = self.preferences
        if order.ndim != 2 or len(order) != len(self.rates) or not len(self.rates):
            raise InputError("Each place needs one order of preference", "每个地点需要一个派警顺序")
        if (np.sort(order, axis=1) != np.arange(order.shape[1])).any():
            raise InputError("An order of preference must name each unit once", "派警顺序须包含每个单位各一次")
        if not np.isfinite(self.rates).all() or (self.rates < 0).any() or not self.rates.any() or not self.service > 0:
            raise InputError(
                "Call rates must be 0 or more, not all 0, and service above 0", "呼叫率应不小于 0 且服务时间大于 0"
            )
        if self.units > LARGEST:
            raise LimitError(
                f"{self.units} units are too many to solve exactly; at most {LARGEST}", f"精确求解至多 {LARGEST} 个单位"
            )
        if self.load >= self.units:
            raise InfeasibleError(
                f"{self.units} units cannot carry a load of {self.load:g}; more than {self.load:g} are needed",
                f"{self.units} 个单位无法承担 {self.load:g} 的负荷，单位数须大于 {self.load:g}",
            )

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.preferences.shape[1])

    @property
    def load(self) -> float:
        """Units kept busy on average."""
        return float(self.rates.sum()) * self.service


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HypercubeState:
    """Long-run figures.

    Attributes
    ----------
    states : float64[2^N], probability that just the units of the bit mask are busy; the last is "all busy, none waiting"
    workload : float64[N], share of time busy
    queued_share : share of calls that wait
    shares : float64[places, N], share of all calls that are from the place and answered by the unit
    """

    states: npt.NDArray[np.float64]
    workload: npt.NDArray[np.float64]
    queued_share: float
    shares: npt.NDArray[np.float64]

    def out_of_area(self, preferences: npt.NDArray[np.int32]) -> float:
        """Return the share of calls that another unit than the place's first answers."""
        own = self.shares[np.arange(len(preferences)), preferences[:, 0]].sum()
        return float(1.0 - own)


def solve_hypercube(problem: HypercubeProblem) -> HypercubeState:
    """Solve the balance equations of all states."""
    n, rate, mu = problem.units, problem.rates, 1.0 / problem.service
    total = float(rate.sum())
    full = 2**n - 1
    masks = np.arange(2**n)
    first = _first_free(problem)
    rows, columns, values = [], [], []
    busy = np.array([int(mask).bit_count() for mask in masks])
    for place in range(len(rate)):
        free = masks[:-1]
        rows.append(free | (1 << first[place, :-1]))
        columns.append(free)
        values.append(np.full(full, rate[place]))
    for unit in range(n):
        on = masks[(masks >> unit) & 1 == 1]
        rows.append(on ^ (1 << unit))
        columns.append(on)
        values.append(np.full(len(on), mu))
    flow = sparse.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(2**n, 2**n)
    )
    # The queue beyond the full state balances itself: as much goes up to one waiting as comes down.
    leaving = np.where(masks == full, n * mu, total + busy * mu)
    balance = sparse.lil_matrix(flow - sparse.diags(leaving))
    rho = total / (n * mu)
    weight = np.ones(2**n)
    weight[full] = 1.0 / (1.0 - rho)
    balance[full, :] = weight
    right = np.zeros(2**n)
    right[full] = 1.0
    states = np.asarray(spsolve(sparse.csc_matrix(balance), right), np.float64)
    queued = float(states[full] * weight[full])
    waiting = queued - float(states[full])
    workload = np.array([states[(masks >> unit) & 1 == 1].sum() + waiting for unit in range(n)])
    shares = np.full((len(rate), n), queued / n)
    for place in range(len(rate)):
        shares[place] += np.bincount(first[place, :-1], weights=states[:-1], minlength=n)
    shares *= rate[:, None] / total
    return HypercubeState(
        states=read_only(states, np.float64),
        workload=read_only(workload, np.float64),
        queued_share=queued,
        shares=read_only(shares, np.float64),
    )


def _first_free(problem: HypercubeProblem) -> npt.NDArray[np.int64]:
    """Return the first free unit of each place in each state, int64[places, 2^N]; 0 where all are busy."""
    masks = np.arange(2**problem.units)
    out = np.zeros((len(problem.rates), len(masks)), np.int64)
    for place, order in enumerate(problem.preferences):
        for unit in order[::-1]:
            out[place, (masks >> int(unit)) & 1 == 0] = unit
    return out
