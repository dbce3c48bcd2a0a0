import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import ParameterError
from geo.store.port import DEMO, TABLES
from geo.synthetic.city import AS_OF, DemoCity, build_demo
from geo.synthetic.progress import Step

NAMES = ("grids", "police_grids", "posts", "candidates", "points", "units", "shifts", "calls")


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    if "geometry" in one:
        shapes = one["geometry"].to_numpy(), other["geometry"].to_numpy()
        if len(one) != len(other) or not shapely.equals_identical(*shapes).all():
            return False
    plain = [pd.DataFrame(frame.drop(columns="geometry", errors="ignore")) for frame in (one, other)]
    return plain[0].equals(plain[1])


@pytest.fixture(scope="module")
def small() -> DemoCity:
    return build_demo("helsinki", seed=3, calls=2_000)


def test_the_same_seed_gives_the_same_tables(small: DemoCity) -> None:
    again = build_demo("helsinki", seed=3, calls=2_000)
    for name in NAMES:
        assert same(getattr(small, name).frame, getattr(again, name).frame), name
    assert dict(small.facts) == dict(again.facts)


def test_another_seed_gives_other_tables_on_the_same_ground(small: DemoCity) -> None:
    other = build_demo("helsinki", seed=4, calls=2_000)
    for name in ("posts", "points", "units", "calls"):
        assert not same(getattr(small, name).frame, getattr(other, name).frame), name
    assert len(other.calls) == 2_000
    shapes = small.grids.frame[small.grids.frame["kind"] == "general"].geometry.to_numpy()
    assert shapely.equals_identical(shapes, other.grids.frame[other.grids.frame["kind"] == "general"].geometry).all()


def test_the_year_ends_in_a_night_shift_in_november_2026(small: DemoCity) -> None:
    assert small.as_of == AS_OF == datetime(2026, 11, 21, 20, 12, tzinfo=UTC)
    last_day = small.calls.frame["reported_at"] > pd.Timestamp(small.as_of) - pd.Timedelta(days=1)
    assert last_day.any()


def test_facts_say_what_is_synthetic_and_are_plain_values(small: DemoCity) -> None:
    facts = json.loads(json.dumps(dict(small.facts)))
    assert facts["synthetic"] is True
    assert "OpenStreetMap" in facts["attribution"]
    assert "合成" in facts["title_zh"]
    assert "made-up" in facts["note_en"]
    assert facts["people_real"] is False
    assert facts["utc_offset_minutes"] == 480
    assert facts["seed"] == 3
    assert datetime.fromisoformat(facts["as_of"]) == small.as_of


def test_every_row_says_that_it_is_synthetic(small: DemoCity) -> None:
    for name in NAMES:
        frame = getattr(small, name).frame
        if name != "shifts":
            assert frame["synthetic"].all(), name


def test_progress_rises_to_the_end() -> None:
    steps: list[Step] = []
    build_demo("helsinki", seed=3, calls=500, observe=steps.append)
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert all(step.zh and step.en for step in steps)


def test_an_observer_may_stop_the_build() -> None:
    class StoppedError(Exception):
        pass

    def stop(step: Step) -> None:
        if step.share > 0.1:
            raise StoppedError

    with pytest.raises(StoppedError):
        build_demo("helsinki", calls=500, observe=stop)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"city": "atlantis"}, "no demo city atlantis"),
        ({"city": "helsinki", "calls": 10}, "at least 500 calls"),
        ({"city": "helsinki", "as_of": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence) as caught:
        build_demo(**arguments)  # type: ignore[arg-type]
    assert caught.value.zh


def test_the_whole_coquimbo_has_the_numbers_that_the_demo_promises() -> None:
    city = build_demo("coquimbo", calls=20_000)
    assert (city.graph.nodes, int(city.facts["people"]), city.facts["communities"]) == (15_591, 451_834, 133)
    grids = city.grids.frame
    general = grids[grids["kind"] == "general"]
    assert 1_000 <= len(general) <= 1_500
    assert general["population"].sum() == 451_834
    assert bool(shapely.coverage_is_valid(general.geometry.to_numpy()))
    assert (grids["kind"] == "special").sum() == 20
    police = city.police_grids.frame
    assert (len(police), police["area_code"].nunique(), police["station_code"].nunique()) == (250, 40, 12)
    assert bool(shapely.coverage_is_valid(police.geometry.to_numpy()))
    # The areas of Gauss: unions of the same corners have the same area, whatever they are made of.
    assert np.isclose(shapely.area(police.geometry.to_numpy()).sum(), shapely.area(general.geometry.to_numpy()).sum())
    assert len(city.posts) == 105
    assert len(city.candidates) == 300
    assert city.points.frame["kind"].value_counts().to_dict() == {"must_visit": 323, "video": 200}
    assert city.units.frame["shift_id"].value_counts().to_dict() == {"early": 20, "middle": 20, "night": 20}
    assert len(city.calls) == 20_000
    assert city.calls.frame["grid_code"].notna().sum() == city.calls.frame["placed"].sum()


def test_a_store_takes_every_table(small: DemoCity) -> None:
    from geo.store.memory import MemoryStore

    store = MemoryStore()
    made = [name for name in TABLES if hasattr(small, name)]
    assert set(TABLES) - set(made) <= {"estates", "buildings", "grid_posts"}
    for name in made:
        store.put_table(DEMO, getattr(small, name), source="demo")
        assert store.count(DEMO, name) == len(getattr(small, name))
    store.put_document(DEMO, "demo", small.facts)
    assert store.document(DEMO, "demo") == dict(small.facts)
