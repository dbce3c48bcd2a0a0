"""Numbers for grids: reading order, unchanged land, full and nearly full communities."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import FieldError, LimitError, ParameterError
from geo.grids.layout import SPECIAL20
from geo.grids.numbering import check_codes, mint, reading_order, renumber
from geo.tables.grids import Grids

HOME, NEXT = "110101001001", "110101001002"


def layer(rows: Sequence[tuple[str, shapely.Geometry, str]], kind: str = "general") -> Grids:
    """Make grids of code, shape and parent."""
    columns = {"code": [r[0] for r in rows], "kind": kind, "parent_code": [r[2] for r in rows]}
    return Grids.of(gpd.GeoDataFrame(columns, geometry=[r[1] for r in rows], crs=4326))


def cell(column: int, row: int, *, wide: int = 1) -> shapely.Polygon:
    return shapely.box(column * 0.01, row * 0.01, (column + wide) * 0.01, (row + 1) * 0.01)


def test_serials_run_in_bands_from_north_to_south_and_in_a_band_from_west_to_east() -> None:
    # Two bands of 600 m: the second place is 300 m south of the first and west of it, so it comes first.
    metre = 1 / 110_574
    lonlat = np.array(
        [[0.01, 0.0], [0.0, -300 * metre], [0.02, -590 * metre], [0.005, -610 * metre], [0.0, -1300 * metre]]
    )
    assert reading_order(lonlat, band_m=600).tolist() == [1, 0, 2, 3, 4]
    assert reading_order(lonlat, band_m=100).tolist() == [0, 1, 2, 3, 4]
    shuffled = np.array([3, 0, 4, 2, 1])
    assert shuffled[reading_order(lonlat[shuffled], band_m=600)].tolist() == [1, 0, 2, 3, 4]


def test_a_band_counts_from_the_northernmost_place_of_its_own_community() -> None:
    lonlat = np.array([[0.02, 1.0], [0.01, 0.999], [0.02, 0.0], [0.01, -0.001]])
    group = np.array([0, 0, 1, 1])
    assert reading_order(lonlat, group=group, band_m=50).tolist() == [0, 1, 2, 3]
    assert reading_order(lonlat, group=group, band_m=500).tolist() == [1, 0, 3, 2]


@pytest.mark.parametrize("height", [0.0, -1.0, float("nan"), float("inf")])
def test_a_band_height_must_be_metres(height: float) -> None:
    with pytest.raises(ParameterError, match="band height"):
        reading_order(np.zeros((1, 2)), band_m=height)


def test_codes_are_minted_by_community() -> None:
    spaces = [HOME, NEXT, HOME, HOME]
    lonlat = np.array([[0.02, 0.0], [0.0, 0.0], [0.01, 0.0], [0.0, -0.5]])
    assert mint(spaces, lonlat) == [f"{HOME}002", f"{NEXT}001", f"{HOME}001", f"{HOME}003"]
    special = mint(["000123" + HOME], lonlat[:1], layout=SPECIAL20)
    assert special == ["000123" + HOME + "01"]
    assert mint([], np.zeros((0, 2))) == []


def test_a_community_with_more_grids_than_serials_is_named() -> None:
    with pytest.raises(LimitError, match=f"999 serials of community {HOME}") as refused:
        mint([HOME] * 1000, np.zeros((1000, 2)))
    assert HOME in refused.value.zh
    with pytest.raises(FieldError, match="cannot be numbered"):
        mint(["12"], np.zeros((1, 2)))


def test_unchanged_land_keeps_its_number_and_the_rest_gets_fresh_ones() -> None:
    old = layer([(f"{HOME}00{k + 1}", cell(k, 0), HOME) for k in range(4)])
    # 1 and 2 merge; 3 stays (written from another corner); 4 is split in two.
    third = shapely.Polygon(np.roll(np.array(cell(2, 0).exterior.coords)[:-1], 2, axis=0))
    west, east = shapely.box(0.03, 0, 0.035, 0.01), shapely.box(0.035, 0, 0.04, 0.01)
    new = layer([("d", east, HOME), ("a", cell(0, 0, wide=2), HOME), ("b", third, HOME), ("c", west, HOME)])
    made = renumber(old, new)
    assert made.codes == (f"{HOME}007", f"{HOME}005", f"{HOME}003", f"{HOME}006")
    assert made.kept == (False, False, True, False)
    assert made.retired == (f"{HOME}001", f"{HOME}002", f"{HOME}004")


def test_land_that_moves_to_another_community_gets_a_number_there() -> None:
    old = layer([(f"{HOME}001", cell(0, 0), HOME), (f"{NEXT}001", cell(1, 0), NEXT)])
    new = layer([("a", cell(0, 0), NEXT), ("b", cell(1, 0), NEXT)])
    assert renumber(old, new).codes == (f"{NEXT}002", f"{NEXT}001")


def test_a_special_grid_does_not_take_the_number_of_the_general_one_under_it() -> None:
    old = layer([(f"{HOME}001", cell(0, 0), HOME)])
    new = layer([("a", cell(0, 0), HOME)], kind="special")
    assert renumber(old, new).codes == (f"{HOME}002",)


def test_the_overlap_that_still_counts_as_the_same_land_is_a_parameter() -> None:
    old = layer([(f"{HOME}001", shapely.box(0, 0, 0.1, 0.1), HOME)])
    new = layer([("a", shapely.box(0, 0, 0.098, 0.1), HOME)])
    assert renumber(old, new).kept == (False,)
    assert renumber(old, new, same_share=0.97).kept == (True,)
    for share in (0.0, 1.1):
        with pytest.raises(ParameterError, match="share of common land"):
            renumber(old, new, same_share=share)


def test_of_several_the_largest_common_land_counts() -> None:
    old = layer([(f"{HOME}001", shapely.box(0, 0, 0.08, 0.1), HOME), (f"{HOME}002", shapely.box(0, 0, 0.1, 0.1), HOME)])
    new = layer([("a", shapely.box(0, 0, 0.1, 0.1), HOME), ("b", shapely.box(0, 0, 0.06, 0.1), HOME)])
    assert renumber(old, new, same_share=0.5).codes == (f"{HOME}002", f"{HOME}001")
    # Equally large: the lower old code goes to the first row.
    twice = layer([(f"{HOME}004", cell(0, 0), HOME), (f"{HOME}003", cell(0, 0), HOME)])
    assert renumber(twice, layer([("a", cell(0, 0), HOME)])).codes == (f"{HOME}003",)


def test_numbers_given_up_are_not_given_again_while_free_ones_last() -> None:
    old = layer([(f"{HOME}998", cell(0, 0), HOME), (f"{HOME}997", cell(1, 0), HOME)])
    new = layer([("a", cell(0, 0, wide=2), HOME), ("b", cell(2, 0), HOME)])
    used = [f"{HOME}{k:03d}" for k in range(1, 998) if k != 500]
    made = renumber(old, new, retired=[*used, f"{NEXT}001"])
    assert made.codes == (f"{HOME}999", f"{HOME}500")


def test_a_full_community_is_named_and_may_use_old_numbers_if_the_user_allows() -> None:
    old = layer([(f"{HOME}999", cell(0, 0), HOME)])
    new = layer([("a", cell(0, 0), HOME), ("b", cell(1, 0), HOME), ("c", cell(2, 0), HOME)])
    used = [f"{HOME}{k:03d}" for k in range(1, 999)]
    with pytest.raises(LimitError, match=f"community {HOME} do not suffice for 2 more grids.*given again") as refused:
        renumber(old, new, retired=used)
    assert "停用" in refused.value.zh
    assert refused.value.rows == (HOME,)
    made = renumber(old, new, retired=used, reuse_retired=True)
    assert made.codes == (f"{HOME}999", f"{HOME}001", f"{HOME}002")
    assert [use.space for use in made.nearly_full] == [HOME]
    assert made.nearly_full[0].left == 0
    assert HOME in made.nearly_full[0].sentence()[1]


def test_other_layouts_take_their_spaces() -> None:
    space = "000777" + HOME
    old = layer([(space + "01", cell(0, 0), HOME)], kind="special")
    new = layer([("a", cell(0, 0), HOME), ("b", cell(1, 0), HOME)], kind="special")
    assert renumber(old, new, layout=SPECIAL20, spaces=[space] * 2).codes == (space + "01", space + "02")
    with pytest.raises(ParameterError, match="1 number spaces are given for 2"):
        renumber(old, new, layout=SPECIAL20, spaces=[space])
    with pytest.raises(FieldError, match="not 15 digits"):
        renumber(old, new)


def test_a_grid_without_a_community_is_named() -> None:
    frame = gpd.GeoDataFrame({"code": ["lost"], "kind": ["general"]}, geometry=[cell(0, 0)], crs=4326)
    with pytest.raises(FieldError, match="first: lost"):
        renumber(Grids.empty(), Grids.of(frame))


def test_the_first_numbering_of_a_layer_is_the_minted_one() -> None:
    new = layer([("a", cell(1, 0), HOME), ("b", cell(0, 0), HOME), ("c", cell(0, 1), HOME)])
    made = renumber(Grids.empty(), new)
    assert made.codes == (f"{HOME}003", f"{HOME}002", f"{HOME}001")
    assert not any(made.kept)
    assert renumber(new_coded := layer([(f"{HOME}001", cell(0, 0), HOME)]), Grids.empty()).retired == tuple(
        new_coded.keys
    )


def test_faults_of_codes_are_reported_together() -> None:
    codes = [f"{HOME}001", f"{HOME}001", "12", f"{NEXT}001", f"{HOME}007"]
    report = check_codes(codes, parents=[HOME, HOME, None, HOME, None], retired=[f"{HOME}007", f"{HOME}008"])
    assert report.duplicates == (f"{HOME}001",)
    assert list(report.malformed) == ["12"]
    assert "15" in report.malformed["12"][1]
    assert report.misplaced == ((f"{NEXT}001", HOME),)
    assert report.collisions == (f"{HOME}007",)
    assert not report.good
    assert check_codes([]).good


@pytest.mark.parametrize(
    ("held", "retired", "warned"), [(899, 0, False), (900, 0, True), (500, 400, True), (500, 399, False)]
)
def test_a_community_is_nearly_full_at_900_of_999(held: int, retired: int, *, warned: bool) -> None:
    codes = [f"{HOME}{k:03d}" for k in range(1, held + 1)]
    gone = [f"{HOME}{k:03d}" for k in range(999, 999 - retired, -1)]
    report = check_codes(codes, retired=gone)
    assert report.good
    assert [(use.held, use.retired) for use in report.nearly_full] == ([(held, retired)] if warned else [])


def test_a_space_of_99_is_nearly_full_at_90() -> None:
    space = "000777" + HOME
    assert not check_codes([f"{space}{k:02d}" for k in range(1, 90)], layout=SPECIAL20).nearly_full
    assert check_codes([f"{space}{k:02d}" for k in range(1, 91)], layout=SPECIAL20).nearly_full


def test_minted_codes_pass_over_numbers_of_special_grids_and_of_grids_that_are_gone() -> None:
    lonlat = np.array([[0.01 * k, 0.0] for k in range(4)])
    gone = [f"{HOME}001", f"{HOME}003", f"{NEXT}001", "no code"]
    assert mint([HOME] * 4, lonlat, retired=gone) == [f"{HOME}{k:03d}" for k in (2, 4, 5, 6)]
    with pytest.raises(LimitError, match=HOME):
        mint([HOME] * 4, lonlat, retired=[f"{HOME}{k:03d}" for k in range(1, 997)])
