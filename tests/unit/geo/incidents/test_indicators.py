from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.incidents.formula import parse_formula
from geo.incidents.indicators import Indicator, Register

NUMBERS = st.sampled_from(["1", "2.5", "7", ".5", "a", "b"])
TREES = st.recursive(
    NUMBERS,
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from("+-*/"), parts).map(lambda p: f"({p[0]}{p[1]}{p[2]})"),
        st.tuples(parts, st.sampled_from("+-*/"), parts).map(lambda p: f"{p[0]} {p[1]} {p[2]}"),
        st.tuples(parts, parts).map(lambda p: f"max({p[0]}, {p[1]})"),
        parts.map(lambda p: f"(-{p})"),
    ),
    max_leaves=8,
)


@given(TREES)
def test_formulas_mean_what_they_mean_in_python(text: str) -> None:
    names = {"a": 3.0, "b": -2.0}
    try:
        wanted: float | None = eval(text, {"max": max, "__builtins__": {}}, dict(names))  # the second implementation
    except ZeroDivisionError:
        wanted = None
    got = parse_formula(text).value(names)
    assert got is None if wanted is None else got == pytest.approx(wanted)


def test_chinese_names_and_signs() -> None:
    made = parse_formula("办结数 ÷（受理数 － 重复）× 100")
    assert made.names == ("办结数", "受理数", "重复")
    assert made.value({"办结数": 50, "受理数": 110, "重复": 10}) == 50
    assert made.value({"办结数": 50, "受理数": 10, "重复": 10}) is None
    with pytest.raises(ParameterError, match="needs a value for 重复"):
        made.value({"办结数": 1, "受理数": 2})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends too early"),
        ("1 +", "ends too early"),
        ("a b", 'character 3: "b"'),
        ("(a", "ends too early"),
        ("__import__('os')", "character 12"),
        ("open(a)", "no function open"),
        ("a.b", 'character 2: "."'),
        ("a ** b", "character 4"),
        ("a[0]", "character 2"),
        ("1;2", "character 2"),
        ("(" * 60 + "1" + ")" * 60, "deeper than 40"),
        ("-" * 60 + "1", "deeper than 40"),
        ("1+" * 300 + "1", "601 characters"),
    ],
)
def test_everything_else_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ParameterError) as problem:
        parse_formula(text)
    assert message in problem.value.en


def indicator(**more: object) -> Indicator:
    given_ = {
        "name": "办结率",
        "formula": "办结 / 受理",
        "owner": "指挥中心",
        "target": 0.95,
        "orange": 0.9,
        "red": 0.8,
    }
    return Indicator(**{**given_, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "colour"),
    [(0.95, "green"), (0.94, "yellow"), (0.9, "yellow"), (0.85, "orange"), (0.8, "orange"), (0.7, "red")],
)
def test_colours_and_where_equality_lies(value: float, colour: str) -> None:
    assert indicator().colour(value) == colour
    mirrored = indicator(better="lower", target=-0.95, orange=-0.9, red=-0.8)
    assert mirrored.colour(-value) == colour


def test_readings_have_reasons_and_a_history() -> None:
    half = indicator(name="半数", formula="办结率 / 2", target=0.4, orange=0.3, red=0.2)
    register = Register(indicators=(half, indicator(fewest=30)))
    register = register.read(date(2026, 10, 1), {"办结": 85, "受理": 100}, n={"办结率": 100})
    register = register.read(date(2026, 9, 1), {"受理": 100})
    register = register.read(date(2026, 11, 1), {"办结": 1, "受理": 0})
    register = register.read(date(2026, 12, 1), {"办结": 9, "受理": 10}, n={"办结率": 10})
    readings = register.history_of("办结率")
    assert [r.colour for r in readings] == ["none", "orange", "none", "none"]
    assert [r.zh for r in readings] == [
        "缺少 办结", "0.85，低于橙线 0.9", "办结 / 受理 分母为 0", "仅 10起，少于着色所需的 30起",
    ]  # fmt: skip
    assert [r.value for r in register.history_of("半数")] == [None, 0.425, None, 0.45]
    again = register.read(date(2026, 9, 1), {"办结": 100, "受理": 100})
    assert len(again.history) == len(register.history)
    assert again.history_of("办结率")[0].reason("en") == "1 meets the target 0.95"
    assert Register.from_json(register.to_json()) == register


def test_bad_registers_are_refused() -> None:
    with pytest.raises(ParameterError, match="circle"):
        Register(indicators=(indicator(name="a", formula="b"), indicator(name="b", formula="a")))
    with pytest.raises(ParameterError, match="twice"):
        Register(indicators=(indicator(), indicator()))
    with pytest.raises(ParameterError, match="get worse"):
        indicator(orange=0.99)
    with pytest.raises(ParameterError, match="not an indicator register"):
        Register.from_json({"indicators": [{"nonsense": 1}]})
