"""A sweep relaxed: passings of streets that leave every set of nodes often enough, whoever drives them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from planners.contract import Budget, Observer, silent
from planners.integer_program import Answer, IntegerProgram, solve_program
from planners.patrol.sweep.cuts import Cut, Streets, apart, grown, odd_sets, parted, visits_needed
from planners.patrol.sweep.problem import SweepProblem

FREE: Final = 1 << 40
STARTS: Final = 160
STEPS: Final = 400
EXACT_TASKS: Final = 400
TAIL: Final = 12
"""Rounds of cuts after which the bound must have risen by a ten-thousandth."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Relaxed:
    """The relaxation of one problem and the cuts found so far.

    Columns are the passings of each arc without sweeping, then for each task with two sides whether it is swept along the
    first. Units balance at every node; a cut asks that what leaves a set be enough, or that one street more be passed
    where an odd number of tasks crosses (Belenguer and Benavent 2003, here for streets of one and of two ways).
    """

    problem: SweepProblem
    streets: Streets
    links: npt.NDArray[np.int64]
    arc_link: Ints
    task_link: Ints
    either: Ints
    marks: Ints
    cuts: list[Cut] = field(default_factory=list)
    seen: set[tuple[bytes, bool]] = field(default_factory=set)

    @classmethod
    def of(cls, problem: SweepProblem) -> Relaxed:
        """Return the relaxation without cuts."""
        n = problem.nodes
        first = problem.task_arcs[:, 0]
        low = np.minimum(problem.tails, problem.heads).astype(np.int64)
        high = np.maximum(problem.tails, problem.heads).astype(np.int64)
        keys, arc_link = np.unique(low * n + high, return_inverse=True)
        one, other = keys // n, keys % n
        ends = np.concatenate([one, other])
        order = np.argsort(ends, kind="stable")
        t_one, t_other = problem.tails[first].astype(np.int64), problem.heads[first].astype(np.int64)
        t_ends = np.concatenate([t_one, t_other])
        t_order = np.argsort(t_ends, kind="stable")
        nodes = np.arange(n + 1)
        serve = np.where(problem.two_way(), problem.serve.min(axis=1), problem.serve[:, 0])
        streets = Streets(
            indptr=np.searchsorted(ends[order], nodes), others=np.concatenate([other, one])[order],
            pair=np.tile(np.arange(len(keys)), 2)[order], task_indptr=np.searchsorted(t_ends[t_order], nodes),
            task_of=np.tile(np.arange(problem.tasks), 2)[t_order], one=t_one, other=t_other, demand=problem.demand,
            serve=serve.astype(np.int64),
        )  # fmt: skip
        either = np.flatnonzero(problem.two_way())
        swept = sparse.coo_matrix((np.ones(problem.tasks), (t_one, t_other)), shape=(n, n))
        _, part = connected_components(swept, directed=False)
        _, marks = np.unique(part[t_one], return_index=True)
        marks = t_one[marks][part[t_one[marks]] != part[problem.depot]]
        return cls(problem, streets, np.stack([one, other]), arc_link, arc_link[first], either, marks)

    @property
    def columns(self) -> int:
        """Number of columns without those of parity."""
        return self.problem.arcs + len(self.either)

    def costs(self) -> tuple[Floats, float]:
        """Return the cost of each column and what is left over."""
        serve = self.problem.serve[self.either].astype(np.float64)
        one_way = ~self.problem.two_way()
        rest = float(serve[:, 1].sum() + self.problem.serve[one_way, 0].sum())
        return np.concatenate([self.problem.cost.astype(np.float64), serve[:, 0] - serve[:, 1]]), rest

    def balance(self) -> tuple[sparse.csr_matrix, Floats]:
        """Return the rows that balance what leaves and enters each node, and their right side."""
        p = self.problem
        m, first = p.arcs, p.task_arcs[:, 0]
        y = m + np.arange(len(self.either))
        tails, heads = p.tails[first], p.heads[first]
        rows = np.concatenate([p.tails, p.heads, tails[self.either], heads[self.either]])
        columns = np.concatenate([np.arange(m), np.arange(m), y, y])
        values = np.concatenate([np.ones(m), -np.ones(m), np.full(len(y), 2.0), np.full(len(y), -2.0)])
        right = np.zeros(p.nodes)
        swept = np.where(p.two_way(), 1.0, -1.0)
        np.add.at(right, tails, swept)
        np.add.at(right, heads, -swept)
        return sparse.csr_matrix((values, (rows, columns)), shape=(p.nodes, self.columns)), right

    def row(self, cut: Cut) -> tuple[Ints, Floats, float]:
        """Return columns, values and least value of the row of a cut."""
        p, inside = self.problem, cut.inside
        tail, head = inside[p.tails], inside[p.heads]
        if cut.odd:
            arcs = np.flatnonzero(tail != head)
            return arcs, np.ones(len(arcs)), 1.0
        arcs = np.flatnonzero(tail & ~head)
        first = p.task_arcs[:, 0]
        out = tail[first] & ~head[first]
        back = ~tail[first] & head[first]
        two_way = p.two_way()
        y = np.flatnonzero((out | back)[self.either])
        sign = np.where(out[self.either][y], 1.0, -1.0)
        least = cut.visits - float((out & ~two_way).sum()) - float((sign < 0).sum())
        return np.concatenate([arcs, p.arcs + y]), np.concatenate([np.ones(len(arcs)), sign]), least

    def add(self, inside: Flags, *, odd: bool) -> bool:
        """Keep a cut that is valid and new; return whether it was."""
        if odd and (inside[self.streets.one] != inside[self.streets.other]).sum() % 2 == 0:
            return False
        key = (np.packbits(inside).tobytes(), odd)
        if key in self.seen or inside[self.problem.depot] or not inside.any():
            return False
        self.seen.add(key)
        self.cuts.append(Cut(inside, odd, self.visits(inside)))
        return True

    def visits(self, inside: Flags) -> int:
        """Return how often units must come to a set that tasks touch, 0 where none does."""
        touched = inside[self.streets.one] | inside[self.streets.other]
        if not touched.any():
            return 0
        demand, serve = int(self.streets.demand[touched].sum()), int(self.streets.serve[touched].sum())
        return visits_needed(demand, serve, self.problem.capacity or FREE, self.problem.limit or FREE)

    def broken(self, values: Floats, rng: np.random.Generator) -> int:
        """Find cuts that values break and keep them; return how many."""
        p, m = self.problem, self.problem.arcs
        links = self.links.shape[1]
        passing = np.bincount(self.arc_link, weights=values[:m], minlength=links).astype(np.float64)
        flow = passing + np.bincount(self.task_link, minlength=links).astype(np.float64)
        count = 0
        for inside in apart(p.nodes, self.links[0], self.links[1], flow, p.depot):
            count += self.add(inside, odd=False)
        for inside in parted(p.nodes, self.links[0], self.links[1], flow, self.marks, p.depot):
            count += self.add(inside, odd=False)
        starts = np.unique(np.concatenate([self.streets.one, self.streets.other]))
        starts = starts[starts != p.depot]
        starts = rng.permutation(starts)[:STARTS].astype(np.int64)
        capacity, limit = p.capacity or FREE, p.limit or FREE
        sets, lacks = grown(starts, self.streets, flow, passing, p.depot, capacity, limit, STEPS)
        for at in np.flatnonzero(lacks > 2e-4)[np.argsort(-lacks[lacks > 2e-4], kind="stable")][:120].tolist():
            count += self.add(sets[at].copy(), odd=at % 2 == 1)
        if count < 3 and p.tasks <= EXACT_TASKS:
            ends = np.concatenate([self.streets.one, self.streets.other])
            odd = np.bincount(ends, minlength=p.nodes) % 2 == 1
            for inside in odd_sets(p.nodes, self.links[0], self.links[1], passing, odd, p.depot):
                count += self.add(inside, odd=True)
        return count

    def program(self, *, whole: bool) -> IntegerProgram:
        """Return the program with all cuts; with ``whole`` passings are whole and nodes even."""
        p = self.problem
        m, n, columns = p.arcs, p.nodes, self.columns
        balance, right = self.balance()
        cells = [self.row(cut) for cut in self.cuts]
        counts = np.array([len(c[0]) for c in cells], np.int64)
        rows = np.repeat(np.arange(len(cells)), counts)
        inner = np.concatenate([c[0] for c in cells]) if cells else np.zeros(0, np.int64)
        values = np.concatenate([c[1] for c in cells]) if cells else np.zeros(0)
        cut_rows = sparse.csr_matrix((values, (rows, inner)), shape=(len(cells), columns))
        least = np.array([c[2] for c in cells])
        costs, rest = self.costs()
        blocks: list[list[Any]] = [[balance], [cut_rows]]
        lower, upper = [right, least], [right, np.full(len(cells), np.inf)]
        extra = 0
        if whole:
            odd = np.bincount(np.concatenate([self.streets.one, self.streets.other]), minlength=n) % 2
            ends = np.concatenate([p.tails, p.heads])
            touch = sparse.csr_matrix((np.ones(2 * m), (ends, np.tile(np.arange(m), 2))), shape=(n, columns))
            blocks = [[balance, None], [cut_rows, None], [touch, -2.0 * sparse.eye(n)]]
            lower.append(-odd.astype(np.float64))
            upper.append(-odd.astype(np.float64))
            extra = n
        flags = np.concatenate([np.full(m, whole), np.zeros(len(self.either), np.bool_), np.full(extra, True)])
        return IntegerProgram(
            costs=np.concatenate([costs, np.zeros(extra)]), lower=np.zeros(columns + extra),
            upper=np.concatenate([np.full(m, np.inf), np.ones(len(self.either)), np.full(extra, np.inf)]),
            whole=flags, rows=sparse.csr_matrix(sparse.bmat(blocks)), row_lower=np.concatenate(lower),
            row_upper=np.concatenate(upper), sense=-1, constant=rest, slack=0.999,
        )  # fmt: skip

    def solved(self, *, whole: bool, seconds: float, observe: Observer = silent) -> Answer:
        """Return the answer of the program with all cuts."""
        return solve_program(self.program(whole=whole), Budget(seconds=max(0.1, seconds)), observe=observe)


