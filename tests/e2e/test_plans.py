"""屯警布点 and 巡逻规划: asking for a plan, watching it come, reading its proof."""

from __future__ import annotations


def test_posts_are_chosen_and_the_plan_says_how_good_it_is(visit) -> None:
    at = visit("/posts")
    assert "3 分钟内可到达" in at.text("#panel")
    at.page.fill("input[name=p]", "5")
    at.page.click("#solve summary >> text=更多条件")
    at.page.fill("input[name=seconds]", "5")
    at.page.keyboard.press("Alt+Enter")
    at.until("!!document.querySelector('#plan')", "the plan", seconds=60)
    plan = at.text("#plan")
    for part in ("本方案", "理论界限", "差距", "种子", "95% 区间"):
        assert part in plan
    assert "已证明最优" in plan or "未证明最优" in plan
    assert "前后对比" in at.text("#panel")
    assert at.page.locator("table[aria-label=方案点位] tbody tr").count() == 5
    at.shoot("posts-plan")
    assert at.findings() == []


def test_a_post_shows_its_rings(visit) -> None:
    at = visit("/posts")
    first = at.page.evaluate(
        "fetch('/api/collections/posts/items?limit=1').then(r => r.json()).then(c => c.features[0].properties.post_id)"
    )
    at.open(f"/posts?post={first}")
    at.until("!!document.querySelector('[data-legend=rings]')", "the rings")
    legend = at.text("[data-legend=rings]")
    for minutes in (1, 3, 5, 10):
        assert f"{minutes} 分钟内" in legend
    at.shoot("posts-rings")
    at.page.click("#pin")
    assert at.page.locator("#pinned button").count() == 1


def test_the_coverage_slider_grows_the_reach(visit) -> None:
    at = visit("/posts")
    at.page.evaluate("(s => { s.value = 1; s.dispatchEvent(new Event('input')); })(document.querySelector('#slider'))")
    assert "2 分钟内" in at.text(".timebar .now")
    at.until("location.search.includes('reach=2')", "the address")


def test_routes_are_planned_and_units_move_along_them(visit) -> None:
    at = visit("/patrol")
    at.page.fill("input[name=seconds]", "3")
    at.page.keyboard.press("Alt+Enter")
    at.until("!!document.querySelector('#job') || !!document.querySelector('#plan')", "the job", seconds=30)
    at.until("!document.querySelector('#job') && !!document.querySelector('#plan')", "the plan", seconds=90)
    plan = at.text("#plan")
    for part in ("本方案", "理论下限", "最长间隔", "种子"):
        assert part in plan
    marks = "JSON.stringify([...document.querySelectorAll('.unit-marker')].map(m => m.style.transform))"
    before = at.page.evaluate(marks)
    at.page.select_option("#speed", "300")
    at.page.click("#play")
    at.until(f"{marks} !== {before!r}", "units to move")
    at.page.click("#play")
    at.page.keyboard.press("n")
    at.until("!!document.querySelector('#sheet-card')", "the crew's sheet")
    assert at.page.locator("#sheet-card .stops li").count() > 0
    at.shoot("patrol-plan")
    assert at.findings() == []


def test_the_sheet_prints_alone(visit) -> None:
    at = visit("/patrol")
    at.page.evaluate("window.print = () => { window.printed = document.querySelector('#crew-sheet').innerText; }")
    at.page.keyboard.press("n")
    at.page.keyboard.press("Control+p")
    printed = at.until("window.printed", "the print")
    assert "巡逻任务单" in printed
    assert "打印" in printed
    at.page.emulate_media(media="print")
    at.page.evaluate(
        "document.body.classList.add('sheet-only'); document.querySelector('#crew-sheet').classList.add('on')"
    )
    assert at.page.is_visible("#crew-sheet .stops li >> nth=0")
    assert not at.page.is_visible("#plan")
    at.shoot("patrol-sheet-print")


def test_a_page_loaded_anew_finds_its_job_again_and_stops_it(visit) -> None:
    at = visit("/patrol")
    at.page.fill("input[name=seconds]", "60")
    at.page.click("#solve button[type=submit]")
    at.until("location.search.includes('job=')", "the job in the address", seconds=30)
    at.page.reload()
    at.until("!!document.querySelector('#cancel')", "the job")
    at.page.click("#cancel")
    at.until("!document.querySelector('#job') && !!document.querySelector('#plan')", "the plan", seconds=60)
    assert "未证明最优" in at.text("#plan") or "已证明最优" in at.text("#plan")
    at.until("!location.search.includes('job=')", "the address to forget the job")


def test_must_visit_points_and_video_points_are_counted_apart(visit) -> None:
    at = visit("/patrol")
    counts = at.page.evaluate(
        "fetch('/api/collections/points/items?limit=1000').then(r => r.json())"
        ".then(c => c.features.filter(f => f.properties.kind !== 'video').length)"
    )
    assert at.text("[data-count=points]").replace(",", "") == str(counts)
    assert f"必巡 {counts}" in at.text("[data-legend=points]")
