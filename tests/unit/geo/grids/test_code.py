"""Codes of grids, 15 digits."""

import pytest

from geo.errors import FieldError
from geo.grids.code import GridCode, missing_serials, serials_left


def test_a_code_is_taken_apart_and_put_together() -> None:
    code = GridCode.parse(" 110101001005012 ")
    assert (code.county, code.street, code.community, code.serial) == ("110101", "001", "005", "012")
    assert str(code) == "110101001005012"
    assert code.parent == "110101001005"


@pytest.mark.parametrize(
    ("street", "kind"),
    [
        ("001", "street"),
        ("099", "street"),
        ("100", "town"),
        ("199", "town"),
        ("200", "township"),
        ("399", "township"),
        ("400", "zone"),
        ("599", "zone"),
    ],
)
def test_the_street_part_tells_what_it_is(street: str, kind: str) -> None:
    assert GridCode.parse(f"110101{street}001001").street_kind == kind


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "15 digits"),
        ("11010100100501", "15 digits"),
        ("11010100100501X", "15 digits"),
        ("１１０１０１００１００５０１２", "15 digits"),
        ("010101001005012", "begins with 0"),
        ("110101000005012", "001-099 street"),
        ("110101600005012", "001-099 street"),
        ("110101001000012", "start at 001"),
        ("110101001005000", "start at 001"),
    ],
)
def test_a_broken_code_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(FieldError, match=says) as refused:
        GridCode.parse(text)
    assert refused.value.zh


def test_parts_are_checked_as_well() -> None:
    with pytest.raises(FieldError, match="serial"):
        GridCode(county="110101", street="001", community="001", serial="1")


def test_codes_sort_by_place() -> None:
    texts = ["110101001002001", "110101001001010", "110101001001002"]
    assert [str(c) for c in sorted(GridCode.parse(t) for t in texts)] == sorted(texts)


def test_missing_serials_and_room_left_are_told_by_community() -> None:
    codes = [GridCode.parse("110101001001" + serial) for serial in ("001", "004", "990")]
    codes.append(GridCode.parse("110101001002001"))
    missing = missing_serials(codes)
    assert list(missing) == ["110101001001"]
    assert missing["110101001001"][:3] == [2, 3, 5]
    assert serials_left(codes) == {"110101001001": 9, "110101001002": 998}
