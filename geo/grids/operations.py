"""All edits of grids as plain values: to JSON and back, so that a store keeps them and replays them."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Final, Union, cast, get_args, get_origin

from geo.errors import ParameterError, XungeError
from geo.grids.applied import Applied
from geo.grids.edit import InsertVertex, MoveVertex, RemoveVertex, ReshapeArc, SetArcs
from geo.grids.join import MergeGrids
from geo.grids.replace_grids import ReplaceGrids
from geo.grids.several import Several
from geo.grids.split import SplitAlongStreets, SplitByLine
from geo.grids.topology import Coverage, Json
from geo.grids.transfer import AssignUnits, TransferBlocks

AnyOperation = (
    MoveVertex | InsertVertex | RemoveVertex | ReshapeArc | SetArcs | SplitByLine | SplitAlongStreets | MergeGrids
    | TransferBlocks | AssignUnits | ReplaceGrids | Several
)  # fmt: skip
"""An edit as a value: plain, comparable, applied to any coverage that it fits.

Each has ``apply(coverage) -> Applied``, which leaves ``coverage`` as it is and raises

- ``GeometryError`` if the grids would not tile the land any more, or a lock would be broken,
- ``NotFoundError`` if a grid does not exist,
- ``ParameterError`` if an arc or a vertex does not exist, or a value is out of its range;

the sentence names the grids.
"""

KINDS: Final[Mapping[str, type]] = {
    "move_vertex": MoveVertex,
    "insert_vertex": InsertVertex,
    "remove_vertex": RemoveVertex,
    "reshape_arc": ReshapeArc,
    "set_arcs": SetArcs,
    "split_by_line": SplitByLine,
    "split_along_streets": SplitAlongStreets,
    "merge_grids": MergeGrids,
    "transfer_blocks": TransferBlocks,
    "assign_units": AssignUnits,
    "replace_grids": ReplaceGrids,
    "several": Several,
}
"""The name of each edit in JSON."""

MOST_VALUES: Final = 2_000_000
_NAMES: Final = {made: name for name, made in KINDS.items()}


def to_json(operation: AnyOperation) -> dict[str, Json]:
    """Return an edit as plain values; ``from_json`` gives an equal one."""
    return {"kind": _NAMES[type(operation)], **{f.name: _plain(getattr(operation, f.name)) for f in fields(operation)}}


def from_json(value: Mapping[str, Json]) -> AnyOperation:
    """Return the edit that ``to_json`` wrote.

    Raises
    ------
    ParameterError
        If it is not one; the sentence names the member at fault.
    """
    return cast("AnyOperation", _operation(value, "edit", [0]))


def replay(coverage: Coverage, operations: Sequence[AnyOperation]) -> Coverage:
    """Return the coverage after edits one after another; the same start and edits give the same arcs and bytes.

    Raises
    ------
    XungeError
        As the edit that is refused raises it, with its number before the sentence.
    """
    for number, operation in enumerate(operations, start=1):
        try:
            coverage = operation.apply(coverage).coverage
        except XungeError as refused:
            raise type(refused)(
                f"Edit {number}: {refused.en}", f"第 {number} 步：{refused.zh}", rows=refused.rows
            ) from refused
    return coverage


def apply_all(coverage: Coverage, operations: Sequence[AnyOperation]) -> Applied:
    """Return what several edits do as one: all of them or none."""
    return Several(operations=tuple(operations)).apply(coverage)


def _plain(value: object) -> Json:
    if type(value) in _NAMES:
        return to_json(cast("AnyOperation", value))
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return cast("Json", value)


def _wrong(path: str, wanted: str) -> ParameterError:
    return ParameterError(f"{path} of an edit is not {wanted}", f"编辑操作的 {path} 应为 {wanted}")


def _operation(value: object, path: str, count: list[int]) -> object:
    if not isinstance(value, Mapping):
        raise _wrong(path, "an object")
    kind = KINDS.get(str(value.get("kind")))
    if kind is None:
        raise ParameterError(
            f"{value.get('kind')!r} is not an edit; known are {', '.join(KINDS)}",
            f"没有名为 {value.get('kind')!r} 的编辑操作，可用的有 {'、'.join(KINDS)}",
        )
    return _made(kind, {key: held for key, held in value.items() if key != "kind"}, path, count)


def _made(kind: type, value: Mapping[str, object], path: str, count: list[int]) -> object:
    hints = _hints(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise ParameterError(f"{path} has no member {', '.join(unknown)}", f"{path} 没有成员 {'、'.join(unknown)}")
    held = {name: _read(value[name], hint, f"{path}.{name}", count) for name, hint in hints.items() if name in value}
    try:
        return kind(**held)
    except TypeError as missing:
        raise ParameterError(f"{path}: {missing}", f"{path} 缺少成员：{missing}") from missing


@lru_cache
def _hints(kind: type) -> dict[str, object]:
    known = {**vars(sys.modules[kind.__module__]), "AnyOperation": AnyOperation}
    return dict(typing.get_type_hints(kind, globalns=known))


def _read(value: object, hint: object, path: str, count: list[int]) -> object:
    """Return ``value`` as ``hint`` says, or refuse; lists become tuples."""
    count[0] += 1
    if count[0] > MOST_VALUES:
        raise _wrong(path, f"within {MOST_VALUES} values")
    if hint == AnyOperation:
        return _operation(value, path, count)
    if get_origin(hint) in (Union, types.UnionType):
        return _read_one_of(value, get_args(hint), path, count)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise _wrong(path, "a list")
        items = get_args(hint)
        if len(items) == 2 and items[1] is Ellipsis:
            return tuple(_read(item, items[0], f"{path}[{i}]", count) for i, item in enumerate(value))
        if len(items) != len(value):
            raise _wrong(path, f"a list of {len(items)}")
        return tuple(_read(item, kind, path, count) for item, kind in zip(value, items, strict=True))
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise _wrong(path, "an object")
        return _made(hint, value, path, count)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is type(None) and value is None:
        return None
    if type(value) is hint:
        return value
    raise _wrong(path, getattr(hint, "__name__", str(hint)))


def _read_one_of(value: object, kinds: Sequence[object], path: str, count: list[int]) -> object:
    exact = [kind for kind in kinds if type(value) is kind or (value is None and kind is type(None))]
    if exact:
        return value
    others = [kind for kind in kinds if kind is not type(None)]
    if len(others) == 1:
        return _read(value, others[0], path, count)
    raise _wrong(path, " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds))
