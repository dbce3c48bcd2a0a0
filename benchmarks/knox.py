"""Near repeats, against pointpats on the same calls, a published time and the Near Repeat Calculator's own output."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.harness import Options, Row, absent, against, duration, interleaved, timed
from benchmarks.peers import peer
from geo.errors import CheckError
from geo.hotspots.near_repeat import near_repeats

GOAL = 10.0
PUBLISHED = 4.0
_CALLS, _RUNS = 12_334, 99
_PEER_CALLS = 6_000


def rows(options: Options) -> list[Row]:
    """Return the table; ``sample`` sets the calls."""
    n = options.sample or _CALLS
    xy, days = calls(n, options.seed)
    near_repeats(xy[:50], days[:50], runs=1)
    what = f"Knox, {n:,} calls, {_RUNS} permutations"

    few = min(n, _PEER_CALLS)

    def one() -> Any:
        return near_repeats(xy[:few], days[:few], space_m=(400.0,), time_days=(14.0,), runs=_RUNS, same_place=False)

    def many() -> Any:
        return near_repeats(xy, days, space_m=(100, 200, 300, 400), time_days=(7, 14, 21, 28), runs=_RUNS)

    pointpats = peer("pointpats")
    if pointpats is None:
        ours = interleaved([one, many], rounds=3)
        found = [
            absent(
                f"Knox, {few:,} calls, {_RUNS} permutations: 400 m, 14 days",
                "pointpats",
                ours=duration(ours[0]),
                goal=f">= {GOAL:g}x",
            )
        ]
        bands = ours[1]
    else:

        def theirs() -> Any:
            return pointpats.Knox(xy[:few], days[:few, None], 400.0, 14.0, permutations=_RUNS)

        peers, result = timed(theirs)
        if int(result.nst) != int(one().observed[0, 0]):
            raise CheckError(
                f"pointpats counts {result.nst} pairs, we {one().observed[0, 0]}", "点对数与 pointpats 不一致"
            )
        mine, bands = interleaved([one, many], rounds=3)
        note = f"same {int(result.nst):,} pairs, p {float(result.p_sim):.2f} and {one().p[0, 0]:.2f}"
        found = [
            against(
                f"Knox, {few:,} calls, {_RUNS} permutations: 400 m, 14 days",
                ours=mine,
                peer="pointpats",
                theirs=peers,
                at_least=GOAL,
                note=note,
            )
        ]
    found.append(
        against(
            f"{what}: 5 x 5 bands", ours=bands, peer="published", theirs=PUBLISHED, at_least=GOAL if n == _CALLS else None,
            note="another machine",
        )
    )  # fmt: skip
    return found


def calls(n: int, seed: int) -> tuple[Any, Any]:
    """Return places over 30 km by 25 km, half of them gathered around 200 spots, and whole days of a year."""
    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2)) * [30_000, 25_000]
    spots = rng.random((200, 2)) * [30_000, 25_000]
    gathered = rng.random(n) < 0.5
    xy[gathered] = spots[rng.integers(0, 200, int(gathered.sum()))] + rng.normal(0, 400, (int(gathered.sum()), 2))
    return xy, rng.integers(0, 365, n).astype(np.float64)
