"""The division principles of grids (划分原则) as checks: what was looked at, what was found, and no claim beyond it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import ParameterError
from geo.grids.layout import UNIT15, CodeLayout, Sentence
from geo.grids.numbering import BAND_M
from geo.tables.estates import Estates
from geo.tables.grids import Grids

Check = Literal["estates", "households", "community", "coverage", "workload", "serials"]
Severity = Literal["fault", "note"]

CHECKS: Final[Mapping[Check, Sentence]] = {
    "estates": ("no estate is cut by a grid boundary", "小区不被网格边界分割"),
    "households": ("households of a grid within the range set", "网格户数在设定范围内"),
    "community": ("each grid inside its village or community", "网格不跨越所属村（社区）"),
    "coverage": ("no gap and no overlap", "网格之间无缝隙、无重叠"),
    "workload": ("similar workload", "网格工作量相近"),
    "serials": ("serials west to east, north to south", "顺序号自西向东、自北向南"),
}
"""What each check looks at, in English and Chinese."""

STATEMENT: Final[Sentence] = (
    "This report looks at the points listed and at nothing else. It is no claim of conformity with any standard text.",
    "本报告仅检查所列各项，不构成对任何标准文本的符合性声明。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found.

    Attributes
    ----------
    severity : ``fault`` breaks a principle; ``note`` is for the office to judge
    codes : grids concerned, the first the one to open
    measure, unit : how much
    lon, lat : where, in degrees; None where it is nowhere in particular
    en, zh : the finding as a sentence
    """

    check: Check
    severity: Severity
    codes: tuple[str, ...]
    measure: float
    unit: str
    lon: float | None
    lat: float | None
    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSummary:
    """How a check went: how many things it looked at, what it found, or why it was left out in whole or part."""

    check: Check
    looked_at: int
    faults: int
    notes: int
    measure: float | None = None
    left_out: Sentence | None = None

    def sentence(self, language: str = "zh") -> str:
        """Return the outcome as a sentence."""
        chinese = language.startswith("zh")
        en, zh = CHECKS[self.check]
        why = "" if self.left_out is None else self.left_out[1 if chinese else 0]
        if why and not self.looked_at:
            return f"{zh}：未检查（{why}）" if chinese else f"{en}: not checked ({why})"
        if chinese:
            told = f"{zh}：检查 {self.looked_at} 项，问题 {self.faults} 处，提示 {self.notes} 处"
            return f"{told}（{why}）" if why else told
        told = f"{en}: {self.looked_at} looked at, {self.faults} faults, {self.notes} notes"
        return f"{told} ({why})" if why else told


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformityReport:
    """All findings, faults first, with what each check looked at.

    Attributes
    ----------
    grids : general grids looked at
    edition : the edition that they are of
    """

    findings: tuple[Finding, ...]
    checks: tuple[CheckSummary, ...]
    grids: int
    edition: str = ""

    @property
    def faults(self) -> int:
        """Number of faults."""
        return sum(check.faults for check in self.checks)

    def statement(self, language: str = "zh") -> str:
        """Return what the report claims and what not."""
        return STATEMENT[1 if language.startswith("zh") else 0]

    def frame(self) -> pd.DataFrame:
        """Return a row per finding: check, check_zh, severity, codes, measure, unit, lon, lat, zh, en, edition."""
        rows = [
            {
                "check": f.check,
                "check_zh": CHECKS[f.check][1],
                "severity": f.severity,
                "codes": " ".join(f.codes),
                "measure": f.measure,
                "unit": f.unit,
                "lon": f.lon,
                "lat": f.lat,
                "zh": f.zh,
                "en": f.en,
                "edition": self.edition,
            }
            for f in self.findings
        ]
        names = ["check", "check_zh", "severity", "codes", "measure", "unit", "lon", "lat", "zh", "en", "edition"]
        return pd.DataFrame(rows, columns=names)

    def summary(self) -> pd.DataFrame:
        """Return a row per check: check, looked_at, faults, notes, measure, zh, en; last the statement."""
        rows: list[dict[str, object]] = [
            {
                "check": c.check,
                "looked_at": c.looked_at,
                "faults": c.faults,
                "notes": c.notes,
                "measure": c.measure,
                "zh": c.sentence("zh"),
                "en": c.sentence("en"),
            }
            for c in self.checks
        ]
        rows.append({"check": "statement", "zh": STATEMENT[1], "en": STATEMENT[0]})
        return pd.DataFrame(rows, columns=["check", "looked_at", "faults", "notes", "measure", "zh", "en"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the user sets; nothing of it is from a standard.

    Attributes
    ----------
    households : fewest and most households of a grid, both allowed; None leaves the check out
    estate_share : an estate is cut if a second grid holds more than this share of it
    outside_share : a grid leaves its community if more than this share of it is outside
    workload_ratio : a grid is noted if its workload is above this times the mean, or below the mean over this
    gap_width_m : cracks narrower than this are gaps
    band_m : height of a row band in the order of serials
    """

    households: tuple[float, float] | None = None
    estate_share: float = 0.01
    outside_share: float = 0.001
    workload_ratio: float = 2.0
    gap_width_m: float = 1.0
    band_m: float = BAND_M

    def __post_init__(self) -> None:
        if self.households is not None and not 0 <= self.households[0] <= self.households[1]:
            raise ParameterError(
                f"The range of households {self.households} runs backwards", f"户数范围 {self.households} 上下限颠倒"
            )
        if not (0 <= self.estate_share < 0.5 and 0 <= self.outside_share < 1 and self.workload_ratio > 1):
            raise ParameterError(
                "estate_share must be in [0, 0.5), outside_share in [0, 1) and workload_ratio above 1",
                "estate_share 应在 [0, 0.5)，outside_share 应在 [0, 1)，workload_ratio 应大于 1",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matter:
    """What is checked: the grids and what is known beside them."""

    grids: Grids
    general: gpd.GeoDataFrame
    estates: Estates | None
    communities: gpd.GeoDataFrame | None
    households: Mapping[str, float] | None
    workload: Mapping[str, float] | None
    layout: CodeLayout
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one check looked at and found."""

    looked_at: int
    findings: Sequence[Finding] = ()
    measure: float | None = None
    left_out: Sentence | None = None


def check_conformity(
    grids: Grids,
    *,
    estates: Estates | None = None,
    communities: gpd.GeoDataFrame | None = None,
    households: Mapping[str, float] | None = None,
    workload: Mapping[str, float] | None = None,
    limits: Limits | None = None,
    layout: CodeLayout = UNIT15,
    edition: str = "",
    begun: Callable[[Check, float], None] | None = None,
) -> ConformityReport:
    """Look at general grids by the principles of their division.

    Parameters
    ----------
    communities
        Areas of villages and communities with their 12 digits in ``code``, any stated frame.
    households, workload
        By grid code; households are else those of the table.
    begun
        Told of each check before it runs, and the share of checks before it; it may raise to stop.
    """
    from geo.grids.conformity_checks import ALL

    general = grids.frame[grids.frame["kind"] == "general"].reset_index(drop=True)
    matter = Matter(
        grids=grids,
        general=general,
        estates=estates,
        communities=communities,
        households=households,
        workload=workload,
        layout=layout,
        limits=limits or Limits(),
    )
    findings: list[Finding] = []
    checks: list[CheckSummary] = []
    for turn, (name, look) in enumerate(ALL.items()):
        if begun is not None:
            begun(name, turn / len(ALL))
        outcome = look(matter)
        faults = sum(finding.severity == "fault" for finding in outcome.findings)
        findings += outcome.findings
        checks.append(
            CheckSummary(
                check=name,
                looked_at=outcome.looked_at,
                faults=faults,
                notes=len(outcome.findings) - faults,
                measure=outcome.measure,
                left_out=outcome.left_out,
            )
        )
    order = list(CHECKS)
    findings.sort(key=lambda f: (f.severity != "fault", order.index(f.check), -np.abs(f.measure), f.codes))
    return ConformityReport(findings=tuple(findings), checks=tuple(checks), grids=len(general), edition=edition)
