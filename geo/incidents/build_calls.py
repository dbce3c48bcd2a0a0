"""An export as it comes, made into calls: mapped, placed, cleaned, with a report of everything that was noticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely

from geo.errors import TableError
from geo.incidents import cells
from geo.incidents.address_book import AddressBook, Match
from geo.incidents.call_numbers import call_numbers
from geo.incidents.call_places import locate
from geo.incidents.call_times import nothing_gives, read_call_times
from geo.incidents.clean_places import Ground, flag_places, is_impossible
from geo.incidents.clean_repeats import repeats
from geo.incidents.clean_times import flag_clock, flag_times, instants
from geo.incidents.families import Families
from geo.incidents.flags import Findings, as_decided
from geo.incidents.frame_hypotheses import Verdict
from geo.incidents.profile import CallsProfile
from geo.tables.calls import Calls
from geo.tables.headers import VALUES
from geo.tables.spec import LONLAT

Note = tuple[str, str]
NO_CLASS: Final = "未分类"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """What the installation knows beside the file: its ground, zone, present instant (UTC), address book and families.

    ``known`` are calls that it has already, with ``lon`` and ``lat``: new ones may repeat them.
    """

    ground: Ground
    zone: str
    now: np.datetime64
    book: AddressBook | None = None
    families: Families = field(default_factory=Families)
    known: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuiltCalls:
    """Calls, the row of the file of each, and what was noticed.

    ``flags`` counts calls by reason; ``rejected`` are rows without a readable time (row, English, Chinese), which cannot be
    calls; ``doubled`` counts rows left out because the same row came before; ``street_m`` is the distance of each call to
    the nearest street (NaN where it is not known).
    """

    calls: Calls
    rows: npt.NDArray[np.int64]
    read: int
    flags: Mapping[str, int]
    assumed: Mapping[str, str]
    notes: tuple[Note, ...]
    rejected: tuple[tuple[int, str, str], ...]
    doubled: int
    frame: str
    verdict: Verdict | None
    precision: str
    review: tuple[tuple[str, Match], ...]
    street_m: npt.NDArray[np.float64]


def build_calls(
    table: pa.Table,
    profile: CallsProfile,
    context: Context,
    *,
    points: npt.NDArray[np.float64] | None = None,
    source_frame: str | None = None,
    first_row: int = 1,
    damaged: Sequence[int] = (),
    observe: Callable[[float], None] = lambda _: None,
) -> BuiltCalls:
    """Make calls of the rows of an export; ``observe`` is told the share done.

    Raises
    ------
    FieldError
        Where class or time have no field, the order of day and month cannot be told, or more than a twentieth of the
        rows have no readable time.
    FrameError
        Where the frame of the coordinates is neither stated nor to be found.
    """
    n = table.num_rows
    column_of = {column: source for source, column in profile.fields.items()}
    notes: list[Note] = []
    found = Findings(rows=n)
    frame = pd.DataFrame(index=range(n))
    assumed = _attributes(table, profile, column_of, frame, notes, context.families)
    observe(0.2)
    keep, rejected = read_call_times(table, profile, column_of, frame, notes, found, context.zone, first_row)
    observe(0.4)
    addresses = cast("npt.NDArray[np.object_]", frame["address"].to_numpy(dtype=object))
    located = locate(
        table, profile, found, points=points, source_frame=source_frame, ground=context.ground, book=context.book,
        addresses=addresses,
    )  # fmt: skip
    observe(0.65)
    lonlat = located.lonlat
    placed = np.asarray(np.isfinite(lonlat).all(axis=1), dtype=bool)
    numbers, doubled = call_numbers(table, column_of, profile.source, points, found, notes)
    frame["call_id"] = _loose(numbers)
    keep &= ~doubled
    if damaged:
        hit = np.zeros(n, dtype=bool)
        hit[[row - first_row for row in damaged if 0 <= row - first_row < n]] = True
        found.add("damaged_text", hit)
    rows = np.flatnonzero(keep)
    frame, lonlat, placed = frame.iloc[rows].reset_index(drop=True), lonlat[rows], placed[rows]
    found = Findings(rows=len(rows), masks={code: mask[rows] for code, mask in found.masks.items() if mask[rows].any()})
    observe(0.75)
    street_m, precision = _clean(found, frame, lonlat, placed, context)
    observe(0.95)
    frame["placed"] = placed
    frame["flags"] = _loose(found.written(frame["valid"].to_numpy(dtype=bool), placed))
    frame = as_decided(frame)
    nowhere = int((~placed).sum())
    if nowhere:
        notes.append(
            (f"{nowhere} calls have no place: counted, not drawn", f"{nowhere} 起警情没有案发地坐标：只计数，不上图")
        )
    if precision != "minute":
        notes.append(
            (
                f"The times of the file are exact to the {precision} only",
                f"文件中的时间只精确到{'小时' if precision == 'hour' else '日'}",
            )
        )
    return BuiltCalls(
        calls=_table(frame, lonlat, context.ground), rows=rows + first_row, read=n, flags=found.counts(), assumed=assumed,
        notes=(*notes, *located.notes), rejected=tuple(rejected), doubled=int(doubled.sum()), frame=located.frame,
        verdict=located.verdict, precision=precision, review=located.review, street_m=street_m,
    )  # fmt: skip


def _attributes(
    table: pa.Table,
    profile: CallsProfile,
    column_of: Mapping[str, str],
    frame: pd.DataFrame,
    notes: list[Note],
    families: Families,
) -> dict[str, str]:
    n = table.num_rows
    assumed: dict[str, str] = {}
    spec = Calls.SPEC
    if "family" not in column_of and "family" not in profile.constants:
        raise nothing_gives("family", "警情类别", table.column_names)
    for column in spec.columns:
        source = column_of.get(column.name)
        if column.kind == "time" or column.name in ("call_id", "placed", "flags", "source", "synthetic"):
            continue
        values = {**VALUES["calls"].get(column.name, {}), **profile.values.get(column.name, {})}
        odd = 0
        if source is None:
            frame[column.name] = _loose(np.full(n, profile.constants.get(column.name), dtype=object))
        elif column.kind == "bool":
            truths, odd = cells.truths(table.column(source), values)
            frame[column.name] = _loose(truths)
        elif column.kind == "int":
            numbers, odd = cells.numbers(table.column(source))
            low, high = column.minimum or -np.inf, column.maximum or np.inf
            fit = (numbers >= low) & (numbers <= high) & (numbers == np.round(numbers))
            odd += int((~np.isnan(numbers) & ~fit).sum())
            frame[column.name] = pd.array(np.where(fit, numbers, np.nan), dtype="Float64").astype("Int64")
        elif column.choices is not None:
            chosen, odd = cells.chosen(table.column(source), column.choices, values)
            frame[column.name] = _loose(chosen)
        elif values:
            frame[column.name] = _loose(cells.words(table.column(source), values))
        else:
            frame[column.name] = _loose(cells.objects(cells.texts(table.column(source))))
        if odd:
            notes.append(
                (
                    f"{odd} cells of {source} were not understood and stay empty",
                    f"{source} 列有 {odd} 个单元格无法识别，按空值处理",
                )
            )
    _filled(frame, families, assumed, notes)
    entities = sum(cells.entities(table.column(s)) for s in profile.fields)
    if entities:
        notes.append((f"HTML entities undone in {entities} cells", f"已还原 {entities} 个单元格中的 HTML 实体"))
    frame["synthetic"] = _loose(np.full(n, None, dtype=object))
    frame["source"] = _loose(np.full(n, profile.source or None, dtype=object))
    return assumed


def _filled(frame: pd.DataFrame, families: Families, assumed: dict[str, str], notes: list[Note]) -> None:
    empty = cells.blank(frame["family"].to_numpy(dtype=object))
    if empty.any():
        frame.loc[empty, "family"] = NO_CLASS
        notes.append(
            (f"{empty.sum()} calls have no class: {NO_CLASS}", f"{empty.sum()} 起警情没有类别，记为“{NO_CLASS}”")
        )
    valid = frame["valid"].to_numpy(dtype=object)
    unsaid = cells.blank(valid)
    if unsaid.all():
        assumed["valid"] = "true"
    frame["valid"] = np.where(unsaid, True, valid).astype(bool)
    citizen = frame["citizen"].to_numpy(dtype=object)
    if cells.blank(citizen).all():
        citizen = families.citizen(frame["family"])
        assumed["citizen"] = "true"
    frame["citizen"] = np.where(cells.blank(citizen), frame["intake"].to_numpy(dtype=object) != "网格上报", citizen)


def _clean(
    found: Findings,
    frame: pd.DataFrame,
    lonlat: npt.NDArray[np.float64],
    placed: npt.NDArray[np.bool_],
    context: Context,
) -> tuple[npt.NDArray[np.float64], str]:
    precision = flag_times(found, frame, now=context.now, zone=ZoneInfo(context.zone))
    flag_clock(found, frame)
    addresses = cast("npt.NDArray[np.object_]", frame["address"].to_numpy(dtype=object))
    street_m = flag_places(
        found, lonlat, placed, context.ground, addresses=None if cells.blank(addresses).all() else addresses
    )
    if precision == "minute":
        usable = placed & frame["occurred_to"].isna().to_numpy()
        for code in ("placeholder", "off_map", "pile_up", "at_station", "midnight", "whole_hour", "same_id"):
            if code in found.masks:
                usable &= ~found.masks[code]
        found.add("repeat", _repeats(frame, lonlat, usable, context.known))
    return street_m, precision


def _repeats(
    frame: pd.DataFrame, lonlat: npt.NDArray[np.float64], usable: npt.NDArray[np.bool_], known: pd.DataFrame | None
) -> npt.NDArray[np.bool_]:
    n = len(frame)
    columns = ["occurred_at", "family"]
    rows, spots, fit = frame[columns], lonlat, usable
    if known is not None and len(known):
        # The known ones first: of two at the same second the one that is there already stands.
        others = known[~known["call_id"].isin(frame["call_id"])]
        rows = pd.concat([others[columns], rows], ignore_index=True)
        spots = np.vstack([others[["lon", "lat"]].to_numpy(dtype=np.float64), spots])
        fit = np.concatenate([others["placed"].to_numpy(dtype=bool) & others["occurred_to"].isna().to_numpy(), fit])
    seconds = instants(rows["occurred_at"]).astype(np.int64) // 1_000_000
    codes = pd.factorize(rows["family"])[0].astype(np.int64)
    return np.asarray(repeats(spots, seconds, codes, usable=fit)[len(rows) - n :] >= 0)


def middle_of(ground: Ground, lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return where calls without a place are kept: the middle of the area, or of the other calls."""
    if ground.bounds is not None:
        west, south, east, north = ground.bounds
        return np.round([(west + east) / 2, (south + north) / 2], 6)
    known = lonlat[np.isfinite(lonlat).all(axis=1) & ~is_impossible(lonlat)]
    return np.round(np.median(known, axis=0), 6) if len(known) else np.zeros(2)


