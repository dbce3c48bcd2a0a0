"""Layouts of codes: named parts of fixed width, each with the numbers that it may hold; the last is the serial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import FieldError, ParameterError

Texts = npt.NDArray[np.str_]
Ints = npt.NDArray[np.int64]
Sentence = tuple[str, str]
"""A sentence in English and in Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Numbers from ``lowest`` to ``highest``, both included, and what they stand for."""

    lowest: int
    highest: int
    en: str = ""
    zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePart:
    """A part of a code: ``digits`` decimal digits whose number lies in one of ``spans``."""

    name: str
    zh: str
    digits: int
    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        top = 10**self.digits - 1 if 1 <= self.digits <= 18 else -1
        if not self.name or top < 0 or not self.spans:
            raise ParameterError(
                f"The part {self.name!r} of a code layout needs a name, 1 to 18 digits and a range of numbers",
                f"编码分段“{self.name}”需要名称、1 至 18 位数字和取值范围",
            )
        bad = next((span for span in self.spans if not 0 <= span.lowest <= span.highest <= top), None)
        if bad is not None:
            raise ParameterError(
                f"The range {bad.lowest}-{bad.highest} of the part {self.name!r} does not fit {self.digits} digits",
                f"编码分段“{self.name}”的取值范围 {bad.lowest}-{bad.highest} 超出 {self.digits} 位数字",
            )

    def written(self, number: int) -> str:
        """Return a number with leading zeros."""
        return f"{number:0{self.digits}d}"

    def meaning(self, value: str) -> Span | None:
        """Return the range that a value lies in, or None."""
        number = int(value)
        return next((span for span in self.spans if span.lowest <= number <= span.highest), None)

    def problem(self, value: str, code: str) -> Sentence | None:
        """Return what is wrong with a value inside ``code``, or None."""
        if len(value) != self.digits or not (value.isascii() and value.isdigit()):
            return (
                f"The {self.name} {value!r} of a grid code must be {self.digits} digits",
                f"网格编码的{self.zh}“{value}”应为 {self.digits} 位数字",
            )
        if self.meaning(value) is not None:
            return None
        if self.spans[0].lowest == 10 ** (self.digits - 1) and value[0] == "0":
            return (
                f"The {self.name} {value} of grid code {code} begins with 0; have leading digits been lost or added?",
                f"网格编码 {code} 的{self.zh} {value} 以 0 开头，是否丢失或多出了数字？",
            )
        if len(self.spans) == 1 and int(value) < self.spans[0].lowest:
            first = self.written(self.spans[0].lowest)
            return (
                f"The {self.name} {value} of grid code {code} is too low; numbers start at {first}",
                f"网格编码 {code} 的{self.zh} {value} 过小，应从 {first} 起",
            )
        en = ", ".join(f"{self.written(s.lowest)}-{self.written(s.highest)} {s.en}".rstrip() for s in self.spans)
        zh = "、".join(f"{self.written(s.lowest)}-{self.written(s.highest)} {s.zh}".rstrip() for s in self.spans)
        return (
            f"The {self.name} {value} of grid code {code} is not {en}",
            f"网格编码 {code} 的{self.zh} {value} 不在 {zh} 之内",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLayout:
    """How codes of one kind are put together.

    All parts before the last make the *space* of a code, inside which serials are given; the parts named in
    ``parent`` make the code of the unit that the grid belongs to (for ``special20`` the space is that unit with an
    object code before it).
    """

    name: str
    parts: tuple[CodePart, ...]
    parent: tuple[str, ...]

    def __post_init__(self) -> None:
        names = [part.name for part in self.parts]
        if len(names) < 2 or len(set(names)) != len(names):
            raise ParameterError(
                f"The code layout {self.name!r} needs at least two parts with different names",
                f"编码规则“{self.name}”至少需要两个名称不同的分段",
            )
        unknown = [name for name in self.parent if name not in names[:-1]]
        if unknown or not self.parent:
            raise ParameterError(
                f"The code layout {self.name!r} must say which parts before the serial make the parent's code",
                f"编码规则“{self.name}”须指明由顺序号之前的哪些分段组成上级编码",
            )
        if len(self.serial.spans) != 1 or self.serial.spans[0].lowest < 1:
            raise ParameterError(
                f"The serials of the code layout {self.name!r} must be one range from 1 or above",
                f"编码规则“{self.name}”的顺序号须为一个从 1 或以上开始的连续区间",
            )

    @property
    def length(self) -> int:
        """Digits of a code."""
        return sum(part.digits for part in self.parts)

    @property
    def serial(self) -> CodePart:
        """The last part."""
        return self.parts[-1]

    @property
    def serials(self) -> range:
        """All serials that a space can hold."""
        span = self.serial.spans[0]
        return range(span.lowest, span.highest + 1)

    def split(self, code: str) -> dict[str, str]:
        """Return the parts of a code of the right length by name; nothing is checked."""
        out, at = {}, 0
        for part in self.parts:
            out[part.name] = code[at : at + part.digits]
            at += part.digits
        return out

    def problem(self, text: str) -> Sentence | None:
        """Return what is wrong with a code, or None."""
        if len(text) != self.length or not (text.isascii() and text.isdigit()):
            en = ", ".join(f"{part.digits} {part.name}" for part in self.parts)
            zh = "、".join(f"{part.zh} {part.digits} 位" for part in self.parts)
            return (
                f"Grid code {text!r} is not {self.length} digits ({en})",
                f"网格编码“{text}”应为 {self.length} 位数字（{zh}）",
            )
        values = self.split(text)
        found = (part.problem(values[part.name], text) for part in self.parts)
        return next((sentence for sentence in found if sentence is not None), None)

    def parse(self, text: str) -> dict[str, str]:
        """Return the parts of a code by name; blanks around it are dropped.

        Raises
        ------
        FieldError
            With a sentence that says what is wrong.
        """
        code = text.strip()
        wrong = self.problem(code)
        if wrong is not None:
            raise FieldError(*wrong, rows=[text])
        return self.split(code)

    def format(self, values: Mapping[str, str | int]) -> str:
        """Return the code of parts by name; numbers get leading zeros.

        Raises
        ------
        FieldError
            If a part is missing, unknown or out of its range.
        """
        names = {part.name for part in self.parts}
        if set(values) != names:
            listed = ", ".join(part.name for part in self.parts)
            raise FieldError(
                f"A code of the layout {self.name} is made of {listed}",
                f"“{self.name}”编码由以下分段组成：{'、'.join(part.zh for part in self.parts)}",
            )
        texts = []
        for part in self.parts:
            value = values[part.name]
            texts.append(part.written(value) if isinstance(value, int) else value)
        code = "".join(texts)
        for part, text in zip(self.parts, texts, strict=True):
            wrong = part.problem(text, code)
            if wrong is not None:
                raise FieldError(*wrong, rows=[code])
        return code

    def space(self, code: str) -> str:
        """Return the parts before the serial."""
        return code[: -self.serial.digits]

    def parent_of(self, code: str) -> str:
        """Return the code of the unit that a grid belongs to."""
        values = self.split(code)
        return "".join(values[name] for name in self.parent)

    def parent_of_space(self, space: str) -> str:
        """Return the code of the unit that all grids of a space belong to."""
        return self.parent_of(space + "0" * self.serial.digits)

    def valid(self, codes: Sequence[str] | Texts) -> npt.NDArray[np.bool_]:
        """Return which of many codes follow the layout, bool[n]; ``problem`` says why one does not."""
        held = np.asarray(codes, dtype=np.str_)
        digits, good = _digits(held, self.length)
        at = 0
        for part in self.parts:
            number = _numbers(digits[:, at : at + part.digits])
            at += part.digits
            within = np.zeros(len(held), dtype=np.bool_)
            for span in part.spans:
                within |= (number >= span.lowest) & (number <= span.highest)
            good &= within
        return good

    def parents_of(self, codes: Sequence[str] | Texts) -> Texts:
        """Return the codes of the units that many valid codes belong to, str[n]."""
        columns: dict[str, range] = {}
        at = 0
        for part in self.parts:
            columns[part.name] = range(at, at + part.digits)
            at += part.digits
        kept = np.array([column for name in self.parent for column in columns[name]], dtype=np.int64)
        units = _units(np.asarray(codes, dtype=np.str_), self.length)
        parents: Texts = np.ascontiguousarray(units[:, kept]).view(f"<U{len(kept)}").ravel()
        return parents

    def serial_numbers(self, codes: Sequence[str] | Texts) -> Ints:
        """Return the serials of many valid codes, int64[n]."""
        digits, _ = _digits(np.asarray(codes, dtype=np.str_), self.length)
        return _numbers(digits[:, -self.serial.digits :])


def _digits(codes: Texts, length: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the digits of codes, int64[n, length], and which codes are just that many ASCII digits."""
    units = _units(codes, length)
    values = units[:, :length].astype(np.int64) - ord("0")
    good = ((values >= 0) & (values <= 9)).all(axis=1) & (units[:, length:] == 0).all(axis=1)
    return np.clip(values, 0, 9), good


