"""Self-exciting point process: a steady background, and calls that trigger others near and soon."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from geo.errors import InputError, ParameterError
from geo.hotspots.recency import CallHistory
from geo.hotspots.triggers import shares, triggers

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelfExciting:
    """A fitted process.

    Attributes
    ----------
    background : float64[m], calls a day in each cell that nothing triggered
    triggered : mean calls that one call triggers directly, below 1
    days : mean days until a triggered call (exponential)
    metres : standard deviation of its distance along each axis (normal)
    log_likelihood : of the calls that it was fitted to
    n, iterations : calls, and steps of the fit
    furthest_m, longest_days : how far and how long a call was held to trigger others
    """

    background: Floats
    triggered: float
    days: float
    metres: float
    log_likelihood: float
    n: int
    iterations: int
    furthest_m: float = math.inf
    longest_days: float = math.inf

    def forecast(self, history: CallHistory, now: float, *, days: float = 7.0) -> Floats:
        """Return the expected calls of each cell in the ``days`` after ``now`` from calls before it, float64[m].

        Calls still to come trigger others too: the expected rate goes from what it is now to ``background / (1 - triggered)``, with
        the exponent ``-(1 - triggered) / days``. What they trigger is counted in the cell of their cause.
        """
        known = history.before(now)
        age = now - known.day
        recent = age < 20 * self.days
        gain = self.triggered / self.days * np.exp(-age[recent] / self.days)
        excited = _reached(known.xy[recent], history.centres, history.area_m2, self.metres).T @ gain
        left = 1 - self.triggered
        lasting = self.background / left
        span = (1 - math.exp(-left * days / self.days)) * self.days / left
        return np.asarray(lasting * days + (self.background + excited - lasting) * span, np.float64)


def fit_self_exciting(
    history: CallHistory,
    *,
    start: float,
    end: float,
    longest_days: float = 60.0,
    furthest_m: float = 600.0,
    iterations: int = 60,
    before: SelfExciting | None = None,
) -> SelfExciting:
    """Fit the process to calls with ``start <= day < end`` by expectation and maximisation.

    ``rate(cell, t) = background(cell) + sum over earlier calls of k exp(-dt / d) / d * normal(distance; s)``. Each step shares every
    call out between the background and the calls before it (at most ``longest_days`` and ``furthest_m`` away, less where that would be
    too many pairs: see ``triggers``) by their rates, then
    sets k, d and s to what the pairs give, and the background to the mean of its shares, smoothed over half of ``furthest_m`` (one cell at
    least). A call's own share is left out of the background that it is weighed against, or every call would explain itself. Mohler, G. O. et
    al. (2011). Self-exciting point process modeling of crime. Journal of the American Statistical Association 106, 100-108; Veen, A. and
    Schoenberg, F. P. (2008). Estimation of space-time branching process models in seismology. JASA 103, 614-624.
    """
    if not (start < end and longest_days > 0 and furthest_m > 0 and iterations >= 1):
        raise ParameterError(
            "A fit needs a time that is not empty, and reaches above 0", "拟合需要非空时段及大于 0 的时空范围"
        )
    used = (history.day >= start) & (history.day < end)
    xy, day, cell = history.xy[used], history.day[used], history.cell[used]
    n = len(day)
    if n < 10:
        raise InputError(
            f"{n} calls are too few to fit a process; 10 are needed", f"仅 {n}起警情，至少需要 10起才能拟合"
        )
    pairs = triggers(xy, day, furthest_m=furthest_m, longest_days=longest_days)
    furthest_m, longest_days = pairs.furthest_m, pairs.longest_days
    xy, day, cell = xy[pairs.order], day[pairs.order], cell[pairs.order]
    k, d, s = (before.triggered, before.days, before.metres) if before else (0.2, 7.0, furthest_m / 4)
    width = math.sqrt(float(np.median(history.area_m2)))
    smooth = _neighbourhood(history.centres, max(furthest_m / 2, 1.5 * width))
    whole = np.bincount(cell, minlength=len(history.centres)).astype(np.float64)
    share = np.full(n, 0.8)
    likelihood, step = -math.inf, 0
    background = whole
    for step in range(1, iterations + 1):  # noqa: B007
        local = np.bincount(cell, weights=share, minlength=len(history.centres))
        background = np.asarray(smooth @ local) / (end - start)
        density = np.maximum(background[cell] - np.asarray(smooth.diagonal())[cell] * share / (end - start), 1e-12)
        density = density / history.area_m2[cell]
        total, sum_, in_days, in_squares = shares(pairs.indptr, pairs.gap, pairs.square, density, k, d, s)
        share = density / total
        # Of what the last calls trigger, some is still to come.
        seen = float((1 - np.exp(-np.minimum(end - day, longest_days) / d)).sum())
        now = float(np.log(total).sum() - background.sum() * (end - start) - k * seen)
        if sum_ > 1e-9:
            k = min(sum_ / max(seen, 1e-9), 0.95)
            d = min(max(in_days / sum_, 0.05), longest_days)
            s = min(max(math.sqrt(in_squares / (2 * sum_)), 5.0), furthest_m)
        else:
            k = 0.0
        if abs(now - likelihood) < 1e-6 * abs(now):
            likelihood = now
            break
        likelihood = now
    return SelfExciting(
        background=background, triggered=k, days=d, metres=s, log_likelihood=likelihood, n=n, iterations=step,
        furthest_m=furthest_m, longest_days=longest_days,
    )  # fmt: skip


def prospective(
    history: CallHistory, now: float, *, reach_m: float = 400.0, weeks: int = 8, cell_m: float | None = None
) -> Floats:
    """Return near-repeat risk of each cell for the week after ``now``, scaled to the mean weekly calls, float64[m].

    Each call of the last ``weeks`` adds ``1 / (1 + weeks ago) / (1 + cells away)`` to cells within ``reach_m``; distances count in half cells.
    Bowers, K. J., Johnson, S. D. and Pease, K. (2004). Prospective hot-spotting. British Journal of Criminology 44, 641-658.
    """
    known = history.before(now)
    age = (now - known.day) / 7
    recent = age <= weeks
    width = cell_m or math.sqrt(float(np.median(history.area_m2)))
    near = (
        cKDTree(known.xy[recent]).sparse_distance_matrix(
            cKDTree(history.centres), max(reach_m, width), output_type="ndarray"
        )
        if recent.any()
        else np.zeros(0, dtype=[("i", np.int64), ("j", np.int64), ("v", np.float64)])
    )
    weight = 1 / (1 + np.floor(age[recent][near["i"]])) / (1 + np.floor(near["v"] / (width / 2)))
    risk = np.bincount(near["j"], weights=weight, minlength=len(history.centres))
    total = float(recent.sum()) / max(1, min(weeks, history.weeks(now)))
    return np.asarray(risk / risk.sum() * total if risk.sum() > 0 else risk, np.float64)


def _reached(xy: Floats, centres: Floats, area: Floats, metres: float) -> csr_array:
    """Return what share of a normal spread around each point falls into each cell; rows add up to 1."""
    width = math.sqrt(float(np.median(area)))
    near = cKDTree(xy).sparse_distance_matrix(cKDTree(centres), max(4 * metres, 1.5 * width), output_type="ndarray")
    # The spread within a cell is averaged by adding a uniform cell's own variance.
    weight = np.exp(-(near["v"] ** 2) / (2 * (metres**2 + width**2 / 12))) * area[near["j"]]
    table = csr_array((weight, (near["i"], near["j"])), shape=(len(xy), len(centres)))
    sums = np.asarray(table.sum(axis=1)).reshape(-1)
    return csr_array(table.multiply((1 / np.maximum(sums, 1e-300))[:, None]))


def _neighbourhood(centres: Floats, reach: float) -> csr_array:
    """Return weights that smooth over cells, falling to 0 at ``reach``; what each cell gives away adds up to 1."""
    tree = cKDTree(centres)
    near = tree.sparse_distance_matrix(tree, reach, output_type="ndarray")
    weight = (1 - (near["v"] / (reach * (1 + 1e-9))) ** 2) ** 2
    table = csr_array((weight, (near["i"], near["j"])), shape=(len(centres), len(centres)))
    return csr_array(table.multiply((1 / np.asarray(table.sum(axis=0)).reshape(-1))[None, :]))
