"""Many layers into one (多网合一): every place gets one owner by rule, and every piece tells where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import GeometryError, ParameterError
from geo.grids.arrange import Faces, arrange, united
from geo.grids.faults import Fault
from geo.grids.layer_check import general_rows
from geo.grids.parents import parent_shapes
from geo.grids.pieces import Pieces, Source
from geo.grids.review import Contested, contested_places
from geo.grids.rough import lonlat_frame, read_rough
from geo.tables.grids import Grids
from geo.tables.spec import LONLAT, Table

MergeRule = Literal["priority", "largest_share", "follow_parent"]
MERGE_RULES: Final[tuple[MergeRule, ...]] = ("priority", "largest_share", "follow_parent")
_CARRIED: Final = ("name", "parent_code", "parent_name")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnedLayer:
    """A layer and who owns it: 公安, 民政, 城管..."""

    name: str
    grids: Table | gpd.GeoDataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Merged:
    """Many layers as one.

    Attributes
    ----------
    grids : pieces that tile what the layers cover, each contiguous unless its source was not
    provenance : a row for each piece and each source that covers some of it: ``grid``, ``layer``, ``source_code``,
        ``role``, ``area_m2``, ``share_of_grid``, ``share_of_source``. The areas of the roles ``owner`` (land that the rule gave to
        the source) and ``absorbed`` (land of it that came along since it was too small to stand alone) add up to the
        piece; ``also`` is land that the source covers as well
    contested : places where layers disagree, the largest first, for review
    faults : what was wrong with the layers as they came, the name of the layer before the code
    """

    grids: Grids
    provenance: pd.DataFrame
    contested: tuple[Contested, ...]
    faults: tuple[Fault, ...]


def merge_layers(
    layers: Sequence[OwnedLayer],
    *,
    rule: MergeRule,
    min_piece_m2: float,
    parents: Table | gpd.GeoDataFrame | None = None,
) -> Merged:
    """Return one clean layer of the general grids of many.

    Who gets a place that several cover: ``priority``, the layer named first; ``largest_share``, the grid of which the disputed
    land is the largest share; ``follow_parent``, a grid of the community in which the place lies, then the layer named
    first. Ties go to the layer named first, then the smaller code. Pieces below ``min_piece_m2`` join the neighbour
    with most common border, rather one of the same community. The order of rows does not matter.

    Raises
    ------
    ParameterError
        No layer, two of one name, an unknown rule, ``follow_parent`` without ``parents``, a negative area.
    GeometryError
        If no layer has an area.
    """
    _refuse_wrong(layers, rule, min_piece_m2, parents)
    sources, faults = _sources(layers)
    if not sources:
        raise GeometryError("No layer has a grid with an area", "各图层中没有可用的网格")
    areas = parent_shapes(parents) if parents is not None else {}
    names = sorted(areas)
    lines = shapely.boundary(np.array([areas[name] for name in names], dtype=object)) if areas else None
    faces = arrange(np.array([source.shape for source in sources], dtype=object), lines=lines)
    parent_of_face = _parents_of(faces, areas, names)
    owner = _owners(faces, sources, rule, parent_of_face)
    pieces = Pieces.of(faces, owner, sources, parent_of_face)
    pieces.absorb(min_piece_m2)
    codes = _codes(pieces, sources)
    return Merged(
        grids=_grids(pieces, codes, sources, faces),
        provenance=_provenance(pieces, codes, sources, faces, owner),
        contested=contested_places(faces, owner, sources, codes_of_faces(pieces, codes), min_piece_m2),
        faults=faults,
    )


def _refuse_wrong(
    layers: Sequence[OwnedLayer], rule: str, min_piece_m2: float, parents: Table | gpd.GeoDataFrame | None
) -> None:
    names = [layer.name for layer in layers]
    if not names or len(set(names)) != len(names):
        raise ParameterError("Name one or more layers, each once", "请给出至少一个图层，名称不可重复")
    if rule not in MERGE_RULES:
        raise ParameterError(
            f"{rule!r} is not a rule; choose {', '.join(MERGE_RULES)}",
            f"没有规则 {rule!r}，可选 {'、'.join(MERGE_RULES)}",
        )
    if rule == "follow_parent" and parents is None:
        raise ParameterError(
            "The rule follow_parent needs a layer of communities", "按上级归属（follow_parent）需要村（社区）图层"
        )
    if not min_piece_m2 >= 0:
        raise ParameterError("The least area of a piece is not 0 or more", "最小面积不可为负")


def _sources(layers: Sequence[OwnedLayer]) -> tuple[list[Source], tuple[Fault, ...]]:
    sources: list[Source] = []
    faults: list[Fault] = []
    for number, layer in enumerate(layers):
        frame = general_rows(lonlat_frame(layer.grids))
        frame = frame.iloc[np.argsort(frame["code"].astype(str).to_numpy(), kind="stable")].reset_index(drop=True)
        codes = [str(code) for code in frame["code"]]
        rough = read_rough(codes, np.asarray(frame.geometry.array, dtype=object))
        faults += [
            Fault(
                kind=fault.kind, codes=tuple(f"{layer.name}:{code}" for code in fault.codes), place=fault.place,
                size=fault.size, shape=fault.shape, detail=fault.detail,
            )
            for fault in rough.faults
        ]  # fmt: skip
        columns = {
            name: frame[name].tolist() for name in (*_CARRIED, "population", "households") if name in frame.columns
        }
        for row, shape in enumerate(rough.shapes):
            if shape is not None:
                told = {name: values[row] for name, values in columns.items()}
                sources.append(Source(layer=number, layer_name=layer.name, code=codes[row], shape=shape, columns=told))
    return sources, tuple(faults)


def _parents_of(faces: Faces, areas: dict[str, BaseGeometry], names: Sequence[str]) -> list[str]:
    """Return the community in which each face lies, "" where there is none."""
    found = [""] * len(faces.shapes)
    if names:
        held = np.array([areas[name] for name in names], dtype=object)
        area, face = shapely.STRtree(faces.spots()).query(held, predicate="intersects")
        for a, f in sorted(zip(area.tolist(), face.tolist(), strict=True), reverse=True):
            found[f] = names[a]
    return found


def _owners(faces: Faces, sources: Sequence[Source], rule: MergeRule, parents: Sequence[str]) -> list[int]:
    """Return the source that owns each face, -1 where none covers it."""
    m2 = faces.m2()
    whole = np.zeros(len(sources))
    together: dict[tuple[int, ...], float] = {}
    for face, cover in enumerate(faces.cover):
        together[cover] = together.get(cover, 0.0) + float(m2[face])
        for row in cover:
            whole[row] += m2[face]
    owners = []
    for face, cover in enumerate(faces.cover):

        def rank(row: int, face: int = face, cover: tuple[int, ...] = cover) -> tuple[float, int, str]:
            source = sources[row]
            first = 0.0
            if rule == "largest_share":
                first = -round(together[cover] / whole[row], 9)
            elif rule == "follow_parent":
                first = float(source.parent != parents[face] or not parents[face])
            return first, source.layer, source.code

        owners.append(min(cover, key=rank) if cover else -1)
    return owners


def _codes(pieces: Pieces, sources: Sequence[Source]) -> list[str]:
    """Return a code for each piece: that of its source, unique by the name of the layer before it and a number after it."""
    layers_of: dict[str, set[int]] = {}
    for piece in pieces.held:
        layers_of.setdefault(sources[piece.owner].code, set()).add(sources[piece.owner].layer)
    count: dict[int, int] = {}
    codes = [""] * len(pieces.held)
    for number in sorted(range(len(pieces.held)), key=lambda n: (-pieces.held[n].area, pieces.held[n].place)):
        source = sources[pieces.held[number].owner]
        count[pieces.held[number].owner] = nth = count.get(pieces.held[number].owner, 0) + 1
        code = source.code if len(layers_of[source.code]) == 1 else f"{source.layer_name}:{source.code}"
        codes[number] = code if nth == 1 else f"{code}-{nth}"
    while len(set(codes)) < len(codes):  # a source may itself be called A-2
        seen: set[str] = set()
        for number, code in enumerate(codes):
            codes[number] = code if code not in seen else f"{code}-1"
            seen.add(codes[number])
    return codes


def codes_of_faces(pieces: Pieces, codes: Sequence[str]) -> dict[int, str]:
    """Return the code of the piece that each face is in."""
    return {face: codes[number] for number, piece in enumerate(pieces.held) for face in piece.faces}


def _grids(pieces: Pieces, codes: Sequence[str], sources: Sequence[Source], faces: Faces) -> Grids:
    rows, shapes = [], []
    of_source: dict[int, set[int]] = {}
    for face, cover in enumerate(faces.cover):
        for row in cover:
            of_source.setdefault(row, set()).add(face)
    for number in sorted(range(len(codes)), key=lambda n: codes[n]):
        piece = pieces.held[number]
        source = sources[piece.owner]
        told = {name: value for name, value in source.columns.items() if name in _CARRIED}
        if set(piece.faces) == of_source[piece.owner]:
            told |= source.columns  # the whole source and nothing else: its counts still hold
        rows.append({"code": codes[number], "kind": "general", **told})
        shapes.append(faces.in_degrees(united(faces.shapes, piece.faces)))
    return Grids.of(gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=LONLAT))


def _provenance(
    pieces: Pieces, codes: Sequence[str], sources: Sequence[Source], faces: Faces, owner: Sequence[int]
) -> pd.DataFrame:
    m2 = faces.m2()
    whole = np.zeros(len(sources))
    for face, cover in enumerate(faces.cover):
        whole[list(cover)] += m2[face]
    rows = []
    for number in sorted(range(len(codes)), key=lambda n: codes[n]):
        piece = pieces.held[number]
        area = float(m2[list(piece.faces)].sum())
        parts: dict[tuple[str, int], float] = {}
        for face in piece.faces:
            for row in faces.cover[face]:
                role = "also" if row != owner[face] else "owner" if row == piece.owner else "absorbed"
                parts[role, row] = parts.get((role, row), 0.0) + float(m2[face])
        order = {"owner": 0, "absorbed": 1, "also": 2}
        for (role, row), held in sorted(parts.items(), key=lambda item: (order[item[0][0]], item[0][1])):
            rows.append(
                {
                    "grid": codes[number], "layer": sources[row].layer_name, "source_code": sources[row].code, "role": role,
                    "area_m2": held, "share_of_grid": held / area, "share_of_source": held / float(whole[row]),
                }
            )  # fmt: skip
    names = ["grid", "layer", "source_code", "role", "area_m2", "share_of_grid", "share_of_source"]
    return pd.DataFrame(rows, columns=names)
