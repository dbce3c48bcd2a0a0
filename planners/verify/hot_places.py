"""Published statistics of hot places."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from geo.hotspots.accuracy import pai, pei
from geo.hotspots.gi_star import gi_star, within_band
from geo.hotspots.near_repeat import near_repeats
from geo.hotspots.scan import poisson_llr
from planners.verify.document import Document, Node
from planners.verify.verdict import Verdict, compared


def claims(key: str) -> bool:
    """Tell whether a section is about hot places."""
    return key in ("gi_star", "scan_llr", "pai_pei", "near_repeat_trap")


def verdicts(document: Document, key: str) -> Iterator[Verdict]:
    """Compare each number of a section."""
    section = document.body[key]
    source = document.source_of(section)
    tolerance = section.number_or("tolerance", None)
    if key == "gi_star":
        yield from _gi_star(source, section, tolerance)
    elif key == "scan_llr":
        yield from _scan(source, section, tolerance)
    elif key == "pai_pei":
        yield from _accuracy(source, section, tolerance)
    else:
        rule = section["rule"].text() if "rule" in section else ""
        # The case of the rule: 100 m and 3 days apart, with bands of 100 m and 3 days.
        made = near_repeats([[0.0, 0.0], [0.0, 100.0]], [0.0, 3.0], space_m=(100.0,), time_days=(3.0,), runs=1)
        ours = float(made.observed[1, 0])
        yield compared(document.source, "near repeat: closed time bands", 1.0, ours, note=rule)


def _gi_star(source: str, section: Node, tolerance: float | None) -> Iterator[Verdict]:
    points = np.array([row.numbers() for row in section["points"].items()], np.float64)
    indptr, indices = within_band(points, section["band"].number())
    ours = gi_star(section["y"].numbers(), indptr, indices)
    for number, (published, value) in enumerate(
        zip(section["expected_z"].numbers(), ours.tolist(), strict=True), start=1
    ):
        yield compared(source, f"Gi* z of point {number}", published, value, tolerance=tolerance)


def _scan(source: str, section: Node, tolerance: float | None) -> Iterator[Verdict]:
    total, population = section["total_cases"].number(), section["total_population"].number()
    for row in section["clusters"].items():
        cases, people = row["cases"].number(), row["population"].number()
        ours = poisson_llr(cases, people * total / population, total)
        what = f"scan log likelihood ratio, {cases:g} cases in {people:g} people"
        yield compared(source, what, row["llr"].number(), ours, tolerance=tolerance)


def _accuracy(source: str, section: Node, tolerance: float | None) -> Iterator[Verdict]:
    observed = section["observed"].numbers()
    for key, name, ours in (
        ("pai", "PAI", pai(observed)),
        ("pei", "PEI", pei(observed)),
        ("pei_first_two", "PEI", pei(observed)),
    ):
        if key in section:
            for number, published in enumerate(section[key].numbers()):
                what = f"{name} after {number + 1} cells"
                yield compared(source, what, published, float(ours[number]), tolerance=tolerance)
