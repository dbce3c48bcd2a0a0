"""Points that patrols visit: must-visit points (必巡点), video-patrol points, school posts."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Points(Table):
    """Points that patrols visit: must-visit points (必巡点), video-patrol points, school posts.

    ``gap_minutes`` is the longest time between two begins (到点间隔), ``least_gap_minutes`` the shortest. ``window_start`` and
    ``window_end`` are minutes after local midnight between which a visit at a set time (护学岗) lies; an end of 1440 or more is the
    next day. ``units_together`` units make that visit at one time. ``kinds`` are the kinds of units that may come,
    such as ``car motorcycle``. What is left empty follows from ``visits``, ``mode`` and the shift.
    """

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="points",
        label_zh="必巡点",
        key="point_id",
        geometry=("Point",),
        columns=(
            Column(name="point_id", kind="text", label_zh="编号"),
            Column(name="name", kind="text", label_zh="名称"),
            Column(name="kind", kind="text", choices=("must_visit", "video", "school"), label_zh="类型"),
            Column(
                name="mode", kind="text", choices=("car", "motorcycle", "foot", "video", "off_road"), label_zh="方式"
            ),
            Column(name="dwell_seconds", kind="int", minimum=0, maximum=86400, label_zh="驻守时长（秒）"),
            Column(name="visits", kind="int", minimum=1, maximum=24, label_zh="每班次数"),
            Column(name="priority", kind="int", nullable=True, minimum=1, maximum=5, label_zh="等级"),
            Column(name="gap_minutes", kind="int", nullable=True, minimum=1, maximum=1440, label_zh="到点间隔（分）"),
            Column(
                name="least_gap_minutes", kind="int", nullable=True, minimum=0, maximum=1440, label_zh="最小间隔（分）"
            ),
            Column(name="window_start", kind="int", nullable=True, minimum=0, maximum=1439, label_zh="到岗时刻（分）"),
            Column(name="window_end", kind="int", nullable=True, minimum=0, maximum=2879, label_zh="离岗时刻（分）"),
            Column(name="units_together", kind="int", nullable=True, minimum=1, maximum=9, label_zh="同时到点（组）"),
            Column(name="kinds", kind="text", nullable=True, label_zh="可派巡组"),
            Column(name="version", kind="int", nullable=True, minimum=0, label_zh="版本"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
        ),
    )
