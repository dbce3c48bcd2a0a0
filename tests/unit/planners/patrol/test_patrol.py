from dataclasses import replace

import numpy as np
import pytest

from geo.errors import CheckError, InfeasibleError, InputError, ParameterError
from planners.contract import Budget, Progress, Termination
from planners.patrol.bound import bound_patrol
from planners.patrol.check import check_patrol
from planners.patrol.plan import PatrolPlan
from planners.patrol.problem import NO_WAY, PatrolProblem, VehicleType
from planners.patrol.routes import solve_routes
from planners.patrol.schedule import schedule

# One post at 0 and points at 1, 2, 3 and -2 on a road; a car needs 100 s a step, a walker 1000 s.
AT = np.array([0, 1, 2, 3, -2])
STEPS = np.abs(AT[:, None] - AT[None, :])


def road(**changes: object) -> PatrolProblem:
    given: dict[str, object] = {
        "post_keys": ("post",),
        "point_keys": ("a", "b", "c", "d"),
        "kinds": ("car", "foot"),
        "seconds": np.stack([STEPS * 100, STEPS * 1000]),
        "metres": np.stack([STEPS * 1200, STEPS * 1200]),
        "vehicles": (
            VehicleType(kind="car", start_post=0, end_post=0, shift_seconds=3000, unit_keys=("car 1", "car 2")),
            VehicleType(kind="foot", start_post=0, end_post=0, shift_seconds=3000, unit_keys=("walker",)),
        ),
        "visit_point": np.arange(4),
        "visit_number": np.zeros(4),
        "window": np.tile([0, 3000], (4, 1)),
        "dwell": np.full(4, 300),
        "required": np.ones(4, bool),
        "prize": np.zeros(4),
        "eligible": np.array([[True, False]] * 4),
    }
    return PatrolProblem(**{**given, **changes})  # type: ignore[arg-type]


def test_hand_calculation() -> None:
    outcome = solve_routes(road(), Budget(iterations=100))
    # Out to c and back (600 s), out to d and back (400 s), by one unit or two.
    assert outcome.objective == 1000.0
    assert check_patrol(road(), outcome.plan) == 1000.0
    assert not outcome.plan.missed


def test_a_fee_for_each_unit_brings_their_number_to_the_bound() -> None:
    problem = road(unit_seconds=500)
    outcome = solve_routes(problem, Budget(iterations=200))
    assert outcome.plan.units_used == bound_patrol(problem).units == 1
    assert outcome.objective == 1500.0


def test_times_wait_at_the_post_not_at_the_first_point() -> None:
    problem = road(window=np.array([[1000, 1200], [0, 3000], [0, 3000], [0, 3000]]))
    route = schedule(problem, vehicle=0, unit=0, visits=[0, 1])
    assert (route.leave, route.arrival.tolist(), route.begin.tolist()) == (900, [1000, 1400], [1000, 1400])
    assert route.departure.tolist() == [1300, 1700]
    assert route.back == 1900


def test_windows_kinds_and_shift_are_kept() -> None:
    problem = road(
        window=np.array([[2000, 2100], [0, 100], [0, 3000], [0, 3000]]),
        eligible=np.array([[True, False], [True, False], [True, False], [True, False]]),
    )
    outcome = solve_routes(problem, Budget(iterations=200))
    # b cannot be reached in 100 s: it is 200 s away.
    assert [(item.visit, item.reason) for item in outcome.plan.impossible] == [(1, "window")]
    assert not outcome.plan.missed
    assert check_patrol(problem, outcome.plan) == outcome.objective


def test_what_no_unit_can_do_is_named_with_its_reason_and_the_rest_is_planned() -> None:
    seconds = np.stack([STEPS * 100, STEPS * 1000]).astype(np.int64)
    seconds[:, :, 4] = NO_WAY
    seconds[:, 4, 4] = 0
    problem = road(
        seconds=seconds,
        eligible=np.array([[True, False], [False, False], [False, True], [True, False]]),
        window=np.tile([0, 3000], (4, 1)),
    )
    outcome = solve_routes(problem, Budget(iterations=100))
    assert {problem.visit_key(item.visit): item.reason for item in outcome.plan.impossible} == {
        "b": "no_unit", "c": "shift", "d": "no_way",
    }  # fmt: skip
    assert [route.visits.tolist() for route in outcome.plan.routes] == [[0]]


