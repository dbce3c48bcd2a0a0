"""Shifts (班次): start in minutes after local midnight and length in minutes."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Shifts(Table):
    """Shifts (班次): start in minutes after local midnight and length in minutes."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="shifts",
        label_zh="班次",
        key="shift_id",
        geometry=(),
        columns=(
            Column(name="shift_id", kind="text", label_zh="编号"),
            Column(name="name", kind="text", label_zh="名称"),
            Column(name="start_minute", kind="int", minimum=0, maximum=1439, label_zh="开始"),
            Column(name="length_minutes", kind="int", minimum=1, maximum=1440, label_zh="时长（分）"),
        ),
    )
