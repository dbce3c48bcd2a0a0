"""How much of everything a demo city holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Numbers of a demo city; the large one has those of a real Chinese city (105 / 323 / 200)."""

    people_per_grid: float = 361.0
    towns: int = 10
    special_grids: int = 20
    stations: int = 12
    police_areas: int = 40
    police_grids: int = 250
    street_posts: int = 58
    kiosks: int = 35
    candidates: int = 300
    must_visit_foot: int = 90
    must_visit_motorcycle: int = 40
    must_visit_car: int = 193
    video: int = 200
    cars_a_shift: int = 10
    motorcycles_a_shift: int = 4
    walkers_a_shift: int = 6
    hot_places: int = 36
    estates: int = 260

    @property
    def posts(self) -> int:
        """Posts in operation."""
        return self.stations + self.street_posts + self.kiosks

    @property
    def must_visit(self) -> int:
        """Must-visit points."""
        return self.must_visit_foot + self.must_visit_motorcycle + self.must_visit_car

    @property
    def units(self) -> int:
        """Units over three shifts."""
        return 3 * (self.cars_a_shift + self.motorcycles_a_shift + self.walkers_a_shift)


COQUIMBO: Final = Sizes()
HELSINKI: Final = Sizes(
    towns=2, special_grids=3, stations=2, police_areas=4, police_grids=14, street_posts=6, kiosks=4, candidates=30,
    must_visit_foot=12, must_visit_motorcycle=6, must_visit_car=18, video=20, cars_a_shift=2, motorcycles_a_shift=1,
    walkers_a_shift=2, hot_places=6, estates=24,
)  # fmt: skip
"""A quarter of the centre of Helsinki: two square kilometres for quick tests."""
