"""A prefecture in two editions, 1,157 villages and 1,159 after two splits: is last year's figure true on the new ones?"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.grids.changes import apply_changes, difference, require_sound
from geo.grids.conformity import check_conformity
from geo.grids.crosswalk import Placed
from geo.grids.lineage import build_lineage
from geo.grids.restate import compare_restated, restate_figures, restate_places
from geo.tables.grids import Grids

COLUMNS, STEP = 38, 100_000
BEFORE, AFTER = 10_000, 6_811
"""Calls of two years: a fall of 31.89 %."""


@dataclass(frozen=True)
class TwoEditions:
    old: Grids
    new: Grids
    split: tuple[tuple[str, str], ...]


def tessellated(codes: Sequence[str], names: Sequence[str], *, seed: int) -> Grids:
    """Lay one bent cell for each village, in rows; the last cell takes the rest of its row."""
    rng = np.random.default_rng(seed)
    rows = -(-len(codes) // COLUMNS)
    corners = np.stack(np.meshgrid(np.arange(rows + 1), np.arange(COLUMNS + 1), indexing="ij"), axis=-1) * STEP
    bend = rng.integers(-STEP // 4, STEP // 4, corners.shape)
    bend[[0, -1]] = 0
    bend[:, [0, -1]] = 0
    corners = corners + bend
    y, x = corners[..., 0], corners[..., 1]
    lonlat = np.stack([1_000_000_000 + x, 265_000_000 - y], axis=-1) / 1e7
    shapes = []
    for k in range(len(codes)):
        i, j = divmod(k, COLUMNS)
        last = COLUMNS if k == len(codes) - 1 else j + 1
        top, bottom = lonlat[i, j : last + 1], lonlat[i + 1, j : last + 1]
        shapes.append(shapely.Polygon([*top, *bottom[::-1]]))
    frame = {"code": [f"{c}001" for c in codes], "name": list(names), "kind": "general", "parent_code": list(codes)}
    return Grids.of(gpd.GeoDataFrame(frame, geometry=shapes, crs=4326))


def before_two_splits(new: Grids) -> tuple[Grids, tuple[tuple[str, str], ...]]:
    """Join two pairs of neighbours of one town each, under the lower code."""
    codes, frame = new.keys, new.frame
    pairs = [
        (i, i + 1) for i in range(len(codes) - 1) if codes[i][:9] == codes[i + 1][:9] and i % COLUMNS < COLUMNS - 2
    ]
    chosen = (pairs[len(pairs) // 5], pairs[len(pairs) // 2])
    shapes = np.asarray(frame.geometry.array, dtype=object).copy()
    for one, other in chosen:
        shapes[one] = shapely.union_all([shapes[one], shapes[other]])
    kept = np.ones(len(codes), dtype=bool)
    kept[[other for _, other in chosen]] = False
    old = frame.set_geometry(gpd.GeoSeries(shapes, crs=4326))[kept]
    return Grids.of(old.reset_index(drop=True)), tuple((codes[a], codes[b]) for a, b in chosen)


def of(codes: Sequence[str], names: Sequence[str]) -> TwoEditions:
    new = tessellated(codes, names, seed=5329)
    old, split = before_two_splits(new)
    return TwoEditions(old=old, new=new, split=split)


@pytest.fixture(scope="module")
def real(shared: Path) -> TwoEditions:
    """The villages of Dali with their names and codes as they are published, on land of our own making."""
    with gzip.open(shared / "cn_admin" / "cn_hierarchy_county_town_village.csv.gz", "rt", encoding="utf-8") as file:
        books = pd.read_csv(file, dtype=str)
    books = books[books["cityCode"] == "5329"].sort_values("code")
    return of(books["code"].tolist(), books["name"].tolist())


@pytest.fixture(scope="module")
def made_up() -> TwoEditions:
    codes = [
        f"5399{county:02d}{town:03d}{village:03d}"
        for county in (1, 2)
        for town in range(101, 106)
        for village in range(1, 13)
    ]
    return of(codes, [f"甲{i}村" for i in range(len(codes))])


def points(editions: TwoEditions, count: int, seed: int) -> Placed:
    """Draw calls all over the land, a third of them in the villages that were split."""
    rng = np.random.default_rng(seed)
    west, south, east, north = editions.new.frame.total_bounds
    frame = editions.old.frame.set_index("code")
    heavy = [frame.loc[a].geometry for a, _ in editions.split]
    some = []
    for shape in heavy:
        w, s, e, n = shape.bounds
        some.append(np.column_stack([rng.uniform(w, e, count // 6), rng.uniform(s, n, count // 6)]))
    rest = count - sum(len(part) for part in some)
    some.append(np.column_stack([rng.uniform(west, east, rest), rng.uniform(south, north, rest)]))
    return Placed(lonlat=np.vstack(some))


def check(editions: TwoEditions) -> None:
    old, new = editions.old, editions.new
    assert len(new) == len(old) + 2
    lineage = build_lineage(old, new)
    assert lineage.counts() == {"kept": len(old) - 2, "split": 2}
    split = [(e.before, e.after) for e in lineage.events if e.fate == "split"]
    assert split == [((a,), (a, b)) for a, b in editions.split]
    replayed = lineage.replay(old)
    assert shapely.to_wkb(replayed.frame.geometry).tolist() == shapely.to_wkb(new.frame.geometry).tolist()
    require_sound(old, difference(old, new))
    back = apply_changes(new, difference(new, old))
    assert shapely.to_wkb(back.frame.geometry).tolist() == shapely.to_wkb(old.frame.geometry).tolist()

    last, this = points(editions, BEFORE, 1), points(editions, AFTER, 2)
    name = f"第2版 2026-01-01 {len(new)} 村"
    was, is_ = restate_places(last, new, edition=name), restate_places(this, new, edition=name)
    for things, restated in ((last, was), (this, is_)):
        joined = gpd.sjoin(
            gpd.GeoDataFrame(geometry=shapely.points(things.lonlat), crs=4326), new.frame[["code", "geometry"]],
            predicate="within",
        )  # fmt: skip
        counted = joined["code"].value_counts().reindex(list(restated.codes), fill_value=0)
        assert restated.units.tolist() == counted.tolist()
        assert restated.total == len(things.lonlat)

    # Last year's printed table, on the old villages, comes to the same where land did not change, and to the same sum.
    printed = restate_places(last, old, edition="第1版")
    table = dict(zip(printed.codes, printed.units.tolist(), strict=True))
    shared_out = restate_figures(table, lineage.crosswalk, edition=name)
    assert int(shared_out.units.sum()) == int(printed.units.sum())
    by_area = dict(zip(shared_out.codes, shared_out.units.tolist(), strict=True))
    touched = {code for pair in editions.split for code in pair}
    exact = dict(zip(was.codes, was.units.tolist(), strict=True))
    assert {c: n for c, n in by_area.items() if c not in touched} == {
        c: n for c, n in exact.items() if c not in touched
    }
    for one, other in editions.split:
        assert by_area[one] + by_area[other] == table[one] == exact[one] + exact[other]
        assert abs(by_area[one] - exact[one]) < 0.25 * table[one]

    change = compare_restated(was, is_, exposure=(365, 365))
    assert change.agrees_with(-0.3189)
    assert change.total_change == pytest.approx(-0.3189, abs=1e-12)
    frame = change.frame()
    assert frame["n_before"].iloc[:-1].sum() == frame["n_before"].iloc[-1] == BEFORE
    assert frame["n_after"].iloc[:-1].sum() == frame["n_after"].iloc[-1] == AFTER
    assert frame["p"].iloc[-1] < 1e-50
    assert set(frame["edition"]) == {name}
    whole = frame.iloc[-1]
    assert whole["change_low"] < -0.3189 < whole["change_high"]
    first = frame.set_index("code").loc[editions.split[0][0]]
    assert first["n_before"] == exact[editions.split[0][0]]
    assert first["before_low"] < first["n_before"] < first["before_high"]


@pytest.mark.shared_data
def test_the_villages_of_dali(real: TwoEditions) -> None:
    assert (len(real.old), len(real.new)) == (1157, 1159)
    assert len({code[:9] for code in real.new.keys}) == 112
    assert len({code[:6] for code in real.new.keys}) == 12
    check(real)
    report = check_conformity(real.new)
    assert [c.faults for c in report.checks if c.check in ("coverage", "community")] == [0, 0]


def test_villages_of_our_own(made_up: TwoEditions) -> None:
    check(made_up)
