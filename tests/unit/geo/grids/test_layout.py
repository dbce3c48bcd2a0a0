"""Layouts of codes: the two of the standards and one's own."""

import numpy as np
import pytest

from geo.errors import FieldError, ParameterError
from geo.grids.layout import LAYOUTS, SPECIAL20, UNIT15, CodeLayout, CodePart, Span

MICRO = CodeLayout(
    name="micro17",
    parts=(*UNIT15.parts[:-1], CodePart(name="grid", zh="网格", digits=3, spans=(Span(lowest=1, highest=999),)),
           CodePart(name="micro", zh="微网格", digits=2, spans=(Span(lowest=1, highest=60),))),
    parent=("county", "street", "community", "grid"),
)  # fmt: skip


def test_a_special_grid_is_taken_apart_and_put_together() -> None:
    code = "12340711010100100507"
    parts = SPECIAL20.parse(f" {code}\n")
    assert parts == {"object": "123407", "county": "110101", "street": "001", "community": "005", "serial": "07"}
    assert SPECIAL20.format(parts) == code
    assert SPECIAL20.parent_of(code) == "110101001005"
    assert SPECIAL20.space(code) == code[:18]
    assert SPECIAL20.parent_of_space(code[:18]) == "110101001005"


def test_numbers_get_leading_zeros() -> None:
    assert UNIT15.format({"county": 110101, "street": 1, "community": 5, "serial": 12}) == "110101001005012"


@pytest.mark.parametrize(("layout", "length", "serials"), [(UNIT15, 15, 999), (SPECIAL20, 20, 99), (MICRO, 17, 60)])
def test_a_layout_knows_its_length_and_its_serials(layout: CodeLayout, length: int, serials: int) -> None:
    assert layout.length == length
    assert len(layout.serials) == serials
    assert layout.serials[0] == 1


def test_ones_own_layout_has_its_own_ranges_and_parent() -> None:
    assert MICRO.parent_of("11010100100501260") == "110101001005012"
    with pytest.raises(FieldError, match="micro 61") as refused:
        MICRO.parse("11010100100501261")
    assert "微网格" in refused.value.zh


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"county": 110101, "street": 1, "community": 5}, "made of county, street, community, serial"),
        ({"county": 110101, "street": 1, "community": 5, "serial": 1000}, "serial '1000'"),
        ({"county": 110101, "street": 1, "community": 5, "serial": 0}, "start at 001"),
        ({"county": 110101, "street": 700, "community": 5, "serial": 1}, "400-599 zone"),
        ({"county": 11010, "street": 1, "community": 5, "serial": 1}, "begins with 0"),
    ],
)
def test_parts_out_of_range_are_refused_by_name(values: dict[str, int], says: str) -> None:
    with pytest.raises(FieldError, match=says) as refused:
        UNIT15.format(values)
    assert refused.value.zh


@pytest.mark.parametrize("layout", [UNIT15, SPECIAL20, MICRO])
def test_many_codes_at_once_are_judged_like_one(layout: CodeLayout) -> None:
    rng = np.random.default_rng(5)
    codes = ["".join(rng.choice(list("0012359"), layout.length)) for _ in range(3000)]
    codes += ["", "1" * layout.length, "１" * layout.length, "1" * (layout.length + 1), "1" * (layout.length - 1)]
    codes += [" " + "1" * (layout.length - 1), "1" * (layout.length - 1) + "x", "1" * layout.length + "\n"]
    good = layout.valid(codes)
    assert good.tolist() == [layout.problem(code) is None for code in codes]
    assert 0 < good.sum() < len(codes)
    kept = [code for code, fits in zip(codes, good, strict=True) if fits]
    digits = layout.serial.digits
    assert layout.parents_of(kept).tolist() == [layout.parent_of(code) for code in kept]
    assert layout.serial_numbers(kept).tolist() == [int(code[-digits:]) for code in kept]


def test_no_codes_at_all_are_no_fault() -> None:
    assert UNIT15.valid([]).tolist() == UNIT15.parents_of([]).tolist() == UNIT15.serial_numbers([]).tolist() == []


def test_layouts_are_found_by_name() -> None:
    assert set(LAYOUTS) == {"unit15", "special20"}
    assert LAYOUTS["special20"] is SPECIAL20


def test_a_layout_that_cannot_number_is_refused() -> None:
    part = CodePart(name="a", zh="甲", digits=2, spans=(Span(lowest=1, highest=99),))
    serial = CodePart(name="b", zh="乙", digits=2, spans=(Span(lowest=1, highest=99),))
    with pytest.raises(ParameterError, match="two parts"):
        CodeLayout(name="x", parts=(part,), parent=("a",))
    with pytest.raises(ParameterError, match="parent"):
        CodeLayout(name="x", parts=(part, serial), parent=("b",))
    with pytest.raises(ParameterError, match="one range"):
        CodeLayout(
            name="x",
            parts=(part, CodePart(name="b", zh="乙", digits=1, spans=(Span(lowest=0, highest=9),))),
            parent=("a",),
        )
    with pytest.raises(ParameterError, match="does not fit"):
        CodePart(name="a", zh="甲", digits=1, spans=(Span(lowest=1, highest=10),))
    with pytest.raises(ParameterError, match="1 to 18 digits"):
        CodePart(name="a", zh="甲", digits=0, spans=(Span(lowest=0, highest=0),))
