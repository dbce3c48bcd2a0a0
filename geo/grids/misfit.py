"""Where police grids (警格) and grids (网格) answer to different stations, and the transfers that would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import FieldError, ParameterError
from geo.grids.crosswalk import Crosswalk
from geo.incidents.rates import Share
from geo.tables.police_grids import PoliceGrids

Mover = Literal["grid", "police_grid"]
NO_STATION: Final = ""
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationMisfit:
    """Calls in the police grids of a station, and those of them whose grid answers to another one.

    ``taken`` are calls in grids of this station whose police grid belongs to another.
    """

    station: str
    name: str
    calls: int
    misfit: int
    taken: int

    @property
    def share(self) -> Share | None:
        """The share of misfit calls with its interval; None without calls."""
        return Share(part=self.misfit, n=self.calls) if self.calls else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """How badly two layers fit.

    Attributes
    ----------
    calls : calls that lie in a grid and in a police grid, both with a station
    misfit : those of them whose two stations differ
    stations : the same for each station, most misfit calls first
    left_out : calls that lie in no grid, no police grid, or one without a station
    """

    calls: int
    misfit: int
    stations: tuple[StationMisfit, ...]
    left_out: int

    @property
    def share(self) -> Share | None:
        """The misfit score with its interval; None without calls."""
        return Share(part=self.misfit, n=self.calls) if self.calls else None

    def frame(self) -> pd.DataFrame:
        """Return a row per station, last the whole (``*``): calls, misfit, taken, share, share_low, share_high."""
        rows = [(s.station, s.name, s.calls, s.misfit, s.taken, s.share) for s in self.stations]
        rows.append(("*", "", self.calls, self.misfit, self.misfit, self.share))
        return pd.DataFrame(
            [
                {
                    "station": station,
                    "station_name": name,
                    "calls": n,
                    "misfit": part,
                    "taken": taken,
                    "share": np.nan if share is None else share.value,
                    "share_low": np.nan if share is None else share.interval[0],
                    "share_high": np.nan if share is None else share.interval[1],
                }
                for station, name, n, part, taken, share in rows
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A grid, or police grid, that should answer to another station, and the score before and after.

    Attributes
    ----------
    what, code : which one
    from_station, to_station
    calls : calls in it that count
    before, after : misfit calls in all, each counted again
    """

    what: Mover
    code: str
    from_station: str
    to_station: str
    calls: int
    before: int
    after: int

    @property
    def mended(self) -> int:
        """Misfit calls fewer."""
        return self.before - self.after

    def sentence(self, language: str = "zh") -> str:
        """Return the proposal as a sentence."""
        if language.startswith("zh"):
            word = "网格" if self.what == "grid" else "警格"
            return (
                f"{word} {self.code} 由 {self.from_station} 划归 {self.to_station}："
                f"不一致警情由 {self.before} 起减至 {self.after} 起（该{word}内警情 {self.calls} 起）"
            )
        word = "Grid" if self.what == "grid" else "Police grid"
        return (
            f"{word} {self.code} from {self.from_station} to {self.to_station}: "
            f"misfit calls fall from {self.before} to {self.after} ({self.calls} calls in it)"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Counts:
    """Calls by pair of grid and police grid, and the station of each, as numbers; -1 for none."""

    grid: Int64s
    police: Int64s
    calls: Int64s
    grid_station: Int64s
    police_station: Int64s
    stations: tuple[str, ...]
    left_out: int

    def misfit(self) -> int:
        differs = self.grid_station[self.grid] != self.police_station[self.police]
        return int(self.calls[differs & self.known()].sum())

    def known(self) -> npt.NDArray[np.bool_]:
        return np.asarray((self.grid_station[self.grid] >= 0) & (self.police_station[self.police] >= 0))


def stations_of(police_grids: PoliceGrids) -> dict[str, str]:
    """Return the station of each police grid; those without one are left out."""
    frame = police_grids.frame
    return {
        str(code): str(station)
        for code, station in zip(frame["code"], frame["station_code"], strict=True)
        if isinstance(station, str) and station
    }


def main_stations(
    crosswalk: Crosswalk, station_of_police_grid: Mapping[str, str], *, basis: str = "area"
) -> dict[str, str]:
    """Return for each grid the station that has most of it, where nobody has laid down which one it answers to.

    The crosswalk is from grids to police grids. Grids without a police grid that has a station are left out; of equal
    stations the lowest code is taken.
    """
    shares = crosswalk.shares(basis).tocoo()
    held: dict[str, dict[str, float]] = {}
    for row, column, share in zip(shares.row.tolist(), shares.col.tolist(), shares.data.tolist(), strict=True):
        station = station_of_police_grid.get(crosswalk.target[column]) if column < len(crosswalk.target) else None
        if station is not None:
            mine = held.setdefault(crosswalk.source[row], {})
            mine[station] = mine.get(station, 0.0) + share
    return {grid: min(mine, key=lambda s: (-round(mine[s], 12), s)) for grid, mine in held.items()}


def score_misfit(
    crosswalk: Crosswalk,
    *,
    station_of_grid: Mapping[str, str],
    station_of_police_grid: Mapping[str, str],
    names: Mapping[str, str] | None = None,
    basis: str = "calls",
) -> Misfit:
    """Return the share of calls whose police grid's station and grid's station differ.

    Parameters
    ----------
    crosswalk
        From grids to police grids, with calls counted (``placed={"calls": …}``).
    station_of_grid, station_of_police_grid
        Station codes by code; what has none is left out and counted.
    """
    counts = _counts(crosswalk, station_of_grid, station_of_police_grid, basis)
    known = counts.known()
    of_grid = counts.grid_station[counts.grid][known]
    of_police = counts.police_station[counts.police][known]
    calls = counts.calls[known]
    differs = of_grid != of_police
    size = len(counts.stations)
    whole = np.bincount(of_police, weights=calls, minlength=size).astype(np.int64)
    lost = np.bincount(of_police[differs], weights=calls[differs], minlength=size).astype(np.int64)
    taken = np.bincount(of_grid[differs], weights=calls[differs], minlength=size).astype(np.int64)
    stations = [
        StationMisfit(station=code, name=(names or {}).get(code, ""), calls=int(n), misfit=int(part), taken=int(other))
        for code, n, part, other in zip(counts.stations, whole, lost, taken, strict=True)
    ]
    return Misfit(
        calls=int(calls.sum()),
        misfit=int(calls[differs].sum()),
        stations=tuple(sorted(stations, key=lambda s: (-s.misfit, s.station))),
        left_out=counts.left_out + int(counts.calls[~known].sum()),
    )


def propose_transfers(
    crosswalk: Crosswalk,
    *,
    station_of_grid: Mapping[str, str],
    station_of_police_grid: Mapping[str, str],
    movers: Literal["grids", "police_grids", "both"] = "grids",
    limit: int = 20,
    least: int = 1,
    basis: str = "calls",
) -> tuple[Proposal, ...]:
    """Return the transfers that would mend most misfit calls, one after another, each counted after those before it.

    Greedy: at each turn the single transfer with the largest gain is taken (grids before police grids, then the lowest
    code, of equals), until none mends ``least`` calls or there are ``limit``. Moving grids alone this is optimal, for
    the grids do not touch each other's calls. Both numbers of a proposal are counted anew from all pairs.
    """
    if limit < 0 or least < 1:
        raise ParameterError(
            f"limit ({limit}) must be 0 or more and least ({least}) 1 or more",
            f"limit（{limit}）应≥0，least（{least}）应≥1",
        )
    counts = _counts(crosswalk, station_of_grid, station_of_police_grid, basis)
    sides: list[tuple[Mover, Int64s, Int64s, Int64s, Int64s, tuple[str, ...]]] = []
    if movers in ("grids", "both"):
        sides.append(("grid", counts.grid, counts.grid_station, counts.police, counts.police_station, crosswalk.source))
    if movers in ("police_grids", "both"):
        sides.append(
            ("police_grid", counts.police, counts.police_station, counts.grid, counts.grid_station, crosswalk.target)
        )
    found: list[Proposal] = []
    before = counts.misfit()
    while len(found) < limit:
        best: tuple[int, Mover, Int64s, int, int, str] | None = None
        for what, mine, my_station, other, other_station, codes in sides:
            gain, row, station = _best_move(mine, my_station, other_station[other], counts, len(codes))
            if gain >= least and (best is None or gain > best[0]):
                best = (gain, what, my_station, row, station, codes[row])
        if best is None:
            break
        _, what, my_station, row, station, code = best
        from_ = counts.stations[my_station[row]]
        my_station[row] = station
        after = counts.misfit()
        own = counts.grid if what == "grid" else counts.police
        found.append(
            Proposal(
                what=what,
                code=code,
                from_station=from_,
                to_station=counts.stations[station],
                calls=int(counts.calls[(own == row) & counts.known()].sum()),
                before=before,
                after=after,
            )
        )
        before = after
    return tuple(found)


def _best_move(mine: Int64s, my_station: Int64s, theirs: Int64s, counts: _Counts, rows: int) -> tuple[int, int, int]:
    """Return the largest gain, and the row and station that give it; lowest row, then station, of equals."""
    size = len(counts.stations)
    usable = counts.known()
    if not usable.any() or not size:
        return 0, -1, -1
    key = mine[usable] * size + theirs[usable]
    pairs, place = np.unique(key, return_inverse=True)
    agreed = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(agreed, place, counts.calls[usable])
    row, station = np.divmod(pairs, size)
    now = np.zeros(rows, dtype=np.int64)
    held = station == my_station[row]
    now[row[held]] = agreed[held]
    gain = agreed - now[row]
    top = int(np.argmax(gain))
    return int(gain[top]), int(row[top]), int(station[top])


def _counts(
    crosswalk: Crosswalk, station_of_grid: Mapping[str, str], station_of_police_grid: Mapping[str, str], basis: str
) -> _Counts:
    if basis not in crosswalk.counts:
        raise FieldError(
            f"The crosswalk has no {basis} counted; build it with placed={{{basis!r}: …}}",
            f"对应关系中没有统计 {basis}，请在建立时给出",
        )
    stations = tuple(sorted({*station_of_grid.values(), *station_of_police_grid.values()} - {NO_STATION}))
    number = {code: i for i, code in enumerate(stations)}
    counted = np.flatnonzero(crosswalk.counts[basis])
    return _Counts(
        grid=crosswalk.row[counted],
        police=crosswalk.column[counted],
        calls=crosswalk.counts[basis][counted],
        grid_station=np.array([number.get(station_of_grid.get(c, ""), -1) for c in crosswalk.source], dtype=np.int64),
        police_station=np.array(
            [number.get(station_of_police_grid.get(c, ""), -1) for c in crosswalk.target], dtype=np.int64
        ),
        stations=stations,
        left_out=int(crosswalk.outside[basis].sum()) + crosswalk.unplaced[basis],
    )


def proposals_frame(proposals: tuple[Proposal, ...]) -> pd.DataFrame:
    """Return a row per proposal in order: rank, what, code, from, to, calls, before, after, mended, zh, en."""
    rows = [
        {
            "rank": rank,
            "what": p.what,
            "code": p.code,
            "from_station": p.from_station,
            "to_station": p.to_station,
            "calls": p.calls,
            "before": p.before,
            "after": p.after,
            "mended": p.mended,
            "zh": p.sentence("zh"),
            "en": p.sentence("en"),
        }
        for rank, p in enumerate(proposals, start=1)
    ]
    names = "rank what code from_station to_station calls before after mended zh en"
    return pd.DataFrame(rows, columns=names.split(" "))
