"""A click on a figure shows how it is computed and the calls that it counts."""

from __future__ import annotations

import re

YEAR = "from=2026-01-01&to=2026-11-22"


def _number(text: str) -> int:
    return int(re.sub(r"[^\d]", "", text))


def _placed(at) -> int:
    """Return how many calls with a place the open list counts, and close it."""
    at.until("document.querySelectorAll('#rows tbody tr').length > 0", "the rows")
    found = re.search(r"· ([\d,]+) 起有案发地", at.text("#rows"))
    assert found is not None
    at.page.keyboard.press("Escape")
    at.until("!document.querySelector('#rows').open", "the rows to close")
    return _number(found[1])


def test_classes_weekdays_and_the_period_before(visit) -> None:
    at = visit("/heat?from=2026-09-01&to=2026-10-31")
    for row in ("表示", "按类别", "按星期"):
        if row == "表示":
            figure = at.page.locator("#panel .card.key .figure .asked")
        else:
            figure = at.page.locator(f"#panel [aria-label='{row}'] tbody .asked >> nth=0")
        n = _number(figure.inner_text())
        figure.click()
        assert _placed(at) == n
    before = at.page.locator("#panel .card.key p.meta .asked")
    found = re.search(r"([\d,]+) 起", before.inner_text())
    assert found is not None
    n = _number(found[1])
    before.click()
    at.until("document.querySelector('#rows')?.innerText.includes('E 检验')", "the formula")
    assert _placed(at) == n
    figure = at.page.locator("#panel .card.key .figure .asked")
    figure.hover()
    at.until("document.querySelector('#panel .card.key .figure .asked').title.includes('泊松')", "the formula on hover")


def test_bars_and_hours_of_an_area_and_the_rows_of_a_hot_place(visit) -> None:
    at = visit(f"/heat?{YEAR}&view=places&method=network")
    at.until("document.querySelectorAll('.hotlist [data-hot]').length > 0", "hot places")
    figure = at.page.locator(".hotlist .asked >> nth=0")
    n = _number(figure.inner_text())
    figure.click()
    assert _placed(at) == n
    code = at.page.evaluate(
        "fetch('/api/grids/values?measure=calls').then((r) => r.json()).then((v) => Object.entries(v.values).sort((a, b) => b[1].n - a[1].n)[0][0])"
    )
    at = visit(f"/heat?{YEAR}&area=g:{code}")
    at.until("!!document.querySelector('#area-card rect.cell.pick')", "the panel of the grid")
    for selector in ("rect.cell.pick >> nth=20", "svg:not(.clocktable) rect.pick >> nth=5"):
        picked = at.page.locator(f"#area-card {selector}")
        n = _number(picked.locator("title").text_content().split("·")[-1])
        picked.click()
        assert _placed(at) == n
    at.page.locator("#area-card .clocktable").focus()
    at.page.keyboard.press("ArrowLeft")
    at.page.keyboard.press("ArrowRight")
    n = _number(at.page.inner_text("#area-card .clocktable + figcaption").split("·")[-1])
    at.page.keyboard.press("Enter")
    assert _placed(at) == n
    at.page.locator("#area-card .claim .asked").click()
    at.until("document.querySelector('#rows')?.innerText.includes('Knox')", "the formula")
    assert not at.findings()
    assert _placed(at) > 1


def test_a_family_of_classes_is_one_click(visit) -> None:
    at = visit(f"/heat?{YEAR}")
    everything = at.text("[data-count=heat]")
    family = at.page.locator("[data-group]").first
    n = _number(family.locator("output").inner_text())
    family.click()
    at.until(f"document.querySelector('[data-count=heat]').textContent === '{n:,d}'", "the calls of the family")
    at.until("decodeURIComponent(location.search).includes('families=九类街面警情')", "its name in the address")
    assert family.get_attribute("aria-pressed") == "true"
    again = visit(at.page.evaluate("location.pathname + location.search"))
    assert again.text("[data-count=heat]") == f"{n:,d}"
    assert again.page.locator("[data-group]").first.get_attribute("aria-pressed") == "true"
    assert not again.findings()
    again.page.locator("[data-group]").first.click()
    again.until(f"document.querySelector('[data-count=heat]').textContent === '{everything}'", "all classes")


def test_the_cards_of_the_situation_have_rows_and_formulas(visit) -> None:
    at = visit("/")
    at.page.click("#panel .card.key .figure .asked")
    at.until("document.querySelectorAll('#rows tbody tr').length > 0", "the rows")
    at.until("document.querySelector('#rows').innerText.includes('过去 24 小时')", "the formula")
    assert not at.findings()
    at.page.keyboard.press("Escape")
    at.page.click("#units-card .figure .asked")
    at.until("document.querySelector('#rows')?.innerText.includes('巡组')", "the units")
    rows = at.page.locator("#rows tbody tr").count()
    at.page.keyboard.press("Escape")
    assert rows == _number(at.text("#units-card .figure b"))
