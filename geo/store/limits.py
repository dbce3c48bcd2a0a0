"""How much a file that comes in may cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

from geo.errors import LimitError

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Limits of one read; sizes in megabytes of 10^6 bytes.

    ``memory_mb`` is address space above what the reading process holds at rest; ``unpacked_mb`` and ``unpacked_ratio``
    bound archives while they inflate; ``vertices`` bounds one geometry, ``depth`` nested collections.
    """

    file_mb: float = 1_000.0
    memory_mb: float = 3_000.0
    answer_mb: float = 2_000.0
    cpu_seconds: float = 120.0
    wall_seconds: float = 180.0
    unpacked_mb: float = 2_000.0
    unpacked_ratio: float = 200.0
    members: int = 1_000
    rows: int = 5_000_000
    columns: int = 500
    vertices: int = 500_000
    depth: int = 16

    def facts(self) -> dict[str, float]:
        """Return the limits as plain numbers, to be sent to the reading process."""
        return {name: float(value) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, facts: dict[str, float]) -> Self:
        """Return the limits that ``facts`` made."""
        whole = ("members", "rows", "columns", "vertices", "depth")
        return cls(**{name: int(value) if name in whole else value for name, value in facts.items()})  # type: ignore[arg-type]

    def bytes_of(self, megabytes: float) -> int:
        """Return a size in bytes."""
        return int(megabytes * _MEGA)

    def check_rows(self, rows: int) -> None:
        """Raise ``LimitError`` where a layer has too many rows."""
        if rows > self.rows:
            raise LimitError(
                f"The layer has {rows:,} rows, more than the {self.rows:,} allowed; split the file",
                f"图层有 {rows:,} 行，超过上限 {self.rows:,} 行，请拆分文件",
            )

    def check_columns(self, columns: int) -> None:
        """Raise ``LimitError`` where a layer has too many columns."""
        if columns > self.columns:
            raise LimitError(
                f"The layer has {columns:,} columns, more than the {self.columns:,} allowed",
                f"图层有 {columns:,} 列，超过上限 {self.columns:,} 列",
            )
