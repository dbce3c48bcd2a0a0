"""The calls of the table, ready for the cube."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import shapely

from geo.hotspots.cube.ready import Ready, ready
from geo.tables.calls import Calls


def calls_ready(
    calls: Calls,
    *,
    zone: str,
    areas: Sequence[str | None] | npt.NDArray[np.object_] | None = None,
    period: tuple[np.datetime64, np.datetime64] | None = None,
) -> Ready:
    """Pack calls by the local clock of ``zone`` (IANA name); areas are the calls' own grid codes unless given.

    Where the table does not say who reported a call it is a citizen's; where it does not say that a case was filed,
    none was.
    """
    frame = calls.frame
    at = frame["occurred_at"].dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None)
    lonlat = shapely.get_coordinates(np.asarray(frame.geometry.array, dtype=object)).reshape(-1, 2)
    flags = {
        name: frame[name].fillna(otherwise).to_numpy(dtype=bool) if name in frame else np.full(len(frame), otherwise)
        for name, otherwise in (("valid", True), ("filed_case", False), ("citizen", True))
    }
    return ready(
        lonlat, at.to_numpy(dtype="datetime64[m]"), frame["family"].to_numpy(dtype=object),
        placed=frame["placed"].to_numpy(dtype=bool),
        areas=frame["grid_code"].to_numpy(dtype=object) if areas is None else areas,
        valid=flags["valid"], case=flags["filed_case"], citizen=flags["citizen"], period=period,
    )  # fmt: skip
