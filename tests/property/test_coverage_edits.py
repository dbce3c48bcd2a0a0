"""Whatever is dragged: a coverage stays whole, its area stays, and undo gives the same bytes."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.errors import GeometryError
from geo.grids.arcs import to_degrees
from geo.grids.edit import Edit, InsertVertex, MoveVertex, RemoveVertex, changes_of
from geo.grids.topology import Coverage
from geo.tables.grids import Grids

STEP = 10_000  # lattice steps between corners, about 100 m


def wavy_squares(seed: int, side: int, *, parents: int = 1) -> Grids:
    """Return side x side grids with bent borders, turned rings and an island in the first one."""
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), axis=-1) * STEP
    corners = corners + rng.integers(-STEP // 6, STEP // 6, corners.shape)
    bends: dict[tuple[tuple[int, int], tuple[int, int]], list[list[int]]] = {}

    def edge(a: tuple[int, int], b: tuple[int, int]) -> list[list[int]]:
        low, high = min(a, b), max(a, b)
        if (low, high) not in bends:
            p, q = corners[low], corners[high]
            shares = np.sort(rng.uniform(0.2, 0.8, rng.integers(0, 4)))
            bends[low, high] = (
                (p + (q - p) * shares[:, None] + rng.integers(-STEP // 12, STEP // 12, (len(shares), 2)))
                .astype(int)
                .tolist()
            )
        held = [corners[low].tolist(), *bends[low, high]]
        return held if a == low else [corners[high].tolist(), *bends[low, high][::-1]]

    shapes, parent = [], []
    for i in range(side):
        for j in range(side):
            around = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            ring = [xy for a, b in zip(around, around[1:] + around[:1], strict=True) for xy in edge(a, b)]
            turn = int(rng.integers(0, len(ring)))
            ring = ring[turn:] + ring[:turn]
            shapes.append(ring if rng.integers(0, 2) else ring[::-1])
            parent.append(str((i * parents) // side))
    middle = np.rint(np.mean(shapes[0], axis=0)).astype(int)
    island = (middle + np.array([[-600, -600], [700, -500], [600, 600], [-500, 700]])).tolist()
    polygons = [shapely.Polygon(to_degrees(np.array(ring))) for ring in shapes]
    polygons[0] = shapely.Polygon(to_degrees(np.array(shapes[0])), [to_degrees(np.array(island))])
    polygons.append(shapely.Polygon(to_degrees(np.array(island))))
    assume(shapely.is_valid(polygons).all() and shapely.coverage_is_valid(polygons))
    codes = [f"{k:03d}" for k in range(len(polygons))]
    columns = {"code": codes, "kind": "general", "parent_code": [*parent, parent[0]]}
    return Grids.of(gpd.GeoDataFrame(columns, geometry=polygons, crs=4326))


def wkb(grids: Grids) -> list[bytes]:
    return shapely.to_wkb(np.asarray(grids.frame.geometry.array)).tolist()


def random_edit(coverage: Coverage, rng: np.random.Generator) -> Edit | None:
    free = [arc for arc, lock in enumerate(coverage.locks) if not lock]
    if not free:
        return None
    arc = int(rng.choice(free))
    line = coverage.cut.arcs[arc]
    index = int(rng.integers(0, len(line)))
    to = tuple(int(v) for v in line[index] + rng.integers(-STEP // 3, STEP // 3, 2))
    kind = rng.integers(0, 3)
    if kind == 0 and index < len(line) - 1:
        return InsertVertex(arc=arc, index=index, to=to)
    if kind == 1 and 0 < index < len(line) - 1:
        return RemoveVertex(arc=arc, index=index)
    return MoveVertex(arc=arc, index=index, to=to)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), side=st.integers(2, 4))
def test_random_edits_keep_the_coverage_whole_and_undo_is_exact(seed: int, side: int) -> None:
    grids = wavy_squares(seed, side)
    rng = np.random.default_rng(seed + 1)
    first = coverage = Coverage.of(grids)
    assert wkb(coverage.grids) == wkb(grids)
    union = shapely.union_all(grids.frame.geometry.array)
    history = []
    for _ in range(12):
        edit = random_edit(coverage, rng)
        if edit is None:
            break
        try:
            moved = coverage.moved(changes_of(coverage, [edit]))
        except GeometryError:
            continue
        history.append((coverage, moved.arcs))
        coverage = moved.coverage
        shapes = np.asarray(coverage.grids.frame.geometry.array)
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes)
        now = shapely.union_all(shapes)
        assert now.equals(union)
        assert abs(shapely.area(shapes).sum() - union.area) < 1e-12 * union.area * len(shapes)
        # A second reading of the changed table finds the same lines.
        assert len(Coverage.of(coverage.grids).cut.arcs) == len(coverage.cut.arcs)
    for before, arcs in reversed(history):
        coverage = coverage.moved({arc: before.cut.arcs[arc] for arc in arcs}).coverage
        assert wkb(coverage.grids) == wkb(before.grids)
    assert wkb(coverage.grids) == wkb(first.grids)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_edit_moves_a_line_between_communities(seed: int) -> None:
    grids = wavy_squares(seed, 4, parents=2)
    rng = np.random.default_rng(seed)
    coverage = Coverage.of(grids)
    parents = grids.frame["parent_code"].to_numpy()

    def communities(held: Grids) -> list[shapely.Geometry]:
        shapes = np.asarray(held.frame.geometry.array)
        return [shapely.union_all(shapes[parents == p]) for p in np.unique(parents)]

    before = communities(grids)
    for _ in range(10):
        edit = random_edit(coverage, rng)
        assert edit is not None
        try:
            coverage = coverage.moved(changes_of(coverage, [edit])).coverage
        except GeometryError:
            continue
    assert all(one.equals(other) for one, other in zip(before, communities(coverage.grids), strict=True))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), side=st.integers(2, 4))
def test_free_outer_lines_never_overlap_a_neighbour(seed: int, side: int) -> None:
    coverage = Coverage.of(wavy_squares(seed, side))
    rng = np.random.default_rng(seed)
    for _ in range(8):
        arc = int(rng.integers(0, len(coverage.cut.arcs)))
        index = int(rng.integers(0, len(coverage.cut.arcs[arc])))
        to = coverage.cut.arcs[arc][index] + rng.integers(-STEP, STEP, 2)
        edit = MoveVertex(arc=arc, index=index, to=(int(to[0]), int(to[1])))
        try:
            coverage = coverage.moved(changes_of(coverage, [edit]), allow_outer_change=True).coverage
        except GeometryError:
            continue
        shapes = np.asarray(coverage.grids.frame.geometry.array)
        assert shapely.coverage_is_valid(shapes)
        assert abs(shapely.area(shapes).sum() - shapely.union_all(shapes).area) < 1e-12 * shapely.area(shapes).sum()
