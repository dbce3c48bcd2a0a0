"""A small safe language of formulas: numbers, names, + - * /, parentheses, min and max."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from geo.errors import ParameterError

LONGEST: Final = 500
DEEPEST: Final = 40
_TOKEN: Final = re.compile(r"\s*(?:(\d+(?:\.\d*)?|\.\d+)|([^\W\d]\w*)|([-+*/(),]))")
_FUNCTIONS: Final[dict[str, Callable[..., float]]] = {"min": min, "max": max}
_SAME: Final = str.maketrans(
    {"（": "(", "）": ")", "，": ",", "＋": "+", "－": "-", "−": "-", "×": "*", "÷": "/", "＊": "*", "／": "/"}
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A name, its value to be given."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function with its arguments; ``neg`` is the sign."""

    operator: str
    arguments: tuple[Node, ...]


Node = Number | Name | Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A parsed formula: its text, tree and the names that it needs, in the order of their first use."""

    text: str
    tree: Node
    names: tuple[str, ...]

    def value(self, values: Mapping[str, float]) -> float | None:
        """Return its value; None where something is divided by 0 or a value is not finite.

        Raises
        ------
        ParameterError
            If a name has no value.
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            raise ParameterError(
                f"The formula {self.text} needs a value for {', '.join(missing)}",
                f"公式 {self.text} 缺少 {'、'.join(missing)} 的值",
                rows=missing,
            )
        try:
            found = _value(self.tree, values)
        except (ZeroDivisionError, OverflowError):
            return None
        return found if math.isfinite(found) else None


def parse_formula(text: str) -> Formula:
    """Parse a formula such as ``办结 / 受理`` or ``max(0, 1 - 超时 / 有效警情)``; nothing in it is ever run as code.

    Names start with a letter or Chinese character; full-width signs count as plain ones. ``* /`` bind closer than ``+ -``, both
    from the left.

    Raises
    ------
    ParameterError
        If it does not parse; the sentence gives the place of the first thing that does not belong.
    """
    plain = text.translate(_SAME)
    if len(plain) > LONGEST:
        raise ParameterError(
            f"The formula has {len(plain)} characters; {LONGEST} are allowed",
            f"公式长 {len(plain)} 字，最多 {LONGEST} 字",
        )
    reader = _Reader(_tokens(plain))
    tree = reader.sum(0)
    if reader.place < len(reader.tokens) - 1:
        reader.refuse()
    return Formula(text=text, tree=tree, names=tuple(dict.fromkeys(_names(tree))))


def _tokens(text: str) -> list[tuple[int, str, str]]:
    """Return (place, kind, text) of each piece; kinds are number, name, sign and end."""
    found, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise _unreadable(at, text[at])
        kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
        found.append((match.start(match.lastindex or 0), kind, match.group(match.lastindex or 0)))
        place = match.end()
    found.append((len(text), "end", ""))
    return found


class _Reader:
    """Recursive descent over the pieces."""

    def __init__(self, tokens: list[tuple[int, str, str]]) -> None:
        self.tokens = tokens
        self.place = 0

    def take(self, *signs: str) -> str | None:
        _, kind, text = self.tokens[self.place]
        if kind == "sign" and text in signs:
            self.place += 1
            return text
        return None

    def refuse(self) -> None:
        at, _, text = self.tokens[self.place]
        raise _unreadable(at, text)

    def sum(self, depth: int) -> Node:
        found = self.product(depth)
        while (sign := self.take("+", "-")) is not None:
            found = Call(sign, (found, self.product(depth)))
        return found

    def product(self, depth: int) -> Node:
        found = self.signed(depth)
        while (sign := self.take("*", "/")) is not None:
            found = Call(sign, (found, self.signed(depth)))
        return found

    def signed(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise ParameterError(f"The formula nests deeper than {DEEPEST}", f"公式嵌套超过 {DEEPEST} 层")
        if self.take("-"):
            return Call("neg", (self.signed(depth + 1),))
        if self.take("("):
            inside = self.sum(depth + 1)
            self.close()
            return inside
        _, kind, text = self.tokens[self.place]
        if kind not in ("number", "name"):
            self.refuse()
        self.place += 1
        if kind == "number":
            return Number(float(text))
        if self.take("("):
            return self.function(text, depth)
        return Name(text)

    def function(self, name: str, depth: int) -> Node:
        if name not in _FUNCTIONS:
            self.place -= 2
            raise ParameterError(
                f"There is no function {name}; there are min and max", f"没有函数 {name}，可用 min 和 max"
            )
        arguments = [self.sum(depth + 1)]
        while self.take(","):
            arguments.append(self.sum(depth + 1))
        self.close()
        return Call(name, tuple(arguments))

    def close(self) -> None:
        if self.take(")") is None:
            self.refuse()


def _unreadable(at: int, text: str) -> ParameterError:
    if not text:
        return ParameterError("The formula ends too early", "公式不完整")
    return ParameterError(
        f'The formula cannot be read at character {at + 1}: "{text}"', f"公式第 {at + 1} 个字符处无法识别：“{text}”"
    )


def _names(node: Node) -> list[str]:
    if isinstance(node, Name):
        return [node.name]
    return [name for part in node.arguments for name in _names(part)] if isinstance(node, Call) else []


def _value(node: Node, values: Mapping[str, float]) -> float:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return float(values[node.name])
    parts = [_value(part, values) for part in node.arguments]
    match node.operator:
        case "neg":
            return -parts[0]
        case "+":
            return parts[0] + parts[1]
        case "-":
            return parts[0] - parts[1]
        case "*":
            return parts[0] * parts[1]
        case "/":
            return parts[0] / parts[1]
        case name:
            return float(_FUNCTIONS[name](parts))
