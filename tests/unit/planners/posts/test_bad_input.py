"""Each question that cannot be answered is refused in one sentence that names the rows and the nearest one that can."""

import numpy as np
import pytest

from geo.errors import InfeasibleError, InputError, XungeError
from geo.streets.snap import Places
from planners.posts.allocation import build_allocation
from planners.posts.build import build_coverage, build_mclp
from planners.posts.on_streets import require_on_streets
from planners.posts.site_budget import SiteBudgetProblem

SECONDS = np.array([[10.0, 40.0], [50.0, np.inf], [90.0, 70.0]])
KEYS = ("a", "b", "c")
NONE = np.zeros(0, np.int32)


def cover(**changes: object) -> None:
    asked: dict[str, object] = {
        "weights": [1.0, 2.0, 3.0], "site_keys": ["x", "y"], "p": 1, "radius_seconds": 45.0, "demand_keys": KEYS,
    }  # fmt: skip
    build_mclp(**{"seconds": SECONDS, **asked, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "kind", "words", "rows"),
    [
        ({"p": 3}, InfeasibleError, "only 2 sites may be open; ask for at most 2", []),
        ({"p": 2, "closed": [1]}, InfeasibleError, "only 1 sites may be open; ask for at most 1", []),
        ({"p": 1, "fixed": [0, 1]}, InfeasibleError, r"2 are fixed \(x, y\); ask for at least 2", ["x", "y"]),
        ({"fixed": [0], "closed": [0]}, InfeasibleError, "both fixed and closed: x; release one", ["x"]),
        ({"weights": [1.0, -2.0, 3.0]}, InputError, "negative or not a number at b; weights must be 0 or more", ["b"]),
        ({"weights": [1.0, 2.0, np.nan]}, InputError, "negative or not a number at c", ["c"]),
        ({"site_keys": ["x", "x"]}, InputError, "listed twice: x; keep one row each", ["x"]),
        ({"radius_seconds": 5.0}, InfeasibleError, r"the nearest needs 10.0 s: widen the limit", []),
        ({"seconds": np.full((3, 2), np.inf)}, InfeasibleError, "streets that do not meet", []),
    ],
)
def test_covering(changes: dict[str, object], kind: type[XungeError], words: str, rows: list[str]) -> None:
    with pytest.raises(kind, match=words) as refused:
        cover(**changes)
    assert list(refused.value.rows) == rows


def test_a_demand_point_that_no_usable_site_reaches_is_named() -> None:
    with pytest.raises(InfeasibleError, match="reaches b; leave these demand points out or add sites") as refused:
        build_allocation(SECONDS, weights=[1, 1, 1], site_keys=["x", "y"], p=1, demand_keys=KEYS, closed=[0])
    assert list(refused.value.rows) == ["b"]


def test_a_budget_below_the_cheapest_plan_says_what_is_needed() -> None:
    coverage = build_coverage(SECONDS, demand=3, sites=2, radius_seconds=45.0)
    asked = {"coverage": coverage, "weights": np.ones(3), "site_keys": ("x", "y"), "closed": NONE}
    with pytest.raises(InfeasibleError, match=r"The budget is 4 but .* 5; ask with at least that"):
        SiteBudgetProblem(**asked, costs=np.array([5.0, 7.0]), budget=4.0, fixed=NONE)
    with pytest.raises(InfeasibleError, match=r"The budget is 6 but .* 7; ask with at least that"):
        SiteBudgetProblem(**asked, costs=np.array([5.0, 7.0]), budget=6.0, fixed=np.array([1], np.int32))


def test_sites_off_the_network_are_named() -> None:
    ok = np.array([True, False, True, False])
    places = Places(
        arc=np.where(ok, 0, -1).astype(np.int32), metres_along=np.zeros(4, np.float32),
        offset_m=np.where(ok, 0, np.inf).astype(np.float32), lonlat=np.zeros((4, 2)), ok=ok,
    )  # fmt: skip
    with pytest.raises(InputError, match="Sites t, v are too far from any street") as refused:
        require_on_streets(places, ["s", "t", "u", "v"])
    assert list(refused.value.rows) == ["t", "v"]
    near = Places(**{f: getattr(places, f)[ok].copy() for f in ("arc", "metres_along", "offset_m", "lonlat", "ok")})
    require_on_streets(near, ["s", "u"])
