"""The page on codes says what the code does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from geo.grids import chainage, layout, linear, numbering
from geo.grids.layout import LAYOUTS, UNIT15
from geo.grids.numbering import BAND_M, SpaceUse, renumber
from geo.grids.tree import ADMINISTRATIVE, POLICE
from geo.tables.linear_grids import LinearGrids

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "grid-codes.md").read_text(encoding="utf-8")


def test_every_layout_is_listed_with_its_parts() -> None:
    found = dict(re.findall(r"^\| `(\w+)` \| (\d+ \| `.*) \|$", PAGE, flags=re.MULTILINE))
    assert set(found) == set(LAYOUTS)
    for name, held in LAYOUTS.items():
        digits, parts = found[name].split(" | ")
        assert int(digits) == held.length
        assert parts == ", ".join(f"`{part.name}` {part.digits}" for part in held.parts)


def test_ranges_of_the_street_are_named() -> None:
    for span in UNIT15.parts[1].spans:
        assert f"{span.lowest:03d}-{span.highest:03d}" in PAGE


def test_the_example_of_a_layout_works() -> None:
    code = re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert code is not None
    held: dict[str, object] = {}
    exec(code.group(1), held)
    made = held["micro"]
    assert isinstance(made, layout.CodeLayout)
    assert made.parent_of("11010100100501203") == "110101001005012"


def test_defaults_of_numbering_are_listed() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \|$", PAGE, flags=re.MULTILINE))
    defaults = {name: held.default for name, held in inspect.signature(renumber).parameters.items()}
    assert float(rows["band_m"]) == BAND_M == defaults["band_m"]
    assert float(rows["same_share"]) == defaults["same_share"]
    assert rows["reuse_retired"] == "no"
    assert defaults["reuse_retired"] is False
    assert set(defaults) - {"old", "new"} <= set(rows)
    assert SpaceUse(space="", parent="", held=900, retired=0, size=999).nearly_full
    assert not SpaceUse(space="", parent="", held=899, retired=0, size=999).nearly_full
    assert "900 of 999" in PAGE


def test_every_level_is_named() -> None:
    for level in (*ADMINISTRATIVE, *POLICE):
        assert f"`{level.key}` {level.zh}" in PAGE


def test_calls_and_columns_exist() -> None:
    for name in ("mint", "renumber", "check_codes", "reading_order"):
        assert callable(getattr(numbering, name))
        assert f"`{name}(" in PAGE
    for name in ("even_segments", "cut_line", "check_segments", "locate_on_segments"):
        assert callable(getattr(linear, name))
        assert f"`{name}(" in PAGE
    for name in ("read", "written"):
        assert callable(getattr(chainage, name))
        assert f"`{name}(" in PAGE
    listed = set(LinearGrids.SPEC.names) - {"version", "synthetic"}
    assert all(f"`{column}`" in PAGE for column in listed)
