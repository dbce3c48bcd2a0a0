"""Public instances of routing as problems of patrols: CVRP X, Solomon's VRPTW, Chao's team orienteering."""

from __future__ import annotations

import csv
import gzip
import math
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from planners.patrol.hot_spots.problem import HotSpotProblem
from planners.patrol.problem import NO_WAY, PatrolProblem, VehicleType

Floats = npt.NDArray[np.float64]
SCALE: Final = 10_000
"""Steps of a unit of length in Solomon's instances: whole steps, so that figures agree to four digits."""


def sampled(names: Iterable[str], *, seed: int, sample: int | None) -> list[str]:
    """Return the names in order, or a seeded sample of them."""
    held = sorted(names)
    if sample is None or sample >= len(held):
        return held
    return sorted(np.random.default_rng(seed).choice(held, sample, replace=False).tolist())


def known(folder: Path | None, family: str, *, key: str, value: str) -> dict[str, float]:
    """Return the best-known values of a family from its ``bks.csv``."""
    if folder is None or not (folder / "bench" / family / "bks.csv").is_file():
        raise ParameterError(
            f"There is no folder bench/{family} with a bks.csv; name the folder of instances with --data",
            f"没有 bench/{family}/bks.csv，请用 --data 指定算例文件夹",
        )
    with (folder / "bench" / family / "bks.csv").open(encoding="utf-8") as lines:
        return {row[key]: float(row[value]) for row in csv.DictReader(lines)}


def cvrp(path: Path) -> PatrolProblem:
    """Read a CVRP of VRPLIB with rounded Euclidean lengths."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        words = [line.replace(":", " ").split() for line in lines]
    size = next(int(w[1]) for w in words if w and w[0] == "DIMENSION")
    capacity = next(int(w[1]) for w in words if w and w[0] == "CAPACITY")
    at = {w[0]: i for i, w in enumerate(words) if w}
    xy = np.array([[float(v) for v in w[1:3]] for w in words[at["NODE_COORD_SECTION"] + 1 :][:size]])
    load = np.array([int(w[1]) for w in words[at["DEMAND_SECTION"] + 1 :][:size]])
    legs = np.floor(_lengths(xy) + 0.5).astype(np.int64)
    return _problem(legs, load[1:], capacity, horizon=NO_WAY - 1)


def solomon(path: Path) -> PatrolProblem:
    """Read a VRPTW of Solomon with Euclidean lengths in steps of 1 / ``SCALE``; the number of units is free."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    capacity = next(int(row[1]) for i, row in enumerate(rows) if i and rows[i - 1][:1] == ["NUMBER"])
    held = np.array([[float(v) for v in row] for row in rows if len(row) == 7])
    legs = np.floor(_lengths(held[:, 1:3]) * SCALE + 0.5).astype(np.int64)
    return _problem(
        legs, held[1:, 3].astype(np.int64), capacity, horizon=int(held[0, 5]) * SCALE,
        window=held[1:, 4:6].astype(np.int64) * SCALE, dwell=held[1:, 6].astype(np.int64) * SCALE,
    )  # fmt: skip


def chao(archive: Path, name: str) -> HotSpotProblem:
    """Read a team orienteering problem of Chao, Golden and Wasil out of the archive."""
    with tarfile.open(archive) as held:
        found = next((m for m in held.getmembers() if Path(m.name).name == f"{name}.txt"), None)
        opened = None if found is None else held.extractfile(found)
        if opened is None:
            raise ParameterError(f"{archive.name} has no instance {name}", f"{archive.name} 中没有算例 {name}")
        rows = [line.split() for line in opened.read().decode().splitlines()]
    count, units, limit = int(rows[0][1]), int(rows[1][1]), float(rows[2][1])
    held_rows = np.array([[float(v) for v in row] for row in rows[3 : 3 + count]])
    prize = held_rows[:, 2].copy()
    prize[[0, -1]] = 0.0
    return HotSpotProblem(
        keys=tuple(str(i) for i in range(count)), seconds=_lengths(held_rows[:, :2]), dwell=np.zeros(count), prize=prize,
        units=units, limit=limit, start=0, end=count - 1,
    )  # fmt: skip


def _lengths(xy: Floats) -> Floats:
    return np.asarray(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)), np.float64)


def _problem(
    legs: npt.NDArray[np.int64], load: npt.NDArray[np.int64], capacity: int, *, horizon: int,
    window: npt.NDArray[np.int64] | None = None, dwell: npt.NDArray[np.int64] | None = None,
) -> PatrolProblem:  # fmt: skip
    visits = len(load)
    units = visits if window is not None else min(visits, 2 * math.ceil(int(load.sum()) / capacity) + 5)
    car = VehicleType(
        kind="car", start_post=0, end_post=0, shift_seconds=horizon, capacity=capacity,
        unit_keys=tuple(str(i + 1) for i in range(units)),
    )  # fmt: skip
    matrix = legs[None].astype(np.int32)
    free = np.column_stack([np.zeros(visits, np.int64), np.full(visits, horizon)])
    return PatrolProblem(
        post_keys=("depot",), point_keys=tuple(str(i + 1) for i in range(visits)), kinds=("car",), seconds=matrix,
        metres=matrix, vehicles=(car,), visit_point=np.arange(visits, dtype=np.int32),
        visit_number=np.zeros(visits, np.int32), window=(free if window is None else window).astype(np.int32),
        dwell=(np.zeros(visits) if dwell is None else dwell).astype(np.int32), required=np.ones(visits, np.bool_),
        prize=np.zeros(visits, np.int64), eligible=np.ones((visits, 1), np.bool_), load=load.astype(np.int32),
    )  # fmt: skip
