"""Addresses: taken when they are the same or clearly nearest, told when they are not."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import TableError
from geo.incidents.address_book import AddressBook, normalised

BOOK = AddressBook.of(
    ["赣州市章贡区文清路12号", "文清路21号", "红旗大道万达广场", "人民医院", "人民医院", "东关市场", "东关市场北门"],
    [(114.93, 25.85), (114.94, 25.86), (114.92, 25.83), (114.90, 25.80), (114.99, 25.90), (114.95, 25.84), (114.9501, 25.8401)],
)  # fmt: skip


def test_what_does_not_tell_places_apart_is_left_out() -> None:
    assert (
        normalised("江西省赣州市章贡区 文清路１２号")
        == normalised("文清路十二号".replace("十二", "一二"))
        == "文清路12号"
    )
    assert normalised("东门市场西路3号") == "东门市场西路3号"
    assert normalised("阳光小区12栋") == "阳光小区12栋"
    assert normalised("Main St. #5") == normalised("MAIN ST 5")


def test_the_same_address_is_exact() -> None:
    found = BOOK.find("章贡区文清路12号")
    assert (found.found, found.lon, found.lat, found.score) == ("exact", 114.93, 25.85, 1.0)


def test_numbers_are_never_nearly_the_same() -> None:
    assert BOOK.find("文清路13号").found == "unknown"
    assert BOOK.find("文清路12号院内").lon == 114.93


def test_a_clear_lead_is_taken_and_its_score_told() -> None:
    found = BOOK.find("红旗大道万达广场门口")
    assert (found.found, found.lon) == ("near", 114.92)
    assert found.score == pytest.approx(2 * 8 / (9 + 11))  # pairs of ^红旗大道万达广场$ and ^红旗大道万达广场门口$


def test_one_name_of_two_places_goes_to_review() -> None:
    found = BOOK.find("人民医院")
    assert (found.found, np.isnan(found.lon)) == ("unsure", True)


def test_places_within_fifty_metres_are_one() -> None:
    assert BOOK.find("东关市场").found == "exact"
    assert BOOK.find("东关市场北门口").found == "near"


def test_each_text_is_asked_once_and_blanks_are_unknown() -> None:
    assert [m.found for m in BOOK.find_all(["东关市场", None, "", "东关市场"])] == [
        "exact",
        "unknown",
        "unknown",
        "exact",
    ]


def test_a_book_with_a_bad_place_is_refused() -> None:
    with pytest.raises(TableError, match="Row 2"):
        AddressBook.of(["甲", "乙"], [(114.0, 25.0), (np.nan, 25.0)])
