"""A draft beside the edition that it changes: map, table and totals, on the page, as a file, printable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import orjson
import pandas as pd
import shapely

from api.services import draft_papers
from api.services.draft_papers import DraftPaper
from api.services.drafts import base_grids, drawing, shown
from api.services.drawings import Drawing
from api.services.features import feature_rows
from api.services.sheets import GEOJSON_TYPE, JSON_TYPE, Answer, plain_rows, sheet
from api.services.workspace import Workspace
from geo.grids.comparison import Comparison, compare_draft
from geo.grids.crosswalk import Placed
from geo.store.port import Principal

Form = Literal["json", "geojson", "xlsx"]
_KINDS: Final = {"kept": "kept", "split": "split", "merged": "merged", "new": "new", "gone": "gone"}
_COLUMNS: Final = ("area", "households", "population", "calls", "workload", "compactness")
_HEADINGS: Final = {
    "code": ("网格编码", "code"), "name": ("名称", "name"), "kind": ("变化", "change"),
    "area_before": ("面积前 m²", "area before, m²"), "area_after": ("面积后 m²", "area after, m²"),
    "households_before": ("户数前", "households before"), "households_after": ("户数后", "households after"),
    "population_before": ("人口前", "population before"), "population_after": ("人口后", "population after"),
    "calls_before": ("警情前", "calls before"), "calls_after": ("警情后", "calls after"),
    "workload_before": ("工作量前", "workload before"), "workload_after": ("工作量后", "workload after"),
    "compactness_before": ("紧凑度前", "compactness before"), "compactness_after": ("紧凑度后", "compactness after"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """A draft, how it is drawn, and what it changes."""

    paper: DraftPaper
    drawing: Drawing
    made: Comparison


def compared(workspace: Workspace, principal: Principal, draft_id: str) -> Compared:
    """Compare a draft with the edition that it changes."""
    paper = draft_papers.read(workspace.store, principal, draft_id)
    drawn = drawing(workspace, principal, paper)
    base = base_grids(workspace, principal, paper)
    things = {"calls": Placed(lonlat=drawn.figures.counted.lonlat)}
    return Compared(
        paper=paper, drawing=drawn, made=compare_draft(base, drawn.whole(base), placed=things, steps=paper.lineage)
    )


def comparison_file(
    workspace: Workspace, principal: Principal, draft_id: str, form: Form, language: str = "zh"
) -> Answer:
    """Return the comparison as JSON, as the GeoJSON of the pieces, or as a spreadsheet of the table."""
    held = compared(workspace, principal, draft_id)
    if form == "geojson":
        return Answer(body=orjson.dumps(_pieces(held)), media_type=GEOJSON_TYPE)
    if form == "xlsx":
        k = 0 if language == "zh" else 1
        headings = {name: words[k] for name, words in _HEADINGS.items()}
        return sheet(pd.DataFrame(_table(held)), name=f"comparison-{draft_id}", headings=headings)
    return Answer(body=orjson.dumps(comparison_body(held, principal)), media_type=JSON_TYPE)


def comparison_body(held: Compared, principal: Principal) -> dict[str, object]:
    """Return the whole comparison as plain values."""
    counted = held.drawing.figures.counted
    return {
        "draft": shown(held.paper, principal).model_dump(mode="json"),
        "base_version": held.paper.record.base,
        "pieces": _pieces(held),
        "table": _table(held),
        "totals": {
            str(row["measure"]): {key: row[key] for key in ("before", "after", "in", "out", "left_over", "method")}
            for row in plain_rows(held.made.totals)
        },
        "moves": _moves(held),
        "events": plain_rows(held.made.lineage.frame()[["fate", "fate_zh", "before", "after", "zh", "en"]]),
        "methods": dict(held.made.methods),
        "n": len(counted.lonlat),
        "period": {"from": counted.start, "to": counted.end},
        "balance_before": held.drawing.base_figures.balance(),
        "balance_after": held.drawing.figures.balance(),
    }


def _table(held: Compared) -> list[dict[str, object]]:
    frame = held.made.grids
    was, is_ = held.drawing.base.row_of, held.drawing.coverage.row_of
    rows = []
    for row in plain_rows(frame):
        code = str(row["code"])
        kind = _KINDS.get(str(row["fate"]), "changed")
        if code not in was and kind != "new":
            kind = "new"
        elif code not in is_ and code in was:
            kind = "gone"
        told: dict[str, object] = {"code": code, "name": row["name"], "kind": kind, "fate": row["fate"]}
        for name in _COLUMNS:
            source = {"area": "area_m2", "workload": "calls"}.get(name, name)
            for when in ("before", "after"):
                told[f"{name}_{when}"] = row.get(f"{source}_{when}")
        rows.append(told)
    return rows


def _moves(held: Compared) -> list[dict[str, object]]:
    """Return who moves: land, calls and (by area) people from one grid to another, the most calls first."""
    people = {str(row["code"]): row for row in plain_rows(held.made.grids)}
    pieces = plain_rows(pd.DataFrame(held.made.pieces.drop(columns="geometry")))
    pieces.sort(key=lambda piece: (-_number(piece["calls"]), -_number(piece["area_m2"])))
    return [
        {
            "from": piece["from_code"],
            "to": piece["to_code"],
            "area_m2": round(_number(piece["area_m2"]), 1),
            "calls": piece["calls"],
            "population": _people(people.get(str(piece["from_code"])), _number(piece["area_m2"])),
        }
        for piece in pieces
    ]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _people(grid: Mapping[str, object] | None, area: float) -> float | None:
    """Return the people on land of a grid, taken as evenly spread."""
    if grid is None or grid.get("population_before") is None:
        return None
    land = _number(grid["area_m2_before"])
    return round(_number(grid["population_before"]) * area / land, 1) if land > 0 else None


def _pieces(held: Compared) -> dict[str, object]:
    """Return the land that changes hands; a piece is new or gone land, or it moves from one grid to another."""
    frame = held.made.pieces.copy()
    old, new = set(held.drawing.base.codes), set(held.drawing.coverage.codes)
    frame["kind"] = [
        "gained" if not isinstance(a, str) else "lost" if not isinstance(b, str)
        else "split" if b not in old else "merged" if a not in new else "moved"
        for a, b in zip(frame["from_code"], frame["to_code"], strict=True)
    ]  # fmt: skip
    frame["id"] = [str(i) for i in range(len(frame))]
    frame["geometry"] = shapely.set_precision(np.asarray(frame.geometry.array, dtype=object), 1e-7)
    named = frame.rename(columns={"from_code": "from", "to_code": "to"})
    return {"type": "FeatureCollection", "features": feature_rows(named, "id")}
