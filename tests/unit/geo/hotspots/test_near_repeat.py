import re
from pathlib import Path

import numpy as np
import pytest

from geo.errors import CoordinateError, InputError, ParameterError
from geo.hotspots.density_clusters import density_clusters
from geo.hotspots.near_pairs import near_pairs
from geo.hotspots.near_repeat import near_repeats
from geo.hotspots.watch_list import watch_list, watch_rule
from geo.hotspots.why_here import near_repeats_at


def brute(xy: np.ndarray, days: np.ndarray, space: list[float], time: list[float], side: str) -> np.ndarray:
    i, j = np.triu_indices(len(days), 1)
    row = np.searchsorted([0.001, *space], np.hypot(*(xy[i] - xy[j]).T), side=side)
    column = np.searchsorted(time, np.round(np.abs(days[i] - days[j]), 6), side=side)
    table = np.zeros((len(space) + 2, len(time) + 1), int)
    np.add.at(table, (row, column), 1)
    return table


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("whole", [True, False])
def test_pairs_are_counted_as_by_brute_force(seed: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    xy = np.round(rng.random((150, 2)) * 60) * 10
    days = rng.integers(0, 40, 150).astype(float) if whole else np.round(rng.random(150) * 40, 1)
    space, time = [30.0, 50.0, 100.0], [1.0, 3.0, 7.5]
    made = near_repeats(xy, days, space_m=space, time_days=time, runs=9)
    assert made.observed.tolist() == brute(xy, days, space, time, "left").tolist()
    assert made.observed.sum() == made.expected.sum() == pytest.approx(made.mean.sum())


def test_the_trap_of_closed_bands() -> None:
    # (0, 0) on 1 January and (0, 100) on 4 January 2019, bands of 3 days.
    pair = ([[0.0, 0.0], [0.0, 100.0]], [0.0, 3.0])
    right = near_repeats(*pair, space_m=(100, 200), time_days=(3, 6), runs=1)
    assert right.observed[1].tolist() == [1, 0, 0]
    old = near_repeats(*pair, space_m=(100, 200), time_days=(3, 6), runs=1, convention="calculator")
    assert old.observed[2].tolist() == [0, 1, 0]
    assert [right.row_label(r) for r in range(4)] == ["同一地点", "0–100 米", "100–200 米", "200 米以上"]
    assert [right.column_label(c, "en") for c in range(3)] == ["0–3 days", "3–6 days", "over 6 days"]


def test_chance_is_the_share_of_shuffles() -> None:
    # Three calls at one place and one far away: shuffled times put the two of one day together with known chances.
    xy, days = np.array([[0.0, 0], [0, 5], [0, 9], [900, 900]]), np.array([0.0, 0.0, 50.0, 100.0])
    made = near_repeats(xy, days, space_m=(10,), time_days=(1,), runs=4000, seed=5, same_place=False)
    assert made.observed[0, 0] == 1
    # The pair of equal days falls into the three near places with 3 of 6 choices.
    assert made.mean[0, 0] == pytest.approx(0.5, abs=0.04)
    assert made.p[0, 0] == pytest.approx(0.5, abs=0.04)
    assert made.expected[0, 0] == 0.5
    assert made.ratio[0, 0] == pytest.approx(2, abs=0.2)


@pytest.mark.shared_data
def test_the_calculator_s_own_output_of_chicago_arson(shared: Path) -> None:
    folder = shared / "bench" / "near_repeat"
    rows = [line.split(",") for line in (folder / "chicago_arson.csv").read_text().split()]
    xy = np.array([[float(r[0]), float(r[1])] for r in rows])
    days = np.array([r[2] for r in rows], "M8[D]").astype(int)
    text = (folder / "chicago_arson_NRverbose_2019-09-23_145637.csv").read_text(encoding="latin-1")
    block = text.split("Observed frequencies distribution")[1].split("Row 1 Column 1")[0]
    numbers = [re.sub(r"^\d, ?[^,]*,", "", line) for line in block.splitlines() if re.match(r"^\d,", line)]
    published = [[int(v or 0) for v in line.rstrip().split(",")[:4]] for line in numbers]
    made = near_repeats(xy, days, space_m=(200, 400, 600), time_days=(1, 2, 3), runs=99, convention="calculator")
    assert made.observed.tolist() == published
    # Its printed chances of 1 in 100 are those that no shuffle of ours reaches either.
    assert made.p[1:4, 0].tolist() == [0.01, 0.01, 0.01]
    assert made.p[0, 0] == 1.0
    right = near_repeats(xy, days, space_m=(200, 400, 600), time_days=(1, 2, 3), runs=9)
    assert right.observed.tolist() == brute(xy, days, [200, 400, 600], [1, 2, 3], "left").tolist()


def test_pairs_near_each_other() -> None:
    rng = np.random.default_rng(1)
    xy = np.r_[rng.random((120, 2)) * 100, [[5000.0, 1.0], [5000.0, 1.0]]]
    for manhattan in (False, True):
        made = near_pairs(xy, 13.0, manhattan=manhattan)
        rows = np.repeat(made.order, np.diff(made.indptr))
        got = {tuple(sorted(p)) for p in zip(rows.tolist(), made.order[made.other].tolist(), strict=True)}
        gap = np.abs(xy[:, None] - xy[None])
        apart = gap.sum(axis=2) if manhattan else np.hypot(gap[..., 0], gap[..., 1])
        wanted = {(i, j) for i, j in zip(*np.nonzero(apart <= 13.0), strict=True) if i < j}
        assert got == wanted
        assert len(made.other) == len(wanted)
    with pytest.raises(CoordinateError):
        near_pairs([[np.nan, 0]], 5)
    with pytest.raises(ParameterError):
        near_pairs([[0, 0]], 0)


@pytest.mark.parametrize("bad", [{"space_m": (0, 5)}, {"time_days": (3, 3)}, {"runs": 0}, {"space_m": ()}])
def test_bad_bands_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        near_repeats([[0, 0], [1, 1]], [0, 1], **bad)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        near_repeats([[0, 0]], [0])


def cluster_by_definition(near: np.ndarray, least: int) -> list[int]:
    core = near.sum(axis=1) >= least
    label = [-1] * len(near)
    cluster = 0
    for start in range(len(near)):
        if not core[start] or label[start] >= 0:
            continue
        open_ = [start]
        label[start] = cluster
        while open_:
            i = open_.pop()
            for j in np.flatnonzero(near[i]):
                if label[j] < 0:
                    label[j] = cluster
                    if core[j]:
                        open_.append(int(j))
        cluster += 1
    return label


@pytest.mark.parametrize("least", [2, 6, 25])
@pytest.mark.parametrize("lattice", [True, False])
def test_clusters_of_crowded_squares_by_their_definition(least: int, lattice: bool) -> None:
    """Heaps of very different density: whole squares of core points beside sparse ones, and distances of exactly the reach."""
    rng = np.random.default_rng(least)
    middles = rng.random((12, 2)) * 400
    xy = np.concatenate(
        [rng.normal(middles[k % 12], 4 + 3 * (k % 5), (2, 2)) for k in range(300)] + [rng.random((200, 2)) * 400]
    )
    xy = np.round(xy / 5) * 5 if lattice else xy
    near = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) <= 15
    made = density_clusters(xy, reach_m=15, least=least)
    assert made.tolist() == cluster_by_definition(near, least)
    assert made.max() > 2
    assert density_clusters(np.zeros((0, 2)), reach_m=15, least=least).tolist() == []


