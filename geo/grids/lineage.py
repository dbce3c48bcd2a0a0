"""What became of each grid from one edition to another: kept, renamed, shifted, split, merged, new, gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.errors import CheckError
from geo.grids.changes import Changes, apply_changes, difference_of, rows_of
from geo.grids.crosswalk import GENERAL, Crosswalk, Placed, build_crosswalk
from geo.tables.grids import Grids

Fate = Literal["kept", "edited", "renamed", "shifted", "split", "merged", "regrouped", "new", "gone"]
FATES_ZH: Final[Mapping[Fate, str]] = MappingProxyType(
    {"kept": "未变", "edited": "属性变更", "renamed": "更换编码", "shifted": "边界调整", "split": "拆分", "merged": "合并",
     "regrouped": "重新划分", "new": "新增", "gone": "撤销"}
)  # fmt: skip
HEIR_SHARE: Final = 0.5
"""A new grid descends from an old one if it has this share of it, or consists of it by this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageStep:
    """An operation on grids as it was done: the codes that went in and those that came out.

    A split names one grid before and several after, a merge the other way round, a shift the same grids on both sides,
    a rename one and one; something new has nothing before, something gone nothing after.
    """

    kind: Literal["split", "merge", "shift", "rename", "new", "gone"]
    before: tuple[str, ...]
    after: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEvent:
    """What happened to some grids, and how it is known.

    Attributes
    ----------
    before, after : codes in the old and in the new edition, rising
    source : ``operations`` (recorded as it was done) or ``overlap`` (computed)
    """

    fate: Fate
    before: tuple[str, ...]
    after: tuple[str, ...]
    kind: str = GENERAL
    source: Literal["operations", "overlap"] = "overlap"

    def sentence(self, language: str = "zh") -> str:
        """Return what happened as a sentence."""
        one, other = list(self.before), list(self.after)
        if language.startswith("zh"):
            told = "、".join
            words: dict[Fate, str] = {
                "kept": f"{told(one)} 未变", "edited": f"{told(one)} 边界未变，属性变更",
                "renamed": f"{told(one)} 更换编码为 {told(other)}", "shifted": f"{told(one)} 边界调整",
                "split": f"{told(one)} 拆分为 {told(other)}", "merged": f"{told(one)} 合并为 {told(other)}",
                "regrouped": f"{told(one)} 重新划分为 {told(other)}", "new": f"新增 {told(other)}",
                "gone": f"撤销 {told(one)}" + (f"，并入 {told(other)}" if other else ""),
            }  # fmt: skip
            return words[self.fate]
        said = ", ".join
        english: dict[Fate, str] = {
            "kept": f"{said(one)} unchanged", "edited": f"{said(one)} with the same boundary and other attributes",
            "renamed": f"{said(one)} renamed {said(other)}", "shifted": f"the boundary of {said(one)} moved",
            "split": f"{said(one)} split into {said(other)}", "merged": f"{said(one)} merged into {said(other)}",
            "regrouped": f"{said(one)} redrawn as {said(other)}", "new": f"{said(other)} new",
            "gone": f"{said(one)} ended" + (f", divided among {said(other)}" if other else ""),
        }  # fmt: skip
        return english[self.fate]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lineage:
    """What became of the grids of one edition in another.

    Attributes
    ----------
    events : every grid of both editions is in exactly one, as before or after; ``gone`` also names where the land went
    crosswalk : shares of the general grids, old to new
    changes : the rows that differ, which replay the new edition from the old
    """

    events: tuple[LineageEvent, ...]
    crosswalk: Crosswalk
    changes: Changes

    def replay(self, base: Grids) -> Grids:
        """Return the new edition, to the last bit, from the old one."""
        return apply_changes(base, self.changes)

    def counts(self) -> dict[Fate, int]:
        """Return the number of events by fate; only those that happened."""
        found: dict[Fate, int] = {}
        for event in self.events:
            found[event.fate] = found.get(event.fate, 0) + 1
        return found

    def frame(self) -> pd.DataFrame:
        """Return a row per event: fate, fate_zh, kind, before, after, source, zh, en."""
        rows = [
            {
                "fate": e.fate,
                "fate_zh": FATES_ZH[e.fate],
                "kind": e.kind,
                "before": " ".join(e.before),
                "after": " ".join(e.after),
                "source": e.source,
                "zh": e.sentence("zh"),
                "en": e.sentence("en"),
            }
            for e in self.events
        ]
        return pd.DataFrame(rows, columns=["fate", "fate_zh", "kind", "before", "after", "source", "zh", "en"])


def build_lineage(
    old: Grids,
    new: Grids,
    *,
    steps: Sequence[LineageStep] | None = None,
    placed: Mapping[str, Placed] | None = None,
) -> Lineage:
    """Return what became of each grid, from the operations where they are known, else from overlap.

    General and special grids are followed apart. Shares are always measured (by area, and by ``placed`` things).

    Raises
    ------
    CheckError
        If the operations do not lead from the codes of the old edition to those of the new one.
    """
    crosswalk = build_crosswalk(old, new, placed=placed)
    before, after = rows_of(old), rows_of(new)
    declared = None if steps is None else descent(steps, old.keys, new.keys)
    events: list[LineageEvent] = []
    for kind in sorted({*old.frame["kind"], *new.frame["kind"]}):
        walk = crosswalk if kind == GENERAL else build_crosswalk(old, new, source_kind=kind, target_kind=kind)
        links = _strong(walk) if declared is None else _among(declared, walk)
        events += _events(walk, links, before, after, kind, "overlap" if declared is None else "operations")
    events.sort(key=lambda event: (event.before or event.after, event.after))
    return Lineage(events=tuple(events), crosswalk=crosswalk, changes=difference_of(before, after, new))


