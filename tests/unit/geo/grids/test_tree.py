"""The administrative and the police tree."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import FieldError, NotFoundError, ParameterError, TableError
from geo.grids.tree import ADMINISTRATIVE, POLICE, Tree
from geo.grids.tree_sources import administrative_tree, police_tree, unit_names
from geo.tables.grids import Grids
from geo.tables.police_grids import PoliceGrids


def grids(*codes: str, kind: str = "general") -> Grids:
    columns = {"code": list(codes), "name": [f"网格{c[-2:]}" for c in codes], "kind": kind,
               "parent_code": [c[-15:-3] if len(c) == 15 else c[6:18] for c in codes], "parent_name": "某村"}  # fmt: skip
    return Grids.of(
        gpd.GeoDataFrame(columns, geometry=[shapely.box(k, 0, k + 1, 1) for k in range(len(codes))], crs=4326)
    )


@pytest.fixture
def tree() -> Tree:
    names = {"990000": "合成省", "990100": "甲市", "990101": "丙县", "990101100": "丁镇"}
    return administrative_tree(
        ["990101100201", "990101001001", "990202300201"],
        names=names, grids=grids("990101100201001", "990101100201002", "990101100202001"), top="province",
    )  # fmt: skip


def test_levels_above_the_communities_come_from_their_codes(tree: Tree) -> None:
    assert [level.zh for level in tree.levels] == ["省", "市州", "县区", "乡镇街道", "村社区", "网格"]
    assert tree.codes[tree.at("prefecture")].tolist() == ["990100", "990200"]
    assert tree.codes[tree.at("town")].tolist() == ["990101001", "990101100", "990202300"]
    # A community that only a grid names joins the list.
    assert "990101100202" in tree.codes[tree.at("community")]
    assert [tree.names[row] for row in tree.path(tree.row("990101100201002"))] == [
        "合成省", "甲市", "丙县", "丁镇", "某村", "网格02",
    ]  # fmt: skip
    assert tree.roots.tolist() == [0]
    assert tree.names[tree.row("990202300201")] == "990202300201"


def test_rows_children_leaves_and_ancestors(tree: Tree) -> None:
    town = tree.row("990101100")
    assert tree.codes[tree.children(town)].tolist() == ["990101100201", "990101100202"]
    assert set(tree.codes[tree.leaves]) == {
        "990101001001", "990202300201", "990101100201001", "990101100201002", "990101100202001",
    }  # fmt: skip
    assert tree.codes[tree.within(town)].tolist() == [
        "990101100", "990101100201", "990101100202", "990101100201001", "990101100201002", "990101100202001",
    ]  # fmt: skip
    rows = tree.rows_of(["990101100202001", "nobody", "990101"])
    assert rows.tolist() == [tree.row("990101100202001"), -1, tree.row("990101")]
    assert tree.ancestors(rows, "county").tolist() == [rows[2], -1, rows[2]]
    assert tree.ancestors(rows, "town").tolist() == [town, -1, -1]
    with pytest.raises(NotFoundError, match="no unit 12"):
        tree.row("12")
    with pytest.raises(ParameterError, match="no level 'station'"):
        tree.at("station")


def test_a_tree_may_have_several_roots_and_begin_lower() -> None:
    tree = administrative_tree(["990101100201", "990102100201"])
    assert tree.codes[tree.roots].tolist() == ["990101", "990102"]
    assert administrative_tree(["990101100201"], top="community").codes.tolist() == ["990101100201"]
    assert len(administrative_tree([])) == 0
    with pytest.raises(ParameterError, match="cannot begin"):
        administrative_tree([], top="grid")


def test_special_grids_join_below_the_community_that_their_code_names() -> None:
    special = grids("12345699010110020107", kind="special")
    tree = administrative_tree([], grids=special, kind=None)
    assert tree.codes[tree.path(tree.row("12345699010110020107"))].tolist()[-2:] == [
        "990101100201",
        "12345699010110020107",
    ]
    assert len(administrative_tree([], grids=special)) == 0


def test_a_tree_without_stated_levels_counts_them_from_the_roots() -> None:
    codes = ["k", "b", "s1", "s2", "a"]
    tree = Tree.of(levels=POLICE, codes=codes, parents=["a", None, "b", "b", "s2"], names=["格", None, "", "东", "区"])
    assert tree.codes.tolist() == ["b", "s1", "s2", "a", "k"]
    assert tree.names == ("b", "s1", "东", "区", "格")
    assert tree.level.tolist() == [0, 1, 1, 2, 3]
    assert tree.parent.tolist() == [-1, 0, 0, 2, 3]


@pytest.mark.parametrize(
    ("codes", "parents", "says"),
    [
        (["a", "a"], [None, None], r"more than once \(a\)"),
        (["a", "b"], [None, "x"], r"parent does not exist \(b\)"),
        (["a", "b", "c", "d"], [None, "c", "b", "b"], r"in a circle \(b, c, d\)"),
        (["a"], ["a"], r"in a circle \(a\)"),
        (list("abcdef"), [None, *"abcde"], r"deeper than 5 levels \(f\)"),
        (["a", ""], [None, None], "without a code"),
    ],
)
def test_a_tree_that_cannot_stand_says_why(codes: list[str], parents: list[str | None], says: str) -> None:
    with pytest.raises(TableError, match=says) as refused:
        Tree.of(levels=POLICE, codes=codes, parents=parents)
    assert "层级树无法成立" in refused.value.zh


def test_stated_levels_must_follow_each_other() -> None:
    with pytest.raises(TableError, match=r"not on the level above \(k\)"):
        Tree.of(levels=POLICE, codes=["b", "k"], parents=[None, "b"], level=["bureau", "station"])
    with pytest.raises(TableError, match=r"not on the highest level \(k\)"):
        Tree.of(levels=POLICE, codes=["b", "k"], parents=[None, None], level=["bureau", "station"])
    with pytest.raises(TableError, match=r"does not have \(b\)"):
        Tree.of(levels=POLICE, codes=["b"], parents=[None], level=["village"])
    with pytest.raises(TableError, match="do not match"):
        Tree.of(levels=POLICE, codes=["b"], parents=[])


@pytest.mark.parametrize(
    ("codes", "parents", "says"),
    [
        (["360000", "370100"], [None, "360000"], r"do not begin like their parent's \(370100\)"),
        (["360001"], [None], r"do not end in 4 zeros \(360001\)"),
        (["36000"], [None], r"not 6 digits \(36000\)"),
        (["36000x"], [None], r"not 6 digits \(36000x\)"),
    ],
)
def test_administrative_codes_are_nested(codes: list[str], parents: list[str | None], says: str) -> None:
    with pytest.raises(TableError, match=says):
        Tree.of(levels=ADMINISTRATIVE, codes=codes, parents=parents)


def test_grid_codes_must_name_their_community_and_follow_a_layout() -> None:
    levels = ADMINISTRATIVE[4:6]
    both = {"levels": levels, "parents": [None, "990101100201"], "level": ["community", "grid"]}
    Tree.of(codes=["990101100201", "990101100201001"], **both)  # type: ignore[arg-type]
    with pytest.raises(TableError, match="belong to another parent"):
        Tree.of(codes=["990101100201", "990101100202001"], **both)  # type: ignore[arg-type]
    with pytest.raises(TableError, match="not unit15 / special20"):
        Tree.of(codes=["990101100201", "99010110020101"], **both)  # type: ignore[arg-type]


def police(**changes: list[str | None]) -> PoliceGrids:
    columns: dict[str, list[str | None]] = {
        "code": ["g1", "g2", "g3"],
        "name": ["1号警格", "2号警格", "3号警格"],
        "area_code": ["a1", "a1", "a2"],
        "area_name": ["第一警务区", "第一警务区", "第二警务区"],
        "station_code": ["s1", "s1", "s2"],
        "station_name": ["城关派出所", "城关派出所", "铁路派出所"],
    }
    shapes = [shapely.box(k, 0, k + 1, 1) for k in range(3)]
    return PoliceGrids.of(gpd.GeoDataFrame(columns | changes, geometry=shapes, crs=4326))


def test_the_police_tree_has_its_own_codes() -> None:
    tree = police_tree(
        police(), branch_of_station={"s1": ("f1", "东区分局"), "s2": ("f1", "东区分局")}, bureau=("j", "市局")
    )
    assert [level.zh for level in tree.levels] == ["市局", "分局", "派出所", "警务区", "警格"]
    path = [tree.names[row] for row in tree.path(tree.row("g3"))]
    assert path == ["市局", "东区分局", "铁路派出所", "第二警务区", "3号警格"]
    assert [level.key for level in police_tree(police()).levels] == ["station", "police_area", "police_grid"]
    assert len(police_tree(PoliceGrids.empty())) == 0


def test_a_police_tree_names_what_is_missing() -> None:
    with pytest.raises(FieldError, match="first: g2"):
        police_tree(police(area_code=["a1", None, "a2"]))
    with pytest.raises(FieldError, match="Stations s2 have no branch"):
        police_tree(police(), branch_of_station={"s1": ("f1", "东区分局")})
    with pytest.raises(ParameterError, match="needs to know its branches"):
        police_tree(police(), bureau=("j", "市局"))
    with pytest.raises(TableError, match="more than once"):
        police_tree(police(station_code=["s1", "s2", "s2"]))


def test_names_come_from_a_list_of_villages() -> None:
    rows = [
        ("990101001001", "东村", "990101001", "南街", "990101", "北区"),
        ("990101001002", "西村", "990101001", "南街", "990101", "北区"),
    ]
    frame = pd.DataFrame(rows, columns=["code", "name", "streetCode", "street", "areaCode", "area"])
    names = unit_names(frame)
    assert names == {"990101001001": "东村", "990101001002": "西村", "990101001": "南街", "990101": "北区"}
    with pytest.raises(FieldError, match="lacks the columns street"):
        unit_names(frame.drop(columns="street"))


@pytest.mark.shared_data
def test_the_real_list_of_counties_towns_and_villages_makes_a_tree(shared: Path) -> None:
    frame = pd.read_csv(shared / "cn_admin" / "cn_hierarchy_county_town_village.csv.gz", dtype=str)
    tree = administrative_tree(frame["code"], names=unit_names(frame), top="prefecture")
    counts = {level.key: len(tree.at(level.key)) for level in tree.levels}
    # Counted with a shell pipeline over the file.
    assert counts == {"prefecture": 11, "county": 106, "town": 1429, "community": 19007}
    ganzhou = tree.within(tree.row("360700"))
    assert int((ganzhou & (tree.level == tree.depth("community"))).sum()) == 4081
    assert tree.names[tree.row("360702001")] == "解放街道"
    assert np.array_equal(np.sort(tree.leaves), tree.at("community"))
