"""Posts in grids (网格岗位): how many of a role are filled in a unit; no person but a holder's name where one is wanted."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class GridPosts(Table):
    """Posts in grids (网格岗位): how many of a role are filled in a unit."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="grid_posts",
        label_zh="网格岗位",
        key="post_id",
        columns=(
            Column(name="post_id", kind="text", label_zh="岗位编号"),
            Column(name="unit_code", kind="text", label_zh="网格（区划）编码"),
            Column(name="role", kind="text", label_zh="岗位"),
            Column(name="filled", kind="int", minimum=0, maximum=100_000, label_zh="在岗人数"),
            Column(name="holder", kind="text", nullable=True, label_zh="显示名称"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
