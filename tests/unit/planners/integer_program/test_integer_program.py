import numpy as np
import pytest
from scipy import sparse

from planners.contract import Budget, Progress, Termination
from planners.integer_program import IntegerProgram, solve_program


def knapsack(items: int = 40, seed: int = 3) -> IntegerProgram:
    rng = np.random.default_rng(seed)
    return IntegerProgram(
        costs=rng.integers(10, 100, items).astype(float),
        lower=np.zeros(items),
        upper=np.ones(items),
        whole=np.ones(items, bool),
        rows=sparse.csr_matrix(rng.integers(5, 90, (6, items)).astype(float)),
        row_lower=np.full(6, -np.inf),
        row_upper=np.full(6, 400.0),
        sense=1,
        constant=7.0,
    )


def small() -> IntegerProgram:
    return IntegerProgram(
        costs=np.array([6.0, 5.0, 4.0]),
        lower=np.zeros(3),
        upper=np.ones(3),
        whole=np.ones(3, bool),
        rows=sparse.csr_matrix(np.array([[3.0, 2.0, 2.0]])),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([4.0]),
        sense=1,
        constant=10.0,
    )


def test_a_hand_sized_program_and_its_constant() -> None:
    answer = solve_program(small(), Budget())
    assert answer.values is not None
    assert np.round(answer.values).tolist() == [0, 1, 1]
    assert answer.bound == pytest.approx(19.0)
    assert answer.termination is Termination.OPTIMAL


def test_nothing_fits() -> None:
    program = small()
    impossible = IntegerProgram(
        costs=program.costs, lower=program.lower, upper=program.upper, whole=program.whole, rows=program.rows,
        row_lower=np.array([100.0]), row_upper=np.array([np.inf]), sense=1,
    )  # fmt: skip
    assert not solve_program(impossible, Budget()).feasible


def test_observer_stops_the_search_and_its_errors_come_through() -> None:
    def stop(_: Progress) -> bool:
        return False

    def fail(_: Progress) -> bool:
        raise RuntimeError("observer")

    assert solve_program(knapsack(), Budget(), observe=stop).termination is Termination.CANCELLED
    with pytest.raises(RuntimeError, match="observer"):
        solve_program(knapsack(), Budget(), observe=fail)


def test_node_limit_gives_the_same_answer_twice_and_a_bound_above_it() -> None:
    first, second = (solve_program(knapsack(), Budget(iterations=1)) for _ in range(2))
    assert first.values is not None
    assert second.values is not None
    assert (first.values == second.values).all()
    assert first.bound is not None
    assert first.bound >= float(knapsack().costs @ first.values) + 7.0 - 1e-6
