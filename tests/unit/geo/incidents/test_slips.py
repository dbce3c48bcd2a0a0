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


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("盗窃 120 起，同比 +20%（去年同期 100 起）", []),
        ("盗窃 120 起，同比＋25%（去年同期 100 起）", ["change"]),
        ("盗窃80起，同比 −20.0%（上年同期100起）", []),
        ("盗窃80起，同比上升20.0%（上年同期100起）", ["direction"]),
        ("诈骗 1,200 起，环比下降 20%（上期 1,500 起）", []),
        ("诈骗 1,200 起，环比-25%（上月 1,500 起）", ["change"]),
        ("去年同期 100 起，今年 120 起，同比 上升 30%", ["change"]),
        ("去年同期 100 起，本期 120 起，环比+20%", []),
        ("去年同期 100 起，其中盗窃 30 起，同比上升 20%", []),  # the 30 are a part, not the count now
        ("打架 100起→120起，+20%", []),
        ("打架 100 起 → 120 起（-20%）", ["direction"]),
        ("打架 120→90 起，下降 20%", ["change"]),
        ("打架 120→90 起（75%）", []),  # a share or a change: not said
        ("打架 3起→1起，下降66.7%", ["small_base"]),
        ("办结率 7762/7792=97.12%", ["share"]),
        ("办结率 7,762/7,792（99.6%）", []),
        ("到场率为 85.00%（850/1000），超时率 16%（150／1000）", ["share"]),
        ("到场率 125%（5/4）", ["share_above_one"]),
        ("由 3 起降至 1 起，同比下降 66.7%；由100起上升至120起，上升20%", ["small_base"]),
        ("11/22 日警情平稳", []),
    ],
)
def test_more_ways_of_printing_are_read(text: str, kinds: list[str]) -> None:
    assert [s.kind for s in find_slips(text)] == kinds
