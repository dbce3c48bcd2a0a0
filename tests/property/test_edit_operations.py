"""Whatever is split, merged, painted or dragged: the land stays tiled, its area exact, and all of it can be undone.

``XUNGE_EDIT_EXAMPLES=400 pytest tests/property/test_edit_operations.py`` draws 20,000 edits instead of 900.
"""

import json
import os
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.errors import XungeError
from geo.grids.arcs import to_degrees, twice_area
from geo.grids.coverage_delta import delta_bytes, with_delta
from geo.grids.edit import InsertVertex, MoveVertex, RemoveVertex, ReshapeArc
from geo.grids.join import MergeGrids
from geo.grids.operations import AnyOperation, apply_all, from_json, replay, to_json
from geo.grids.recut import polygons_of
from geo.grids.split import SplitAlongStreets, SplitByLine
from geo.grids.topology import Coverage
from geo.grids.transfer import AssignUnits, TransferBlocks, UnitShape
from geo.tables.grids import Grids

EXAMPLES = int(os.environ.get("XUNGE_EDIT_EXAMPLES", "18"))
STEP = 10_000  # lattice steps between corners of blocks, about 100 m


def blocks_and_grids(seed: int, side: int) -> tuple[list[shapely.Polygon], Grids]:
    """Return side x side blocks with bent edges, and grids of two by two blocks in two communities."""
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), axis=-1) * STEP
    corners = corners + rng.integers(-STEP // 7, STEP // 7, corners.shape)
    bends: dict[Any, np.ndarray] = {}

    def edge(a: tuple[int, int], b: tuple[int, int]) -> list[list[int]]:
        low, high = min(a, b), max(a, b)
        if (low, high) not in bends:
            p, q = corners[low], corners[high]
            shares = np.linspace(0.25, 0.75, int(rng.integers(0, 3)))
            jitter = rng.integers(-STEP // 14, STEP // 14, (len(shares), 2))
            bends[low, high] = (p + (q - p) * shares[:, None] + jitter).astype(int)
        held = bends[low, high].tolist()
        return [corners[a].tolist(), *(held if a == low else held[::-1])]

    blocks = []
    for i in range(side):
        for j in range(side):
            around = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            ring = [xy for a, b in zip(around, around[1:] + around[:1], strict=True) for xy in edge(a, b)]
            turn = int(rng.integers(0, len(ring)))
            blocks.append(shapely.Polygon((ring[turn:] + ring[:turn])[:: int(rng.choice([1, -1]))]))
    owner = np.array([(i // 2) * side + j // 2 for i in range(side) for j in range(side)])
    held = np.array(blocks, dtype=object)
    assume(shapely.is_valid(held).all() and shapely.coverage_is_valid(held))
    shapes = [shapely.coverage_union_all(held[owner == o]) for o in np.unique(owner)]

    def degrees(shape: shapely.Polygon) -> shapely.Polygon:
        return shapely.transform(shape, lambda xy: to_degrees(xy.astype(np.int64)))

    columns = {
        "code": [f"{k:03d}" for k in range(len(shapes))],
        "kind": "general",
        "parent_code": ["p" if k < len(shapes) // 2 else "q" for k in range(len(shapes))],
        "population": rng.integers(0, 500, len(shapes)),
        "households": [None if k % 3 == 0 else float(k) for k in range(len(shapes))],
        "valid_from": "2026-01-01T00:00:00Z",
    }
    table = Grids.of(gpd.GeoDataFrame(columns, geometry=[degrees(s) for s in shapes], crs=4326))
    return [degrees(block) for block in blocks], table


def exact_area(coverage: Coverage, rows: Any = None) -> int:
    """Return twice the area of grids in square steps, exactly."""
    total = 0
    for row in range(len(coverage.codes)) if rows is None else rows:
        for rings in polygons_of(coverage, int(row)):
            total += abs(twice_area(rings[0])) - sum(abs(twice_area(ring)) for ring in rings[1:])
    return total


def area_of_communities(coverage: Coverage) -> dict[str, int]:
    parents = coverage.attributes["parent_code"].to_numpy()
    return {str(p): exact_area(coverage, np.flatnonzero(parents == p)) for p in np.unique(parents)}


def wkb(coverage: Coverage) -> list[bytes]:
    return shapely.to_wkb(coverage.shapes).tolist()


def lines(coverage: Coverage) -> list[bytes]:
    """Return all arcs, each in the direction that comes first; closed ones by their sorted vertices."""

    def key(line: np.ndarray) -> bytes:
        if (line[0] == line[-1]).all():
            return np.sort(line[:-1, 0] * 2**32 + line[:-1, 1]).tobytes()
        return min(line.tobytes(), line[::-1].tobytes())

    return sorted(key(line) for line in coverage.cut.arcs if len(line))


def rings(coverage: Coverage) -> list[Any]:
    """Return each ring as its arcs from the one with its first vertex on, and how far into that one it starts."""
    return [
        [[(ring.refs[ring.slot :] + ring.refs[: ring.slot], ring.offset) for ring in polygon] for polygon in polygons]
        for polygons in coverage.cut.shapes
    ]


def require_same(one: Coverage, other: Coverage) -> None:
    """Require equal codes, bytes, attributes and arcs under equal numbers; the second may have numbers that are gone."""
    assert one.codes == other.codes
    assert wkb(one) == wkb(other)
    assert one.attributes.equals(other.attributes)
    assert rings(one) == rings(other)
    known = len(one.cut.arcs)
    assert all(np.array_equal(a, b) for a, b in zip(one.cut.arcs, other.cut.arcs, strict=False))
    assert not any(len(line) for line in other.cut.arcs[known:])
    assert np.array_equal(one.cut.users, other.cut.users[:known])
    assert np.array_equal(one.lock_of_arc, other.lock_of_arc[:known])


class Hand:
    """Somebody who draws at random."""

    def __init__(self, seed: int, blocks: list[shapely.Polygon]) -> None:
        self.rng = np.random.default_rng(seed)
        self.units = [UnitShape.of(f"b{i}", block) for i, block in enumerate(blocks)]
        self.centres = shapely.get_coordinates(shapely.centroid(blocks))
        self.minted = 0

    def code(self) -> str:
        self.minted += 1
        return f"n{self.minted:03d}"

    def draw(self, coverage: Coverage) -> AnyOperation:
        kinds = ["vertex", "vertex", "reshape", "split", "streets", "merge", "paint", "paint", "blocks"]
        return getattr(self, f"_{self.rng.choice(kinds)}")(coverage)

    def _arc(self, coverage: Coverage) -> int:
        return int(self.rng.choice(np.flatnonzero(coverage.lock_of_arc == 0)))

    def _vertex(self, coverage: Coverage) -> AnyOperation:
        if not (coverage.lock_of_arc == 0).any():
            return self._split(coverage)
        arc = self._arc(coverage)
        line = coverage.cut.arcs[arc]
        index = int(self.rng.integers(0, len(line)))
        x, y = (line[index] + self.rng.integers(-STEP // 5, STEP // 5, 2)).tolist()
        kind = self.rng.integers(0, 3)
        if kind == 0 and index < len(line) - 1:
            return InsertVertex(arc=arc, index=index, to=(x, y))
        if kind == 1 and 0 < index < len(line) - 1:
            return RemoveVertex(arc=arc, index=index)
        return MoveVertex(arc=arc, index=index, to=(x, y))

    def _reshape(self, coverage: Coverage) -> AnyOperation:
        if not (coverage.lock_of_arc == 0).any():
            return self._merge(coverage)
        arc = self._arc(coverage)
        line = coverage.cut.arcs[arc]
        middle = (line[0] + line[-1]) // 2 + self.rng.integers(-STEP // 6, STEP // 6, (2, 2))
        return ReshapeArc(arc=arc, first=0, last=len(line) - 1, line=tuple((x, y) for x, y in middle.tolist()))

    def _through(self, coverage: Coverage, row: int) -> tuple[tuple[int, int], ...]:
        west, south, east, north = shapely.bounds(coverage.shapes[row]) * 1e7
        a, b = self.rng.uniform(0.2, 0.8, 2)
        x, y = (west + east) / 2, (south + north) / 2
        spots = np.array([[west - 500, south + a * (north - south)], [x, y], [east + 500, south + b * (north - south)]])
        if self.rng.integers(0, 2):
            spots = np.array([[west + a * (east - west), south - 500], [x, y], [west + b * (east - west), north + 500]])
        return tuple((round(x), round(y)) for x, y in spots.tolist())

    def _split(self, coverage: Coverage) -> AnyOperation:
        row = int(self.rng.integers(0, len(coverage.codes)))
        return SplitByLine(code=coverage.codes[row], line=self._through(coverage, row), codes=(self.code(),))

    def _streets(self, coverage: Coverage) -> AnyOperation:
        row = int(self.rng.integers(0, len(coverage.codes)))
        west, south, east, north = (shapely.bounds(coverage.shapes[row]) * 1e7).round().astype(int).tolist()
        x, y = (west + east) // 2, (south + north) // 2
        cross = (((west - 900, y), (east + 900, y + 77)), ((x, south - 900), (x + 55, north + 900)))
        return SplitAlongStreets(
            code=coverage.codes[row], lines=cross, codes=tuple(self.code() for _ in range(3)), streets=("甲路", "乙路")
        )

    def _merge(self, coverage: Coverage) -> AnyOperation:
        inner = coverage.cut.users[coverage.lock_of_arc == 0]
        if len(inner) < 6:
            return self._split(coverage)
        a, b = self.rng.choice(inner).tolist()
        return MergeGrids(codes=(coverage.codes[a], coverage.codes[b]))

    def _near(self, coverage: Coverage) -> tuple[str, UnitShape, str]:
        """Return a grid, a block beside it, and the grid in which that block is."""
        row = int(self.rng.integers(0, len(coverage.codes)))
        spot = shapely.points(self.centres)
        away = shapely.distance(coverage.shapes[row], spot)
        away[away == 0] = np.inf
        unit = int(np.argsort(away)[int(self.rng.integers(0, 3))])
        holds = np.flatnonzero(shapely.intersects(coverage.shapes, spot[unit]))
        return coverage.codes[row], self.units[unit], coverage.codes[int(holds[0])]

    def _paint(self, coverage: Coverage) -> AnyOperation:
        to, unit, _ = self._near(coverage)
        _, other, _ = self._near(coverage)
        units = (unit, other) if self.rng.integers(0, 3) == 0 and other != unit else (unit,)
        return AssignUnits(to=to, units=units)

    def _blocks(self, coverage: Coverage) -> AnyOperation:
        to, unit, source = self._near(coverage)
        return TransferBlocks(source=source, to=to, units=(unit,))


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 10**6), side=st.sampled_from([4, 6, 8]))
def test_random_edits_of_every_kind_keep_the_land_tiled_and_can_be_undone(seed: int, side: int) -> None:
    blocks, table = blocks_and_grids(seed, side)
    hand = Hand(seed, blocks)
    first = now = Coverage.of(table)
    area, communities = exact_area(first), area_of_communities(first)
    people = first.attributes["population"].sum()
    done, states, refusals = [], [], []
    for _ in range(50):
        operation = hand.draw(now)
        written = json.dumps(to_json(operation))
        assert from_json(json.loads(written)) == operation
        try:
            step = operation.apply(now)
        except XungeError as problem:
            refusals.append(problem)
            continue
        states.append(now)
        done.append((written, step))
        now = step.coverage
        assert shapely.is_valid(now.shapes).all()
        assert shapely.coverage_is_valid(now.shapes)
        assert exact_area(now) == area
        assert area_of_communities(now) == communities
        assert now.attributes["population"].sum() == people
        changed = {*step.changed_codes, *step.added_codes}
        before = dict(zip(states[-1].codes, wkb(states[-1]), strict=True))
        assert {c for c, held in zip(now.codes, wkb(now), strict=True) if before.get(c) != held} <= changed
        assert set(step.removed_codes) == set(states[-1].codes) - set(now.codes)
    assert all(problem.zh and problem.zh != problem.en for problem in refusals)
    # No overlap, since the areas add up to that of the union; and no gap, since the union is what it was.
    union = shapely.union_all(now.shapes)
    assert abs(union.area - shapely.area(now.shapes).sum()) < 1e-12
    # Vertices that new lines needed on the outer boundary are on the lattice, not quite on the old line.
    outline = shapely.union_all(first.shapes)
    assert shapely.hausdorff_distance(union.boundary, outline.boundary) < 3e-7
    # A new reading of the table finds the same lines, so nothing was cut in vain or left uncut.
    again = Coverage.of(now.grids)
    assert wkb(again) == wkb(now)
    assert lines(again) == lines(now)
    again = replay(first, [from_json(json.loads(written)) for written, _ in done])
    require_same(now, again)
    kept = with_delta(first, delta_bytes(first, now))
    require_same(now, kept)
    assert np.array_equal(kept.bounds, now.bounds)
    assert np.array_equal(kept.cut.ends, now.cut.ends)
    assert np.array_equal(kept.cut.node_xy, now.cut.node_xy)
    for state, (_, step) in zip(reversed(states), reversed(done), strict=True):
        undone = step.inverse.apply(now)
        require_same(state, undone.coverage)
        now = undone.coverage
    require_same(first, now)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_an_edit_can_be_undone_and_redone_and_many_are_one(seed: int) -> None:
    blocks, table = blocks_and_grids(seed, 6)
    hand = Hand(seed + 1, blocks)
    first = now = Coverage.of(table)
    done = []
    for _ in range(12):
        operation = hand.draw(now)
        try:
            step = operation.apply(now)
        except XungeError:
            continue
        done.append(operation)
        undone = step.inverse.apply(step.coverage)
        require_same(now, undone.coverage)
        require_same(step.coverage, undone.inverse.apply(undone.coverage).coverage)
        now = step.coverage
    assume(done)
    whole = apply_all(first, done)
    require_same(now, whole.coverage)
    back = from_json(json.loads(json.dumps(to_json(whole.inverse))))
    require_same(first, back.apply(now).coverage)
