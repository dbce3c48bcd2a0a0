"""The checks behind a conformity report, one function each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import FrameError, GeometryError
from geo.grids.area import areas_m2
from geo.grids.conformity import Check, Finding, Matter, Outcome, Severity
from geo.grids.coverage_check import Fault
from geo.grids.numbering import reading_order
from geo.grids.overlap import overlay
from geo.grids.topology import Coverage
from geo.tables.spec import LONLAT

_LEAST_M2: Final = 1.0


def _finding(
    check: Check,
    severity: Severity,
    codes: Sequence[str],
    measure: float,
    unit: str,
    at: BaseGeometry | None,
    sentence: tuple[str, str],
) -> Finding:
    lon, lat = (
        (None, None) if at is None else (float(v) for v in shapely.get_coordinates(shapely.point_on_surface(at))[0])
    )
    return Finding(
        check=check, severity=severity, codes=tuple(codes), measure=measure, unit=unit, lon=lon, lat=lat,
        en=sentence[0], zh=sentence[1],
    )  # fmt: skip


def _shapes(frame: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    return np.asarray(frame.geometry.array, dtype=object)


def _codes(frame: gpd.GeoDataFrame) -> list[str]:
    return [str(code) for code in frame["code"]]


def _estates(matter: Matter) -> Outcome:
    if matter.estates is None:
        return Outcome(looked_at=0, left_out=("no layer of estates is given", "未提供小区图层"))
    frame = matter.estates.frame
    shapes, codes = _shapes(frame), _codes(matter.general)
    pieces = overlay(shapes, _shapes(matter.general))
    whole = areas_m2(shapes)
    share = pieces.area_m2 / whole[pieces.one]
    findings = []
    counted = share > matter.limits.estate_share
    rows, first = np.unique(pieces.one[counted], return_index=True)
    ends = np.r_[first[1:], int(counted.sum())]
    at, held = pieces.other[counted], share[counted]
    for row, start, end in zip(rows.tolist(), first.tolist(), ends.tolist(), strict=True):
        if end - start < 2:
            continue
        parts = sorted(
            zip((codes[i] for i in at[start:end]), held[start:end].tolist(), strict=True), key=lambda p: -p[1]
        )
        name = _label(frame, row, "estate_id")
        en = ", ".join(f"{code} {part:.0%}" for code, part in parts)
        zh = "、".join(f"{code}（{part:.0%}）" for code, part in parts)
        lost = 1 - parts[0][1]
        findings.append(
            _finding("estates", "fault", [code for code, _ in parts], lost, "share", shapes[row],
                     (f"Estate {name} is cut by grids {en}", f"小区“{name}”被网格 {zh} 分割"))
        )  # fmt: skip
    return Outcome(looked_at=len(frame), findings=findings, measure=len(findings) / len(frame) if len(frame) else None)


def _label(frame: gpd.GeoDataFrame, row: int, key: str) -> str:
    name = frame["name"].iloc[row]
    return name if isinstance(name, str) and name else str(frame[key].iloc[row])


def _households(matter: Matter) -> Outcome:
    if matter.limits.households is None:
        return Outcome(looked_at=0, left_out=("no range of households is set", "未设定户数范围"))
    low, high = matter.limits.households
    codes, shapes = _codes(matter.general), _shapes(matter.general)
    given = matter.households or dict(zip(codes, matter.general["households"].tolist(), strict=True))
    findings, known = [], 0
    for code, shape in zip(codes, shapes, strict=True):
        count = given.get(code)
        if count is None or not np.isfinite(count):
            continue
        known += 1
        if not low <= count <= high:
            more = (
                (f"more than {high:g}", f"超过上限 {high:g} 户")
                if count > high
                else (f"fewer than {low:g}", f"不足下限 {low:g} 户")
            )
            findings.append(
                _finding("households", "fault", [code], float(count), "households", shape,
                         (f"Grid {code} has {count:g} households, {more[0]}", f"网格 {code} 有 {count:g} 户，{more[1]}"))
            )  # fmt: skip
    if known < len(codes):
        unknown = len(codes) - known
        findings.append(
            _finding("households", "note", [], unknown, "grids", None,
                     (f"{unknown} grids have no count of households", f"{unknown} 个网格没有户数"))
        )  # fmt: skip
    return Outcome(looked_at=known, findings=findings)


def _community(matter: Matter) -> Outcome:
    codes, shapes = _codes(matter.general), _shapes(matter.general)
    parents = [p if isinstance(p, str) and p else None for p in matter.general["parent_code"]]
    findings = []
    for code, parent, shape, good in zip(codes, parents, shapes, matter.layout.valid(codes).tolist(), strict=True):
        if parent is None:
            findings.append(
                _finding("community", "fault", [code], 0.0, "", shape,
                         (f"Grid {code} belongs to no village or community", f"网格 {code} 没有所属村（社区）"))
            )  # fmt: skip
        elif good and matter.layout.parent_of(code) != parent:
            findings.append(
                _finding("community", "fault", [code], 0.0, "", shape,
                         (f"Grid {code} bears the code of {matter.layout.parent_of(code)}, but belongs to {parent}",
                          f"网格 {code} 的编码属于 {matter.layout.parent_of(code)}，而所属村（社区）为 {parent}"))
            )  # fmt: skip
    if matter.communities is None:
        left = ("no layer of communities is given: only codes were compared", "未提供村（社区）图层，仅比对编码")
        return Outcome(looked_at=len(codes), findings=findings, left_out=left)
    findings += _crossings(matter, codes, parents, shapes)
    return Outcome(looked_at=len(codes), findings=findings)


def _crossings(
    matter: Matter, codes: Sequence[str], parents: Sequence[str | None], shapes: npt.NDArray[np.object_]
) -> list[Finding]:
    layer = cast("gpd.GeoDataFrame", matter.communities)
    if layer.crs is None:
        raise FrameError("The layer of communities states no coordinate frame", "村（社区）图层没有标明坐标系")
    layer = layer.to_crs(LONLAT) if layer.crs != LONLAT else layer
    names = _codes(layer)
    pieces = overlay(shapes, _shapes(layer))
    whole = areas_m2(shapes)
    inside = np.zeros(len(codes))
    beyond: dict[int, dict[str, float]] = {}
    for row, other, area in zip(pieces.one.tolist(), pieces.other.tolist(), pieces.area_m2.tolist(), strict=True):
        if names[other] == parents[row]:
            inside[row] += area
        else:
            beyond.setdefault(row, {})[names[other]] = area
    outside = whole - inside
    known = set(names)
    findings = []
    for row in np.flatnonzero((outside > _LEAST_M2) & (outside > matter.limits.outside_share * whole)).tolist():
        parent, code, size = parents[row], codes[row], outside[row]
        if parent is None:
            continue
        if parent not in known:
            en, zh = f"whose community {parent} is not in the layer", f"所属村（社区）{parent} 不在图层中"
            size = 0.0
        else:
            others = sorted(beyond.get(row, {}), key=lambda name, row=row: -beyond[row][name])  # type: ignore[misc]
            into_en = f" into {', '.join(others[:3])}" if others else ""
            into_zh = f"，进入 {'、'.join(others[:3])}" if others else ""
            en = f"which leaves its community {parent} by {size:,.0f} m² ({size / whole[row]:.1%}){into_en}"
            zh = f"越出所属村（社区）{parent} {size:,.0f} 平方米（{size / whole[row]:.1%}）{into_zh}"
        findings.append(
            _finding(
                "community",
                "fault",
                [code],
                float(size),
                "m2",
                shapes[row],
                (f"Grid {code}, {en}", f"网格 {code} {zh}"),
            )
        )
    return findings


def _coverage(matter: Matter) -> Outcome:
    try:
        report = Coverage.of(matter.grids).check(gap_width_m=matter.limits.gap_width_m)
    except GeometryError as broken:
        fault = _finding("coverage", "fault", broken.rows, 0.0, "", None, (broken.en, broken.zh))
        return Outcome(looked_at=len(matter.general), findings=[fault])
    findings = [_hole(gap, "gap", "缝隙") for gap in report.gaps]
    findings += [_hole(gap, "overlap", "重叠") for gap in report.overlaps]
    for codes, en, zh in (
        (
            report.mismatched,
            "shares a line with a neighbour but not its vertices, or leaves a crack",
            "与相邻网格边界不一致或留有细缝",
        ),
        (report.broken, "crosses itself", "图形自相交"),
    ):
        by_code = dict(zip(_codes(matter.general), _shapes(matter.general), strict=True))
        findings += [
            _finding("coverage", "fault", [code], 0.0, "", by_code[code], (f"Grid {code} {en}", f"网格 {code} {zh}"))
            for code in codes
        ]
    total = sum(gap.area_m2 for gap in report.gaps) + sum(gap.area_m2 for gap in report.overlaps)
    return Outcome(looked_at=len(matter.general), findings=findings, measure=total)


def _hole(fault: Fault, en: str, zh: str) -> Finding:
    around = list(fault.codes)
    return _finding(
        "coverage", "fault", around, fault.area_m2, "m2", fault.shape,
        (f"A{'n' if en[0] == 'o' else ''} {en} of {fault.area_m2:,.1f} m² among grids {', '.join(around[:5])}",
         f"网格 {'、'.join(around[:5])} 之间有 {fault.area_m2:,.1f} 平方米{zh}"),
    )  # fmt: skip


def _workload(matter: Matter) -> Outcome:
    if matter.workload is None:
        return Outcome(looked_at=0, left_out=("no workload is given", "未提供工作量"))
    codes, shapes = _codes(matter.general), _shapes(matter.general)
    load = np.array([float(matter.workload.get(code, 0.0)) for code in codes])
    mean = float(load.mean()) if len(load) else 0.0
    if mean <= 0:
        return Outcome(looked_at=len(codes), left_out=("there is no workload in any grid", "各网格工作量均为零"))
    ratio = matter.limits.workload_ratio
    findings = []
    for row in np.flatnonzero((load > ratio * mean) | (load < mean / ratio)).tolist():
        times = float(load[row] / mean)
        findings.append(
            _finding("workload", "note", [codes[row]], times, "times the mean", shapes[row],
                     (f"Grid {codes[row]} has {times:.2f} times the mean workload ({load[row]:g}; mean {mean:.4g})",
                      f"网格 {codes[row]} 的工作量为均值的 {times:.2f} 倍（{load[row]:g}，均值 {mean:.4g}）"))
        )  # fmt: skip
    return Outcome(looked_at=len(codes), findings=findings, measure=float(load.std() / mean))


def _serials(matter: Matter) -> Outcome:
    codes = np.array(_codes(matter.general), dtype=np.str_)
    if not len(codes):
        return Outcome(looked_at=0)
    good = matter.layout.valid(codes)
    rows = np.flatnonzero(good)
    serial = matter.layout.serial_numbers(codes[rows])
    spaces = [matter.layout.space(code) for code in codes[rows].tolist()]
    names, group = np.unique(np.array(spaces, dtype=np.str_), return_inverse=True)
    shapes = _shapes(matter.general)[rows]
    lonlat = shapely.get_coordinates(shapely.point_on_surface(shapes))
    order = reading_order(lonlat, group=group.astype(np.int64), band_m=matter.limits.band_m)
    findings = [
        _finding("serials", "note", [str(code)], 0.0, "", shape,
                 (f"Code {code} does not follow the layout {matter.layout.name}", f"编码 {code} 不符合 {matter.layout.name} 规则"))
        for code, shape in zip(codes[~good], _shapes(matter.general)[~good], strict=True)
    ]  # fmt: skip
    bounds = np.searchsorted(group[order], np.arange(len(names) + 1))
    for space, first, last in zip(names.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        here = order[first:last]
        astray = _out_of_order(serial[here].tolist())
        if astray:
            some = [str(codes[rows[here[i]]]) for i in astray]
            findings.append(
                _finding("serials", "note", some, len(astray), "grids", shapes[here[astray[0]]],
                         ((f"In {space}, {len(astray)} of {len(here)} serials are out of order ({', '.join(some[:5])}); "
                          "land that did not change may keep its number"),
                          (f"{space} 内 {len(here)} 个顺序号中有 {len(astray)} 个不按顺序（{'、'.join(some[:5])}）；"
                          "土地未变的网格可保留原号")))
            )  # fmt: skip
    return Outcome(looked_at=len(rows), findings=findings)


def _out_of_order(serials: Sequence[int]) -> list[int]:
    """Return the places of the fewest numbers whose removal leaves the rest rising (a longest rising run by piles)."""
    tops: list[int] = []
    top_at: list[int] = []
    before = [-1] * len(serials)
    for place, number in enumerate(serials):
        pile = bisect_left(tops, number)
        before[place] = top_at[pile - 1] if pile else -1
        if pile == len(tops):
            tops.append(number)
            top_at.append(place)
        else:
            tops[pile], top_at[pile] = number, place
    kept = set()
    at = top_at[-1] if top_at else -1
    while at >= 0:
        kept.add(at)
        at = before[at]
    return [place for place in range(len(serials)) if place not in kept]


ALL: Final[Mapping[Check, Callable[[Matter], Outcome]]] = {
    "estates": _estates,
    "households": _households,
    "community": _community,
    "coverage": _coverage,
    "workload": _workload,
    "serials": _serials,
}
