"""``python -m benchmarks NAME [--data FOLDER] [--seconds S] [--sample N] [--seed N] [--only PART] [--json]``."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Final

from benchmarks.harness import Options, Row, report
from geo.errors import ParameterError

REGISTRY: Final = {
    "import_calls": "benchmarks.import_calls",
    "streets": "benchmarks.streets",
    "build_graph": "benchmarks.build_graph",
    "first_map": "benchmarks.first_map",
    "edit_grids": "benchmarks.edit_grids",
    "clean_grids": "benchmarks.clean_grids",
    "province_grids": "benchmarks.province_grids",
    "point_in_grid": "benchmarks.point_in_grid",
    "cube": "benchmarks.cube",
    "cluster_counts": "benchmarks.cluster_counts",
    "gi_star": "benchmarks.gi_star",
    "knox": "benchmarks.knox",
    "kde": "benchmarks.kde",
    "forecast": "benchmarks.forecast",
    "pmed": "benchmarks.pmed",
    "p_center": "benchmarks.p_center",
    "mclp_sjc": "benchmarks.mclp_sjc",
    "city_posts": "benchmarks.city_posts",
    "city_patrol": "benchmarks.city_patrol",
    "predictor": "benchmarks.predictor",
    "cover_moving": "benchmarks.cover_moving",
    "mend_patrol": "benchmarks.mend_patrol",
    "cvrp": "benchmarks.cvrp",
    "vrptw": "benchmarks.vrptw",
    "top": "benchmarks.top",
    "map_matching": "benchmarks.map_matching",
    "carp": "benchmarks.carp",
}
"""Name of a benchmark and the module whose ``rows(options) -> list[Row]`` runs it."""


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark or all; return 1 where a goal is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios against named peers, in one run.")
    parser.add_argument("name", choices=[*REGISTRY, "all"])
    parser.add_argument("--data", type=Path, help="folder of instances; default: the data folder beside the checkout")
    parser.add_argument("--seconds", type=float, help="time limit of each repeated measurement")
    parser.add_argument("--sample", type=int, help="how many sources, instances or rows")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="one part of the benchmark, such as a radius in seconds of city_posts")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    options = Options(data=given.data, seconds=given.seconds, sample=given.sample, seed=given.seed, only=given.only)
    names = list(REGISTRY) if given.name == "all" else [given.name]
    results: dict[str, list[Row]] = {}
    for name in names:
        try:
            results[name] = importlib.import_module(REGISTRY[name]).rows(options)
        except ParameterError as error:
            parser.error(str(error))
    report(results, as_json=given.json)
    return int(any(row.met is False for found in results.values() for row in found))


if __name__ == "__main__":
    sys.exit(main())
