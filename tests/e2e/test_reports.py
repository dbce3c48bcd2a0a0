"""研判报告: an open day, a day without data, a wrong date; searching from a page without a map."""

from __future__ import annotations


def test_an_open_day_says_that_the_same_hours_are_compared(visit) -> None:
    at = visit("/reports")
    whole = at.page.input_value("#day")
    at.page.keyboard.press("ArrowRight")
    at.until(
        f"document.querySelector('#day').value !== {whole!r} && document.querySelector('#sheet').getAttribute('aria-busy') === 'false'",
        "the next day",
        seconds=60,
    )
    at.until(
        "document.querySelector('#sheet').innerText.includes('统计日未结束')", "the mark of an open day", seconds=60
    )
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


def _ready(at, title: str) -> None:
    at.until(
        f"document.querySelector('#sheet h1')?.innerText.includes({title!r})"
        " && document.querySelector('#sheet').getAttribute('aria-busy') === 'false'",
        title,
        seconds=90,
    )


def test_a_week_is_shown_saved_and_its_figures_opened(visit, tmp_path) -> None:
    at = visit("/reports")
    at.page.keyboard.press("k")
    _ready(at, "警情周报")
    assert at.page.locator("#sheet figure img").count() == 3
    at.page.locator("#sheet figure").nth(2).scroll_into_view_if_needed()
    at.until("[...document.querySelectorAll('#sheet img')].at(-1).naturalWidth > 1000", "the map")
    at.shoot("reports-weekly")
    with at.page.expect_download() as waiting:
        at.page.click('[data-form="docx"]')
    saved = tmp_path / "week.docx"
    waiting.value.save_as(saved)
    assert saved.read_bytes().startswith(b"PK")
    row = at.page.locator('#sheet table[aria-label="类别变化"] tbody tr').first
    n = row.locator("td").nth(1).inner_text()
    row.locator("button").click()
    at.until("!!document.querySelector('dialog.paper[open]')", "the rows")
    assert f"共 {n} 起" in at.text("dialog.paper")
    assert at.findings() == []


def test_the_tools_beside_the_report_answer(visit) -> None:
    at = visit("/reports?lang=en")
    at.page.keyboard.press("c")
    _ready(at, "Periods compared")
    at.until("!!document.querySelector('#sheet svg.funnel')", "the funnel")
    at.shoot("reports-compare")
    assert at.findings() == []
    at.page.keyboard.press("a")
    _ready(at, "Alarms")
    assert at.page.locator("#sheet tbody tr").count() > 5
    at.shoot("reports-alarms")
    at.page.keyboard.press("n")
    _ready(at, "Printed figures")
    at.page.fill("#sheet textarea", "受理 7,792 件，办结 7,762 件，办结率 97.12%")
    at.page.click("#sheet button.primary")
    at.until("document.querySelector('#sheet').innerText.includes('99.61%')", "the slip")
    at.page.locator("#sheet h1").click()
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("i")
    _ready(at, "Register of indicators")
    assert at.page.locator("#sheet tbody tr").count() >= 3
    at.shoot("reports-indicators")
    assert at.findings() == []


def test_areas_in_a_funnel_and_treated_against_control_grids(visit) -> None:
    at = visit("/reports?kind=monthly")
    at.page.keyboard.press("u")
    _ready(at, "区域漏斗图")
    at.until("!!document.querySelector('#sheet svg.funnel')", "the funnel")
    at.page.select_option("#sheet select[name=by]", "station")
    at.page.select_option("#sheet select[name=exposure]", "area")
    grids = at.page.locator("#sheet svg.funnel circle").count()
    at.page.click("#sheet button.primary")
    at.until(f"document.querySelectorAll('#sheet svg.funnel circle').length < {grids}", "fewer areas")
    at.until("document.querySelector('#sheet').innerText.includes('km²')", "the unit")
    assert at.findings() == []
    at.shoot("reports-funnel")
    codes = at.page.evaluate(
        "fetch('/api/grids/values?measure=calls').then((r) => r.json()).then((v) => Object.keys(v.values).sort())"
    )
    other = next(code for code in codes if code[:12] != codes[0][:12])
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("t")
    _ready(at, "干预前后对照")
    for name, value in (
        ("before_first", "2026-08-01"),
        ("before_last", "2026-08-31"),
        ("after_first", "2026-09-01"),
        ("after_last", "2026-10-01"),
    ):
        at.page.fill(f"#sheet input[name={name}]", value)
    at.page.fill("#sheet textarea[name=treated]", codes[0][:12])
    at.page.fill("#sheet textarea[name=control]", f"{other}")
    at.page.click("#sheet button.primary")
    at.until("document.querySelector('#sheet .claim')?.innerText.includes('净变化')", "the answer")
    assert "标准误" in at.text("#sheet")
    assert at.page.locator("#sheet tbody tr").count() == 2
    assert at.findings() == []
    at.shoot("reports-wdd")


def test_presence_is_told_by_hour_and_point_with_what_is_unknown(visit) -> None:
    at = visit("/reports")
    at.page.keyboard.press("v")
    _ready(at, "见警与管控")
    text = at.text("#sheet")
    assert "见警率" in text
    assert "管控率" in text
    assert "无法判断" in text
    assert at.page.locator("#sheet table").count() == 2
    assert at.page.locator("#sheet table").first.locator("tbody tr").count() == 24
    assert "XZ" not in text, "no unit is named"
