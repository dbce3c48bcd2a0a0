"""A file of published numbers, read by its structure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geo.errors import FieldError, FileError
from planners.verify.verdict import Printed

LARGEST_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document and where it stands; every access names the place where it fails."""

    value: object
    where: str

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __getitem__(self, key: str) -> Node:
        if key not in self:
            raise FieldError(f"{self.where} has no {key!r}", f"{self.where} 缺少 {key!r}")
        assert isinstance(self.value, dict)
        return Node(self.value[key], f"{self.where}.{key}")

    def keys(self) -> list[str]:
        """Return the names in an object."""
        if not isinstance(self.value, dict):
            raise FieldError(f"{self.where} is not an object", f"{self.where} 不是对象")
        return [str(key) for key in self.value]

    def items(self) -> Iterator[Node]:
        """Yield the items of a list."""
        if not isinstance(self.value, list):
            raise FieldError(f"{self.where} is not a list", f"{self.where} 不是列表")
        for number, item in enumerate(self.value):
            yield Node(item, f"{self.where}[{number}]")

    def number(self) -> float:
        """Return a number, with its printed decimals."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise FieldError(f"{self.where} is not a number", f"{self.where} 不是数字")
        return self.value if isinstance(self.value, Printed) else float(self.value)

    def whole(self) -> int:
        """Return a whole number."""
        number = self.number()
        if number != int(number):
            raise FieldError(f"{self.where} is not a whole number", f"{self.where} 不是整数")
        return int(number)

    def numbers(self) -> list[float]:
        """Return a list of numbers."""
        return [item.number() for item in self.items()]

    def text(self) -> str:
        """Return a text."""
        if not isinstance(self.value, str):
            raise FieldError(f"{self.where} is not a text", f"{self.where} 不是文本")
        return self.value

    def number_or(self, key: str, default: float | None) -> float | None:
        """Return the number called ``key``, or ``default`` where there is none."""
        return self[key].number() if key in self else default


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of published numbers, where it lies and the folders in which its data may be."""

    path: Path
    body: Node
    folders: tuple[Path, ...] = ()

    @property
    def source(self) -> str:
        """Where the numbers were published, or the file's name."""
        return self.source_of(self.body)

    def source_of(self, node: Node) -> str:
        """Return where a section's numbers were published."""
        for at in (node, self.body):
            if "source" in at:
                return at["source"].text()
        return self.path.name


def read_document(path: Path, folders: tuple[Path, ...] = ()) -> Document:
    """Read a file; raise ``FileError`` where it is missing, too large or not an object in JSON."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise FileError(f"{path.name} is larger than {LARGEST_BYTES} bytes", f"{path.name} 过大")
        body = json.loads(path.read_text(encoding="utf-8"), parse_float=Printed)
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read as UTF-8 text", f"无法以 UTF-8 读取 {path}") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise FileError(f"{path.name} is not JSON: {error}", f"{path.name} 不是有效的 JSON：{error}") from error
    if not isinstance(body, dict):
        raise FileError(f"{path.name} holds no object of numbers", f"{path.name} 不是以对象为根的 JSON")
    return Document(path=path, body=Node(body, path.name), folders=folders)
