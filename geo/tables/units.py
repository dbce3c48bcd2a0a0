"""Units (巡组) on the street: kind, post, shift, state, last known position."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Units(Table):
    """Units (巡组) on the street: kind, post, shift, state, last known position."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="units",
        label_zh="巡组",
        key="unit_id",
        geometry=("Point",),
        columns=(
            Column(name="unit_id", kind="text", label_zh="编号"),
            Column(name="name", kind="text", label_zh="名称"),
            Column(name="kind", kind="text", choices=("car", "motorcycle", "foot", "off_road"), label_zh="类型"),
            Column(name="post_id", kind="text", label_zh="屯警点编号"),
            Column(name="shift_id", kind="text", label_zh="班次"),
            Column(name="officers", kind="int", minimum=0, label_zh="民警"),
            Column(name="auxiliaries", kind="int", minimum=0, label_zh="辅警"),
            Column(
                name="state",
                kind="text",
                choices=("standby", "patrol", "on_call", "returning"),
                label_zh="状态",
            ),
            Column(name="seen_at", kind="time", nullable=True, label_zh="最近定位"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
