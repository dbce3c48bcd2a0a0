"""Families of classes wherever a filter of calls names classes."""

from __future__ import annotations

from dataclasses import replace

from api.services.call_documents import families
from api.services.filters import CallFilter
from api.services.workspace import Workspace
from geo.store.port import Principal


def with_families(workspace: Workspace, principal: Principal, wanted: CallFilter) -> CallFilter:
    """Return the filter with the classes of each family in place of its name; names of classes stay."""
    if wanted.families is None:
        return wanted
    return replace(wanted, families=families(workspace, principal)[1].expanded(sorted(wanted.families)))
