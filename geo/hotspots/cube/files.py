"""A cube on disk: segments written whole, a manifest replaced in one step, checksums checked on opening."""

from __future__ import annotations

import json
import os
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal, Self, TypedDict, cast

import numpy as np
import numpy.typing as npt

from geo.errors import FileError
from geo.hotspots.cube.kernels import Areas
from geo.hotspots.cube.layout import CELL_LEVEL
from geo.hotspots.cube.segment import Rows, Segment

FORMAT: Final = 1
MANIFEST: Final = "cube.json"
_CHUNK: Final = 1 << 24
Column = Literal["cells", "starts", "codes", "where", "areas"]


class SegmentPaper(TypedDict):
    """What the manifest says of a segment: its folder, sizes and checksums.

    Cells are stored by their low 32 bits; ``turns`` are the high bits with the first cell that has them.
    """

    name: str
    weight: int
    hours: tuple[int, int]
    turns: list[tuple[int, int]]
    dtypes: dict[str, str]
    lengths: dict[str, int]
    crc32: dict[str, int]


class Manifest(TypedDict):
    """What the manifest says of a cube; ``tail`` is the name of the log of newest calls, empty where there is none."""

    format: int
    level: int
    families: list[str]
    areas: list[str]
    period: tuple[int, int]
    source: str
    tail: str
    segments: list[SegmentPaper]


@dataclass(slots=True)
class _Stream:
    file: BinaryIO
    crc: int = 0
    count: int = 0

    def write(self, values: npt.NDArray[np.generic]) -> None:
        data = np.ascontiguousarray(values)
        body = data.tobytes()
        self.crc = zlib.crc32(body, self.crc)
        self.file.write(body)
        self.count += len(data)


