"""Comparisons as they leave the house: each with n, interval, p, a plain word, baseline and edition."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.values import Value

Few = int | None
"""A count, or null where it is small and the role needs no detail."""


class ComparisonLine(Value):
    """A count against one baseline; without a baseline only ``absent`` is told."""

    baseline: str
    label_zh: str
    label_en: str
    periods: list[tuple[str, str]]
    n: Few = None
    baseline_n: Few = None
    expected: float | None = None
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None
    percentage_is_fair: bool = False
    p: float | None = None
    verdict: str | None = None
    word_zh: str = ""
    word_en: str = ""
    sentence_zh: str = ""
    sentence_en: str = ""
    by_year: list[int] = []  # noqa: RUF012 - pydantic copies it
    absent_zh: str = ""
    absent_en: str = ""


class Compound(Value):
    """Mean yearly change with its interval."""

    value: float
    low: float
    high: float
    first: int
    last: int
    years: float


class ComparisonAnswer(Value):
    """A period against its baselines."""

    period: tuple[str, str]
    n: Few
    interval: tuple[float, float] | None
    basis: str
    edition: str
    lines: list[ComparisonLine]
    compound: Compound | None


class FunnelPoint(Value):
    """An area; ``place`` is -2 or 2 beyond the outer limits, -1 or 1 beyond the inner, 0 within."""

    code: str
    name: str
    n: Few
    exposure: float
    expected: float
    ratio: float | None
    place: int


class FunnelAnswer(Value):
    """Areas in a funnel and the limits to draw."""

    period: tuple[str, str]
    by: str
    exposure: str
    unit_zh: str
    unit_en: str
    n: int
    dispersion: float
    edition: str
    left_out: int
    elsewhere: int
    points: list[FunnelPoint]
    expected: list[float]
    low: list[list[float]]
    high: list[list[float]]


class PrintedShare(Value):
    """A share as it was printed, in percent."""

    kind: Literal["share"]
    part: Annotated[int, Field(ge=0)]
    whole: Annotated[int, Field(ge=0)]
    printed: float
    decimals: Annotated[int, Field(ge=0, le=6)] = 2


class PrintedChange(Value):
    """A change as it was printed, in percent, negative for a fall."""

    kind: Literal["change"]
    now: Annotated[int, Field(ge=0)]
    before: Annotated[int, Field(ge=0)]
    printed: float
    decimals: Annotated[int, Field(ge=0, le=6)] = 1


class SlipQuestion(Value):
    """A text to look through, and printed figures with their counts."""

    text: Annotated[str, Field(max_length=100_000)] = ""
    figures: Annotated[list[PrintedShare | PrintedChange], Field(max_length=500)] = []  # noqa: RUF012


class SlipFound(Value):
    """A printed figure that its counts do not bear out; shares, not percent."""

    kind: str
    printed: float
    true: float | None
    zh: str
    en: str
    figure: int | None = None


class SlipAnswer(Value):
    """What is wrong; no slip found in a text is no proof that there is none."""

    checked: int
    slips: list[SlipFound]


class DisplacementQuestion(Value):
    """Two equally long periods (first and last day), treated and control grids, by their codes or those of the community or town above."""

    before: tuple[str, str]
    after: tuple[str, str]
    treated: Annotated[list[str], Field(min_length=1, max_length=2000)]
    control: Annotated[list[str], Field(min_length=1, max_length=2000)]
    families: list[str] | None = None


class DisplacementAnswer(Value):
    """The change in the treated grids minus that in the control grids."""

    difference: float
    standard_error: float
    z: float
    interval: tuple[float, float]
    treated: tuple[int, int]
    control: tuple[int, int]
    treated_grids: int
    control_grids: int
    edition: str
    sentence_zh: str
    sentence_en: str


class AlarmShown(Value):
    """A class as the two charts see it at the end of the day."""

    family: str | None
    n: Few
    usual: float
    spike_days: int | None
    spike_n: Few
    spike_expected: float | None
    spike_p: float | None
    recurrence_days: float | None
    sentence_zh: str
    sentence_en: str
    rising: bool
    since: str | None
    run_length: float | None
    alarm: bool


class AlarmsAnswer(Value):
    """Alarms as of the end of a statistical day; ``level`` is 0.05 over the number of classes looked at."""

    day: str
    history_days: int
    tests: int
    level: float
    alarms: list[AlarmShown]
