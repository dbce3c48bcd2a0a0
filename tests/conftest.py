"""What all tests share: where the repository and the data beside it are."""

from __future__ import annotations

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


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the data folder beside the checkout."""
    return SHARED / "data"
