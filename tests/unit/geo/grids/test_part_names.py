import pytest

from geo.grids.part_names import chinese, part_names


@pytest.mark.parametrize(
    ("name", "count", "taken", "wanted"),
    [
        ("东关社区第3网格", 2, (), ["东关社区第3网格（二）", "东关社区第3网格（三）"]),
        ("东关社区第3网格（二）", 1, (), ["东关社区第3网格（三）"]),
        ("东关", 1, ("东关（二）",), ["东关（三）"]),
        ("East", 2, (), ["East (2)", "East (3)"]),
        ("East (2)", 1, ("East (3)",), ["East (4)"]),
        (None, 2, (), [None, None]),
        ("  ", 1, (), [None]),
    ],
)
def test_parts_are_named_after_the_whole(
    name: str | None, count: int, taken: tuple[str, ...], wanted: list[str | None]
) -> None:
    assert part_names(name, count, taken=taken) == wanted


@pytest.mark.parametrize(
    ("number", "written"), [(1, "一"), (2, "二"), (10, "十"), (12, "十二"), (20, "二十"), (35, "三十五"), (100, "100")]
)
def test_numbers_are_written_in_chinese(number: int, written: str) -> None:
    assert chinese(number) == written
