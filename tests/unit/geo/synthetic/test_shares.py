import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.synthetic.shares import apportion, serials, spread


def test_largest_remainders_by_hand() -> None:
    # 10 by 1 : 1 : 1 is 3.33 each; the odd one goes to the first of equal remainders.
    assert apportion(np.array([10]), np.zeros(3, int), np.ones(3)).tolist() == [4, 3, 3]
    # 7 by 5 : 3 : 1 is 3.89, 2.33, 0.78.
    assert apportion(np.array([7]), np.zeros(3, int), np.array([5.0, 3.0, 1.0])).tolist() == [4, 2, 1]


def test_a_group_without_weight_is_shared_evenly() -> None:
    assert apportion(np.array([4, 5]), np.array([0, 0, 1]), np.array([0.0, 0.0, 2.0])).tolist() == [2, 2, 5]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1e6)), min_size=1, max_size=40),
    st.lists(st.integers(0, 100_000), min_size=4, max_size=4),
)
def test_shares_add_up_and_are_within_one_of_exact(rows: list[tuple[int, float]], total: list[int]) -> None:
    group = np.array([0, 1, 2, 3] + [g for g, _ in rows])
    weight = np.array([1.0] * 4 + [w for _, w in rows])
    shares = apportion(np.array(total), group, weight)
    sums = np.bincount(group, weights=shares, minlength=4)
    assert sums.tolist() == total
    exact = np.array(total)[group] * weight / np.bincount(group, weights=weight)[group]
    assert (np.abs(shares - exact) < 1 + 1e-6).all()


def test_spread_gives_everyone_the_least() -> None:
    shares = spread(10, np.array([0.0, 1.0, 3.0]))
    assert shares.sum() == 10
    assert shares.tolist() == [1, 3, 6]


def test_serials_run_west_to_east_in_rows_from_the_north() -> None:
    x, y = np.meshgrid(np.arange(3) * 100.0, np.arange(3) * 100.0)
    xy = np.column_stack([x.ravel(), y.ravel()])
    number = serials(xy, np.zeros(9, int)).reshape(3, 3)
    assert number[::-1].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_serials_start_again_in_every_group() -> None:
    xy = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 5.0], [1.0, 5.0]])
    assert sorted(serials(xy, np.array([0, 0, 1, 1])).tolist()) == [1, 1, 2, 2]