@pytest.mark.parametrize("seed", range(5))
def test_clusters_by_their_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    xy = np.round(rng.random((300, 2)) * 100)
    days = rng.integers(0, 20, 300).astype(float)
    space = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) <= 6
    time = np.abs(days[:, None] - days[None]) <= 5
    for least in (1, 3, 5):
        assert density_clusters(xy, reach_m=6, least=least).tolist() == cluster_by_definition(space, least)
        both = density_clusters(xy, reach_m=6, least=least, days=days, reach_days=5)
        assert both.tolist() == cluster_by_definition(space & time, least)
    with pytest.raises(ParameterError):
        density_clusters(xy, reach_m=6, least=3, days=days)
    with pytest.raises(InputError):
        density_clusters(xy, reach_m=6, least=3, days=days[:3], reach_days=1)


def test_the_watch_list_reads_the_test_and_expires() -> None:
    rng = np.random.default_rng(8)
    xy, days = rng.random((300, 2)) * 9000, rng.random(300) * 360
    follow = rng.choice(300, 120, replace=False)
    xy = np.r_[xy, xy[follow] + rng.uniform(-60, 60, (120, 2))]
    days = np.r_[days, days[follow] + rng.uniform(0, 6.9, 120)]
    test = near_repeats(xy, days, space_m=(100, 200, 300), time_days=(7, 14), runs=199)
    rule = watch_rule(test)
    assert rule is not None
    assert (rule.reach_m, rule.days) == (100, 7)
    assert rule.ratio > 5
    found = watch_list(xy, days, now=200.0, rule=rule)
    live = np.flatnonzero((days <= 200) & (days > 193))
    assert sorted(np.concatenate([p.calls for p in found]).tolist()) == live.tolist()
    for place in found:
        assert place.until == pytest.approx(days[place.calls].max() + 7)
        assert place.until > 200
        assert np.hypot(*(xy[place.calls] - np.array(place.xy)).T).max() <= place.radius_m - rule.reach_m + 1e-9
        assert f"{len(place.calls)}起" in place.sentence()
        assert "times as likely" in place.sentence("en")
    assert watch_list(xy, days, now=1000.0, rule=rule) == ()
    even = near_repeats(rng.random((300, 2)) * 9000, rng.random(300) * 360, runs=99)
    assert even.p[1, 0] > 0.05
    assert watch_rule(even) is None
    with pytest.raises(ParameterError):
        watch_rule(test, level=2)


def test_followers() -> None:
    xy = np.array([[0.0, 0.0], [0.0, 50.0], [0.0, 50.0], [900.0, 0.0], [0.0, 0.0]])
    days = np.array([10.0, 3.0, 3.0, 3.0, 30.0])
    assert near_repeats_at(xy, days, reach_m=50, within_days=7).tolist() == [True, False, True, False, False]
