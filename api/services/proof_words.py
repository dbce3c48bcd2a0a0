"""How good a plan is proved to be, in words."""

from __future__ import annotations

from typing import TypeVar

from planners.contract import Outcome

P = TypeVar("P")


def proof_words(outcome: Outcome[P]) -> tuple[str, str]:
    """Return in Chinese and English: proved best, so far above the bound, or without a bound."""
    if outcome.gap is None:
        return "未证明最优，无理论下限", "not proved best, no bound"
    if outcome.proved:
        return "已证明最优", "proved best"
    return f"与理论下限相差 {100 * outcome.gap:.1f}%", f"{100 * outcome.gap:.1f} % above the proved bound"
