"""Published figures of the hypercube queueing model."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from planners.dispatch.hypercube import HypercubeProblem, solve_hypercube
from planners.verify.document import Document
from planners.verify.verdict import Verdict, compared, not_computed

_SHARE = re.compile(r"^share_(\w+)_by_server(\d+)$")


def verdicts(document: Document) -> Iterator[Verdict]:
    """Compare workloads and shares; places are in the order of the arrival rates, servers are numbered from 1."""
    inputs, expected = document.body["inputs"], document.body["expected"]
    tolerance = document.body.number_or("tolerance", None)
    places = inputs["arrival_rates"].keys()
    orders = [inputs["preferences"][place].numbers() for place in places]
    service = inputs.number_or("mean_service", 1.0)
    problem = HypercubeProblem(
        rates=np.array([inputs["arrival_rates"][place].number() for place in places]),
        preferences=np.array(orders, np.int32) - 1,
        service=1.0 if service is None else float(service),
    )
    state = solve_hypercube(problem)
    for key in expected.keys():  # noqa: SIM118 - a document's node, not a mapping
        share = _SHARE.match(key)
        if key == "workload":
            for number, published in enumerate(expected[key].numbers()):
                ours = float(state.workload[number])
                yield compared(
                    document.source, f"workload of server {number + 1}", published, ours, tolerance=tolerance
                )
            continue
        if key == "p_queue":
            value = state.queued_share
        elif key.startswith("share_out_of_area"):
            value = state.out_of_area(problem.preferences)
        elif share is not None and share[1] in places and 0 < int(share[2]) <= problem.units:
            value = float(state.shares[places.index(share[1]), int(share[2]) - 1])
        else:
            yield not_computed(document.source, key, "", "unknown figure")
            continue
        yield compared(document.source, key, expected[key].number(), value, tolerance=tolerance)
