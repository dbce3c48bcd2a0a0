"""``xunge hotspots`` and ``xunge forecast`` say the same as the pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.cli.main import main


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    with pytest.raises(SystemExit) as left:
        main([*arguments, "--json"])
    assert left.value.code in (0, None)
    body = json.loads(capsys.readouterr().out)
    assert isinstance(body, dict)
    return body


def test_the_commands_answer_with_documents(untouched_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ("--home", str(untouched_home))
    places = told(capsys, "hotspots", "list", "--method", "kde", *home)
    assert places["method"] == "kde"
    assert all(place["why_zh"] for place in places["places"])  # type: ignore[attr-defined]
    curve = told(capsys, "hotspots", "concentration", "--cells", "grid", *home)
    assert 0 <= float(str(curve["gini"])) <= 1
    assert "note_zh" in told(capsys, "hotspots", "watch", *home)
    coming = told(capsys, "forecast", "--size", "500", *home)
    assert coming["winner"] == coming["table"][0]["method"]  # type: ignore[index]


def test_a_wrong_word_is_refused_with_those_that_exist(
    untouched_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["hotspots", "list", "--method", "guess", "--home", str(untouched_home), "--lang", "en"])
    assert "gi_star" in capsys.readouterr().err
