"""Words that several messages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from hub.model.said import said


def shorten(text: str, limit: int = 60) -> str:
    """Text of the user's in quotes, on one line, not longer than `limit`."""
    clean = "".join(letter if letter.isprintable() else "·" for letter in text)
    return f"'{clean if len(clean) <= limit else clean[: limit - 1] + '…'}'"


def close_names(wrong: str, known: Iterable[str]) -> list[str]:
    """At most three names that look like `wrong`, the closest first."""
    folded = {name.casefold(): name for name in sorted(set(known) - {wrong})}
    found = get_close_matches(wrong.casefold(), list(folded), n=3, cutoff=0.72)
    return [folded[name] for name in found]


def did_you_mean(names: Sequence[str]) -> str | None:
    return said("did you mean %(names)s?", names=one_of(names, quote=True)) if names else None


def close_match(wrong: str, known: Iterable[str]) -> str | None:
    """`did you mean ...?` with the names that look like `wrong`, or None."""
    return did_you_mean(close_names(wrong, known))


def one_of(names: Iterable[str], *, quote: bool = False) -> str:
    """`a, b or c`."""
    shown = [f"'{name}'" if quote else name for name in names]
    if len(shown) == 1:
        return shown[0]
    return said("%(some)s or %(last)s", some=shown[:-1], last=shown[-1])


def count(number: int, noun: str) -> str:
    """`1 area`, `2 areas`, `3 entities`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"
