"""What was measured of an earlier version of a plan, marked as such: it stands beside a version for which it was not measured anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from geo.store.port import Json

MARK: Final = "of_version"


def marked(held: Json, version: int, *, why: tuple[str, str] = ("", "")) -> Json:
    """Return a figure with words (``zh``, ``en``) as that of ``version``, with the reason; what carries a mark already keeps it."""
    if not isinstance(held, Mapping):
        return held
    first = held.get(MARK, version)
    plain = {
        name: str(held[name]).removesuffix(str(held.get(f"mark_{name}", ""))) for name in ("zh", "en") if name in held
    }
    mark = {
        "zh": f"（第 {first} 版{f'，{why[0]}' if why[0] else ''}）",
        "en": f" (version {first}{f', {why[1]}' if why[1] else ''})",
    }
    words = {name: text + mark[name] for name, text in plain.items()}
    return {**held, **words, **{f"mark_{name}": mark[name] for name in plain}, MARK: first}
