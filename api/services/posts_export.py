"""A kept plan of posts as a file: one row a post, with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import shapely

from api.services.exports import Download
from api.services.plans import plan_body
from api.services.workspace import Workspace
from geo.errors import NotFoundError
from geo.store.exchange import export_format, to_bytes
from geo.store.port import Principal
from geo.tables.spec import LONLAT

COLUMNS: Final[Mapping[str, str]] = {
    "post_id": "编号",
    "name": "名称",
    "kind": "类型",
    "state": "状态",
    "level": "级别",
    "units": "警力（组）",
    "grid": "网格",
    "demand": "最近承担（起）",
    "within": "时限内可到（起）",
    "loss": "撤除少覆盖（起）",
    "mean_seconds": "平均到达（秒）",
    "why": "设点理由",
    "why_en": "why here",
}
SHEETS: Final = frozenset({"xlsx", "csv"})


def plan_file(workspace: Workspace, principal: Principal, plan_id: str, kind: str, *, frame_out: str) -> Download:
    """Return a plan as the bytes of a file; sheets carry the columns' Chinese names."""
    form = export_format(kind)
    body = plan_body(workspace, principal, plan_id)
    posts = body.get("posts")
    if body.get("kind") != "posts" or not isinstance(posts, list):
        raise NotFoundError(f"{plan_id} is not a plan of posts", f"{plan_id} 不是布点方案")
    used = [name for name in COLUMNS if any(post.get(name) is not None for post in posts)]
    names = COLUMNS if kind in SHEETS else {name: name for name in COLUMNS}
    layer = gpd.GeoDataFrame(
        {names[name]: [post.get(name) for post in posts] for name in used},
        geometry=shapely.points([[post["lon"], post["lat"]] for post in posts]),
        crs=LONLAT,
    )
    made = to_bytes(layer, kind, frame_out=frame_out, time_zone=workspace.settings.time_zone, name="posts_plan")
    return Download(f"xunge-{plan_id}{form.suffix}", form.media_type, made)
