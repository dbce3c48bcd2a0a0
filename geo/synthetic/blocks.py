"""Merging of street faces into grids of similar population."""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.synthetic.borders import Borders, Segments, shared_segments
from geo.synthetic.faces import Faces
from geo.synthetic.lattice import Shapes, as_points
from geo.synthetic.shares import totals

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

MAIN_STREET_WEIGHT: Final = 0.25
"""A metre of main street counts this much when a small block looks for the neighbour to join."""
BORDER_TOLERANCE_STEPS: Final = 300.0
"""Corners of a border that span less than the square of this (about 3 m) are dropped, on both sides alike."""


def merge_faces(faces: Faces, main_streets: Shapes, *, target: float) -> Int:
    """Return the grid of each face: small faces join a neighbour of their zone, rather not across a main street."""
    segments = shared_segments(faces.shapes)
    borders = _weighted_borders(segments, main_streets)
    outer = _on_outline(segments, faces.shapes)
    owner = np.arange(len(faces.shapes))
    people = faces.people.tolist()
    area = shapely.area(faces.shapes).tolist()
    near = borders.neighbours(len(owner))
    members = [[k] for k in range(len(owner))]
    least_area = float(np.median(shapely.area(faces.shapes))) * 0.5
    queue = [(people[k], k, 1) for k in range(len(owner))]
    heapq.heapify(queue)
    while queue:
        _, face, size = heapq.heappop(queue)
        if len(members[face]) != size or owner[face] != face:
            continue
        tiny = people[face] < 0.25 * target or area[face] < least_area
        lonely = tiny or (not outer[face] and len(near[face]) == 1 and people[face] < 1.2 * target)
        host = _host(face, faces.zone, near, people, target=target, must=lonely)
        if host < 0:
            continue
        people[host] += people[face]
        area[host] += area[face]
        outer[host] |= outer[face]
        members[host].extend(members[face])
        owner[members[face]] = host
        for other, length in near[face].items():
            del near[other][face]
            if other != host:
                near[other][host] = near[other].get(host, 0.0) + length
                near[host][other] = near[other][host]
        near[face] = {}
        heapq.heappush(queue, (people[host], host, len(members[host])))
    return np.unique(owner, return_inverse=True)[1].astype(np.int64)


def _host(face: int, zone: Int, near: list[dict[int, float]], people: list[float], *, target: float, must: bool) -> int:
    """Return the neighbour that ``face`` should join, or -1 where it stands well alone and nothing says it ``must``."""
    own = [other for other in near[face] if zone[other] == zone[face]]
    if not own or not (must or people[face] < 0.65 * target):
        return -1
    best, best_score = -1, 0.0
    for other in own:
        total = people[face] + people[other]
        if total > 1.5 * target and not must:
            continue
        score = near[face][other] / max(1.0, total / target) ** 2
        if score > best_score or (score == best_score and other < best):
            best, best_score = other, score
    return best


def _on_outline(segments: Segments, shapes: Shapes) -> list[bool]:
    """Tell which faces touch the outline of the whole: their border is longer than what they share."""
    length = np.hypot(*(segments.end - segments.start).T)
    shared = totals(segments.left, length, len(shapes)) + totals(segments.right, length, len(shapes))
    return [bool(x) for x in np.asarray(shapely.length(shapes)) > shared + 1e-3]


def _weighted_borders(segments: Segments, main_streets: Shapes) -> Borders:
    middle = as_points((segments.start + segments.end) / 2)
    weight = np.ones(len(middle))
    if len(main_streets):
        hit, _ = shapely.STRtree(main_streets).query(middle, predicate="dwithin", distance=5.0)
        weight[np.unique(hit)] = MAIN_STREET_WEIGHT
    return segments.borders(weight=weight)


def dissolve(shapes: Shapes, group: Int) -> Shapes:
    """Unite the areas of each group along their shared borders, vertex for vertex."""
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], np.arange(int(group.max()) + 1))
    out = np.empty(len(first), dtype=object)
    for k, part in enumerate(np.split(shapes[order], first[1:])):
        whole = shapely.coverage_union_all(part)
        out[k] = shapely.get_geometry(whole, 0) if shapely.get_num_geometries(whole) == 1 else whole
    return out


def smooth(shapes: Shapes) -> Shapes:
    """Drop needless corners of inner borders on both sides alike; the outline of the whole stays as it is.

    Visvalingam - Whyatt on shared arcs: every corner that stays was one before, so it stays on the lattice.
    """
    done = shapely.coverage_simplify(shapes, BORDER_TOLERANCE_STEPS, simplify_boundary=False)
    return np.asarray(done, dtype=object)
