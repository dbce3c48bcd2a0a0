"""Posts: what is asked of a plan, and what today's posts are worth."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.values import Value

Model = Literal[
    "mclp", "lscp", "p_median", "p_center", "backup", "capacity", "mexclp", "hierarchy", "robust", "timed"
]  # fmt: skip
Kind = Literal["station", "street_post", "kiosk"]
Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]


class Spot(Value):
    """A place that is not (yet) in the table of posts."""

    lon: Lon
    lat: Lat
    name: str | None = Field(default=None, max_length=80)


class Need(Value):
    """A place to be covered and what it counts, such as a school with its pupils."""

    key: str = Field(max_length=80)
    lon: Lon
    lat: Lat
    weight: float = 1.0


class Level(Value):
    """One level of response: so many posts of some kinds, reaching within so many minutes."""

    minutes: float = Field(gt=0, le=60)
    p: int = Field(ge=1, le=5000)
    profile: str = "response_car"
    kinds: tuple[Kind, ...] = ()


class Asked(Value):
    """What every question about posts shares: whose demand, which sites, how far, how long to think.

    Demand is calls of a period unless ``needs`` lists places or ``points`` names kinds of points. Sites are posts in
    operation, candidates, or places made on the streets; ``added`` sites join them.
    """

    radius_minutes: float = Field(default=3.0, gt=0, le=60)
    profile: str = "response_car"
    profiles: dict[Kind, str] = Field(
        default_factory=dict, description="how posts of a kind travel where it is not by profile, such as on foot"
    )
    families: list[str] | None = None
    from_: datetime | None = Field(default=None, alias="from")
    to: datetime | None = None
    basis: Literal["valid", "received", "cases"] = "valid"
    citizen: Literal["any", "only"] = Field(default="only", description="citizens' calls are the demand by default")
    hours: str | None = Field(default=None, description="0-5,20 by the local clock")
    weekdays: str | None = Field(default=None, description="1-7, 1 is Monday")
    needs: tuple[Need, ...] | None = Field(default=None, min_length=1, max_length=50_000)
    points: tuple[str, ...] | None = Field(default=None, min_length=1, description="kinds of points to be covered")
    pinned: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    added: tuple[Spot, ...] = Field(default=(), max_length=500)
    candidates: Literal["posts", "candidates", "all", "streets"] = "all"
    spacing_m: float = Field(default=600.0, ge=50, le=5000, description="between sites made on the streets")
    most_candidates: int = Field(default=600, ge=1, le=5000)
    seconds: float = Field(default=30.0, gt=0, le=3600)
    iterations: int | None = Field(default=None, ge=1)
    seed: int = Field(default=1, ge=0)


class PostsQuestion(Asked):
    """Where ``p`` posts should stand, by a model.

    mclp covers most demand, lscp covers all with fewest posts, p_median is fastest on average, p_center has the least
    longest time, backup covers ``k`` times, capacity keeps to what a post can take, mexclp expects busy units, hierarchy
    has levels such as 1-3-5, robust holds in every month or by day and night, timed opens sites by the hour.
    """

    model: Model = "mclp"
    p: int | None = Field(default=None, ge=1, le=5000, description="not asked by lscp, hierarchy and a budget")
    max_moves: int | None = Field(default=None, ge=0, description="at most so many of today's posts are given up")
    costs: dict[str, float] = Field(default_factory=dict, description="of a site, by its number")
    site_cost: float = Field(default=1.0, description="of each site without a cost of its own")
    budget: float | None = Field(default=None, description="what the open sites may cost together")
    k: int = Field(default=2, ge=2, le=10)
    first_share: float = Field(default=0.5, ge=0, le=1, description="worth of the first unit among all k")
    busy: float | None = Field(default=None, ge=0, lt=1, description="how often a unit is away; estimated if missing")
    minutes_per_call: float = Field(default=40.0, gt=0, le=600)
    most_at_a_site: int = Field(default=1, ge=1, le=20)
    capacity: float | None = Field(
        default=None, ge=0, description="demand that a post takes; 1.3 times its part if missing"
    )
    capacities: dict[str, float] = Field(default_factory=dict)
    split: bool = Field(default=False, description="whether a demand point may be shared by posts")
    within: bool = Field(
        default=True, description="capacity: most demand within the limit, else least mean time for all"
    )
    levels: tuple[Level, ...] = Field(default=(), max_length=5)
    scenarios: Literal["months", "day_night"] = "months"
    opening: dict[str, str] = Field(default_factory=dict, description="hours of a site, such as 7-8,16-17")


class FrontQuestion(Asked):
    """The plans of ``p`` posts that nothing beats in coverage, mean, worst and equity together."""

    p: int = Field(ge=1, le=5000)
    levels: int = Field(default=4, ge=1, le=20)


class CurveQuestion(Asked):
    """One more, one fewer: which to close, which to open, what each number of posts could do, what each move brings."""

    kind: Literal["close", "open", "value", "moves"]
    count: int = Field(default=10, ge=1, le=200)
    plan: tuple[str, ...] | None = Field(default=None, description="posts to start from; today's unless given")
    posts: tuple[int, ...] | None = Field(default=None, max_length=50, description="value: numbers of posts")


class PinQuestion(Asked):
    """What moves, and what is lost, when a post must stay or go."""

    p: int = Field(ge=1, le=5000)
    post_id: str
    must: Literal["stay", "go"] = "stay"


class ScorePost(Value):
    """A post by its number, by its place, or both: moved."""

    post_id: str | None = None
    lon: Lon | None = None
    lat: Lat | None = None


class ScoreQuestion(Value):
    """Posts as she has them on the map now."""

    posts: tuple[ScorePost, ...] = Field(min_length=1, max_length=2000)
    minutes: float = Field(default=3.0, gt=0, le=60)
    profile: str = "response_car"
    families: list[str] | None = None
    from_: datetime | None = Field(default=None, alias="from")
    to: datetime | None = None
    basis: Literal["valid", "received", "cases"] = "valid"
    citizen: Literal["any", "only"] = "only"
    hours: str | None = None
    weekdays: str | None = None
    needs: tuple[Need, ...] | None = Field(default=None, min_length=1, max_length=50_000)
    points: tuple[str, ...] | None = Field(default=None, min_length=1, description="kinds of points to be covered")


class WorstGrid(Value):
    """The grid that is reached last."""

    code: str
    name: str | None
    seconds: float


class Score(Value):
    """What posts are worth; ``nearest`` counts calls for which each post is the nearest one."""

    n: int
    n_unplaced: int
    n_posts: int
    minutes: float
    profile: str
    basis: str
    citizen: str
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    share: float
    interval: tuple[float, float]
    mean_seconds: float | None
    p90_seconds: float | None
    worst_seconds: float | None
    worst_grid: WorstGrid | None
    unreachable: list[str]
    unreachable_calls: int
    off_street: list[int] = Field(
        description="posts too far from a street to reach anything, by position in the question"
    )
    nearest: list[float]
    by_grid: dict[str, float]
    milliseconds: float
    demand_kind: Literal["calls", "points", "needs"] = "calls"


class PostsCoverage(Value):
    """What today's posts cover; times are over the demand that is reachable at all."""

    n: int
    n_unplaced: int
    basis: str
    citizen: str
    n_posts: int
    minutes: float
    profile: str
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    share: float
    interval: tuple[float, float]
    mean_seconds: float | None
    p90_seconds: float | None
    worst_grid: WorstGrid | None
    unreachable: list[str]
    unreachable_calls: int
    by_grid: dict[str, float]


