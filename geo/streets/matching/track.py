"""Positions of one unit in time, as they came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Positions of one unit, read-only.

    Attributes
    ----------
    lonlat : float64[k, 2], WGS84 degrees
    seconds : float64[k], strictly rising, since any instant

    Raises
    ------
    InputError
        A coordinate or time that is not finite, or times that do not rise; the rows are named.
    """

    lonlat: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        spots = np.array(self.lonlat, np.float64).reshape(-1, 2)
        times = np.array(self.seconds, np.float64).ravel()
        if len(spots) != len(times):
            raise InputError(
                f"There are {len(spots)} positions but {len(times)} times; give one time for each position",
                f"位置 {len(spots)} 个，时间 {len(times)} 个，应一一对应",
            )
        bad = np.flatnonzero(~np.isfinite(spots).all(axis=1) | ~np.isfinite(times))
        if len(bad):
            raise InputError(
                f"{len(bad)} positions have no finite coordinate or time, the first in row {bad[0] + 1}",
                f"{len(bad)} 个位置的坐标或时间无效，首个在第 {bad[0] + 1} 行",
                rows=[str(row + 1) for row in bad[:10]],
            )
        back = np.flatnonzero(np.diff(times) <= 0)
        if len(back):
            raise InputError(
                f"Times do not rise at row {back[0] + 2}; sort the positions by time and keep one for each time",
                f"第 {back[0] + 2} 行时间未递增，请按时间排序并去重",
                rows=[str(row + 2) for row in back[:10]],
            )
        for name, value in (("lonlat", spots), ("seconds", times)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.seconds)
