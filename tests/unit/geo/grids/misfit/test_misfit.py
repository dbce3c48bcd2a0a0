"""The misfit score by hand, and proposals against every possible choice."""

from itertools import product

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FieldError, ParameterError
from geo.grids.crosswalk import Crosswalk, Placed, build_crosswalk
from geo.grids.misfit import main_stations, proposals_frame, propose_transfers, score_misfit, stations_of
from geo.tables.grids import Grids
from geo.tables.police_grids import PoliceGrids


def span(a: float, b: float) -> shapely.Polygon:
    return shapely.box(100 + a / 100, 25.6, 100 + b / 100, 25.61)


GRIDS = Grids.of(
    gpd.GeoDataFrame(
        {"code": ["A", "B", "C"], "kind": "general"}, geometry=[span(0, 1), span(1, 2), span(2, 3)], crs=4326
    )
)
POLICE = PoliceGrids.of(
    gpd.GeoDataFrame(
        {"code": ["J1", "J2", "J3"], "station_code": ["east", "west", None]},
        geometry=[span(0, 1.4), span(1.4, 3), span(3, 4)], crs=4326,
    )
)  # fmt: skip


def calls(*places: tuple[float, int]) -> Placed:
    at = np.array([[100 + column / 100, 25.605] for column, _ in places])
    return Placed(lonlat=at, weight=np.array([count for _, count in places]))


@pytest.fixture
def walk() -> Crosswalk:
    return build_crosswalk(
        GRIDS, POLICE, placed={"calls": calls((0.5, 10), (1.2, 8), (1.8, 3), (2.5, 6), (3.5, 2), (9, 1))}
    )


def test_the_score_by_hand(walk: Crosswalk) -> None:
    police = stations_of(POLICE)
    assert police == {"J1": "east", "J2": "west"}
    of_grid = main_stations(walk, police)
    assert of_grid == {"A": "east", "B": "west", "C": "west"}
    made = score_misfit(walk, station_of_grid=of_grid, station_of_police_grid=police, names={"east": "城东所"})
    assert (made.calls, made.misfit, made.left_out) == (27, 8, 3)
    east, west = made.stations
    assert (east.station, east.name, east.calls, east.misfit, east.taken) == ("east", "城东所", 18, 8, 0)
    assert (west.station, west.calls, west.misfit, west.taken) == ("west", 9, 0, 8)
    assert made.share.value == pytest.approx(8 / 27)
    # Wilson's interval of 8 in 27 by the formula in his paper.
    assert made.share.interval == pytest.approx((0.15853, 0.48479), abs=1e-4)
    frame = made.frame()
    assert frame["station"].tolist() == ["east", "west", "*"]
    assert frame["calls"].iloc[-1] == frame["calls"].iloc[:-1].sum()


def test_the_grid_whose_calls_go_elsewhere_is_proposed_first(walk: Crosswalk) -> None:
    police = stations_of(POLICE)
    found = propose_transfers(walk, station_of_grid=main_stations(walk, police), station_of_police_grid=police)
    assert len(found) == 1
    best = found[0]
    assert (best.what, best.code, best.from_station, best.to_station) == ("grid", "B", "west", "east")
    assert (best.calls, best.before, best.after, best.mended) == (11, 8, 3, 5)
    assert best.sentence() == "网格 B 由 west 划归 east：不一致警情由 8 起减至 3 起（该网格内警情 11 起）"
    assert "fall from 8 to 3" in best.sentence("en")
    assert proposals_frame(found)["rank"].tolist() == [1]
    assert (
        propose_transfers(walk, station_of_grid=main_stations(walk, police), station_of_police_grid=police, least=6)
        == ()
    )


def test_without_calls_there_is_no_score(walk: Crosswalk) -> None:
    made = score_misfit(walk, station_of_grid={}, station_of_police_grid={})
    assert (made.calls, made.share, made.left_out) == (0, None, 30)
    assert propose_transfers(walk, station_of_grid={}, station_of_police_grid={}) == ()
    assert np.isnan(made.frame()["share"].iloc[-1])
    with pytest.raises(FieldError, match="calls"):
        score_misfit(build_crosswalk(GRIDS, POLICE), station_of_grid={}, station_of_police_grid={})
    with pytest.raises(ParameterError):
        propose_transfers(walk, station_of_grid={}, station_of_police_grid={}, least=0)


def random_walk(seed: int, grids: int, areas: int) -> tuple[Crosswalk, np.ndarray]:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 12, (grids, areas)) * (rng.random((grids, areas)) < 0.6)
    row, column = np.nonzero(np.ones_like(counts))
    return (
        Crosswalk(
            source=tuple(f"G{i}" for i in range(grids)), target=tuple(f"J{i}" for i in range(areas)), row=row, column=column,
            area_m2=np.ones(len(row)), counts={"calls": counts.ravel()}, source_m2=np.full(grids, float(areas)),
            target_m2=np.full(areas, float(grids)), outside_m2=np.zeros(grids), outside={"calls": np.zeros(grids, dtype=int)},
            unplaced={"calls": 0},
        ),
        counts,
    )  # fmt: skip


def count_misfit(counts: np.ndarray, of_grid: list[int], of_police: list[int]) -> int:
    return sum(
        int(counts[g, p]) for g in range(counts.shape[0]) for p in range(counts.shape[1]) if of_grid[g] != of_police[p]
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_moving_grids_alone_ends_at_the_best_of_all_choices(seed: int) -> None:
    walk, counts = random_walk(seed, 4, 4)
    rng = np.random.default_rng(seed + 1)
    of_grid, of_police = rng.integers(0, 3, 4).tolist(), rng.integers(0, 3, 4).tolist()
    names = {
        "station_of_grid": {f"G{i}": f"S{s}" for i, s in enumerate(of_grid)},
        "station_of_police_grid": {f"J{i}": f"S{s}" for i, s in enumerate(of_police)},
    }
    found = propose_transfers(walk, **names)
    start = count_misfit(counts, of_grid, of_police)
    best = min(count_misfit(counts, list(choice), of_police) for choice in product(range(3), repeat=4))
    assert (found[-1].after if found else start) == best
    gains = [p.mended for p in found]
    assert gains == sorted(gains, reverse=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_both_numbers_of_each_proposal_are_true_when_it_is_carried_out(seed: int) -> None:
    walk, counts = random_walk(seed, 5, 4)
    rng = np.random.default_rng(seed + 1)
    of_grid, of_police = rng.integers(0, 3, 5).tolist(), rng.integers(0, 3, 4).tolist()
    names = {
        "station_of_grid": {f"G{i}": f"S{s}" for i, s in enumerate(of_grid)},
        "station_of_police_grid": {f"J{i}": f"S{s}" for i, s in enumerate(of_police)},
    }
    for proposal in propose_transfers(walk, movers="both", limit=6, **names):
        assert proposal.before == count_misfit(counts, of_grid, of_police)
        side, place = (of_grid if proposal.what == "grid" else of_police), int(proposal.code[1:])
        assert f"S{side[place]}" == proposal.from_station
        singles = []
        for held in (of_grid, of_police):
            for i in range(len(held)):
                was = held[i]
                for station in range(3):
                    held[i] = station
                    singles.append(count_misfit(counts, of_grid, of_police))
                held[i] = was
        side[place] = int(proposal.to_station[1:])
        assert proposal.after == count_misfit(counts, of_grid, of_police)
        assert proposal.after < proposal.before
        assert proposal.after == min(singles)
