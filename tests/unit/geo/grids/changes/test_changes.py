"""Changes as rows: made, found, put on another base, and refused where land is lost."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geo.errors import GeometryError, NotFoundError
from geo.grids.changes import Changes, apply_changes, chosen, difference, refuse_moved, require_sound, standing
from geo.tables.grids import Grids

C = "532901001001"


def moved(table: Grids, **shapes: shapely.Polygon) -> Grids:
    """Replace the geometry of grids named by their last three digits, as ``g001=…``."""
    frame = table.frame.copy()
    for name, shape in shapes.items():
        frame.loc[frame["code"] == C + name[1:], "geometry"] = gpd.GeoSeries([shape], crs=4326).to_numpy()
    return Grids.of(frame)


def without(table: Grids, *serials: str) -> Grids:
    return Grids.of(table.frame[[code[-3:] not in serials for code in table.keys]])


def shifted(table: Grids) -> Grids:
    """Give a strip of grid 001 to 002 beside it."""
    return moved(table, g001=shapely.box(100, 25.61, 100.008, 25.62), g002=shapely.box(100.008, 25.61, 100.02, 25.62))


def test_the_difference_makes_the_one_of_the_other_to_the_last_bit(mesh) -> None:
    old = mesh(2, 3, name=[None, "甲", None, "乙", "丙", "丁"], population=[1.5, None, 3, 4, 5, 6])
    new = moved(without(old, "003"), g001=shapely.box(100, 25.61, 100.0100001, 25.62))
    new = Grids.of(new.frame.assign(name=new.frame["name"].where(new.frame["code"] != C + "005", "改名")))
    changes = difference(old, new)
    assert changes.changed.keys == [C + "001", C + "005"]
    assert changes.gone == (C + "003",)
    assert changes.touched == (C + "001", C + "003", C + "005")
    assert_frame_equal(apply_changes(old, changes).frame, new.frame)
    back = difference(new, old)
    assert_frame_equal(apply_changes(new, back).frame, old.frame)
    assert len(difference(old, old)) == 0
    assert_frame_equal(apply_changes(old, Changes.none()).frame, old.frame)


def test_a_code_that_is_not_there_cannot_end(mesh) -> None:
    with pytest.raises(NotFoundError, match="999"):
        apply_changes(mesh(1, 2), Changes(changed=Grids.empty(), gone=(C + "999",)))


def test_all_may_go_and_all_may_come(mesh) -> None:
    table = mesh(1, 2)
    nothing = apply_changes(table, Changes(changed=Grids.empty(), gone=tuple(table.keys)))
    assert len(nothing) == 0
    assert_frame_equal(apply_changes(nothing, difference(Grids.empty(), table)).frame, table.frame)


def test_changes_of_other_grids_can_be_rebased_and_of_the_same_ones_cannot(mesh) -> None:
    base = mesh(2, 3)
    mine = difference(base, shifted(base))
    elsewhere = moved(base, g005=base.frame.geometry[4].buffer(0))
    elsewhere = Grids.of(elsewhere.frame.assign(name=["甲" if c.endswith("005") else None for c in elsewhere.keys]))
    free = standing(mine, base, elsewhere)
    assert (free.moved, free.clash, free.rebasable, free.current) == ((C + "005",), (), True, False)
    assert "rebase" in refuse_moved(free).en
    assert "变基" in refuse_moved(free).zh
    both = standing(mine, base, moved(base, g002=shapely.box(100.01, 25.61, 100.02, 25.615)))
    assert (both.clash, both.rebasable) == ((C + "002",), False)
    told = refuse_moved(both, by={C + "002": "li"})
    assert "(li)" in told.en
    assert told.rows == (C + "002",)
    assert standing(mine, base, base).current


def test_a_sound_draft_covers_what_was_covered(mesh) -> None:
    base = mesh(2, 3)
    require_sound(base, difference(base, shifted(base)))
    halves = [shapely.box(100, 25.61, 100.005, 25.62), shapely.box(100.005, 25.61, 100.01, 25.62)]
    new = chosen(base, [C + "001", C + "002"]).frame.assign(code=[C + "001", C + "007"])
    require_sound(base, Changes(changed=Grids.of(new.set_geometry(gpd.GeoSeries(halves, crs=4326)))))


def test_lost_land_is_refused_with_its_size_and_names(mesh) -> None:
    base = mesh(2, 3)
    gap = difference(base, moved(base, g001=shapely.box(100, 25.61, 100.008, 25.62)))
    with pytest.raises(GeometryError, match=r"001.*leaves 22[0-9],[0-9]{3} m²") as caught:
        require_sound(base, gap)
    assert "失去归属" in caught.value.zh
    with pytest.raises(GeometryError):
        require_sound(base, Changes(changed=Grids.empty(), gone=(C + "006",)))


def test_new_land_needs_leave_and_an_overlap_gets_none(mesh) -> None:
    base = mesh(2, 3)
    out = difference(base, moved(base, g001=shapely.box(99.99, 25.61, 100.01, 25.62)))
    with pytest.raises(GeometryError, match="other land"):
        require_sound(base, out)
    require_sound(base, out, allow_outer_change=True)
    over = difference(base, moved(base, g001=shapely.box(100, 25.61, 100.012, 25.62)))
    with pytest.raises(GeometryError, match="belong to two grids"):
        require_sound(base, over, allow_outer_change=True)


def test_a_bad_base_may_stay_as_bad_but_not_get_worse(mesh) -> None:
    good = mesh(2, 3)
    bad = moved(good, g001=shapely.box(100, 25.61, 100.012, 25.62))
    renamed = Grids.of(bad.frame.assign(name="改"))
    require_sound(bad, difference(bad, renamed))
    require_sound(bad, difference(bad, good))
    worse = moved(bad, g001=shapely.box(100, 25.61, 100.014, 25.62))
    with pytest.raises(GeometryError):
        require_sound(bad, difference(bad, worse), allow_outer_change=True)


def test_special_grids_lie_on_top(mesh) -> None:
    base = mesh(1, 2)
    market = Grids.of(
        gpd.GeoDataFrame(
            {"code": ["S1"], "kind": "special"}, geometry=[shapely.box(100.005, 25.602, 100.015, 25.608)], crs=4326
        )
    )
    changes = Changes(changed=market)
    require_sound(base, changes)
    head = apply_changes(base, changes)
    assert head.keys == [C + "001", C + "002", "S1"]
    assert np.asarray(shapely.to_wkb(head.frame.geometry[2])) == shapely.to_wkb(market.frame.geometry[0])
