"""Word by word: what two answers do not share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_WORDS = 600
"""Longer answers are not compared: the comparison is quadratic."""
MIN_LIKENESS = 0.2
"""Answers that share a smaller part of their words are simply different; marking would say nothing.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A run of text that is shared with the other answer, or not."""

    text: str
    differs: bool


def compare_words(first: str, second: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Split two texts into parts that they share and parts that differ.

    Returns:
        The parts of each; joined, they are the text again.

    Example:
        >>> a, b = compare_words("the red kite", "the blue kite")
        >>> [part.text for part in a if part.differs], [part.text for part in b if part.differs]
        (['red'], ['blue'])
    """
    words = _words(first), _words(second)
    if max(map(len, words)) > MAX_WORDS:
        return _whole(first), _whole(second)
    matcher = SequenceMatcher(a=words[0], b=words[1], autojunk=False)
    if _likeness(matcher, *words) < MIN_LIKENESS:
        return _whole(first), _whole(second)
    left: list[Part] = []
    right: list[Part] = []
    for kind, a_start, a_end, b_start, b_end in matcher.get_opcodes():
        _append(left, words[0][a_start:a_end], differs=kind != "equal")
        _append(right, words[1][b_start:b_end], differs=kind != "equal")
    return tuple(left), tuple(right)


def _words(text: str) -> list[str]:
    """Split a text into words, single signs and white space, nothing lost."""
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _whole(text: str) -> tuple[Part, ...]:
    return (Part(text, differs=False),) if text else ()


def _likeness(matcher: SequenceMatcher[str], first: Sequence[str], second: Sequence[str]) -> float:
    """Return the shared part of the words proper: shared spaces and commas say nothing."""
    shared = sum(
        word[0].isalnum()
        for block in matcher.get_matching_blocks()
        for word in first[block.a : block.a + block.size]
    )
    total = sum(word[0].isalnum() for word in (*first, *second))
    return 2 * shared / total if total else 1.0


def _append(parts: list[Part], words: Sequence[str], *, differs: bool) -> None:
    """Append a run of words; white space at the ends of a differing run is not marked."""
    text = "".join(words)
    core = text.strip()
    if differs and core:
        start = text.index(core)
        end = start + len(core)
        parts += (*_whole(text[:start]), Part(core, differs=True), *_whole(text[end:]))
    else:
        parts += _whole(text)
