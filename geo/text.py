"""Text from data on its way out: one escape for pages and scripts, one guard for spreadsheets."""

from __future__ import annotations

import json
from typing import Final

_HTML: Final = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord('"'): "&quot;",
    ord("'"): "&#39;",
    # Values end up inside template literals of scripts too: no backtick, no ${, no backslash survives.
    ord("`"): "&#96;",
    ord("$"): "&#36;",
    ord("{"): "&#123;",
    ord("}"): "&#125;",
    ord("\\"): "&#92;",
    ord("\u2028"): " ",
    ord("\u2029"): " ",
}
_IN_SCRIPT: Final = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def escape(value: object) -> str:
    """Return ``value`` as text that is inert in HTML, in attributes and in script template literals; None is empty.

    Control characters other than tab and line feed are dropped: they are not valid in HTML or XML.
    """
    if value is None:
        return ""
    plain = "".join(c for c in str(value) if c in "\t\n" or (c >= " " and not "\x7f" <= c <= "\x9f"))
    return plain.translate(_HTML)


def script_json(value: object) -> str:
    """Return ``value`` as JSON that may stand inside a script element, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_IN_SCRIPT)


def inert_cell(value: str) -> str:
    """Return ``value`` so that no spreadsheet takes it for a formula: an apostrophe goes in front where one starts.

    Full-width signs count too, since some programs fold them; a plain negative number stays as it is.
    """
    start = value.lstrip(" \u00a0\u3000")
    if not start.startswith(_FORMULA_STARTS) and not value.startswith(_FORMULA_STARTS):
        return value
    return value if _is_number(value) else "'" + value


def plain_cell(value: str) -> str:
    """Return what ``inert_cell`` was given, for cells that come back from a spreadsheet."""
    return value[1:] if value.startswith("'") and inert_cell(value[1:]) == value else value


def _is_number(value: str) -> bool:
    if not value.isascii() or not any(c.isdigit() for c in value) or "_" in value or value != value.strip():
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True
