"""Archives, opened with bounds: declared and real size, ratio, names that climb out, links, passwords."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from geo.errors import FileError, LimitError
from geo.store.limits import ReadLimits
from geo.store.readers.sniff import SUFFIXES

_SIDECARS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_CHUNK = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError)
"""What unpacking a damaged member raises; the errors of the packers have no common base."""
_SMALL = 10_000_000


def unpack(archive: Path, layer: str | None, limits: ReadLimits) -> Path:
    """Unpack the one layer of ``archive`` beside it under a fixed name and return its file.

    Only the layer is written: a shapefile with its companions, or one file of another format. With several, ``layer``
    names one.

    Raises
    ------
    FileError
        For a damaged archive, names that leave the folder, links, passwords, or no layer in it.
    LimitError
        For an archive that inflates beyond the limits, declared or real.
    """
    with _opened(archive) as opened:
        members = checked_members(opened, limits)
        chosen = _choose(members, layer)
        stem, suffix = chosen.filename[: -len(_suffix(chosen))], _suffix(chosen)
        wanted = [chosen]
        if suffix == ".shp":
            wanted = [
                m for m in members if _suffix(m) in _SIDECARS and m.filename[: -len(_suffix(m))].lower() == stem.lower()
            ]
        left = limits.bytes_of(limits.unpacked_mb)
        for member in wanted:
            with (archive.parent / f"inner{_suffix(member)}").open("wb") as target:
                for part in parts(opened, member):
                    left -= len(part)
                    if left < 0:
                        raise bomb(limits)
                    target.write(part)
    return archive.parent / f"inner{suffix}"


def inspect(archive: Path, limits: ReadLimits, *, forbidden: bytes) -> None:
    """Inflate the whole ``archive`` without keeping it, within the limits; refuse ``forbidden`` bytes inside its XML."""
    left = limits.bytes_of(limits.unpacked_mb)
    with _opened(archive) as opened:
        for member in checked_members(opened, limits):
            tail = b""
            for part in parts(opened, member):
                left -= len(part)
                if left < 0:
                    raise bomb(limits)
                if _suffix(member) in (".xml", ".rels", ".kml") and forbidden in tail + part:
                    raise FileError(
                        f"{PurePosixPath(member.filename).name} in the file declares XML entities, which are refused",
                        f"文件中的 {PurePosixPath(member.filename).name} 声明了 XML 实体，已拒绝读取",
                    )
                tail = part[-len(forbidden) :]


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, OSError, ValueError) as broken:
        raise damaged() from broken


def damaged() -> FileError:
    """Return the error for an archive that is cut off or damaged."""
    return FileError("The archive is cut off or damaged", "压缩包不完整或已损坏")


def bomb(limits: ReadLimits) -> LimitError:
    """Return the error for an archive that grows beyond the limits."""
    return LimitError(
        f"The archive inflates to more than {limits.unpacked_mb:g} MB or {limits.unpacked_ratio:g} times its size; "
        "it was not unpacked",
        f"压缩包解压后超过 {limits.unpacked_mb:g} MB 或膨胀超过 {limits.unpacked_ratio:g} 倍，已拒绝解压",
    )


def checked_members(opened: zipfile.ZipFile, limits: ReadLimits) -> list[zipfile.ZipInfo]:
    """Return the files of an archive, once their names and declared sizes are harmless."""
    members = [m for m in opened.infolist() if not m.is_dir()]
    if len(members) > limits.members:
        raise LimitError(
            f"The archive holds {len(members):,} files, more than the {limits.members:,} allowed",
            f"压缩包内有 {len(members):,} 个文件，超过上限 {limits.members:,} 个",
        )
    for member in members:
        _check_name(member)
        if member.flag_bits & 1:
            raise FileError("The archive is locked with a password", "压缩包有密码，无法读取")
    declared = sum(m.file_size for m in members)
    packed = max(1, sum(m.compress_size for m in members))
    if declared > limits.bytes_of(limits.unpacked_mb):
        raise bomb(limits)
    if declared > _SMALL and declared / packed > limits.unpacked_ratio:
        raise bomb(limits)
    return members


def _check_name(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    climbs = ".." in PurePosixPath(name.replace("\\", "/")).parts
    absolute = name.startswith(("/", "\\")) or bool(PureWindowsPath(name).drive)
    link = stat.S_ISLNK(member.external_attr >> 16)
    if climbs or absolute or link or "\x00" in name:
        raise FileError(
            f"The archive holds a name that leads out of it ({name[:80]!r}); it was not unpacked",
            f"压缩包内含有指向外部的路径（{name[:80]!r}），已拒绝解压",
        )


def parts(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the inflated bytes of one file in pieces, never more than it declares."""
    left = member.file_size
    try:
        with opened.open(member) as stream:
            while part := stream.read(_CHUNK):
                left -= len(part)
                yield part[:left] if left < 0 else part
                if left < 0:
                    break
    except _BROKEN as broken:
        raise damaged() from broken
    if left < 0:
        raise damaged()


def _suffix(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()


def _choose(members: list[zipfile.ZipInfo], layer: str | None) -> zipfile.ZipInfo:
    hidden = ("__macosx/", ".")
    found = [
        m
        for m in members
        if _suffix(m) in SUFFIXES
        and SUFFIXES[_suffix(m)] != "zip"
        and not m.filename.lower().startswith(hidden)
        and not PurePosixPath(m.filename).name.startswith(".")
    ]
    shapefiles = [m for m in found if _suffix(m) == ".shp"]
    found = shapefiles or found
    names = [PurePosixPath(m.filename).stem for m in found]
    if layer is not None:
        found = [m for m, name in zip(found, names, strict=True) if layer in (name, PurePosixPath(m.filename).name)]
    if len(found) == 1:
        return found[0]
    if not names:
        raise FileError(
            "The archive holds no layer that can be read (a shapefile, GeoJSON, GPKG, KML, GPX, CSV, XLSX or Parquet)",
            "压缩包内没有可读取的图层（Shapefile、GeoJSON、GPKG、KML、GPX、CSV、XLSX 或 Parquet）",
        )
    listed = ", ".join(names[:10])
    raise FileError(
        f"The archive holds several layers or not the one named; choose one with --layer: {listed}",
        f"压缩包内有多个图层或没有指定的图层，请用 --layer 选择：{listed}",
    )
