"""Linear grids (段): pieces of a border, river or highway from one chainage to another, with an owner on five levels."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class LinearGrids(Table):
    """Linear grids (段): pieces of a border, river or highway from one chainage to another, with an owner on five levels."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="linear_grids",
        label_zh="线性网格（段）",
        key="code",
        geometry=("LineString", "MultiLineString"),
        columns=(
            Column(name="code", kind="text", label_zh="段编码"),
            Column(name="name", kind="text", nullable=True, label_zh="名称"),
            Column(name="line", kind="text", label_zh="线名"),
            Column(name="start_m", kind="float", minimum=0, label_zh="起点里程（米）"),
            Column(name="end_m", kind="float", minimum=0, label_zh="终点里程（米）"),
            Column(name="owner_province", kind="text", nullable=True, label_zh="省级责任单位"),
            Column(name="owner_prefecture", kind="text", nullable=True, label_zh="市级责任单位"),
            Column(name="owner_county", kind="text", nullable=True, label_zh="县级责任单位"),
            Column(name="owner_town", kind="text", nullable=True, label_zh="乡级责任单位"),
            Column(name="owner_village", kind="text", nullable=True, label_zh="村级责任单位"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
