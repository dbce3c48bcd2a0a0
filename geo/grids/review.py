"""Places where layers disagree about a boundary, for a person to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shapely.geometry.base import BaseGeometry

from geo.grids.arrange import Faces, grouped, united
from geo.grids.faults import place_in
from geo.grids.pieces import Source

AGREED_SHARE: Final = 0.9
"""Two grids agree where one holds at least this share of the other: they are nested, or nearly the same."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contested:
    """Land that grids of several layers claim and whose boundaries cross.

    Attributes
    ----------
    grid : piece in which it is now
    winner : layer and code that the rule gave it to
    claims : layer, code and the share of that grid which is contested here, the winner first
    area_m2, place, shape : the land, in lon/lat
    """

    grid: str
    winner: tuple[str, str]
    claims: tuple[tuple[str, str, float], ...]
    area_m2: float
    place: tuple[float, float]
    shape: BaseGeometry

    def sentence(self, language: str = "zh") -> str:
        """Return one sentence with the claims and the place, in ``"zh"`` or ``"en"``."""
        lon, lat = self.place
        told = [f"{layer} {code} ({share:.0%})" for layer, code, share in self.claims]
        if language.startswith("zh"):
            return (
                f"{self.area_m2:,.0f} 平方米由 {'、'.join(told)} 同时主张，按规则划给 {self.winner[0]} {self.winner[1]}"
                f"（{lon:.6f}, {lat:.6f}）"
            )
        return (
            f"{self.area_m2:,.0f} m² are claimed by {', '.join(told)}; the rule gave them to "
            f"{self.winner[0]} {self.winner[1]} at {lon:.6f}, {lat:.6f}"
        )


def contested_places(
    faces: Faces, owner: Sequence[int], sources: Sequence[Source], grid_of_face: Mapping[int, str], least_m2: float
) -> tuple[Contested, ...]:
    """Return connected land that several claim and where their boundaries cross, the largest first."""
    m2 = faces.m2()
    whole = [0.0] * len(sources)
    both: dict[tuple[int, int], float] = {}
    for face, cover in enumerate(faces.cover):
        for i, row in enumerate(cover):
            whole[row] += float(m2[face])
            for other in cover[i + 1 :]:
                both[row, other] = both.get((row, other), 0.0) + float(m2[face])

    def agree(a: int, b: int) -> bool:
        return both[min(a, b), max(a, b)] >= AGREED_SHARE * min(whole[a], whole[b])

    key = {
        face: (cover, owner[face], grid_of_face[face])
        for face, cover in enumerate(faces.cover)
        if len(cover) > 1 and any(not agree(owner[face], row) for row in cover if row != owner[face])
    }
    found = []
    for group in grouped(key, key, faces.borders()):
        area = float(m2[group].sum())
        if area < least_m2 or area <= 0:
            continue
        cover, winner, grid = key[group[0]]
        shape = faces.in_degrees(united(faces.shapes, group))
        rows = [winner, *(row for row in cover if row != winner)]
        found.append(
            Contested(
                grid=grid,
                winner=(sources[winner].layer_name, sources[winner].code),
                claims=tuple((sources[row].layer_name, sources[row].code, area / whole[row]) for row in rows),
                area_m2=area,
                place=place_in(shape),
                shape=shape,
            )
        )
    return tuple(sorted(found, key=lambda c: (-round(c.area_m2, 6), c.grid, c.place)))
