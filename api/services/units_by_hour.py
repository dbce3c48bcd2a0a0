"""How many units by hour: from calls and streets to needs, shifts, and the waiting they leave through the day."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.schemas.staffing import UnitsQuestion
from api.services.demand import Demand, demand
from api.services.family_filter import with_families
from api.services.filters import CallFilter, parse_filter
from api.services.hours_worked import HourCalls, hour_calls
from api.services.place import check_profile
from api.services.posts_plan import keep
from api.services.posts_sites import today_sites
from api.services.units_words import finite, hour_row, needs_sentence
from api.services.workspace import Workspace
from geo.crs import pick_metric_crs, to_metric
from geo.errors import InfeasibleError
from geo.store.port import Json, Principal
from planners.contract import Budget, Observer, Outcome, Progress
from planners.staffing.officers import workforce
from planners.staffing.over_time import delayed_over_time
from planners.staffing.pcam import HourLoad, HourNeed, HourService, Standards, hour_service, one_more, units_needed
from planners.staffing.response import NetworkTravel, SquareRootTravel, Travel, network_travel
from planners.staffing.shift_cover import ShiftCoverProblem, ShiftPlan, fielded, shortage, solve_shift_cover

Floats = npt.NDArray[np.float64]
DRAWS = 60
_CURVE = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """Calls by hour, where they are, and how long the nearest free unit drives to them."""

    calls: HourCalls
    needs: Demand
    travel: Travel
    standards: Standards


def units_by_hour(
    workspace: Workspace, principal: Principal, question: UnitsQuestion, observe: Observer
) -> Mapping[str, Json]:
    """Answer the question, keep the answer as a plan, and return its id."""
    body = answer(workspace, principal, question, observe)
    return {"plan_id": keep(workspace, principal, body, kind="staffing")}


def answer(workspace: Workspace, principal: Principal, question: UnitsQuestion, observe: Observer) -> dict[str, Json]:
    """Return needs by hour with n and interval, shifts with objective, bound and gap, and the curve of one more unit."""
    observe(Progress(seconds=0.0, share=0.05, message="警情 / calls"))
    asked = _asked(workspace, principal, question)
    observe(Progress(seconds=0.0, share=0.3, message="各小时需求 / need by hour"))
    needs = [_need(asked, question, hour, asked.calls.rates[hour]) for hour in range(24)]
    low, high = ([_ends(asked, question, hour, side) for hour in range(24)] for side in (0, 1))
    problem = ShiftCoverProblem(
        need=np.array([need.service.units for need in needs]), starts=tuple(question.starts),
        lengths=tuple(question.lengths), relief=tuple(question.relief), crews=question.crews,
    )  # fmt: skip
    observe(Progress(seconds=0.0, share=0.5, message="排班 / shifts"))
    shifts = solve_shift_cover(problem, Budget(seconds=question.seconds, seed=question.seed), observe=observe)
    on_street = fielded(problem, shifts.plan)
    served = [_serve(asked, question, hour, int(n)) for hour, n in enumerate(on_street)]
    waiting = delayed_over_time(
        asked.calls.rates.sum(axis=1) * question.units_a_call,
        [s.present for s in served],
        [s.service_seconds if math.isfinite(s.service_seconds) else _scene(asked, question) for s in served],
    )
    peak = int(np.argmax([need.service.units for need in needs]))
    rows: list[Json] = [
        hour_row(
            hour, asked.calls, needs[hour], (low[hour], high[hour]), served[hour], delayed=float(waiting[hour]),
            short=int(shortage(problem, shifts.plan)[hour]),
        )
        for hour in range(24)
    ]  # fmt: skip
    return {
        "kind": "staffing",
        "title": f"各小时巡组数 · {asked.calls.days} 天",
        "title_en": f"Units by hour · {asked.calls.days} days",
        **needs_sentence(asked.calls, needs, shifts, waiting),
        "question": question.model_dump(mode="json", by_alias=True),
        "n_calls": asked.calls.n,
        "n_unplaced": asked.needs.n_unplaced,
        "days": asked.calls.days,
        "from": asked.calls.start.isoformat(),
        "to": asked.calls.end.isoformat(),
        "basis": question.basis,
        "citizen": question.citizen,
        "priorities": list(asked.calls.priorities),
        "on_scene_seconds": _scene(asked, question),
        "on_scene_n": asked.calls.on_scene_n if question.on_scene_minutes is None else None,
        "travel": _travel_body(asked.travel),
        "by_hour": rows,
        "shifts": _shifts_body(problem, shifts, question),
        "curve": _curve(asked, question, peak, needs[peak].service.units),
        "objective": shifts.objective,
        "bound": shifts.bound,
        "gap": shifts.gap,
        "proved": bool(shifts.proved),
        "termination": shifts.termination.value,
        "seconds": shifts.seconds,
        "seed": shifts.seed,
        "solver": shifts.solver,
    }


def _asked(workspace: Workspace, principal: Principal, question: UnitsQuestion) -> Asked:
    profile = check_profile(question.profile)
    spelled = parse_filter(weekdays=question.weekdays)
    wanted = with_families(
        workspace, principal,
        CallFilter(
            basis=question.basis, citizen=question.citizen,
            families=frozenset(question.families) if question.families else None,
            start=question.from_, end=question.to, weekdays=spelled.weekdays,
        ),
    )  # fmt: skip
    calls = hour_calls(workspace, principal, wanted)
    if question.on_scene_minutes is None and not calls.on_scene_n:
        raise InfeasibleError(
            "No call says when its unit was free again; give the minutes on scene (on_scene_minutes)",
            "警情缺少到达现场与处置反馈时间，无法得出处置时长，请填写平均处置时长（on_scene_minutes）",
        )
    needs = demand(workspace, principal, wanted, profile)
    minute = 60.0
    standards = Standards(
        utilisation=question.utilisation, delayed_share=question.delayed_share,
        travel_seconds=None if question.travel_minutes is None else question.travel_minutes * minute,
        response_seconds=tuple(None if m is None else m * minute for m in question.response_minutes),
        wait_seconds=tuple(None if m is None else m * minute for m in question.wait_minutes),
    )  # fmt: skip
    return Asked(
        calls=calls, needs=needs, standards=standards, travel=_travel(workspace, principal, question, needs, profile)
    )


def _travel(
    workspace: Workspace, principal: Principal, question: UnitsQuestion, needs: Demand, profile: str
) -> Travel:  # fmt: skip
    if question.travel == "square_root":
        lonlat = needs.lonlat
        xy = to_metric(lonlat, pick_metric_crs(np.concatenate([lonlat.min(axis=0), lonlat.max(axis=0)])))
        # The area that has calls: squares of 500 m with at least one.
        squares = len(np.unique(np.floor(xy / 500.0).astype(np.int64), axis=0))
        return SquareRootTravel(area_m2=squares * 500.0**2, metres_per_second=question.speed_kph / 3.6)
    sites = today_sites(workspace, principal, profile)
    if not len(sites):
        raise InfeasibleError(
            "There is no post from which units could drive; import posts or choose the square-root law",
            "没有屯警点，无法按路网计算行驶时间，请导入屯警点或改用平方根公式",
        )
    seconds = workspace.travel(profile).matrix(sites.places, needs.places).T
    return network_travel(
        np.ascontiguousarray(seconds), needs.weights, most=question.most_units, draws=DRAWS, seed=question.seed
    )


def _load(asked: Asked, question: UnitsQuestion, hour: int, rates: Floats) -> HourLoad:
    return HourLoad(
        key=f"{hour:02d}", calls=tuple(rates.tolist()), on_scene_seconds=_scene(asked, question),
        units_a_call=question.units_a_call, away_share=question.away_share,
    )  # fmt: skip


def _scene(asked: Asked, question: UnitsQuestion) -> float:
    return asked.calls.on_scene_seconds if question.on_scene_minutes is None else question.on_scene_minutes * 60.0


def _need(asked: Asked, question: UnitsQuestion, hour: int, rates: Floats) -> HourNeed:
    return units_needed(
        _load(asked, question, hour, rates), asked.travel, asked.standards, most=question.most_units
    )  # fmt: skip


def _ends(asked: Asked, question: UnitsQuestion, hour: int, side: int) -> int | None:
    """Return the need at one end of the interval of the hour's calls; None where no number allowed meets it."""
    total = asked.calls.rates[hour].sum()
    if total == 0 and side == 0:
        return 0
    end = asked.calls.interval[side][hour]
    rates = asked.calls.rates[hour] * (end / total) if total else np.full(1, end)
    try:
        return _need(asked, question, hour, rates).service.units
    except InfeasibleError:
        return None


