"""Drafts (稿件) on their way to an edition: who may take which step, and what was taken when and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, Literal, Protocol, Self

import pandas as pd

from geo.errors import ConflictError, ForbiddenError, ParameterError
from geo.grids.changes import Changes, Standing, refuse_moved

State = Literal["draft", "submitted", "approved", "returned", "published", "discarded"]
StepName = Literal[
    "begin", "save", "comment", "submit", "recall", "approve", "return", "rebase", "publish", "discard"
]  # fmt: skip

STATES_ZH: Final[Mapping[State, str]] = MappingProxyType(
    {"draft": "草稿", "submitted": "已报审", "approved": "审核通过", "returned": "已退回", "published": "已发布",
     "discarded": "已作废"}
)  # fmt: skip
STEPS_ZH: Final[Mapping[StepName, str]] = MappingProxyType(
    {"begin": "起草", "save": "保存", "comment": "批注", "submit": "报审", "recall": "撤回报审", "approve": "审核通过",
     "return": "退回", "rebase": "变基", "publish": "发布", "discard": "作废"}
)  # fmt: skip

_ALIVE: Final[frozenset[State]] = frozenset({"draft", "returned", "submitted", "approved"})
_OPEN: Final[frozenset[State]] = frozenset({"draft", "returned"})
_MOVES: Final[Mapping[StepName, tuple[frozenset[State], State | None]]] = MappingProxyType(
    {
        "save": (_OPEN, "draft"),
        "comment": (_ALIVE, None),
        "submit": (_OPEN, "submitted"),
        "recall": (frozenset({"submitted"}), "draft"),
        "approve": (frozenset({"submitted"}), "approved"),
        "return": (frozenset({"submitted", "approved"}), "returned"),
        "rebase": (_ALIVE, None),
        "publish": (frozenset({"approved"}), "published"),
        "discard": (_ALIVE, "discarded"),
    }
)
"""For each step the states in which it may be taken and the state after it (None: the same)."""

_REVIEW: Final[frozenset[StepName]] = frozenset({"approve", "return", "publish"})


class Actor(Protocol):
    """Who takes a step: account, roles, and area codes (prefixes) that the account may see; none means all."""

    @property
    def account(self) -> str: ...  # noqa: D102
    @property
    def roles(self) -> AbstractSet[str]: ...  # noqa: D102
    @property
    def scopes(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which role each step needs, and how reviewing is kept apart from drawing.

    Attributes
    ----------
    roles : role by step; ``admin`` may take any
    two_people : whether who submitted a draft may not approve it
    review_scope_length : characters of the longest area code of an account that may review (6: a county)
    """

    roles: Mapping[StepName, str] = field(
        default_factory=lambda: MappingProxyType({
            "begin": "edit", "save": "edit", "submit": "edit", "recall": "edit", "rebase": "edit", "discard": "edit",
            "comment": "read", "approve": "review", "return": "review", "publish": "publish",
        })
    )  # fmt: skip
    two_people: bool = True
    review_scope_length: int = 6

    def require(self, step: StepName, actor: Actor, *, area: str) -> None:
        """Raise ``ForbiddenError`` unless the actor's roles and area allow the step on a draft of ``area``."""
        role = self.roles[step]
        if role not in actor.roles and "admin" not in actor.roles:
            raise ForbiddenError(
                f"Account {actor.account} may not {step} a draft: that needs the role {role}",
                f"账号 {actor.account} 无权执行“{STEPS_ZH[step]}”，需要角色 {role}",
            )
        covering = [scope for scope in actor.scopes if area.startswith(scope)]
        if actor.scopes and not covering:
            raise ForbiddenError(
                f"The draft is about area {area or 'all'}, outside the area of account {actor.account}",
                f"稿件范围 {area or '全部'} 不在账号 {actor.account} 的辖区内",
            )
        if step in _REVIEW and actor.scopes and min(map(len, covering)) > self.review_scope_length:
            raise ForbiddenError(
                f"Account {actor.account} is of a street; a draft is reviewed and published by the county",
                f"账号 {actor.account} 属于街道（乡镇），审核与发布须由县（区）办理",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftStep:
    """One step: what, by whom, when, why, and the state before and after; ``codes`` are grids that a comment is about."""

    step: StepName
    account: str
    at: datetime
    before: State
    after: State
    reason: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRecord:
    """A draft without its rows: what it is called, what it touches, where it stands and how it came there.

    Attributes
    ----------
    area : code prefix of the area that it is about and must stay in; empty for all
    base : number of the edition that it changes
    touched : codes that it changes, makes or ends, rising
    valid_from : the day on which it takes effect, once published
    edition : number of the edition that it became
    version : how often it was saved in a store; 0 before the first time
    """

    draft_id: str
    title: str
    area: str
    base: int
    state: State
    touched: tuple[str, ...] = ()
    steps: tuple[DraftStep, ...] = ()
    valid_from: date | None = None
    edition: int | None = None
    version: int = 0

    @classmethod
    def begun(
        cls,
        *,
        draft_id: str,
        title: str,
        base: int,
        actor: Actor,
        at: datetime,
        area: str = "",
        rules: Rules | None = None,
    ) -> Self:
        """Return a new, empty draft on an edition."""
        (rules or Rules()).require("begin", actor, area=area)
        if not title.strip():
            raise ParameterError("A draft needs a name", "稿件需要名称")
        first = DraftStep(step="begin", account=actor.account, at=_aware(at), before="draft", after="draft")
        return cls(draft_id=draft_id, title=title.strip(), area=area, base=base, state="draft", steps=(first,))

    @property
    def author(self) -> str:
        """Who began it."""
        return self.steps[0].account

    @property
    def submitter(self) -> str | None:
        """Who submitted it last."""
        return next((step.account for step in reversed(self.steps) if step.step == "submit"), None)

    def may(self, step: StepName, actor: Actor, *, rules: Rules | None = None) -> bool:
        """Whether the actor could take this step now; for the page, which shows only what would work."""
        try:
            self._require(step, actor, rules or Rules())
        except (ConflictError, ForbiddenError):
            return False
        return True

    def taken(
        self,
        step: StepName,
        *,
        actor: Actor,
        at: datetime,
        reason: str = "",
        codes: Sequence[str] = (),
        rules: Rules | None = None,
    ) -> Self:
        """Return the draft after a step that changes neither rows nor base: all but save, rebase and publish.

        Raises
        ------
        ForbiddenError
            If the actor may not.
        ConflictError
            If the draft is not in a state for it, or nothing is changed when it is submitted.
        ParameterError
            If it is returned without a reason or a comment is empty.
        """
        if step in ("begin", "save", "rebase", "publish"):
            raise ParameterError(f"{step} is not a step of this call", f"“{STEPS_ZH[step]}”应使用专门的调用")
        self._require(step, actor, rules or Rules())
        if step in ("return", "comment") and not reason.strip():
            raise ParameterError(
                "Say why: a draft is returned, or commented on, with a sentence", "请写明理由：退回和批注必须附说明"
            )
        if step == "submit" and not self.touched:
            raise ConflictError("The draft changes nothing yet; draw something first", "稿件尚无改动，请先调整边界")
        return self._stepped(step, actor, at, reason=reason.strip(), codes=codes)

    def saved(
        self, changes: Changes, *, actor: Actor, at: datetime, note: str = "", rules: Rules | None = None
    ) -> Self:
        """Return the draft with other rows; a returned one is a draft again.

        Raises
        ------
        ForbiddenError
            If the actor may not, or a grid lies outside the area of the draft.
        ConflictError
            If the draft is submitted or further: recall it first.
        """
        self._require("save", actor, rules or Rules())
        outside = [code for code in changes.touched if not code.startswith(self.area)]
        if outside:
            raise ForbiddenError(
                f"Grids {', '.join(outside[:5])} lie outside {self.area}, which this draft is about",
                f"网格 {'、'.join(outside[:5])} 不在本稿范围 {self.area} 内",
                rows=outside,
            )
        return replace(self._stepped("save", actor, at, reason=note), touched=changes.touched)

    def rebased(self, head: int, where: Standing, *, actor: Actor, at: datetime, rules: Rules | None = None) -> Self:
        """Return the draft on the newest edition; it keeps its state, since its own grids are what was looked at.

        Raises
        ------
        ConflictError
            If others changed grids that it touches.
        """
        self._require("rebase", actor, rules or Rules())
        if not where.rebasable:
            raise refuse_moved(where)
        stepped = self._stepped("rebase", actor, at, reason=f"{self.base} → {head}")
        return replace(stepped, base=head)

    def published(
        self, valid_from: date, *, actor: Actor, at: datetime, note: str = "", rules: Rules | None = None
    ) -> Self:
        """Return the draft as published from a day on; the store makes it an edition in the same transaction."""
        self._require("publish", actor, rules or Rules())
        return replace(self._stepped("publish", actor, at, reason=note), valid_from=valid_from)

    def frame(self) -> pd.DataFrame:
        """Return a row per step: step, step_zh, account, at, before, after, reason, codes."""
        rows = [
            {
                "step": s.step,
                "step_zh": STEPS_ZH[s.step],
                "account": s.account,
                "at": s.at,
                "before": s.before,
                "after": s.after,
                "reason": s.reason,
                "codes": " ".join(s.codes),
            }
            for s in self.steps
        ]
        return pd.DataFrame(rows, columns=["step", "step_zh", "account", "at", "before", "after", "reason", "codes"])

    def _require(self, step: StepName, actor: Actor, rules: Rules) -> None:
        states, _ = _MOVES[step]
        if self.state not in states:
            raise ConflictError(
                f"Draft {self.draft_id} is {self.state}; to {step} it, it must be {' or '.join(sorted(states))}",
                f"稿件“{self.title}”当前为“{STATES_ZH[self.state]}”，不能{STEPS_ZH[step]}",
                rows=[self.draft_id],
            )
        rules.require(step, actor, area=self.area)
        if step == "approve" and rules.two_people and actor.account == self.submitter:
            raise ForbiddenError(
                f"Account {actor.account} submitted this draft; another account must approve it",
                f"账号 {actor.account} 是报审人，须由他人审核",
            )

    def _stepped(
        self, step: StepName, actor: Actor, at: datetime, *, reason: str = "", codes: Sequence[str] = ()
    ) -> Self:
        after = _MOVES[step][1] or self.state
        made = DraftStep(
            step=step, account=actor.account, at=_aware(at), before=self.state, after=after, reason=reason,
            codes=tuple(codes),
        )  # fmt: skip
        if self.steps and made.at < self.steps[-1].at:
            raise ParameterError(
                f"The step of {at.isoformat()} is before the last one of {self.steps[-1].at.isoformat()}; set the clock",
                f"步骤时间 {at.isoformat()} 早于上一步 {self.steps[-1].at.isoformat()}，请校准时钟",
            )
        return replace(self, state=after, steps=(*self.steps, made))


def clashes(drafts: Sequence[DraftRecord]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the pairs of living drafts that touch the same grids, and which: only one of them can be published as is."""
    alive = [draft for draft in drafts if draft.state in _ALIVE]
    found = []
    for place, one in enumerate(alive):
        for other in alive[place + 1 :]:
            both = tuple(sorted(set(one.touched) & set(other.touched)))
            if both:
                found.append((one.draft_id, other.draft_id, both))
    return found


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ParameterError(
            f"The time {at.isoformat()} has no zone; write it with one, such as +08:00",
            f"时间 {at.isoformat()} 没有时区，请写明时区，例如 +08:00",
        )
    return at
