"""What a repair did, each as one sentence: which grid, how far, how much land, to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MendKind = Literal[
    "closed", "vertices_dropped", "made_valid", "snapped", "noded", "gap_closed", "overlap_given", "sliver_merged",
    "given_to_parent", "cut_off",
]  # fmt: skip

_EN: Final[dict[MendKind, str]] = {
    "closed": "the boundary of grid {names} was closed over {moved:.2f} m",
    "vertices_dropped": "{count} double vertices of grid {names} were dropped",
    "made_valid": "grid {names} crossed itself and was made valid; its area is {area:,.2f} m² now",
    "snapped": "{count} vertices of grid {names} were moved onto those of neighbours, by {moved:.3f} m at most",
    "noded": "grid {names} got {count} vertices of its neighbours, its boundary moved by {moved:.3f} m at most",
    "gap_closed": "a gap of {area:,.2f} m² was given to grid {to}",
    "overlap_given": "{area:,.2f} m² that grids {names} both held were given to grid {to}",
    "sliver_merged": "a sliver of {area:,.2f} m² of grid {names} was given to grid {to}",
    "given_to_parent": "{area:,.2f} m² of grid {names} outside its community were given to grid {to}",
    "cut_off": "{area:,.2f} m² of grid {names} outside every community were cut off",
}
_ZH: Final[dict[MendKind, str]] = {
    "closed": "网格 {names} 的边界已闭合，补线 {moved:.2f} 米",
    "vertices_dropped": "网格 {names} 删除 {count} 个重复顶点",
    "made_valid": "网格 {names} 自相交，已修正，现面积 {area:,.2f} 平方米",
    "snapped": "网格 {names} 有 {count} 个顶点并入相邻网格的顶点，最大移动 {moved:.3f} 米",
    "noded": "网格 {names} 补入相邻网格的 {count} 个顶点，边界最大移动 {moved:.3f} 米",
    "gap_closed": "{area:,.2f} 平方米空隙划给网格 {to}",
    "overlap_given": "网格 {names} 重叠的 {area:,.2f} 平方米划给网格 {to}",
    "sliver_merged": "网格 {names} 的 {area:,.2f} 平方米狭缝划给网格 {to}",
    "given_to_parent": "网格 {names} 越出所属村（社区）的 {area:,.2f} 平方米划给网格 {to}",
    "cut_off": "网格 {names} 在所有村（社区）之外的 {area:,.2f} 平方米已裁去",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that was changed.

    Attributes
    ----------
    kind : what was done
    codes : grids that it was done to; of an overlap all that held it
    place : lon, lat in degrees
    to : grid that got the land, "" where none changed hands
    area_m2 : the land, 0 where none changed hands
    moved_m : how far a vertex or an edge moved at most
    count : of vertices
    """

    kind: MendKind
    codes: tuple[str, ...]
    place: tuple[float, float]
    to: str = ""
    area_m2: float = 0.0
    moved_m: float = 0.0
    count: int = 0

    def sentence(self, language: str = "zh") -> str:
        """Return one sentence with the grids and the place, in ``"zh"`` or ``"en"``."""
        chinese = language.startswith("zh")
        text = (_ZH if chinese else _EN)[self.kind].format(
            names=("、" if chinese else ", ").join(self.codes), to=self.to, area=self.area_m2, moved=self.moved_m,
            count=self.count,
        )  # fmt: skip
        lon, lat = self.place
        return f"{text}（{lon:.6f}, {lat:.6f}）" if chinese else f"{text[0].upper()}{text[1:]} at {lon:.6f}, {lat:.6f}"
