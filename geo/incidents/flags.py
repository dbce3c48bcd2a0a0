"""What cleaning notices about a call, and what a reviewer decides: a change of state, never the loss of a row.

A call carries its flags as text: ``repeat=open far_from_street=accepted imported=invalid``. An open flag changes nothing,
an accepted one leaves the call out of what its reason concerns, a dismissed one is kept as seen. ``imported`` tells what
the file itself said where a flag may change it, so that every decision can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import ParameterError

Effect = Literal["invalid", "unplaced", "hour", "clock", "none"]
State = Literal["open", "accepted", "dismissed"]
STATES: Final[tuple[State, ...]] = get_args(State)
Mask = npt.NDArray[np.bool_]
IMPORTED: Final = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason to look at a call twice.

    ``effect`` is what the call is left out of once the flag is accepted: valid calls, the map, figures by hour, figures
    of the clock. ``first`` is the state that cleaning gives.
    """

    code: str
    zh: str
    en: str
    sentence_zh: str
    sentence_en: str
    effect: Effect
    first: State = "open"


_ALL: Final = (
    Reason(
        code="same_id", zh="编号重复", en="Same number twice", effect="invalid",
        sentence_zh="同一文件中编号相同而内容不同，后出现的一条另行编号保存",
        sentence_en="Another row of the file has the same number and other content; the later one was given its own",
    ),
    Reason(
        code="repeat", zh="疑似重复报警", en="Likely repeat", effect="invalid",
        sentence_zh="与更早的一条警情类别相同、相距不超过 50 米、时间相差不超过 10 分钟",
        sentence_en="Same class as an earlier call, within 50 m and 10 minutes of it",
    ),
    Reason(
        code="future", zh="时间晚于导入时刻", en="In the future", effect="invalid",
        sentence_zh="发生时间晚于导入时刻一天以上", sentence_en="It happens more than a day after the import",
    ),
    Reason(
        code="long_ago", zh="时间过早", en="Too long ago", effect="invalid",
        sentence_zh="发生时间早于 1990 年", sentence_en="It happened before 1990",
    ),
    Reason(
        code="midnight", zh="零点堆积", en="Piled up at midnight", effect="hour",
        sentence_zh="时间恰为零点整，且零点整的警情明显多于 23 点整和 1 点整：多半是没有填写时刻",
        sentence_en="Exactly midnight, where far more calls stand than at 23:00 and 01:00: likely no time was written",
    ),
    Reason(
        code="whole_hour", zh="整点堆积", en="Rounded to the hour", effect="none",
        sentence_zh="时间恰为整点，且该小时整点的警情明显多于其他分钟：时刻多半经过取整",
        sentence_en="Exactly on an hour at which far more calls stand than on its other minutes: likely rounded",
    ),
    Reason(
        code="window_reversed", zh="起止时间颠倒", en="Ends before it begins", effect="hour",
        sentence_zh="发生时间（止）早于发生时间，止已清空", sentence_en="The end of the time is before its start; the end was left out",
    ),
    Reason(
        code="window_long", zh="时间段过长", en="Window too long", effect="hour",
        sentence_zh="发生时间的起止相差超过 31 天", sentence_en="More than 31 days between the ends of its time",
    ),
    Reason(
        code="time_of_report", zh="以报警时间代替", en="Time of the report", effect="none",
        sentence_zh="没有可读的案发时间，以报警时间代替", sentence_en="It has no readable time of the event: that of the report stands for it",
    ),
    Reason(
        code="clock_order", zh="处警时刻颠倒", en="Clock out of order", effect="clock",
        sentence_zh="处警各环节的时刻先后颠倒", sentence_en="The stages of its handling are not in order",
    ),
    Reason(
        code="clock_long", zh="处警时长离谱", en="Clock too long", effect="clock",
        sentence_zh="报警到到场超过 6 小时，或报警到办结超过 90 天",
        sentence_en="More than 6 hours from report to arrival, or 90 days from report to closing",
    ),
    Reason(
        code="placeholder", zh="占位坐标", en="Placeholder", effect="unplaced", first="accepted",
        sentence_zh="坐标为 0,0、经纬度相等或都是整数，不是真实位置",
        sentence_en="The coordinates are 0, 0, equal to each other or both whole: no real place",
    ),
    Reason(
        code="off_map", zh="远在图外", en="Far off the map", effect="unplaced", first="accepted",
        sentence_zh="离辖区范围 20 公里以上，或坐标不可能", sentence_en="More than 20 km outside the area, or impossible coordinates",
    ),
    Reason(
        code="off_area", zh="不在辖区", en="Outside the area", effect="unplaced",
        sentence_zh="不在路网（或网格）范围之内", sentence_en="Outside the extent of the streets (or grids)",
    ),
    Reason(
        code="far_from_street", zh="远离道路", en="Far from any street", effect="unplaced",
        sentence_zh="200 米之内没有道路", sentence_en="No street within 200 m",
    ),
    Reason(
        code="pile_up", zh="坐标堆积", en="Piled up at one place", effect="unplaced",
        sentence_zh="同一坐标的警情多得不合常理，且地址各不相同：多半是派出所或区域中心的代用坐标",
        sentence_en="Implausibly many calls at one coordinate, with different addresses: likely a station or the centre of an area",
    ),
    Reason(
        code="at_station", zh="位于派出所", en="At a station", effect="unplaced",
        sentence_zh="坐标与派出所重合，且该处警情多得不合常理", sentence_en="At a police station where implausibly many calls stand",
    ),
    Reason(
        code="address_near", zh="地址近似匹配", en="Address matched nearly", effect="unplaced",
        sentence_zh="按地址库近似匹配得到位置，请核对", sentence_en="Placed by a similar address of the address book; check it",
    ),
    Reason(
        code="address_unsure", zh="地址无法确定", en="Address not certain", effect="none",
        sentence_zh="地址库中有多个相近的地址，未作猜测", sentence_en="Several addresses of the book are as similar: none was taken",
    ),
    Reason(
        code="frame_unsure", zh="偏移不确定", en="Shift uncertain", effect="unplaced",
        sentence_zh="位于国界附近，坐标是否有偏移不能确定", sentence_en="Near the border, where it is not certain whether coordinates are shifted",
    ),
    Reason(
        code="damaged_text", zh="文字损坏", en="Damaged text", effect="none",
        sentence_zh="该行有无法解码的字节", sentence_en="The row holds bytes that could not be read",
    ),
)  # fmt: skip

