"""Must-visit points and video points of the demo city."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.synthetic.grids import Ground
from geo.synthetic.names import MUST_VISIT_KINDS, VIDEO_KINDS, unique
from geo.synthetic.sites import Sites, demand_centres
from geo.synthetic.sizes import Sizes
from geo.tables.points import Points

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

BEAT_M: Final = 650.0
"""Points on foot lie within this straight distance of the post where a walking crew starts."""
TWICE_SHARE: Final = 0.12
"""Part of the must-visit points that are visited twice a shift."""


def walking_posts(posts_xy: Float, demand: Float, count: int) -> Int:
    """Choose the posts for walking crews: most calls within ``BEAT_M``, each two beats apart if it can be, int64[count]."""
    near = (np.hypot(*(posts_xy[:, None, :] - demand[None, :2000, :]).transpose(2, 0, 1)) < BEAT_M).sum(axis=1)
    chosen: list[int] = []
    gap = 2 * BEAT_M
    while len(chosen) < count:
        for post in np.argsort(-near, kind="stable").tolist():
            far = all(np.hypot(*(posts_xy[post] - posts_xy[other])) >= gap for other in chosen)
            if len(chosen) < count and post not in chosen and far:
                chosen.append(post)
        gap = gap * 0.7 if gap > 1 else -1.0
    return np.array(chosen, dtype=np.int64)


def draw_points(
    roadsides: Sites,
    corners: Sites,
    ground: Ground,
    *,
    demand: Float,
    walk_from: Float,
    sizes: Sizes,
    rng: np.random.Generator,
) -> Points:
    """Place points on foot around ``walk_from`` float64[w, 2], points by vehicle over the city, and cameras at crossings."""
    walk, drive = roadsides.where(roadsides.walk), roadsides.where(roadsides.drive)
    foot_rows = _on_foot(walk, walk_from, sizes.must_visit_foot, rng)
    vehicle = sizes.must_visit_motorcycle + sizes.must_visit_car
    used = np.zeros(len(drive), dtype=bool)
    drive_rows = drive.pick(demand_centres(demand, vehicle, rng), taken=used, gap_m=60.0)
    video_sites = corners.where(corners.main) if corners.main.sum() >= sizes.video else corners
    cameras = video_sites.pick(demand_centres(demand, sizes.video, rng), taken=np.zeros(len(video_sites), dtype=bool))
    mode = np.array(["foot"] * len(foot_rows) + ["car"] * vehicle, dtype=object)
    mode[len(foot_rows) + rng.permutation(vehicle)[: sizes.must_visit_motorcycle]] = "motorcycle"
    must = len(mode)
    lonlat = np.vstack([walk.lonlat[foot_rows], drive.lonlat[drive_rows], video_sites.lonlat[cameras]])
    grid = np.concatenate([walk.grid[foot_rows], drive.grid[drive_rows], video_sites.grid[cameras]])
    total = len(lonlat)
    twice = np.zeros(must, dtype=bool)
    twice[rng.permutation(must)[: round(TWICE_SHARE * must)]] = True
    columns = {
        "point_id": [f"BX{k + 1:03d}" for k in range(must)] + [f"SP{k + 1:03d}" for k in range(total - must)],
        "name": _names(ground, grid, must, rng),
        "kind": ["must_visit"] * must + ["video"] * (total - must),
        "mode": [*mode.tolist(), *["video"] * (total - must)],
        "dwell_seconds": np.append(60 * rng.integers(10, 16, must), 30 * rng.integers(4, 11, total - must)),
        "visits": np.append(np.where(twice, 2, 1), rng.integers(1, 4, total - must)),
        "priority": 1 + rng.choice(5, size=total, p=[0.1, 0.25, 0.35, 0.2, 0.1]),
        "version": 1,
        "synthetic": True,
    }
    return Points.of(gpd.GeoDataFrame(columns, geometry=shapely.points(lonlat), crs=4326))


def _on_foot(walk: Sites, walk_from: Float, count: int, rng: np.random.Generator) -> Int:
    """Choose sites around each start, the same number each, apart from one another by chance and a gap."""
    out: list[int] = []
    free = np.ones(len(walk), dtype=bool)
    quota = np.full(len(walk_from), count // len(walk_from))
    quota[: count % len(walk_from)] += 1
    for start, wanted in zip(walk_from, quota.tolist(), strict=True):
        gap, reach, mine = 90.0, BEAT_M, 0
        while mine < wanted:
            near = np.hypot(*(walk.xy - start).T)
            for site in rng.permutation(np.flatnonzero(free & (near < reach))).tolist():
                if mine < wanted and free[site]:
                    out.append(site)
                    mine += 1
                    free[np.hypot(*(walk.xy - walk.xy[site]).T) < gap] = False
                    free[site] = False
            gap, reach = gap * 0.5, reach * 1.2
            free |= gap < 1.0
    return np.array(out, dtype=np.int64)


def _names(ground: Ground, grid: Int, must: int, rng: np.random.Generator) -> list[str]:
    towns = [ground.communities.base[c] for c in ground.community[grid].tolist()]
    kinds = [
        MUST_VISIT_KINDS[k % len(MUST_VISIT_KINDS)] if row < must else VIDEO_KINDS[k % len(VIDEO_KINDS)]
        for row, k in enumerate(rng.integers(0, 10_000, len(towns)).tolist())
    ]
    ends = ["必巡点"] * must + ["视频巡点"] * (len(towns) - must)
    stems = unique([f"{town}{kind}" for town, kind in zip(towns, kinds, strict=True)])
    return [stem + end for stem, end in zip(stems, ends, strict=True)]
