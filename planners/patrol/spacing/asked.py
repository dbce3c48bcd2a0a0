"""What a shift asks for beside its rounds: appointments, breaks, optional stops, stops that are set or forbidden."""

from __future__ import annotations

from dataclasses import dataclass

from planners.patrol.spacing.plan import SpacedRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A visit at a set time beside the rounds, such as a school post at bell time.

    It begins in ``[earliest, latest]`` and lasts ``dwell`` seconds; its ``units`` (2 or more for a visit that several
    units make together) all begin in the same second. ``kinds`` are the kinds of units that may come.
    """

    key: str
    point: int
    earliest: int
    latest: int
    dwell: int
    units: int = 1
    kinds: tuple[str, ...] = ("car",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A rest of ``seconds`` that begins in ``[earliest, latest]``, once for each unit that is out then.

    ``who`` are keys of units or kinds. It is taken at one of ``posts`` (indices), or where the unit stands if there are none. A unit that
    has not left its own post yet, or is back at it, may rest there.
    """

    key: str
    who: tuple[str, ...]
    earliest: int
    latest: int
    seconds: int
    posts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalStop:
    """A stop that is worth ``prize`` where it begins in ``[earliest, latest]``, made once at most; a hot spot has one an hour."""

    key: str
    point: int
    earliest: int
    latest: int
    dwell: int
    prize: int
    kinds: tuple[str, ...] = ("car",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One visit of the rounds of a point that a certain unit begins in ``[earliest, latest]``."""

    unit: str
    point: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A unit, or units of a kind (``who``), that may not stop at a point."""

    who: str
    point: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """A unit that does not start from its post at 0: it stands at ``place`` (posts, then points) and is free from ``free`` on.

    ``done`` are the stops of this shift that are facts or promised: they count as visits, stay as they are at the head of the unit's
    route, and are not recomputed. A unit that is free at the end of the shift only is away; it makes no other stop.
    """

    unit: str
    place: int
    free: int
    done: SpacedRoute | None = None
