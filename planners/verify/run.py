"""All published numbers beside ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from geo.errors import FieldError, FileError
from planners.verify import coordinates, districts, hot_places, hypercube, indicators, location
from planners.verify.document import Document, read_document
from planners.verify.verdict import Verdict, not_computed

_ABOUT = {
    "source", "note", "recomputed", "order", "constants", "tolerance", "inputs", "expected", "more", "use", "title",
    "description",
}  # fmt: skip
_FIRST = ("coordinates", "location", "indicators", "hot_places", "districts", "hypercube")


def verify_all(files: Sequence[Path] | None = None, *, oracles: Path, data: Sequence[Path] = ()) -> list[Verdict]:
    """Compute every published number in ``files``, or in all files of ``oracles`` where none are given.

    Files are read by their structure: any numbers under the same keys are compared. What we do not compute is in the
    list with ``ok`` None. ``data`` are more folders in which a file's tables may be.

    Raises
    ------
    FileError, FieldError
        A file that cannot be read, with no section that we know, or with a section that lacks what it needs.
    """
    chosen = list(files) if files else sorted(oracles.glob("*.json"), key=_order)
    if not chosen:
        raise FileError(f"There are no published numbers in {oracles}", f"{oracles} 中没有公开数值文件")
    out: list[Verdict] = []
    for path in chosen:
        out += verify_document(read_document(path, tuple(data)))
    return out


def verify_document(document: Document) -> list[Verdict]:
    """Compute every published number of one document."""
    try:
        out = list(_verdicts(document))
    except (ValueError, IndexError, OverflowError, ZeroDivisionError) as error:
        name = document.path.name
        raise FieldError(f"{name}: {error}", f"{name} 的数值结构有误：{error}") from error
    if not out:
        name = document.path.name
        raise FileError(f"{name} has no section of published numbers that is known", f"{name} 中没有可识别的公开数值")
    return out


def _verdicts(document: Document) -> Iterator[Verdict]:
    body = document.body
    if "inputs" in body and "expected" in body:
        inputs = body["inputs"]
        if "servers" in inputs:
            yield from hypercube.verdicts(document)
        elif "radius_m" in inputs:
            yield from location.verdicts(document)
        else:
            yield not_computed(document.source, "expected", "", "the kind of its inputs is not known")
    for key in body.keys():  # noqa: SIM118 - a document's node, not a mapping
        for module in (coordinates, indicators, hot_places, districts):
            if module.claims(key):
                yield from module.verdicts(document, key)
                break
        else:
            if key not in _ABOUT:
                yield not_computed(document.source_of(body[key]), key, "", "unknown section")


def _order(path: Path) -> tuple[int, str]:
    return (_FIRST.index(path.stem) if path.stem in _FIRST else len(_FIRST), path.name)
