"""The Chinese font of printed documents: from a wheel that carries it, else from the machine."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from geo.errors import ParameterError

CARRIERS: Final = (("zhplot", "NotoSansSC-Regular.ttf"),)
"""Wheels that hold a font under the SIL Open Font License, and the name of its file; their code is not imported."""

FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
INSTALLED: Final = ("NotoSansSC*.ttf", "SourceHanSansSC*.ttf", "wqy-microhei*.ttc", "wqy-zenhei*.ttc", "simhei.ttf")
"""Fonts with TrueType outlines, which a PDF can hold in part; those with PostScript outlines (Noto CJK) it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChineseFont:
    """A font file, and where it comes from: the name of a wheel, or ``system``."""

    path: Path
    source: str


@cache
def chinese_font() -> ChineseFont:
    """Return the font that printed documents use.

    Raises
    ------
    ParameterError
        If neither a wheel nor the machine has one.
    """
    found = _carried() or _installed()
    if found is None:
        raise ParameterError(
            "No Chinese font was found: install the wheel zhplot or the Debian package fonts-wqy-microhei",
            "未找到中文字体：请安装 zhplot 软件包或 Debian 的 fonts-wqy-microhei",
        )
    return found


def _carried() -> ChineseFont | None:
    for wheel, name in CARRIERS:
        try:
            files = importlib.metadata.files(wheel) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            path = Path(str(file.locate()))
            if file.name == name and path.is_file():
                return ChineseFont(path=path, source=wheel)
    return None


def _installed() -> ChineseFont | None:
    for pattern in INSTALLED:
        for folder in FOLDERS:
            for path in sorted(folder.rglob(pattern)):
                return ChineseFont(path=path, source="system")
    return None
