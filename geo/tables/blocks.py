"""Blocks (街区, 基本单元): land between streets, the smallest piece that changes hands between grids."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Blocks(Table):
    """Blocks (街区, 基本单元): land between streets, the smallest piece that changes hands between grids."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="blocks",
        label_zh="街区",
        key="code",
        geometry=("Polygon", "MultiPolygon"),
        columns=(
            Column(name="code", kind="text", label_zh="街区编码"),
            Column(name="name", kind="text", nullable=True, label_zh="名称"),
            Column(name="grid_code", kind="text", nullable=True, label_zh="网格编码"),
            Column(name="population", kind="float", nullable=True, minimum=0, label_zh="人口"),
            Column(name="households", kind="float", nullable=True, minimum=0, label_zh="户数"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
