"""A synthetic city of any number of calls: hot places, a daily rhythm, ten years; seeded, in chunks, as Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.hotspots.cube.ready import CallChunk

FAMILIES: Final = tuple(f"family {i:02d}" for i in range(12))
AREAS: Final = tuple(f"area {i:04d}" for i in range(3600))
MIDDLE: Final = (116.4, 34.0)
START: Final = int(np.datetime64("2016-01-04", "m").astype(np.int64))
DAYS: Final = 3650
CHUNK: Final = 4_000_000
_HOT_PLACES: Final = 3000


def chunks(calls: int, *, seed: int = 0, size: int = CHUNK) -> Iterator[CallChunk]:
    """Yield ``calls`` calls; 85 % lie around hot places of very different strength, the others across 60 km."""
    rng = np.random.default_rng(seed)
    hot = rng.normal(MIDDLE, (0.2, 0.16), (_HOT_PLACES, 2))
    share = rng.pareto(1.2, _HOT_PLACES) + 0.2
    reach = rng.uniform(0.0003, 0.006, _HOT_PLACES)
    clock = np.abs(np.sin(np.arange(24) / 24 * np.pi)) + 0.3
    often = np.arange(len(FAMILIES), 0, -1, dtype=np.float64)
    for begin in range(0, calls, size):
        n = min(size, calls - begin)
        place = rng.choice(_HOT_PLACES, n, p=share / share.sum())
        lonlat = hot[place] + rng.normal(size=(n, 2)) * reach[place][:, None]
        wide = rng.uniform(size=n) < 0.15
        lonlat[wide] = rng.normal(MIDDLE, 0.22, (int(wide.sum()), 2))
        lonlat = np.round(lonlat, 7)
        day, hour = rng.integers(0, DAYS, n), rng.choice(24, n, p=clock / clock.sum())
        source = (rng.uniform(size=n) < 0.9) + (rng.uniform(size=n) < 0.2) * 2 + (rng.uniform(size=n) < 0.8) * 4
        column, row = np.clip((lonlat - MIDDLE) * 100 + 30, 0, 59).astype(np.int64).T
        yield CallChunk(
            lonlat=lonlat, minutes=(START + day * 1440 + hour * 60 + rng.integers(0, 60, n)).astype(np.int32),
            families=rng.choice(len(FAMILIES), n, p=often / often.sum()).astype(np.int16),
            sources=source.astype(np.uint8), placed=np.ones(n, bool), areas=(column * 60 + row).astype(np.int32),
        )  # fmt: skip


def write_parquet(folder: Path, parts: Iterator[CallChunk]) -> Iterator[CallChunk]:
    """Write each chunk to a Parquet file of its own on the way to whoever reads it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    for number, chunk in enumerate(parts):
        table = pa.table({
            "lon": chunk.lonlat[:, 0], "lat": chunk.lonlat[:, 1], "minute": chunk.minutes,
            "family": chunk.families, "source": chunk.sources,
        })  # fmt: skip
        pq.write_table(table, folder / f"part-{number:04d}.parquet", compression="zstd")
        yield chunk


def read_parquet(folder: Path) -> Iterator[CallChunk]:
    """Yield the calls of files that ``write_parquet`` wrote, as an import would."""
    import pyarrow.parquet as pq

    for path in sorted(folder.glob("*.parquet")):
        table = pq.read_table(path)
        lonlat = np.column_stack([table["lon"].to_numpy(), table["lat"].to_numpy()])
        column, row = np.clip((lonlat - MIDDLE) * 100 + 30, 0, 59).astype(np.int64).T
        yield CallChunk(
            lonlat=lonlat, minutes=table["minute"].to_numpy(), families=table["family"].to_numpy(),
            sources=table["source"].to_numpy(), placed=np.ones(len(lonlat), bool),
            areas=(column * 60 + row).astype(np.int32),
        )  # fmt: skip


def some_places(calls: int, seed: int) -> npt.NDArray[np.float64]:
    """Return places where calls are, float64[n, 2], as the same city has them."""
    return next(chunks(calls, seed=seed)).lonlat
