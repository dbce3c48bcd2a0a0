"""Families of calls (警情类别) and the assumed shape of each in time, place and handling.

All figures are assumptions for a demonstration: they give the year the shape of weeks, nights and seasons, and stand for
no real city.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]

BURGLARY: Final = "入室盗窃"
FRAUD: Final = "诈骗"
INTAKES: Final = ("报警", "求助", "投诉", "12345", "网格上报")

PLACE_KINDS: Final = ("homes", "trade", "roads")
"""Background: by residents, by residents on main streets, by main streets and crossings."""
HOT_KINDS: Final = ("nightlife", "market", "transport", "estate")
"""Kinds of hot places; see ``geo.synthetic.hot_places``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family of calls.

    Attributes
    ----------
    share : of all calls
    bumps : (hour, width in hours, height) over a level of 0.15: the day
    week : factors Monday to Sunday
    late_weekend : factor on the nights of Friday and Saturday, 20:00 to 05:00
    season : (amplitude, day of the year of the peak)
    trend : relative change over the year
    place : background, one of ``PLACE_KINDS``
    hot_share : part of the calls that fall at hot places
    hot : affinity to each of ``HOT_KINDS``
    priority : weights of the grades 1 (first) to 5
    filed : part of the valid calls filed as a case
    citizen : part reported by citizens, the rest found by units themselves
    intake : weights of ``INTAKES`` for what citizens report
    delay_minutes : median from the event (or its end) to the report
    scene_minutes : median on the scene
    """

    name: str
    share: float
    bumps: tuple[tuple[float, float, float], ...]
    week: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.05, 1.05, 0.98)
    late_weekend: float = 1.0
    season: tuple[float, float] = (0.05, 200.0)
    trend: float = 0.0
    place: str
    hot_share: float
    hot: tuple[float, float, float, float]
    priority: tuple[float, ...] = (0.02, 0.1, 0.4, 0.38, 0.1)
    filed: float = 0.01
    citizen: float = 0.92
    intake: tuple[float, ...] = field(default=(0.9, 0.04, 0.02, 0.03, 0.01))
    delay_minutes: float = 5.0
    scene_minutes: float = 20.0

    def day(self) -> Float:
        """Return the intensity of the 24 hours, float64[24], mean 1."""
        hour = np.arange(24) + 0.5
        level = np.full(24, 0.15)
        for centre, width, height in self.bumps:
            apart = np.abs(hour - centre)
            level += height * np.exp(-0.5 * (np.minimum(apart, 24 - apart) / width) ** 2)
        return np.asarray(level / level.mean(), dtype=np.float64)


FAMILIES: Final = (
    Family(
        name="盗窃", share=0.135, bumps=((11, 3, 0.9), (17.5, 2.5, 1.2)), week=(0.95, 0.95, 0.97, 1, 1.05, 1.12, 1.05),
        season=(0.1, 350), trend=-0.08, place="trade", hot_share=0.6, hot=(0.8, 2.5, 1.5, 0.3),
        priority=(0.01, 0.12, 0.52, 0.3, 0.05), filed=0.5, delay_minutes=35, scene_minutes=30,
    ),
    Family(
        name=BURGLARY, share=0.045, bumps=((14, 3, 0.9), (2.5, 1.8, 1.3)), season=(0.22, 20), trend=0.1, place="homes",
        hot_share=0.4, hot=(0.1, 0.2, 0.1, 3), priority=(0.03, 0.4, 0.5, 0.07, 0), filed=0.8, citizen=0.98,
        delay_minutes=25, scene_minutes=55,
    ),
    Family(
        name="打架斗殴", share=0.07, bumps=((22.5, 2.2, 1.8), (18, 2.5, 0.4)), week=(0.85, 0.85, 0.9, 0.95, 1.15, 1.25, 1.05),
        late_weekend=1.7, season=(0.2, 205), place="trade", hot_share=0.65, hot=(3, 0.7, 0.5, 0.4),
        priority=(0.12, 0.45, 0.38, 0.05, 0), filed=0.12, delay_minutes=3, scene_minutes=28,
    ),
    Family(
        name=FRAUD, share=0.105, bumps=((10.5, 1.8, 1.1), (15.5, 2.3, 1.2), (20, 1.5, 0.4)),
        week=(1.15, 1.12, 1.1, 1.08, 1.05, 0.78, 0.72), trend=0.15, place="homes", hot_share=0.2, hot=(0.2, 1, 1, 1),
        priority=(0, 0.1, 0.5, 0.35, 0.05), filed=0.55, citizen=0.99, delay_minutes=240, scene_minutes=40,
    ),
    Family(
        name="噪音扰民", share=0.115, bumps=((22.8, 1.6, 2.4), (7, 1.2, 0.4), (13, 1, 0.3)), late_weekend=1.4,
        season=(0.35, 200), place="homes", hot_share=0.35, hot=(1.5, 0.2, 0.1, 1.5), priority=(0, 0.01, 0.14, 0.5, 0.35),
        citizen=0.985, intake=(0.55, 0.02, 0.2, 0.19, 0.04), delay_minutes=14, scene_minutes=14,
    ),
    Family(
        name="交通事故", share=0.175, bumps=((8, 1.1, 1.7), (18, 1.4, 1.9), (13, 2.5, 0.6)),
        week=(1.08, 1, 1, 1.02, 1.15, 0.95, 0.8), season=(0.08, 330), trend=0.03, place="roads", hot_share=0.3,
        hot=(0.4, 0.8, 2.5, 0.1), priority=(0.06, 0.3, 0.5, 0.13, 0.01), citizen=0.9, delay_minutes=3, scene_minutes=32,
    ),
    Family(
        name="求助", share=0.14, bumps=((10, 2.5, 0.9), (16, 3, 0.9), (20.5, 2, 0.5)), place="homes", hot_share=0.25,
        hot=(0.6, 0.8, 1, 1), priority=(0.05, 0.15, 0.35, 0.35, 0.1), filed=0.0, citizen=0.93,
        intake=(0.12, 0.74, 0.02, 0.08, 0.04), delay_minutes=6, scene_minutes=22,
    ),
    Family(
        name="纠纷", share=0.13, bumps=((10.5, 2.3, 0.8), (16, 2.5, 0.8), (20, 1.8, 1)), week=(1, 0.97, 0.97, 0.98, 1, 1.08, 1.06),
        place="homes", hot_share=0.35, hot=(0.6, 1.6, 0.5, 1.2), priority=(0.01, 0.14, 0.5, 0.3, 0.05),
        intake=(0.72, 0.08, 0.06, 0.06, 0.08), delay_minutes=12, scene_minutes=36,
    ),
    Family(
        name="醉酒滋事", share=0.05, bumps=((23.3, 2, 2.6), (1.5, 1.5, 1.4)), week=(0.75, 0.75, 0.8, 0.9, 1.3, 1.4, 1),
        late_weekend=1.8, season=(0.15, 190), place="trade", hot_share=0.75, hot=(4, 0.3, 0.6, 0.2),
        priority=(0.05, 0.3, 0.5, 0.14, 0.01), filed=0.02, citizen=0.85, delay_minutes=5, scene_minutes=34,
    ),
    Family(
        name="可疑情况", share=0.035, bumps=((23, 2.5, 1.2), (3, 2, 1)), place="homes", hot_share=0.35, hot=(0.7, 0.5, 1, 1),
        priority=(0.04, 0.26, 0.5, 0.18, 0.02), filed=0.0, citizen=0.45, delay_minutes=3, scene_minutes=16,
    ),
    Family(
        name="抢劫抢夺", share=0.003, bumps=((21.5, 2.5, 1.6), (2, 2, 1)), season=(0.1, 340), trend=-0.2, place="trade",
        hot_share=0.5, hot=(1.5, 1.5, 1, 0.5), priority=(0.75, 0.25, 0, 0, 0), filed=0.92, delay_minutes=3,
        scene_minutes=70,
    ),
    Family(
        name="损毁财物", share=0.012, bumps=((21, 3, 1), (8, 2, 0.6)), place="homes", hot_share=0.35, hot=(1.2, 0.6, 0.4, 1),
        priority=(0.01, 0.1, 0.55, 0.3, 0.04), filed=0.18, delay_minutes=50, scene_minutes=30,
    ),
)  # fmt: skip
"""Nine street families (九类街面警情) and three more; a user's own list replaces them for real calls."""
