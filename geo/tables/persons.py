"""Columns and texts that name persons: found by header and by content, dropped before any table sees them.

The units of analysis are places. Identity numbers are told by their check digit (GB 11643: ISO 7064, MOD 11-2),
mobile numbers by their form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from geo.tables.cells import missing

_ALWAYS_ZH: Final = re.compile(
    r"姓名|身份证|证件号|证件编号|护照|手机|电话(?!诈骗)|联系人|联系方式|联系号码|来电号码|报警号码|主叫|微信|QQ号|邮箱|电子邮件"
    r"|户籍(?!人口|户数)|籍贯|民族|性别|年龄|出生|生日|住址|家庭成员|户主|车牌|号牌|车主|银行卡|账号|指纹|人像|照片"
)
_ROLE_ZH: Final = re.compile(
    r"(报警人|报案人|当事人|嫌疑人|受害人|被害人|事主|违法人|证人|失踪人|求助人|投诉人|举报人|关系人|接警员|接警人|处警人|处警民警"
    r"|出警民警|出警人|网格长|网格员|社区民警|责任民警|民警|辅警|负责人|责任人|队长|组长|所长)"
    r"(?!数|人数|量|力|总|室|类|年龄段|单位|编码|所)"
)
_ALWAYS_EN: Final = (
    {"surname"}, {"firstname"}, {"lastname"}, {"fullname"}, {"nickname"}, {"passport"}, {"idcard"}, {"identity"}, {"idno"},
    {"sfzh"}, {"sfz"}, {"xm"}, {"lxdh"}, {"sjhm"}, {"ssn"}, {"phone"}, {"telephone"}, {"tel"}, {"mobile"}, {"cellphone"},
    {"imei"}, {"imsi"}, {"email"}, {"wechat"}, {"birthday"}, {"birthdate"}, {"dob"}, {"gender"}, {"sex"}, {"race"},
    {"ethnicity"}, {"age"}, {"plate"}, {"hometown"}, {"contact"}, {"badge"}, {"first", "name"}, {"last", "name"},
    {"full", "name"}, {"person", "name"}, {"id", "card"}, {"birth", "date"}, {"date", "birth"}, {"officer", "name"},
)  # fmt: skip
_ROLE_EN: Final = frozenset(
    {"caller", "complainant", "complainer", "victim", "suspect", "offender", "arrestee", "witness", "callername"}
)
_COUNTS: Final = frozenset({"count", "counts", "total", "share", "rate"})
_MOST_OF_A_COUNT: Final = 10_000
_IDENTITY: Final = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
_MOBILE: Final = re.compile(r"(?<![0-9A-Za-z.])(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?![0-9A-Za-z]|\.\d)")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
_MASK: Final = "※"
_SHARE_OF_TEXTS: Final = 0.2
_SHARE_OF_NUMBERS: Final = 0.5  # amounts may look like mobile numbers now and then


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedColumn:
    """A column that was dropped and why: ``"name"``, ``"content"`` (person data), ``"masked"`` (kept, numbers blotted out)."""

    column: str
    why: str
    cells: int = 0


def names_person(header: str, *, counts: bool = False) -> bool:
    """Whether a header says that the column describes a person; ``counts`` tells that it holds small whole numbers.

    "民警" or "victim" with small numbers says how many, and stays.
    """
    words = _words(header)
    if _ALWAYS_ZH.search(header) or any(needed <= words for needed in _ALWAYS_EN):
        return True
    return not counts and (_ROLE_ZH.search(header) is not None or bool(words & _ROLE_EN and not words & _COUNTS))


def _words(header: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header)
    return {w for w in re.split(r"[^a-z0-9]+", spaced.lower()) if w}


def _are_counts(values: pd.Series) -> bool:
    numbers = pd.to_numeric(values, errors="coerce").dropna()
    return len(numbers) > 0 and len(numbers) == values.notna().sum() and bool((numbers.abs() < _MOST_OF_A_COUNT).all())


def is_identity_number(text: str) -> bool:
    """Whether ``text`` is an 18-digit identity number with a date of birth and a valid check digit."""
    if _IDENTITY.fullmatch(text) is None:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return _CHECK_DIGITS[total % 11] == text[17].upper()


def without_persons(columns: pd.DataFrame) -> tuple[pd.DataFrame, list[DroppedColumn]]:
    """Return ``columns`` without person data, and what was dropped.

    A column goes whole when its header names persons, or when at least a fifth of its filled texts (or half of its
    numbers) are nothing but identity or mobile numbers; in other texts such numbers are blotted out.
    """
    out = columns.copy()
    dropped: list[DroppedColumn] = []
    for name in [str(c) for c in columns.columns]:
        if names_person(name) and names_person(name, counts=_are_counts(out[name])):
            dropped.append(DroppedColumn(column=name, why="name", cells=int(out[name].notna().sum())))
            out = out.drop(columns=[name])
            continue
        texts = _texts(out[name])
        if texts is None:
            continue
        joined = "\n".join(t for t in texts if isinstance(t, str))
        if not (_MOBILE.search(joined) or _IDENTITY.search(joined)):
            continue
        filled = texts.notna().to_numpy()
        whole = np.array([isinstance(t, str) and _only_person(t) for t in texts], dtype=bool)
        numeric = pd.api.types.is_numeric_dtype(out[name].dtype)
        needed = _SHARE_OF_NUMBERS if numeric else _SHARE_OF_TEXTS
        if whole.any() and whole.sum() >= needed * filled.sum():
            dropped.append(DroppedColumn(column=name, why="content", cells=int(whole.sum())))
            out = out.drop(columns=[name])
            continue
        if numeric:
            continue
        hit = np.array([isinstance(t, str) and _blotted(t) != t for t in texts], dtype=bool)
        if hit.any():
            out[name] = pd.Series(
                [_blotted(t) if h and isinstance(t, str) else v for t, h, v in zip(texts, hit, out[name], strict=True)],
                index=out.index,
                dtype=object,
            )
            dropped.append(DroppedColumn(column=name, why="masked", cells=int(hit.sum())))
    return out, dropped


def _texts(values: pd.Series) -> pd.Series | None:
    """Return the cells as text where they could hold a number of a person, else None."""
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        return None
    if pd.api.types.is_integer_dtype(values.dtype):
        return _series([None if missing(v) else str(v) for v in values], values)
    if pd.api.types.is_float_dtype(values.dtype):
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        with np.errstate(invalid="ignore"):
            if not (np.abs(numbers) >= 1e10).any():
                return None
        return _series([f"{v:.0f}" if np.isfinite(v) and v == round(v) else None for v in numbers], values)
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        if pd.api.types.infer_dtype(values, skipna=True) == "string":
            return values
        return _series([None if missing(v) else str(v) for v in values], values)
    return None


def _series(texts: list[str | None], like: pd.Series) -> pd.Series:
    return pd.Series(texts, index=like.index, dtype=object)


def _only_person(text: str) -> bool:
    plain = text.strip()
    return is_identity_number(plain) or _MOBILE.fullmatch(plain) is not None


def _blotted(text: str) -> str:
    if not any(c.isdigit() for c in text):
        return text
    text = _IDENTITY.sub(lambda m: _MASK * 6 if is_identity_number(m.group()) else m.group(), text)
    return _MOBILE.sub(_MASK * 6, text)