def _table(frame: pd.DataFrame, lonlat: npt.NDArray[np.float64], ground: Ground) -> Calls:
    spots = lonlat.copy()
    spots[~np.isfinite(lonlat).all(axis=1) | is_impossible(lonlat)] = middle_of(ground, lonlat)
    out = frame[list(Calls.SPEC.names)]
    types = Calls.empty().frame.dtypes
    typed = {}
    for column in Calls.SPEC.columns:
        values = out[column.name]
        if column.kind == "bool":
            typed[column.name] = pd.Series(np.where(values.isna(), False, values).astype(bool))
        else:
            typed[column.name] = values if values.dtype == types[column.name] else values.astype(types[column.name])
    keys = typed["call_id"]
    long = keys.str.len() > 200
    if long.any():
        raise TableError(
            f"{int(long.sum())} numbers of calls have more than 200 characters, such as {str(keys[long].iloc[0])[:40]}…",
            f"{int(long.sum())} 个警情编号超过 200 个字符，例如 {str(keys[long].iloc[0])[:40]}…",
        )
    return Calls(gpd.GeoDataFrame(typed, geometry=shapely.points(spots), crs=LONLAT))


def _loose(values: npt.NDArray[np.object_]) -> pd.Series:
    """Return loose values as they are: pandas would make texts of them, and NaN of None."""
    return pd.Series(values, dtype=object)
