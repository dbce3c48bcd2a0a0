"""How the command line speaks: sentences and bars for people, one JSON document for programs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.errors import problem_body
from geo.errors import XungeError
from planners.contract import Observer
from planners.contract import Progress as Step

Plain = Mapping[str, object]


class Output:
    """Where a command writes: results to standard output, progress and errors to standard error."""

    def __init__(self, *, as_json: bool, language: str) -> None:
        self.as_json = as_json
        self.language = language
        self.console = Console(highlight=False)
        self.errors = Console(stderr=True, highlight=False)

    def result(self, body: Plain, sentence: str) -> None:
        """Print ``body`` as JSON, or ``sentence`` for people."""
        if self.as_json:
            self.document(body)
        else:
            self.console.print(sentence, markup=False)

    def document(self, body: object) -> None:
        """Print one JSON document."""
        sys.stdout.write(orjson.dumps(body, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
        """Print a table for people."""
        table = Table(title=title or None)
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def say(self, zh: str, en: str) -> None:
        """Tell a person what goes on; silent with ``--json``."""
        if not self.as_json:
            self.errors.print(zh if self.language == "zh" else en, markup=False)

    def fail(self, problem: XungeError) -> NoReturn:
        """Print one sentence (or the problem document) and leave with the error's exit code."""
        if self.as_json:
            self.document(problem_body(problem, self.language))
        else:
            self.errors.print(problem.sentence(self.language), style="red", markup=False)
        raise SystemExit(problem.exit_code)

    @contextmanager
    def progress(self, title: str) -> Iterator[Observer]:
        """Show a bar while work is reported to the yielded observer; Ctrl+C asks the work to stop cleanly."""
        stop = False

        def interrupt(_signal: int, _frame: FrameType | None) -> None:
            nonlocal stop
            if stop:
                raise KeyboardInterrupt
            stop = True
            self.say("正在停止，保留目前最好的方案……", "Stopping with the best plan so far…")

        before = signal.signal(signal.SIGINT, interrupt)
        bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(), console=self.errors, transient=True, disable=self.as_json,
        )  # fmt: skip
        try:
            with bar:
                task = bar.add_task(title, total=1.0)

                def observe(step: Step) -> bool:
                    bar.update(task, completed=step.share or 0.0, description=_describe(title, step))
                    return not stop

                yield observe
        finally:
            signal.signal(signal.SIGINT, before)


def _describe(title: str, step: Step) -> str:
    parts = [title]
    if step.message:
        parts.append(step.message)
    if step.objective is not None:
        parts.append(f"{step.objective:,.0f}")
    if step.bound is not None:
        parts.append(f"≤≥ {step.bound:,.0f}")
    return " · ".join(parts)
