"""Administrative grids (网格): each inside one village or community."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Grids(Table):
    """Administrative grids (网格): each inside one village or community."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="grids",
        label_zh="网格",
        key="code",
        geometry=("Polygon", "MultiPolygon"),
        columns=(
            Column(name="code", kind="text", label_zh="网格编码"),
            Column(name="name", kind="text", nullable=True, label_zh="名称"),
            Column(name="kind", kind="text", choices=("general", "special"), label_zh="类型"),
            Column(name="parent_code", kind="text", nullable=True, label_zh="村（社区）编码"),
            Column(name="parent_name", kind="text", nullable=True, label_zh="村（社区）"),
            Column(name="population", kind="float", nullable=True, minimum=0, label_zh="人口"),
            Column(name="households", kind="float", nullable=True, minimum=0, label_zh="户数"),
            Column(name="valid_from", kind="time", nullable=True, label_zh="启用日期"),
            Column(name="valid_to", kind="time", nullable=True, label_zh="停用日期"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
