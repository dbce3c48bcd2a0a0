"""Parts of a report: a block of its document, what its rows count, and the formula behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.services.filters import CallFilter
from api.services.report_periods import Span
from api.services.workspace import Workspace
from geo.incidents.comparison import Comparison
from geo.incidents.suppress import comparison_may_be_shown
from geo.store.port import Principal
from web.paper.document import Block, Cell, Column, Lang, Table

Asked = Mapping[str, str]
"""Parameters of ``GET /api/rows`` that list the calls behind a row."""
HIDDEN: Final = ("少于 {few}", "under {few}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A block, the calls behind each row of a table (None where there are none to list), and how it is computed."""

    block: Block
    rows: tuple[Asked | None, ...] = ()
    formula: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """The language of a report and what its reader may see."""

    lang: Lang
    few: int = 0

    @classmethod
    def of(cls, workspace: Workspace, principal: Principal, lang: Lang) -> Writer:
        """Return the writer for an account: small counts are hidden from roles that need no detail."""
        return cls(lang=lang, few=0 if sees_few(workspace, principal) else workspace.settings.few_below)

    @property
    def k(self) -> int:
        """Row of a pair (zh, en)."""
        return 0 if self.lang == "zh" else 1

    def say(self, zh: str, en: str) -> str:
        """Return the sentence in the language of the report."""
        return zh if self.lang == "zh" else en

    def few_text(self) -> str:
        """Return what stands for a small count."""
        return HIDDEN[self.k].format(few=self.few)

    def count(self, n: int) -> Cell:
        """Return a count as it may be shown."""
        return self.few_text() if 0 < n < self.few else n

    def interval(self, n: int, low: float, high: float) -> str:
        """Return the interval of a count as it may be shown."""
        return "" if 0 < n < self.few else f"{low:,.1f}–{high:,.1f}"

    def may_show(self, comparison: Comparison) -> bool:
        """Whether a comparison gives no small count away."""
        return not self.few or comparison_may_be_shown(comparison, threshold=self.few)

    def columns(self, *columns: tuple[str, str, str, float]) -> tuple[Column, ...]:
        """Return columns from (zh, en, kind, width)."""
        return tuple(
            Column(heading=self.say(zh, en), kind=kind, width=width)  # type: ignore[arg-type]
            for zh, en, kind, width in columns
        )

    def table(
        self,
        title: tuple[str, str],
        columns: Sequence[Column],
        rows: Sequence[tuple[Cell, ...]],
        *,
        note: tuple[str, str] = ("", ""),
        asked: Sequence[Asked | None] = (),
        formula: tuple[str, str] = ("", ""),
    ) -> Part:
        """Return a table with what its rows count."""
        block = Table(title=self.say(*title), columns=tuple(columns), rows=tuple(rows), note=self.say(*note))
        return Part(block=block, rows=tuple(asked), formula=self.say(*formula))


def sees_few(workspace: Workspace, principal: Principal) -> bool:
    """Whether an account sees small counts and the calls behind a figure."""
    return any(principal.may(role) for role in workspace.settings.few_shown_to)


def asked_of(workspace: Workspace, span: Span, wanted: CallFilter, **more: str) -> dict[str, str]:
    """Return the parameters that list the calls of a span that a filter lets pass; ``more`` narrows them further."""
    start, end = (at.replace(tzinfo=workspace.zone).isoformat() for at in (span.start, span.end))
    same = {"basis": wanted.basis, "citizen": wanted.citizen, "families": ",".join(sorted(wanted.families or ()))}
    return {"from": start, "to": end, **{key: value for key, value in {**same, **more}.items() if value}}


def change_text(comparison: Comparison, lang: str) -> str:
    """Return a change with its interval, where a percentage is fair."""
    if not comparison.percentage_is_fair or comparison.ratio is None:
        return "基数小，不报百分比" if lang == "zh" else "base too small"
    change, low, high = (100 * (r - 1) for r in (comparison.ratio, comparison.ratio_low, comparison.ratio_high))
    word = "至" if lang == "zh" else "to"
    return f"{change:+.1f}% ({low:+.1f}% {word} {high:+.1f}%)"


def p_text(p: float) -> str:
    """Return p as it is printed."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
