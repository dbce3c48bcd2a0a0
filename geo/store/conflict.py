"""Two people change the same grid: whoever saw the older one is told who was first, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from geo.errors import ConflictError, NotFoundError
from geo.store.values import instant_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWritten:
    """The version of the collection that last wrote a row, by whom, and when in microseconds since 1970."""

    key: str
    version: int
    account: str
    at: int


def require_current(
    keys: Sequence[str], last: Mapping[str, LastWritten], *, seen: int, current: int, zone: tzinfo | None
) -> None:
    """Raise unless every key is known and no row is newer than ``seen``; times are told in ``zone``.

    Raises
    ------
    NotFoundError
        If a key is not in ``last``.
    ConflictError
        If a row was written after ``seen``, or the store is older than ``seen`` (a backup was restored).
    """
    unknown = [key for key in keys if key not in last]
    if unknown:
        named = ", ".join(unknown[:5])
        raise NotFoundError(
            f"There are no grids {named}; nothing was written", f"没有网格 {named}，未写入任何数据", rows=unknown
        )
    if seen > current:
        raise ConflictError(
            f"This edit began at version {seen}, but the store is at {current} (was a backup restored?): read again",
            f"本次修改基于版本 {seen}，而数据库为版本 {current}（是否恢复过备份？），请重新读取",
            rows=keys,
        )
    newer = [last[key] for key in keys if last[key].version > seen]
    if not newer:
        return
    latest = max(newer, key=lambda row: (row.version, row.key))
    when = instant_of(latest.at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z").strip()
    named = ", ".join(row.key for row in newer[:5]) + (f" (+{len(newer) - 5})" if len(newer) > 5 else "")
    raise ConflictError(
        f"Grid {named} was changed by {latest.account} at {when}, after you read it: "
        "read it again and repeat your change; nothing was written",
        f"网格 {named} 在您读取之后已由 {latest.account} 于 {when} 修改，请重新读取后再改；本次未写入任何数据",
        rows=[row.key for row in newer],
    )
