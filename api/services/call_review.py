"""What cleaning noticed, and what a reviewer decides about it; every decision can be taken back."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import shapely

from api.schemas.calls import Bases, Decided, FlagCount, FlaggedCalls, FlagsAnswer, Plain
from api.services.features import plain
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.incidents.flags import REASONS, State, as_decided, count_flags, decided, has_flag, reason_of
from geo.store.port import Principal
from geo.tables.calls import Calls

DECISIONS: Final[dict[str, State]] = {"accept": "accepted", "dismiss": "dismissed", "undo": "open"}
BATCH: Final = 100_000


def counted_flags(flags: pd.Series) -> list[FlagCount]:
    """Return the reasons that occur, their sentences and counts."""
    out = []
    for code, states in count_flags(flags).items():
        reason = REASONS[code]
        out.append(
            FlagCount(
                code=code, label_zh=reason.zh, label_en=reason.en, sentence_zh=reason.sentence_zh,
                sentence_en=reason.sentence_en, effect=reason.effect, n=sum(states.values()), **states,
            )
        )  # fmt: skip
    return out


def bases_of(frame: pd.DataFrame) -> Bases:
    """Return how many calls each base counts."""
    valid = frame["valid"].to_numpy(dtype=bool)
    return Bases(
        received=len(frame), valid=int(valid.sum()), cases=int(frame["filed_case"].to_numpy(dtype=bool).sum()),
        valid_unplaced=int((valid & ~frame["placed"].to_numpy(dtype=bool)).sum()),
    )  # fmt: skip


def flags_of(workspace: Workspace, principal: Principal) -> FlagsAnswer:
    """Return the flags of all calls, by reason."""
    frame = workspace.calls(principal).frame
    return FlagsAnswer(
        n_calls=len(frame), n_flagged=int(frame["flags"].notna().sum()), bases=bases_of(frame),
        flags=counted_flags(frame["flags"]), version=workspace.store.version("calls"),
    )  # fmt: skip


def flagged_calls(
    workspace: Workspace, principal: Principal, code: str, *, state: State | None, limit: int, offset: int
) -> FlaggedCalls:
    """Return calls with a reason, newest first."""
    frame = workspace.calls(principal).frame
    chosen = frame[has_flag(frame["flags"], code, state)].sort_values(
        ["occurred_at", "call_id"], ascending=[False, True]
    )
    return FlaggedCalls(
        code=code, state=state, matched=len(chosen), calls=plain_calls(chosen.iloc[offset : offset + limit])
    )


def decide(
    workspace: Workspace, principal: Principal, code: str, decision: str, *, call_ids: list[str] | None = None
) -> Decided:
    """Set the state of a reason for the calls named, or for all that have it; the calls themselves stay.

    Raises
    ------
    ParameterError
        For an unknown reason or decision, or calls that do not have the reason.
    """
    reason_of(code)
    if decision not in DECISIONS:
        known = ", ".join(DECISIONS)
        raise ParameterError(f"{decision!r} is not a decision; use {known}", f"操作 {decision!r} 无效，可选：{known}")
    state = DECISIONS[decision]
    with workspace.importing:
        frame = workspace.calls(principal).frame
        rows = has_flag(frame["flags"], code)
        if call_ids is not None:
            named = frame["call_id"].isin(call_ids).to_numpy()
            strange = sorted(set(call_ids) - set(frame["call_id"][rows & named]))
            if strange:
                raise ParameterError(
                    f"{len(strange)} of the calls do not have this flag, such as {strange[0]}",
                    f"其中 {len(strange)} 起警情没有该标记，例如 {strange[0]}",
                    rows=strange[:100],
                )
            rows &= named
        rows &= ~has_flag(frame["flags"], code, state)
        chosen = frame[rows].reset_index(drop=True)
        chosen = chosen.assign(flags=decided(chosen["flags"], code, state, rows=np.ones(len(chosen), dtype=bool)))
        changed = as_decided(chosen)
        for start in range(0, len(changed), BATCH):
            part = Calls(changed.iloc[start : start + BATCH].reset_index(drop=True))
            workspace.store.upsert(principal, part, source=f"flag {code}: {decision}")
    after = workspace.calls(principal).frame
    return Decided(changed=len(changed), bases=bases_of(after), version=workspace.store.version("calls"))


def plain_calls(frame: pd.DataFrame) -> list[dict[str, Plain]]:
    """Return calls as plain values, with ``lon`` and ``lat``."""
    spots = shapely.get_coordinates(np.asarray(frame["geometry"].array, dtype=object)).reshape(-1, 2)
    rows: list[dict[str, Plain]] = []
    for i in range(len(frame)):
        values = {name: plain(frame[name].iloc[i]) for name in Calls.SPEC.names}
        row = {k: v if isinstance(v, str | int | float | bool) else None for k, v in values.items()}
        rows.append({**row, "lon": float(spots[i, 0]), "lat": float(spots[i, 1])})
    return rows
