"""Published indicators: comparisons of counts, waiting, printed rates, moving windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from geo.hotspots.scan import scan_probability
from geo.incidents.displacement import weighted_displacement_difference
from geo.incidents.e_test import e_test
from geo.incidents.rates import Share
from planners.staffing.erlang import erlang_c
from planners.verify.document import Document, Node
from planners.verify.verdict import Verdict, compared, tolerance_of


def claims(key: str) -> bool:
    """Tell whether a section is an indicator that we compute."""
    return key in _SECTIONS


def verdicts(document: Document, key: str) -> Iterator[Verdict]:
    """Compare each row of a section."""
    section = document.body[key]
    source = document.source_of(section)
    rows = list(section["rows"].items()) if "rows" in section else [section]
    for row in rows:
        yield from _SECTIONS[key](source, row)


def _displacement(source: str, row: Node) -> Iterator[Verdict]:
    control, treated = row["control"].numbers(), row["treated"].numbers()
    ours = weighted_displacement_difference((treated[0], treated[1]), (control[0], control[1]))
    name = f"treated {treated[0]:g}→{treated[1]:g}, control {control[0]:g}→{control[1]:g}"
    for key, value in (("wdd", ours.difference), ("se", ours.standard_error), ("z", ours.z)):
        if key in row:
            yield compared(source, f"{key} of {name}", row[key].number(), value)


def _poisson_pair(source: str, row: Node) -> Iterator[Verdict]:
    first, second = (item.whole() for item in row["counts"].items())
    yield compared(source, f"E-test p of {first} and {second}", row["p"].number(), e_test(first, second))


def _waiting(source: str, row: Node) -> Iterator[Verdict]:
    servers, offered = row["servers"].whole(), row["offered"].number()
    yield compared(
        source, f"Erlang C, {servers} servers, load {offered:g}", row["p_wait"].number(), erlang_c(servers, offered)
    )


def _printed_rate(source: str, row: Node) -> Iterator[Verdict]:
    share = Share(part=row["settled"].whole(), n=row["accepted"].whole())
    what = f"{share.part} of {share.n}"
    yield compared(source, what, row["true"].number(), share.value)
    if "printed" in row:
        printed = row["printed"].number()
        agrees = share.agrees_with(printed)
        yield Verdict(
            source=source,
            what=f"{what}, as printed",
            published=float(printed),
            ours=share.value,
            difference=share.value - printed,
            tolerance=1e-4,
            ok=agrees == (abs(printed - row["true"].number()) < 1e-4),
            note="agrees with its counts" if agrees else "the printed rate does not follow from its own counts",
        )


def _moving_window(source: str, row: Node) -> Iterator[Verdict]:
    # The published code takes the two numbers as windows of the time and windows of its first factor, and the mean as
    # that of one window; its last sum ends a term early, which is the tolerance here.
    windows, first = row["days"].number(), row["window"].number()
    mean, observed = row["mean_per_day"].number(), row["observed"].whole()
    ours = scan_probability(observed, mean=mean, windows=windows, first=first)
    short = scan_probability(observed, mean=mean, windows=windows, first=first, last_term=False)
    published = row["p"].number()
    yield compared(
        source,
        f"p of a moving window with {observed}, mean {mean:g}, {windows:g} windows",
        published,
        ours,
        tolerance=abs(ours - short) + tolerance_of(published),
        note=f"Naus (1982) in full; without the last term of its last sum, as the source has it: {short:.10g}",
    )


_SECTIONS: dict[str, Callable[[str, Node], Iterator[Verdict]]] = {
    "weighted_displacement_difference": _displacement,
    "e_test": _poisson_pair,
    "erlang_c": _waiting,
    "printed_rate_slip": _printed_rate,
    "temporal_scan": _moving_window,
}
