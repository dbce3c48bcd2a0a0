"""Calls (警情): what was reported, where and when it happened, and the clock of its handling."""

from __future__ import annotations

from typing import ClassVar

from geo.tables.spec import Column, Table, TableSpec


class Calls(Table):
    """Calls (警情): what was reported, where and when it happened, and the clock of its handling.

    ``source`` is the system that the call comes from; ``flags`` what cleaning noticed and what a reviewer decided, in
    the notation of ``geo.incidents.flags``.
    """

    __slots__ = ()
    SPEC: ClassVar[TableSpec] = TableSpec(
        name="calls",
        label_zh="警情",
        key="call_id",
        geometry=("Point",),
        columns=(
            Column(name="call_id", kind="text", label_zh="警情编号"),
            Column(name="occurred_at", kind="time", label_zh="发生时间"),
            Column(name="occurred_to", kind="time", nullable=True, label_zh="发生时间（止）"),
            Column(name="family", kind="text", label_zh="警情类别"),
            Column(
                name="intake",
                kind="text",
                nullable=True,
                choices=("报警", "求助", "投诉", "12345", "网格上报"),
                label_zh="来源",
            ),
            Column(name="priority", kind="int", nullable=True, minimum=1, maximum=5, label_zh="等级"),
            Column(name="valid", kind="bool", label_zh="有效警情"),
            Column(name="filed_case", kind="bool", nullable=True, label_zh="案件"),
            Column(name="citizen", kind="bool", nullable=True, label_zh="群众报警"),
            Column(name="placed", kind="bool", label_zh="有案发地"),
            Column(name="reported_at", kind="time", nullable=True, label_zh="报警"),
            Column(name="answered_at", kind="time", nullable=True, label_zh="接警"),
            Column(name="assigned_at", kind="time", nullable=True, label_zh="派警"),
            Column(name="accepted_at", kind="time", nullable=True, label_zh="签收"),
            Column(name="departed_at", kind="time", nullable=True, label_zh="出警"),
            Column(name="arrived_at", kind="time", nullable=True, label_zh="到达现场"),
            Column(name="handled_at", kind="time", nullable=True, label_zh="处置反馈"),
            Column(name="closed_at", kind="time", nullable=True, label_zh="办结"),
            Column(name="grid_code", kind="text", nullable=True, label_zh="网格编码"),
            Column(name="address", kind="text", nullable=True, label_zh="案发地址"),
            Column(name="synthetic", kind="bool", nullable=True, label_zh="合成数据"),
            Column(name="source", kind="text", nullable=True, label_zh="数据来源"),
            Column(name="flags", kind="text", nullable=True, label_zh="清洗标记"),
        ),
    )
