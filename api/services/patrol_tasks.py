"""Tasks of crews: what an issue told each, and which of them an edit changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from geo.store.port import Json

Held: TypeAlias = Mapping[str, Json]


def issue_after(held: Json, body: Held) -> Json:
    """Return the state of the tasks after an edit: crews whose route differs from what was issued are changed."""
    if held is None:
        return None
    before, tasks = cast("Held", held), tasks_of(body)
    crews = []
    for crew in crews_of(before):
        unit = str(crew["unit_id"])
        if crew["state"] == "withdrawn" and unit not in tasks:
            crews.append(crew)
        elif unit not in tasks or task_of(before, unit) != tasks[unit]:
            crews.append(dict(crew) | {"state": "changed"})
        elif crew["state"] == "changed":
            crews.append(dict(crew) | {"state": "accepted" if crew["accepted_at"] else "issued"})
        else:
            crews.append(crew)
    known = {str(crew["unit_id"]) for crew in crews}
    crews += [
        {"unit_id": unit, "state": "changed", "issued_at": None, "accepted_at": None, "issue_number": None}
        for unit in tasks
        if unit not in known
    ]
    return {**before, "crews": cast("Json", sorted(crews, key=lambda c: str(c["unit_id"])))}


def crews_of(held: Held | None) -> list[Held]:
    """Return where the task of each crew stands."""
    return [] if held is None else list(cast("Sequence[Held]", held["crews"]))


def task_of(held: Held | None, unit: str) -> Json:
    """Return the task of a unit as it was issued, or None."""
    return None if held is None else cast("Held", held["tasks"]).get(unit)


def tasks_of(body: Held) -> dict[str, Json]:
    """Return what a crew is told to do, by unit: its stops and their times; operators stay at their screens."""
    return {
        str(route["unit_id"]): [
            [stop["point_id"] or stop["post_id"], stop["begin_s"], stop["depart_s"]]
            for stop in cast("Sequence[Held]", route["stops"])
        ]
        for route in cast("Sequence[Held]", body["routes"])
        if route["kind"] != "video"
    }
