"""Who was on duty when, and the positions that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from api.services.workspace import Workspace
from geo.presence.legs import Duties, Sight, duties_of
from geo.presence.positions import Positions
from geo.store.port import Principal
from geo.tables.shifts import Shifts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """Positions of a period and its edges, turns of duty in it, and for each its unit and begin."""

    positions: Positions
    duties: Duties
    turns: list[tuple[str, float]]


def heard_positions(workspace: Workspace, principal: Principal, start: datetime, end: datetime, sight: Sight) -> Heard:
    """Return positions and turns of duty: by the roster for its units, else by the positions."""
    margin = sight.off_duty_seconds
    positions = workspace.history.read(start.timestamp() - margin, end.timestamp() + margin)
    units = workspace.units(principal).frame
    spans = {shift: spans_of(workspace, principal, str(shift), start, end) for shift in set(units["shift_id"])}
    number = {name: k for k, name in enumerate(positions.units)}
    unit, begin, until = [], [], []
    for name, shift in zip(units["unit_id"], units["shift_id"], strict=True):
        for a, b in spans[shift]:
            # A unit without any position in the history has a number beyond those that have.
            unit.append(number.get(str(name), len(positions.units)))
            begin.append(a)
            until.append(b)
    rostered = set(units["unit_id"])
    free = np.array([name not in rostered for name in positions.units] or [False])
    own = positions.where(free[positions.unit] if len(positions) else np.zeros(0, bool))
    others = duties_of(own, sight)
    known = np.array([number[name] for name in own.units], np.int64)
    turns = [
        (name, a) for name, shift in zip(units["unit_id"], units["shift_id"], strict=True) for a, _ in spans[shift]
    ]
    turns += [(own.units[u], a) for u, a in zip(others.unit.tolist(), others.begin.tolist(), strict=True)]
    duties = Duties(
        unit=np.r_[np.array(unit, np.int64), known[others.unit] if len(others) else np.zeros(0, np.int64)],
        begin=np.r_[np.array(begin, np.float64), others.begin], until=np.r_[np.array(until, np.float64), others.until],
    )  # fmt: skip
    return Heard(positions=positions, duties=duties, turns=turns)


def turns(workspace: Workspace, principal: Principal, start: datetime, end: datetime) -> Floats:
    """Return the turns of duty that lie whole in a period, float64[s, 2] seconds."""
    shifts = workspace.store.table(principal, Shifts)
    spans = [s for shift in shifts.keys for s in spans_of(workspace, principal, shift, start, end)]
    whole = sorted({(a, b) for a, b in spans if a >= start.timestamp() and b <= end.timestamp()})
    return np.array(whole, np.float64).reshape(-1, 2)


def spans_of(
    workspace: Workspace, principal: Principal, shift: str, start: datetime, end: datetime
) -> list[tuple[float, float]]:
    """Return the occurrences of a shift that meet a period, seconds since 1970."""
    frame = workspace.store.table(principal, Shifts).frame
    rows = frame[frame["shift_id"] == shift]
    out: list[tuple[float, float]] = []
    for row in rows.itertuples(index=False):
        midnight = start.astimezone(workspace.zone).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
            days=1
        )
        while midnight <= end:
            begin = midnight + timedelta(minutes=int(row.start_minute))
            until = begin + timedelta(minutes=int(row.length_minutes))
            if until > start and begin < end:
                out.append((begin.timestamp(), until.timestamp()))
            midnight += timedelta(days=1)
    return out
