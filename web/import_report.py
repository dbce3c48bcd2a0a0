"""The report of an import as a page that prints, and that stands alone as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, cast

_STYLE: Final = (
    "body{font:16px/1.6 system-ui,'Noto Sans CJK SC',sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;border-bottom:1px solid #8888;padding:.3rem .6rem}"
    "th{white-space:nowrap;vertical-align:top}.refused{border-left:.4rem solid #b3261e;padding-left:.8rem}"
    ".imported,.trial{border-left:.4rem solid #2e7d32;padding-left:.8rem}"
    "@media (prefers-color-scheme:dark){body{background:#14181d;color:#e6e6e6}}@media print{body{margin:0;max-width:none}}"
)
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("导入报告", "Import report"),
    "refused": ("已拒绝，未写入任何数据", "Refused; nothing was written"),
    "imported": ("已写入", "Written"),
    "trial": ("仅检查，未写入", "Checked only; nothing was written"),
    "file": ("文件", "File"),
    "collection": ("数据集", "Collection"),
    "at": ("时间", "Time"),
    "by": ("操作人", "By"),
    "code": ("问题代码", "Problem"),
    "source_frame": ("坐标系", "Frame"),
    "read": ("读取行数", "Rows read"),
    "kept": ("保留行数", "Rows kept"),
    "dropped_columns": ("未使用的列", "Columns not used"),
    "rows": ("有问题的行或编号", "Rows or keys concerned"),
    "notes": ("说明", "Notes"),
    "faults": ("检查发现的问题", "What the check found"),
    "kind": ("类型", "Kind"),
    "what": ("问题", "Fault"),
    "where": ("位置", "Place"),
    "more": ("仅列出前", "Only the first are listed:"),
}
_FACTS: Final = ("file", "collection", "at", "by", "code", "source_frame", "read", "kept", "dropped_columns")


def import_report_page(report: Mapping[str, object], *, lang: str, nonce: str = "") -> str:
    """Return a report as HTML; texts from files are escaped. ``nonce`` lets its style through a content policy."""
    k = 1 if lang == "en" else 0
    said = str(report["sentence_en" if k else "sentence_zh"])
    outcome = str(report["outcome"])
    facts = "".join(_fact(_WORDS[name][k], report.get(name)) for name in _FACTS)
    notes = cast("Sequence[str]", report["notes_en" if k else "notes_zh"])
    rows = cast("Sequence[str]", report["rows"])
    parts = [
        f"<h1>{_WORDS['title'][k]}</h1>",
        f'<section class="{escape(outcome)}"><h2>{_WORDS[outcome][k]}</h2><p>{escape(said)}</p></section>',
        f"<table><tbody>{facts}</tbody></table>",
        _list(_WORDS["rows"][k], rows),
        _list(_WORDS["notes"][k], notes),
        _faults(report, k),
    ]
    marked = f' nonce="{escape(nonce)}"' if nonce else ""
    return (
        f'<!doctype html><html lang="{"en" if k else "zh-CN"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_WORDS['title'][k]} · {escape(str(report['file']))}</title><style{marked}>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def _fact(label: str, value: object) -> str:
    if value is None or value == []:
        return ""
    text = "、".join(str(v) for v in value) if isinstance(value, list) else str(value)
    return f'<tr><th scope="row">{label}</th><td>{escape(text)}</td></tr>'


def _list(label: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return f"<h2>{label}</h2><ul>{''.join(f'<li>{escape(str(item))}</li>' for item in items)}</ul>"


def _faults(report: Mapping[str, object], k: int) -> str:
    faults = cast("Sequence[Mapping[str, object]]", report["faults"])
    if not faults:
        return ""
    head = "".join(f'<th scope="col">{_WORDS[name][k]}</th>' for name in ("kind", "what", "where"))
    body = "".join(
        f"<tr><td>{escape(str(f['kind']))}</td><td>{escape(str(f['sentence_en' if k else 'sentence_zh']))}</td>"
        f"<td>{_place(f)}</td></tr>"
        for f in faults
    )
    total = cast("int", report["n_faults"])
    more = f"<p>{_WORDS['more'][k]} {len(faults):,} / {total:,}</p>" if total > len(faults) else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<h2>{_WORDS['faults'][k]}（{total:,}）</h2>{more}{table}"


def _place(fault: Mapping[str, object]) -> str:
    lon, lat = fault.get("lon"), fault.get("lat")
    return "" if lon is None or lat is None else f"{lon:.6f}, {lat:.6f}"
