"""The administrative and the police tree out of tables and lists of names and codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from geo.errors import FieldError, ParameterError
from geo.grids.tree import ADMINISTRATIVE, POLICE, Tree
from geo.tables.grids import Grids
from geo.tables.police_grids import PoliceGrids

_ABOVE: Final = {"province": 2, "prefecture": 4, "county": 6, "town": 9}
"""Leading digits of a 12-digit code that name the unit above, by level."""

Unit = tuple[str, str]
"""A code and a name."""


def unit_names(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, str] = {"code": "name", "streetCode": "street", "areaCode": "area"},
) -> dict[str, str]:
    """Return names by code out of a list of villages that names the units above in further columns.

    ``columns`` gives for each column of codes the column of names; the default is the usual open list of county, town
    and village.

    Raises
    ------
    FieldError
        If a column is missing.
    """
    missing = [name for pair in columns.items() for name in pair if name not in frame.columns]
    if missing:
        raise FieldError(
            f"The list of villages lacks the columns {', '.join(missing)}", f"村社区名录缺少列：{'、'.join(missing)}"
        )
    names: dict[str, str] = {}
    for code, name in columns.items():
        pairs = frame[[code, name]].astype(str).drop_duplicates(code)
        names.update(zip(pairs[code], pairs[name], strict=True))
    return names


def administrative_tree(
    communities: Iterable[str],
    *,
    names: Mapping[str, str] | None = None,
    grids: Grids | None = None,
    kind: str | None = "general",
    top: str = "county",
) -> Tree:
    """Build the tree above 12-digit codes of villages and communities, and the grids below them.

    Parameters
    ----------
    names
        Names by code; six digits for a county and above.
    grids
        Their parents join the communities; ``kind`` keeps grids of that kind, None all.
    top
        Key of the highest level wanted.

    Raises
    ------
    ParameterError
        If ``top`` is not a level above the community.
    FieldError
        If a grid does not say to which community it belongs.
    TableError
        If codes do not follow the rule of their level.
    """
    if top not in (*_ABOVE, "community"):
        raise ParameterError(
            f"The tree cannot begin on the level {top!r}; choose {', '.join(_ABOVE)} or community",
            f"层级树不能从“{top}”层开始，可选：省、市州、县区、乡镇街道、村社区",
        )
    known = dict(names or {})
    found = dict.fromkeys(str(code) for code in communities)
    grid_rows = _grid_rows(grids, kind)
    for _, _, parent, parent_name in grid_rows:
        found.setdefault(parent)
        if isinstance(parent_name, str) and parent_name:
            known.setdefault(parent, parent_name)
    keys = [level.key for level in ADMINISTRATIVE]
    levels = ADMINISTRATIVE[keys.index(top) : keys.index("grid" if grid_rows else "community") + 1]
    codes: list[str] = []
    parents: list[str | None] = []
    level_of: list[str] = []
    above: list[str] = [level.key for level in levels if level.key in _ABOVE]
    for depth, key in enumerate([*above, "community"]):
        units = found if key == "community" else dict.fromkeys(_unit(code, key) for code in found)
        for unit in units:
            codes.append(unit)
            parents.append(_unit(unit, above[depth - 1]) if depth else None)
            level_of.append(key)
    texts: list[str | None] = [known.get(code) for code in codes]
    for code, name, parent, _ in grid_rows:
        codes.append(code)
        parents.append(parent)
        level_of.append("grid")
        texts.append(name if isinstance(name, str) else None)
    return Tree.of(levels=levels, codes=codes, parents=parents, names=texts, level=level_of)


def _unit(code: str, level: str) -> str:
    """Return the code of the unit on a level that a code lies in; six digits with zeros for a county and above."""
    digits = _ABOVE[level]
    return code[:digits].ljust(6, "0") if digits <= 6 else code[:digits]


def _grid_rows(grids: Grids | None, kind: str | None) -> list[tuple[str, object, str, object]]:
    if grids is None:
        return []
    frame = grids.frame if kind is None else grids.frame[grids.frame["kind"] == kind]
    rows = list(zip(frame["code"], frame["name"], frame["parent_code"], frame["parent_name"], strict=True))
    lost = [str(code) for code, _, parent, _ in rows if not isinstance(parent, str)]
    if lost:
        raise FieldError(
            f"{len(lost)} grids do not say to which community they belong (first: {lost[0]})",
            f"{len(lost)} 个网格未注明所属村（社区），第一个为 {lost[0]}",
            rows=lost[:100],
        )
    return rows


def police_tree(
    police_grids: PoliceGrids,
    *,
    branch_of_station: Mapping[str, Unit] | None = None,
    bureau: Unit | None = None,
) -> Tree:
    """Build the tree of police grids, police areas and stations; of branches and the bureau where they are given.

    Raises
    ------
    ParameterError
        If a bureau is given without branches.
    FieldError
        If a police grid lacks its area or station, or a station its branch.
    TableError
        If an area is in two stations, or the tree cannot stand otherwise.
    """
    if bureau is not None and branch_of_station is None:
        raise ParameterError("A bureau needs to know its branches", "指定市局时须同时指定各派出所所属分局")
    frame = police_grids.frame
    columns = ["code", "name", "area_code", "area_name", "station_code", "station_name"]
    rows = list(zip(*(frame[name] for name in columns), strict=True))
    lost = [str(row[0]) for row in rows if not (isinstance(row[2], str) and isinstance(row[4], str))]
    if lost:
        raise FieldError(
            f"{len(lost)} police grids lack their police area or station (first: {lost[0]})",
            f"{len(lost)} 个警格未注明警务区或派出所，第一个为 {lost[0]}",
            rows=lost[:100],
        )
    made: dict[tuple[str, str, str | None], str] = {}
    if branch_of_station is not None:
        stations = sorted({row[4] for row in rows})
        without = [code for code in stations if code not in branch_of_station]
        if without:
            raise FieldError(
                f"Stations {', '.join(without[:5])} have no branch",
                f"派出所 {'、'.join(without[:5])} 未注明所属分局",
                rows=without,
            )
        if bureau is not None:
            made["bureau", bureau[0], None] = bureau[1]
        for station in stations:
            code, name = branch_of_station[station]
            made["branch", code, bureau[0] if bureau else None] = name
    for _, _, _, _, station, name in rows:
        branch = branch_of_station[station][0] if branch_of_station is not None else None
        made.setdefault(("station", station, branch), name)
    for _, _, area, name, station, _ in rows:
        made.setdefault(("police_area", area, station), name)
    for code, name, area, _, _, _ in rows:
        made["police_grid", code, area] = name
    used = {key for key, _, _ in made}
    return Tree.of(
        levels=[level for level in POLICE if level.key in used] or list(POLICE),
        codes=[code for _, code, _ in made],
        parents=[parent for _, _, parent in made],
        names=_texts(list(made.values())),
        level=[key for key, _, _ in made],
    )


def _texts(values: Sequence[object]) -> list[str | None]:
    return [value if isinstance(value, str) else None for value in values]
