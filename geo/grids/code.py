"""Codes of grids: 6 digits of county, 3 of street or town, 3 of community, 3 of serial (``unit15``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self, cast

from geo.errors import FieldError
from geo.grids.layout import UNIT15

StreetKind = Literal["street", "town", "township", "zone"]
SERIALS = UNIT15.serials[-1]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class GridCode:
    """A ``unit15`` code in its four parts, all digits; codes sort by county, street, community and serial.

    The first six digits are the county (GB/T 2260), then the street or town (001-099 street, 100-199 town, 200-399
    township, 400-599 development zones and the like), the village or community, and the serial inside it from 001 to
    999. Other layouts, and many codes at once: see ``geo.grids.layout``.
    """

    county: str
    street: str
    community: str
    serial: str

    def __post_init__(self) -> None:
        for part in UNIT15.parts:
            wrong = part.problem(getattr(self, part.name), str(self))
            if wrong is not None:
                raise FieldError(*wrong)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 15 digits; anything else raises ``FieldError`` with a sentence that says what is wrong."""
        return cls(**UNIT15.parse(text))

    def __str__(self) -> str:
        return self.county + self.street + self.community + self.serial

    @property
    def parent(self) -> str:
        """The 12-digit statistical code of the village or community."""
        return self.county + self.street + self.community

    @property
    def street_kind(self) -> StreetKind:
        """What the street part stands for."""
        span = UNIT15.parts[1].meaning(self.street)
        return cast("StreetKind", span.en if span else "zone")


def missing_serials(codes: Iterable[GridCode]) -> dict[str, list[int]]:
    """Return the serials left out between 1 and the highest, by 12-digit parent; only parents that have any.

    A gap is no fault: land that did not change keeps its number when a neighbour is merged.
    """
    held: dict[str, set[int]] = {}
    for code in codes:
        held.setdefault(code.parent, set()).add(int(code.serial))
    gaps = {parent: sorted(set(range(1, max(numbers) + 1)) - numbers) for parent, numbers in sorted(held.items())}
    return {parent: numbers for parent, numbers in gaps.items() if numbers}


def serials_left(codes: Iterable[GridCode]) -> dict[str, int]:
    """Return how many serials above the highest are free, by 12-digit parent; warn before this comes to nothing."""
    highest: dict[str, int] = {}
    for code in codes:
        highest[code.parent] = max(highest.get(code.parent, 0), int(code.serial))
    return {parent: SERIALS - number for parent, number in sorted(highest.items())}
