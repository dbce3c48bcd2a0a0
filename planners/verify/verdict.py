"""A published number, ours, and whether they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

RELATIVE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One published number beside ours; ``ok`` is None where it was not computed, and ``note`` says why.

    ``difference`` is ours minus the published number.
    """

    source: str
    what: str
    published: float | str
    ours: float | None = None
    difference: float | None = None
    tolerance: float | None = None
    ok: bool | None = None
    note: str = ""


class Printed(float):
    """A number as a file prints it: it knows with how many decimals."""

    decimals: int

    def __new__(cls, text: str) -> Self:
        """Read a number from its text."""
        made = super().__new__(cls, text)
        mantissa, _, exponent = text.lower().partition("e")
        made.decimals = max(0, len(mantissa.partition(".")[2]) - int(exponent or 0))
        return made


def tolerance_of(published: float) -> float:
    """Return what rounding explains: half a unit of the last printed decimal, and 1e-9 of the number at least."""
    printed = 0.5 * 10.0**-published.decimals * (1 + 1e-6) if isinstance(published, Printed) else 0.0
    return max(printed, RELATIVE * abs(published))


def compared(
    source: str, what: str, published: float, ours: float, *, tolerance: float | None = None, note: str = ""
) -> Verdict:
    """Return the verdict on one number; without ``tolerance`` what rounding of the printed number explains."""
    allowed = tolerance_of(published) if tolerance is None else tolerance
    difference = float(ours) - float(published)
    return Verdict(
        source=source,
        what=what,
        published=float(published),
        ours=float(ours),
        difference=difference,
        tolerance=allowed,
        ok=abs(difference) <= allowed,
        note=note,
    )


def not_computed(source: str, what: str, published: float | str, why: str) -> Verdict:
    """Return the honest verdict on a number that was not computed."""
    return Verdict(source=source, what=what, published=published, note=f"not computed: {why}")
