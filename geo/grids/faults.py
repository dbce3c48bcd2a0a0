"""What can be wrong with a layer of grids, each as one sentence that names the grids and the place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

FaultKind = Literal[
    "gap", "overlap", "sliver", "outside_parent", "unknown_parent", "unclosed", "duplicate_vertex", "broken",
    "mismatch", "no_area",
]  # fmt: skip

KINDS_ZH: Final[dict[FaultKind, str]] = {
    "gap": "空隙",
    "overlap": "重叠",
    "sliver": "狭缝",
    "outside_parent": "越出村（社区）",
    "unknown_parent": "上级不明",
    "unclosed": "未闭合",
    "duplicate_vertex": "重复顶点",
    "broken": "图形无效",
    "mismatch": "边界不吻合",
    "no_area": "无图形",
}

_EN: Final[dict[FaultKind, str]] = {
    "gap": "a gap of {size:,.2f} m² that belongs to no grid, beside {names}",
    "overlap": "grids {names} overlap by {size:,.2f} m²",
    "sliver": "grid {names} has a part only {size:.2f} m wide",
    "outside_parent": "grid {names} lies {size:,.2f} m² outside its community {parent}",
    "unknown_parent": "grid {names} names community {parent}, which is not in the table of communities",
    "unclosed": "the boundary of grid {names} is not closed; its ends are {size:,.2f} m apart",
    "duplicate_vertex": "grid {names} has {size:.0f} vertices that are there twice",
    "broken": "grid {names} crosses itself or is broken ({detail})",
    "mismatch": "grid {names} shares a boundary with a neighbour, but not its vertices, or leaves a crack",
    "no_area": "grid {names} has no area",
}
_ZH: Final[dict[FaultKind, str]] = {
    "gap": "{names} 旁有 {size:,.2f} 平方米空隙，不属于任何网格",
    "overlap": "网格 {names} 重叠 {size:,.2f} 平方米",
    "sliver": "网格 {names} 有一部分仅宽 {size:.2f} 米",
    "outside_parent": "网格 {names} 有 {size:,.2f} 平方米在所属村（社区）{parent} 之外",
    "unknown_parent": "网格 {names} 所属的村（社区）{parent} 不在村（社区）表中",
    "unclosed": "网格 {names} 的边界未闭合，两端相距 {size:,.2f} 米",
    "duplicate_vertex": "网格 {names} 有 {size:.0f} 个重复顶点",
    "broken": "网格 {names} 图形自相交或无效（{detail}）",
    "mismatch": "网格 {names} 与相邻网格共线但顶点不一致，或留有细缝",
    "no_area": "网格 {names} 没有面积",
}
_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fault:
    """One thing that is wrong.

    Attributes
    ----------
    kind : what it is
    codes : grids concerned, rising
    place : lon, lat in degrees
    size : m2 of gaps, overlaps and land outside the parent; metres of slivers and openings; a count of vertices
    shape : the land or the line concerned in lon/lat, where there is one
    parent : community concerned
    detail : in words, what a geometry library says
    """

    kind: FaultKind
    codes: tuple[str, ...]
    place: tuple[float, float]
    size: float = 0.0
    shape: BaseGeometry | None = None
    parent: str = ""
    detail: str = ""

    @property
    def area_m2(self) -> float:
        """The size of a gap, an overlap or land outside; 0 for other kinds."""
        return self.size if self.kind in ("gap", "overlap", "outside_parent") else 0.0

    def sentence(self, language: str = "zh") -> str:
        """Return one sentence with the grids and the place, in ``"zh"`` or ``"en"``."""
        chinese = language.startswith("zh")
        joint = "、" if chinese else ", "
        names = joint.join(self.codes[:_NAMED])
        if len(self.codes) > _NAMED:
            names += f" 等 {len(self.codes)} 个" if chinese else f" and {len(self.codes) - _NAMED} more"
        told = (_ZH if chinese else _EN)[self.kind].format(
            names=names or ("社区" if chinese else "no grid"), size=self.size, parent=self.parent, detail=self.detail
        )
        lon, lat = self.place
        return f"{told}（{lon:.6f}, {lat:.6f}）" if chinese else f"{told[0].upper()}{told[1:]} at {lon:.6f}, {lat:.6f}"


def place_in(shape: BaseGeometry) -> tuple[float, float]:
    """Return lon, lat of a place on a shape."""
    x, y = shapely.get_coordinates(shapely.point_on_surface(shape))[0].tolist()
    return float(x), float(y)


def sorted_faults(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return faults by kind, the largest first, equal ones by code."""
    order = {kind: number for number, kind in enumerate(KINDS_ZH)}
    return tuple(sorted(faults, key=lambda fault: (order[fault.kind], -fault.size, fault.codes)))


def totals(faults: Sequence[Fault]) -> dict[FaultKind, tuple[int, float]]:
    """Return how many faults there are of each kind, and their sizes together; kinds without any are left out."""
    found: dict[FaultKind, tuple[int, float]] = {}
    for fault in faults:
        count, size = found.get(fault.kind, (0, 0.0))
        found[fault.kind] = count + 1, size + fault.size
    return found


def row_codes(codes: Sequence[str], rows: Iterable[int]) -> tuple[str, ...]:
    """Return the codes of rows, each once, rising."""
    return tuple(sorted({codes[row] for row in np.asarray(list(rows), dtype=int).tolist()}))
