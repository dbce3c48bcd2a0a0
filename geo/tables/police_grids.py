"""Police grids (警格): the fixed area of a community officer, under a police area and a station."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class PoliceGrids(Table):
    """Police grids (警格): the fixed area of a community officer, under a police area and a station."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="police_grids",
        label_zh="警格",
        key="code",
        geometry=("Polygon", "MultiPolygon"),
        columns=(
            Column(name="code", kind="text", label_zh="警格编码"),
            Column(name="name", kind="text", nullable=True, label_zh="名称"),
            Column(name="area_code", kind="text", nullable=True, label_zh="警务区编码"),
            Column(name="area_name", kind="text", nullable=True, label_zh="警务区"),
            Column(name="station_code", kind="text", nullable=True, label_zh="派出所编码"),
            Column(name="station_name", kind="text", nullable=True, label_zh="派出所"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