def descent(steps: Iterable[LineageStep], old: Sequence[str], new: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Return the pairs (old code, new code) that operations, one after another, make of an edition's codes.

    Raises
    ------
    CheckError
        If a step uses a code that is not there, makes one that is, or the codes at the end are not those of the new
        edition.
    """
    origin: dict[str, frozenset[str]] = {code: frozenset((code,)) for code in old}
    for number, step in enumerate(steps, start=1):
        absent = [code for code in step.before if code not in origin]
        taken = [code for code in step.after if code in origin and code not in step.before]
        if absent or taken:
            raise CheckError(
                f"Operation {number} ({step.kind}) does not follow: {', '.join(absent or taken)} "
                f"{'is not there' if absent else 'is there already'}",
                f"第 {number} 步操作（{step.kind}）无法接续：{'、'.join(absent or taken)} {'不存在' if absent else '已存在'}",
                rows=absent or taken,
            )
        if step.kind == "shift":
            continue  # each grid stays itself
        from_ = frozenset().union(*(origin.pop(code) for code in step.before))
        origin.update(dict.fromkeys(step.after, from_))
    differing = sorted(set(new) ^ origin.keys())
    if differing:
        raise CheckError(
            f"The operations do not lead to the new edition: grids {', '.join(differing[:5])} differ",
            f"操作记录不能得到新版本：网格 {'、'.join(differing[:5])} 不一致",
            rows=differing,
        )
    return frozenset((a, b) for b, ancestors in origin.items() for a in ancestors)


def heirs(lineages: Sequence[Lineage], code: str) -> tuple[str, ...]:
    """Return the codes that a grid's land goes by after a chain of lineages, rising; empty when all is gone."""
    held = {code}
    for lineage in lineages:
        held = {after for event in lineage.events if held & set(event.before) for after in event.after}
    return tuple(sorted(held))


def _strong(walk: Crosswalk) -> list[tuple[int, int]]:
    """Return the pairs of rows of which one makes up at least half of the other."""
    share = np.maximum(walk.area_m2 / walk.source_m2[walk.row], walk.area_m2 / walk.target_m2[walk.column])
    kept = share >= HEIR_SHARE
    return list(zip(walk.row[kept].tolist(), walk.column[kept].tolist(), strict=True))


def _among(pairs: AbstractSet[tuple[str, str]], walk: Crosswalk) -> list[tuple[int, int]]:
    source = {code: i for i, code in enumerate(walk.source)}
    target = {code: i for i, code in enumerate(walk.target)}
    return sorted((source[a], target[b]) for a, b in pairs if a in source and b in target)


def _events(
    walk: Crosswalk,
    links: Sequence[tuple[int, int]],
    before: Mapping[str, tuple[object, ...]],
    after: Mapping[str, tuple[object, ...]],
    kind: str,
    source: Literal["operations", "overlap"],
) -> list[LineageEvent]:
    n, m = len(walk.source), len(walk.target)
    if n + m == 0:
        return []
    row = np.array([a for a, _ in links], dtype=np.int64)
    column = np.array([b for _, b in links], dtype=np.int64)
    graph = sparse.coo_array((np.ones(len(links)), (row, n + column)), shape=(n + m, n + m))
    _, group = connected_components(graph, directed=False)
    members: dict[int, tuple[list[str], list[str]]] = {}
    for i, label in enumerate(group.tolist()):
        one, other = members.setdefault(label, ([], []))
        (one.append(walk.source[i]) if i < n else other.append(walk.target[i - n]))
    went: dict[str, list[str]] = {}
    for a, b in zip(walk.row.tolist(), walk.column.tolist(), strict=True):
        went.setdefault(walk.source[a], []).append(walk.target[b])
    events = []
    for one, other in members.values():
        fate = _fate(one, other, before, after)
        land = tuple(sorted(went.get(one[0], ()))) if fate == "gone" else tuple(other)
        events.append(LineageEvent(fate=fate, before=tuple(one), after=land, kind=kind, source=source))
    return events


def _fate(
    one: Sequence[str],
    other: Sequence[str],
    before: Mapping[str, tuple[object, ...]],
    after: Mapping[str, tuple[object, ...]],
) -> Fate:
    if not one:
        return "new"
    if not other:
        return "gone"
    if len(one) == 1 and len(other) == 1:
        if one[0] != other[0]:
            return "renamed"
        was, is_ = before[one[0]], after[other[0]]
        if was == is_:
            return "kept"
        return "edited" if was[-1] == is_[-1] else "shifted"
    if len(one) == 1:
        return "split"
    return "merged" if len(other) == 1 else "regrouped"
