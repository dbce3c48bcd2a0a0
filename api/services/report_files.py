"""Reports as files: made once, kept while the data stay as they are, as a job where they take long."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from api.jobs.runner import JobRunner
from api.services.clock_figures import STANDARD
from api.services.exports import Download
from api.services.filters import CallFilter
from api.services.indicator_register import version as register_version
from api.services.period_report import PeriodReport, period_report
from api.services.report_document import Written, written
from api.services.report_parts import sees_few
from api.services.report_periods import Kind, counted, known_days, period_of
from api.services.workspace import Workspace
from geo.store.port import JobRecord, Json, Principal
from planners.contract import Observer, Progress, silent
from web.paper.document import Document, Lang
from web.paper.docx import to_docx
from web.paper.pdf import to_pdf
from web.paper.xlsx import to_xlsx

Form = Literal["docx", "xlsx", "pdf"]
FORMS: Final[Mapping[Form, tuple[str, Callable[[Document], bytes]]]] = {
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", to_docx),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", to_xlsx),
    "pdf": ("application/pdf", to_pdf),
}
KEPT: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which report: its kind, a day within its period (the last one that is over if not given), and of which calls."""

    kind: Kind
    day: date | None = None
    wanted: CallFilter = field(default_factory=CallFilter)


class _Kept:
    """The last few reports, the least used one dropped first."""

    def __init__(self) -> None:
        self._held: OrderedDict[object, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> object | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: object, value: object) -> None:
        with self._lock:
            self._held[key] = value
            while len(self._held) > KEPT:
                self._held.popitem(last=False)


def kept_report(workspace: Workspace, principal: Principal, question: Question, lang: Lang) -> Written | None:
    """Return a report that was made of the data as they are, or None."""
    held = _kept(workspace).get((*_key(workspace, principal, question), lang))
    return held if isinstance(held, Written) else None


def made_report(
    workspace: Workspace, principal: Principal, question: Question, lang: Lang, observe: Observer = silent
) -> Written:
    """Return a report, made now unless it is kept; both languages share its figures."""
    key = _key(workspace, principal, question)
    kept = kept_report(workspace, principal, question, lang)
    if kept is not None:
        return kept
    figures = _kept(workspace).get(key)
    if not isinstance(figures, PeriodReport):
        figures = period_report(workspace, principal, question.kind, question.day, question.wanted, observe)
        _kept(workspace).put(key, figures)
    observe(Progress(seconds=0.0, share=0.8, message="绘制地图与图表"))
    shown = written(workspace, principal, figures, lang)
    _kept(workspace).put((*key, lang), shown)
    return shown


def report_file(shown: Written, form: Form) -> Download:
    """Return a report as a file."""
    media_type, write = FORMS[form]
    made = shown.report
    day = f"{made.period.first:%Y-%m}" if made.kind == "monthly" else f"{made.period.first}"
    return Download(f"xunge-{made.kind}-{day}.{form}", media_type, write(shown.document))


def started(
    workspace: Workspace, principal: Principal, runner: JobRunner, question: Question, lang: Lang, url: str
) -> JobRecord:
    """Start the job that makes a report; its result says where the report is then."""
    # A day without data is refused at once, not by a job that fails.
    counted(period_of(workspace, question.kind, question.day), known_days(workspace, principal))

    def work(observe: Observer) -> Mapping[str, Json]:
        made_report(workspace, principal, question, lang, observe)
        return {"report_url": url}

    return runner.start(principal, "report", work)


def _kept(workspace: Workspace) -> _Kept:
    return workspace.derived.get("reports", 0, _Kept)


def _key(workspace: Workspace, principal: Principal, question: Question) -> tuple[object, ...]:
    """Return what a report depends on; an open period grows with the clock, by the minute."""
    period = period_of(workspace, question.kind, question.day)
    now = workspace.clock.now().astimezone(workspace.zone).replace(tzinfo=None)
    minute = f"{now:%Y%m%d%H%M}" if now < period.end else ""
    versions = tuple(workspace.store.version(name) for name in ("calls", "grids", "police_grids"))
    stand = workspace.store.document(principal, STANDARD)
    return (
        question.kind, period, question.wanted, versions, register_version(workspace, principal), str(stand), minute,
        principal.scopes, sees_few(workspace, principal),
    )  # fmt: skip
