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
    keys = re.compile(rf"(?<![\w(（-])(?:{'|'.join(re.escape(key) for key in held)})(?![\w-])", re.ASCII)
    zh, en = (keys.sub(lambda found: names[found[0]], text) for text in words)
    return zh, en
