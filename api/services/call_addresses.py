"""The user's own list of addresses, out of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from api.services.call_ground import ground
from api.services.workspace import Workspace
from geo.errors import FieldError
from geo.incidents import cells
from geo.incidents.address_book import AddressBook
from geo.incidents.call_places import locate
from geo.incidents.flags import Findings
from geo.incidents.profile import CallsProfile, guess
from geo.store.limits import ReadLimits
from geo.store.port import Principal
from geo.store.row_files import read_row_file

NAMES: Final = ("名称", "地名", "地址", "标准地址", "地址名称", "小区名称", "name", "address")
ALIASES: Final = ("别名", "俗称", "曾用名", "简称", "alias", "aliases")
_BETWEEN: Final = str.maketrans({"、": ";", "；": ";", "，": ";", ",": ";", "|": ";", "/": ";"})


def read_address_book(
    workspace: Workspace, principal: Principal, path: Path, *, frame: str | None, encoding: str | None = None
) -> AddressBook:
    """Read a table of names, aliases and coordinates; rows without coordinates are passed over.

    Errors as ``read_row_file``; ``FieldError`` where names or coordinates have no column, ``FrameError`` without a frame.
    """
    limits = ReadLimits(file_mb=float(workspace.settings.max_upload_mb))
    file = read_row_file(path, frame=frame, encoding=encoding, limits=limits)
    headers = file.table.column_names
    named = [h for h in headers if h.strip().lower() in NAMES]
    guessed = guess(headers)
    if not named or (file.points is None and guessed.lon is None):
        has = ", ".join(headers[:30])
        raise FieldError(
            f"An address book needs a column of names (名称, address) and two of coordinates; the file has: {has}",
            f"地址库需要名称（或地址）列和经纬度列；现有列：{has}",
        )
    profile = CallsProfile(fields={}, lon=guessed.lon, lat=guessed.lat, frame=frame, frame_field=guessed.frame_field)
    place = locate(
        file.table, profile, Findings(rows=len(file)), points=file.points, source_frame=file.source_frame,
        ground=ground(workspace, principal),
    ).lonlat  # fmt: skip
    names: list[str] = []
    spots: list[tuple[float, float]] = []
    others = [h for h in headers if h.strip().lower() in ALIASES]
    columns = [cells.objects(cells.texts(file.table.column(h))) for h in (*named, *others)]
    for i in np.flatnonzero(np.isfinite(place).all(axis=1)):
        told = [str(c[i]) for c in columns[: len(named)] if c[i]]
        for column in columns[len(named) :]:
            told += str(column[i] or "").translate(_BETWEEN).split(";")
        for name in dict.fromkeys(t.strip() for t in told if t.strip()):
            names.append(name)
            spots.append((float(place[i, 0]), float(place[i, 1])))
    return AddressBook.of(names, np.array(spots, dtype=np.float64).reshape(-1, 2))
