"""规律性 after a plan was changed: measured anew where enough nights are kept, else that of the plan before, and said so."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final, cast

from api.services.patrol_irregular import nights_before, nights_lacking, told
from api.services.patrol_kept import Kept
from api.services.patrol_marks import marked
from api.services.patrol_tasks import Held
from api.services.patrol_versions import version_of
from api.services.workspace import Workspace
from geo.store.port import Json, Principal
from planners.patrol.guess.regularity import LEAST_NIGHTS, regularity
from planners.patrol.spacing.plan import SpacedPlan

RANKS: Final = ("low", "middle", "high")
NIGHTS_SECONDS: Final = 300
"""How late a change of the plans of earlier nights is seen: reading them for each edit would cost a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegularNow:
    """规律性 after a change; in words that times are easier to guess now, or that too few nights are kept to tell."""

    held: Json
    warning: tuple[str, str] = ("", "")
    lacking: tuple[str, str] = ("", "")


def regular_now(workspace: Workspace, principal: Principal, kept: Kept, plan: SpacedPlan) -> RegularNow:
    """Return 规律性 of a plan that was made of a kept one."""
    before = cast("Held | None", kept.record.body.get("regularity"))
    version = version_of(kept.record.body)
    nights = workspace.derived.get(
        "patrol_nights", (kept.record.plan_id, kept.ground.terms.shift.start, int(time.monotonic()) // NIGHTS_SECONDS),
        lambda: nights_before(workspace, principal, kept.ground),
    )  # fmt: skip
    now = cast("Held", told(regularity(kept.ground.crews, plan, nights), imagined=False))
    was = None if before is None else before["level"]
    if len(nights) < LEAST_NIGHTS:
        zh, en = nights_lacking(len(nights))
        held = now if was is None else marked(before, version, why=(f"修改后未核对：{zh}", f"not checked since: {en}"))
        lacking = (f"；规律性未核对：{zh}", f"; regularity not checked: {en}")
        return RegularNow(held=_priced(held, before, version), lacking=lacking)
    worse = was in RANKS and now["level"] in RANKS and RANKS.index(str(now["level"])) > RANKS.index(str(was))
    words = (f"；注意：{now['zh']}，时刻更易被猜到", f"; mind: {now['en']}, times are easier to guess")
    return RegularNow(held=_priced(now, before, version), warning=words if worse else ("", ""))


def _priced(now: Json, before: Held | None, version: int) -> Json:
    """Return 规律性 with the price of irregular times, marked as that of the version that paid it."""
    if before is None or before.get("cost_zh") is None:
        return now
    cost = marked({"zh": before["cost_zh"], "en": before["cost_en"], **cast("Held", before.get("cost") or {})}, version)
    held = cast("Held", cost)
    return {
        **cast("Held", now), "extra_units": before.get("extra_units"), "reserve_seconds": before.get("reserve_seconds"),
        "cost_zh": held["zh"], "cost_en": held["en"], "cost": {k: v for k, v in held.items() if k not in ("zh", "en")},
    }  # fmt: skip
