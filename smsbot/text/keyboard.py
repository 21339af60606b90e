"""Which keys lie side by side: whether a hand that meant one short word may have typed the other.

Source: the standard Windows layouts (US, Azerbaijani, Russian, Georgian QWERTY, Armenian phonetic), row by row.
"""

from __future__ import annotations

_ROWS = (
    ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    ("qüertyuiopöğ", "asdfghjklıə", "zxcvbnmçş"),
    ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    ("ქწერტყუიოპ", "ასდფგჰჯკლ", "ზხცვბნმ"),
    ("քոեռտըւիօպ", "ասդֆգհյկլ", "զղցվբնմ"),
)


def _neighbours() -> frozenset[tuple[str, str]]:
    pairs = set()
    for rows in _ROWS:
        places = {char: (x + y / 2, y) for y, row in enumerate(rows) for x, char in enumerate(row)}
        for one, (x, y) in places.items():
            for other, (u, v) in places.items():
                if one != other and abs(x - u) <= 1 and abs(y - v) <= 1:
                    pairs.add((one, other))
    return frozenset(pairs)


_BESIDE = _neighbours()


def is_plausible(typed: str, meant: str) -> bool:
    """Whether *typed*, one slip from *meant*, is the next key, two letters swapped, or a letter lost or doubled."""
    if len(typed) < len(meant):
        return True
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    if len(typed) > len(meant):
        return start > 0 and typed[start] == typed[start - 1]
    if start == len(typed):
        return True
    swapped = typed[start : start + 2] == meant[start : start + 2][::-1]
    return swapped or (typed[start], meant[start]) in _BESIDE
