"""Each principle of division, kept and broken on purpose."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import FrameError, ParameterError
from geo.grids.conformity import CHECKS, ConformityReport, Limits, check_conformity
from geo.grids.conformity_checks import _out_of_order
from geo.tables.estates import Estates
from geo.tables.grids import Grids

C = "532901001001"


def estate(west: float, east: float, name: str | None = "东关小区") -> Estates:
    shape = shapely.box(100 + west / 100, 25.602, 100 + east / 100, 25.608)
    return Estates.of(gpd.GeoDataFrame({"estate_id": ["E1"], "name": [name]}, geometry=[shape], crs=4326))


def found(report: ConformityReport, check: str) -> pd.DataFrame:
    frame = report.frame()
    return frame[frame["check"] == check].reset_index(drop=True)


def test_a_good_layer_has_nothing_to_find(mesh) -> None:
    grids = mesh(2, 3, households=300.0)
    whole = gpd.GeoDataFrame({"code": [C]}, geometry=[shapely.box(100, 25.6, 100.03, 25.62)], crs=4326)
    report = check_conformity(
        grids, estates=estate(0.2, 0.8), communities=whole, workload=dict.fromkeys(grids.keys, 5.0),
        limits=Limits(households=(200, 500)), edition="第1版",
    )  # fmt: skip
    assert report.findings == ()
    assert report.faults == 0
    assert report.grids == 6
    looked = {check.check: check.looked_at for check in report.checks}
    assert looked == {"estates": 1, "households": 6, "community": 6, "coverage": 6, "workload": 6, "serials": 6}
    assert all(check.left_out is None for check in report.checks)


def test_the_report_claims_nothing_beyond_what_it_looked_at(mesh) -> None:
    report = check_conformity(mesh(1, 2))
    assert "no claim of conformity with any standard text" in report.statement("en")
    assert "不构成对任何标准文本的符合性声明" in report.statement("zh")
    summary = report.summary()
    assert summary["check"].tolist() == [*CHECKS, "statement"]
    assert summary["zh"].iloc[-1] == report.statement("zh")
    left = {check.check for check in report.checks if check.left_out is not None}
    assert left == {"estates", "households", "community", "workload"}
    assert summary["en"].iloc[0] == "no estate is cut by a grid boundary: not checked (no layer of estates is given)"
    assert "仅比对编码" in summary["zh"].iloc[2]


def test_a_cut_estate_is_named_with_its_shares(mesh) -> None:
    report = check_conformity(mesh(1, 3), estates=estate(0.4, 1.4))
    (row,) = found(report, "estates").itertuples()
    assert row.zh == f"小区“东关小区”被网格 {C}001（60%）、{C}002（40%） 分割"
    assert row.en == f"Estate 东关小区 is cut by grids {C}001 60%, {C}002 40%"
    assert row.measure == pytest.approx(0.4)
    assert 100.004 < row.lon < 100.014
    assert report.faults == 1
    barely = estate(0.4, 1.005)
    assert len(found(check_conformity(mesh(1, 3), estates=barely), "estates")) == 0
    strict = check_conformity(mesh(1, 3), estates=barely, limits=Limits(estate_share=0.001))
    assert len(found(strict, "estates")) == 1
    unnamed = check_conformity(mesh(1, 3), estates=estate(0.4, 1.4, None))
    assert "E1" in found(unnamed, "estates")["zh"].iloc[0]


def test_households_are_held_to_the_range_that_the_user_sets(mesh) -> None:
    grids = mesh(1, 4, households=[199, 200, 501, None])
    rows = found(check_conformity(grids, limits=Limits(households=(200, 500))), "households")
    assert rows["codes"].tolist() == [C + "003", C + "001", ""]
    assert rows["zh"].tolist() == [
        f"网格 {C}003 有 501 户，超过上限 500 户", f"网格 {C}001 有 199 户，不足下限 200 户", "1 个网格没有户数"
    ]  # fmt: skip
    assert rows["severity"].tolist() == ["fault", "fault", "note"]
    counted = check_conformity(grids, households=dict.fromkeys(grids.keys, 300), limits=Limits(households=(200, 500)))
    assert len(found(counted, "households")) == 0


def test_grids_that_leave_their_community_are_found_by_land_and_by_code(mesh) -> None:
    frame = mesh(1, 3).frame.assign(parent_code=[C, C, "532901001002"])
    grids = Grids.of(frame)
    areas = gpd.GeoDataFrame(
        {"code": [C, "532901001002"]},
        geometry=[shapely.box(100, 25.6, 100.0175, 25.61), shapely.box(100.0175, 25.6, 100.03, 25.61)], crs=4326,
    )  # fmt: skip
    rows = found(check_conformity(grids, communities=areas.to_crs(32647)), "community")
    assert rows["codes"].tolist() == [C + "002", C + "003"]
    assert rows["zh"][0].startswith(f"网格 {C}002 越出所属村（社区）{C} 2")
    assert "（25.0%），进入 532901001002" in rows["zh"][0]
    assert rows["zh"][1] == f"网格 {C}003 的编码属于 {C}，而所属村（社区）为 532901001002"
    lost = check_conformity(Grids.of(frame.assign(parent_code=[None, C, "999"])), communities=areas)
    told = found(lost, "community")["en"].tolist()
    assert f"Grid {C}001 belongs to no village or community" in told
    assert f"Grid {C}003, whose community 999 is not in the layer" in told
    with pytest.raises(FrameError):
        check_conformity(grids, communities=areas.set_crs(None, allow_override=True))


def test_gaps_and_overlaps_are_those_of_the_coverage(mesh) -> None:
    frame = mesh(3, 3).frame
    pond = Grids.of(frame.drop(index=4))
    rows = found(check_conformity(pond), "coverage")
    assert len(rows) == 1
    assert "平方米缝隙" in rows["zh"][0]
    assert rows["measure"][0] == pytest.approx(1_110_000, rel=0.02)
    grown = frame.copy()
    grown.loc[4, "geometry"] = shapely.box(100.01, 25.61, 100.021, 25.62)
    rows = found(check_conformity(Grids.of(grown)), "coverage")
    assert "m² among grids" in rows["en"][0]
    assert rows["en"][0].startswith("An overlap")


def test_workload_is_noted_where_it_is_far_from_the_mean(mesh) -> None:
    grids = mesh(1, 4)
    report = check_conformity(grids, workload=dict(zip(grids.keys, [10.0, 10, 10, 50], strict=True)))
    rows = found(report, "workload")
    assert rows["codes"].tolist() == [C + "004"]
    assert rows["severity"].tolist() == ["note"]
    assert rows["zh"][0] == f"网格 {C}004 的工作量为均值的 2.50 倍（50，均值 20）"
    load = np.array([10, 10, 10, 50])
    summary = next(check for check in report.checks if check.check == "workload")
    assert summary.measure == pytest.approx(load.std() / load.mean())
    nothing = check_conformity(grids, workload={})
    assert next(check for check in nothing.checks if check.check == "workload").left_out is not None


def test_serials_out_of_order_are_noted_and_not_called_wrong(mesh) -> None:
    frame = mesh(2, 3).frame
    swapped = frame.assign(code=[C + s for s in ("001", "006", "003", "004", "005", "002")])
    rows = found(check_conformity(Grids.of(swapped)), "serials")
    assert len(rows) == 1
    assert rows["measure"][0] == 2
    assert set(rows["codes"][0].split()) == {C + "006", C + "002"}
    assert "可保留原号" in rows["zh"][0]
    odd = Grids.of(frame.assign(code=["A", *frame["code"][1:]]))
    assert found(check_conformity(odd), "serials")["codes"].tolist() == ["A"]
    report = check_conformity(Grids.of(swapped))
    assert report.faults == 0


def test_the_fewest_numbers_are_called_out_of_order() -> None:
    assert _out_of_order([1, 2, 3]) == []
    assert _out_of_order([9, 1, 2, 3]) == [0]
    assert _out_of_order([3, 2, 1]) in ([0, 1], [1, 2], [0, 2])
    assert _out_of_order([]) == []
    rng = np.random.default_rng(1)
    for _ in range(20):
        numbers = rng.permutation(7).tolist()
        astray = set(_out_of_order(numbers))
        rest = [n for i, n in enumerate(numbers) if i not in astray]
        assert rest == sorted(rest)
        longest = max(
            (mask).bit_count()
            for mask in range(128)
            if (held := [n for i, n in enumerate(numbers) if mask >> i & 1]) == sorted(held)
        )
        assert len(rest) == longest


def test_special_grids_are_not_looked_at_and_limits_are_checked(mesh) -> None:
    special = gpd.GeoDataFrame(
        {"code": ["S1"], "kind": ["special"]}, geometry=[shapely.box(100, 25.6, 100.005, 25.605)], crs=4326
    )
    grids = Grids.of(pd.concat([mesh(1, 2).frame, special], ignore_index=True))
    report = check_conformity(grids)
    assert report.grids == 2
    assert report.findings == ()
    for broken in ({"households": (5, 1)}, {"estate_share": 0.7}, {"workload_ratio": 1.0}):
        with pytest.raises(ParameterError):
            Limits(**broken)


def test_faults_come_first(mesh) -> None:
    grids = mesh(1, 3, households=[1, 300, 300])
    report = check_conformity(
        grids,
        estates=estate(0.4, 1.4),
        workload=dict(zip(grids.keys, [1.0, 1, 50], strict=True)),
        limits=Limits(households=(2, 500)),
    )
    severities = [finding.severity for finding in report.findings]
    assert severities == sorted(severities, key=["fault", "note"].index)
    assert report.frame()["edition"].eq("").all()
