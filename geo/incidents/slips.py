"""Printed rates and changes recomputed from the counts beside them; what does not follow is a slip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from geo.incidents.comparison import SMALL_BASE

Kind = Literal["share", "change", "direction", "impossible", "small_base", "share_above_one"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A printed figure that its own counts do not bear out.

    Attributes
    ----------
    printed, true : shares (0.9712 for 97.12 %), signed for changes; ``true`` is None where none exists
    """

    kind: Kind
    printed: float
    true: float | None
    en: str
    zh: str

    def sentence(self, language: str = "zh") -> str:
        """Return what is wrong."""
        return self.zh if language.startswith("zh") else self.en


def check_share(part: int, whole: int, printed: float, *, decimals: int = 2) -> Slip | None:
    """Check a share printed in percent with ``decimals``; rounded and cut figures both pass.

    >>> check_share(7762, 7792, 97.12).true
    0.9961498973305954
    """
    if whole <= 0 or part < 0:
        return Slip(
            kind="impossible", printed=printed / 100, true=None,
            en=f"{part} of {whole} has no share", zh=f"{whole} 中的 {part} 无法计算比例",
        )  # fmt: skip
    true = part / whole
    if true > 1:
        return Slip(
            kind="share_above_one", printed=printed / 100, true=true,
            en=f"{part} is more than the whole of {whole}", zh=f"分子 {part} 大于分母 {whole}",
        )  # fmt: skip
    if _alike(printed, 100 * true, decimals):
        return None
    return Slip(
        kind="share", printed=printed / 100, true=true,
        en=f"{part} of {whole} is {100 * true:.{decimals}f}%, not {printed:.{decimals}f}%",
        zh=f"{part}/{whole} 应为 {100 * true:.{decimals}f}%，而不是 {printed:.{decimals}f}%",
    )  # fmt: skip


def check_change(now: int, before: int, printed: float, *, decimals: int = 1) -> tuple[Slip, ...]:
    """Check a change printed in percent (negative for a fall): its sign, its size, and whether the counts carry one.

    A right percentage of a base below ``SMALL_BASE`` is reported as ``small_base``: -66.7 % from 3 to 1 is two calls.
    """
    found = []
    if before == 0:
        found.append(
            Slip(
                kind="impossible", printed=printed / 100, true=None,
                en=f"There is no percentage from 0 to {now}", zh=f"基数为 0，无法计算到 {now} 的百分比",
            )
        )  # fmt: skip
        return tuple(found)
    true = now / before - 1
    wrong = f"{before} → {now}"
    if printed * true < 0 or (printed != 0) != (now != before):
        found.append(
            Slip(
                kind="direction", printed=printed / 100, true=true,
                en=f"{wrong} is {_way(true, 'en')}, but the text says {_way(printed, 'en')}",
                zh=f"{wrong} 实为{_way(true, 'zh')}，文中写的是{_way(printed, 'zh')}",
            )
        )  # fmt: skip
    elif not _alike(printed, 100 * true, decimals):
        found.append(
            Slip(
                kind="change", printed=printed / 100, true=true,
                en=f"{wrong} is {100 * true:+.{decimals}f}%, not {printed:+.{decimals}f}%",
                zh=f"{wrong} 应为 {100 * true:+.{decimals}f}%，而不是 {printed:+.{decimals}f}%",
            )
        )  # fmt: skip
    if min(now, before) < SMALL_BASE and now != before:
        found.append(
            Slip(
                kind="small_base", printed=printed / 100, true=true,
                en=f"{wrong} is {abs(now - before)} calls: too few for a percentage",
                zh=f"{wrong} 只差 {abs(now - before)} 起，基数小，不宜用百分比",
            )
        )  # fmt: skip
    return tuple(found)


