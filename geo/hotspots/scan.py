"""Scan statistics: how unlikely the densest window is."""

from __future__ import annotations

import math

from scipy.stats import poisson

from geo.errors import ParameterError


def poisson_llr(cases: float, expected: float, total: float) -> float:
    """Return the log likelihood ratio of a window with ``cases`` where ``expected`` of ``total`` are expected.

    ``c ln(c/E) + (C - c) ln((C - c)/(C - E))`` where c > E, else 0: only high windows count. Kulldorff, M. (1997). A
    spatial scan statistic. Communications in Statistics - Theory and Methods 26, 1481-1496.
    """
    if not (0 <= cases <= total and 0 < expected < total):
        raise ParameterError("A window needs 0 <= cases <= total and 0 < expected < total", "窗口参数超出范围")
    if cases <= expected:
        return 0.0
    inside = cases * math.log(cases / expected)
    outside = (total - cases) * math.log((total - cases) / (total - expected)) if cases < total else 0.0
    return inside + outside


def scan_probability(
    observed: int, *, mean: float, windows: float, first: float = 2.0, last_term: bool = True
) -> float:
    """Return the approximate chance that some moving window of a Poisson process holds ``observed`` events or more.

    ``1 - Q2 (Q3 / Q2)^(windows - first)``, where Q2 and Q3 are the exact chances of no such window in a time of 2 and
    of 3 windows. Naus, J. I. (1982). Approximations for distributions of scan statistics. Journal of the American
    Statistical Association 77, 177-183.

    Parameters
    ----------
    mean
        Expected events in one window.
    windows
        Length of the time, in windows.
    first
        Windows that the factor Q2 stands for: 2.
    last_term
        Some published code ends the last sum of Q3 one term early; False does the same, to compare with it.
    """
    if observed < 2 or not mean > 0 or not windows >= 2:
        raise ParameterError(
            "A scan needs 2 events or more, a mean above 0 and a time of 2 windows or more",
            "扫描统计要求事件不少于 2 起、均值大于 0、时长不少于 2 个窗口",
        )
    two, three = _no_window_in_two(observed, mean), _no_window_in_three(observed, mean, last_term=last_term)
    return min(1.0, max(0.0, 1.0 - two * math.pow(three / two, windows - first)))


def _at(count: int, mean: float) -> float:
    return float(poisson.pmf(count, mean)) if count >= 0 else 0.0


def _to(count: int, mean: float) -> float:
    return float(poisson.cdf(count, mean)) if count >= 0 else 0.0


def _no_window_in_two(k: int, mean: float) -> float:
    p, f = _at(k, mean), _to(k - 3, mean)
    return _to(k - 1, mean) ** 2 - (k - 1) * p * _at(k - 2, mean) - (k - 1 - mean) * p * f


def _no_window_in_three(k: int, mean: float, *, last_term: bool = True) -> float:
    p = _at(k, mean)
    one = 2 * p * _to(k - 1, mean) * ((k - 1) * _to(k - 2, mean) - mean * _to(k - 3, mean))
    two = 0.5 * p**2 * (
        (k - 1) * (k - 2) * _to(k - 3, mean) - 2 * (k - 2) * mean * _to(k - 4, mean) + mean**2 * _to(k - 5, mean)
    )  # fmt: skip
    three = sum(_at(2 * k - r, mean) * _to(r - 1, mean) ** 2 for r in range(1, k))
    four = sum(
        _at(2 * k - r, mean) * _at(r, mean) * ((r - 1) * _to(r - 2, mean) - mean * _to(r - 3, mean))
        for r in range(2, k if last_term else k - 1)
    )
    return _to(k - 1, mean) ** 3 - one + two + three - four
