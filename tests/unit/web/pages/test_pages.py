"""Each page is whole, in two languages and themes, and no text from data can break out of it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from web.i18n import words
from web.pages import PAGES, embed, map_parts, render
from web.views import FamilyView, PageContext, ShiftView

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
OUTSIDE = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""")


def _context(**changes: object) -> PageContext:
    given: dict[str, object] = {
        "title": "测试市",
        "bounds": (24.9, 60.1, 25.0, 60.2),
        "now": "2026-11-22T04:12:00+08:00",
        "tz_minutes": 480,
        "families": (FamilyView(id="theft", label_zh="盗窃", label_en="Theft"),),
        "shifts": (ShiftView(id="night", name="夜班", start_minute=0, length_minutes=480),),
        "attribution": "© OpenStreetMap contributors",
        "data_as_of": "2026-11-22T04:12:00+08:00",
        "counts": {"grids": 3, "posts": 2},
        "versions": {"grids": 7},
        "synthetic_note_zh": "除道路外均为合成数据",
        "synthetic_note_en": "All but the streets is synthetic",
        "demo": True,
    }
    return PageContext(**{**given, **changes})  # type: ignore[arg-type]


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _page(page: str, *, lang: str = "zh", theme: str = "light", **changes: object) -> str:
    return render(page, _context(**changes), lang=lang, theme=theme, nonce="n0nce")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_page_speaks_its_language_and_marks_its_tab(page: str, lang: str) -> None:
    html = _page(page, lang=lang)
    tags = _Reader(html).tags
    assert tags[0][1]["lang"] == ("en" if lang == "en" else "zh-CN")
    current = [attributes for tag, attributes in tags if tag == "a" and "aria-current" in attributes]
    assert [a["data-tab"] for a in current] == [page]
    for name in PAGES:
        assert words(lang)[f"nav.{name}"] in html
    assert (_context().synthetic_note_en if lang == "en" else _context().synthetic_note_zh) in html


@pytest.mark.parametrize("page", PAGES)
def test_every_script_carries_the_nonce_and_none_is_inline_in_an_attribute(page: str) -> None:
    tags = _Reader(_page(page)).tags
    scripts = [attributes for tag, attributes in tags if tag == "script"]
    assert len(scripts) >= 3
    assert all(a.get("nonce") == "n0nce" for a in scripts)
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_refers_to_another_host(page: str) -> None:
    assert not OUTSIDE.search(_page(page))
    for tag, attributes in _Reader(_page(page)).tags:
        for name in ("src", "href", "action", "srcset", "poster"):
            assert not re.match(r"(?:[a-z]+:)?//", attributes.get(name) or ""), (tag, attributes)


@pytest.mark.parametrize("page", [p for p in PAGES if p != "reports"])
def test_folium_makes_the_map(page: str) -> None:
    html = _page(page)
    assert "var map_main = L.map(" in html
    assert 'id="map_main"' in html
    assert "bootstrap" not in html.lower()
    assert "user-scalable" not in html


@pytest.mark.parametrize("page", PAGES)
def test_text_from_data_stays_text(page: str) -> None:
    html = _page(
        page,
        title=HOSTILE,
        attribution=HOSTILE,
        synthetic_note_zh=HOSTILE,
        families=(FamilyView(id=HOSTILE, label_zh=HOSTILE, label_en=HOSTILE),),
        shifts=(ShiftView(id=HOSTILE, name=HOSTILE, start_minute=0, length_minutes=60),),
    )
    assert "<script>alert" not in html
    assert not [a for tag, a in _Reader(html).tags if tag == "img"]


def test_the_context_comes_out_as_it_went_in() -> None:
    html = _page("situation", title=HOSTILE)
    held = re.search(r'id="page-context"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert held is not None
    context = json.loads(held.group(1))
    assert context["title"] == HOSTILE
    assert context["bounds"] == [24.9, 60.1, 25.0, 60.2]
    assert context["page"] == "situation"
    assert context["words"] == words("zh")
    assert context["legends"]["families"]["theft"]["shape"]


def test_embedded_json_cannot_end_its_element() -> None:
    text = str(embed({"a": "</script>\u2028<!--&"}))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script>\u2028<!--&"}


def test_tabs_keep_language_theme_and_wall() -> None:
    html = render("heat", _context(), lang="en", theme="dark", nonce="x", wall=True)
    hrefs = [a["href"] for tag, a in _Reader(html).tags if tag == "a" and "data-tab" in a]
    assert hrefs == [f"{path}?lang=en&theme=dark&wall=1" for path in PAGES.values()]


def test_an_unknown_page_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("nowhere", _context(), lang="zh", theme="light", nonce="x")


def test_the_map_opens_on_the_middle_of_its_bounds() -> None:
    script = map_parts((10.0, 50.0, 12.0, 54.0)).script
    assert "center: [52.0, 11.0]" in script


def test_without_synthetic_data_nothing_says_so() -> None:
    html = _page("situation", synthetic_note_zh="", synthetic_note_en="", demo=False)
    assert 'class="tag"' not in html
