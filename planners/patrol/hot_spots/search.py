"""One stretch of the search: ruin, fill by worth for the way, polish, accept by a falling temperature."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.hot_spots.moves import fill, length, relocate, replace, shorten, swap, taken

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@compiled()
def polish(
    tours: Ints, sizes: Ints, lengths: Floats, out: Flags, prize: Floats, legs: Floats, start: int, end: int,
    limit: float,
) -> None:  # fmt: skip
    """Shorten, fill and replace until nothing helps."""
    even = np.ones(len(prize))
    while True:
        for r in range(len(sizes)):
            shorten(tours, sizes, r, legs, start, end)
            lengths[r] = length(tours[r], sizes[r], legs, start, end)
        shorter = relocate(tours, sizes, lengths, legs, start, end, limit)
        shorter = swap(tours, sizes, lengths, legs, start, end, limit) or shorter
        if shorter:
            continue
        more = fill(tours, sizes, lengths, out, prize, legs, start, end, limit, 1.0, even)
        more = replace(tours, sizes, lengths, out, prize, legs, start, end, limit) or more
        if not more:
            return


@compiled()
def ruin(
    tours: Ints, sizes: Ints, out: Flags, legs: Floats, draws: Floats
) -> None:  # fmt: skip
    """Take places out: at random, a stretch of each tour, or those around one place; ``draws`` are float64[n + 4] in [0, 1)."""
    held = sizes.sum()
    many = 1 + int(draws[1] * (1 + 0.75 * held))
    if draws[0] < 1 / 3:
        for k in range(min(many, held)):
            pick = int(draws[4 + k] * sizes.sum())
            r = 0
            while pick >= sizes[r]:
                pick -= sizes[r]
                r += 1
            out[taken(tours, sizes, r, pick)] = True
    elif draws[0] < 2 / 3:
        for r in range(len(sizes)):
            stretch = int(draws[4 + r % (len(draws) - 4)] * (1 + sizes[r] // 2))
            at = int(draws[2] * (sizes[r] - stretch + 1))
            for _ in range(stretch):
                out[taken(tours, sizes, r, at)] = True
    else:
        centre = int(draws[3] * len(legs))
        gone = 0
        for place in np.argsort(legs[centre] + legs[:, centre]):
            for r in range(len(sizes)):
                for i in range(sizes[r]):
                    if tours[r, i] == place:
                        out[taken(tours, sizes, r, i)] = True
                        gone += 1
                        break
            if gone >= many:
                break


@compiled()
def stretch(
    tours: Ints, sizes: Ints, out: Flags, prize: Floats, legs: Floats, start: int, end: int, limit: float,
    draws: Floats, hot: Floats, best: Ints, best_sizes: Ints, seen: Ints, seen_sizes: Ints, seen_worth: Floats,
) -> int:  # fmt: skip
    """Search from (tours, sizes, out), which are left at the accepted state; return how many tours were noted.

    ``draws`` are float64[steps, n + 7] in [0, 1), ``hot`` the temperature of each step as a share of the worth. The best state
    goes to ``best``, tours of good states to ``seen`` while there is room.
    """
    units, n = tours.shape
    trial, trial_sizes, trial_out = tours.copy(), sizes.copy(), out.copy()
    lengths = np.zeros(units)
    worth = _worth(tours, sizes, prize)
    top = _worth(best, best_sizes, prize)
    noted = 0
    noise = np.empty(n)
    for step in range(len(draws)):
        draw = draws[step]
        trial[:], trial_sizes[:], trial_out[:] = tours, sizes, out
        ruin(trial, trial_sizes, trial_out, legs, draw[: n + 4])
        for r in range(units):
            lengths[r] = length(trial[r], trial_sizes[r], legs, start, end)
        for u in range(n):
            noise[u] = 1.0 + 0.6 * draw[n + 4] * draw[4 + (u * 7 + step) % n]
        # A far hot spot of great prize is never the best for its way: half of the time one that is out goes in first.
        if draw[n + 6] < 0.5:
            noise[int(draw[n + 6] * 2 * n)] = 1e12
        fill(trial, trial_sizes, lengths, trial_out, prize, legs, start, end, limit, 0.3 + 1.7 * draw[n + 5], noise)
        polish(trial, trial_sizes, lengths, trial_out, prize, legs, start, end, limit)
        now = _worth(trial, trial_sizes, prize)
        if now >= 0.93 * top and noted + units <= len(seen):
            for r in range(units):
                if trial_sizes[r]:
                    seen[noted] = trial[r]
                    seen_sizes[noted] = trial_sizes[r]
                    seen_worth[noted] = prize[trial[r, : trial_sizes[r]]].sum()
                    noted += 1
        if now >= worth or draw[0] * 3 % 1 < np.exp((now - worth) / max(hot[step] * worth, 1e-9)):
            worth = now
            tours[:], sizes[:], out[:] = trial, trial_sizes, trial_out
        if now > top + 1e-9:
            top = now
            best[:], best_sizes[:] = trial, trial_sizes
    return noted


@compiled()
def _worth(tours: Ints, sizes: Ints, prize: Floats) -> float:
    total = 0.0
    for r in range(len(sizes)):
        for i in range(sizes[r]):
            total += prize[tours[r, i]]
    return total
