"""How many units by hour, asked on the patrol page."""

from __future__ import annotations


def test_hours_have_bars_a_line_and_a_proof(visit) -> None:
    at = visit("/patrol")
    at.page.click("details.more summary")
    at.page.click("#patrol-hours-open")
    at.page.fill("#patrol-hours input[name=utilisation]", "40")
    at.page.click("#hours-ask")
    at.until("document.querySelectorAll('.hours-chart rect.need').length === 24", "the bars")
    told = at.text("#patrol-hours")
    for part in ("高峰", "已证明最少", "n=", "组时", "受限于", "等待的警情"):
        assert part in told, part
    assert "需要" in at.page.locator(".hours-chart title").first.text_content()
    assert at.findings() == []
    at.shoot("patrol-hours")
    at.page.keyboard.press("Escape")
    assert at.page.locator("#patrol-hours").count() == 0
