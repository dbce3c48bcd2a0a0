"""Published numbers beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from planners.verify.run import verify_all
from planners.verify.verdict import Verdict

_ROOT = Path(__file__).parents[2]


def oracles() -> Path:
    """Return the folder of published numbers: in the checkout, or inside the installed package."""
    checkout = _ROOT / "data" / "oracles"
    return checkout if checkout.is_dir() else Path(str(files("api") / "oracles"))


def verify_files(chosen: Sequence[Path] | None) -> list[Verdict]:
    """Compute every published number of ``chosen``, or of all files that ship with xunge."""
    return verify_all(chosen, oracles=oracles(), data=[_ROOT.parent / "shared" / "data"])
