"""Indicators (指标): what is measured by which formula, who answers for it, the target, and a colour with its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import Final, Literal, Self

from geo.errors import ParameterError
from geo.incidents.formula import parse_formula

Colour = Literal["green", "yellow", "orange", "red", "none"]
Better = Literal["higher", "lower"]
Every = Literal["day", "week", "month", "quarter", "year"]
COLOURS: Final[dict[Colour, tuple[str, str]]] = {
    "green": ("绿", "green"),
    "yellow": ("黄", "yellow"),
    "orange": ("橙", "orange"),
    "red": ("红", "red"),
    "none": ("无数据", "no data"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One line of the register.

    Attributes
    ----------
    name : unique, used in formulas of others
    formula : text in the language of ``geo.incidents.formula``
    owner : the office that answers for it, never a person
    better : whether higher or lower values are good
    target : green when met (equality counts)
    orange, red : orange and red when missed beyond these; between the target and ``orange`` it is yellow
    fewest : the least ``n`` for a colour, since small numbers jump
    """

    name: str
    formula: str
    owner: str
    every: Every = "month"
    better: Better = "higher"
    target: float
    orange: float
    red: float
    fewest: int = 0
    title_en: str = ""
    unit: str = ""
    definition: str = ""

    def __post_init__(self) -> None:
        parse_formula(self.formula)
        steps = [self.target, self.orange, self.red]
        if not all(math.isfinite(v) for v in steps) or steps != sorted(steps, reverse=self.better == "higher"):
            raise ParameterError(
                f"Indicator {self.name}: target, orange and red must get worse in this order",
                f"指标 {self.name}：目标值、橙线、红线应依次变差",
            )

    def colour(self, value: float | None) -> Colour:
        """Return the colour of a value."""
        if value is None:
            return "none"
        sign = 1 if self.better == "higher" else -1
        for colour, line in (("green", self.target), ("yellow", self.orange), ("orange", self.red)):
            if sign * value >= sign * line:
                return colour  # type: ignore[return-value]
        return "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The value of an indicator for one period, its colour and why; ``n`` is the number of calls behind it, if known."""

    name: str
    period: date
    value: float | None
    colour: Colour
    en: str
    zh: str
    n: int | None = None

    def reason(self, language: str = "zh") -> str:
        """Return why it has this colour."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Indicators by name, and what they read so far, oldest first."""

    indicators: tuple[Indicator, ...] = ()
    history: tuple[Reading, ...] = field(default=())

    def __post_init__(self) -> None:
        names = [i.name for i in self.indicators]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ParameterError(f"Indicators {', '.join(twice)} are there twice", f"指标重名：{'、'.join(twice)}")
        self._order()

    def _order(self) -> tuple[str, ...]:
        known = {i.name: i for i in self.indicators}
        needs = {i.name: {n for n in parse_formula(i.formula).names if n in known} for i in self.indicators}
        try:
            return tuple(TopologicalSorter(needs).static_order())
        except CycleError as problem:
            circle = [str(name) for name in problem.args[1]]
            raise ParameterError(
                f"Indicators need each other in a circle: {' → '.join(circle)}", f"指标循环引用：{' → '.join(circle)}"
            ) from problem

    def read(self, period: date, values: Mapping[str, float], *, n: Mapping[str, int] | None = None) -> Self:
        """Return the register with one more reading of every indicator; values may be counts or other indicators.

        An indicator whose formula needs a name that has no value, or divides by 0, reads ``none`` and says why. A second
        reading of a period takes the place of the first.
        """
        known = {i.name: i for i in self.indicators}
        have = dict(values)
        found = []
        for name in self._order():
            reading = _read(known[name], period, have, (n or {}).get(name))
            if reading.value is not None:
                have[name] = reading.value
            found.append(reading)
        kept = [r for r in self.history if r.period != period or r.name not in known]
        return replace(self, history=tuple(sorted([*kept, *found], key=lambda r: r.period)))

    def history_of(self, name: str) -> tuple[Reading, ...]:
        """Return the readings of one indicator, oldest first."""
        return tuple(r for r in self.history if r.name == name)

    def to_json(self) -> dict[str, list[dict[str, object]]]:
        """Return plain values for a JSON file."""
        readings = [{**asdict(r), "period": r.period.isoformat()} for r in self.history]
        return {"indicators": [asdict(i) for i in self.indicators], "history": readings}

    @classmethod
    def from_json(cls, held: Mapping[str, Sequence[Mapping[str, object]]]) -> Self:
        """Read what ``to_json`` gave; fields that do not belong raise ``ParameterError``."""
        try:
            indicators = tuple(Indicator(**i) for i in held.get("indicators", ()))  # type: ignore[arg-type]
            history = tuple(
                Reading(**{**r, "period": date.fromisoformat(str(r["period"]))})  # type: ignore[arg-type]
                for r in held.get("history", ())
            )
        except (TypeError, KeyError, ValueError) as problem:
            raise ParameterError(
                f"This is not an indicator register: {problem}", f"不是有效的指标登记表：{problem}"
            ) from problem
        return cls(indicators=indicators, history=history)


def _read(indicator: Indicator, period: date, have: Mapping[str, float], n: int | None) -> Reading:
    formula = parse_formula(indicator.formula)
    missing = [name for name in formula.names if name not in have]
    value = None if missing else formula.value(have)
    if missing:
        en, zh = f"no value for {', '.join(missing)}", f"缺少 {'、'.join(missing)}"
    elif value is None:
        en, zh = f"{indicator.formula} divides by 0", f"{indicator.formula} 分母为 0"
    elif n is not None and n < indicator.fewest:
        en, zh = (
            f"only {n} calls, {indicator.fewest} are needed for a colour",
            f"仅 {n}起，少于着色所需的 {indicator.fewest}起",
        )
        return Reading(name=indicator.name, period=period, value=value, colour="none", en=en, zh=zh, n=n)
    else:
        en, zh = _reason(indicator, value)
    return Reading(name=indicator.name, period=period, value=value, colour=indicator.colour(value), en=en, zh=zh, n=n)


def _reason(indicator: Indicator, value: float) -> tuple[str, str]:
    colour = indicator.colour(value)
    higher = indicator.better == "higher"
    if colour == "green":
        return f"{value:g} meets the target {indicator.target:g}", f"{value:g}，达到目标 {indicator.target:g}"
    line = {"yellow": indicator.target, "orange": indicator.orange, "red": indicator.red}[colour]
    names = {"yellow": ("target", "目标"), "orange": ("orange line", "橙线"), "red": ("red line", "红线")}[colour]
    return (
        f"{value:g} is {'below' if higher else 'above'} the {names[0]} {line:g}",
        f"{value:g}，{'低于' if higher else '高于'}{names[1]} {line:g}",
    )
