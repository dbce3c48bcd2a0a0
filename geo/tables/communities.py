"""Villages and communities (村、社区): the areas that no grid crosses."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Communities(Table):
    """Villages and communities (村、社区): the areas that no grid crosses."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="communities",
        label_zh="村（社区）",
        key="code",
        geometry=("Polygon", "MultiPolygon"),
        columns=(
            Column(name="code", kind="text", label_zh="村（社区）编码"),
            Column(name="name", kind="text", nullable=True, label_zh="名称"),
            Column(name="town_name", kind="text", nullable=True, label_zh="乡镇（街道）"),
            Column(name="population", kind="float", nullable=True, minimum=0, label_zh="人口"),
            Column(name="households", kind="float", nullable=True, minimum=0, label_zh="户数"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
