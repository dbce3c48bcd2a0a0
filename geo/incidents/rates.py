"""Shares with their count and interval, and printed ones that do not follow from their own counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geo.errors import ParameterError


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of a count, with ``n`` and a 95 % interval (Wilson 1927), which stays within 0 and 1."""

    part: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.part <= self.n or self.n == 0:
            raise ParameterError(
                f"{self.part} is not a part of {self.n}; a share needs 0 <= part <= whole and a whole above 0",
                f"{self.part} 不是 {self.n} 的一部分：应满足 0 ≤ 分子 ≤ 分母且分母大于 0",
            )

    @property
    def value(self) -> float:
        """The share itself."""
        return self.part / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval."""
        z = 1.959963984540054
        centre = (self.value + z * z / (2 * self.n)) / (1 + z * z / self.n)
        half = z * math.sqrt(self.value * (1 - self.value) / self.n + z * z / (4 * self.n**2)) / (1 + z * z / self.n)
        return max(0.0, centre - half), min(1.0, centre + half)

    def agrees_with(self, printed: float, *, decimals: int = 4) -> bool:
        """Tell whether a printed share is this one, rounded or cut to ``decimals``."""
        return abs(printed - self.value) < 10.0**-decimals
