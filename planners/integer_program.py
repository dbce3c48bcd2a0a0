"""One door to the integer programming solver HiGHS: program in; values, bound and reason for stopping out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.errors import XungeError
from planners.contract import Budget, Observer, Progress, Termination, silent

REPORT_SECONDS = 0.1
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntegerProgram:
    """Best ``costs @ x + constant`` over ``row_lower <= rows @ x <= row_upper``, ``lower <= x <= upper``, some x whole.

    Attributes
    ----------
    costs, lower, upper : float64[n]
    whole : bool[n], the variables that must be whole
    rows : sparse matrix [m, n]
    row_lower, row_upper : float64[m]
    sense : +1 where more is better, -1 where less is better
    constant : added to the objective
    slack : absolute gap at which an answer counts as proved, such as 0.999 where objectives can only be whole
    """

    costs: Floats
    lower: Floats
    upper: Floats
    whole: npt.NDArray[np.bool_]
    rows: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats
    sense: int
    constant: float = 0.0
    slack: float = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What the solver found: ``values`` is None where it found nothing; ``feasible`` is False where nothing exists."""

    values: Floats | None
    bound: float | None
    feasible: bool
    termination: Termination


class _Watch:
    """Passes incumbent and bound to the observer, not more often than ten times a second, and asks for a stop."""

    def __init__(self, program: IntegerProgram, observe: Observer, began: float, seconds: float | None) -> None:
        self.program = program
        self.observe = observe
        self.began = began
        self.seconds = seconds
        self.last = -1.0
        self.objective: float | None = None
        self.bound: float | None = None
        self.cancelled = False
        self.speaks: tuple[Any, ...] = ()
        self.trouble: BaseException | None = None

    def __call__(self, event: Any) -> None:
        now = time.perf_counter() - self.began
        if not self.cancelled and now - self.last >= REPORT_SECONDS:
            self.last = now
            try:
                if event.callback_type in self.speaks:
                    self._read(event.data_out)
                share = None if self.seconds is None else min(1.0, now / self.seconds)
                progress = Progress(seconds=now, objective=self.objective, bound=self.bound, share=share)
                self.cancelled = not self.observe(progress)
            except BaseException as error:  # noqa: BLE001 - it may not cross the solver's frames; raised after the run
                self.trouble, self.cancelled = error, True
        if self.cancelled:
            event.interrupt()

    def _read(self, out: Any) -> None:
        primal, dual = float(out.mip_primal_bound), float(out.mip_dual_bound)
        sense, constant = self.program.sense, self.program.constant
        if np.isfinite(primal) and abs(primal) < 1e300:
            value = primal + constant
            if self.objective is None or sense * (value - self.objective) > 0:
                self.objective = value
        if np.isfinite(dual) and abs(dual) < 1e300:
            value = dual + constant
            if self.bound is None or sense * (self.bound - value) > 0:
                self.bound = value


def solve_program(
    program: IntegerProgram,
    budget: Budget,
    *,
    start: Floats | None = None,
    observe: Observer = silent,
    began: float | None = None,
    prepare: Callable[[Any], None] | None = None,
) -> Answer:
    """Solve an integer program, from ``start`` where one is known, on one thread so that the answer repeats.

    ``budget.iterations`` limits the nodes of the search tree, ``budget.seconds`` the time since ``began`` (a
    ``time.perf_counter()``). ``observe`` is called on the thread that runs the solver. ``prepare`` may set more
    options on the solver.
    """
    import highspy

    began = time.perf_counter() if began is None else began
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.silent()
    options: dict[str, object] = {
        "parallel": "off", "random_seed": int(budget.seed) % (2**31 - 1),
        "mip_rel_gap": 0.0, "mip_abs_gap": float(program.slack), "mip_feasibility_tolerance": 1e-9,
    }  # fmt: skip
    if budget.seconds is not None:
        options["time_limit"] = max(0.05, budget.seconds - (time.perf_counter() - began))
    if budget.iterations is not None:
        options["mip_max_nodes"] = int(budget.iterations)
    for name, value in options.items():
        _must(highspy, highs.setOptionValue(name, value), name)
    if prepare is not None:
        prepare(highs)
    _must(highspy, highs.passModel(_model(highspy, program)), "passModel")
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = np.asarray(start, np.float64).tolist()
        _must(highspy, highs.setSolution(solution), "setSolution")
    watch = _Watch(program, observe, began, budget.seconds)
    if observe is not silent:
        kinds = (highs.cbMipInterrupt, highs.cbMipLogging, highs.cbSimplexInterrupt, highs.cbIpmInterrupt)
        watch.speaks = tuple(kind.callback_type for kind in kinds[:2])
        highs.enableCallbacks()
        for kind in kinds:
            kind.subscribe(watch)
    highs.run()
    if watch.trouble is not None:
        raise watch.trouble
    return _answer(highspy, highs, program, watch)


def _must(highspy: Any, status: Any, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise XungeError(f"The integer programming solver refused {what}", f"整数规划求解器拒绝了 {what}")


def _model(highspy: Any, program: IntegerProgram) -> Any:
    columns = sparse.csc_matrix(program.rows)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.costs), columns.shape[0]
    model.col_cost_, model.col_lower_, model.col_upper_ = program.costs, program.lower, program.upper
    model.row_lower_, model.row_upper_ = program.row_lower, program.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = columns.indptr.astype(np.int32)
    model.a_matrix_.index_ = columns.indices.astype(np.int32)
    model.a_matrix_.value_ = columns.data.astype(np.float64)
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[int(flag)] for flag in program.whole]
    model.sense_ = highspy.ObjSense.kMaximize if program.sense > 0 else highspy.ObjSense.kMinimize
    return model


def _answer(highspy: Any, highs: Any, program: IntegerProgram, watch: _Watch) -> Answer:
    status, info = highs.getModelStatus(), highs.getInfo()
    states = highspy.HighsModelStatus
    if status == states.kInfeasible:
        return Answer(values=None, bound=None, feasible=False, termination=Termination.OPTIMAL)
    reasons = {
        states.kOptimal: Termination.OPTIMAL,
        states.kModelEmpty: Termination.OPTIMAL,
        states.kTimeLimit: Termination.TIME,
        states.kInterrupt: Termination.CANCELLED,
    }
    reason = reasons.get(status, Termination.ITERATIONS)
    values = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        values = np.asarray(highs.getSolution().col_value, np.float64)
    bound = float(info.mip_dual_bound)
    if not program.whole.any() and reason is Termination.OPTIMAL:
        bound = float(info.objective_function_value)
    known = np.isfinite(bound) and abs(bound) < 1e300
    if not known:
        return Answer(values=values, bound=watch.bound, feasible=True, termination=reason)
    return Answer(values=values, bound=bound + program.constant, feasible=True, termination=reason)
