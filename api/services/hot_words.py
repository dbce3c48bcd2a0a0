"""The methods by which hot places are found, and the words that go with what they find."""

from __future__ import annotations

from typing import Final, Literal

from api.services.hot_cells import MORAN_RUNS
from api.services.hot_found import Found
from api.services.hot_streets import REACH_M
from api.services.hot_streets import RUNS as STREET_RUNS

HotMethod = Literal["gi_star", "local_moran", "kde", "scan", "segments", "network", "clusters"]
METHODS: Final[dict[HotMethod, tuple[str, str]]] = {
    "gi_star": ("Gi* 热点", "Gi* hot places"),
    "local_moran": ("局部莫兰热点（高-高）", "local Moran's I (high among high)"),
    "kde": ("核密度峰值", "peaks of kernel density"),
    "scan": ("时空扫描（正在升温）", "space-time scan (still on)"),
    "segments": ("路段热点（Gi*）", "street segments (Gi*)"),
    "network": ("街道核密度峰值", "peaks of density along streets"),
    "clusters": ("密度聚类 DBSCAN", "DBSCAN clusters"),
}
RUNS: Final = 199
SCAN_RUNS: Final = 199


def chance(one: Found) -> tuple[str, str]:
    """Return what may be said of chance, in Chinese and English."""
    value = one.q if one.q is not None else one.p
    if value is None:
        return "未作检验", "not tested"
    shown = "<0.001" if value < 0.001 else f"={value:.3f}"
    name = "q" if one.q is not None else "p"
    if value < 0.01:
        return f"难以用偶然解释（{name}{shown}）", f"hardly chance ({name}{shown})"
    return f"不太像偶然（{name}{shown}）", f"unlikely to be chance alone ({name}{shown})"


def note(method: HotMethod, n: int, *, some: bool) -> tuple[str, str]:
    """Return what a list stands for, or that nothing stands out."""
    if not some:
        return (
            f"{n} 起警情中没有地点明显高于偶然水平；可放宽时段或换一种方法",
            f"no place stands out beyond chance among {n} calls; widen the period or take another method",
        )
    return {
        "gi_star": (
            "误报率控制在 5%（FDR）：名单中预计每 20 处至多 1 处是偶然",
            "false discovery rate held at 5 %: of 20 places listed at most 1 is expected to be chance",
        ),
        "local_moran": (
            f"只列“高-高”单元；{MORAN_RUNS} 次置换，误报率控制在 5%（FDR）",
            f"cells high among high ones only; {MORAN_RUNS} permutations, false discovery rate held at 5 %",
        ),
        "segments": (
            "误报率控制在 5%（FDR）；警情归到 100 米内最近的路段",
            "false discovery rate held at 5 %; calls belong to the nearest street within 100 m",
        ),
        "kde": (
            f"每个峰值与 {RUNS} 次均匀模拟的最高峰相比，p≤0.05 才列出",
            f"each peak is compared with the highest of {RUNS} even simulations; listed where p is at most 0.05",
        ),
        "scan": (
            f"延续至期末的异常聚集，{SCAN_RUNS} 次置换，p≤0.05 才列出",
            f"gatherings that last to the end of the period, {SCAN_RUNS} permutations; listed where p is at most 0.05",
        ),
        "network": (
            f"沿街道扩散，带宽 {REACH_M:g} 米；与 {STREET_RUNS} 次模拟的最高峰相比，p≤0.05 才列出；模拟点同样偏移后再归到路段",
            (
                f"spread along streets, reach {REACH_M:g} m; each peak is compared with the highest of {STREET_RUNS} simulations "
                "whose calls are displaced and snapped as the real ones are; listed where p is at most 0.05"
            ),
        ),
        "clusters": (
            "按密度成团，未作显著性检验：常年繁忙处也会列出",
            "dense groups, not tested: places that are always busy are listed too",
        ),
    }[method]
