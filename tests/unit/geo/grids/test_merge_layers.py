"""Who gets what when layers overlap, checked by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import GeometryError, ParameterError
from geo.grids.area import area_m2
from geo.grids.merge_layers import Merged, MergeRule, OwnedLayer, merge_layers

U = 1e-3


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(west * U, south * U, east * U, north * U)


def layer(name: str, parents: str = "", **shapes: shapely.Geometry) -> OwnedLayer:
    columns = {"code": list(shapes), "kind": "general", "parent_code": list(parents) or ["p"] * len(shapes)}
    columns["population"] = [100.0] * len(shapes)
    return OwnedLayer(name=name, grids=gpd.GeoDataFrame(columns, geometry=list(shapes.values()), crs=4326))


# Police: one tall grid and one wide one. Civil affairs: two grids whose common line is elsewhere.
POLICE = layer("公安", a=box(0, 0, 1, 2), b=box(1, 0, 3, 2))
CIVIL = layer("民政", c=box(0, 0, 2, 2), d=box(2, 0, 4, 2))


def shapes(merged: Merged) -> dict[str, shapely.Geometry]:
    return dict(zip(merged.grids.keys, merged.grids.frame.geometry, strict=True))


def merge(rule: MergeRule, *layers: OwnedLayer, least: float = 0.0, parents: gpd.GeoDataFrame | None = None) -> Merged:
    return merge_layers(layers or (POLICE, CIVIL), rule=rule, min_piece_m2=least, parents=parents)


def test_the_layer_named_first_comes_first() -> None:
    got = shapes(merge("priority"))
    assert set(got) == {"a", "b", "d"}
    assert got["b"].equals(box(1, 0, 3, 2))
    assert got["d"].equals(box(3, 0, 4, 2))
    other = shapes(merge("priority", CIVIL, POLICE))
    assert set(other) == {"c", "d"}


def test_the_grid_of_which_it_is_the_largest_share_gets_it() -> None:
    # a lies wholly in c: a's share is 1. b and c share half of each: the first layer. b and d: half of each too.
    got = shapes(merge("largest_share"))
    assert {code: round(area_m2(shape) / area_m2(box(0, 0, 1, 1))) for code, shape in got.items()} == {
        "a": 2,
        "b": 4,
        "d": 2,
    }
    # A narrower d: its half is more of it than b's third.
    narrow = layer("民政", d=box(2, 0, 3.2, 2))
    got = shapes(merge("largest_share", POLICE, narrow))
    assert got["d"].equals(box(2, 0, 3.2, 2))
    assert got["b"].equals(box(1, 0, 2, 2))


def test_the_community_decides_before_the_layer() -> None:
    police = layer("公安", "pp", a=box(0, 0, 1, 2), b=box(1, 0, 3, 2))
    civil = layer("民政", "pq", c=box(0, 0, 2, 2), d=box(2, 0, 4, 2))
    parents = gpd.GeoDataFrame({"code": ["p", "q"]}, geometry=[box(0, 0, 2, 2), box(2, 0, 4, 2)], crs=4326)
    got = shapes(merge("follow_parent", police, civil, parents=parents))
    assert got["a"].equals(box(0, 0, 1, 2))
    assert got["b"].equals(box(1, 0, 2, 2))
    assert got["d"].equals(box(2, 0, 4, 2))


def test_provenance_tells_every_source_and_adds_up() -> None:
    table = merge("priority").provenance
    rows = {(r.grid, r.layer, r.source_code, r.role): r for r in table.itertuples()}
    assert rows["b", "公安", "b", "owner"].share_of_grid == pytest.approx(1)
    assert rows["b", "民政", "c", "also"].share_of_source == pytest.approx(0.5, rel=1e-6)
    assert rows["d", "民政", "d", "owner"].share_of_source == pytest.approx(0.5, rel=1e-6)
    own = table[table["role"] != "also"].groupby("grid")["area_m2"].sum()
    for code, shape in shapes(merge("priority")).items():
        assert own[code] == pytest.approx(area_m2(shape), rel=1e-6)


def test_small_pieces_join_a_neighbour_and_say_so() -> None:
    sliver = layer("民政", c=box(0, 0, 3.05, 2))
    merged = merge("priority", POLICE, sliver, least=5000)
    assert set(shapes(merged)) == {"a", "b"}
    (row,) = merged.provenance[merged.provenance["role"] == "absorbed"].itertuples()
    assert (row.grid, row.layer, row.source_code) == ("b", "民政", "c")
    assert row.share_of_grid == pytest.approx(0.05 / 2.05, rel=1e-4)


def test_crossing_boundaries_are_for_review_and_nested_ones_are_not() -> None:
    merged = merge("priority")
    assert [(c.grid, c.winner, [(x[0], x[1]) for x in c.claims]) for c in merged.contested] == [
        ("b", ("公安", "b"), [("公安", "b"), ("民政", "c")]),
        ("b", ("公安", "b"), [("公安", "b"), ("民政", "d")]),
    ]
    assert all("公安 b" in c.sentence("zh") and "公安 b" in c.sentence("en") for c in merged.contested)
    nested = merge("priority", layer("公安", a=box(0, 0, 4, 4)), layer("民政", c=box(0, 0, 2, 4), d=box(2, 0, 4, 4)))
    assert nested.contested == ()


def test_a_source_cut_in_two_gives_two_pieces_and_one_of_two_parts_stays_one() -> None:
    bar = layer("公安", bar=box(1, 0, 2, 3))
    merged = merge("priority", bar, layer("民政", c=box(0, 0, 4, 3)))
    assert set(shapes(merged)) == {"bar", "c", "c-2"}
    assert shapes(merged)["c"].equals(box(2, 0, 4, 3))
    two = shapely.MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)])
    assert set(shapes(merge("priority", layer("公安", m=two)))) == {"m"}


def test_codes_that_layers_share_carry_the_layer() -> None:
    merged = merge("priority", layer("公安", x=box(0, 0, 1, 1)), layer("民政", x=box(1, 0, 2, 1), y=box(2, 0, 3, 1)))
    assert set(shapes(merged)) == {"公安:x", "民政:x", "y"}


def test_counts_hold_only_for_whole_sources() -> None:
    merged = merge("priority")
    people = dict(zip(merged.grids.keys, merged.grids.frame["population"], strict=True))
    assert people["a"] == people["b"] == 100
    assert np.isnan(people["d"])


def test_faults_of_the_layers_are_told_with_their_name() -> None:
    tie = shapely.Polygon([(0, 0), (U, U), (U, 0), (0, U)])
    (fault,) = merge("priority", layer("公安", a=tie, b=box(2, 0, 3, 1))).faults
    assert (fault.kind, fault.codes) == ("broken", ("公安:a",))


@pytest.mark.parametrize(
    ("layers", "rule", "least", "says"),
    [
        ((), "priority", 0, "one or more layers"),
        ((POLICE, POLICE), "priority", 0, "each once"),
        ((POLICE,), "loudest", 0, "not a rule"),
        ((POLICE,), "follow_parent", 0, "needs a layer of communities"),
        ((POLICE,), "priority", -1, "least area"),
    ],
)
def test_what_cannot_be_merged_is_refused(
    layers: tuple[OwnedLayer, ...], rule: MergeRule, least: float, says: str
) -> None:
    with pytest.raises(ParameterError, match=says) as refused:
        merge_layers(layers, rule=rule, min_piece_m2=least)
    assert refused.value.zh


def test_layers_without_any_area_are_refused() -> None:
    with pytest.raises(GeometryError, match="No layer"):
        merge("priority", layer("公安", a=shapely.Point(0, 0)))