class SightQuestion(Value):
    """What points of some kinds see within a reach, on a street network and among calls."""

    kinds: tuple[str, ...] = ("video",)
    spots: tuple[Spot, ...] = Field(default=(), max_length=5000, description="places beside the kinds, such as alarms")
    reach_m: float = Field(default=80.0, gt=0, le=2000)
    more: int = Field(default=0, ge=0, le=200, description="how many more points to place where they see most")
    of: Literal["calls", "streets"] = "calls"
    seconds: float = Field(default=10.0, gt=0, le=600)
    seed: int = Field(default=1, ge=0)


class Person(Value):
    """Somebody's post or office, by a number that is not a name, and the areas that can be taken."""

    key: str = Field(max_length=80)
    lon: Lon
    lat: Lat
    room: int = Field(default=1, ge=0, le=1000)


class Area(Value):
    """An area to be served: a town, a police area."""

    key: str = Field(max_length=80)
    lon: Lon
    lat: Lat
    needed: int = Field(default=1, ge=0, le=1000)


class MatchQuestion(Value):
    """Who goes where: mentors to towns, officers to police areas."""

    areas: tuple[Area, ...] = Field(min_length=1, max_length=3000)
    persons: tuple[Person, ...] = Field(min_length=1, max_length=3000)
    profile: str = "response_car"
    most_minutes: float | None = Field(default=None, gt=0)
    seconds: float = Field(default=20.0, gt=0, le=600)