def tightened(
    relaxed: Relaxed, *, seconds: float, on: Callable[[float], bool], seed: int = 1
) -> tuple[float, Floats | None]:
    """Add cuts until none is broken, the time is over, or ``on`` of the bound says no; return the bound and the last values."""
    import highspy

    began = time.perf_counter()
    rng = np.random.default_rng(seed)
    program = relaxed.program(whole=False)
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.silent()
    model = highspy.HighsLp()
    held = sparse.csc_matrix(program.rows)
    model.num_col_, model.num_row_ = len(program.costs), held.shape[0]
    model.col_cost_, model.col_lower_, model.col_upper_ = program.costs, program.lower, program.upper
    model.row_lower_, model.row_upper_ = program.row_lower, program.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = held.indptr.astype(np.int32), held.indices.astype(np.int32)
    model.a_matrix_.value_ = held.data.astype(np.float64)
    highs.passModel(model)
    bound, values = 0.0, None
    steps: list[float] = []
    while True:
        left = seconds - (time.perf_counter() - began)
        if left <= 0:
            break
        highs.setOptionValue("time_limit", highs.getRunTime() + left)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        bound = float(highs.getInfo().objective_function_value) + program.constant
        values = np.asarray(highs.getSolution().col_value, np.float64)
        steps.append(bound)
        if not on(bound):
            break
        if len(steps) > TAIL and bound - steps[-TAIL] < 1e-4 * bound:
            break
        before = len(relaxed.cuts)
        if relaxed.broken(values, rng) == 0:
            break
        for cut in relaxed.cuts[before:]:
            columns, sizes, least = relaxed.row(cut)
            highs.addRow(least, highspy.kHighsInf, len(columns), columns.astype(np.int32), sizes)
    return bound, values
