"""Places for calls without coordinates, from the user's own list of addresses (地址库), without a network.

An address is taken when it is the same as one of the book after normalisation, or when the pairs of its characters are
so like those of one place that no other comes near. What is not certain is told, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from geo.errors import TableError

Found = Literal["exact", "near", "unsure", "unknown"]
LEAST_SCORE: Final = 0.75
LEAST_LEAD: Final = 0.1
SAME_PLACE_M: Final = 50.0
_DEGREE_M: Final = 111_320.0
_DROPPED: Final = re.compile(r"[\s,，。.、;；:：\-－—_/\\()（）【】\[\]“”\"'·#]+")
_NUMBERS: Final = re.compile(r"\d+")
_DIGITS: Final = str.maketrans("〇零一二三四五六七八九", "00123456789")
_WRITTEN_NUMBER: Final = re.compile(
    r"[〇零一二三四五六七八九]+(?=[号栋幢单元室弄巷座楼])|(?<=[第])[〇零一二三四五六七八九]+"
)
_REGION: Final = re.compile(
    r"^(?:[^\d]{2,8}?(?:省|自治区))?(?:[^\d]{2,8}?(?:市(?!场)|自治州|地区))?(?:[^\d]{1,8}?(?:(?<![小园社景厂校院矿])区|县))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What the book says of one address: its place (NaN unless exact or near), the score in 0 to 1, and the candidates."""

    found: Found
    lon: float = float("nan")
    lat: float = float("nan")
    score: float = 0.0
    candidates: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class AddressBook:
    """Addresses and places; several names may tell of one place.

    Similarity is the Dice coefficient of the pairs of neighbouring characters. Numbers must be the same ones in the same
    order: 12号 is not 21号. A near match needs a score of 0.75 and a lead of 0.1 over every place more than 50 m away.
    """

    names: list[str]
    lonlat: npt.NDArray[np.float64]
    _exact: dict[str, list[int]] = field(default_factory=dict)
    _pairs: dict[str, list[int]] = field(default_factory=dict)
    _sizes: list[int] = field(default_factory=list)
    _numbers: list[tuple[str, ...]] = field(default_factory=list)

    @classmethod
    def of(cls, names: Sequence[str], lonlat: npt.ArrayLike) -> AddressBook:
        """Make a book of n names and their float64[n, 2] lon, lat; bad places raise ``TableError``."""
        places = np.asarray(lonlat, dtype=np.float64).reshape(-1, 2)
        bad = np.flatnonzero(
            ~np.isfinite(places).all(axis=1) | (np.abs(places[:, 0]) > 180) | (np.abs(places[:, 1]) > 90)
        )
        if bad.size:
            raise TableError(
                f"Row {bad[0] + 1} of the address book has no proper coordinates ({bad.size} such rows)",
                f"地址库第 {bad[0] + 1} 行没有有效坐标（共 {bad.size} 行）",
                rows=[str(int(row) + 1) for row in bad[:100]],
            )
        book = cls(names=list(names), lonlat=places)
        pairs: dict[str, list[int]] = defaultdict(list)
        exact: dict[str, list[int]] = defaultdict(list)
        for i, name in enumerate(book.names):
            plain = normalised(name)
            exact[plain].append(i)
            grams = _grams(plain)
            book._sizes.append(len(grams))
            book._numbers.append(tuple(_NUMBERS.findall(plain)))
            for gram in grams:
                pairs[gram].append(i)
        book._exact, book._pairs = dict(exact), dict(pairs)
        return book

    def __len__(self) -> int:
        return len(self.names)

    def find(self, address: str) -> Match:
        """Return what the book says of one address."""
        plain = normalised(address)
        if not plain:
            return Match(found="unknown")
        same = self._exact.get(plain, [])
        if same:
            if self._apart(same):
                return Match(found="unsure", score=1.0, candidates=self._told(same))
            return self._match("exact", same[0], 1.0, same)
        return self._near(plain)

    def find_all(self, addresses: Sequence[str | None]) -> list[Match]:
        """Return what the book says of each address, asked once for each text."""
        known: dict[str, Match] = {}
        nothing = Match(found="unknown")
        out = []
        for address in addresses:
            if not address:
                out.append(nothing)
                continue
            if address not in known:
                known[address] = self.find(address)
            out.append(known[address])
        return out

    def _near(self, plain: str) -> Match:
        grams = _grams(plain)
        numbers = tuple(_NUMBERS.findall(plain))
        shared: dict[int, int] = defaultdict(int)
        for gram in grams:
            for i in self._pairs.get(gram, ()):
                shared[i] += 1
        scores = {i: 2 * n / (len(grams) + self._sizes[i]) for i, n in shared.items() if self._numbers[i] == numbers}
        ranked = sorted(scores, key=lambda i: (-scores[i], i))
        if not ranked or scores[ranked[0]] < LEAST_SCORE:
            return Match(found="unknown", score=scores[ranked[0]] if ranked else 0.0, candidates=self._told(ranked))
        best = ranked[0]
        rivals = [i for i in ranked if scores[i] > scores[best] - LEAST_LEAD]
        if self._apart(rivals):
            return Match(found="unsure", score=scores[best], candidates=self._told(rivals))
        return self._match("near", best, scores[best], ranked)

    def _match(self, found: Found, place: int, score: float, others: list[int]) -> Match:
        lon, lat = self.lonlat[place]
        return Match(found=found, lon=float(lon), lat=float(lat), score=score, candidates=self._told(others))

    def _apart(self, places: list[int]) -> bool:
        spots = self.lonlat[places]
        step = (spots - spots[0]) * [np.cos(np.radians(spots[0, 1])), 1.0]
        return bool((np.hypot(step[:, 0], step[:, 1]) * _DEGREE_M > SAME_PLACE_M).any())

    def _told(self, places: list[int]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.names[i] for i in places[:5]))


def normalised(address: str) -> str:
    """Return an address without what does not tell places apart: width, case, signs, province, city, county."""
    text = unicodedata.normalize("NFKC", address).lower()
    text = _DROPPED.sub("", text)
    text = _WRITTEN_NUMBER.sub(lambda m: m.group().translate(_DIGITS), text)
    short = _REGION.sub("", text, count=1)
    return short if len(short) >= 3 else text


def _grams(plain: str) -> frozenset[str]:
    framed = f"^{plain}$"
    return frozenset(framed[i : i + 2] for i in range(len(framed) - 1))
