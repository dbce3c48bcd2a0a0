"""研判报告: an open day, a day without data, a wrong date; searching from a page without a map."""

from __future__ import annotations


def test_an_open_day_says_that_the_same_hours_are_compared(visit) -> None:
    at = visit("/reports")
    whole = at.page.input_value("#day")
    at.page.keyboard.press("ArrowRight")
    at.until(
        f"document.querySelector('#day').value !== {whole!r} && document.querySelector('#sheet').getAttribute('aria-busy') === 'false'",
        "the next day",
    )
    at.until("document.querySelector('#sheet').innerText.includes('统计日未结束')", "the mark of an open day")
    assert "只比相同时段" in at.text("#sheet")


def test_a_day_without_data_is_not_a_day_without_calls(visit) -> None:
    at = visit("/reports")
    at.expected = ("422",)
    at.page.fill("#day", "2001-01-01")
    at.page.press("#day", "Enter")
    at.until("document.querySelector('#sheet').innerText.includes('未能生成')", "the refusal")
    assert "没有数据" in at.text("#toasts")
    at.page.fill("#day", "20261122")
    at.page.press("#day", "Enter")
    at.until("document.querySelector('#toasts').innerText.includes('2026-11-22')", "the form of a date")


def test_a_search_keeps_language_and_theme_and_marks_the_place(visit) -> None:
    at = visit("/reports?lang=en&theme=dark")
    at.page.fill("#search", "24.9450, 60.1700")
    at.until(
        "document.querySelectorAll('#found li').length > 0 && !document.querySelector('#found').hidden", "the place"
    )
    at.page.keyboard.press("Enter")
    at.page.wait_for_url(lambda url: "at=" in url, wait_until="commit")
    at.until("!!document.querySelector('#place-card')", "the place card")
    assert at.page.get_attribute("html", "lang") == "en"
    assert at.page.get_attribute("html", "data-theme") == "dark"
