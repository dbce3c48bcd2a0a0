"""Uploaded files on their way to a confined reader."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import UploadFile

from geo.errors import LimitError

CHUNK: Final = 1 << 20


def keep_upload(file: UploadFile, path: Path, *, most: int) -> None:
    """Write an upload to ``path``; one of more than ``most`` MB raises ``LimitError``."""
    held = 0
    with path.open("wb") as out:
        while chunk := file.file.read(CHUNK):
            held += len(chunk)
            if held > most * 1_000_000:
                raise LimitError(f"The file is larger than {most} MB; split it", f"文件超过 {most} MB，请拆分后再上传")
            out.write(chunk)
