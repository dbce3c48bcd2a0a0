"""What a draft changes in a table of grids, as rows; applied, compared, put on another base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import ConflictError, GeometryError, NotFoundError
from geo.grids.area import areas_m2
from geo.grids.overlap import cut
from geo.tables.grids import Grids

LAND_M2: Final = 1.0
"""Land that may appear or vanish by rounding on the lattice of 1e-7 degrees."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Changes:
    """Rows to put in a table of grids and codes to take out; no code is in both.

    Attributes
    ----------
    changed : grids as they shall be, known ones and new ones, in code order
    gone : codes that end, rising
    """

    changed: Grids
    gone: tuple[str, ...] = ()

    @classmethod
    def none(cls) -> Self:
        """Return no change at all."""
        return cls(changed=Grids.empty())

    def __len__(self) -> int:
        return len(self.changed) + len(self.gone)

    @property
    def touched(self) -> tuple[str, ...]:
        """All codes that change, appear or end, rising."""
        return tuple(sorted({*self.changed.keys, *self.gone}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where changes stand that were made on an older base.

    Attributes
    ----------
    moved : codes that others changed since, rising
    clash : those of them that these changes touch too
    """

    moved: tuple[str, ...]
    clash: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Whether the base is still the newest."""
        return not self.moved

    @property
    def rebasable(self) -> bool:
        """Whether the changes can be put on the new base as they are: nobody else touched the same grids."""
        return not self.clash


def difference(old: Grids, new: Grids) -> Changes:
    """Return the changes that make ``new`` of ``old``, to the last bit of geometry and attributes."""
    return difference_of(rows_of(old), rows_of(new), new)


def difference_of(
    before: Mapping[str, tuple[object, ...]], after: Mapping[str, tuple[object, ...]], new: Grids
) -> Changes:
    """Return the changes between tables whose ``rows_of`` are known."""
    differing = sorted(code for code, row in after.items() if before.get(code) != row)
    return Changes(changed=chosen(new, differing), gone=tuple(sorted(before.keys() - after.keys())))


def apply_changes(base: Grids, changes: Changes) -> Grids:
    """Return ``base`` with the changes made, in code order.

    Raises
    ------
    NotFoundError
        If a code that shall end is not there.
    """
    known = set(base.keys)
    missing = [code for code in changes.gone if code not in known]
    if missing:
        raise NotFoundError(
            f"Grids {', '.join(missing[:5])} shall end but are not in this edition; nothing was changed",
            f"待撤销的网格 {'、'.join(missing[:5])} 不在该版本中，未作任何改动",
            rows=missing,
        )
    drop = set(changes.touched)
    left = base.frame[np.array([code not in drop for code in base.keys], dtype=bool)]
    frames = [frame for frame in (left, changes.changed.frame) if len(frame)]
    if not frames:
        return Grids.empty()
    frame = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=base.frame.crs)
    return _ordered(frame)


def chosen(table: Grids, codes: Sequence[str]) -> Grids:
    """Return the rows of ``table`` with these codes, in code order."""
    wanted = set(codes)
    return _ordered(table.frame[np.array([code in wanted for code in table.keys], dtype=bool)])


def _ordered(frame: gpd.GeoDataFrame) -> Grids:
    order = np.argsort(frame["code"].to_numpy(dtype=object).astype(str), kind="stable")
    return Grids(frame.iloc[order].reset_index(drop=True))


def rows_of(table: Grids) -> dict[str, tuple[object, ...]]:
    """Return each row by code as plain values that can be compared: attributes, then WKB."""
    frame = table.frame
    columns: list[list[object]] = []
    for name in table.SPEC.names:
        empty = frame[name].isna().to_numpy()
        columns.append([None if gone else value for value, gone in zip(frame[name].tolist(), empty, strict=True)])
    columns.append(shapely.to_wkb(np.asarray(frame.geometry.array, dtype=object), byte_order=1).tolist())
    return {str(row[0]): row for row in zip(*columns, strict=True)}


def standing(changes: Changes, base: Grids, head: Grids) -> Standing:
    """Return what happened to the base of ``changes`` since, and whether that touches the same grids."""
    return standing_of(changes.touched, difference(base, head).touched)


def standing_of(touched: Sequence[str], moved: Sequence[str]) -> Standing:
    """Return the standing of changes to the grids ``touched`` when others changed the grids ``moved``."""
    return Standing(moved=tuple(sorted(moved)), clash=tuple(sorted(set(touched) & set(moved))))


def refuse_moved(where: Standing, *, by: Mapping[str, str] | None = None) -> ConflictError:
    """Return the error for a base that moved; it offers a rebase where one is possible. ``by`` names who, by code."""
    named = where.clash or where.moved
    told = [f"{code} ({by[code]})" if by and code in by else code for code in named[:5]]
    more = f" (+{len(named) - 5})" if len(named) > 5 else ""
    if not named:  # outside the area that the account sees
        return ConflictError(
            "A newer edition changed grids outside this area: rebase the draft on it and publish again; "
            "nothing was published",
            "新版本已改动辖区外的网格，与本稿不相交：可直接变基到新版本后再发布；本次未发布",
        )
    if where.rebasable:
        return ConflictError(
            f"A newer edition changed grids {', '.join(told)}{more}, none of which this draft touches: "
            "rebase the draft on it and publish again; nothing was published",
            f"新版本已改动网格 {'、'.join(told)}{more}，与本稿不相交：可直接变基到新版本后再发布；本次未发布",
            rows=named,
        )
    return ConflictError(
        f"Others changed grids {', '.join(told)}{more} since this draft began, and the draft touches them too: "
        "start again from the newest edition for these grids; nothing was published",
        f"网格 {'、'.join(told)}{more} 在本稿起草后已被他人改动，与本稿冲突：请基于最新版本重做这些网格；本次未发布",
        rows=named,
    )


def require_sound(base: Grids, changes: Changes, *, allow_outer_change: bool = False) -> None:
    """Raise unless the general grids cover after the changes what they covered before, once each.

    Faults that the base already has may stay as large as they are. Special grids lie on top and are not looked at.

    Raises
    ------
    GeometryError
        If land of the touched grids is lost, new land is taken without ``allow_outer_change``, or grids overlap more
        than before; the sentence names the grids.
    """
    head = apply_changes(base, changes)
    touched = changes.touched
    before, after = _general(chosen(base, touched)), _general(changes.changed)
    was, is_ = shapely.union_all(_shapes(before)), shapely.union_all(_shapes(after))
    others = _general(head)
    others = others[~others["code"].isin(touched).to_numpy(dtype=bool)]
    near = _shapes(others)[shapely.STRtree(_shapes(others)).query(shapely.union(was, is_), predicate="intersects")]
    rest = shapely.union_all(near)
    both = [was.difference(is_).difference(rest), is_.difference(was).difference(rest)]
    lost, gained = (float(size) for size in areas_m2(np.array(both, dtype=object)))
    if lost > LAND_M2 or (gained > LAND_M2 and not allow_outer_change):
        some = ", ".join(touched[:5])
        raise GeometryError(
            f"Grids {some}: the draft leaves {lost:,.0f} m² without a grid and takes {gained:,.0f} m² of other land; "
            "draw the boundary again or allow a change of the outer boundary",
            f"网格 {'、'.join(touched[:5])}：本稿使 {lost:,.0f} m² 失去归属、另占 {gained:,.0f} m²；"
            "请重新绘制边界，或允许改动外边界",
            rows=touched,
        )
    worse = _overlap_m2(after, _general(head)) - _overlap_m2(before, _general(base))
    if worse > LAND_M2:
        raise GeometryError(
            f"Grids {', '.join(touched[:5])}: after the draft, {worse:,.0f} m² more belong to two grids; mend it first",
            f"网格 {'、'.join(touched[:5])}：改动后重叠面积增加 {worse:,.0f} m²，请先修正",
            rows=touched,
        )


def _general(table: Grids) -> gpd.GeoDataFrame:
    return table.frame[table.frame["kind"] == "general"].reset_index(drop=True)


def _shapes(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.asarray(frame.geometry.array, dtype=object)


def _overlap_m2(some: gpd.GeoDataFrame, whole: gpd.GeoDataFrame) -> float:
    """Return the area that grids of ``some`` share with other grids of ``whole``, pairs inside ``some`` once."""
    pieces = cut(_shapes(some), _shapes(whole))
    mine, theirs = some["code"].to_numpy(dtype=object), whole["code"].to_numpy(dtype=object)
    one, other = mine[pieces.one].astype(str), theirs[pieces.other].astype(str)
    twice = np.isin(other, mine.astype(str))
    counted = (one != other) & (~twice | (one < other))
    return float(pieces.area_m2[counted].sum())
