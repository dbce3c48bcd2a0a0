"""From street times to the problem of spaced patrols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geo.errors import InputError
from planners.patrol.problem import NO_WAY, VehicleType
from planners.patrol.spacing.asked import Appointment
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def car_and_video(
    *,
    seconds: Floats,
    metres: Floats | None,
    post_keys: Sequence[str],
    point_keys: Sequence[str],
    dwell: npt.ArrayLike,
    cars_at: npt.ArrayLike,
    shift_seconds: int,
    gap_seconds: int,
    least_gap_seconds: int = 0,
    since: npt.ArrayLike | None = None,
    priority: npt.ArrayLike | None = None,
    video_keys: Sequence[str] = (),
    video_dwell: npt.ArrayLike = (),
    operators: int = 0,
    switch_seconds: int = 10,
    appointments: tuple[Appointment, ...] = (),
) -> SpacingProblem:
    """Build the problem of cars on the streets and operators at the video post, with one gap for all.

    Parameters
    ----------
    seconds, metres
        Float64[places, places] between all posts, then all points, inf where there is no way; rounded up to whole
        seconds, which keeps the triangle inequality. A street that is closed is closed in these times.
    cars_at
        Int[posts], cars that start and end at each post.
    since
        Int[points], seconds from the last visit to the start of the shift; 0 unless given.
    """
    posts, points, videos = len(post_keys), len(point_keys), len(video_keys)
    places = posts + points
    if np.asarray(seconds).shape != (places, places):
        raise InputError(
            f"seconds must be {places} by {places}: all posts, then all points", f"seconds 应为 {places}×{places}"
        )
    whole = _whole(seconds, videos)
    length = _whole(metres if metres is not None else np.zeros((places, places)), videos)
    kinds = ("car", "video") if videos else ("car",)
    cut = np.full((places + videos, places + videos), NO_WAY, np.int64)
    watch = np.r_[np.zeros(1, np.int64), np.arange(places, places + videos)]
    cut[np.ix_(watch, watch)] = switch_seconds
    np.fill_diagonal(cut, 0)
    vehicles = [
        VehicleType(
            kind="car", start_post=post, end_post=post, shift_seconds=shift_seconds,
            unit_keys=tuple(f"{post_keys[post]}-{n + 1}" for n in range(count)),
        )
        for post, count in enumerate(np.asarray(cars_at, np.int64).tolist()) if count
    ]  # fmt: skip
    if operators:
        keys = tuple(f"video-{n + 1}" for n in range(operators))
        vehicles.append(
            VehicleType(kind="video", start_post=0, end_post=0, shift_seconds=shift_seconds, unit_keys=keys)
        )
    total = points + videos
    by_car = np.arange(total) < points
    return SpacingProblem(
        post_keys=tuple(post_keys),
        point_keys=(*point_keys, *video_keys),
        kinds=kinds,
        seconds=(np.stack([whole, cut]) if videos else whole[None]).astype(np.int32),
        metres=(np.stack([length, np.zeros_like(cut)]) if videos else length[None]).astype(np.int32),
        vehicles=tuple(vehicles),
        shift_seconds=shift_seconds,
        dwell=np.concatenate([np.asarray(dwell, np.int32), np.asarray(video_dwell, np.int32)]),
        gap=np.full(total, gap_seconds, np.int32),
        least_gap=np.full(total, least_gap_seconds, np.int32),
        since=_filled(since, points, total, 0).astype(np.int32),
        eligible=np.column_stack([by_car, ~by_car]) if videos else by_car[:, None],
        priority=_filled(priority, points, total, 1),
        police=np.ones(len(vehicles), np.bool_),
        appointments=appointments,
    )


def _filled(values: npt.ArrayLike | None, points: int, total: int, rest: int) -> Ints:
    out = np.full(total, rest, np.int64)
    if values is not None:
        out[:points] = np.asarray(values, np.int64)
    return out


def _whole(matrix: Floats, videos: int) -> Ints:
    held = np.asarray(matrix, np.float64)
    if np.isnan(held).any() or (held < 0).any():
        raise InputError("Street times must be 0 or more", "路网时间不得为负或缺失")
    full = np.ceil(np.where(np.isfinite(held), np.minimum(held, NO_WAY), NO_WAY) - 1e-9).astype(np.int64)
    out = np.full((len(full) + videos,) * 2, NO_WAY, np.int64)
    out[: len(full), : len(full)] = full
    np.fill_diagonal(out, 0)
    return out
