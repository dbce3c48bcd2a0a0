"""Families of classes are the user's own."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.errors import FieldError, ParameterError
from geo.incidents.families import MAJOR, STANDARD, STREET, Families, Family

CLASSES = pd.Series(["抢劫", "噪声", "盘查", "扒窃"])


def test_a_class_may_belong_to_several_and_the_greatest_harm_counts() -> None:
    member = STANDARD.membership(CLASSES)
    assert member["九类街面警情"].tolist() == [True, False, False, True]
    assert member["八类主要刑事"].tolist() == [True, False, False, False]
    assert STANDARD.harm(CLASSES).tolist() == [10.0, 1.0, 1.0, 3.0]


def test_who_reports_a_class() -> None:
    assert STANDARD.citizen(CLASSES).tolist() == [True, None, False, True]


def test_names_of_families_stand_for_their_classes() -> None:
    assert STANDARD.expanded(["八类主要刑事", "噪声"]) == frozenset(MAJOR.families[0].classes) | {"噪声"}


def test_families_travel_as_plain_values() -> None:
    assert Families.of_json(STANDARD.to_json()) == STANDARD
    assert STREET.with_family(Family(family_id="九类街面警情", label_zh="x")).families[0].classes == ()
    assert STREET.without("九类街面警情").families == ()


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(FieldError, match="colour"):
        Families.of_json({"families": [{"family_id": "a", "colour": "red"}]})
    with pytest.raises(ParameterError, match="0 or more"):
        Families(families=(Family(family_id="a", label_zh="a", harm=-1.0),))
    with pytest.raises(ParameterError, match="Several families"):
        Families(families=(Family(family_id="a", label_zh="a"), Family(family_id="a", label_zh="b")))
    with pytest.raises(ParameterError, match="no family 'b'"):
        STANDARD.of("b")