REASONS: Final[Mapping[str, Reason]] = {reason.code: reason for reason in _ALL}
"""Every reason by its code, in the order in which they are listed."""


@dataclass(slots=True, eq=False)
class Findings:
    """Which of n calls each reason concerns."""

    rows: int
    masks: dict[str, Mask] = field(default_factory=dict)

    def add(self, code: str, mask: Mask) -> None:
        """Note a reason for the calls in ``mask``."""
        if mask.any():
            known = self.masks.get(code)
            self.masks[code] = mask.copy() if known is None else known | mask

    def counts(self) -> dict[str, int]:
        """Return how many calls each reason concerns, in the order of ``REASONS``."""
        return {code: int(self.masks[code].sum()) for code in REASONS if code in self.masks}

    def written(self, valid: Mask, placed: Mask) -> npt.NDArray[np.object_]:
        """Return object[n] flags as text; ``valid`` and ``placed`` are what the file says."""
        codes = [code for code in REASONS if code in self.masks]
        key = np.zeros(self.rows, dtype=np.int64)
        for bit, code in enumerate(codes):
            key |= self.masks[code].astype(np.int64) << bit
        key |= (~valid).astype(np.int64) << len(codes)
        key |= (~placed).astype(np.int64) << (len(codes) + 1)
        found, inverse = np.unique(key, return_inverse=True)
        texts = np.empty(len(found), dtype=object)
        for i, bits in enumerate(found):
            states = {code: REASONS[code].first for bit, code in enumerate(codes) if bits >> bit & 1}
            texts[i] = flag_text(states, valid=not bits >> len(codes) & 1, placed=not bits >> (len(codes) + 1) & 1)
        return texts[inverse]


def flag_text(states: Mapping[str, State], *, valid: bool, placed: bool) -> str | None:
    """Return flags as text, None without any."""
    if not states:
        return None
    words = [f"{code}={states[code]}" for code in REASONS if code in states]
    effects = {REASONS[code].effect for code in states}
    if not valid and "invalid" in effects:
        words.append(f"{IMPORTED}=invalid")
    if not placed and "unplaced" in effects:
        words.append(f"{IMPORTED}=unplaced")
    return " ".join(words)


@cache
def flag_states(text: str | None) -> dict[str, State]:
    """Return the reasons of a text and their states; words that this version does not know are left out."""
    states: dict[str, State] = {}
    for word in (text or "").split():
        code, _, state = word.partition("=")
        if code in REASONS and state in STATES:
            states[code] = state
    return states


