"""Which edition holds on a day, as known now and as known then."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pandas.testing import assert_frame_equal

from geo.errors import ConflictError, NotFoundError, ParameterError
from geo.grids.changes import difference
from geo.grids.editions import EditionRecord, Timeline, replay
from geo.tables.grids import Grids


def edition(number: int, valid_from: date, recorded: date, **more: object) -> EditionRecord:
    at = datetime(recorded.year, recorded.month, recorded.day, 9, tzinfo=UTC)
    record = EditionRecord(
        number=number, title="", valid_from=valid_from, recorded_at=at, recorded_by="li", base=number - 1 or None
    )
    return replace(record, **more)


JANUARY, APRIL, JULY = date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)
THREE = (
    edition(1, JANUARY, date(2025, 12, 20), in_force_version=3),
    edition(2, APRIL, date(2026, 3, 20)),
    edition(3, APRIL, date(2026, 5, 5), title="更正"),
)


def test_an_edition_holds_from_its_day_until_the_next() -> None:
    line = Timeline.of(THREE[:2])
    assert line.on(JANUARY).number == 1
    assert line.on(date(2026, 3, 31)).number == 1
    assert line.on(APRIL).number == 2
    assert line.valid_to(1) == APRIL
    assert line.valid_to(2) is None
    with pytest.raises(NotFoundError, match="2025-12-31"):
        line.on(date(2025, 12, 31))


def test_what_was_known_then_can_be_asked_again() -> None:
    line = Timeline.of(THREE[::-1])
    assert line.on(date(2026, 4, 10)).number == 3
    then = datetime(2026, 4, 10, tzinfo=UTC)
    assert line.on(date(2026, 4, 10), known_at=then).number == 2
    assert line.on(JULY, known_at=datetime(2026, 1, 1, tzinfo=UTC)).number == 1
    assert line.valid_to(1, known_at=datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert line.valid_to(2) == APRIL  # a correction of the same day leaves it no day
    with pytest.raises(NotFoundError):
        line.on(JULY, known_at=datetime(2025, 12, 1, tzinfo=UTC))


def test_days_of_new_editions_do_not_run_backwards() -> None:
    line = Timeline.of(THREE)
    line.require_day(APRIL)
    line.require_day(JULY)
    with pytest.raises(ParameterError, match="before edition 3"):
        line.require_day(JANUARY)
    Timeline().require_day(JANUARY)
    assert Timeline().head is None


def test_what_is_due_has_come_but_not_taken_effect() -> None:
    line = Timeline.of(THREE)
    assert line.due(date(2026, 3, 31)) == ()
    assert [e.number for e in line.due(APRIL)] == [2, 3]


@pytest.mark.parametrize(
    "broken",
    [
        (THREE[0], replace(THREE[2], number=3)),
        (THREE[1],),
        (THREE[0], replace(THREE[1], valid_from=date(2025, 1, 1))),
        (THREE[0], replace(THREE[1], base=None)),
        (THREE[0], replace(THREE[1], recorded_at=datetime(2025, 1, 1, tzinfo=UTC))),
    ],
)
def test_a_record_that_is_no_chain_is_refused(broken: tuple[EditionRecord, ...]) -> None:
    with pytest.raises(ConflictError, match="damaged"):
        Timeline.of(broken)


def test_the_frame_has_a_row_per_edition() -> None:
    frame = Timeline.of(THREE).frame()
    assert frame["valid_to"].tolist() == ["2026-04-01", "2026-04-01", None]
    assert frame["number"].tolist() == [1, 2, 3]
    assert THREE[2].name == "第3版 2026-04-01 更正"
    with pytest.raises(NotFoundError, match="edition 4"):
        Timeline.of(THREE).edition(4)


def test_a_chain_of_changes_replays_to_the_last_edition(mesh) -> None:
    first = mesh(2, 3)
    second = Grids.of(first.frame.assign(name=["甲", *[None] * 5]))
    third = Grids.of(second.frame.iloc[1:])
    made = replay(first, [difference(first, second), difference(second, third)])
    assert_frame_equal(made.frame, third.frame)
