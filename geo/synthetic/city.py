"""The whole demo city from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from geo.crs import to_metric
from geo.errors import ParameterError
from geo.streets.aequilibrae import read_coquimbo, read_helsinki
from geo.streets.graph import StreetGraph
from geo.synthetic.calls import record_calls
from geo.synthetic.clock import local_hour
from geo.synthetic.estates import draw_estates
from geo.synthetic.events import Places, draw_events
from geo.synthetic.faces import which
from geo.synthetic.grids import Ground, draw_grids
from geo.synthetic.hot_places import draw_hot_places
from geo.synthetic.lattice import steps
from geo.synthetic.points import draw_points, walking_posts
from geo.synthetic.police import draw_police_grids
from geo.synthetic.positions import RESIDENTS, StreetPositions
from geo.synthetic.posts import draw_posts
from geo.synthetic.progress import Observe, Step, unobserved
from geo.synthetic.segments import draw_linear_grids
from geo.synthetic.sites import corners, roadsides
from geo.synthetic.sizes import COQUIMBO, HELSINKI
from geo.synthetic.staff import draw_grid_posts
from geo.synthetic.units import SHIFTS, draw_shifts, draw_units
from geo.synthetic.when import TIME_ZONE, YEAR
from geo.synthetic.zones import Zones, made_up_zones, read_coquimbo_zones
from geo.tables.blocks import Blocks
from geo.tables.buildings import Buildings
from geo.tables.calls import Calls
from geo.tables.communities import Communities
from geo.tables.estates import Estates
from geo.tables.grid_posts import GridPosts
from geo.tables.grids import Grids
from geo.tables.linear_grids import LinearGrids
from geo.tables.points import Points
from geo.tables.police_grids import PoliceGrids
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from geo.tables.units import Units

City = Literal["coquimbo", "helsinki"]
Fact = str | int | float | bool

AS_OF: Final = datetime(2026, 11, 22, 4, 12, tzinfo=ZoneInfo(TIME_ZONE))
"""The moment at which the demo city stands still, in its night shift."""
SEED: Final = 20260101
CALLS: Final = 120_000
LEAST_CALLS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemoCity:
    """A city to show and to test with: streets and, in Coquimbo, zones and population are real, all else is drawn.

    ``posts`` are in operation, ``candidates`` are sites where more could stand. ``facts`` are small values for pages and
    exports; they say what is synthetic.
    """

    graph: StreetGraph
    grids: Grids
    police_grids: PoliceGrids
    posts: Posts
    candidates: Posts
    points: Points
    units: Units
    shifts: Shifts
    calls: Calls
    communities: Communities
    blocks: Blocks
    estates: Estates
    buildings: Buildings
    grid_posts: GridPosts
    linear_grids: LinearGrids
    as_of: datetime
    facts: Mapping[str, Fact]


def build_demo(
    city: City = "coquimbo",
    *,
    seed: int = SEED,
    calls: int = CALLS,
    as_of: datetime = AS_OF,
    observe: Observe = unobserved,
) -> DemoCity:
    """Build a demo city; the same arguments give the same tables.

    Parameters
    ----------
    city
        ``"coquimbo"`` (Coquimbo - La Serena, 451,834 people) or ``"helsinki"`` (two square kilometres of its centre,
        for quick tests; zones and population made up).
    seed
        Everything that is drawn follows from it.
    calls
        Calls in the year that ends at ``as_of``.
    as_of
        The moment at which the city stands still, with a time zone.
    observe
        Told of each step.

    Raises
    ------
    ParameterError
        For an unknown city, a moment without a time zone, or fewer than 500 calls.
    UnavailableError
        If the wheel that carries the streets is not installed.
    """
    _checked(city, calls, as_of)
    as_of = as_of.astimezone(UTC)
    # One independent stream for each step: a change in one leaves the others as they were.
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(10)]
    sizes = COQUIMBO if city == "coquimbo" else HELSINKI
    observe(Step(share=0.0, zh="读取路网", en="Reading the streets"))
    graph = read_coquimbo() if city == "coquimbo" else read_helsinki()
    observe(Step(share=0.1, zh="读取分区与人口", en="Reading zones and population"))
    positions = StreetPositions.of(graph)
    zones = read_coquimbo_zones() if city == "coquimbo" else _helsinki_zones(positions)
    observe(Step(share=0.15, zh="沿街划分网格", en="Dividing the land into grids along streets"))
    ground = draw_grids(graph, positions, zones, sizes=sizes, rng=streams[0])
    police = draw_police_grids(ground, sizes=sizes, rng=streams[9])
    observe(Step(share=0.45, zh="生成一年警情", en="Drawing a year of calls"))
    positions, people = _populated(positions, ground)
    places = Places(graph, positions, people)
    hot = draw_hot_places(positions, people, count=sizes.hot_places, rng=streams[1])
    events = draw_events(places, hot, as_of=as_of, calls=calls, rng=streams[2])
    observe(Step(share=0.6, zh="布设屯警点、必巡点和巡组", en="Placing posts, points and units"))
    real = events.valid & events.placed
    demand = to_metric(events.lonlat[real], positions.crs)
    crossings, kerbs = corners(graph, ground, positions.crs), roadsides(graph, ground, positions)
    posts, candidates = draw_posts(crossings, ground, police, demand, sizes=sizes, rng=streams[3])
    sample = demand[streams[4].permutation(len(demand))]
    walkers = len(police.station_names) + walking_posts(
        posts.xy[len(police.station_names) :], sample, sizes.walkers_a_shift
    )
    points = draw_points(
        kerbs, crossings, ground, demand=demand, walk_from=posts.xy[walkers], sizes=sizes, rng=streams[4]
    )
    units, stationed = draw_units(
        posts,
        walkers,
        demand=demand,
        demand_shift=_shift_of(local_hour(events.seconds[real], as_of)),
        open_calls=demand[events.seconds[real] > YEAR.total_seconds() - 3600],
        roadsides=kerbs,
        sizes=sizes,
        as_of=as_of,
        rng=streams[5],
    )
    observe(Step(share=0.75, zh="填写警情时钟", en="Filling in the clock of each call"))
    table = record_calls(
        events,
        graph=graph,
        ground=ground,
        police=police,
        posts=posts.lonlat,
        stations=posts.lonlat[: len(police.station_names)],
        crs=positions.crs,
        as_of=as_of,
        rng=streams[6],
    )
    observe(Step(share=0.95, zh="生成小区、楼栋与网格岗位", en="Drawing estates, buildings and posts in grids"))
    housing = draw_estates(ground, count=sizes.estates, rng=streams[7])
    made = DemoCity(
        graph=graph,
        grids=ground.table,
        police_grids=police.table,
        posts=posts.table(stationed),
        candidates=candidates,
        points=points,
        units=units,
        shifts=draw_shifts(),
        calls=table,
        communities=ground.community_table(),
        blocks=ground.block_table(),
        estates=housing.estates,
        buildings=housing.buildings,
        grid_posts=draw_grid_posts(ground.code, rng=streams[8]),
        linear_grids=draw_linear_grids(graph, ground.communities, ground.community_shapes()),
        as_of=as_of,
        facts=_facts(city, seed, as_of, graph, zones, ground, len(table)),
    )
    observe(Step(share=1.0, zh="示范城市已建成", en="The demo city is built"))
    return made


def _checked(city: str, calls: int, as_of: datetime) -> None:
    if city not in ("coquimbo", "helsinki"):
        raise ParameterError(
            f"There is no demo city {city}; use coquimbo or helsinki", f"没有示范城市 {city}，可选 coquimbo 或 helsinki"
        )
    if calls < LEAST_CALLS:
        raise ParameterError(
            f"A year needs at least {LEAST_CALLS} calls, not {calls}", f"一年警情至少 {LEAST_CALLS} 起，当前为 {calls}"
        )
    if as_of.tzinfo is None:
        raise ParameterError("The moment as_of needs a time zone", "截至时间 as_of 须带时区")


def _helsinki_zones(positions: StreetPositions) -> Zones:
    return made_up_zones(positions, count=6, people_per_km2=12_000.0)


def _populated(positions: StreetPositions, ground: Ground) -> tuple[StreetPositions, npt.NDArray[np.float64]]:
    """Return the positions inside grids and the people of each: those of its grid by residential length."""
    grid = which(ground.shapes, steps(positions.lonlat()))
    positions, grid = positions.where(grid >= 0), grid[grid >= 0]
    weight = positions.class_weight(RESIDENTS) + 1e-6 * positions.metres
    total = np.bincount(grid, weights=weight, minlength=len(ground.people))
    return positions, weight / total[grid] * ground.people[grid]


def _shift_of(hour: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    starts = np.array([start for _, _, start in SHIFTS]) // 60
    return np.asarray([int(np.flatnonzero(starts == h // 8 * 8)[0]) for h in range(24)], dtype=np.int64)[hour]


def _facts(
    city: str, seed: int, as_of: datetime, graph: StreetGraph, zones: Zones, ground: Ground, calls: int
) -> Mapping[str, Fact]:
    real = city == "coquimbo"
    place_zh = "科金博—拉塞雷纳" if real else "赫尔辛基市中心"
    place_en = "Coquimbo-La Serena" if real else "central Helsinki"
    kept_zh = "街道、分区和人口为真实数据" if real else "仅街道为真实数据"
    kept_en = "Streets, zones and population are real" if real else "Only the streets are real"
    return {
        "city": city,
        "title_zh": f"示范城市（{place_zh}街道 · 合成数据）",
        "title_en": f"Demo city (streets of {place_en}, synthetic data)",
        "attribution": graph.source,
        "seed": seed,
        "as_of": as_of.isoformat(),
        "time_zone": TIME_ZONE,
        "utc_offset_minutes": int(as_of.astimezone(ZoneInfo(TIME_ZONE)).utcoffset().total_seconds() // 60),  # type: ignore[union-attr]
        "synthetic": True,
        "note_zh": f"{kept_zh}；网格、警格、小区、楼栋、岗位、警情、屯警点、必巡点、巡组均由随机种子 {seed} 生成，地名和编码为虚构。"
        f"为便于演示，时间按北京时间显示。",
        "note_en": f"{kept_en}; grids, police grids, estates, buildings, staff, calls, posts, points and units are drawn from the seed {seed}, "
        "with made-up names and codes. Times are shown on the clock of Beijing, not of the place.",
        "people": int(zones.people.sum()),
        "people_real": real,
        "communities": len(zones),
        "grids": len(ground.table),
        "calls": calls,
    }
