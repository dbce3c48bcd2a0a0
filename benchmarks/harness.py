"""Rows of a benchmark: what was done, ours, a named peer's figure, their ratio and the goal."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

NAMED: Final = (
    "numpy",
    "scipy",
    "numba",
    "shapely",
    "geopandas",
    "sedonadb",
    "networkx",
    "osmnx",
    "routingkit-cch",
    "pyroutingkit",
    "folium",
    "pyvrp",
    "highspy",
    "spopt",
    "ortools",
    "kmedoids",
    "leuvenmapmatching",
)
"""Distributions whose versions are printed with every run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line hands to every benchmark.

    Attributes
    ----------
    data : folder of instances in their public format, None for the folder beside the checkout
    seconds : time limit of each repeated measurement, None for the benchmark's own
    sample : how many sources, instances or rows to take, None for the benchmark's own
    seed : seed of every random choice
    only : the part of a benchmark that is measured, None for all of it
    """

    data: Path | None = None
    seconds: float | None = None
    sample: int | None = None
    seed: int = 0
    only: str | None = None

    def folder(self) -> Path | None:
        """Return the folder of instances, or None where there is none."""
        if self.data is not None:
            return self.data
        beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
        return beside if beside.is_dir() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what : the task, with its size
    ours, peer_figure : measured values with their unit, None where not measured
    peer : name of the peer, or why there is none
    ratio : how many times better ours is, None without a peer's figure
    goal : the least ratio (or the greatest figure) that is promised, in words
    met : whether the goal is met; None where nothing is promised
    """

    what: str
    ours: str | None
    peer: str = ""
    peer_figure: str | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


def absent(what: str, peer: str, *, ours: str | None = None, goal: str = "", why: str = "not installed") -> Row:
    """Return the row of a peer that cannot be asked, and why."""
    return Row(what=what, ours=ours, peer=f"{peer} ({why})", goal=goal)


def against(what: str, *, ours: float, peer: str, theirs: float, at_least: float | None = None, note: str = "") -> Row:
    """Return the row of two times in seconds; ``at_least`` is the ratio that is promised."""
    ratio = theirs / ours
    goal = "" if at_least is None else f">= {at_least:g}x"
    met = None if at_least is None else ratio >= at_least
    figure = duration(theirs) + (f" ({note})" if note else "")
    return Row(what=what, ours=duration(ours), peer=peer, peer_figure=figure, ratio=ratio, goal=goal, met=met)


def within(what: str, *, ours: float, at_most: float | None = None) -> Row:
    """Return the row of a time in seconds that has a limit and no peer."""
    goal = "" if at_most is None else f"< {duration(at_most)}"
    return Row(what=what, ours=duration(ours), goal=goal, met=None if at_most is None else ours < at_most)


def duration(seconds: float) -> str:
    """Return seconds as text with three figures in s, ms or µs."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{seconds / size:.3g} {unit}"
    raise AssertionError


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds that one call took, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def interleaved(works: Sequence[Callable[[], object]], *, rounds: int, seconds: float | None = None) -> list[float]:
    """Return the median seconds of each work; they take turns, so that a noisy machine disturbs all alike."""
    taken: list[list[float]] = [[] for _ in works]
    started = time.perf_counter()
    for number in range(rounds):
        for times, work in zip(taken, works, strict=True):
            times.append(timed(work)[0])
        if seconds is not None and number > 0 and time.perf_counter() - started > seconds:
            break
    return [statistics.median(times) for times in taken]


def machine() -> dict[str, str]:
    """Return the processor, its count, the load, the system and the versions of Python and the named distributions.

    Figures for several threads mean little where the load is above one less than the processors.
    """
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = models[0] if models else processor
    about = {
        "processor": processor,
        "processors": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }
    for name in NAMED:
        try:
            about[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            about[name] = "not installed"
    return about


def table(rows: Sequence[Row]) -> str:
    """Return the rows as an aligned Markdown table."""
    header = ("what", "ours", "peer", "peer's figure", "ratio", "goal", "met")
    lines = [header, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(drawn)


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}x"
    met = "" if row.met is None else ("yes" if row.met else "NO")
    return row.what, row.ours or "", row.peer, row.peer_figure or "", ratio, row.goal, met


def report(results: dict[str, list[Row]], *, as_json: bool) -> None:
    """Print all tables, or one JSON object ``{"machine": ..., "rows": {name: [...]}}``."""
    about = machine()
    if as_json:
        rows = {name: [asdict(row) for row in found] for name, found in results.items()}
        json.dump({"machine": about, "rows": rows}, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    for name, found in results.items():
        print(f"\n{name}\n{table(found)}")