def test_too_few_units_are_proved_and_as_many_visits_as_fit_are_made() -> None:
    vehicles = (VehicleType(kind="car", start_post=0, end_post=0, shift_seconds=1000, unit_keys=("car 1",)),)
    problem = road(vehicles=vehicles, window=np.tile([0, 1000], (4, 1)))
    assert bound_patrol(problem).units == 2
    outcome = solve_routes(problem, Budget(iterations=200))
    # a and b: 400 s of travel and 600 s of dwell.
    assert len(outcome.plan.missed) == 2
    assert check_patrol(problem, outcome.plan) == outcome.objective
    assert outcome.bound is not None
    assert outcome.bound <= outcome.objective


def test_where_windows_leave_no_room_the_visit_is_missed() -> None:
    vehicles = (VehicleType(kind="car", start_post=0, end_post=0, shift_seconds=3000, unit_keys=("car 1",)),)
    problem = road(vehicles=vehicles, window=np.array([[500, 550], [0, 3000], [500, 550], [0, 3000]]))
    outcome = solve_routes(problem, Budget(iterations=200))
    assert len(outcome.plan.missed) == 1


def test_optional_visits_are_made_where_they_are_worth_the_way() -> None:
    required = np.array([True, True, False, False])
    problem = road(required=required, prize=np.array([0, 0, 150, 500]))
    outcome = solve_routes(problem, Budget(iterations=200))
    made = sorted(v for route in outcome.plan.routes for v in route.visits.tolist())
    # c costs 200 s more and is worth 150; d costs 400 s and is worth 500.
    assert made == [0, 1, 3]
    assert outcome.objective == 400 + 400 + 150


def test_an_optional_visit_that_nobody_can_make_loses_its_prize() -> None:
    problem = road(
        required=np.array([True, True, True, False]),
        prize=np.array([0, 0, 0, 77]),
        eligible=np.array([[True, False]] * 3 + [[False, False]]),
    )
    outcome = solve_routes(problem, Budget(iterations=100))
    assert outcome.objective == 600 + 77
    assert outcome.bound is not None
    assert outcome.bound <= outcome.objective


def test_different_start_and_end_posts() -> None:
    at = np.array([0, 5, 1, 2, 3, 4])
    steps = np.abs(at[:, None] - at[None, :])
    problem = road(
        post_keys=("west", "east"),
        seconds=np.stack([steps * 100, steps * 1000]),
        metres=np.stack([steps, steps]),
        vehicles=(VehicleType(kind="car", start_post=0, end_post=1, shift_seconds=3000, unit_keys=("car 1",)),),
    )
    outcome = solve_routes(problem, Budget(iterations=100))
    assert outcome.plan.routes[0].visits.tolist() == [0, 1, 2, 3]
    assert outcome.objective == 500.0
    assert outcome.bound == 500.0
    assert outcome.proved


def good() -> tuple[PatrolProblem, PatrolPlan]:
    problem = road(unit_seconds=500)
    return problem, solve_routes(problem, Budget(iterations=100)).plan


def test_check_refuses_each_breach() -> None:
    problem, plan = good()
    route = plan.routes[0]
    breaches = {
        "two routes": PatrolPlan(routes=(route, route), impossible=(), missed=()),
        "of 2 car units": PatrolPlan(routes=(replace(route, unit=2),), impossible=(), missed=()),
        "is reached at": PatrolPlan(routes=(replace(route, arrival=route.arrival + 1),), impossible=(), missed=()),
        "begins at": PatrolPlan(routes=(replace(route, begin=route.begin - 1),), impossible=(), missed=()),
        "dwell": PatrolPlan(routes=(replace(route, departure=route.departure - 1),), impossible=(), missed=()),
        "not back when": PatrolPlan(routes=(replace(route, back=route.back - 1),), impossible=(), missed=()),
        "before the shift": PatrolPlan(routes=(replace(route, leave=-1),), impossible=(), missed=()),
        "required, not visited": PatrolPlan(routes=(), impossible=(), missed=(0, 1, 2)),
        "listed as missed but is not": PatrolPlan(routes=(route,), impossible=(), missed=(2,)),
        "visited twice": PatrolPlan(
            routes=(route, schedule(problem, vehicle=0, unit=1, visits=[0])), impossible=(), missed=()
        ),
        "may not be visited by a foot unit": PatrolPlan(
            routes=(schedule(problem, vehicle=1, unit=0, visits=[0]),), impossible=(), missed=(1, 2, 3)
        ),
    }
    for sentence, broken in breaches.items():
        with pytest.raises(CheckError, match=sentence):
            check_patrol(problem, broken)
    short = replace(problem, vehicles=(replace(problem.vehicles[0], shift_seconds=1500), problem.vehicles[1]))
    with pytest.raises(CheckError, match="after its shift of 1500 s"):
        check_patrol(short, plan)


