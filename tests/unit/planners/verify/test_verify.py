import json
from pathlib import Path

import pytest

from geo.errors import FieldError, FileError
from planners.verify.run import verify_all
from planners.verify.verdict import Printed, compared, tolerance_of


def written(folder: Path, body: object) -> list[Path]:
    path = folder / "numbers.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
    return [path]


def test_printed_decimals_give_the_tolerance() -> None:
    assert Printed("8.3666").decimals == 4
    assert Printed("1.5e-3").decimals == 4
    assert tolerance_of(Printed("8.3666")) == pytest.approx(5e-5, rel=1e-3)
    assert tolerance_of(Printed("2848268129.7145104")) == pytest.approx(2.848, rel=1e-3)
    assert compared("s", "w", Printed("8.3666"), 8.36664).ok
    assert not compared("s", "w", Printed("8.3666"), 8.36666).ok


def test_other_numbers_under_the_same_keys(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        {
            "source": "a hand calculation",
            "erlang_c": {"rows": [{"servers": 1, "offered": 0.25, "p_wait": 0.25}, {"servers": 1, "offered": 0.5, "p_wait": 0.7}]},
            "pai_pei": {"observed": [3, 1], "pai": [1.5, 1.0]},
            "toy": {
                "atoms": ["x", "y"], "calls": [1, 1], "neighbours_in_line_distance": 2, "areas": 1, "max_disparity": 0.1,
                "expected": {"objective": 2},
            },
            "wgs84_to_gcj02": [{"lat_lon": [0.0, 0.0], "expected": [0.0, 0.0]}],
            "moon_phase": {"rows": []},
        },
    )  # fmt: skip
    found = {v.what: v for v in verify_all(files, oracles=tmp_path)}
    assert [v.ok for v in found.values()] == [True, False, True, True, True, True, True, None]
    wrong = found["Erlang C, 1 servers, load 0.5"]
    assert (wrong.published, wrong.ours, wrong.difference) == (0.7, 0.5, pytest.approx(-0.2))
    assert found["moon_phase"].note == "not computed: unknown section"
    assert {v.source for v in found.values()} == {"a hand calculation"}


def test_another_question_on_the_same_table(tmp_path: Path) -> None:
    # One post of sixteen within a limit that covers all: no more than the whole demand can be covered.
    files = written(
        tmp_path,
        {
            "inputs": {"p": 1, "radius_m": 1e9, "demand_sum": 955113},
            "expected": {"mclp_covered": 955113, "lscp_sites": 1},
        },
    )
    assert [v.ok for v in verify_all(files, oracles=tmp_path)] == [True, True]


def test_a_table_that_is_not_here_is_not_computed(tmp_path: Path) -> None:
    files = written(tmp_path, {"inputs": {"p": 1, "radius_m": 5, "demand_sum": 1}, "expected": {"mclp_covered": 3}})
    (verdict,) = verify_all(files, oracles=tmp_path)
    assert verdict.ok is None
    assert verdict.ours is None
    assert verdict.note.startswith("not computed")


def test_a_frame_slip_of_the_source_is_told(tmp_path: Path) -> None:
    row = {
        "lat_lon": [29.199786, 120.019809],
        "expected": [29.196131605295484, 120.00877901149691],
        "tolerance_deg": 1e-5,
    }
    found = verify_all(written(tmp_path, {"bd09_to_wgs84": [row]}), oracles=tmp_path)
    assert all("one step of the inverse" in v.note for v in found)
    row["expected"] = [29.2, 120.0]
    found = verify_all(written(tmp_path, {"bd09_to_wgs84": [row]}), oracles=tmp_path)
    assert [(v.ok, v.note) for v in found] == [(False, "")] * 2


@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        ("{", FileError, "not JSON"),
        ("[1]", FileError, "no object"),
        ('{"source": "x"}', FileError, "no section"),
        ('{"erlang_c": {"rows": [{"servers": 3}]}}', FieldError, r"erlang_c.rows\[0\] has no 'offered'"),
        ('{"erlang_c": {"rows": [{"servers": "3", "offered": 1, "p_wait": 1}]}}', FieldError, "is not a number"),
        ('{"e_test": {"rows": [{"counts": [1, 2, 3], "p": 1}]}}', FieldError, "numbers.json"),
        ('{"toy": {"atoms": 3}}', FieldError, "is not a list"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_sentence(
    tmp_path: Path, body: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        verify_all(written(tmp_path, body), oracles=tmp_path)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        verify_all([tmp_path / "none.json"], oracles=tmp_path)
    with pytest.raises(FileError, match="no published numbers"):
        verify_all(None, oracles=tmp_path)
