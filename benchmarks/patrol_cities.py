"""The two cities on which patrols are measured: Xi'an of the data folder, and the demo's Coquimbo."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.cities import City, cities
from benchmarks.harness import Options
from geo.errors import XungeError

NAMES = ("xian", "Coquimbo")


def patrol_cities(options: Options) -> Iterator[City]:
    """Yield those whose names begin with ``options.only``, both unless given; Coquimbo also beside a folder that is named."""
    wanted = options.only or ""
    there = False
    for city in cities(options):
        there = there or city.name.startswith("Coquimbo")
        if city.name.startswith(NAMES) and city.name.startswith(wanted):
            yield city
    if not there and "Coquimbo".startswith(wanted[: len("Coquimbo")]):
        try:
            from geo.streets.aequilibrae import read_coquimbo

            yield City.of("Coquimbo (demo city)", read_coquimbo())
        except XungeError:
            return
