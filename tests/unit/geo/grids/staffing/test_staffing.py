"""Posts, vacancies and ratios that add up on every level, without a person."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import FieldError, NotFoundError, ParameterError
from geo.grids.staffing import ONE_THREE_N, ONE_WORKER, PostRule, StaffTemplate, staff_grids
from geo.grids.tree import Level, Tree
from geo.tables.grid_posts import GridPosts

LEVELS = (
    Level(key="county", zh="县区", en="county"),
    Level(key="community", zh="村社区", en="community"),
    Level(key="grid", zh="网格", en="grid"),
)


def tree_of(communities: dict[str, int]) -> Tree:
    codes, parents, level = ["K"], [None], ["county"]
    for name, grids in communities.items():
        codes += [f"K{name}", *(f"K{name}{i}" for i in range(grids))]
        parents += ["K", *[f"K{name}"] * grids]
        level += ["community", *["grid"] * grids]
    return Tree.of(levels=LEVELS, codes=codes, parents=parents, level=level)


def posts(*rows: tuple[str, str, int] | tuple[str, str, int, str]) -> GridPosts:
    full = [(*row, None)[:4] for row in rows]
    frame = pd.DataFrame(full, columns=["unit_code", "role", "filled", "holder"])
    return GridPosts.of(frame.assign(post_id=[str(i) for i in range(len(full))]))


def row(frame: pd.DataFrame, **where: str) -> pd.Series:
    for name, value in where.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


TREE = tree_of({"a": 3, "b": 2})


def test_one_worker_a_grid() -> None:
    made = staff_grids(TREE, posts(("Ka0", "worker", 1), ("Ka1", "worker", 2), ("Kb0", "worker", 1)))
    county = row(made.by_role("county"), code="K")
    assert county[["required", "filled", "vacant", "surplus"]].tolist() == [5, 4, 2, 1]
    assert county["share"] == pytest.approx(3 / 5)
    a = row(made.by_role("community"), code="Ka")
    assert a[["required", "filled", "vacant", "surplus"]].tolist() == [3, 3, 1, 1]
    assert made.by_role("grid")["vacant"].tolist() == [0, 0, 1, 0, 1]
    assert "holders" not in made.by_role("grid")


def test_one_and_three_and_as_many_as_there_are() -> None:
    held = posts(
        ("Ka0", "chief", 1), ("Ka0", "core", 2), ("Ka0", "volunteer", 9), ("Kz", "core", 4), ("Ka", "volunteer", 3)
    )
    made = staff_grids(TREE, held, template=ONE_THREE_N, served={"households": {"Ka0": 300.0, "Kb1": 150.0}})
    roles = made.by_role("county").set_index("role")
    assert roles.loc["chief", ["required", "filled", "vacant"]].tolist() == [5, 1, 4]
    assert roles.loc["core", ["required", "filled", "vacant"]].tolist() == [15, 2, 13]
    assert roles.loc["volunteer", ["required", "filled", "vacant", "surplus"]].tolist() == [0, 12, 0, 0]
    assert np.isnan(roles.loc["volunteer", "share"])
    assert {count.rule.role: count.outside for count in made.roles} == {"chief": 0, "core": 4, "volunteer": 0}
    unit = row(made.by_unit("county"), code="K")
    assert unit[["required", "filled", "vacant", "surplus", "open_filled"]].tolist() == [20, 3, 17, 0, 12]
    assert (unit["units"], unit["households"], unit["households_per_filled"]) == (5, 450, 150)
    assert unit["share"] == pytest.approx(3 / 20)
    assert np.isnan(row(made.by_unit("community"), code="Kb")["households_per_filled"])


def test_posts_may_belong_to_a_higher_level_and_templates_to_a_part() -> None:
    chiefs = StaffTemplate(
        name="chiefs", zh="社区网格长",
        rules=(
            PostRule(role="worker", zh="网格员", en="worker", count=1),
            PostRule(role="chief", zh="网格长", en="chief", count=1, per="community"),
        ),
    )  # fmt: skip
    twice = StaffTemplate(
        name="two", zh="一格两员", rules=(PostRule(role="worker", zh="网格员", en="worker", count=2),)
    )
    made = staff_grids(TREE, posts(("Ka", "chief", 1)), template=chiefs, templates={"Kb": twice})
    roles = made.by_role("county").set_index("role")
    assert roles.loc["worker", "required"] == 3 + 2 * 2
    assert roles.loc["chief", ["required", "filled", "vacant"]].tolist() == [1, 1, 0]


def test_names_are_shown_only_when_asked_for_and_numbers_of_persons_never() -> None:
    held = posts(("Ka0", "worker", 1, "王网格员"), ("Ka1", "worker", 1))
    hidden = staff_grids(TREE, held)
    assert hidden.holders == {}
    assert "王" not in hidden.by_role("grid").to_csv()
    shown = staff_grids(TREE, held, show_holders=True)
    assert row(shown.by_role("grid"), code="Ka0")["holders"] == "王网格员"
    assert "holders" in shown.by_role("county")
    assert row(shown.by_role("county"), code="K")["holders"] == ""
    for text in ("13800138000", "王 11010519491231002X"):
        with pytest.raises(FieldError, match="identity or telephone"):
            staff_grids(TREE, posts(("Ka0", "worker", 1, text)), show_holders=True)


def test_what_no_template_knows_is_refused() -> None:
    with pytest.raises(FieldError, match="driver"):
        staff_grids(TREE, posts(("Ka0", "driver", 1)))
    with pytest.raises(NotFoundError):
        staff_grids(TREE, posts(), templates={"none": ONE_WORKER})
    town = StaffTemplate(name="x", zh="x", rules=(PostRule(role="x", zh="x", en="x", count=1, per="town"),))
    with pytest.raises(ParameterError, match="no level"):
        staff_grids(TREE, posts(), template=town)
    with pytest.raises(ParameterError, match="twice"):
        StaffTemplate(name="x", zh="x", rules=ONE_WORKER.rules * 2)
    with pytest.raises(ParameterError, match="-1 posts"):
        PostRule(role="x", zh="x", en="x", count=-1)
    other = StaffTemplate(name="y", zh="y", rules=(PostRule(role="worker", zh="x", en="x", count=None),))
    with pytest.raises(ParameterError, match="different things"):
        staff_grids(TREE, posts(), templates={"Ka": other})


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from(["chief", "core", "volunteer"]), st.integers(0, 5)), max_size=25
    ),
)
def test_every_level_adds_up(sizes: list[int], filled: list[tuple[int, str, int]]) -> None:
    tree = tree_of({f"c{i}x": n for i, n in enumerate(sizes)})
    codes = tree.codes.tolist()
    held = posts(*((codes[i % len(codes)], role, people) for i, role, people in filled))
    made = staff_grids(tree, held, template=ONE_THREE_N)
    for count in made.roles:
        for values in (count.required, count.filled, count.vacant, count.surplus):
            for unit in range(len(tree)):
                below = values[tree.children(unit)].sum()
                assert values[unit] >= below
                if unit in tree.leaves.tolist():
                    continue
                own = sum(
                    people
                    for i, role, people in filled
                    if role == count.rule.role and i % len(codes) == codes.index(tree.codes[unit])
                )
                if values is count.filled:
                    assert values[unit] == below + own
                elif values is count.required:
                    assert values[unit] == below
        if count.rule.count is not None:
            assert (count.required - count.vacant == count.filled - count.surplus).all()
    assert (
        made.by_role("grid").groupby("role")["required"].sum().to_dict()
        == made.by_role("county").set_index("role")["required"].to_dict()
    )
