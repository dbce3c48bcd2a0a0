import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from geo.errors import InfeasibleError, InputError, NotFoundError
from geo.tables.points import Points
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from geo.tables.units import Units
from planners.contract import Budget
from planners.patrol.build import build_patrol, routed
from planners.patrol.problem import NO_WAY, PatrolProblem
from planners.patrol.routes import solve_routes


def layer(rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    places = [Point(104.0 + 0.001 * i, 30.0) for i in range(len(rows))]
    return gpd.GeoDataFrame(rows, geometry=places, crs="EPSG:4326")


def posts() -> Posts:
    kinds = [("P1", "station"), ("P2", "kiosk")]
    return Posts.of(layer([{"post_id": p, "name": p, "kind": k, "state": "fixed"} for p, k in kinds]))


def points() -> Points:
    rows = [("B1", "car", 600, 2), ("B2", "video", 60, 1), ("B3", "foot", 300, 1)]
    return Points.of(
        layer(
            [
                {"point_id": p, "name": p, "kind": "must_visit", "mode": m, "dwell_seconds": d, "visits": v}
                for p, m, d, v in rows
            ]
        )
    )


def units(**changes: object) -> Units:
    rows = [
        ("U1", "car", "P1", "day"),
        ("U2", "car", "P1", "day"),
        ("U3", "foot", "P2", "day"),
        ("U4", "car", "P2", "night"),
    ]
    return Units.of(
        layer(
            [
                {
                    "unit_id": u, "name": u, "kind": k, "post_id": p, "shift_id": s, "officers": 1, "auxiliaries": 1,
                    "state": "patrol", **changes,
                }
                for u, k, p, s in rows
            ]
        )
    )  # fmt: skip


def shifts() -> Shifts:
    return Shifts.of(pd.DataFrame([{"shift_id": "day", "name": "日班", "start_minute": 480, "length_minutes": 120}]))


def build(**changes: object) -> PatrolProblem:
    matrix = np.array([[0, 9.2, 50, 70], [9, 0, 40, 60], [50, 40, 0, 30], [70, 60, 30, 0]], float)
    walk = matrix * 5
    walk[2, :2] = np.inf
    given: dict[str, object] = {
        "seconds": {"car": matrix, "foot": walk},
        "metres": {"car": matrix * 10, "foot": matrix * 10},
        **changes,
    }
    shift = str(given.pop("shift", "day"))
    crew = given.pop("units", units())
    return build_patrol(posts(), points(), crew, shifts(), shift, **given)  # type: ignore[arg-type]


def test_tables_become_places_visits_and_types() -> None:
    problem = build()
    assert routed(points()).tolist() == [0, 2]
    assert problem.post_keys == ("P1", "P2")
    assert problem.point_keys == ("B1", "B3")
    assert [(v.kind, v.start_post, v.unit_keys) for v in problem.vehicles] == [
        ("car", 0, ("U1", "U2")),
        ("foot", 1, ("U3",)),
    ]
    assert problem.visit_point.tolist() == [0, 0, 1]
    assert problem.window.tolist() == [[0, 3599], [3600, 7200], [0, 7200]]
    assert problem.eligible.tolist() == [[True, False], [True, False], [False, True]]
    assert problem.seconds[0, 0, 1] == 10  # rounded up
    assert problem.seconds[1, 2, 0] == NO_WAY
    assert problem.seconds.flags.c_contiguous


def test_the_problem_is_solved_whole() -> None:
    outcome = solve_routes(build(), Budget(iterations=50))
    assert not outcome.plan.missed
    assert not outcome.plan.impossible
    assert outcome.plan.units_used == 2


def test_a_point_with_a_prize_is_optional() -> None:
    problem = build(prizes={"B1": 90})
    assert problem.required.tolist() == [False, False, True]
    assert problem.prize.tolist() == [90, 90, 0]


def test_bad_input_is_named() -> None:
    with pytest.raises(NotFoundError, match="no shift dawn"):
        build(shift="dawn")
    with pytest.raises(InputError, match="U1, U2, U3 stand at a post"):
        build(units=units(post_id="P9"))
    with pytest.raises(InputError, match="seconds of foot units must be 4 by 4"):
        build(seconds={"car": np.zeros((4, 4))})
    with pytest.raises(InfeasibleError, match="No unit is on shift day"):
        build(units=units(shift_id="late"))
