"""The words of files: what headers and values are called in Chinese and English, for each table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _split(words: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        table: {column: tuple(text.split()) for column, text in columns.items()} for table, columns in words.items()
    }


def _pairs(words: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, dict[str, str]]]:
    return {
        table: {column: dict(pair.split("=") for pair in text.split()) for column, text in columns.items()}
        for table, columns in words.items()
    }


HEADERS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = _split(
    {
        "calls": {
            "call_id": (
                "警情编号 警情编码 接警编号 接警单编号 接处警编号 接警单号 警单编号 案件编号 事件编号 "
                "工单编号 编号 序号 incident_id event_id case_number call_number caseno crime_id jqbh jjdbh uid id"
            ),
            "occurred_at": (
                "案发时间 发案时间 事发时间 案发时间起 发案开始时间 发生时间起 案发开始时间 occurred "
                "date_start occurred_date occurred_local eventdt event_datetime incident_datetime datetime date_time afsj "
                "fasj date date_single month"
            ),
            "occurred_to": "案发时间止 发案结束时间 发生时间止 案发结束时间 date_end",
            "family": (
                "警情类别 警情类型 警情性质 警情分类 报警类别 报警类型 案件类别 案件类型 案由 类别 类型 "
                "category primary_type offense_type offense crime_type cvlegend call_type type jqlb bjlb"
            ),
            "intake": "来源 警情来源 报警来源 报警方式",
            "priority": "警情级别 警情等级 等级 级别 优先级",
            "valid": "有效警情 是否有效 是否有效警情 valid",
            "filed_case": "是否立案 是否案件 立案",
            "citizen": "是否群众报警",
            "placed": "有案发地 是否有案发地",
            "reported_at": "报警时间 接报时间 报案时间 received_at received bjsj",
            "answered_at": "接警时间 jjsj",
            "assigned_at": "派警时间 派单时间 dispatched_at dispatch_time",
            "accepted_at": "签收时间",
            "departed_at": "出警时间 出动时间 enroute_at",
            "arrived_at": "到达现场时间 到达时间 到场时间 抵达时间 arrival_time",
            "handled_at": "处置反馈时间 反馈时间",
            "closed_at": "办结时间 结案时间 处警结束时间 结束时间 cleared_at",
            "grid_code": "网格编码 网格编号 所属网格编码 网格代码",
            "address": (
                "案发地址 案发地点 发案地点 事发地点 事发地址 地点 地址 详细地址 location blkaddr block_address block_location block afdd fadd"
            ),
        },
        "grids": {
            "code": "网格编码 网格编号 网格代码 编码 代码 编号 grid_code grid_id wgbm wgdm",
            "name": "网格名称 名称 网格名 wgmc",
            "kind": "网格类型 网格类别 类型 类别 type",
            "parent_code": "村（社区）编码 村社区编码 社区编码 社区代码 上级编码 sqbm",
            "parent_name": "村（社区） 村社区 村社区名称 社区名称 社区 所属社区 所属村社区 sqmc",
            "population": "人口 人口数 总人口 常住人口 实有人口",
            "households": "户数 总户数",
            "valid_from": "启用日期 开始日期 起始日期",
            "valid_to": "停用日期 终止日期 结束日期",
        },
        "police_grids": {
            "code": "警格编码 警格编号 警格代码 编码 编号",
            "name": "警格名称 名称",
            "area_code": "警务区编码 警务区代码",
            "area_name": "警务区 警务区名称",
            "station_code": "派出所编码 派出所代码",
            "station_name": "派出所 派出所名称 所属派出所",
        },
        "estates": {
            "estate_id": "小区编号 小区编码 小区代码 编号 编码 序号 id",
            "name": "小区名称 小区名 小区 名称",
            "households": "户数 总户数 住户数",
            "population": "人口 人口数 常住人口 实有人口",
            "buildings": "楼栋数 楼幢数 栋数",
            "grid_code": "网格编码 网格编号 所属网格编码 网格代码",
        },
        "blocks": {
            "code": "街区编码 街区编号 基本单元编码 基本单元编号 单元编码 单元编号 编码 编号 代码 block_id unit_code id",
            "name": "街区名称 基本单元名称 单元名称 街区 名称",
            "grid_code": "网格编码 网格编号 所属网格编码 网格代码 grid",
            "population": "人口 人口数 常住人口 实有人口",
            "households": "户数 总户数",
        },
        "communities": {
            "code": "村（社区）编码 村社区编码 社区编码 社区代码 村编码 区划代码 统计用区划代码 编码 代码 编号",
            "name": "村（社区）名称 村社区名称 社区名称 村名称 社区 村名 名称",
            "town_name": "乡镇（街道）名称 乡镇街道 乡镇 街道 所属乡镇 所属街道 town",
            "population": "人口 人口数 总人口 常住人口 实有人口",
            "households": "户数 总户数",
        },
        "linear_grids": {
            "code": "段编码 段编号 路段编码 河段编码 编码 编号",
            "name": "段名称 路段名称 河段名称 名称",
            "line": "线名 线路名称 道路名称 河流名称 路线 线路",
            "start_m": "起点里程（米） 起点里程 起点桩号",
            "end_m": "终点里程（米） 终点里程 终点桩号 止点里程",
            "owner_province": "省级责任单位 省级",
            "owner_prefecture": "市级责任单位 市州级责任单位 市级",
            "owner_county": "县级责任单位 区县级责任单位 县级",
            "owner_town": "乡级责任单位 乡镇级责任单位 乡级 镇级",
            "owner_village": "村级责任单位 村级",
        },
        "buildings": {
            "building_id": "楼栋编号 楼栋编码 楼幢编号 建筑物编码 编号 编码 序号 id",
            "name": "楼栋名称 楼栋 楼幢名称 名称",
            "estate_id": "小区编号 小区编码 所属小区编号 所属小区编码",
            "households": "户数 住户数",
            "population": "人口 人口数 实有人口",
            "floors": "层数 楼层数 地上层数",
        },
        "grid_posts": {
            "post_id": "岗位编号 编号 序号 id",
            "unit_code": "网格编码 网格编号 网格代码 区划编码 单位编码",
            "role": "岗位 岗位名称 岗位类型 角色",
            "filled": "在岗人数 配备人数 人数 现有人数",
        },
        "posts": {
            "post_id": "屯警点编号 驻点编号 点位编号 编号 序号 id",
            "name": "屯警点名称 屯警点 驻点名称 点位名称 名称 派出所名称 station_name",
            "kind": "屯警点类型 点位类型 类型 type",
            "state": "状态",
            "units": "警力（组） 警力 组数 警力组数",
        },
        "points": {
            "point_id": "必巡点编号 点位编号 编号 序号 id",
            "name": "必巡点名称 必巡点 点位名称 名称",
            "kind": "必巡点类型 点位类型 类型 type",
            "mode": "方式 巡逻方式 巡查方式",
            "dwell_seconds": (
                "驻守时长（秒） 驻守时长 停留时长 驻守时长（分） 驻守时长（分钟） 停留时长（分钟） dwell "
                "dwell_minutes minutes"
            ),
            "visits": "每班次数 巡逻次数 次数",
            "priority": "等级 优先级",
            "gap_minutes": "到点间隔（分） 到点间隔 到点间隔（分钟） 巡逻间隔 最大间隔 gap",
            "least_gap_minutes": "最小间隔（分） 最小间隔 最小间隔（分钟） least_gap",
            "window_start": "到岗时刻（分） 到岗时刻 上岗时刻 window_from",
            "window_end": "离岗时刻（分） 离岗时刻 下岗时刻 window_to",
            "units_together": "同时到点（组） 同时到点 同时组数",
            "kinds": "可派巡组 可派类型 巡组类型",
        },
        "units": {
            "unit_id": "巡组编号 警组编号 呼号 编号 id",
            "name": "巡组名称 警组名称 名称",
            "kind": "巡组类型 类型 type",
            "post_id": "屯警点编号 驻点编号",
            "shift_id": "班次 班次编号",
            "officers": "民警 民警数 民警人数",
            "auxiliaries": "辅警 辅警数 辅警人数",
            "state": "状态",
            "seen_at": "最近定位 定位时间 最近定位时间",
        },
        "shifts": {
            "shift_id": "班次编号 编号 id",
            "name": "班次名称 班次 名称",
            "start_minute": "开始 开始（分） 开始分钟 start",
            "length_minutes": "时长（分） 时长（分钟） 时长分钟 时长 minutes",
        },
    }
)
"""Headers of each column besides its own name and Chinese label, the more telling first."""

VALUES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = _pairs(
    {
        "grids": {
            "kind": (
                "综合网格=general 一般网格=general 基础网格=general 专属网格=special 专有网格=special 专业网格=special"
            ),
        },
        "calls": {
            "intake": "110=报警 电话报警=报警 群众报警=报警 群众求助=求助 投诉举报=投诉 网格=网格上报",
        },
        "posts": {
            "kind": (
                "派出所=station 街面屯警点=street_post 屯警点=street_post 街面警务站=kiosk 警务站=kiosk "
                "岗亭=kiosk 警亭=kiosk"
            ),
            "state": "固定=fixed 已建=fixed 现有=fixed 候选=candidate 备选=candidate 停用=closed 关闭=closed",
        },
        "points": {
            "kind": (
                "必巡点=must_visit 必到点=must_visit 视频巡查点=video 视频=video 视频点=video 护学岗=school 学校=school"
            ),
            "mode": (
                "车巡=car 汽车=car 警车=car 摩托=motorcycle 摩巡=motorcycle 步巡=foot 步行=foot 徒步=foot "
                "视频=video 视频巡查=video 越野=off_road 越野车=off_road 越野巡=off_road"
            ),
        },
        "units": {
            "kind": (
                "车巡=car 汽车=car 警车=car 摩托=motorcycle 摩巡=motorcycle 步巡=foot 步行=foot "
                "越野=off_road 越野车=off_road 越野巡=off_road"
            ),
            "state": "备勤=standby 巡逻=patrol 脱岗处警=on_call 处警=on_call 归队=returning",
        },
    }
)
"""What the values of columns with choices are called in files."""

PLACE_PAIRS: Final = (
    ("案发地经度", "案发地纬度"), ("案发经度", "案发纬度"), ("发案经度", "发案纬度"), ("事发经度", "事发纬度"),
    ("经度", "纬度"), ("lon", "lat"), ("lng", "lat"), ("long", "lat"), ("longitude", "latitude"),
    ("longtitude", "latitude"), ("x经度", "y纬度"), ("经度x", "纬度y"), ("坐标经度", "坐标纬度"), ("gps经度", "gps纬度"),
    ("x坐标", "y坐标"), ("point_x", "point_y"), ("xcoord", "ycoord"), ("x", "y"), ("jd", "wd"), ("zdjd", "zdwd"),
)  # fmt: skip
"""Headers of longitude and latitude (or x and y) that belong together, the more telling first."""

TIMES_OF_DAY: Final = {
    "occurred_at": ("发生时刻", "案发时刻", "发案时刻", "eventtm", "event_time", "occurred_time", "time"),
    "reported_at": ("报警时刻", "接报时刻", "reported_time"),
}
"""Headers of a time of the day beside a column of days."""

CLOCKS: Final[Mapping[str, frozenset[str]]] = {
    "points": frozenset({"window_start", "window_end"}),
    "shifts": frozenset({"start_minute"}),
}
"""Columns of minutes after midnight, which files may write as times of the day."""

FRAME_HEADERS: Final = ("坐标系", "坐标系统", "坐标类型", "frame", "coordinate_system")
"""Headers of a column that names the frame of each row."""

YES: Final = frozenset({"是", "有", "有效", "true", "yes", "y", "t", "1", "1.0", "√", "对"})
NO: Final = frozenset({"否", "无", "无效", "false", "no", "n", "f", "0", "0.0", "×", "不是"})

ASSUMED: Final[Mapping[str, Mapping[str, str | int | bool]]] = {
    "grids": {"kind": "general"},
    "calls": {"valid": True},
    "posts": {"kind": "street_post", "state": "fixed"},
    "points": {"kind": "must_visit", "mode": "car", "dwell_seconds": 900, "visits": 1},
    "units": {"kind": "car", "state": "standby", "auxiliaries": 0},
}
"""What stands where a file lacks a column; the report of the import names each that was used."""

MINTED: Final = frozenset({"calls", "posts", "points", "units"})
"""Tables whose key may be made from the content of the row where a file has none."""
