"""Buildings (楼栋) as points with counts of households: what figures are shared out by where no call is."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Buildings(Table):
    """Buildings (楼栋) as points with counts of households: what figures are shared out by where no call is."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="buildings",
        label_zh="楼栋",
        key="building_id",
        geometry=("Point",),
        columns=(
            Column(name="building_id", kind="text", label_zh="楼栋编号"),
            Column(name="name", kind="text", nullable=True, label_zh="名称"),
            Column(name="estate_id", kind="text", nullable=True, label_zh="小区编号"),
            Column(name="households", kind="int", nullable=True, minimum=0, label_zh="户数"),
            Column(name="population", kind="int", nullable=True, minimum=0, label_zh="人口"),
            Column(name="floors", kind="int", nullable=True, minimum=0, maximum=300, label_zh="层数"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
