"""Sites of posts: from the table, added by hand, or made on the streets; each on a street."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.posts import Asked, Spot
from api.services.demand import Demand
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, InputError, NotFoundError
from geo.store.port import Principal
from geo.streets.snap import Places
from geo.tables.posts import Posts
from planners.posts.candidates import street_candidates
from planners.posts.on_streets import require_on_streets

Floats = npt.NDArray[np.float64]
STATES = {"posts": ("fixed",), "candidates": ("candidate",), "all": ("fixed", "candidate"), "streets": ("fixed",)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """Places where a post stands or could stand; ``states`` is fixed, candidate, added or street."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    lonlat: Floats
    states: tuple[str, ...]
    kinds: tuple[str, ...]
    places: Places

    def __len__(self) -> int:
        return len(self.keys)

    def numbers(self, keys: Sequence[str]) -> list[int]:
        """Return the rows of some sites, or raise ``NotFoundError`` naming those that are not there."""
        position = {key: i for i, key in enumerate(self.keys)}
        unknown = [key for key in keys if key not in position]
        if unknown:
            raise NotFoundError(
                f"Posts {', '.join(unknown[:5])} are not among the sites; choose others or widen the sites",
                f"点位 {'、'.join(unknown[:5])} 不在备选范围内，请改选或放宽可选位置",
                rows=unknown,
            )
        return [position[key] for key in keys]

    def some(self, rows: npt.NDArray[np.int64]) -> Sites:
        """Return some of the sites."""
        chosen = rows.tolist()
        return Sites(
            keys=tuple(self.keys[i] for i in chosen), names=tuple(self.names[i] for i in chosen),
            lonlat=self.lonlat[rows], states=tuple(self.states[i] for i in chosen),
            kinds=tuple(self.kinds[i] for i in chosen), places=some_places(self.places, rows),
        )  # fmt: skip


def some_places(places: Places, rows: npt.NDArray[np.int64]) -> Places:
    """Return some of the places."""
    return Places(
        arc=places.arc[rows], metres_along=places.metres_along[rows], offset_m=places.offset_m[rows],
        lonlat=places.lonlat[rows], ok=places.ok[rows],
    )  # fmt: skip


def sites_of(workspace: Workspace, principal: Principal, profile: str, states: Sequence[str]) -> Sites:
    """Return the posts in ``states``, snapped to the streets of the profile."""
    table: Posts = workspace.posts(principal)
    frame = table.frame[table.frame["state"].isin(list(states))]
    lonlat = shapely.get_coordinates(np.asarray(frame.geometry.array))
    return Sites(
        keys=tuple(frame["post_id"]), names=tuple(frame["name"]), lonlat=lonlat, states=tuple(frame["state"]),
        kinds=tuple(frame["kind"]), places=workspace.snap(profile, lonlat),
    )  # fmt: skip


def today_sites(workspace: Workspace, principal: Principal, profile: str) -> Sites:
    """Return the posts in operation; a table without any raises ``NotFoundError``."""
    sites = sites_of(workspace, principal, profile, ("fixed",))
    if not sites.keys:
        raise NotFoundError("There are no posts yet: xunge import posts FILE", "尚无屯警点，请先导入")
    return sites


def asked_sites(workspace: Workspace, principal: Principal, question: Asked, needs: Demand) -> Sites:
    """Return the sites of a question.

    Raises
    ------
    InfeasibleError
        No site at all.
    InputError
        Sites too far from any street of the profile, or added twice at one place; they are named.
    """
    parts = [sites_of(workspace, principal, question.profile, STATES[question.candidates])]
    if question.candidates == "streets":
        parts.append(_on_streets(workspace, question, needs))
    if question.added:
        parts.append(_added(workspace, question.profile, question.added))
    sites = _joined(parts)
    if not len(sites):
        raise InfeasibleError(
            "There is no site to choose from; import candidates, add some on the map, or let them be made on the streets",
            "没有可选点位，请导入候选点、在地图上添加，或改为沿路生成",
        )
    closed = set(question.closed)
    used = sites.some(np.array([i for i, key in enumerate(sites.keys) if key not in closed], np.int64))
    require_on_streets(used.places, used.keys)
    return sites


def _added(workspace: Workspace, profile: str, spots: Sequence[Spot]) -> Sites:
    lonlat = np.array([[spot.lon, spot.lat] for spot in spots], np.float64)
    _, first, counts = np.unique(np.round(lonlat, 6), axis=0, return_index=True, return_counts=True)
    twice = [f"x{i + 1}" for i in sorted(first[counts > 1].tolist())]
    if twice:
        raise InputError(
            f"Sites {', '.join(twice[:5])} were added more than once at the same place; keep one of each",
            f"新增点位 {'、'.join(twice[:5])} 在同一位置重复，请各保留一个",
            rows=twice,
        )
    return Sites(
        keys=tuple(f"x{i + 1}" for i in range(len(spots))),
        names=tuple(spot.name or f"新增点 {i + 1}" for i, spot in enumerate(spots)),
        lonlat=lonlat, states=("added",) * len(spots), kinds=("street_post",) * len(spots),
        places=workspace.snap(profile, lonlat),
    )  # fmt: skip


def _on_streets(workspace: Workspace, question: Asked, needs: Demand) -> Sites:
    found = street_candidates(
        workspace.graph(), question.profile, spacing_m=question.spacing_m, demand_lonlat=needs.lonlat,
        weights=needs.weights, most=question.most_candidates,
    )  # fmt: skip
    places = workspace.snap(question.profile, found.lonlat)
    made = Sites(
        keys=found.keys, names=tuple(f"路口 {key}" for key in found.keys), lonlat=found.lonlat,
        states=("street",) * len(found.keys), kinds=("street_post",) * len(found.keys), places=places,
    )  # fmt: skip
    return made.some(np.flatnonzero(places.ok))


def _joined(parts: Sequence[Sites]) -> Sites:
    if len(parts) == 1:
        return parts[0]
    places = [part.places for part in parts]
    return Sites(
        keys=tuple(key for part in parts for key in part.keys),
        names=tuple(name for part in parts for name in part.names),
        lonlat=np.concatenate([part.lonlat for part in parts]),
        states=tuple(state for part in parts for state in part.states),
        kinds=tuple(kind for part in parts for kind in part.kinds),
        places=Places(
            arc=np.concatenate([p.arc for p in places]),
            metres_along=np.concatenate([p.metres_along for p in places]),
            offset_m=np.concatenate([p.offset_m for p in places]),
            lonlat=np.concatenate([p.lonlat for p in places]),
            ok=np.concatenate([p.ok for p in places]),
        ),
    )
