"""The memory that a process and all that it started hold together, watched while work runs."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path
from typing import Final, Self

EVERY_S: Final = 0.2


class TreeMemory:
    """Watches from ``with`` on; ``peak_mb`` is the most that was held at one moment, shared pages counted once.

    Where the system does not tell (no ``/proc``), it is the peak of this process alone.
    """

    def __init__(self) -> None:
        self._most_kb = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def peak_mb(self) -> float:
        """The peak in megabytes, at least that of this process as the system tells it."""
        return max(self._most_kb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1000

    def _watch(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._most_kb = max(self._most_kb, sum(_share_kb(pid) for pid in _tree(os.getpid())))


def _tree(root: int) -> list[int]:
    """Return a process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _share_kb(pid: int) -> int:
    """Return what a process holds, pages shared with others in proportion."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0
