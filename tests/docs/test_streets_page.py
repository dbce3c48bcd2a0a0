"""The page on streets says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geo.streets.access import RULE_TAGS
from geo.streets.graph import ROAD_CLASSES
from geo.streets.pbf import SUFFIXES
from geo.streets.speeds import PROFILES, SpeedTable

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "streets.md").read_text(encoding="utf-8")


def test_every_class_is_listed_with_its_speeds() -> None:
    found = dict(re.findall(r"^\| (\w+) \| ((?:[\d.]+ \| ?){5})$", PAGE, flags=re.MULTILINE))
    table = SpeedTable.default()
    assert set(found) == set(ROAD_CLASSES)
    for column, name in enumerate(ROAD_CLASSES):
        listed = [float(cell) for cell in found[name].split("|") if cell.strip()]
        assert listed == pytest.approx([row[column] for row in table.kph], rel=2e-3), name


def test_profiles_and_their_share_of_a_limit_are_listed() -> None:
    table = SpeedTable.default()
    for row, profile in enumerate(PROFILES):
        share = re.search(rf"^\| `{profile}` \| .* \| (\S+) \|$", PAGE, flags=re.MULTILINE)
        assert share is not None
        assert share.group(1) == ("none" if profile == "foot" else f"{table.limit_factor[row]}")


def test_every_tag_and_format_is_named() -> None:
    for tag in (*RULE_TAGS, *SUFFIXES):
        assert re.search(rf"`{re.escape(tag)}[`=]", PAGE), tag
