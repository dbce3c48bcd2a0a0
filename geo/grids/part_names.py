"""Names of the parts of a grid that is divided: the name of the whole and a number."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_DIGITS: Final = "零一二三四五六七八九"
_NUMBERED: Final = re.compile(r"\s*[（(](?:[一二三四五六七八九十百]+|\d+)[)）]$")


def part_names(name: str | None, count: int, *, taken: Collection[str] = ()) -> list[str | None]:
    """Return names for ``count`` parts beside the first: “东关社区第3网格（二）”, or “East (2)” for Latin script.

    A number that the name bears already is not repeated, and names in ``taken`` are passed over. Without a name the
    parts have none either.
    """
    if name is None or not name.strip():
        return [None] * count
    stem = _NUMBERED.sub("", name.strip()) or name.strip()
    found: list[str | None] = []
    number = 1
    while len(found) < count:
        number += 1
        made = f"{stem} ({number})" if stem.isascii() else f"{stem}（{chinese(number)}）"
        if made not in taken and made != name:
            found.append(made)
    return found


def chinese(number: int) -> str:
    """Write 1 to 99 in Chinese: 二, 十, 十二, 三十五; larger ones in digits."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("十" if tens == 1 else _DIGITS[tens] + "十")
    return head + (_DIGITS[ones] if ones else "")
