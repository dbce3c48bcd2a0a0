"""Made-up Chinese names from word lists; any likeness to a real place is chance."""

from __future__ import annotations

from typing import Final

import numpy as np

FIRST: Final = "东西南北新安和福长永金银清玉青白红明平兴"
SECOND: Final = "关桥湖港滩园坪塘井河泉庄岭坡湾堤渡"

MUST_VISIT_KINDS: Final = (
    "市场", "医院", "小学", "中学", "车站", "广场", "银行", "公园", "商场", "步行街",
    "加油站", "幼儿园", "夜市", "路口", "码头", "超市", "影院", "体育场",
)  # fmt: skip
VIDEO_KINDS: Final = ("路口", "桥头", "巷口", "广场东", "广场西", "市场北门", "车站出口", "环岛", "停车场", "隧道口")
SPECIAL_KINDS: Final = ("集贸市场", "大学校区", "综合医院", "工业园区", "商业综合体", "长途汽车站", "物流园", "景区")


def bases(rng: np.random.Generator, count: int) -> list[str]:
    """Draw ``count`` different two-character names; beyond the 340 of the lists they get a number."""
    every = [a + b for a in FIRST for b in SECOND]
    drawn = [every[k] for k in rng.permutation(len(every)).tolist()]
    return [drawn[k % len(drawn)] + ("" if k < len(drawn) else f"{k // len(drawn) + 1}") for k in range(count)]


def unique(names: list[str]) -> list[str]:
    """Number names that occur again: 东关市场, 东关市场二, 东关市场三."""
    seen: dict[str, int] = {}
    out: list[str] = []
    taken = set(names)
    for name in names:
        turn = seen.get(name, 0) + 1
        fresh = name
        while turn > 1 and (fresh := f"{name}{ordinal(turn)}") in taken:
            turn += 1
        seen[name] = turn
        taken.add(fresh)
        out.append(fresh)
    return out


def ordinal(number: int) -> str:
    """Write 1 to 99 in Chinese: 一, 十, 十二, 三十五."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if number >= 100:
        return str(number)
    return ("" if tens == 0 else ("十" if tens == 1 else digits[tens] + "十")) + (
        digits[ones] if ones or not tens else ""
    )
