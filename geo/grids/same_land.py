"""Which grids of a new layer are the same land as a grid of an old one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import ParameterError

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SameLand:
    """Pairs of an old and a new row that are the same land; each row is in one pair at most.

    Attributes
    ----------
    old, new : int64[k]
    share : float64[k], the smaller of what the common area is of the old and of the new one, 0 to 1
    """

    old: npt.NDArray[np.int64]
    new: npt.NDArray[np.int64]
    share: npt.NDArray[np.float64]


def same_land(
    old: Shapes,
    new: Shapes,
    *,
    old_group: npt.NDArray[np.int64],
    new_group: npt.NDArray[np.int64],
    at_least: float = 0.999,
) -> SameLand:
    """Pair polygons in degrees of the same group whose common area is at least a share of both.

    Where one could be paired with several, the pair with the largest common area is made first, then that of the
    lowest rows. Shares are taken in degrees: over one grid the scale does not change.

    Raises
    ------
    ParameterError
        If ``at_least`` is not above 0 and up to 1.
    """
    if not 0.0 < at_least <= 1.0:
        raise ParameterError(
            f"The least share of common land is {at_least:g}; it must be above 0 and at most 1",
            f"“同一土地”的最小重叠比例为 {at_least:g}，应大于 0 且不超过 1",
        )
    one, other = _candidates(old, new, old_group, new_group, at_least)
    areas_old, areas_new = np.asarray(shapely.area(old)), np.asarray(shapely.area(new))
    common = np.zeros(len(one))
    equal = np.asarray(shapely.equals_exact(old[one], new[other], tolerance=0.0))
    common[equal] = areas_old[one[equal]]
    rest = np.flatnonzero(~equal)
    common[rest] = shapely.area(shapely.intersection(old[one[rest]], new[other[rest]]))
    larger = np.maximum(areas_old[one], areas_new[other])
    share = np.minimum(common / np.where(larger > 0, larger, 1.0), 1.0)
    # Areas of equal land written from another first vertex differ in the last bits.
    good = np.flatnonzero(share >= at_least * (1 - 1e-9))
    # Rows are compared by area to the square millimetre or so, lest the last bits decide.
    size = np.round(common[good] * 1e16)
    order = good[np.lexsort((other[good], one[good], -size))]
    return _greedy(one[order], other[order], share[order], len(old), len(new))


def _candidates(
    old: Shapes,
    new: Shapes,
    old_group: npt.NDArray[np.int64],
    new_group: npt.NDArray[np.int64],
    at_least: float,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    if not len(old) or not len(new):
        none = np.zeros(0, dtype=np.int64)
        return none, none
    other, one = (a.astype(np.int64) for a in shapely.STRtree(old).query(new))
    keep = old_group[one] == new_group[other]
    one, other = one[keep], other[keep]
    # Neither the areas nor the boxes of the same land can differ much: most neighbours are told apart without cutting.
    areas_old, areas_new = np.asarray(shapely.area(old))[one], np.asarray(shapely.area(new))[other]
    least = at_least * np.maximum(areas_old, areas_new) * (1 - 1e-9)
    box_old, box_new = shapely.bounds(old)[one], shapely.bounds(new)[other]
    low, high = np.maximum(box_old[:, :2], box_new[:, :2]), np.minimum(box_old[:, 2:], box_new[:, 2:])
    box = np.prod(np.maximum(high - low, 0.0), axis=1)
    keep = (np.minimum(areas_old, areas_new) >= least) & (box >= least)
    return one[keep], other[keep]


def _greedy(
    one: npt.NDArray[np.int64], other: npt.NDArray[np.int64], share: npt.NDArray[np.float64], olds: int, news: int
) -> SameLand:
    taken_old, taken_new = np.zeros(olds, dtype=np.bool_), np.zeros(news, dtype=np.bool_)
    kept = []
    for k, (a, b) in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        if not taken_old[a] and not taken_new[b]:
            taken_old[a] = taken_new[b] = True
            kept.append(k)
    chosen = np.array(kept, dtype=np.int64)
    chosen = chosen[np.argsort(other[chosen])]
    return SameLand(old=one[chosen], new=other[chosen], share=share[chosen])
