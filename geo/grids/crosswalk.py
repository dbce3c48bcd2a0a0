"""Crosswalks (对应关系): what share of each area of one layer lies in each area of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from geo.errors import ParameterError
from geo.grids.area import areas_m2
from geo.grids.locate import AreaIndex
from geo.grids.overlap import overlay
from geo.tables.spec import Table

AREA: Final = "area"
"""The basis that is always there."""

GENERAL: Final = "general"

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Things with a place that shares are counted by: calls, addresses, households.

    Attributes
    ----------
    lonlat : float64[n, 2], degrees
    weight : int64[n], how many each stands for; None for one each
    """

    lonlat: Float64s
    weight: Int64s | None = None

    @property
    def weights(self) -> Int64s:
        """How many each stands for, int64[n]."""
        if self.weight is None:
            return np.ones(len(self.lonlat), dtype=np.int64)
        if len(self.weight) != len(self.lonlat) or (self.weight < 0).any():
            raise ParameterError(
                "Weights must be one whole number of 0 or more for each place", "权重应与点位一一对应，且为非负整数"
            )
        return self.weight.astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crosswalk:
    """Pairs of areas that have land, or things, in common; by rising source row, then target row.

    Attributes
    ----------
    source, target : codes, rising
    row, column : int64[k], the pair
    area_m2 : float64[k], common land
    counts : for each basis besides area int64[k], things in both
    source_m2, target_m2 : float64[n], float64[m], the whole areas
    outside_m2 : float64[n], land of a source outside all targets
    outside : for each basis int64[n], things in a source and in no target
    unplaced : for each basis the things in no source
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    row: Int64s
    column: Int64s
    area_m2: Float64s
    counts: Mapping[str, Int64s]
    source_m2: Float64s
    target_m2: Float64s
    outside_m2: Float64s
    outside: Mapping[str, Int64s]
    unplaced: Mapping[str, int]

    @property
    def bases(self) -> tuple[str, ...]:
        """What shares can be taken by: area, and what was counted."""
        return (AREA, *self.counts)

    def weights(self, basis: str = AREA) -> tuple[Float64s, Float64s]:
        """Return the weight of each pair, float64[k], and what lies outside all targets, float64[n]."""
        if basis == AREA:
            return self.area_m2, self.outside_m2
        if basis not in self.counts:
            raise ParameterError(
                f"This crosswalk has no shares by {basis}; it has {', '.join(self.bases)}",
                f"该对应关系没有按 {basis} 的份额，可用的有 {'、'.join(self.bases)}",
            )
        return self.counts[basis].astype(np.float64), self.outside[basis].astype(np.float64)

    def shares(self, basis: str = AREA) -> sparse.csr_array:
        """Return float64[n, m + 1]: the share of each source in each target, and last the share outside all targets.

        Each row sums to 1. A source with nothing to count by is shared by area; see ``by_area``.
        """
        weight, beyond = self._filled(basis)
        rows = np.concatenate([self.row, np.arange(len(self.source))])
        columns = np.concatenate([self.column, np.full(len(self.source), len(self.target))])
        values = np.concatenate([weight, beyond])
        total = np.bincount(rows, weights=values, minlength=len(self.source))
        kept = values > 0
        size = (len(self.source), len(self.target) + 1)
        return sparse.csr_array(
            ((values / np.maximum(total, 1e-300)[rows])[kept], (rows[kept], columns[kept])), shape=size
        )

    def mapping(self, basis: str = AREA) -> dict[str, dict[str, float]]:
        """Return the shares by source and target code, as ``geo.grids.rollup.carried`` takes them."""
        found: dict[str, dict[str, float]] = {code: {} for code in self.source}
        shares = self.shares(basis).tocoo()
        for row, column, share in zip(shares.row.tolist(), shares.col.tolist(), shares.data.tolist(), strict=True):
            if column < len(self.target):
                found[self.source[row]][self.target[column]] = share
        return found

    def by_area(self, basis: str) -> tuple[str, ...]:
        """Return the sources with nothing to count by, whose shares are therefore taken by area."""
        weight, beyond = self.weights(basis)
        total = np.bincount(self.row, weights=weight, minlength=len(self.source)) + beyond
        return tuple(self.source[i] for i in np.flatnonzero(total == 0))

    def _filled(self, basis: str) -> tuple[Float64s, Float64s]:
        weight, beyond = self.weights(basis)
        total = np.bincount(self.row, weights=weight, minlength=len(self.source)) + beyond
        bare = total == 0
        if not bare.any() or basis == AREA:
            return weight, beyond
        return np.where(bare[self.row], self.area_m2, weight), np.where(bare, self.outside_m2, beyond)

    def main_target(self, basis: str = AREA) -> dict[str, str | None]:
        """Return for each source the target with the largest share, the lowest code of equals; None for none."""
        weight, _ = self._filled(basis)
        order = np.lexsort((self.column, -weight, self.row))
        rows, first = np.unique(self.row[order], return_index=True)
        best = self.column[order][first]
        found: dict[str, str | None] = dict.fromkeys(self.source)
        found.update({self.source[r]: self.target[c] for r, c in zip(rows.tolist(), best.tolist(), strict=True)})
        return found

    def frame(self) -> pd.DataFrame:
        """Return a row per pair, and per source with a part outside (target empty), with shares of source and target."""
        beyond = np.flatnonzero((self.outside_m2 > 0) | (sum(self.outside.values(), np.zeros(len(self.source))) > 0))
        source, target = np.array(self.source, dtype=object), np.array(self.target, dtype=object)
        rows = np.concatenate([self.row, beyond])
        none = np.full(len(beyond), None, dtype=object)
        area = np.concatenate([self.area_m2, self.outside_m2[beyond]])
        columns: dict[str, object] = {
            "source": pd.Series(source[rows], dtype=object),
            "target": pd.Series(np.concatenate([target[self.column], none]), dtype=object),
            "area_m2": area,
            "area_share": area / self.source_m2[rows],
            "area_share_of_target": np.concatenate(
                [self.area_m2 / self.target_m2[self.column], np.full(len(beyond), np.nan)]
            ),
        }
        for name, counted in self.counts.items():
            whole = np.bincount(self.row, weights=counted, minlength=len(self.source)) + self.outside[name]
            here = np.concatenate([counted, self.outside[name][beyond]])
            columns[name] = here
            share = np.divide(here, whole[rows], out=np.full(len(here), np.nan), where=whole[rows] > 0)
            columns[f"{name}_share"] = share
        made = pd.DataFrame(columns)
        order = np.lexsort((made["target"].isna().to_numpy(), rows))
        return made.iloc[order].reset_index(drop=True)


def build_crosswalk(
    source: Table,
    target: Table,
    *,
    placed: Mapping[str, Placed] | None = None,
    source_kind: str | None = GENERAL,
    target_kind: str | None = GENERAL,
) -> Crosswalk:
    """Return what the areas of two tables have in common.

    Parameters
    ----------
    placed
        What else than area to take shares by, by name (``"calls"``, ``"points"``, ``"households"``). A thing on a common
        line belongs to the area with the lowest code, so that every thing is counted once.
    source_kind, target_kind
        Rows of that kind only, where a table has kinds: general grids tile the land, special ones lie on top of them.
    """
    held = dict(placed or {})
    if AREA in held:
        raise ParameterError(f"{AREA!r} is taken; call these things otherwise", f"名称 {AREA!r} 已占用，请换名")
    one, source_codes = layer(source, source_kind)
    other, target_codes = layer(target, target_kind)
    pieces = overlay(one, other)
    n, m = len(one), len(other)
    found: dict[str, _Pairs] = {}
    if held:
        indexes = (_index(source, source_kind), _index(target, target_kind))
        found = {name: _pairs(things, *indexes) for name, things in held.items()}
    key = np.unique(np.concatenate([pieces.one * m + pieces.other, *(pair.key for pair in found.values())]))
    row, column = np.divmod(key, max(m, 1))
    area = np.zeros(len(key))
    area[np.searchsorted(key, pieces.one * m + pieces.other)] = pieces.area_m2
    counts = {}
    for name, pair in found.items():
        counts[name] = np.zeros(len(key), dtype=np.int64)
        counts[name][np.searchsorted(key, pair.key)] = pair.count
    source_m2 = areas_m2(one)
    covered = np.bincount(pieces.one, weights=pieces.area_m2, minlength=n)
    bare = source_m2 - covered
    return Crosswalk(
        source=source_codes,
        target=target_codes,
        row=row,
        column=column,
        area_m2=area,
        counts=MappingProxyType(counts),
        source_m2=source_m2,
        target_m2=areas_m2(other),
        # Where targets overlap, a source is covered more than once: nothing of it is outside then.
        outside_m2=np.where(bare > np.maximum(1e-9 * source_m2, 0.1), bare, 0.0),
        outside=MappingProxyType({name: pair.outside for name, pair in found.items()}),
        unplaced=MappingProxyType({name: pair.unplaced for name, pair in found.items()}),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pairs:
    key: Int64s
    count: Int64s
    outside: Int64s
    unplaced: int


def layer(table: Table, kind: str | None) -> tuple[npt.NDArray[np.object_], tuple[str, ...]]:
    """Return the shapes and codes of a table's rows of a kind, in code order."""
    frame = cast("gpd.GeoDataFrame", table.frame)
    if kind is not None and "kind" in frame.columns:
        frame = frame[frame["kind"] == kind]
    codes = frame[table.SPEC.key].to_numpy(dtype=object).astype(str)
    order = np.argsort(codes, kind="stable")
    return np.asarray(frame.geometry.array, dtype=object)[order], tuple(codes[order].tolist())


def _index(table: Table, kind: str | None) -> AreaIndex:
    return AreaIndex.of(table, kind=kind if "kind" in table.frame.columns else None)


def _pairs(things: Placed, source: AreaIndex, target: AreaIndex) -> _Pairs:
    weight = things.weights
    row, column = source.rows(things.lonlat).astype(np.int64), target.rows(things.lonlat).astype(np.int64)
    n, m = len(source.codes), len(target.codes)
    both = (row >= 0) & (column >= 0)
    key, place = np.unique(row[both] * m + column[both], return_inverse=True)
    alone = (row >= 0) & (column < 0)
    return _Pairs(
        key=key,
        count=_sum(place, weight[both], len(key)),
        outside=_sum(row[alone], weight[alone], n),
        unplaced=int(weight[row < 0].sum()),
    )


def _sum(place: npt.NDArray[np.intp] | Int64s, weight: Int64s, size: int) -> Int64s:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, place, weight)
    return total
