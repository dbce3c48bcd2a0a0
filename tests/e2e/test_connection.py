"""When the server falls silent the page says so, and says when it is back."""

from __future__ import annotations


def test_silence_is_said_and_ends_by_itself(visit) -> None:
    at = visit("/")
    at.expected = ("ERR_FAILED",)
    assert at.page.locator("#offline").count() == 0
    at.page.route("**/api/events", lambda route: route.abort())
    at.page.reload()
    at.until("!!document.querySelector('#offline')", "the banner")
    assert "连接已中断" in at.text("#offline")
    at.shoot("offline")
    assert at.findings() == []
    at.page.unroute("**/api/events")
    at.until("!document.querySelector('#offline')", "the banner to go")
    assert "已重新连接" in at.text("#toasts")
