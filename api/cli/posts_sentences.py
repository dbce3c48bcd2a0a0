"""Answers about posts as sentences for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from geo.store.port import Json

WHAT: Final = {
    "calls": ("覆盖 {:,.0f} 起", "{:,.0f} calls covered"),
    "demand": ("覆盖需求 {:,.10g}", "a demand of {:,.10g} covered"),
    "posts": ("{:,.0f} 个点", "{:,.0f} posts"),
    "cost": ("费用 {:,.1f}", "cost {:,.1f}"),
    "mean_seconds": ("平均 {:,.1f} 秒", "{:,.1f} s on average"),
    "worst_seconds": ("最远 {:,.1f} 秒", "{:,.1f} s at worst"),
    "share": ("最差时期 {:.2%}", "{:.2%} in the worst period"),
}


def _number(value: object) -> float:
    return float(str(value))


def _measured(measure: object, value: object, language: str) -> str:
    zh, en = WHAT.get(str(measure), ("{:,.2f}", "{:,.2f}"))
    return "—" if value is None else (zh if language == "zh" else en).format(_number(value))


def plan_sentence(body: Mapping[str, object], language: str) -> str:
    """Say a plan with its bound, gap and seed."""
    gap = body["gap"]
    proof = f"{_number(gap):.3%}" if gap is not None else "—"
    # Demand is calls unless the plan says otherwise.
    measure = (
        "demand" if body["measure"] == "calls" and body.get("demand_kind", "calls") != "calls" else body["measure"]
    )
    value, bound = (_measured(measure, body[name], language) for name in ("objective", "bound"))
    share = _number(body["share"])
    after = body["after"]
    low, high = after["interval"] if isinstance(after, dict) else (0.0, 1.0)
    if language == "zh":
        end = "已证明最优" if body["proved"] else f"未证明最优，差距 {proof}"
        return (
            f"本方案 {body['p']} 个点，{value}；理论界限 {bound}；{end}；时限内可到 {share:.1%}"
            f"（95% 区间 {low:.1%}–{high:.1%}，n={_number(body['n_calls']):,.0f}）；种子 {body['seed']}；方案 {body['plan_id']}"
        )
    end = "proved best" if body["proved"] else f"not proved best, gap {proof}"
    return (
        f"{body['p']} posts: {value}; bound {bound}; {end}; {share:.1%} within the limit "
        f"(95% {low:.1%}–{high:.1%}, n={_number(body['n_calls']):,.0f}); seed {body['seed']}; plan {body['plan_id']}"
    )


def _interval(value: object) -> str:
    if not isinstance(value, list):
        return ""
    return f" [{_number(value[0]):+.2%}, {_number(value[1]):+.2%}]"


def curve_sentence(body: Mapping[str, Json], language: str) -> str:
    """Say a curve, a line for each point."""
    zh = language == "zh"
    listed = body["points"]
    lines = [f"{body['title'] if zh else body['title_en']} · n={_number(body['n_calls']):,.0f}"]
    for point in listed if isinstance(listed, list) else []:
        if not isinstance(point, dict):
            continue
        share = f"{_number(point['share']):.2%}"
        if "step" in point:
            change = f"{_number(point['change']):+.2%}{_interval(point['change_interval'])}"
            lines.append(f"{point['step']}. {point['post_id']} {point['name']}  {change}  → {share}")
        elif "moves" in point:
            word = "调整" if zh else "moves"
            lines.append(f"{word} {point['moves']}: {share}  {_measured('calls', point['bound'], language)} ≥")
        else:
            word = "个点" if zh else "posts"
            end = "✓" if point["proved"] else f"≤ {_number(point['bound_share']):.2%}"
            lines.append(f"{point['posts']} {word}: {share}{_interval(point['share_interval'])}  {end}")
    return "\n".join(lines)


def front_sentence(body: Mapping[str, object], language: str) -> str:
    """Say the three named plans of a front."""
    zh = language == "zh"
    names = {
        "fewer": ("省人", "fewer"),
        "faster": ("更快", "faster"),
        "steadier": ("更稳", "steadier"),
        "nearer": ("更近", "nearer at worst"),
    }
    listed = body["options"]
    lines = [f"{body['title'] if zh else body['title_en']}"]
    for option in listed if isinstance(listed, list) else []:
        name = names[option["option"]][0 if zh else 1]
        mean, worst = (_number(option[key] or 0) / 60 for key in ("mean_seconds", "worst_seconds"))
        lines.append(
            f"{name}：{option['posts']} 个点，覆盖 {option['share']:.1%}，平均 {mean:.1f} 分，最远 {worst:.1f} 分（{option['plan_id']}）"
            if zh
            else f"{name}: {option['posts']} posts, {option['share']:.1%} covered, mean {mean:.1f} min, worst {worst:.1f} min "
            f"({option['plan_id']})"
        )
    return "\n".join(lines)
