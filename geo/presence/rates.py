"""见警率 and 管控率 from presence: with n, interval, and what is unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.incidents.rates import Share
from geo.presence.seen import HOUR, Presence

Floats = npt.NDArray[np.float64]
SEEN, NOT_SEEN, UNKNOWN = 1, 0, -1
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share of what is known, with the bounds that the unknown leaves.

    Attributes
    ----------
    yes, no, unknown : how many were so, were not so, and are not known
    interval : 95 %, None without anything known; wider than that of as many independent cases where they hang together
    """

    yes: int
    no: int
    unknown: int
    interval: tuple[float, float] | None

    @property
    def n(self) -> int:
        """How many are known."""
        return self.yes + self.no

    @property
    def value(self) -> float | None:
        """The share of what is known."""
        return self.yes / self.n if self.n else None

    @property
    def unknown_share(self) -> float | None:
        """The share that is not known."""
        whole = self.n + self.unknown
        return self.unknown / whole if whole else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The share of all if the unknown were all no, and if they were all yes."""
        whole = self.n + self.unknown
        return (self.yes / whole, (self.yes + self.unknown) / whole) if whole else None


def rate_of(states: npt.NDArray[np.int8]) -> Rate:
    """Return the rate of ``SEEN``, ``NOT_SEEN``, ``UNKNOWN`` in int8[groups, cases].

    Cases of one group hang together: the interval is Wilson's with the number of cases that, were they independent, would
    vary as much as the groups do (ratio estimator over groups); with one group it is Wilson's of the cases.
    """
    table = np.atleast_2d(states)
    yes, no = (table == SEEN).sum(axis=1), (table == NOT_SEEN).sum(axis=1)
    part, n, lost = int(yes.sum()), int((yes + no).sum()), int((table == UNKNOWN).sum())
    return Rate(yes=part, no=n - part, unknown=lost, interval=_interval(yes, yes + no) if n else None)


def _interval(yes: npt.NDArray[np.int64], n: npt.NDArray[np.int64]) -> tuple[float, float]:
    part, whole = int(yes.sum()), int(n.sum())
    groups = int((n > 0).sum())
    share = part / whole
    if groups < 2 or part in (0, whole):
        return Share(part=part, n=whole).interval
    spread = groups / (groups - 1) * float(((yes - share * n) ** 2).sum()) / whole**2
    worth = min(float(whole), share * (1 - share) / spread) if spread > 0 else float(whole)
    centre = (share + _Z * _Z / (2 * worth)) / (1 + _Z * _Z / worth)
    half = _Z * np.sqrt(share * (1 - share) / worth + _Z * _Z / (4 * worth**2)) / (1 + _Z * _Z / worth)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def place_hours(made: Presence, edges: Floats) -> npt.NDArray[np.int8]:
    """Return what is known of each place in each bin (usually hours), int8[p, b]: seen, not seen or unknown."""
    seen = made.seen.touches(made.places, edges)
    known = 1.0 - made.unknown_seconds(edges) / np.diff(edges)[None, :]
    sure = known >= made.sight.least_known_share
    return np.where(seen, SEEN, np.where(sure, NOT_SEEN, UNKNOWN)).astype(np.int8)


def hours_between(start: float, end: float) -> Floats:
    """Return the edges of whole hours from ``start``; a last hour that is not whole is left out."""
    return np.asarray(start + HOUR * np.arange(int((end - start) // HOUR) + 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """Visits that points ask for in each of s turns of duty.

    Attributes
    ----------
    edges : float64[s, 2], beginning and end of each, seconds
    visits : int64[p], visits in each
    least_seconds : float64[p], a shorter stay is no visit
    """

    edges: Floats
    visits: npt.NDArray[np.int64]
    least_seconds: Floats


def control_states(made: Presence, demand: Demand) -> npt.NDArray[np.int8]:
    """Return for each demanded visit whether it was made, int8[p, s * most visits]; what nobody asked for is -2.

    A missing visit is unknown where the time of which nothing is known would have held it.
    """
    p, most = made.places, int(demand.visits.max()) if len(demand.visits) else 0
    stays = made.stays()
    out = np.full((p, len(demand.edges), max(most, 1)), -2, np.int8)
    middle = 0.5 * (stays.begin + stays.until)
    long = stays.until - stays.begin >= demand.least_seconds[stays.place] if len(stays) else np.zeros(0, bool)
    for s, (begin, until) in enumerate(demand.edges.tolist()):
        # A stay over the change of duty counts where most of it lies.
        mine = long & (middle >= begin) & (middle < until)
        done = np.minimum(np.bincount(stays.place[mine], minlength=p)[:p], demand.visits)
        lost = made.unknown_seconds(np.array([begin, until]))[:, 0]
        room = np.floor(lost / np.maximum(demand.least_seconds, 1.0)).astype(np.int64)
        maybe = np.minimum(room, demand.visits - done)
        number = np.arange(max(most, 1))[None, :]
        state = np.where(number < done[:, None], SEEN, np.where(number < (done + maybe)[:, None], UNKNOWN, NOT_SEEN))
        out[:, s] = np.where(number < demand.visits[:, None], state, -2)
    return out.reshape(p, -1)
