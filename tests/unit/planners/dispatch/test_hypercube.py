import numpy as np
import pytest

from geo.errors import InfeasibleError, InputError, LimitError
from planners.dispatch.hypercube import HypercubeProblem, solve_hypercube
from planners.staffing.erlang import erlang_c


def random_problem(units: int, seed: int = 1) -> HypercubeProblem:
    rng = np.random.default_rng(seed)
    rates = rng.random(5)
    return HypercubeProblem(
        rates=rates / rates.sum() * units * 0.6,
        preferences=np.array([rng.permutation(units) for _ in range(5)]),
        service=1.0,
    )


@pytest.mark.parametrize("units", [1, 2, 4, 6])
def test_waiting_and_total_work_are_those_of_one_queue(units: int) -> None:
    problem = random_problem(units)
    state = solve_hypercube(problem)
    assert state.queued_share == pytest.approx(erlang_c(units, problem.load))
    assert state.workload.sum() == pytest.approx(problem.load)
    assert state.shares.sum() == pytest.approx(1.0)
    assert state.shares.sum(axis=1) == pytest.approx(problem.rates / problem.rates.sum())
    assert (state.states > 0).all()


def test_workload_is_what_each_unit_answers_times_service() -> None:
    problem = random_problem(4, seed=3)
    state = solve_hypercube(problem)
    assert state.workload == pytest.approx(state.shares.sum(axis=0) * problem.rates.sum() * problem.service)


def test_two_units_agree_with_a_simulation() -> None:
    problem = HypercubeProblem(rates=np.array([0.6, 0.3]), preferences=np.array([[0, 1], [1, 0]]))
    rng = np.random.default_rng(5)
    free, now, busy, done = np.zeros(2), 0.0, np.zeros(2), 60_000
    for _ in range(done):
        now += rng.exponential(1 / 0.9)
        order = [0, 1] if rng.random() < 2 / 3 else [1, 0]
        idle = [unit for unit in order if free[unit] <= now]
        unit = idle[0] if idle else int(np.argmin(free))
        work = rng.exponential(1.0)
        free[unit] = max(now, free[unit]) + work
        busy[unit] += work
    assert solve_hypercube(problem).workload == pytest.approx(busy / now, abs=0.02)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="cannot carry"):
        HypercubeProblem(rates=np.array([3.0]), preferences=np.array([[0, 1]]))
    with pytest.raises(InputError, match="each unit once"):
        HypercubeProblem(rates=np.array([1.0]), preferences=np.array([[0, 0]]))
    with pytest.raises(InputError, match="one order"):
        HypercubeProblem(rates=np.array([1.0, 1.0]), preferences=np.array([[0, 1]]))
    with pytest.raises(InputError, match="Call rates"):
        HypercubeProblem(rates=np.array([-1.0]), preferences=np.array([[0]]))
    with pytest.raises(LimitError, match="too many"):
        HypercubeProblem(rates=np.array([1.0]), preferences=np.arange(15)[None])
