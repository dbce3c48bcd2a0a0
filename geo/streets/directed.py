"""One-directional links of a source to street pieces: opposite links become one two-way piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.streets.assemble import Pieces, runs
from geo.streets.graph import FOOT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Links:
    """Directed links over node rows; ``c`` links.

    Attributes
    ----------
    tails, heads : int32[c]
    ids : int64[c]
    offsets, lonlat : int64[c + 1], float64[k, 2], geometry from tail to head
    metres : float64[c]
    road_class : int8[c]
    name_ids : int32[c]
    access : uint8[c]
    kph : float32[c], NaN = unknown
    """

    tails: npt.NDArray[np.int32]
    heads: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    lonlat: npt.NDArray[np.float64]
    metres: npt.NDArray[np.float64]
    road_class: npt.NDArray[np.int8]
    name_ids: npt.NDArray[np.int32]
    access: npt.NDArray[np.uint8]
    kph: npt.NDArray[np.float32]


def opposite(links: Links, *, tolerance_m: float = 1.0, tolerance_share: float = 0.01) -> npt.NDArray[np.int32]:
    """Return the row of the same street the other way, int32[c], -1 where there is none.

    Two links are one street when they join the same nodes in opposite directions, have the same name and lengths
    within the larger of the two tolerances. Loops have no opposite.
    """
    count = len(links.tails)
    low, high = np.minimum(links.tails, links.heads), np.maximum(links.tails, links.heads)
    rising = links.tails < links.heads
    order = np.lexsort((links.metres, rising, links.name_ids, high, low))
    same = np.zeros(count, bool)
    keys = np.column_stack([low, high, links.name_ids])[order]
    same[1:] = (keys[1:] == keys[:-1]).all(axis=1)
    turned = np.zeros(count, bool)
    turned[1:] = same[1:] & (rising[order][1:] != rising[order][:-1])
    positions = np.arange(count)
    group = np.maximum.accumulate(np.where(same, 0, positions))
    half = np.maximum.accumulate(np.where(same & ~turned, 0, positions))
    middle = np.full(count, -1)
    middle[group[turned]] = positions[turned]
    # The k-th shortest link one way goes with the k-th shortest the other way.
    second = (half != group) & (low != high)[order]
    mate = group[second] + (positions[second] - middle[group[second]])
    fits = mate < middle[group[second]]
    one, two = order[positions[second][fits]], order[mate[fits]]
    gap = np.abs(links.metres[one] - links.metres[two])
    close = gap <= np.maximum(tolerance_m, tolerance_share * links.metres[one])
    found = np.full(count, -1, np.int32)
    found[one[close]] = two[close]
    found[two[close]] = one[close]
    return found


def pieces_of(
    links: Links,
    *,
    node_ids: npt.NDArray[np.int64],
    node_lonlat: npt.NDArray[np.float64],
    names: tuple[str, ...],
    foot_both_ways: bool,
) -> Pieces:
    """Pair opposite links; with ``foot_both_ways`` a link without one may be walked back."""
    partner = opposite(links)
    rows = np.flatnonzero((partner < 0) | (np.arange(len(partner)) < partner))
    other = partner[rows]
    paired = other >= 0
    alone = links.access[rows] & np.uint8(FOOT if foot_both_ways else 0)
    sizes = np.diff(links.offsets)[rows]
    return Pieces(
        node_ids=node_ids,
        node_lonlat=node_lonlat,
        tails=links.tails[rows],
        heads=links.heads[rows],
        ids=links.ids[rows],
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        lonlat=links.lonlat[runs(links.offsets[rows], sizes)],
        road_class=links.road_class[rows],
        name_ids=links.name_ids[rows],
        names=names,
        forward=links.access[rows],
        backward=np.where(paired, links.access[other], alone).astype(np.uint8),
        forward_kph=links.kph[rows],
        backward_kph=np.where(paired, links.kph[other], links.kph[rows]).astype(np.float32),
        metres=links.metres[rows],
    )
