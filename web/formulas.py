"""How each figure is computed, said once for the pages, the reports and the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FORMULAS: Final[Mapping[str, tuple[str, str]]] = {
    "heat.n": (
        "n = 符合当前筛选（口径、时段、类别、区域）且有案发地的警情数；区间为 95% 精确泊松区间；无案发地的另计，不在图上",
        (
            "n = calls with a place that pass the filter (basis, period, class, area); exact 95 % Poisson interval; calls without a "
            "place are counted beside it, not on the map"
        ),
    ),
    "heat.before": (
        "基期 n = 基期内符合同样筛选且有案发地的警情数；折合数 = 基期 n × 本期天数 ÷ 基期天数；p 为 E 检验",
        "baseline n = calls with a place of the baseline that pass the same filter; expected = baseline n x days / baseline days; p is the E-test",
    ),
    "heat.change": (
        "变化 = (本期数 ÷ 本期天数) ÷ (基期数 ÷ 基期天数) − 1",
        "change = (calls / days) / (baseline calls / baseline days) - 1",
    ),
    "heat.class": (
        "n = 该类别有案发地的警情数；占比 = n ÷ 总数；区间为 95% 精确泊松区间",
        "n = calls of the class with a place; share = n / total; exact 95 % Poisson interval",
    ),
    "heat.weekday": (
        "n = 该星期几有案发地的警情数（自然日，0 点起）；占比 = n ÷ 总数",
        "n = calls with a place on that weekday (calendar days); share = n / total",
    ),
    "heat.grid": (
        "n = 案发地在网格内的警情数；每平方公里每周 = n ÷ 面积（km²）÷ 周数；每千人 = n ÷ 人口 × 1000；区间由 n 的泊松区间换算",
        (
            "n = calls placed in the grid; per km2 and week = n / km2 / weeks; per 1,000 = n / population x 1000; intervals follow "
            "from the Poisson interval of n"
        ),
    ),
    "heat.bar": (
        "n = 该日（超过 62 天的时段按周）有案发地的警情数",
        "n = calls with a place on that day (in that week, for periods of more than 62 days)",
    ),
    "heat.cell": (
        "n = 该星期几、该小时有案发地的警情数；按时窗分摊时，每起警情在其时窗内均匀分摊，不对应单条警情",
        "n = calls with a place at that weekday and hour; where calls are spread over their windows, a cell holds parts of calls",
    ),
    "heat.near": (
        "近重复 = 同类警情两两相距不超过 100 米且不超过 7 天的对数；预期 = 打乱时间 99 次的平均（Knox）",
        "near repeats = pairs of calls of one class at most 100 m and 7 days apart; expected = mean of 99 shuffles of the times (Knox)",
    ),
    "heat.place": (
        "n = 案发地在该热点范围内的警情数；“为何在此”逐项与偶然水平比较后才写出；区间为 95% 精确泊松区间",
        "n = calls placed within the hot place; why it is here names only what exceeds chance; exact 95 % Poisson interval",
    ),
    "heat.gini": (
        "基尼系数 = max(1/c, 1/m)(2Σi·yᵢ − m − 1) − max(m/c, 1) + 1，c 为警情数，m 为地点数，yᵢ 为升序第 i 个地点的份额（Bernasco、Steenbeek 2017）",
        (
            "Gini = max(1/c, 1/m)(2 sum i y_i - m - 1) - max(m/c, 1) + 1 with c calls on m places, y_i the share of the i-th place in "
            "rising order (Bernasco and Steenbeek 2017)"
        ),
    ),
    "heat.expected": (
        "预期起数 = 胜出方法对未来 7 天各单元的期望之和；依据为历史警情 n，列出的是其明细",
        "expected = sum over cells of what the winning method expects in the coming 7 days; it rests on the n calls of the history, which are listed",
    ),
    "now.valid": (
        "有效警情 = 过去 24 小时内发生的有效警情（含无案发地的）；区间为 95% 精确泊松区间",
        "valid calls = valid calls of the last 24 hours, those without a place too; exact 95 % Poisson interval",
    ),
    "now.received": (
        "接报 = 过去 24 小时内发生的全部接报警情，含重复、骚扰和虚假报警",
        "received = all calls of the last 24 hours, repeats, nuisance and false ones too",
    ),
    "now.unplaced": (
        "无案发地 = 有效警情中没有案发地坐标的，计入总数，不上图",
        "without a place = valid calls whose place is not known: in the total, not on the map",
    ),
    "now.no_arrival": (
        "到场时间缺失率 = 没有到场时间的有效警情 ÷ 有效警情（时间可疑并已确认的不计入分子分母）",
        "share without arrival = valid calls without a time of arrival / valid calls (those whose times are held to be wrong are in neither)",
    ),
    "now.week_ago": (
        "上周同期 = 一周前同一 24 小时内的有效警情；“可能是偶然”由两个泊松计数的检验得出",
        "a week ago = valid calls of the same 24 hours a week before; whether it could be chance follows from a test of two Poisson counts",
    ),
    "now.units": (
        "在班巡组 = 最近一次上报有状态的巡组数；超过 10 分钟未上报的记为位置不明",
        "units = units with a reported state; a position older than 10 minutes counts as unknown",
    ),
    "now.posts": (
        "有人值守 = 本班次有巡组驻守的屯警点数；总数 = 现有屯警点数",
        "manned = posts with a unit of this shift; total = posts in operation",
    ),
    "now.plan": (
        "组数 = 方案所用巡组数；理论下限 = 已证明的最少组数；最长间隔 = 必巡点两次到访之间的最长时间",
        "units = units that the plan uses; lower bound = proved least number; longest gap = longest time between two visits to a must-visit point",
    ),
    "report.n": (
        "数 = 本期内发生、属于该口径的警情数，含无案发地的",
        "count = calls of the basis that occurred in the period, those without a place too",
    ),
    "report.density": (
        "密度 = 网格内警情数 ÷ 面积（km²） ÷ 周数",
        "density = calls in the grid / km2 / weeks",
    ),
    "report.grid": (
        "起数 = 案发地在网格内的本期警情数",
        "calls = calls of the period placed in the grid",
    ),
    "report.hot": (
        "起数 = 突出单元范围内本期警情数",
        "calls = calls of the period inside the cells that stand out",
    ),
}
