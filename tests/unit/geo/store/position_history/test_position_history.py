"""Positions are kept by day, once, for as long as wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geo.errors import UnavailableError
from geo.presence.positions import Positions
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
