"""Published patrol areas."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planners.contract import Budget
from planners.districts.exact import solve_districts
from planners.districts.problem import DistrictPlan, DistrictProblem, check_districts
from planners.verify.document import Document, Node
from planners.verify.verdict import Verdict, compared, not_computed


def claims(key: str) -> bool:
    """Tell whether a section is about patrol areas."""
    return key in ("toy", "carrollton")


def verdicts(document: Document, key: str) -> Iterator[Verdict]:
    """Compare a small division; the large one needs travel times that were never published."""
    section = document.body[key]
    source = document.source_of(section)
    if key == "carrollton":
        published = section["published_weighted_travel"].number()
        why = "its travel matrix is not published"
        yield not_computed(source, f"{key}: calls-weighted travel of the best areas", published, why)
        return
    problem = _line(section)
    outcome = solve_districts(problem, Budget())
    expected = section["expected"]
    yield compared(
        source,
        f"{key}: calls-weighted travel of {problem.areas} areas",
        expected["objective"].number(),
        outcome.objective,
    )
    if "areas" in expected and "sources" in expected:
        index = {atom: number for number, atom in enumerate(problem.keys)}
        origin = np.full(len(problem.keys), -1, np.int32)
        for area, at in zip(expected["areas"].items(), expected["sources"].items(), strict=True):
            for atom in area.items():
                origin[index[atom.text()]] = index[at.text()]
        ours = check_districts(problem, DistrictPlan(source=origin))
        yield compared(source, f"{key}: travel of the published areas", expected["objective"].number(), ours)


def _line(section: Node) -> DistrictProblem:
    """Atoms on a line, neighbours one step apart."""
    keys = tuple(item.text() for item in section["atoms"].items())
    step = section["neighbours_in_line_distance"].number()
    at = np.arange(len(keys)) * step
    near = np.arange(len(keys) - 1)
    return DistrictProblem(
        travel=np.abs(at[:, None] - at[None, :]),
        calls=np.array(section["calls"].numbers()),
        pairs=np.stack([near, near + 1], axis=1),
        keys=keys,
        areas=section["areas"].whole(),
        max_disparity=section["max_disparity"].number(),
    )
