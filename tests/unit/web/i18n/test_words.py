"""Both languages say everything, and everything that is asked for is said."""

from __future__ import annotations

import re

import pytest

from web.assets import STATIC
from web.i18n import LANGUAGES, pick, words

TEMPLATES = STATIC.parent / "templates"
IN_SCRIPT = re.compile(r"""\bt\(\s*'([\w.]+)'""")
IN_TERNARY = re.compile(r"""\bt\([^()'`]*\?\s*'([\w.]+)'\s*:\s*'([\w.]+)'""")
FOR_KEYS = re.compile(r"""\bkey\('[^']+',\s*'([\w.]+)'""")
IN_TEMPLATE = re.compile(r"""\bt\[["']([\w.]+)["']\]""")
BUILT = re.compile(r"""\bt\(`([\w.]*)\$\{""")


def _used() -> set[str]:
    used: set[str] = set()
    for path in (STATIC / "js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        used |= set(IN_SCRIPT.findall(text)) | set(FOR_KEYS.findall(text))
        used |= {key for pair in IN_TERNARY.findall(text) for key in pair}
    for path in TEMPLATES.glob("*.html"):
        used |= set(IN_TEMPLATE.findall(path.read_text(encoding="utf-8")))
    return used


def test_both_languages_have_the_same_keys() -> None:
    assert set(words("zh")) == set(words("en"))
    assert len(words("zh")) > 300


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_that_is_used_has_words(lang: str) -> None:
    used = _used()
    assert len(used) > 250
    assert used <= set(words(lang)), used - set(words(lang))


def test_every_family_of_built_keys_exists() -> None:
    for path in (STATIC / "js").glob("*.js"):
        for prefix in BUILT.findall(path.read_text(encoding="utf-8")):
            if prefix:
                assert any(key.startswith(prefix) for key in words("zh")), (path.name, prefix)


def test_blanks_to_fill_are_the_same_in_both() -> None:
    blanks = re.compile(r"\{(\w+)\}")
    for key, zh in words("zh").items():
        assert set(blanks.findall(zh)) == set(blanks.findall(words("en")[key])), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_empty(lang: str) -> None:
    assert [key for key, text in words(lang).items() if not text.strip()] == []


def test_english_has_no_chinese_but_the_name_of_the_other_language() -> None:
    chinese = re.compile("[\u4e00-\u9fff]")
    assert {key for key, text in words("en").items() if chinese.search(text)} == {"lang.other"}


@pytest.mark.parametrize(
    ("asked", "got"), [(None, "zh"), ("", "zh"), ("fr", "zh"), ("zh-CN", "zh"), ("en-GB", "en"), ("EN", "en")]
)
def test_chinese_comes_first(asked: str | None, got: str) -> None:
    assert pick(asked) == got


def test_the_words_of_the_trade_are_used() -> None:
    zh = words("zh")
    tabs = [zh[f"nav.{name}"] for name in ("situation", "heat", "posts", "patrol", "grids", "reports")]
    assert tabs == ["态势", "警情热力", "屯警布点", "巡逻规划", "网格调整", "研判报告"]
    everything = "".join(zh.values())
    for word in (
        "巡组",
        "班次",
        "巡逻任务单",
        "驻守",
        "理论下限",
        "备勤",
        "脱岗处警",
        "归队",
        "未证明最优",
        "数据截至",
    ):
        assert word in everything
