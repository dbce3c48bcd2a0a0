"""Pairs of calls and earlier ones near them, against all pairs looked at one by one."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import LimitError
from geo.hotspots.triggers import shares, triggers


def sample(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return np.round(rng.random((n, 2)) * 900 / 25) * 25, np.round(rng.random(n) * 60, 1)


def test_every_earlier_call_within_reach_is_found_once() -> None:
    xy, day = sample()
    made = triggers(xy, day, furthest_m=100, longest_days=10)
    assert sorted(made.order.tolist()) == list(range(len(xy)))
    for at in range(0, len(xy), 7):
        i = made.order[at]
        apart, gap = np.hypot(*(xy - xy[i]).T), day[i] - day
        wanted = (apart <= 100) & (gap > 0) & (gap <= 10)
        own = slice(made.indptr[at], made.indptr[at + 1])
        assert sorted(made.gap[own].tolist()) == pytest.approx(sorted(gap[wanted].tolist()), abs=1e-5)
        assert sorted(made.square[own].tolist()) == pytest.approx(sorted((apart[wanted] ** 2).tolist()), rel=1e-6)
    assert (made.furthest_m, made.longest_days) == (100, 10)


def test_the_reach_is_cut_back_until_the_pairs_are_few_enough() -> None:
    xy, day = sample()
    whole = triggers(xy, day, furthest_m=600, longest_days=60)
    cut = triggers(xy, day, furthest_m=600, longest_days=60, most=len(whole.gap) // 3)
    assert len(cut.gap) <= len(whole.gap) // 3
    assert 150 <= cut.furthest_m < 600
    assert 14 <= cut.longest_days < 60
    exact = triggers(xy, day, furthest_m=cut.furthest_m, longest_days=cut.longest_days)
    assert (exact.gap == cut.gap).all()
    with pytest.raises(LimitError, match="pairs of calls"):
        triggers(xy, day, furthest_m=600, longest_days=60, most=3)


def test_shares_of_pairs_by_their_definition() -> None:
    xy, day = sample(120)
    made = triggers(xy, day, furthest_m=200, longest_days=30)
    density = np.linspace(1e-6, 3e-6, len(xy))
    k, d, s = 0.4, 6.0, 70.0
    total, caused, days, squares = shares(made.indptr, made.gap, made.square, density, k, d, s)
    child = np.repeat(np.arange(len(xy)), np.diff(made.indptr))
    rate = k * np.exp(-made.gap / d) / d * np.exp(-made.square / (2 * s * s)) / (2 * np.pi * s * s)
    wanted = density + np.bincount(child, weights=rate, minlength=len(xy))
    share = rate / wanted[child]
    assert total == pytest.approx(wanted, rel=1e-5)
    assert caused == pytest.approx(share.sum(), rel=1e-5)
    assert days == pytest.approx((share * made.gap).sum(), rel=1e-5)
    assert squares == pytest.approx((share * made.square).sum(), rel=1e-5)
