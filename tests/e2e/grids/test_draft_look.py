"""The page of grids at 125 and 150 percent of a 1366x768 screen, in both themes and languages; keys in the help."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("theme", "lang", "width", "height"),
    [("light", "en", 911, 512), ("dark", "zh", 911, 512), ("dark", "en", 1093, 614)],
)
def test_usable_at_125_and_150_percent_in_both_themes_and_languages(editing, theme, lang, width, height) -> None:
    at = editing(f"&theme={theme}&lang={lang}")
    at.page.set_viewport_size({"width": width, "height": height})
    at.page.keyboard.press("a")
    assert at.findings() == []
    at.page.fill("dialog.ask input[name=name]", f"{theme} {lang} {width}")
    at.page.keyboard.press("Enter")
    at.until(
        "!!document.querySelector('#draft') && !document.querySelector('input[name=tool][value=brush]').disabled",
        "the draft",
    )
    at.until("!!window.xungeEditor", "the editor")
    at.choose(at.codes()[0])
    at.page.evaluate("document.activeElement.blur()")
    at.page.keyboard.press("b")
    at.until("!document.querySelector('#brush-options').hidden", "the options of the brush")
    assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = """[...document.querySelectorAll('.top *, #draft *, #left *, #right *')]
      .filter((n) => n.offsetParent && n.getBoundingClientRect().right > innerWidth + 1).length"""
    assert at.page.evaluate(cut) == 0
    box = at.page.locator("#map_main").bounding_box()
    assert box["width"] >= 400
    assert box["height"] >= 300
    at.page.wait_for_timeout(300)
    at.shoot(f"draft-{theme}-{lang}-{width}")
    assert at.findings() == []


def test_every_tool_and_step_has_a_key_in_the_help(editing) -> None:
    at = editing("&lang=en")
    at.page.keyboard.press("?")
    shown = at.text("#help")
    for words in (
        "Split tool",
        "Brush tool",
        "Merge tool",
        "Street tool",
        "Eraser",
        "Submit",
        "Publish",
        "Return",
        "Compare",
        "New draft",
        "Lock this grid",
        "Larger brush",
    ):
        assert words in shown
    assert at.findings() == []
