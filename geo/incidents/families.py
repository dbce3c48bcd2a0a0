"""Families of classes (警情类别) as the user defines them: which classes belong together, how much harm they stand for.

The two presets name the groups that Chinese stations report by; which classes of the user's own code list belong to each
is hers to say, and what is listed here is where she begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import FieldError, ParameterError

_LONGEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family: its classes by their names in the data, and the harm that one call stands for (1 is usual).

    ``citizen`` tells where calls of the family come from when the data do not say: True from citizens, False from units
    themselves (checks, patrols), None unknown.
    """

    family_id: str
    label_zh: str
    label_en: str = ""
    classes: tuple[str, ...] = ()
    harm: float = 1.0
    citizen: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Families:
    """A set of families; a class may belong to several (the eight major offences are in the nine street ones too)."""

    families: tuple[Family, ...] = ()

    def __post_init__(self) -> None:
        ids = [family.family_id for family in self.families]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ParameterError(
                f"Several families are called {', '.join(twice)}", f"有多个警情族名为 {'、'.join(twice)}"
            )
        for family in self.families:
            _check(family)

    def of(self, family_id: str) -> Family:
        """Return a family by its id or raise ``ParameterError``."""
        for family in self.families:
            if family.family_id == family_id:
                return family
        known = ", ".join(f.family_id for f in self.families) or "none"
        raise ParameterError(
            f"There is no family {family_id!r}; there are {known}", f"没有警情族 {family_id!r}，现有：{known}"
        )

    def with_family(self, family: Family) -> Families:
        """Return the set with a family added, or put in place of the one with its id."""
        kept = [f for f in self.families if f.family_id != family.family_id]
        return Families(families=(*kept, family))

    def without(self, family_id: str) -> Families:
        """Return the set without a family."""
        self.of(family_id)
        return Families(families=tuple(f for f in self.families if f.family_id != family_id))

    def expanded(self, names: Sequence[str]) -> frozenset[str]:
        """Return the classes that names of families or of classes stand for."""
        known = {family.family_id: family.classes for family in self.families}
        found: set[str] = set()
        for name in names:
            found.update(known.get(name, (name,)))
        return frozenset(found)

    def membership(self, classes: pd.Series) -> dict[str, npt.NDArray[np.bool_]]:
        """Return, for each family, bool[n]: calls whose class belongs to it."""
        return {f.family_id: classes.isin(f.classes).to_numpy() for f in self.families}

    def harm(self, classes: pd.Series) -> npt.NDArray[np.float64]:
        """Return float64[n] harm of each call: the greatest of the families that its class belongs to, else 1."""
        weights: dict[str, float] = {}
        for family in self.families:
            for name in family.classes:
                weights[name] = max(weights.get(name, 0.0), family.harm)
        return np.asarray(classes.map(lambda name: weights.get(str(name), 1.0)).to_numpy(dtype=np.float64))

    def citizen(self, classes: pd.Series) -> npt.NDArray[np.object_]:
        """Return object[n]: True, False or None where the families do not tell who reports a class."""
        told: dict[str, bool] = {}
        for family in self.families:
            if family.citizen is not None:
                told |= dict.fromkeys(family.classes, family.citizen)
        return np.array([told.get(str(name)) for name in classes], dtype=object)

    def to_json(self) -> dict[str, object]:
        """Return plain values."""
        return {"families": [asdict(f) | {"classes": list(f.classes)} for f in self.families]}

    @classmethod
    def of_json(cls, plain: Mapping[str, object]) -> Self:
        """Return the set of plain values; what is not understood raises ``FieldError``."""
        rows = plain.get("families")
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise FieldError("A list of families is needed", "需要警情族列表")
        return cls(families=tuple(family_of_json(row) for row in rows))


def family_of_json(row: object) -> Family:
    """Return a family of plain values; what is not understood raises ``FieldError``."""
    known = set(Family.__dataclass_fields__)
    if not isinstance(row, Mapping) or not set(row) <= known or not isinstance(row.get("family_id"), str):
        told = ", ".join(sorted(map(str, set(row) - known))) if isinstance(row, Mapping) else str(row)[:40]
        raise FieldError(
            f"A family is not understood: {told or 'family_id is needed'}",
            f"警情族无法识别：{told or '缺少 family_id'}",
        )
    classes, harm, citizen = row.get("classes") or (), row.get("harm", 1.0), row.get("citizen")
    if isinstance(classes, str) or not isinstance(classes, Sequence) or not all(isinstance(c, str) for c in classes):
        raise FieldError("classes must be a list of texts", "classes 应为文字列表")
    if (
        isinstance(harm, bool)
        or not isinstance(harm, int | float)
        or not (citizen is None or isinstance(citizen, bool))
    ):
        raise FieldError(
            "harm must be a number, citizen true, false or nothing", "harm 应为数字，citizen 应为 true、false 或空"
        )
    return Family(
        family_id=str(row["family_id"]), label_zh=str(row.get("label_zh") or row["family_id"]),
        label_en=str(row.get("label_en") or ""), classes=tuple(classes), harm=float(harm), citizen=citizen,
    )  # fmt: skip


def _check(family: Family) -> None:
    if not family.family_id.strip() or len(family.family_id) > _LONGEST or "," in family.family_id:
        raise ParameterError(
            f"{family.family_id!r} cannot name a family: 1 to {_LONGEST} characters without a comma",
            f"{family.family_id!r} 不能作为警情族名称：1 至 {_LONGEST} 个字符，不含逗号",
        )
    if not (np.isfinite(family.harm) and family.harm >= 0):
        raise ParameterError("The harm of a family must be 0 or more", "危害权重必须不小于 0")


MAJOR: Final = Families(
    families=(
        Family(
            family_id="八类主要刑事", label_zh="八类主要刑事案件", label_en="Eight major offences", harm=10.0, citizen=True,
            classes=("杀人", "故意杀人", "伤害", "故意伤害", "抢劫", "强奸", "绑架", "劫持", "放火", "爆炸", "投放危险物质", "贩卖毒品"),
        ),
    )
)  # fmt: skip
STREET: Final = Families(
    families=(
        Family(
            family_id="九类街面警情", label_zh="九类街面警情", label_en="Nine street offences", harm=3.0, citizen=True,
            classes=(
                "抢劫", "抢夺", "抢劫抢夺", "街面抢劫", "街面抢夺", "扒窃", "盗窃车内财物", "盗窃机动车", "盗窃非机动车", "盗窃电动车",
                "殴打他人", "打架斗殴", "寻衅滋事", "聚众斗殴", "故意伤害", "强奸", "猥亵",
            ),
        ),
    )
)  # fmt: skip
SELF_INITIATED: Final = Families(
    families=(
        Family(
            family_id="主动发现", label_zh="主动发现（巡逻、盘查、清查）", label_en="Self-initiated", harm=1.0, citizen=False,
            classes=("盘查", "巡逻发现", "清查", "设卡", "检查", "主动发现"),
        ),
    )
)  # fmt: skip
PRESETS: Final[Mapping[str, Families]] = {"street": STREET, "major": MAJOR, "self_initiated": SELF_INITIATED}
"""Sets to begin with."""

STANDARD: Final = Families(families=(*STREET.families, *MAJOR.families, *SELF_INITIATED.families))
"""What an installation has before its user says otherwise."""
