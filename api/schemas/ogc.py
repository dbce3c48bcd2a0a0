"""Collections as OGC API Features has them."""

from __future__ import annotations

from api.schemas.values import Value


class Link(Value):
    """A typed link."""

    href: str
    rel: str
    type: str | None = None
    title: str | None = None


class Landing(Value):
    """The root of the interface."""

    title: str
    description: str
    links: list[Link]


class Conformance(Value):
    """The requirement classes that the interface is built to."""

    conformsTo: list[str]  # noqa: N815 - the standard's spelling


class SpatialExtent(Value):
    """Bounding boxes in lon/lat."""

    bbox: list[list[float]]
    crs: str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


class TemporalExtent(Value):
    """Intervals of time, open ends as None."""

    interval: list[list[str | None]]
    trs: str = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


class Extent(Value):
    """Where and when the items of a collection are."""

    spatial: SpatialExtent
    temporal: TemporalExtent | None = None


class Collection(Value):
    """One collection of features."""

    id: str
    title: str
    description: str
    itemType: str = "feature"  # noqa: N815 - the standard's spelling
    extent: Extent | None = None
    crs: tuple[str, ...] = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84",)
    links: list[Link]


class Collections(Value):
    """All collections."""

    collections: list[Collection]
    links: list[Link]
