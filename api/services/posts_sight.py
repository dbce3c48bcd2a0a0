"""What cameras and alarms see: metres of street and calls within sight, blind spots, where more would see most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.posts import MatchQuestion, SightQuestion
from api.services.demand import demand
from api.services.filters import CallFilter
from api.services.place import check_profile
from api.services.posts_figures import share_interval
from api.services.posts_kernels import get_ready
from api.services.workspace import Workspace
from geo.errors import InputError, NotFoundError
from geo.store.port import Json, Principal
from planners.contract import Budget, Observer, silent
from planners.posts.candidates import street_candidates
from planners.posts.check import check_mclp
from planners.posts.matching import MatchingProblem, check_matching, solve_matching
from planners.posts.mclp import solve_mclp
from planners.posts.problem import MclpProblem
from planners.posts.sight import StreetPieces, seen, sight_coverage, street_pieces

Floats = npt.NDArray[np.float64]
BLIND = 20


def sight(
    workspace: Workspace, principal: Principal, question: SightQuestion, observe: Observer = silent
) -> dict[str, Json]:
    """Say what points see of the streets and of a year's calls, and where they are blind."""
    frame = workspace.points(principal).frame
    chosen = frame[frame["kind"].isin(list(question.kinds))]
    if chosen.empty and not question.spots:
        kinds = sorted({str(kind) for kind in frame["kind"]})
        raise NotFoundError(
            f"There are no points of the kinds {', '.join(question.kinds)}; there are {', '.join(kinds) or 'none'}",
            f"没有类别为 {'、'.join(question.kinds)} 的点，现有类别：{'、'.join(kinds) or '无'}",
        )
    lonlat = np.concatenate(
        [
            shapely.get_coordinates(np.asarray(chosen.geometry.array)).reshape(-1, 2),
            np.array([[spot.lon, spot.lat] for spot in question.spots], np.float64).reshape(-1, 2),
        ]
    )
    graph = workspace.graph()
    pieces: StreetPieces = workspace.derived.get("street_pieces", id(graph), lambda: street_pieces(graph))
    needs = demand(workspace, principal, CallFilter(citizen="any"), "foot")
    streets, calls = (
        sight_coverage(lonlat, pieces.lonlat, reach_m=question.reach_m),
        sight_coverage(lonlat, needs.lonlat, reach_m=question.reach_m),
    )
    of_streets, of_calls = seen(streets, pieces.metres), seen(calls, needs.weights)
    names = [*(str(key) for key in chosen["point_id"]), *(f"x{i + 1}" for i in range(len(question.spots)))]
    titles = [
        *(str(name) for name in chosen["name"]), *(spot.name or f"x{i + 1}" for i, spot in enumerate(question.spots))
    ]  # fmt: skip
    more: list[Json] = []
    proof: dict[str, Json] = {}
    if question.more:
        more, proof = _more(workspace, question, lonlat, needs.lonlat, needs.weights, pieces, observe)
    return {
        "kind": "posts_sight",
        "title": f"视域覆盖 · {question.reach_m:g} 米",
        "title_en": f"What is seen within {question.reach_m:g} m",
        "kinds": list(question.kinds),
        "reach_m": question.reach_m,
        "of": question.of,
        "points": len(names),
        "n_calls": needs.n_calls,
        "n_unplaced": needs.n_unplaced,
        "from": needs.start.isoformat(),
        "to": needs.end.isoformat(),
        "streets": {"share": of_streets.share, "metres": of_streets.weight_seen, "of_metres": of_streets.weight_total},
        "calls": {
            "share": of_calls.share, "n": of_calls.weight_seen, "of_n": of_calls.weight_total,
            "interval": list(share_interval(of_calls.weight_seen, needs.weights)),
        },
        "seen_from": [
            {"point_id": names[k], "name": titles[k], "lon": float(lonlat[k, 0]), "lat": float(lonlat[k, 1])}
            for k in range(len(names))
        ],
        "blind": [
            {"lon": float(needs.lonlat[row, 0]), "lat": float(needs.lonlat[row, 1]), "calls": float(needs.weights[row])}
            for row in of_calls.blind[:BLIND].tolist()
        ],
        "alone": [
            {"point_id": names[k], "calls": float(of_calls.loss[k]), "metres": float(of_streets.loss[k])}
            for k in range(len(names))
        ],
        "more": more,
        **proof,
    }  # fmt: skip