_COUNT = r"(\d{1,3}(?:[,，]\d{3})+|\d+)\s*(?:起|件|宗|次|人|例)?"
_GAP = r"[^。；;\n%％\d]{0,12}?"
_DOWN: Final = ("下降", "减少", "降低", "下跌", "降幅", "-", "−")
_WAY = r"(上升|增长|增加|上涨|提高|升幅|增幅|下降|减少|降低|下跌|降幅|[-−+＋])?(?:了|为|达|率|幅)?\s*"
_PERCENT = r"([-−+＋]?\d+(?:\.\d+)?)\s*[%％]"
_THEN = r"(?:去年同期|上年同期|同期|上一?期|上月|上周|昨日|前日|基期|去年|上年)"
_CHANGES: Final = (
    # 由 3 起降至 1 起，同比下降 66.7%
    (re.compile(rf"(?:由|从)\D{{0,8}}{_COUNT}{_GAP}(?:至|到|为)\s*{_COUNT}[^。；;\n\d%％]{{0,16}}?{_WAY}{_PERCENT}"), (1, 2, 3, 4)),
    # 100 起 → 120 起（+20%）
    (re.compile(rf"{_COUNT}\s*(?:→|⇒|->|—>|-->)\s*{_COUNT}[^。；;\n\d%％]{{0,12}}?{_WAY}{_PERCENT}"), (1, 2, 3, 4)),
    # 去年同期 100 起，今年 120 起，同比 +20%
    (
        re.compile(
            rf"{_THEN}[^。；;\n\d%％]{{0,8}}?{_COUNT}[^。；;\n\d%％]{{0,6}}?(?:今年|今日|本年|本期|本月|本周|本日|现)"
            rf"[^。；;\n\d%％]{{0,8}}?{_COUNT}[^。；;\n\d%％]{{0,6}}?(?:同比|环比)\s*{_WAY}{_PERCENT}"
        ),
        (1, 2, 3, 4),
    ),
    # 120 起，同比 +20%（去年同期 100 起）
    (
        re.compile(
            rf"{_COUNT}[^。；;\n\d%％]{{0,10}}?(?:同比|环比)[^。；;\n\d%％+＋−-]{{0,6}}?{_WAY}{_PERCENT}"
            rf"[^。；;\n\d%％]{{0,8}}?{_THEN}[^。；;\n\d%％]{{0,6}}?{_COUNT}"
        ),
        (4, 1, 2, 3),
    ),
)  # fmt: skip
"""Patterns of changes, and in which groups stand the count before, the count now, the direction and the percentage."""
_SHARES: Final = (
    # 受理 7,792 件，办结 7,762 件，办结率 97.12%
    (
        re.compile(
            rf"(?:受理|接报|应\S{{0,4}}|共|接收)\S{{0,6}}?\s*{_COUNT}{_GAP}(?:办结|处置|实\S{{0,4}}|其中|完成)\S{{0,6}}?\s*{_COUNT}"
            r"[^。；;\n\d]{0,12}?(?:率|占)(?:为|达|比)?\s*(\d+(?:\.\d+)?)\s*[%％]"
        ),
        (1, 2, 3),
    ),
    # 办结率 7762/7792 = 97.12%
    (re.compile(rf"{_COUNT}\s*[/／]\s*{_COUNT}\s*(?:[=＝≈(（，,:：]|即|为){{1,2}}\s*(\d+(?:\.\d+)?)\s*[%％]"), (2, 1, 3)),
    # 办结率 97.12%（7762/7792）
    (re.compile(rf"率(?:为|达|是)?\s*(\d+(?:\.\d+)?)\s*[%％]\s*[(（]\s*{_COUNT}\s*[/／]\s*{_COUNT}"), (3, 2, 1)),
)  # fmt: skip
"""Patterns of shares, and in which groups stand the whole, the part and the percentage."""
_FALL: Final = re.compile(r"(下降|减少|降低|下跌|降幅)(?:了|为|达)?\s*(\d+(?:\.\d+)?)\s*[%％]")


def find_slips(text: str) -> tuple[Slip, ...]:
    """Check the changes and shares in a Chinese report that stand in one sentence with their counts.

    Understood are changes such as "由 3 起降至 1 起，同比下降 66.7%", "100 起 → 120 起（+20%）", "去年同期 100 起，今年 120 起，同比 +20%"
    and "120 起，同比上升 20%（去年同期 100 起）", and shares such as "受理 7,792 件，办结 7,762 件，办结率 97.12%", "7762/7792 = 97.12%" and
    "办结率 97.12%（7762/7792）"; a fall of more than 100 % is a slip even without counts. What is not understood is passed over: no slip
    found is no proof that there is none.
    """
    return tuple(_slips(text))


def _slips(text: str) -> Iterator[Slip]:
    for match, groups in _found(text, _CHANGES):
        before, now, way, printed = (match.group(k) for k in groups)
        if way is None and printed[0].isdigit():
            continue  # neither a rise nor a fall is said: it may be a share
        size = float(_sign(printed))
        signed = -abs(size) if way in _DOWN else size
        yield from check_change(_whole(now), _whole(before), signed, decimals=_decimals(printed))
    for match, groups in _found(text, _SHARES):
        whole, part, printed = (match.group(k) for k in groups)
        slip = check_share(_whole(part), _whole(whole), float(printed), decimals=_decimals(printed))
        if slip is not None:
            yield slip
    for match in _FALL.finditer(text):
        if float(match.group(2)) > 100:
            yield Slip(
                kind="impossible", printed=-float(match.group(2)) / 100, true=None,
                en=f"Nothing falls by {match.group(2)}%: more than all", zh=f"{match.group(0)}：降幅不可能超过 100%",
            )  # fmt: skip


def _found(
    text: str, patterns: tuple[tuple[re.Pattern[str], tuple[int, ...]], ...]
) -> Iterator[tuple[re.Match[str], tuple[int, ...]]]:
    """Return what any pattern matches, in the order of the text; what stands in two matches counts for the earlier pattern."""
    held: list[tuple[re.Match[str], tuple[int, ...]]] = []
    for pattern, groups in patterns:
        held += [
            (match, groups)
            for match in pattern.finditer(text)
            if not any(match.start() < other.end() and other.start() < match.end() for other, _ in held)
        ]
    yield from sorted(held, key=lambda one: one[0].start())


def _sign(text: str) -> str:
    return text.replace("−", "-").replace("＋", "+")


def _alike(printed: float, true: float, decimals: int) -> bool:
    """Tell whether ``printed`` is ``true`` rounded (either way at a half) or cut to ``decimals``."""
    return abs(printed - true) < 10.0**-decimals * (1 - 1e-9) and (
        abs(printed - true) <= 0.5 * 10.0**-decimals + 1e-9 or abs(printed) <= abs(true)
    )


def _whole(text: str) -> int:
    return int(text.replace(",", "").replace("，", ""))


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _way(change: float, language: str) -> str:
    words = ("上升", "下降", "持平") if language == "zh" else ("a rise", "a fall", "no change")
    return words[0] if change > 0 else words[1] if change < 0 else words[2]
