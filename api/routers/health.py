"""Is it up, and which versions run."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter

from api.deps import InWorkspace
from api.schemas.problems import answers
from api.schemas.values import Value

router = APIRouter(prefix="/api", tags=["health"])


class Health(Value):
    """The server answers; versions of what matters."""

    status: str
    version: str
    versions: dict[str, str]
    collections: dict[str, int]


@router.get("/health", responses=answers())
def health(workspace: InWorkspace) -> Health:
    """Say that the server is up."""
    names = ("fastapi", "folium", "geopandas", "numpy", "osmnx", "pyvrp", "shapely", "sqlalchemy")
    tables = ("grids", "police_grids", "calls", "posts", "points", "units", "shifts")
    return Health(
        status="ok",
        version=version("xunge"),
        versions={name: version(name) for name in names},
        collections={name: workspace.store.version(name) for name in tables},
    )