def _more(
    workspace: Workspace,
    question: SightQuestion,
    old: Floats,
    calls: Floats,
    weights: Floats,
    pieces: StreetPieces,
    observe: Observer,
) -> tuple[list[Json], dict[str, Json]]:
    """Place more points where they see most of what is blind now; the old ones stay."""
    targets, worth = (calls, weights) if question.of == "calls" else (pieces.lonlat, pieces.metres)
    found = street_candidates(
        workspace.graph(),
        "foot",
        spacing_m=max(60.0, question.reach_m),
        demand_lonlat=calls,
        weights=weights,
        most=2000,
    )
    coverage = sight_coverage(np.concatenate([old, found.lonlat]), targets, reach_m=question.reach_m)
    more = min(question.more, len(found.keys))
    problem = MclpProblem(
        coverage=coverage, weights=worth, p=len(old) + more,
        site_keys=(*(f"p{i}" for i in range(len(old))), *found.keys),
        fixed=np.arange(len(old), dtype=np.int32), closed=np.zeros(0, np.int32),
    )  # fmt: skip
    get_ready(observe, "mclp")
    outcome = solve_mclp(problem, Budget(seconds=question.seconds, seed=question.seed))
    check_mclp(problem, outcome.plan)
    share = seen(coverage, worth, points=outcome.plan.sites).share
    rows: list[Json] = [
        {"lon": float(found.lonlat[k - len(old), 0]), "lat": float(found.lonlat[k - len(old), 1])}
        for k in outcome.plan.sites.tolist()
        if k >= len(old)
    ]
    return rows, {
        "share_with_more": share,
        "objective": outcome.objective,
        "bound": outcome.bound,
        "gap": outcome.gap,
        "proved": bool(outcome.proved),
        "termination": outcome.termination.value,
        "seconds": outcome.seconds,
        "seed": question.seed,
    }


def match(workspace: Workspace, question: MatchQuestion) -> dict[str, Json]:
    """Match persons to areas with least travel; the linear program is its own proof."""
    profile = check_profile(question.profile)
    areas = workspace.snap(profile, np.array([[a.lon, a.lat] for a in question.areas], np.float64))
    persons = workspace.snap(profile, np.array([[p.lon, p.lat] for p in question.persons], np.float64))
    for what_en, what_zh, keys, places in (
        ("Areas", "区域", [a.key for a in question.areas], areas),
        ("Persons", "人员", [p.key for p in question.persons], persons),
    ):
        off = [keys[i] for i in np.flatnonzero(~places.ok).tolist()]
        if off:
            raise InputError(
                f"{what_en} {', '.join(off[:5])} are too far from any street for {profile}; move them",
                f"{what_zh} {'、'.join(off[:5])} 距可通行道路太远，请移动位置",
                rows=off,
            )
        twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
        if twice:
            raise InputError(
                f"{what_en} {', '.join(twice[:5])} are listed twice; list each once",
                f"{what_zh} {'、'.join(twice[:5])} 重复，请各列一次",
                rows=twice,
            )
    seconds = workspace.travel(profile).matrix(persons, areas).T
    costs = (
        seconds if question.most_minutes is None else np.where(seconds <= question.most_minutes * 60, seconds, np.inf)
    )
    problem = MatchingProblem(
        costs=costs, needed=np.array([a.needed for a in question.areas], np.int32),
        room=np.array([p.room for p in question.persons], np.int32),
        area_keys=tuple(a.key for a in question.areas), person_keys=tuple(p.key for p in question.persons),
    )  # fmt: skip
    outcome = solve_matching(problem, Budget(seconds=question.seconds))
    total = check_matching(problem, outcome.plan)
    pairs = list(zip(outcome.plan.areas.tolist(), outcome.plan.persons.tolist(), strict=True))
    return {
        "kind": "posts_match",
        "title": f"人员与区域匹配 · {len(pairs)} 对",
        "title_en": f"Persons matched to areas · {len(pairs)} pairs",
        "n": len(pairs),
        "areas": len(question.areas),
        "persons": len(question.persons),
        "objective": outcome.objective,
        "bound": outcome.bound,
        "gap": outcome.gap,
        "proved": bool(outcome.proved),
        "termination": outcome.termination.value,
        "seconds": outcome.seconds,
        "seed": outcome.seed,
        "mean_seconds": total / len(pairs) if pairs else None,
        "worst_seconds": max((float(costs[a, p]) for a, p in pairs), default=None),
        "pairs": [
            {"area": question.areas[a].key, "person": question.persons[p].key, "seconds": float(costs[a, p])}
            for a, p in pairs
        ],
    }
