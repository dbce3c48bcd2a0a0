"""现场处置率: the share of calls that are finished where they happened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.errors import InputError
from geo.incidents.rates import Share


def closed_on_scene(
    arrived: npt.NDArray[np.datetime64],
    handled: npt.NDArray[np.datetime64],
    handed_over: npt.NDArray[np.bool_],
) -> tuple[Share | None, int]:
    """Return 现场处置率 and how many calls are missing in it.

    Of the calls with a unit on scene and a result fed back, those that were closed there: not handed over (移交, 转办) to be
    finished elsewhere. Calls with an arrival but no feedback are missing.
    """
    if not arrived.shape == handled.shape == handed_over.shape:
        raise InputError("Arrivals, feedback and handovers differ in number", "到达、反馈与移交记录的行数不一致")
    came = ~np.isnat(arrived)
    told = came & ~np.isnat(handled)
    n = int(told.sum())
    share = Share(part=int((told & ~handed_over.astype(bool)).sum()), n=n) if n else None
    return share, int(came.sum()) - n
