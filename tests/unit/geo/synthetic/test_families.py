import numpy as np
import pytest

from geo.synthetic.families import FAMILIES, HOT_KINDS, INTAKES, PLACE_KINDS, Family
from geo.tables.calls import Calls


def test_shares_add_up_to_about_one() -> None:
    assert sum(family.share for family in FAMILIES) == pytest.approx(1.0, abs=0.03)
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_weights_have_the_length_of_what_they_weigh(family: Family) -> None:
    assert len(family.priority) == 5
    assert len(family.intake) == len(INTAKES)
    assert len(family.hot) == len(HOT_KINDS)
    assert len(family.week) == 7
    assert family.place in PLACE_KINDS
    assert family.day().mean() == pytest.approx(1.0)


def test_intakes_are_those_of_the_table() -> None:
    column = next(c for c in Calls.SPEC.columns if c.name == "intake")
    assert column.choices == INTAKES


def test_drunkenness_peaks_at_night_and_accidents_in_the_rush_hours() -> None:
    by_name = {family.name: family.day() for family in FAMILIES}
    assert int(np.argmax(by_name["醉酒滋事"])) in (22, 23, 0)
    assert int(np.argmax(by_name["交通事故"])) in (7, 8, 17, 18)