def test_two_visits_of_a_point_are_named_by_their_number() -> None:
    problem = road(
        visit_point=np.array([0, 0, 1, 2, 3]), visit_number=np.array([0, 1, 0, 0, 0]),
        window=np.array([[0, 1499], [1500, 3000], [0, 3000], [0, 3000], [0, 3000]]), dwell=np.full(5, 100),
        required=np.ones(5, bool), prize=np.zeros(5), eligible=np.array([[True, False]] * 5),
    )  # fmt: skip
    route = schedule(problem, vehicle=0, unit=0, visits=[0, 2, 3, 1, 4])
    plan = PatrolPlan(routes=(route,), impossible=(), missed=())
    assert check_patrol(problem, plan) == 300 + 200 + 300 + 200
    # Back at a at 800 s, to wait for its second window at 1500 s.
    assert (route.arrival[3], route.begin[3]) == (800, 1500)
    assert problem.visit_key(1) == "a #2"


def crowd(seed: int = 2) -> PatrolProblem:
    rng = np.random.default_rng(seed)
    at = rng.random((28, 2)) * 3000
    steps = np.hypot(*(at[:, None] - at[None, :]).transpose(2, 0, 1))
    legs = np.ceil(steps).astype(int)
    return road(
        post_keys=tuple("PQR"), point_keys=tuple(f"p{i}" for i in range(25)), kinds=("car",),
        seconds=legs[None], metres=legs[None],
        vehicles=tuple(
            VehicleType(kind="car", start_post=i, end_post=i, shift_seconds=14400, unit_keys=(f"u{i}a", f"u{i}b"))
            for i in range(3)
        ),
        visit_point=np.arange(25), visit_number=np.zeros(25), window=np.tile([0, 14400], (25, 1)),
        dwell=np.full(25, 600), required=np.ones(25, bool), prize=np.zeros(25), eligible=np.ones((25, 1), bool),
    )  # fmt: skip


def test_iterations_and_seed_give_the_same_plan() -> None:
    first, second = (solve_routes(crowd(), Budget(iterations=150, seed=9)) for _ in range(2))
    assert [r.visits.tolist() for r in first.plan.routes] == [r.visits.tolist() for r in second.plan.routes]
    assert first.objective == second.objective
    assert first.termination is Termination.ITERATIONS


def test_progress_and_a_stop_that_keeps_a_checked_plan() -> None:
    seen: list[Progress] = []

    def stop(progress: Progress) -> bool:
        seen.append(progress)
        return False

    outcome = solve_routes(crowd(), Budget(iterations=10_000), observe=stop)
    assert outcome.termination is Termination.CANCELLED
    assert len(seen) == 1
    assert seen[0].bound is not None
    assert check_patrol(crowd(), outcome.plan) == outcome.objective


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"vehicles": ()}, InfeasibleError, "No unit is on this shift"),
        ({"dwell": np.array([1, -1, 1, 1])}, InputError, "reversed at b"),
        ({"window": np.array([[5, 4]] * 4)}, InputError, "reversed at a, b, c, d"),
        ({"point_keys": ("a", "a", "c", "d")}, InputError, "listed twice: a"),
        ({"seconds": np.ones((2, 5, 5))}, InputError, "not 0 from a place to itself"),
        ({"seconds": np.zeros((2, 4, 4))}, InputError, "shape"),
        ({"visit_point": np.array([0, 1, 2, 9])}, ParameterError, "does not exist"),
        (
            {"vehicles": (VehicleType(kind="horse", start_post=0, end_post=0, shift_seconds=9, unit_keys=("h",)),)},
            ParameterError,
            "unknown kind or post",
        ),
    ],
)
def test_bad_input_is_refused(changes: dict[str, object], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        road(**changes)


def test_no_point_to_visit() -> None:
    with pytest.raises(InfeasibleError, match="no point to visit"):
        road(
            visit_point=np.zeros(0), visit_number=np.zeros(0), window=np.zeros((0, 2)), dwell=np.zeros(0),
            required=np.zeros(0, bool), prize=np.zeros(0), eligible=np.zeros((0, 2), bool),
        )  # fmt: skip
