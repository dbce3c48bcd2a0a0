"""A document to print: headings, sentences, tables and pictures in order, whatever file it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from geo.errors import InputError

Lang = Literal["zh", "en"]
Cell = str | int | float | None
CellKind = Literal["text", "count", "decimal", "share"]

NOTHING: Final = "—"
"""What stands in a cell without a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of level 1 or 2."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph; ``small`` for notes, sources and definitions."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The heading of a column, what kind of cells it has, and its share of the width."""

    heading: str
    kind: CellKind = "text"
    width: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns, with a title above and a note (n, period, method) below.

    Raises
    ------
    InputError
        If a row has not as many cells as there are columns.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise InputError(
                    f"Row {number} of “{self.title}” has {len(row)} cells, not {len(self.columns)}",
                    f"表“{self.title}”第 {number} 行有 {len(row)} 格，应为 {len(self.columns)} 格",
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture in PNG with a title below it and the words for who cannot see it."""

    png: bytes
    title: str
    alt: str
    width_mm: float = 170.0


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | Table | Picture | PageBreak


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """A titled sequence of blocks; ``footer`` stands on every page beside its number."""

    title: str
    subtitle: str
    lang: Lang
    blocks: tuple[Block, ...]
    footer: str = ""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables in order."""
        return tuple(block for block in self.blocks if isinstance(block, Table))


def cell_text(cell: Cell, kind: CellKind) -> str:
    """Return a cell as it is printed: 1,234, 5.6, 12.3%."""
    if cell is None or cell == "":
        return NOTHING
    if isinstance(cell, str):
        return cell
    if kind == "share":
        return f"{cell:.1%}"
    if kind == "decimal":
        return f"{cell:,.1f}"
    return f"{cell:,.0f}" if kind == "count" else str(cell)


def table_texts(table: Table) -> list[list[str]]:
    """Return all cells as printed, the headings first."""
    body = [[cell_text(c, col.kind) for c, col in zip(row, table.columns, strict=True)] for row in table.rows]
    return [[column.heading for column in table.columns], *body]


def shares_of_width(columns: Sequence[Column]) -> list[float]:
    """Return the share of the width of each column; they sum to 1."""
    total = sum(column.width for column in columns)
    return [column.width / total for column in columns]