class SegmentWriter:
    """Writes sorted calls in order, piece by piece, to a new folder."""

    def __init__(self, folder: Path, name: str, *, area_type: npt.DTypeLike, weight: int = 1) -> None:
        self._name, self._weight = name, weight
        self._types: dict[str, np.dtype[np.generic]] = {
            "cells": np.dtype("<u4"), "starts": np.dtype("<u4"), "codes": np.dtype("<u4"), "where": np.dtype("<u4"),
            "areas": np.dtype(area_type),
        }  # fmt: skip
        self._path = folder / name
        self._path.mkdir(parents=True)
        self._streams = {key: _Stream((self._path / key).open("wb")) for key in self._types}
        self._last = -1
        self._turns: list[tuple[int, int]] = []
        self._hours: tuple[int, int] | None = None

    def add(self, rows: Rows) -> None:
        """Write calls that follow all those before in order of cells."""
        if not len(rows):
            return
        piece = Segment.of(rows, is_sorted=True)
        done = self._streams["codes"].count
        again = int(piece.cells[0]) == self._last  # the run of a cell goes on
        cells = piece.cells[again:]
        for high, first in zip(*np.unique(cells >> np.uint64(32), return_index=True), strict=True):
            if not self._turns or self._turns[-1][0] != int(high):
                self._turns.append((int(high), self._streams["cells"].count + int(first)))
        self._streams["cells"].write((cells & np.uint64(0xFFFFFFFF)).astype("<u4"))
        self._streams["starts"].write((piece.starts[:-1][again:] + done).astype("<u4"))
        for key, values in (("codes", rows.codes), ("where", rows.where), ("areas", rows.areas)):
            self._streams[key].write(values.astype(self._types[key], copy=False))
        self._last = int(piece.cells[-1])
        low, high = self._hours or piece.hours
        self._hours = min(low, piece.hours[0]), max(high, piece.hours[1])

    def close(self) -> SegmentPaper:
        """Finish the files, safely on disk, and return what the manifest is to say."""
        self._streams["starts"].write(np.array([self._streams["codes"].count], "<u4"))
        for stream in self._streams.values():
            stream.file.flush()
            os.fsync(stream.file.fileno())
            stream.file.close()
        _sync_folder(self._path)
        return SegmentPaper(
            name=self._name, weight=self._weight, hours=self._hours or (0, 0), turns=self._turns,
            dtypes={key: kind.str for key, kind in self._types.items()},
            lengths={key: stream.count for key, stream in self._streams.items()},
            crc32={key: stream.crc for key, stream in self._streams.items()},
        )  # fmt: skip

    def abandon(self) -> None:
        """Remove what was written."""
        for stream in self._streams.values():
            stream.file.close()
        shutil.rmtree(self._path, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """A cube's manifest with its segments, mapped from disk."""

    manifest: Manifest
    segments: tuple[Segment, ...]

    @classmethod
    def read(cls, folder: Path, *, check: bool = True) -> Self:
        """Map a cube; with ``check`` every byte is compared with its checksum.

        Raises
        ------
        FileError
            If there is no cube, it is of another format, or a file is missing, cut short or damaged.
        """
        manifest = read_manifest(folder)
        return cls(
            manifest=manifest, segments=tuple(map_segment(folder, paper, check=check) for paper in manifest["segments"])
        )


def read_manifest(folder: Path) -> Manifest:
    """Return what the manifest of a cube says; a ``FileError`` where there is none that can be read."""
    path = folder / MANIFEST
    try:
        outer = json.loads(path.read_text("utf-8"))
        body = outer["cube"]
        whole = outer["crc32"] == _crc(body)
    except FileNotFoundError:
        raise FileError(f"There is no cube of calls in {folder}", f"{folder} 中没有警情立方体") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise _damaged(path) from None
    if not whole:
        raise _damaged(path)
    if body.get("format") != FORMAT or body.get("level") != CELL_LEVEL:
        raise FileError(
            f"The cube of calls in {folder} is of format {body.get('format')}, this program reads {FORMAT}; rebuild it",
            f"{folder} 中的警情立方体为格式 {body.get('format')}，本程序读取格式 {FORMAT}，请重建",
        )
    return cast("Manifest", body)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step; a crash leaves the old one or the new one."""
    text = json.dumps({"crc32": _crc(manifest), "cube": manifest}, ensure_ascii=False)
    made = folder / (MANIFEST + ".new")
    with made.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    made.replace(folder / MANIFEST)
    _sync_folder(folder)


def sweep(folder: Path, keep: set[str]) -> None:
    """Remove segments and logs that no manifest names: what a crash, a build or a merge left."""
    for path in folder.iterdir():
        if path.name in keep:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix == ".log":
            path.unlink(missing_ok=True)


def size_on_disk(folder: Path) -> int:
    """Return the bytes of all files of a cube."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def map_segment(folder: Path, paper: SegmentPaper, *, check: bool) -> Segment:
    """Map one segment; a ``FileError`` where a file is missing, cut short or (with ``check``) damaged."""
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for key, kind in paper["dtypes"].items():
        path = folder / paper["name"] / key
        dtype, length = np.dtype(kind), paper["lengths"][key]
        if not path.is_file() or path.stat().st_size != length * dtype.itemsize:
            raise _damaged(path)
        array = np.memmap(path, dtype=dtype, mode="r", shape=(length,)) if length else np.zeros(0, dtype)
        if check and _crc_of(array) != paper["crc32"][key]:
            raise _damaged(path)
        # A plain view: the kernels are compiled for arrays, and slices of a memory map are slow.
        arrays[key] = array.view(np.ndarray)
    cells = arrays["cells"].astype(np.uint64)
    for (high, first), last in zip(paper["turns"], [*(t[1] for t in paper["turns"][1:]), len(cells)], strict=True):
        cells[first:last] |= np.uint64(high << 32)
    return Segment(
        cells=cells, starts=arrays["starts"].astype(np.int64),
        codes=cast("npt.NDArray[np.uint32]", arrays["codes"]), where=cast("npt.NDArray[np.uint32]", arrays["where"]),
        areas=cast("Areas", arrays["areas"]), weight=paper["weight"],
        hours=(paper["hours"][0], paper["hours"][1]),
    )  # fmt: skip


def _crc_of(array: npt.NDArray[np.generic]) -> int:
    crc = 0
    if len(array):
        body = array.view(np.uint8)
        for begin in range(0, len(body), _CHUNK):
            crc = zlib.crc32(body[begin : begin + _CHUNK].data, crc)
    return crc


def _crc(body: object) -> int:
    return zlib.crc32(json.dumps(body, ensure_ascii=False, sort_keys=True).encode())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(path: Path) -> FileError:
    return FileError(
        f"{path} is damaged or cut short; the cube of calls must be rebuilt",
        f"{path} 已损坏或不完整，警情立方体需要重建",
    )
