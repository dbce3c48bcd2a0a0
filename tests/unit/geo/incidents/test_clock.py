import numpy as np
import pytest
from scipy.stats import binom

from geo.errors import FieldError, InputError, ParameterError
from geo.incidents.clock import quantile, span_seconds, stage_times, within_standard
from geo.incidents.on_scene import closed_on_scene


def test_the_quantile_s_interval_holds_it_as_often_as_said() -> None:
    # Both tails by the plain binomial sum: too few values at or below the quantile, or too many.
    for n in (5, 20, 73, 400):
        for share in (0.5, 0.9):
            made = quantile(np.arange(1, n + 1), share)
            assert sum(made.value >= k for k in range(1, n + 1)) >= share * n > made.value - 1 - 1e-9
            low = 0 if made.low is None else int(made.low)
            high = n + 1 if made.high is None else int(made.high)
            assert binom.cdf(low - 1, n, share) <= 0.025 < binom.cdf(low, n, share)
            if high <= n:
                assert binom.sf(high - 1, n, share) <= 0.025 < binom.sf(high - 2, n, share)
    assert quantile([1.0, 2.0], 0.9).high is None
    with pytest.raises(InputError):
        quantile([], 0.5)
    with pytest.raises(ParameterError):
        quantile([1.0], 1.0)


def test_stages_count_what_is_missing_and_what_cannot_be() -> None:
    day = np.datetime64("2026-11-21T08:00:00")
    stamps = {
        "answered_at": day + np.array([0, 60, 0, 0], "m8[s]"),
        "arrived_at": np.array([day + 300, day + 30, day + 240, np.datetime64("NaT")], "M8[s]"),
    }
    (made,) = stage_times(stamps)
    assert (made.start, made.end, made.n, made.missing, made.impossible) == ("answered_at", "arrived_at", 2, 1, 1)
    assert made.median is not None
    assert made.median.value == 240
    assert (made.label(), made.label("en")) == ("接警 → 到达现场", "answered → arrived")
    assert stage_times({"answered_at": stamps["answered_at"]}) == ()
    with pytest.raises(FieldError, match="no moment left_at"):
        span_seconds(stamps, "answered_at", "left_at")
    with pytest.raises(InputError):
        span_seconds({**stamps, "arrived_at": stamps["arrived_at"][:1]}, "answered_at", "arrived_at")


def test_the_limit_of_area_and_priority_is_closed() -> None:
    seconds = np.array([300.0, 301.0, 600.0, np.nan, 100.0, -5.0])
    areas = ["城区", "城区", "城郊", "城郊", "城区", "城区"]
    priority = [2, 2, 2, 2, 1, 1]
    rows = within_standard(seconds, areas, priority, {("城区", "*"): 300.0, ("城区", "1"): 180.0, ("*", "*"): 600.0})
    found = {(r.area, r.priority): (r.limit_seconds, r.share and (r.share.part, r.share.n), r.missing) for r in rows}
    assert found == {
        ("城区", "1"): (180.0, (1, 1), 1),
        ("城区", "2"): (300.0, (1, 2), 0),
        ("城郊", "2"): (600.0, (1, 1), 1),
    }
    with pytest.raises(ParameterError, match="城郊"):
        within_standard(seconds, areas, priority, {("城区", "*"): 300.0})


def test_calls_closed_on_scene_are_a_share_of_those_with_feedback() -> None:
    nat = np.datetime64("NaT")
    at = np.array(["2026-01-01"] * 3 + ["NaT"], "M8[s]")
    share, missing = closed_on_scene(
        at, np.array([at[0], at[0], nat, at[0]], "M8[s]"), np.array([False, True, False, False])
    )
    assert share is not None
    assert (share.part, share.n, missing) == (1, 2, 1)
