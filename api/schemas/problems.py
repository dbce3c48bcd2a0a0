"""The shape of every error."""

from __future__ import annotations

from typing import Any

from api.schemas.values import Value


class Problem(Value):
    """An error as RFC 9457 describes it, with the sentence in both languages."""

    type: str
    title: str
    status: int
    detail: str
    detail_zh: str
    detail_en: str
    code: str
    rows: tuple[str, ...] = ()


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the declaration of the errors that a route may answer."""
    return {status: {"model": Problem, "content": {"application/problem+json": {}}} for status in (*statuses, 422)}
