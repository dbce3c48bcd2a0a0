import pytest

from geo.incidents.slips import check_change, check_share, find_slips


def test_the_published_slip_of_a_share() -> None:
    slip = check_share(7762, 7792, 97.12)
    assert slip is not None
    assert slip.true == pytest.approx(0.99615, abs=5e-6)
    assert slip.sentence("zh") == "7762/7792 应为 99.61%，而不是 97.12%"
    assert check_share(7762, 7792, 99.61) is None  # cut; 99.615 rounds to 99.61 or 99.62
    assert (above := check_share(5, 4, 125.0)) is not None
    assert above.kind == "share_above_one"


@pytest.mark.parametrize(
    ("now", "before", "printed", "kinds"),
    [
        (1, 3, -66.7, ["small_base"]),
        (1, 3, -66.6, ["small_base"]),
        (1, 3, -50.0, ["change", "small_base"]),
        (120, 100, -20.0, ["direction"]),
        (120, 100, 0.0, ["direction"]),
        (100, 100, 0.0, []),
        (120, 100, 20.0, []),
        (5, 0, 100.0, ["impossible"]),
    ],
)
def test_changes(now: int, before: int, printed: float, kinds: list[str]) -> None:
    assert [s.kind for s in check_change(now, before, printed)] == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("盗窃案件由3起降至1起，同比下降66.7%。", ["small_base"]),
        ("刑事警情从 1,200 起下降到 900 起，同比下降 25.0%。", []),
        ("刑事警情从 1,200 起下降到 900 起，同比下降 30.0%。", ["change"]),
        ("案件由 900 起变为 1200 起，同比下降33.3%", ["direction"]),
        ("受理 7,792 件，办结 7,762 件，办结率 97.12%。", ["share"]),
        ("受理 7,792 件，办结 7,762 件，办结率99.61%。", []),
        ("警情同比下降 120%。", ["impossible"]),
        ("全市警情平稳。", []),
    ],
)
def test_reports_are_read(text: str, kinds: list[str]) -> None:
    assert [s.kind for s in find_slips(text)] == kinds
