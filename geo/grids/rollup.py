"""Totals of a statistic on every level of a tree that add up exactly, with what lies outside stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import frexp, fsum, ldexp
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.compiled import compiled
from geo.errors import LimitError, ParameterError
from geo.grids.layout import Sentence
from geo.grids.tree import Tree

Rows = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64] | Floats
Shares = Mapping[str, Mapping[str, float]]
"""For codes of one tree, codes of the other and the share of each, as a crosswalk gives them."""

_MOST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RollUp:
    """A statistic summed over a tree.

    The value of a unit is its own plus those of the units right below it: exactly, also for float values, whose sums
    are kept as multiples of ``unit`` so that no addition on any level, in any order, rounds.

    Attributes
    ----------
    tree : the tree
    values : int64[n] or float64[n], a total for each row of the tree
    outside : what belongs to no unit of the tree
    outside_count : how many records that is
    unit : 1 for whole numbers; the power of two that the sums of float records are rounded to
    """

    tree: Tree
    values: Numbers
    outside: float
    outside_count: int
    unit: float

    @property
    def inside(self) -> float:
        """The sum of the roots."""
        return _scalar(self.values[self.tree.roots].sum())

    @property
    def total(self) -> float:
        """All records: inside and outside."""
        return self.inside + self.outside

    def of(self, code: str) -> float:
        """Return the value of a unit; an unknown code raises ``NotFoundError``."""
        return _scalar(self.values[self.tree.row(code)])

    def table(self, level: str) -> pd.DataFrame:
        """Return ``code``, ``name`` and ``value`` of the units of a level, in code order."""
        rows = self.tree.at(level)
        names = [self.tree.names[row] for row in rows.tolist()]
        return pd.DataFrame({"code": self.tree.codes[rows].astype(object), "name": names, "value": self.values[rows]})

    def sentence(self) -> Sentence:
        """Return the total, what is inside and what is outside, in English and Chinese."""
        total, inside, outside = (f"{value:,.12g}" for value in (self.total, self.inside, self.outside))
        if not self.outside_count:
            return f"{total} in all, none outside the units", f"合计 {total}，无区划外数据"
        return (
            f"{total} in all: {inside} inside the units, {outside} ({self.outside_count:,} records) outside all of them",
            f"合计 {total}：区划内 {inside}，区划外 {outside}（{self.outside_count:,} 条）",
        )


def roll_up(tree: Tree, rows: Rows, values: npt.NDArray[np.generic] | None = None) -> RollUp:
    """Sum records over a tree; ``rows`` int[k] is the tree row of each record, below 0 outside; no values: count.

    Whole numbers are summed exactly. Float values are first summed for each unit with compensation (Neumaier 1974),
    then rounded once to a common power of two that is so coarse that all further sums are exact: a unit's own sum moves
    by 2^-52 of the sum of all absolute values at most.

    Raises
    ------
    ParameterError
        If a row is not in the tree, or a value is not a finite number.
    LimitError
        If whole numbers add up to more than int64 holds.
    """
    where = np.ascontiguousarray(rows, dtype=np.int64)
    if len(where) and int(where.max()) >= len(tree):
        raise ParameterError(
            f"Row {int(where.max())} is not in a tree of {len(tree)} units",
            f"第 {int(where.max())} 行不在共 {len(tree)} 个单位的层级树中",
        )
    if values is not None and len(values) != len(where):
        raise ParameterError(
            f"{len(values)} values are given for {len(where)} records",
            f"给出了 {len(values)} 个数值，但有 {len(where)} 条记录",
        )
    outside_count = int((where < 0).sum())
    if values is None:
        own = _count(where, len(tree))
        return _whole(tree, own[:-1], int(own[-1]), outside_count)
    held = np.asarray(values)
    if np.issubdtype(held.dtype, np.integer) or held.dtype == np.bool_:
        whole = _as_int64(held)
        own = _sum_whole(where, whole, len(tree))
        return _whole(tree, own[:-1], int(own[-1]), outside_count)
    if not np.issubdtype(held.dtype, np.floating) or not np.isfinite(held).all():
        raise ParameterError(
            "A value to sum is not a finite number; leave such records out or say what they count for",
            "存在无效数值，无法汇总，请剔除或给出取值",
        )
    return _broken(tree, where, held.astype(np.float64), outside_count)


def carried(source: RollUp, level: str, target: Tree, shares: Shares) -> RollUp:
    """Carry the values of one level of a tree over to another tree by a crosswalk, and sum them there.

    Whole numbers are shared by largest remainders, so that their sum stays what it was; equal remainders go to the
    lower code. What a unit has no share for, and what goes to unknown codes, is outside.

    Raises
    ------
    ParameterError
        If a share is negative or not finite, or the shares of a unit are more than 1.
    """
    rows = source.tree.at(level)
    whole = bool(np.issubdtype(source.values.dtype, np.integer))
    codes: list[str] = []
    parts: list[float] = []
    for row in rows.tolist():
        code = str(source.tree.codes[row])
        given = shares.get(code, {})
        names = sorted(given)
        split = [given[name] for name in names]
        _require_shares(code, split)
        value = source.values[row].item()
        codes += [*names, ""]
        parts += _largest_remainders(value, split) if whole else _split(value, split)
    # Records that belong to no unit of this level stay outside.
    parts.append(source.total - _scalar(source.values[rows].sum()))
    where = np.append(target.rows_of(codes), -1)
    amounts = np.array(parts, dtype=np.int64 if whole else np.float64)
    rolled = roll_up(target, where, amounts)
    return replace(rolled, outside_count=int(((where < 0) & (amounts != 0)).sum()))


def _require_shares(code: str, shares: list[float]) -> None:
    if any(not 0.0 <= share <= 1.0 + 1e-9 for share in shares) or fsum(shares) > 1.0 + 1e-9:
        raise ParameterError(
            f"The shares of {code} in the crosswalk are not parts of a whole: {', '.join(f'{s:g}' for s in shares)}",
            f"对照表中 {code} 的比例之和不合理：{'、'.join(f'{s:g}' for s in shares)}",
        )


def _largest_remainders(value: int, shares: list[float]) -> list[int]:
    """Return whole parts of ``value`` by shares, and at the end what the shares leave of a whole."""
    parts = [Fraction(share) for share in shares]
    given = sum(parts, Fraction(0))
    # Shares that make a whole but for the last bits leave nothing over.
    nearly = abs(1 - given) < Fraction(1, 10**6)
    exact = (
        [part / given * value for part in parts] + [Fraction(0)] if nearly else [p * value for p in [*parts, 1 - given]]
    )
    whole = [part.numerator // part.denominator for part in exact]
    order = sorted(range(len(exact)), key=lambda k: (whole[k] - exact[k], k))
    for k in order[: value - sum(whole)]:
        whole[k] += 1
    return whole


def _split(value: float, shares: list[float]) -> list[float]:
    parts = [value * share for share in shares]
    rest = fsum([value, *(-part for part in parts)])
    return [*parts, rest if abs(rest) > 1e-9 * abs(value) else 0.0]


def _whole(tree: Tree, own: npt.NDArray[np.int64], outside: int, outside_count: int) -> RollUp:
    values = own.copy()
    _up(tree, values)
    values.setflags(write=False)
    return RollUp(tree=tree, values=values, outside=outside, outside_count=outside_count, unit=1)


def _broken(tree: Tree, where: npt.NDArray[np.int64], held: Floats, outside_count: int) -> RollUp:
    own, size = _sum_compensated(where, held, len(tree))
    if not np.isfinite(size):
        raise _too_large()
    unit = 0.0
    if size > 0:
        # Twice the sum of absolute values leaves room for the rounding of each unit's own sum.
        unit = ldexp(1.0, max(frexp(2.0 * size)[1] - 53, -1074))
        own = np.rint(own / unit) * unit
    values = own[:-1].copy()
    _up(tree, values)
    values.setflags(write=False)
    return RollUp(tree=tree, values=values, outside=float(own[-1]), outside_count=outside_count, unit=unit)


def _up(tree: Tree, values: Numbers) -> None:
    """Add each level to the one above, from the bottom."""
    for depth in range(len(tree.levels) - 1, 0, -1):
        rows = np.flatnonzero((tree.level == depth) & (tree.parent >= 0))
        np.add.at(values, tree.parent[rows], values[rows])


def _as_int64(held: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    if held.dtype == np.uint64 and len(held) and int(held.max()) > _MOST:
        raise _too_large()
    whole = held.astype(np.int64)
    # A float sum is exact enough to tell whether int64 may run over.
    if len(whole) and float(np.abs(whole.astype(np.float64)).sum()) > 0.99 * _MOST:
        raise _too_large()
    return whole


def _too_large() -> LimitError:
    return LimitError(
        "The values add up to more than a total can hold; use a larger unit",
        "数值之和超出可表示的范围，请换用更大的计量单位",
    )


def _scalar(value: np.generic) -> float:
    number: float = value.item()
    return number


@compiled()
def _count(where: npt.NDArray[np.int64], units: int) -> npt.NDArray[np.int64]:
    own = np.zeros(units + 1, np.int64)
    for i in range(len(where)):
        own[where[i] if where[i] >= 0 else units] += 1
    return own


@compiled()
def _sum_whole(where: npt.NDArray[np.int64], values: npt.NDArray[np.int64], units: int) -> npt.NDArray[np.int64]:
    own = np.zeros(units + 1, np.int64)
    for i in range(len(where)):
        own[where[i] if where[i] >= 0 else units] += values[i]
    return own


@compiled()
def _sum_compensated(where: npt.NDArray[np.int64], values: Floats, units: int) -> tuple[Floats, float]:
    """Return a compensated sum for each unit, the last for outside, and the sum of absolute values."""
    own, lost = np.zeros(units + 1), np.zeros(units + 1)
    size = 0.0
    for i in range(len(where)):
        at = where[i] if where[i] >= 0 else units
        value, sum_ = values[i], own[at]
        new = sum_ + value
        if abs(sum_) >= abs(value):
            lost[at] += (sum_ - new) + value
        else:
            lost[at] += (value - new) + sum_
        own[at] = new
        size += abs(value)
    return own + lost, size
