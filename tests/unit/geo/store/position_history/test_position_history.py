"""Positions are kept by day, once, for as long as wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geo.errors import UnavailableError
from geo.presence.positions import Positions
from geo.store import position_history
from geo.store.position_history import MOST_FILES, PositionHistory

DAY = 86_400.0
START = 20_000 * DAY


def positions(seconds: list[float], unit: str = "XZ101") -> Positions:
    at = START + np.array(seconds)
    return Positions.of(
        np.full(len(at), unit, dtype=object),
        at,
        np.column_stack([108.0 + np.arange(len(at)) / 1e3, np.full(len(at), 34.0)]),
    )


def test_what_was_kept_is_read_again_by_time(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path / "positions")
    assert history.extent() is None
    assert len(history.read(0.0, 1e12)) == 0
    kept = positions([10.0, 20.0, DAY + 5.0, 3 * DAY])
    assert history.append(kept) == 4
    again = history.read(START, START + 4 * DAY)
    assert again.units == ("XZ101",)
    assert np.array_equal(again.seconds, kept.seconds)
    assert np.array_equal(again.lonlat, kept.lonlat)
    assert history.read(START + 15.0, START + DAY + 5.0).seconds.tolist() == [START + 20.0]
    assert history.extent() == (START + 10.0, START + 3 * DAY)


def test_units_that_were_not_heard_in_the_period_are_not_named(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path)
    history.append(positions([10.0, 20.0]))
    history.append(positions([5000.0], unit="A1"))
    assert history.read(START, START + 100.0).units == ("XZ101",)


def test_what_is_forgotten_is_held_no_more_and_little_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(position_history, "MOST_HELD", 3)
    history = PositionHistory(tmp_path)
    for k in range(4):
        history.append(positions([10.0 * k, DAY + 10.0 * k]))
    for _ in range(2):
        assert len(history.read(START, START + 2 * DAY)) == 8
        assert sum(table.num_rows for table in history._held.values()) <= 3
    history.forget(START + DAY)
    assert not history._held
    assert len(history.read(START, START + 2 * DAY)) == 4


def test_positions_in_any_order_are_read_by_unit_and_time(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path)
    history.append(positions([30.0], unit="B"))
    history.append(positions([20.0, 40.0], unit="A"))
    history.append(positions([10.0], unit="B"))
    made = history.read(START, START + DAY)
    assert made.unit.tolist() == [0, 0, 1, 1]
    assert (made.seconds - START).tolist() == [20.0, 40.0, 10.0, 30.0]


def test_a_copy_holds_all_days_and_nothing_that_comes_later(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path / "here")
    history.append(positions([10.0, DAY + 5.0]))
    assert history.copy_to(tmp_path / "there") == 2
    history.append(positions([20.0]))
    copy = PositionHistory(tmp_path / "there")
    assert (copy.read(0.0, 1e12).seconds - START).tolist() == [10.0, DAY + 5.0]
    assert PositionHistory(tmp_path / "none").copy_to(tmp_path / "empty") == 0


def test_a_day_that_cannot_be_copied_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = PositionHistory(tmp_path / "here")
    history.append(positions([10.0]))

    def gone(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("shutil.copy2", gone)
    with pytest.raises(UnavailableError, match="change while they are copied"):
        history.copy_to(tmp_path / "there")
    assert not any((tmp_path / "there").iterdir())


def test_the_same_positions_again_change_nothing_that_is_read(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path)
    for _ in range(3):
        history.append(positions([10.0, 20.0]))
    history.append(positions([10.0, 30.0], unit="A1"))
    made = history.read(START, START + DAY)
    assert made.units == ("A1", "XZ101")
    assert made.unit.tolist() == [0, 0, 1, 1]


def test_many_batches_of_a_day_become_one_file(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path)
    for k in range(MOST_FILES + 1):
        history.append(positions([10.0 * k]))
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    assert len(history.read(START, START + DAY)) == MOST_FILES + 1


def test_the_version_changes_with_every_batch_and_old_days_are_forgotten(tmp_path: Path) -> None:
    history = PositionHistory(tmp_path)
    history.append(positions([10.0, DAY + 10.0]))
    before = history.version()
    assert history.forget(START + DAY - 1.0) == 0
    assert history.version() == before
    assert history.forget(START + DAY) == 1
    assert history.version() != before
    assert history.read(START, START + 2 * DAY).seconds.tolist() == [START + DAY + 10.0]


def test_other_files_in_the_folder_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    history = PositionHistory(tmp_path)
    history.append(positions([10.0]))
    history.forget(START + 10 * DAY)
    assert (tmp_path / "notes").is_dir()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "positions").write_text("a file")
    with pytest.raises(UnavailableError, match="cannot be kept"):
        PositionHistory(tmp_path / "positions").append(positions([10.0]))