@cache
def left_out(text: str | None, effect: Effect) -> bool:
    """Whether accepted flags leave the call out of what ``effect`` concerns."""
    return any(state == "accepted" and REASONS[code].effect == effect for code, state in flag_states(text).items())


def left_out_of(flags: pd.Series, effect: Effect) -> Mask:
    """Return bool[n]: calls that accepted flags leave out of what ``effect`` concerns."""
    return _by_text(flags, lambda text: left_out(text, effect))


def has_flag(flags: pd.Series, code: str, state: State | None = None) -> Mask:
    """Return bool[n]: calls with a reason, in one state or in any."""
    reason_of(code)

    def test(text: str | None) -> bool:
        found = flag_states(text).get(code)
        return found is not None and (state is None or found == state)

    return _by_text(flags, test)


def count_flags(flags: pd.Series) -> dict[str, dict[str, int]]:
    """Return how many calls each reason concerns, by state."""
    counts: dict[str, dict[str, int]] = {}
    for text, n in flags.dropna().value_counts().items():
        for code, state in flag_states(str(text)).items():
            counts.setdefault(code, dict.fromkeys(STATES, 0))[state] += int(n)
    return {code: counts[code] for code in REASONS if code in counts}


def decided(flags: pd.Series, code: str, state: State, *, rows: Mask) -> pd.Series:
    """Return the flags with ``code`` set to ``state`` in ``rows``; calls without it stay as they are."""
    reason_of(code)
    if state not in STATES:
        raise ParameterError(
            f"{state!r} is not a state; use {', '.join(STATES)}", f"状态 {state!r} 无效，可选：{'、'.join(STATES)}"
        )
    chosen = rows & has_flag(flags, code)

    @cache
    def changed(text: str) -> str:
        return " ".join(f"{code}={state}" if word.startswith(f"{code}=") else word for word in text.split())

    out = flags.to_numpy(dtype=object, copy=True)
    out[chosen] = [changed(text) for text in out[chosen]]
    return pd.Series(out, index=flags.index, dtype=object)


def kept_decisions(fresh: pd.Series, known: pd.Series) -> pd.Series:
    """Return fresh flags with the decisions that a reviewer took on the same calls before."""

    @cache
    def merged(text: str | None, before: str | None) -> str | None:
        if text is None:
            return None
        states, old = dict(flag_states(text)), flag_states(before)
        for code in states:
            if code in old and old[code] != REASONS[code].first:
                states[code] = old[code]
        imported = {word for word in text.split() if word.startswith(f"{IMPORTED}=")}
        return flag_text(
            states, valid=f"{IMPORTED}=invalid" not in imported, placed=f"{IMPORTED}=unplaced" not in imported
        )

    pairs = zip(_texts(fresh), _texts(known), strict=True)
    return pd.Series([merged(a, b) for a, b in pairs], index=fresh.index, dtype=object)


def as_decided(frame: pd.DataFrame) -> pd.DataFrame:
    """Return calls with ``valid`` and ``placed`` as their flags say, from what the file said."""
    out = frame.copy()
    flags = frame["flags"]
    filled = flags.notna().to_numpy()
    for column, effect, word in (("valid", "invalid", "invalid"), ("placed", "unplaced", "unplaced")):
        concerned = filled & _by_text(flags, lambda text, e=effect: _concerns(text, e))  # type: ignore[misc]
        said = ~_by_text(flags, lambda text, w=word: f"{IMPORTED}={w}" in (text or "").split())  # type: ignore[misc]
        left = left_out_of(flags, effect)  # type: ignore[arg-type]
        values = frame[column].to_numpy(dtype=bool)
        out[column] = np.where(concerned, said & ~left, values)
    return out


def reason_of(code: str) -> Reason:
    """Return a reason by its code or raise ``ParameterError``."""
    if code not in REASONS:
        known = ", ".join(REASONS)
        raise ParameterError(f"There is no reason {code!r}; there are {known}", f"没有标记 {code!r}，可选：{known}")
    return REASONS[code]


def _concerns(text: str | None, effect: str) -> bool:
    return any(REASONS[code].effect == effect for code in flag_states(text))


def _texts(flags: pd.Series) -> list[str | None]:
    return [text if isinstance(text, str) else None for text in flags]


def _by_text(flags: pd.Series, test: Callable[[str | None], bool]) -> Mask:
    """Return bool[n] of a test on the text, asked once for each text."""
    codes, texts = pd.factorize(flags.to_numpy(dtype=object), use_na_sentinel=True)
    answers = np.array([*(test(str(text)) for text in texts), test(None)], dtype=bool)
    return answers[codes]
