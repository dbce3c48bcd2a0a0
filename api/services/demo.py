"""The demo city: built once into a folder, with a plan of posts and one of patrols to look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from api.schemas.patrol import PatrolQuestion, Weights
from api.schemas.posts import PostsQuestion
from api.services.demo_tracks import keep_tracks
from api.services.patrol import plan_patrol
from api.services.posts import solve_posts
from api.services.shifts import span_at
from api.services.workspace import Workspace
from api.settings import Settings
from geo.errors import CancelledError, ParameterError
from geo.store.port import DEMO, Json
from geo.store.sql import SqlStore
from geo.streets.order import Order
from geo.synthetic.city import City, DemoCity, build_demo
from geo.synthetic.families import FAMILIES
from geo.synthetic.progress import Step
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from planners.contract import Observer, Progress

CITIES = ("coquimbo", "helsinki")
READY = "demo.ready"
ENGLISH: Final[Mapping[str, str]] = {
    "盗窃": "theft", "入室盗窃": "burglary", "诈骗": "fraud", "打架斗殴": "fighting", "噪音扰民": "noise",
    "交通事故": "traffic accident", "求助": "help", "纠纷": "dispute", "醉酒滋事": "drunkenness",
    "可疑情况": "suspicious", "抢劫抢夺": "robbery", "损毁财物": "damage",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSize:
    """How much of the demo is built."""

    city: str = "coquimbo"
    calls: int = 120_000
    seed: int = 20260101
    plan_iterations: int = 300


def installed(settings: Settings, size: DemoSize) -> bool:
    """Whether the finished demo of this size lies in the home folder."""
    ready = settings.home / READY
    return ready.exists() and ready.read_text(encoding="utf-8") == _stamp(size)


def _stamp(size: DemoSize) -> str:
    """Return what a finished build is told by: what was asked, and the version that built it."""
    return f"{size} xunge {version('xunge')}\n"


def install(settings: Settings, size: DemoSize, observe: Observer, *, say: Callable[[str], None]) -> None:
    """Build the demo city into the home folder; an unfinished earlier build is replaced.

    ``say`` gets the seed and what was built, a line each.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / READY).unlink(missing_ok=True)
    for old in settings.home.glob("xunge.sqlite*"):
        old.unlink()
    settings.order.unlink(missing_ok=True)
    shutil.rmtree(settings.positions, ignore_errors=True)
    say(f"seed {size.seed}")
    city = build_demo(_city(size.city), seed=size.seed, calls=size.calls, observe=_steps(observe, 0.6))
    city.graph.save(settings.streets)
    Order.of(city.graph).save(settings.order)
    observe(Progress(seconds=0.0, share=0.65, message="写入数据库"))
    store = SqlStore.open(settings.database)
    try:
        _keep(store, city)
        workspace = Workspace(settings, store)
        observe(Progress(seconds=0.0, share=0.75, message="求解屯警点"))
        _plans(workspace, size, observe)
        keep_tracks(workspace, seed=size.seed)
    finally:
        store.close()
    (settings.home / READY).write_text(_stamp(size), encoding="utf-8")
    say(f"{city.graph.nodes:,} nodes, {len(city.grids):,} grids, {len(city.calls):,} calls, {len(city.posts)} posts")


def _city(name: str) -> City:
    if name not in CITIES:
        raise ParameterError(
            f"There is no demo city {name!r}; there are {', '.join(CITIES)}",
            f"没有演示城市 {name!r}，可用：{'、'.join(CITIES)}",
        )
    return "helsinki" if name == "helsinki" else "coquimbo"


def _steps(observe: Observer, share: float) -> Callable[[Step], object]:
    def told(step: Step) -> None:
        if not observe(Progress(seconds=0.0, share=share * step.share, message=step.zh)):
            raise CancelledError(
                "The build was stopped; run it again to start over", "生成已停止，重新运行即可重新生成"
            )

    return told


def _scaled(observe: Observer, low: float, high: float) -> Observer:
    def scaled(step: Progress) -> bool:
        share = low + (high - low) * (step.share or 0.0)
        return observe(Progress(seconds=step.seconds, share=share, message=step.message))

    return scaled


def _keep(store: SqlStore, city: DemoCity) -> None:
    both = pd.concat([city.posts.frame, city.candidates.frame], ignore_index=True)
    posts = Posts.of(gpd.GeoDataFrame(both, geometry="geometry", crs=city.posts.frame.crs))
    tables = (
        city.grids, city.police_grids, posts, city.points, city.units, city.shifts, city.calls, city.communities,
        city.blocks, city.estates, city.buildings, city.grid_posts, city.linear_grids,
    )  # fmt: skip
    for table in tables:
        store.put_table(DEMO, table, source="synthetic")
    facts: dict[str, Json] = dict(city.facts)
    facts["families"] = [
        {"id": family.name, "label_zh": family.name, "label_en": ENGLISH.get(family.name, family.name)}
        for family in FAMILIES
    ]
    facts["core_bounds"] = _core(city)
    times = city.calls.frame["occurred_at"]
    store.put_document(DEMO, "facts", facts)
    store.put_document(DEMO, "calls_span", {"start": times.min().isoformat(), "end": times.max().isoformat()})


def _core(city: DemoCity) -> list[Json]:
    """Return where four in five calls lie: the map opens there, not on the empty outskirts."""
    placed = city.calls.frame[city.calls.frame["placed"]]
    low, high = (np.quantile([placed.geometry.x, placed.geometry.y], q, axis=1) for q in (0.1, 0.9))
    return [float(low[0]), float(low[1]), float(high[0]), float(high[1])]


def _plans(workspace: Workspace, size: DemoSize, observe: Observer) -> None:
    posts = workspace.posts(DEMO).frame
    p = max(1, int((posts["state"] == "fixed").sum()))
    solve_posts(
        workspace, DEMO,
        PostsQuestion(p=p, radius_minutes=3, seconds=10, iterations=size.plan_iterations),
        _scaled(observe, 0.75, 0.85),
    )  # fmt: skip
    shift = span_at(workspace.store.table(DEMO, Shifts), workspace.clock.now(), workspace.zone)
    if shift is not None:
        plan_patrol(
            workspace, DEMO,
            # The first plan is made fast; times that cannot be guessed are drawn when a planner asks for them.
            PatrolQuestion(
                # Iterations are the limit: on a new machine the kernels are compiled in this time, and the plan must be the same.
                shift_id=shift.shift_id, seconds=120, iterations=max(5, size.plan_iterations // 10),
                weights=Weights(irregular=0, cover=0),
            ),
            _scaled(observe, 0.85, 1.0),
        )  # fmt: skip
