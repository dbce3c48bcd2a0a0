"""What a schema refuses, as one sentence: the field, its value, what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from geo.errors import InputError

V = TypeVar("V", bound=BaseModel)

WORDS: Final[Mapping[str, str]] = {
    "greater_than": "应大于 {gt}", "greater_than_equal": "应不小于 {ge}", "less_than": "应小于 {lt}", "less_than_equal": "应不大于 {le}",
    "finite_number": "应为有限的数字", "multiple_of": "应为 {multiple_of} 的倍数", "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "至多 {max_length} 个字符", "too_short": "至少 {min_length} 项", "too_long": "至多 {max_length} 项",
    "literal_error": "应为 {expected} 之一", "enum": "应为 {expected} 之一", "timezone_aware": "须写明时区，如 2026-11-22T14:30:00+08:00",
}  # fmt: skip
"""What is wrong, by the type of the error."""
KINDS: Final[Mapping[str, str]] = {
    "int": "应为整数", "float": "应为数字", "decimal": "应为数字", "bool": "应为 true 或 false", "string": "应为文本", "list": "应为列表",
    "tuple": "应为列表", "dict": "应为对象", "model": "应为对象", "date": "应为日期，如 2026-11-22",
    "datetime": "应为带时区的时间，如 2026-11-22T14:30:00+08:00", "time": "应为时刻，如 08:30", "json": "不是有效的 JSON",
}  # fmt: skip
"""What was wanted, by the first word of other types of errors."""
_PLACES: Final = frozenset({"query", "body", "path", "header", "cookie", "form"})
_CHOICES: Final = re.compile(r"^\^\(([\w|]+)\)\$$")
_BRANCH: Final = re.compile(r"[-\[]|^(float|int|str|bool|none)$")
_LONGEST: Final = 60


def parsed(schema: type[V], values: object, *, where: tuple[str, str] = ("", "")) -> V:
    """Read values by a schema, or raise ``InputError`` on the first that does not fit; ``where`` begins the sentence (zh, en)."""
    try:
        return schema.model_validate(values)
    except ValidationError as problem:
        raise refused(problem.errors(), where=where) from None


def refused(errors: Sequence[Any], *, where: tuple[str, str] = ("", "")) -> InputError:
    """Return the sentence on the first of the errors that a schema found."""
    first = errors[0]
    parts = list(first.get("loc", ()))
    if parts and parts[0] in _PLACES:
        del parts[0]
    while len(parts) > 1 and isinstance(parts[-1], str) and _BRANCH.search(parts[-1]):
        del parts[-1]
    kind, message = str(first.get("type", "")), str(first.get("msg", ""))
    zh, en = _said(kind, message, parts, first.get("input"), first.get("ctx") or {})
    place = ".".join(str(part) for part in parts)
    return InputError(f"{where[1]} {en}".lstrip(), f"{where[0]} {zh}".lstrip(), rows=[place] if place else [])


def _said(
    kind: str, message: str, parts: Sequence[int | str], value: object, ctx: Mapping[str, Any]
) -> tuple[str, str]:
    place_zh, place = _place(parts), ".".join(str(part) for part in parts)
    if kind == "json_invalid":
        return "请求正文不是有效的 JSON，请检查格式", f"The request is no valid JSON: {message}"
    if kind == "missing":
        what = f"参数 {place_zh}" if parts else "请求内容"
        return f"缺少{what}，请补上", f"{place or 'The request'} is missing; give it"
    if kind == "extra_forbidden":
        return (
            f"没有名为 {place_zh} 的参数，请去掉或改正名称",
            f"There is no parameter {place}; leave it away or correct its name",
        )
    if kind == "value_error":
        # Rules of our own say it in both languages.
        zh, _, en = message.removeprefix("Value error, ").partition(" / ")
        return (f"参数 {place_zh}：{zh}" if parts else zh), (f"{place}: {en or zh}" if parts else en or zh)
    told = _told(value)
    head = f"参数 {place_zh}{' ' if place_zh[-1:].isascii() else ''}" if parts else "请求内容"
    return (
        f"{head}{f'的值“{told}”' if told else ''}不可用：{_wrong(kind, ctx)}，请改正",
        f"The value {f'{told!r} ' if told else ''}of {place or 'the request'} cannot be used: {message}",
    )


def _wrong(kind: str, ctx: Mapping[str, Any]) -> str:
    if kind == "string_pattern_mismatch":
        choices = _CHOICES.match(str(ctx.get("pattern", "")))
        return f"应为 {choices[1].replace('|', '、')} 之一" if choices else "格式不符"
    held = {name: f"{item:g}" if isinstance(item, float) else str(item) for name, item in ctx.items()}
    held["expected"] = held.get("expected", "").replace("'", "").replace(" or ", "、").replace(", ", "、")
    known = WORDS.get(kind)
    return known.format_map(held) if known else KINDS.get(kind.split("_", maxsplit=1)[0], "不符合要求")


def _place(parts: Sequence[int | str]) -> str:
    """Return where a value stands, items of lists counted from one."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"第 {part + 1} 项" if text.endswith("项") else f" 第 {part + 1} 项"
        else:
            text += (" 的 " if text and text[-1].isascii() else "的 " if text else "") + part
    return text.strip()


def _told(value: object) -> str:
    if value is None or (isinstance(value, Mapping | Sequence) and not isinstance(value, str)):
        return ""
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
