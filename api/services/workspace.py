"""What the services of one installation share: the store, the streets, and what is computed from them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from api.clock import Clock, DataClock, SystemClock
from api.services.derived import Derived
from api.services.drawing_files import DrawingFiles
from api.services.drawings import Drawings
from api.services.features import parse_instant
from api.settings import Settings
from geo.errors import UnavailableError
from geo.grids.locate import AreaIndex
from geo.store.port import DEMO, Json, Principal, Store
from geo.store.position_history import PositionHistory
from geo.streets.graph import StreetGraph
from geo.streets.order import Order
from geo.streets.snap import Places, Snapper
from geo.streets.speeds import SpeedTable, arc_milliseconds
from geo.streets.travel import Travel
from geo.tables.calls import Calls
from geo.tables.grids import Grids
from geo.tables.points import Points
from geo.tables.police_grids import PoliceGrids
from geo.tables.posts import Posts
from geo.tables.spec import Table
from geo.tables.units import Units

T = TypeVar("T", bound=Table)
FIRST_PROFILE = "response_car"


class Workspace:
    """The open installation.

    Derived things are built once for each version of the table that they come from; parallel requests wait for
    one build. Nothing here decides anything: use cases are in the other services.
    """

    def __init__(self, settings: Settings, store: Store, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.store = store
        self.zone = ZoneInfo(settings.time_zone)
        self.derived = Derived()
        self.editing = threading.Lock()
        self.importing = threading.Lock()
        self.planning = threading.Lock()
        self.drawings = Drawings()
        self.drawing_files = DrawingFiles(settings.home / "drawings")
        self.history = PositionHistory(settings.positions)
        # Where units that sent positions to this process were heard last: seconds since 1970, lon, lat.
        self.heard: dict[str, tuple[float, float, float]] = {}
        self.clock = clock or self._clock()

    def _clock(self) -> Clock:
        as_of = self.facts().get("as_of")
        if self.settings.clock == "data" or (self.settings.clock == "auto" and as_of):
            if not isinstance(as_of, str):
                raise UnavailableError(
                    "The data do not say as of when they are; use XUNGE_CLOCK=system",
                    "数据没有截至时间，请设置 XUNGE_CLOCK=system",
                )
            return DataClock(parse_instant(as_of))
        return SystemClock()

    def facts(self) -> dict[str, Json]:
        """Return what is known of the data as a whole: title, as of when, attribution, whether synthetic."""
        return dict(self.store.document(DEMO, "facts") or {})

    def graph(self) -> StreetGraph:
        """Return the street graph, or raise ``UnavailableError`` where none was imported."""
        path = self.settings.streets
        if not path.exists():
            raise UnavailableError(
                "No streets have been imported yet: xunge import streets FILE",
                "尚未导入路网，请先运行 xunge import streets 文件",
            )
        return self.derived.get("graph", _stamp(path), lambda: StreetGraph.load(path))

    def street_stamp(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return what changes when the streets or their speeds do."""
        return _stamp(self.settings.streets), _stamp(self.settings.speeds)

    def order(self) -> Order:
        """Return the contraction order of the streets, computed once and kept beside them."""
        return self.derived.get(
            "order", _stamp(self.settings.streets), lambda: Order.beside(self.settings.order, self.graph())
        )

    def speeds(self) -> SpeedTable:
        """Return the speed table that the user may have edited."""
        path = self.settings.speeds
        if not path.exists():
            return SpeedTable.default()
        return self.derived.get("speeds", _stamp(path), lambda: SpeedTable.from_json(path.read_text("utf-8")))

    def travel(self, profile: str) -> Travel:
        """Return the travel engine of a profile."""
        stamp = self.street_stamp()

        def build() -> Travel:
            graph = self.graph()
            milliseconds = arc_milliseconds(graph, profile, speeds=self.speeds())
            if profile in ("foot", FIRST_PROFILE):
                turns = profile != "foot"
                return Travel(graph, milliseconds, turns=turns, order=self.order(), threads=self.settings.threads)
            # All vehicles keep to the same turns: they share one hierarchy and differ in its weights.
            return self.travel(FIRST_PROFILE).reweighted(milliseconds)

        return self.derived.get(f"travel:{profile}", stamp, build)

    def snapper(self, profile: str) -> Snapper:
        """Return the snapper of a profile."""
        stamp = _stamp(self.settings.streets)
        return self.derived.get(
            f"snapper:{profile}", stamp, lambda: Snapper(self.graph(), profile, speeds=self.speeds(), connected=True)
        )

    def snap(self, profile: str, lonlat: np.ndarray) -> Places:
        """Return positions on the streets for float64[k, 2] lon, lat."""
        return self.snapper(profile).snap(lonlat)

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Return west, south, east, north of the streets, or of the grids where there are no streets."""
        if self.settings.streets.exists():
            return self.graph().bounds
        grids = self.grids(DEMO)
        if not len(grids):
            return None
        west, south, east, north = (float(v) for v in grids.frame.total_bounds)
        return west, south, east, north

    def grids(self, principal: Principal) -> Grids:
        """Return all grids."""
        return self._table(principal, Grids)

    def police_grids(self, principal: Principal) -> PoliceGrids:
        """Return all police grids."""
        return self._table(principal, PoliceGrids)

    def posts(self, principal: Principal) -> Posts:
        """Return all posts."""
        return self._table(principal, Posts)

    def points(self, principal: Principal) -> Points:
        """Return all points that patrols visit."""
        return self._table(principal, Points)

    def units(self, principal: Principal) -> Units:
        """Return all units."""
        return self._table(principal, Units)

    def calls(self, principal: Principal) -> Calls:
        """Return all calls."""
        return self._table(principal, Calls)

    def _table(self, principal: Principal, kind: type[T]) -> T:
        name = kind.SPEC.name
        version = (self.store.version(name), principal.scopes)
        return self.derived.get(f"table:{name}", version, lambda: self.store.table(principal, kind))

    def grid_index(self, principal: Principal) -> AreaIndex:
        """Return the index that tells in which general grid a place lies."""
        version = (self.store.version("grids"), principal.scopes)

        def build() -> AreaIndex:
            grids = self.grids(principal)
            return AreaIndex.of(grids, kind="general")

        return self.derived.get("index:grids", version, build)

    def police_index(self, principal: Principal) -> AreaIndex:
        """Return the index that tells in which police grid a place lies."""
        version = (self.store.version("police_grids"), principal.scopes)
        return self.derived.get("index:police_grids", version, lambda: AreaIndex.of(self.police_grids(principal)))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
