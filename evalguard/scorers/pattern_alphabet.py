"""The characters that a pattern can distinguish, one of each kind."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

import regex

op: Any = import_module("re._constants")
"""The names of what a parsed pattern is made of; type checkers do not know the module."""

Node = tuple[Any, Any]
Characters = Callable[[str], bool]
"""Whether a character is one of a set."""

_CATEGORIES: dict[Any, Characters] = {
    op.CATEGORY_DIGIT: lambda char: regex.match(r"\d", char) is not None,
    op.CATEGORY_NOT_DIGIT: lambda char: regex.match(r"\d", char) is None,
    op.CATEGORY_SPACE: lambda char: regex.match(r"\s", char) is not None,
    op.CATEGORY_NOT_SPACE: lambda char: regex.match(r"\s", char) is None,
    op.CATEGORY_WORD: lambda char: regex.match(r"\w", char) is not None,
    op.CATEGORY_NOT_WORD: lambda char: regex.match(r"\w", char) is None,
}
_KINDS = regex.compile(r"(?P<digit>\d+)|(?P<word>[^\W\d]+)|(?P<space>\s+)|(?P<other>[^\w\s]+)")
_LETTERS_I = "iIıİ"
_ALIKE = "ıİſ\u212a"
"""What is not ASCII and may be the same letter, in another case, as what is."""

_ALWAYS = frozenset(
    (0x0A, 0x0B, 0x1C, 0x20, 0xD800, 0xE000, *(ord(char) + n for char in _ALIKE for n in (0, 1)))
)
"""Limits of the newline, of what only :meth:`str.strip` takes for space, surrogates, and more."""


PAIRS = (
    {op.CATEGORY_SPACE, op.CATEGORY_NOT_SPACE},
    {op.CATEGORY_WORD, op.CATEGORY_NOT_WORD},
    {op.CATEGORY_DIGIT, op.CATEGORY_NOT_DIGIT},
)
"""Categories that are all characters together."""


def is_all(items: Iterable[Node]) -> bool:
    r"""Return whether a set names a category and its opposite, such as ``[\s\S]``."""
    named = {value for name, value in items if name is op.CATEGORY}
    return any(pair <= named for pair in PAIRS)


def is_word(char: str) -> bool:
    """Return whether a character belongs to a word; the empty text at an end does not."""
    return _CATEGORIES[op.CATEGORY_WORD](char)


def characters_of(kind: Any, value: Any, *, ignore_case: bool, dot_all: bool) -> Characters | None:
    """Return which characters a node matches, or ``None`` where it does not match one of a set.

    With ``ignore_case`` the set may be larger than what matches, never smaller.
    """
    if kind is op.ANY:
        return lambda char: dot_all or char != "\n"
    if kind is op.LITERAL:
        return _in([(kind, value)], ignore_case)
    if kind is op.NOT_LITERAL:
        return lambda char: char != chr(value)
    if kind is not op.IN:
        return None
    negated = value[0][0] is op.NEGATE
    found = _in(value[1:] if negated else value, ignore_case and not negated)
    return (lambda char: not found(char)) if negated else found


def _in(items: Iterable[Node], ignore_case: bool) -> Characters:
    listed = list(items)

    def holds(char: str) -> bool:
        forms = _cases(char) if ignore_case else {char}
        return any(_is(name, value, one) for name, value in listed for one in forms)

    return holds


def _cases(char: str) -> set[str]:
    """Return the characters that may be the same letter in another case."""
    if char in _LETTERS_I:
        return set(_LETTERS_I)
    return {char, char.lower(), char.upper(), char.upper().lower(), char.lower().upper()}


def _is(name: Any, value: Any, char: str) -> bool:
    if name is op.LITERAL:
        return char == chr(value)
    if name is op.RANGE:
        return len(char) == 1 and value[0] <= ord(char) <= value[1]
    return _CATEGORIES[value](char)


def alphabet(limits: Iterable[int]) -> Iterator[str]:
    """Yield a character of each kind (digit, letter, space, other) between each two code points.

    Args:
        limits: Where sets of a pattern begin, and the code points after their ends.
    """
    edges = sorted({0, *_ALWAYS, *limits, sys.maxunicode + 1})
    for low, high in pairwise(edges):
        if 0xD800 <= low < 0xE000 or low > sys.maxunicode:
            continue
        for starts, ends in _runs().values():
            index = bisect_left(ends, low + 1)
            if index < len(starts) and max(starts[index], low) < high:
                yield chr(max(starts[index], low))


@cache
def _runs() -> dict[str, tuple[list[int], list[int]]]:
    """Return where the runs of each kind of character begin and end."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    runs: dict[str, tuple[list[int], list[int]]] = {}
    for found in _KINDS.finditer(every):
        starts, ends = runs.setdefault(str(found.lastgroup), ([], []))
        starts.append(found.start())
        ends.append(found.end())
    return runs