def _units(codes: Texts, length: int) -> npt.NDArray[np.uint32]:
    """Return the characters of codes as numbers, one column more than ``length`` at least."""
    width = max(length + 1, codes.dtype.itemsize // 4)
    return np.ascontiguousarray(codes.astype(f"<U{width}")).view(np.uint32).reshape(len(codes), width)


def _numbers(digits: Ints) -> Ints:
    powers = 10 ** np.arange(digits.shape[1] - 1, -1, -1, dtype=np.int64)
    numbers: Ints = digits @ powers
    return numbers


_COUNTY: Final = CodePart(
    name="county", zh="县级区划", digits=6, spans=(Span(lowest=100_000, highest=999_999, en="county", zh="县级"),)
)
_STREET: Final = CodePart(
    name="street",
    zh="街道（乡镇）",
    digits=3,
    spans=(
        Span(lowest=1, highest=99, en="street", zh="街道"),
        Span(lowest=100, highest=199, en="town", zh="镇"),
        Span(lowest=200, highest=399, en="township", zh="乡"),
        Span(lowest=400, highest=599, en="zone", zh="开发区等类似乡级单位"),
    ),
)
_COMMUNITY: Final = CodePart(name="community", zh="社区（村）", digits=3, spans=(Span(lowest=1, highest=999),))

UNIT15: Final = CodeLayout(
    name="unit15",
    parts=(
        _COUNTY,
        _STREET,
        _COMMUNITY,
        CodePart(name="serial", zh="网格顺序号", digits=3, spans=(Span(lowest=1, highest=999),)),
    ),
    parent=("county", "street", "community"),
)
"""General grids: the 12-digit code of the village or community and a serial."""

SPECIAL20: Final = CodeLayout(
    name="special20",
    parts=(
        CodePart(name="object", zh="对象代码", digits=6, spans=(Span(lowest=0, highest=999_999),)),
        _COUNTY,
        _STREET,
        _COMMUNITY,
        CodePart(name="serial", zh="网格顺序号", digits=2, spans=(Span(lowest=1, highest=99),)),
    ),
    parent=("county", "street", "community"),
)
"""Special grids: what kind of object, the 12-digit code of the village or community and a serial."""

LAYOUTS: Final[Mapping[str, CodeLayout]] = {layout.name: layout for layout in (UNIT15, SPECIAL20)}
