import numpy as np
import pytest

from geo.synthetic.names import bases, ordinal, unique


@pytest.mark.parametrize(
    ("number", "text"), [(1, "一"), (9, "九"), (10, "十"), (12, "十二"), (20, "二十"), (35, "三十五"), (120, "120")]
)
def test_chinese_numbers(number: int, text: str) -> None:
    assert ordinal(number) == text


def test_names_are_all_different_even_beyond_the_lists() -> None:
    drawn = bases(np.random.default_rng(3), 700)
    assert len(set(drawn)) == 700


def test_repeated_names_are_numbered_without_clashes() -> None:
    names = unique(["东关市场", "东关市场", "东关市场二", "东关市场"])
    assert names[0] == "东关市场"
    assert len(set(names)) == 4
