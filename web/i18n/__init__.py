"""The words on the screen, in Chinese and in English."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("zh", "en")


def pick(lang: str | None) -> str:
    """Return ``"en"`` for any kind of English, else ``"zh"``: Chinese comes first."""
    return "en" if (lang or "").lower().startswith("en") else "zh"


@cache
def words(lang: str) -> dict[str, str]:
    """Return all words of one language by key."""
    path = Path(__file__).with_name(f"{pick(lang)}.json")
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
