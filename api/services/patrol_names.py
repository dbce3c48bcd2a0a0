"""Sentences with the names of units and points for their keys."""

from __future__ import annotations

import re

from api.services.patrol_ground import Ground

Words = tuple[str, str]


def named(ground: Ground, words: Words) -> Words:
    """Return a sentence in Chinese and English with names for keys; keys in brackets stay."""
    names = {**ground.units.names}
    names |= {key: ground.name_of(point) for point, key in enumerate(ground.crews.point_keys)}
    names |= dict(zip(ground.crews.post_keys, ground.units.post_names, strict=True))
    held = sorted((key for key in names if any(key in text for text in words)), key=len, reverse=True)
    if not held:
        return words
    # A key that is part of a longer word, or stands in brackets behind its name, is none.
    keys = re.compile(
        rf"((?<=[一-鿿]) )?(?<![\w(（-])({'|'.join(re.escape(key) for key in held)})(?![\w-])( (?=[一-鿿]))?", re.ASCII
    )
    zh, en = (keys.sub(lambda found: _set(names[found[2]], found), text) for text in words)
    return zh, en


def _set(name: str, found: re.Match[str]) -> str:
    """Return a name between the spaces that stood about its key; Chinese beside Chinese needs none."""
    before, after = (
        "" if _chinese(end) else space or "" for end, space in ((name[:1], found[1]), (name[-1:], found[3]))
    )
    return f"{before}{name}{after}"


def _chinese(letter: str) -> bool:
    return "一" <= letter <= "鿿"
