"""Calls coming in, what cleaning noticed about them, and the families of their classes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas.exchange import DroppedPersons
from api.schemas.values import Value

Plain = str | int | float | bool | None


class CallsMapping(Value):
    """Which field of the file is what; see ``geo.incidents.profile.CallsProfile``."""

    fields: dict[str, str]
    lon: str | None = None
    lat: str | None = None
    place_text: str | None = None
    frame: str | None = None
    frame_field: str | None = None
    clock: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str | bool] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    time_format: str | None = None
    time_order: Literal["month", "day"] | None = None
    time_zone: str | None = None
    source: str = ""


class FlagCount(Value):
    """A reason, its sentence, and how many calls it concerns."""

    code: str
    label_zh: str
    label_en: str
    sentence_zh: str
    sentence_en: str
    effect: Literal["invalid", "unplaced", "hour", "clock", "none"]
    n: int
    open: int = 0
    accepted: int = 0
    dismissed: int = 0


class Bases(Value):
    """Counts that are never mixed: received, valid, filed cases; and how many of the valid ones have no place."""

    received: int
    valid: int
    cases: int
    valid_unplaced: int


class RejectedRow(Value):
    """A row of the file that could not be a call."""

    row: int
    reason_zh: str
    reason_en: str


class AddressReview(Value):
    """An address that the book does not settle for certain, and what it offers."""

    address: str
    found: str
    score: float
    candidates: list[str]


class CallImportAnswer(Value):
    """What became of an export of calls; ``version`` is None as long as nothing was written."""

    read: int
    kept: int
    doubled: int
    n_placed: int
    inserted: int | None = None
    updated: int | None = None
    unchanged: int | None = None
    version: int | None = None
    headers: list[str]
    mapping: CallsMapping
    mapping_from: Literal["guessed", "remembered", "given"]
    profile_name: str
    unused: list[str]
    persons: list[DroppedPersons]
    assumed: dict[str, str]
    flags: list[FlagCount]
    bases: Bases
    rejected: list[RejectedRow]
    n_rejected: int
    damaged_rows: list[int]
    addresses: list[AddressReview]
    notes_zh: list[str]
    notes_en: list[str]
    encoding: str | None
    source_frame: str
    frame_sure: str | None
    frame_shares: dict[str, float]
    precision: str
    near_street_share: float | None
    median_street_m: float | None
    preview: list[dict[str, Plain]]
    samples: dict[str, list[str]] = Field(default_factory=dict)
    upload_id: str | None = None


class UploadAnswer(Value):
    """An export that waits for its mapping: its fields with their first values, and what the headers suggest."""

    upload_id: str
    read: int
    headers: list[str]
    samples: dict[str, list[str]]
    persons: list[DroppedPersons]
    mapping: CallsMapping
    encoding: str | None
    damaged_rows: list[int]


class CallRows(Value):
    """Rows as another system sends them: fields as in a file, mapped the same way."""

    rows: list[dict[str, Plain]] = Field(min_length=1, max_length=10_000)
    source: str = Field(default="", max_length=60)
    frame: str | None = None
    mapping: CallsMapping | None = None
    time_zone: str | None = None
    commit: bool = True


class PreviewProgress(Value):
    """The share of a preview that is done, and what it is at."""

    share: float
    message: str


class ImportOrder(Value):
    """The order to write an uploaded file."""

    upload_id: str
    mapping: CallsMapping | None = None
    layer: str | None = None
    encoding: str | None = None
    damaged: Literal["refuse", "mark"] = "refuse"
    frame: str | None = None
    source: str | None = None
    remember: bool = True


class Accepted(Value):
    """A job that was started."""

    job_id: str
    status_url: str


class FlagsAnswer(Value):
    """Flags of all calls, by reason."""

    n_calls: int
    n_flagged: int
    bases: Bases
    flags: list[FlagCount]
    version: int


class FlaggedCalls(Value):
    """Calls with one reason."""

    code: str
    state: str | None
    matched: int
    calls: list[dict[str, Plain]]


class Decision(Value):
    """What a reviewer decides: for the calls named, or for all with the reason."""

    code: str
    decision: Literal["accept", "dismiss", "undo"]
    call_ids: list[str] | None = Field(default=None, max_length=10_000)


class Decided(Value):
    """How many calls a decision changed, and the bases afterwards."""

    changed: int
    bases: Bases
    version: int


class FamilyBody(Value):
    """A family of classes."""

    family_id: str
    label_zh: str = ""
    label_en: str = ""
    classes: list[str] = Field(default_factory=list)
    harm: float = 1.0
    citizen: bool | None = None


class FamiliesBody(Value):
    """Families in a version; sent back with the version that was seen."""

    version: int
    families: list[FamilyBody]


class FamiliesAnswer(FamiliesBody):
    """Families, how often each class stands in the data, and the sets to begin with."""

    classes: dict[str, int]
    presets: dict[str, list[FamilyBody]] = Field(default_factory=dict)


class ProfileAnswer(Value):
    """A remembered mapping."""

    profile_id: str
    name: str
    headers: list[str]
    mapping: CallsMapping
    saved_at: str


class ProfilesAnswer(Value):
    """The remembered mappings."""

    profiles: list[ProfileAnswer]
