"""The question of patrol areas: each atom to the source of one area, contiguous, of like load, with least travel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import CheckError, InfeasibleError, InputError
from planners.arrays import read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DistrictProblem:
    """Divide ``n`` atoms into ``areas`` areas.

    Attributes
    ----------
    travel : float64[n, n], from source (column) to atom (row)
    calls : float64[n], load of each atom
    pairs : int32[k, 2], atoms that touch, each pair once
    keys : n keys, unique
    areas : number of areas
    max_disparity : the load of an area may be this share above or below the mean
    """

    travel: npt.NDArray[np.float64]
    calls: npt.NDArray[np.float64]
    pairs: npt.NDArray[np.int32]
    keys: tuple[str, ...]
    areas: int
    max_disparity: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "travel", read_only(self.travel, np.float64))
        object.__setattr__(self, "calls", read_only(self.calls, np.float64))
        object.__setattr__(self, "pairs", read_only(np.asarray(self.pairs, np.int32).reshape(-1, 2), np.int32))
        n = len(self.keys)
        if len(set(self.keys)) != n or self.travel.shape != (n, n) or self.calls.shape != (n,):
            raise InputError("Atoms, travel and calls do not fit each other", "单元、行程与警情数不一致")
        if not np.isfinite(self.travel).all() or (self.travel < 0).any() or (self.calls < 0).any():
            raise InputError("Travel and calls must be finite and 0 or more", "行程与警情数应有限且不小于 0")
        if len(self.pairs) and (self.pairs.min() < 0 or self.pairs.max() >= n):
            raise InputError("A pair of neighbours names an atom that does not exist", "邻接关系引用了不存在的单元")
        if not 1 <= self.areas <= n:
            raise InfeasibleError(
                f"{self.areas} areas cannot be made of {n} atoms", f"{n} 个单元无法划成 {self.areas} 个区"
            )

    @property
    def load_limits(self) -> tuple[float, float]:
        """Least and greatest load of an area."""
        mean = float(self.calls.sum()) / self.areas
        return mean * (1 - self.max_disparity), mean * (1 + self.max_disparity)

    def neighbours(self) -> tuple[tuple[int, ...], ...]:
        """Return the atoms that touch each atom, rising."""
        touching: list[set[int]] = [set() for _ in self.keys]
        for one, other in self.pairs.tolist():
            if one != other:
                touching[one].add(other)
                touching[other].add(one)
        return tuple(tuple(sorted(near)) for near in touching)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DistrictPlan:
    """The source atom of each atom's area, int32[n]; a source belongs to itself."""

    source: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", read_only(self.source, np.int32))


def check_districts(problem: DistrictProblem, plan: DistrictPlan) -> float:
    """Return the calls-weighted travel of a plan, or raise ``CheckError``: count, load or contiguity not kept."""
    source = plan.source.tolist()
    if len(source) != len(problem.keys) or any(not 0 <= s < len(source) or source[s] != s for s in source):
        raise CheckError("Each atom must belong to a source that belongs to itself", "每个单元须归属一个自属的中心单元")
    members: dict[int, list[int]] = {}
    for atom, at in enumerate(source):
        members.setdefault(at, []).append(atom)
    if len(members) != problem.areas:
        raise CheckError(
            f"There are {len(members)} areas, not {problem.areas}", f"区数为 {len(members)}，应为 {problem.areas}"
        )
    low, high = problem.load_limits
    touching = problem.neighbours()
    for at, atoms in members.items():
        load = float(problem.calls[atoms].sum())
        name = problem.keys[at]
        if not low - 1e-9 <= load <= high + 1e-9:
            raise CheckError(
                f"Area {name} carries {load:g}, outside {low:g} to {high:g}",
                f"{name} 区负荷 {load:g} 超出 {low:g}–{high:g}",
            )
        seen, front = {at}, [at]
        while front:
            front = [near for atom in front for near in touching[atom] if source[near] == at and near not in seen]
            front = sorted(set(front))
            seen.update(front)
        if len(seen) != len(atoms):
            raise CheckError(f"Area {name} is in pieces", f"{name} 区不连通")
    return float((problem.calls * problem.travel[np.arange(len(source)), source]).sum())
