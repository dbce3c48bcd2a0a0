"""Processes that write to a store, to be killed or to compete; run by test_durability.py, prints one line of JSON.

python writers.py kill ADDRESS CYCLES      kills a writer at some moment in each cycle, then looks
python writers.py compete ADDRESS EDITS    two writers edit the same grids as often as they can
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely

from geo.errors import ConflictError
from geo.store.port import DEMO, Principal, Query
from geo.store.sql import SqlStore
from geo.tables.calls import Calls
from geo.tables.grids import Grids

CODE = "360702001001001"


def grid(shift: float) -> Grids:
    frame = {"code": [CODE], "name": "网格", "kind": "general"}
    return Grids.of(gpd.GeoDataFrame(frame, geometry=[shapely.box(114 + shift, 25, 115, 26)], crs=4326))


def some_calls(prefix: str, rows: int) -> Calls:
    frame = {"call_id": [f"{prefix}-{i}" for i in range(rows)], "occurred_at": "2026-11-22T00:00:00Z", "family": "盗窃"}
    frame |= {"valid": True, "placed": True}
    return Calls.of(gpd.GeoDataFrame(frame, geometry=shapely.points(np.full(rows, 114.5), 25.5), crs=4326))


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """Run ``work(pipe)`` in a child; return its id and the end of the pipe to read."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            work(write)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(write)
    return child, read


def drained(pipe: int, told: bytes = b"") -> list[str]:
    with os.fdopen(pipe, "rb") as reader:
        lines = (told + reader.read()).decode().split("\n")
    return lines[:-1]  # what follows the last line end was not written to its end


def kill(address: str, cycles: int) -> dict[str, int | str]:
    rng = np.random.default_rng(1)
    acked: set[str] = set()
    edits = found_edits = 0
    with SqlStore.open(address) as store:
        store.put_table(DEMO, grid(0), source="start")
    for cycle in range(cycles):

        def write(pipe: int, cycle: int = cycle) -> None:
            store = SqlStore.open(address)
            for number in range(1_000_000):
                store.upsert(DEMO, some_calls(f"{cycle}-{number}", 20), source="x")
                os.write(pipe, f"{cycle}-{number}\n".encode())
                seen = store.version("grids")
                store.update_grids(DEMO, grid(number / 1e6), seen_version=seen, note="x")
                os.write(pipe, b"edit\n")

        child, pipe = forked(write)
        told = b""
        wanted = int(rng.integers(4, 12))
        while told.count(b"\n") < wanted:
            told += os.read(pipe, 4096)
            assert os.waitpid(child, os.WNOHANG)[0] == 0, "the writer ended by itself"
        time.sleep(rng.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        lines = drained(pipe, told)
        os.waitpid(child, 0)
        acked |= {line for line in lines if line != "edit"}
        edits += lines.count("edit")
        with SqlStore.open(address) as store:
            present = {key.rpartition("-")[0]: 0 for key in store.table(DEMO, Calls).keys}
            for key in store.table(DEMO, Calls).keys:
                present[key.rpartition("-")[0]] += 1
            assert acked <= set(present), f"lost {sorted(acked - set(present))[:5]}"
            assert set(present.values()) <= {20}, "half a write is there"
            found_edits = len(store.grid_history(DEMO, CODE))
            assert found_edits >= edits, f"lost edits: {found_edits} of {edits}"
            assert store.version("grids") == found_edits + 1
            assert store.count(DEMO, "calls") == 20 * len(present)
            assert store.query(DEMO, "calls", Query(bbox=(114, 25, 115, 26), limit=0)).matched == 20 * len(present)
            writes = store.version("grids") + store.version("calls")
            assert len(store.audit(DEMO, limit=10**6)) == writes, "a write without its audit"
            verdict = store.facts()["integrity"]
            assert verdict == "ok", verdict
    return {"acked": len(acked), "edits": edits, "found_edits": found_edits}


def compete(address: str, edits: int) -> dict[str, int | str]:
    with SqlStore.open(address) as store:
        store.put_table(DEMO, grid(0), source="start")

    def writer(name: str) -> Callable[[int], None]:
        def write(pipe: int) -> None:
            store, done, conflicts = SqlStore.open(address, busy_seconds=30), 0, 0
            while done < edits:
                seen = store.version("grids")
                try:
                    store.update_grids(Principal(account=name), grid(done / 1e6), seen_version=seen, note=name)
                except ConflictError:
                    conflicts += 1
                    continue
                done += 1
                store.upsert(DEMO, some_calls(f"{name}{done}", 3), source=name)
            store.close()
            os.write(pipe, f"{conflicts}\n".encode())

        return write

    children = [forked(writer(name)) for name in ("wang", "li")]
    conflicts = sum(int(drained(pipe)[0]) for _, pipe in children)
    codes = [os.waitpid(child, 0)[1] for child, _ in children]
    with SqlStore.open(address) as store:
        kept = store.grid_history(DEMO, CODE)
        return {
            "failed": sum(code != 0 for code in codes),
            "conflicts": conflicts,
            "edits": len(kept),
            "version": store.version("grids"),
            "steps": sorted(kept["replaced_version"].tolist()) == list(range(2, len(kept) + 2)),
            "calls": store.count(DEMO, "calls"),
        }


if __name__ == "__main__":
    print(json.dumps({"kill": kill, "compete": compete}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
