import math

import numpy as np
import pytest

from geo.cells.segments import SegmentCells
from geo.errors import CoordinateError, InputError, LimitError, ParameterError
from geo.hotspots.kernel_density import kernel_density
from geo.hotspots.network_density import Pieces, network_density


@pytest.mark.parametrize("kernel", ["gaussian", "quartic"])
@pytest.mark.parametrize("cells_a_bandwidth", [1.0, 3.0, 20.0])
def test_the_error_stays_within_its_bound(kernel: str, cells_a_bandwidth: float) -> None:
    rng = np.random.default_rng(2)
    b = 100.0
    h = b / cells_a_bandwidth
    xy, weights = rng.uniform(-300, 1300, (40, 2)), rng.random(40)
    bounds = (0.0, 0.0, 800.0, 600.0)
    made = kernel_density(xy, bounds, size_m=h, bandwidth_m=b, kernel=kernel, weights=weights)  # type: ignore[arg-type]
    rows, columns = made.value.shape
    x, y = (np.arange(columns) + 0.5) * h, (np.arange(rows) + 0.5) * h
    square = ((x[None, :, None] - xy[:, 0]) ** 2 + (y[:, None, None] - xy[:, 1]) ** 2) / b**2
    peak = 1 / (2 * math.pi * b**2) if kernel == "gaussian" else 3 / (math.pi * b**2)
    each = peak * (np.exp(-square / 2) if kernel == "gaussian" else np.maximum(1 - square, 0) ** 2)
    exact = (each * weights).sum(axis=2) * 1e6
    # Only calls within reach can be wrong, each by its share of the peak.
    near = (square <= (4.0 + h / b) ** 2 * 2) * weights
    allowed = made.error_share * peak * near.sum(axis=2) * 1e6 + math.exp(-8) * peak * weights.sum() * 1e6
    assert (np.abs(made.value - exact) <= allowed + 1e-9).all()
    assert np.abs(made.value - exact).max() < 0.3 * exact.max()


def test_one_call_alone_keeps_its_weight_and_both_ways_agree() -> None:
    made = kernel_density([[503.0, 498.0]], (0, 0, 1000, 1000), size_m=10, bandwidth_m=60)
    assert made.value.sum() * 1e-4 == pytest.approx(1, abs=2e-4)
    rng = np.random.default_rng(0)
    xy = rng.random((200, 2)) * 1000
    narrow = kernel_density(xy, (0, 0, 1000, 1000), size_m=10, bandwidth_m=119)
    # A little wider, and the transform takes over from the sums.
    wide = kernel_density(xy, (0, 0, 1000, 1000), size_m=10, bandwidth_m=121)
    assert np.abs(narrow.value / wide.value - 1).max() < 0.05


def test_bad_densities_are_refused() -> None:
    with pytest.raises(ParameterError):
        kernel_density([[0, 0]], (0, 0, 0, 1), size_m=1, bandwidth_m=5)
    with pytest.raises(ParameterError, match="wider than the bandwidth"):
        kernel_density([[0, 0]], (0, 0, 9, 9), size_m=6, bandwidth_m=5)
    with pytest.raises(CoordinateError):
        kernel_density([[np.inf, 0]], (0, 0, 9, 9), size_m=1, bandwidth_m=5)
    with pytest.raises(LimitError):
        kernel_density([[0, 0]], (0, 0, 1e5, 1e5), size_m=1, bandwidth_m=5)


def cells(streets: list[tuple[int, int, float]]) -> SegmentCells:
    """Two-way streets (from, to, metres): arc 2i runs as drawn, arc 2i + 1 back."""
    k = len(streets)
    return SegmentCells(
        of_arc=np.repeat(np.arange(k), 2), arc=np.arange(k) * 2, metres=np.array([s[2] for s in streets]),
        ends=np.array([s[:2] for s in streets]),
    )  # fmt: skip


def quartic(s: float, b: float) -> float:
    return 15 / 16 / b * (1 - (s / b) ** 2) ** 2 if s < b else 0.0


def walked(net: SegmentCells, segment: int, at: float, to: int, middle: float, b: float, *, continuous: bool) -> float:
    """Return the density at one place by walking all ways from the call."""
    total = quartic(abs(middle - at), b) if to == segment else 0.0
    todo = [(segment, 1, net.metres[segment] - at, 1.0), (segment, 0, at, 1.0)]
    while todo:
        came, end, gone, part = todo.pop()
        if gone >= b:
            continue
        node = net.ends[came, end]
        leaving = [(s, e) for s in range(len(net)) for e in (0, 1) if net.ends[s, e] == node]
        for s, e in leaving:
            back = (s, e) == (came, end)
            factor = 2 / len(leaving) - back if continuous else (0.0 if back else 1 / (len(leaving) - 1))
            if factor == 0:
                continue
            if s == to:
                away = middle if e == 0 else net.metres[s] - middle
                total += part * factor * quartic(gone + away, b)
            todo.append((s, 1 - e, gone + net.metres[s], part * factor))
    return total