def _serve(asked: Asked, question: UnitsQuestion, hour: int, units: int) -> HourService:
    return hour_service(_load(asked, question, hour, asked.calls.rates[hour]), asked.travel, units)


def _travel_body(travel: Travel) -> dict[str, Json]:
    if isinstance(travel, NetworkTravel):
        return {
            "method": "network",
            "zh": f"路网：空闲巡组随机在各屯警点，{travel.draws} 次抽样平均",
            "en": f"streets: free units at random posts, mean of {travel.draws} draws",
            "seconds_by_free": [round(s, 1) for s in travel.table.tolist()],
            "standard_error": [round(s, 2) for s in travel.error.tolist()],
        }
    return {
        "method": "square_root",
        "zh": "平方根公式：0.627 × √(面积 ÷ 空闲巡组) ÷ 车速",
        "en": "square-root law: 0.627 sqrt(area / free units) / speed",
        "seconds_by_free": [round(s, 1) for s in travel.seconds(np.arange(1, 61)).tolist()],
        "standard_error": None,
    }


def _shifts_body(problem: ShiftCoverProblem, shifts: Outcome[ShiftPlan], question: UnitsQuestion) -> dict[str, Json]:
    plan = shifts.plan
    people = workforce(
        plan.crew_hours * 7.0, officers=question.officers, auxiliaries=question.auxiliaries,
        hours_a_week=question.hours_a_week, absent_share=question.absent_share,
    )  # fmt: skip
    lines: list[Json] = [
        {"start": line.start, "length": line.length, "relief": line.relief or None, "crews": line.crews}
        for line in plan.lines
    ]
    return {
        "lines": lines,
        "crews": plan.crews,
        "crew_hours": plan.crew_hours,
        "short_hours": int(shortage(problem, plan).sum()),
        "objective": shifts.objective,
        "bound": shifts.bound,
        "gap": shifts.gap,
        "proved": bool(shifts.proved),
        "termination": shifts.termination.value,
        "officers": people.officers,
        "auxiliaries": people.auxiliaries,
    }


def _curve(asked: Asked, question: UnitsQuestion, hour: int, middle: int) -> dict[str, Json]:
    numbers = range(max(1, middle - _CURVE), middle + _CURVE + 1)
    services = one_more(_load(asked, question, hour, asked.calls.rates[hour]), asked.travel, numbers)
    points: list[Json] = [
        {
            "units": s.units,
            "utilisation": finite(s.utilisation),
            "delayed_share": s.delayed_share,
            "travel_seconds": finite(s.travel_seconds),
            "wait_seconds": [finite(w) for w in s.wait_seconds.tolist()],
            "response_seconds": [finite(w) for w in s.response_seconds.tolist()],
        }
        for s in services
    ]
    return {"hour": hour, "points": points}
