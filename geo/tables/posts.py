"""Posts (屯警点): stations, street posts and kiosks where units stand."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Posts(Table):
    """Posts (屯警点): stations, street posts and kiosks where units stand."""

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="posts",
        label_zh="屯警点",
        key="post_id",
        geometry=("Point",),
        columns=(
            Column(name="post_id", kind="text", label_zh="编号"),
            Column(name="name", kind="text", label_zh="名称"),
            Column(name="kind", kind="text", choices=("station", "street_post", "kiosk"), label_zh="类型"),
            Column(name="state", kind="text", choices=("fixed", "candidate", "closed"), label_zh="状态"),
            Column(name="units", kind="int", nullable=True, minimum=0, label_zh="警力（组）"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
