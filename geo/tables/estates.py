"""Estates (小区): housing areas that a grid boundary should not cut, with counts of households."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Estates(Table):
    """Estates (小区): housing areas that a grid boundary should not cut, with counts of households."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="estates",
        label_zh="小区",
        key="estate_id",
        geometry=("Polygon", "MultiPolygon"),
        columns=(
            Column(name="estate_id", kind="text", label_zh="小区编号"),
            Column(name="name", kind="text", nullable=True, label_zh="名称"),
            Column(name="households", kind="int", nullable=True, minimum=0, label_zh="户数"),
            Column(name="population", kind="int", nullable=True, minimum=0, label_zh="人口"),
            Column(name="buildings", kind="int", nullable=True, minimum=0, label_zh="楼栋数"),
            Column(name="grid_code", kind="text", nullable=True, label_zh="网格编码"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
