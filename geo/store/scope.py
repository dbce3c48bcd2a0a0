"""Which rows an account may see and write: the one place where scope is applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import ForbiddenError
from geo.store.port import Principal
from geo.tables.spec import Table

SCOPED_BY: Final = {"grids": "code", "calls": "grid_code", "grid_posts": "unit_code", "communities": "code"}
"""Collections with area codes and the column that holds them; all others are seen whole."""


def scope_column(principal: Principal, collection: str) -> str | None:
    """Return the column that limits this account in this collection, or None when it sees all of it."""
    return SCOPED_BY.get(collection) if principal.scopes else None


def prefix_ranges(scopes: Sequence[str]) -> list[tuple[str, str | None]]:
    """Return for each prefix the half-open range of texts that begin with it, in code point order."""
    return [(prefix, _after(prefix)) for prefix in sorted(set(scopes))]


def _after(prefix: str) -> str | None:
    """Return the least text above all texts that begin with ``prefix``; None when there is none."""
    while prefix:
        last = ord(prefix[-1]) + 1
        if 0xD800 <= last <= 0xDFFF:  # surrogates are no characters
            last = 0xE000
        if last <= 0x10FFFF:
            return prefix[:-1] + chr(last)
        prefix = prefix[:-1]
    return None


def visible(principal: Principal, collection: str, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return bool[n]: the rows of ``frame`` inside the account's scope; a row without a code is outside."""
    column = scope_column(principal, collection)
    if column is None:
        return np.ones(len(frame), dtype=bool)
    scopes = tuple(principal.scopes)
    return np.fromiter(
        (isinstance(code, str) and code.startswith(scopes) for code in frame[column]), dtype=bool, count=len(frame)
    )


def require_writable(principal: Principal, table: Table) -> None:
    """Raise ``ForbiddenError`` if a row of ``table`` lies outside the account's scope."""
    outside = ~visible(principal, table.SPEC.name, table.frame)
    if outside.any():
        refuse([str(key) for key in table.frame.loc[outside, table.SPEC.key]], table.SPEC.name)


def refuse(keys: Sequence[str], collection: str) -> None:
    """Raise ``ForbiddenError`` for rows outside the account's scope."""
    named = ", ".join(keys[:5])
    raise ForbiddenError(
        f"{len(keys)} rows of {collection} lie outside the area of this account ({named}); nothing was written",
        f"{collection} 中有 {len(keys)} 行不在本账号的辖区内（{named}），未写入任何数据",
        rows=keys[:100],
    )
