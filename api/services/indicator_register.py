"""The register of indicators: read, changed, and the history of what they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from api.services.workspace import Workspace
from geo.errors import ConflictError, NotFoundError
from geo.incidents.indicators import Indicator, Reading, Register
from geo.store.port import Json, Principal

DOCUMENT: Final = "indicators"

STANDARD: Final = Register(
    indicators=(
        Indicator(
            name="时限内到达率", formula="时限内数 / 有到达时间数 * 100", owner="指挥中心", target=90, orange=80, red=70,
            fewest=30, title_en="Reached within the standard", unit="%",
            definition="接警至到达现场不超过所在派出所与等级时限的警情，占有这两个时间的警情之比",
        ),
        Indicator(
            name="平均每日警情", formula="警情数 / 天数", owner="情报室", better="lower", target=400, orange=500, red=600,
            title_en="Calls per day", unit="起", definition="本期警情数除以本期天数",
        ),
        Indicator(
            name="到达时间缺失率", formula="缺到达时间数 / 警情数 * 100", owner="指挥中心", better="lower", target=10,
            orange=20, red=30, fewest=30, title_en="Share without a time of arrival", unit="%",
            definition="没有到达时间的警情占全部警情之比",
        ),
    )
)  # fmt: skip
"""What an installation has before its user says otherwise; the lines are to be set by the office that answers for them."""


def register(workspace: Workspace, principal: Principal) -> Register:
    """Return the register."""
    held = workspace.store.document(principal, DOCUMENT)
    if held is None:
        return STANDARD
    return Register.from_json(cast("Mapping[str, Sequence[Mapping[str, object]]]", held["register"]))


def version(workspace: Workspace, principal: Principal) -> int:
    """Return how often the register has been changed."""
    held = workspace.store.document(principal, DOCUMENT)
    return 0 if held is None else int(cast("int", held["version"]))


def put_indicator(workspace: Workspace, principal: Principal, made: Indicator, *, seen: int | None = None) -> Register:
    """Add an indicator, or put it in place of the one with its name; the history stays."""

    def changed(held: Register) -> Register:
        kept = [i for i in held.indicators if i.name != made.name]
        at = next((k for k, i in enumerate(held.indicators) if i.name == made.name), len(kept))
        return replace(held, indicators=(*kept[:at], made, *kept[at:]))

    return _change(workspace, principal, changed, seen=seen)


def remove_indicator(workspace: Workspace, principal: Principal, name: str, *, seen: int | None = None) -> Register:
    """Take an indicator out, with its history."""

    def changed(held: Register) -> Register:
        find(held, name)
        return Register(
            indicators=tuple(i for i in held.indicators if i.name != name),
            history=tuple(r for r in held.history if r.name != name),
        )

    return _change(workspace, principal, changed, seen=seen)


def find(held: Register, name: str) -> Indicator:
    """Return an indicator by its name or raise ``NotFoundError``."""
    found = next((i for i in held.indicators if i.name == name), None)
    if found is None:
        known = ", ".join(i.name for i in held.indicators) or "none"
        raise NotFoundError(f"There is no indicator {name!r}; there are {known}", f"没有指标“{name}”，现有：{known}")
    return found


def keep_readings(workspace: Workspace, principal: Principal, made: Sequence[Reading]) -> Register:
    """Keep readings in the history; a second one of a period takes the place of the first."""
    new = {(reading.name, reading.period) for reading in made}

    def changed(held: Register) -> Register:
        kept = [r for r in held.history if (r.name, r.period) not in new]
        return replace(held, history=tuple(sorted([*kept, *made], key=lambda r: (r.period, r.name))))

    return _change(workspace, principal, changed, seen=None)


def _change(
    workspace: Workspace, principal: Principal, change: Callable[[Register], Register], *, seen: int | None
) -> Register:
    with workspace.importing:
        now = version(workspace, principal)
        if seen is not None and seen != now:
            raise ConflictError(
                f"The register is at version {now}, you saw {seen}: read it again",
                f"指标登记表已是第 {now} 版，您看到的是第 {seen} 版，请重新读取",
            )
        made = change(register(workspace, principal))
        body: dict[str, Json] = {"version": now + 1, "register": cast("Json", made.to_json())}
        workspace.store.put_document(principal, DOCUMENT, body)
    return made
