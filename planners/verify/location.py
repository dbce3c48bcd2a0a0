"""Published optima of posts."""

from __future__ import annotations

import csv
import importlib.util
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geo.errors import FileError
from planners.contract import Budget
from planners.posts.allocation import build_allocation
from planners.posts.build import build_coverage, build_mclp
from planners.posts.check import check_mclp
from planners.posts.lscp import LscpProblem, solve_lscp
from planners.posts.mclp import solve_mclp
from planners.posts.p_center import solve_p_center
from planners.posts.p_median import solve_p_median
from planners.verify.document import Document
from planners.verify.verdict import Verdict, compared, not_computed

NETWORK_TABLE = "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instance:
    """Travel float64[demand, sites], weights and keys."""

    travel: Floats
    weights: Floats
    sites: tuple[str, ...]
    demand: tuple[str, ...]


def spopt_folder() -> Path | None:
    """Return the test data inside the installed spopt wheel, which is found but not imported."""
    spec = importlib.util.find_spec("spopt")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "tests" / "test_locate" / "data"
    return folder if folder.is_dir() else None


def read_network_table(path: Path) -> Instance:
    """Read a long table with the columns distance, name (site), DestinationName (demand point), demand."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"distance", "name", "DestinationName", "demand"} <= set(rows[0]):
        raise FileError(f"{path.name} is not a table of distances", f"{path.name} 不是距离表")
    sites = tuple(dict.fromkeys(row["name"] for row in rows))
    demand = tuple(dict.fromkeys(row["DestinationName"] for row in rows))
    at_site, at_demand = {k: i for i, k in enumerate(sites)}, {k: i for i, k in enumerate(demand)}
    travel, weights = np.full((len(demand), len(sites)), np.inf), np.zeros(len(demand))
    for row in rows:
        where = at_demand[row["DestinationName"]]
        travel[where, at_site[row["name"]]] = float(row["distance"])
        weights[where] = float(row["demand"])
    return Instance(travel=travel, weights=weights, sites=sites, demand=demand)


def verdicts(document: Document) -> Iterator[Verdict]:
    """Compare the optima of the covering, median, centre and set covering problems on the published table."""
    inputs, expected = document.body["inputs"], document.body["expected"]
    instance = _instance(document, inputs.number_or("demand_sum", None))
    if instance is None:
        for key in expected.keys():  # noqa: SIM118 - a document's node, not a mapping
            yield not_computed(document.source, key, expected[key].number(), "its table of distances is not here")
    else:
        computed = _optima(instance, inputs["p"].whole(), inputs["radius_m"].number(), tuple(expected.keys()))
        for key in expected.keys():  # noqa: SIM118
            if key in computed:
                yield compared(document.source, key, expected[key].number(), computed[key])
            else:
                yield not_computed(document.source, key, expected[key].number(), "unknown figure")
    if "more" in document.body:
        more = document.body["more"]
        for key in more.keys():  # noqa: SIM118
            yield from _more(document, key, more[key].text())


def _instance(document: Document, total: float | None) -> Instance | None:
    folders = [*document.folders, document.path.parent, document.path.parent.parent / "data" / "bench" / "spopt_sf"]
    wheel = spopt_folder()
    folders += [wheel] if wheel is not None else []
    for folder in folders:
        table = folder / NETWORK_TABLE
        if table.is_file():
            instance = read_network_table(table)
            if total is None or math.isclose(instance.weights.sum(), total):
                return instance
    return None


def _optima(instance: Instance, p: int, radius: float, wanted: tuple[str, ...]) -> dict[str, float]:
    sites, demand = instance.sites, instance.demand
    out: dict[str, float] = {}
    if "mclp_covered" in wanted:
        covering = build_mclp(
            instance.travel, weights=instance.weights, p=p, radius_seconds=radius, site_keys=sites, demand_keys=demand
        )
        out["mclp_covered"] = check_mclp(covering, solve_mclp(covering, Budget()).plan)
    nearest = build_allocation(instance.travel, weights=instance.weights, p=p, site_keys=sites, demand_keys=demand)
    if {"p_median_objective", "p_median_mean_m"} & set(wanted):
        out["p_median_objective"] = solve_p_median(nearest, Budget()).objective
        out["p_median_mean_m"] = out["p_median_objective"] / float(instance.weights.sum())
    if "p_center_m" in wanted:
        out["p_center_m"] = solve_p_center(nearest, Budget()).objective
    if "lscp_sites" in wanted:
        none = np.zeros(0, np.int32)
        coverage = build_coverage(
            instance.travel, demand=len(instance.demand), sites=len(instance.sites), radius_seconds=radius
        )
        problem = LscpProblem(coverage=coverage, fixed=none, closed=none, site_keys=sites, demand_keys=demand)
        out["lscp_sites"] = solve_lscp(problem, Budget()).objective
    return out


def _more(document: Document, key: str, text: str) -> Iterator[Verdict]:
    named = re.match(r"^(\S+\.csv)", text)
    path = document.path.parent / named[1] if named else None
    if path is None or not path.is_file():
        yield not_computed(document.source, key, text, "its files are not here")
        return
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if {"instance", "p", "radius", "optimum_covered"} <= set(row):
            published, name = float(row["optimum_covered"]), f"{key}: {row['instance']}, p = {row['p']}"
            instance = _plane(path.parent, row["instance"])
            if instance is None:
                yield not_computed(document.source, name, published, "its files are not here")
                continue
            problem = build_mclp(
                instance.travel, weights=instance.weights, p=int(row["p"]), radius_seconds=float(row["radius"]),
                site_keys=instance.sites, demand_keys=instance.demand,
            )  # fmt: skip
            yield compared(document.source, name, published, solve_mclp(problem, Budget()).objective)
        else:
            published, name = float(row.get("optimum", "nan")), f"{key}: {row.get('instance', '?')}"
            yield not_computed(document.source, name, published, "the p-median of hundreds of posts comes later")


def _plane(folder: Path, name: str) -> Instance | None:
    """Read points (first line their number, then x y) and demand; each point may be a site."""
    points, demand = folder / f"{name}.txt", folder / f"demand-{name}.dat"
    if not points.is_file() or not demand.is_file():
        return None
    xy = np.loadtxt(points, skiprows=1)[:, :2]
    keys = tuple(str(number + 1) for number in range(len(xy)))
    travel = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    return Instance(travel=travel, weights=np.loadtxt(demand).ravel(), sites=keys, demand=keys)
