"""Instances of location problems: OR-Library's pmed, made-up ones by the same recipe, and the SJC covering instances."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.allocation import AllocationProblem, build_allocation

Floats = npt.NDArray[np.float64]

SIZES: Final = tuple(
    (n, p) for n in range(100, 1000, 100) for p in (5, 10, n // 10, n // 5, n // 3) if not (n >= 700 and p > 140)
)
"""Nodes and posts as in pmed, for instances that are made up."""

RADIUS_M: Final = 800.0
NO_WAY: Final = 2**30 - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Graph:
    """An undirected graph whose nodes are demand points and sites alike.

    Attributes
    ----------
    edges : int64[e, 3], nodes from 0 and whole lengths; of edges given twice the last one counts
    optimum : the published least sum of distances, None where there is none
    """

    name: str
    nodes: int
    p: int
    edges: npt.NDArray[np.int64]
    optimum: float | None = None

    def problem(self) -> AllocationProblem:
        """Return the problem with all shortest paths."""
        one, other, length = self.edges.T
        lengths = np.full((self.nodes, self.nodes), NO_WAY, np.int32)
        lengths[np.minimum(one, other), np.maximum(one, other)] = length  # of pairs given twice the last one stays
        lengths = np.minimum(lengths, lengths.T)
        np.fill_diagonal(lengths, 0)
        _shorten(lengths)
        seconds = np.where(lengths < NO_WAY, lengths, np.inf)
        names = [str(k + 1) for k in range(self.nodes)]
        return build_allocation(seconds, weights=np.ones(self.nodes), site_keys=names, demand_keys=names, p=self.p)


@compiled()
def _shorten(lengths: npt.NDArray[np.int32]) -> None:
    """Make all lengths those of shortest paths (Floyd and Warshall 1962): graphs of pmed are dense."""
    n = len(lengths)
    for k in range(n):
        through = lengths[k]
        for i in range(n):
            first, row = lengths[i, k], lengths[i]
            if first < NO_WAY:
                for j in range(n):
                    row[j] = min(row[j], np.int32(first + through[j]))


def read_pmed(path: Path, *, optimum: float | None = None) -> Graph:
    """Read one file of OR-Library's pmed, ``.txt`` or ``.txt.gz``."""
    raw = path.read_bytes()
    numbers = np.array((gzip.decompress(raw) if path.suffix == ".gz" else raw).split(), np.int64)
    edges = numbers[3:].reshape(-1, 3)
    return Graph(
        name=path.name.split(".")[0],
        nodes=int(numbers[0]),
        p=int(numbers[2]),
        edges=edges - np.array([1, 1, 0], np.int64),
        optimum=optimum,
    )


def made_up(n: int, p: int, *, seed: int) -> Graph:
    """Return a graph by the recipe of pmed: a ring, then random edges up to n²/50, lengths 1 to 100."""
    rng = np.random.default_rng(seed)
    ring = rng.permutation(n)
    pairs = {(min(a, b), max(a, b)) for a, b in zip(ring.tolist(), np.roll(ring, 1).tolist(), strict=True)}
    while len(pairs) < n * n // 50:
        a, b = sorted(rng.integers(0, n, 2).tolist())
        if a != b:
            pairs.add((a, b))
    both = np.array(sorted(pairs), np.int64)
    edges = np.column_stack([both, rng.integers(1, 101, len(both))])
    return Graph(name=f"made up, {n} nodes, {p} posts", nodes=n, p=p, edges=edges)


def graphs(folder: Path | None, *, seed: int, sample: int | None) -> list[Graph]:
    """Return the pmed instances of a folder, made-up ones where it has none; ``sample`` of them by ``seed``."""
    found = list(_pmed(folder)) if folder is not None else []
    if not found:
        found = [made_up(n, p, seed=seed + k) for k, (n, p) in enumerate(SIZES)]
    if sample is not None and sample < len(found):
        chosen = np.random.default_rng(seed).choice(len(found), sample, replace=False)
        found = [found[k] for k in np.sort(chosen)]
    return found


def _pmed(folder: Path) -> Iterator[Graph]:
    inside = next((p for p in (folder / "bench" / "pmed", folder / "pmed", folder) if any(p.glob("pmed*.txt*"))), None)
    if inside is None:
        return
    optima: dict[str, float] = {}
    if (inside / "optima.csv").exists():
        with (inside / "optima.csv").open() as text:
            optima = {row["instance"]: float(row["optimum"]) for row in csv.DictReader(text)}
    for path in sorted(inside.glob("pmed*.txt*"), key=lambda p: int(p.name.split(".")[0].removeprefix("pmed"))):
        yield read_pmed(path, optimum=optima.get(path.name.split(".")[0]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plane:
    """Points in the plane that are demand and sites alike; a site covers what is ``RADIUS_M`` or less away.

    Attributes
    ----------
    metres : float64[n, n]
    weights : float64[n]
    answers : posts and the greatest weight that they cover
    """

    name: str
    metres: Floats
    weights: Floats
    answers: tuple[tuple[int, float], ...]


def read_sjc(folder: Path) -> list[Plane]:
    """Read the SJC instances with their known optima; none where the folder has none."""
    inside = next(
        (p for p in (folder / "bench" / "mclp_sjc", folder / "mclp_sjc", folder) if any(p.glob("SJC*.txt"))), None
    )
    if inside is None:
        return []
    answers: dict[str, list[tuple[int, float]]] = {}
    known = sorted(inside.glob("optima*.csv"))
    if known:
        with known[0].open() as text:
            for row in csv.DictReader(text):
                answers.setdefault(row["instance"], []).append((int(row["p"]), float(row["optimum_covered"])))
    found = []
    for path in sorted(inside.glob("SJC*.txt")):
        points = np.array(path.read_text().split()[1:], np.float64).reshape(-1, 2)
        weights = np.array((inside / f"demand-{path.stem}.dat").read_text().split(), np.float64)
        metres = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
        found.append(
            Plane(name=path.stem, metres=metres, weights=weights, answers=tuple(answers.get(path.stem, ((5, np.nan),))))
        )
    return found


def random_plane(n: int, *, seed: int) -> Plane:
    """Return points in a square of 9 km with whole weights, where there is no file."""
    rng = np.random.default_rng(seed)
    points = rng.random((n, 2)) * 9000
    metres = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    weights = rng.integers(1, 120, n).astype(np.float64)
    return Plane(name=f"made up, {n} points", metres=metres, weights=weights, answers=((5, np.nan), (10, np.nan)))