NETWORK = [(0, 1, 60.0), (1, 2, 50.0), (1, 3, 40.0), (3, 4, 30.0), (2, 3, 45.0), (4, 5, 25.0), (3, 3, 35.0)]


@pytest.mark.parametrize("split", ["continuous", "discontinuous"])
def test_network_density_by_walking_every_way(split: str) -> None:
    net = cells(NETWORK)
    arcs, along = np.array([0, 3, 8]), np.array([20.0, 10.0, 22.5])
    places = [(0, 20.0), (1, 40.0), (4, 22.5)]  # arc 3 runs back along segment 1
    made = network_density(net, arcs, along, reach_m=120, piece_m=5, split=split, thinnest=1e-9)  # type: ignore[arg-type]
    for piece in range(0, len(made.value), 3):
        middle = (made.from_m[piece] + made.to_m[piece]) / 2
        wanted = sum(
            walked(net, s, at, int(made.segment[piece]), middle, 120.0, continuous=split == "continuous")
            for s, at in places
        )
        assert made.value[piece] == pytest.approx(1000 * wanted, rel=1e-6)


@pytest.mark.parametrize("split", ["continuous", "discontinuous"])
def test_the_spread_between_pieces_by_walking_every_way(split: str) -> None:
    net = cells(NETWORK)
    pieces = Pieces.of(net, reach_m=120, piece_m=9, split=split, thinnest=1e-9)  # type: ignore[arg-type]
    middle = (pieces.from_m + pieces.to_m) / 2
    counts = np.zeros(len(middle))
    counts[[2, 7, len(middle) - 1]] = 1, 2, 3
    made = pieces.density(counts)
    for piece in range(0, len(middle), 2):
        wanted = sum(
            n
            * walked(
                net,
                int(pieces.segment[k]),
                middle[k],
                int(pieces.segment[piece]),
                middle[piece],
                120.0,
                continuous=split == "continuous",
            )
            for k, n in ((2, 1), (7, 2), (len(middle) - 1, 3))
        )
        assert made[piece] == pytest.approx(1000 * wanted, rel=1e-5)
    # A place is found by its arc, either way along the street.
    assert pieces.at(net, np.array([0, 1, -1]), np.array([20.0, float(net.metres[0]) - 20.0, 0.0])).tolist() == [
        2,
        2,
        -1,
    ]


def test_equal_split_at_a_crossing_by_hand() -> None:
    """Four streets of 100 m meet: a call 15 m before the crossing sends a third of itself into each of the others."""
    net = cells([(1, 0, 100.0), (0, 2, 100.0), (0, 3, 100.0), (0, 4, 100.0)])
    pieces = Pieces.of(net, reach_m=60, piece_m=10)
    made = pieces.density(np.bincount([8], minlength=len(pieces.segment)))
    kernel = 15 / 16 / 60 * (1 - (np.array([0, 20, 40]) / 60) ** 2) ** 2 * 1000  # at the call, 5 m and 25 m beyond
    assert made[8] == pytest.approx(kernel[0], rel=1e-5)
    for street in (1, 2, 3):
        assert made[pieces.starts[street]] == pytest.approx(kernel[1] / 3, rel=1e-5)
        assert made[pieces.starts[street] + 2] == pytest.approx(kernel[2] / 3, rel=1e-5)
        assert made[pieces.starts[street] + 5] == 0


def test_nothing_is_lost_and_nodes_are_smooth() -> None:
    net = cells(NETWORK)
    made = network_density(net, [2], [25.0], reach_m=100, piece_m=0.5, thinnest=1e-7)
    assert (made.value * (made.to_m - made.from_m)).sum() / 1000 == pytest.approx(1, abs=1e-4)
    assert made.cut_off < 1e-3
    # At the node 1: the far end of segment 0, the near ends of 1 and 2.
    at_node = [made.value[made.starts[1] - 1], made.value[made.starts[1]], made.value[made.starts[2]]]
    assert np.ptp(at_node) < 0.02 * max(at_node)
    coarse = network_density(net, [2], [25.0], reach_m=100, piece_m=0.5, thinnest=0.4)
    assert coarse.cut_off > 0.01
    lone = network_density(cells([(0, 1, 1000.0)]), [1], [400.0], reach_m=100, piece_m=10)
    assert lone.value[60] == pytest.approx(1000 * quartic(5.0, 100.0))
    with pytest.raises(InputError):
        network_density(net, [99], [1.0], reach_m=10)
    with pytest.raises(ParameterError):
        network_density(net, [0], [1.0], reach_m=0)
    assert network_density(net, [-1], [0.0], reach_m=10).value.sum() == 0
