"""Escaping for pages and scripts, and cells that spreadsheets must not run."""

from __future__ import annotations

import html

import pytest

from geo.text import escape, inert_cell, plain_cell

PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    "`${alert(1)}`",
    "</script><script>alert(1)</script>",
    "\"' onload=x",
    "\\u0060${1}",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_opens_a_tag_a_string_or_a_template_survives(payload: str) -> None:
    safe = escape(payload)
    assert not set(safe) & set("<>\"'`$\\{}")
    assert html.unescape(safe) == payload


def test_chinese_and_numbers_pass_and_none_is_empty() -> None:
    assert escape("东关市场，3组") == "东关市场，3组"
    assert escape(12.5) == "12.5"
    assert escape(None) == ""


def test_control_characters_are_dropped() -> None:
    assert escape("a\x00b\x1bc\x85d\u2028e\tf") == "abcd e\tf"


@pytest.mark.parametrize(
    "cell", ["=cmd|' /C calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "\u3000=1", "-１"]
)
def test_formulas_are_neutralised_and_come_back(cell: str) -> None:
    assert inert_cell(cell) == "'" + cell
    assert plain_cell(inert_cell(cell)) == cell


@pytest.mark.parametrize("cell", ["-12.5", "+86", "-1e-3", "网格", "", "a=b", "610102001001001", "'tis"])
def test_plain_cells_stay(cell: str) -> None:
    assert inert_cell(cell) == cell
    assert plain_cell(cell) == cell
