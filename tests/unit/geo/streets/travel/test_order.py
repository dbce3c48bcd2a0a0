"""The kept order of a graph."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import FileError, InputError
from geo.streets.order import Order
from geo.streets.travel import Travel


def test_it_is_read_as_it_was_written(random_town, tmp_path) -> None:
    town = random_town(80, seed=1)
    order = Order.of(town.graph)
    order.save(tmp_path / "order.npz")
    held = Order.load(tmp_path / "order.npz", town.graph)
    assert np.array_equal(held.rank, order.rank)
    assert held.topology == order.topology
    assert [p.name for p in tmp_path.iterdir()] == ["order.npz"]


def test_another_graph_is_refused(random_town, tmp_path) -> None:
    one, other = random_town(80, seed=1), random_town(80, seed=2)
    Order.of(one.graph).save(tmp_path / "order.npz")
    with pytest.raises(FileError):
        Order.load(tmp_path / "order.npz", other.graph)
    with pytest.raises(InputError):
        Travel(random_town(30, seed=1).graph, random_town(30, seed=1).milliseconds, order=Order.of(one.graph))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive at all"])
def test_a_damaged_file_is_refused_and_made_again(random_town, tmp_path, content) -> None:
    town = random_town(50, seed=1)
    path = tmp_path / "order.npz"
    path.write_bytes(content)
    with pytest.raises(FileError):
        Order.load(path, town.graph)
    order = Order.beside(path, town.graph)
    assert np.array_equal(Order.load(path, town.graph).rank, order.rank)


def test_it_is_made_once_and_kept(random_town, tmp_path) -> None:
    town = random_town(50, seed=1)
    path = tmp_path / "order.npz"
    made = Order.beside(path, town.graph)
    written = path.stat().st_mtime_ns
    assert np.array_equal(Order.beside(path, town.graph).rank, made.rank)
    assert path.stat().st_mtime_ns == written


def test_a_node_twice_is_refused() -> None:
    with pytest.raises(InputError):
        Order(rank=np.array([0, 0, 2], np.int32), topology="")
