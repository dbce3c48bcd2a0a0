"""What all tests share: where the repository and the data beside it are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the data folder where it is missing, with the reason."""
    if (SHARED / "data").is_dir():
        return
    skip = pytest.mark.skip(reason=f"the data folder {SHARED} is not beside the checkout")
    for item in items:
        if item.get_closest_marker("shared_data"):
            item.add_marker(skip)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """On CI a skip for any other reason than missing data is a failure."""
    if report.skipped and os.environ.get("CI") and "shared_data" not in report.keywords:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"on CI this may not be skipped: {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped for want of the data folder; on CI nothing else may be skipped."""
    skipped = terminalreporter.stats.get("skipped", [])
    for_data = [report for report in skipped if "shared_data" in report.keywords]
    terminalreporter.write_line(f"{len(for_data)} tests skipped because the data folder is not beside the checkout")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the data folder beside the checkout."""
    return SHARED / "data"
