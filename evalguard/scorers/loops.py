"""Detect answers that are not language: loops, one repeated character, undecodable bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalguard.scorers.lazy_patterns import lazy_re

READ_CHARS = 6000
"""Characters at the end of a longer answer that are examined."""

MAX_PERIOD = 40
MIN_REPEATS = 4
MIN_REPEATS_OF_FIGURES = 3
_TOKEN = lazy_re(r"\w+|[^\w\s]")
_CHARACTER_RUN = lazy_re(r"(.{1,8}?)\1{11,}", re.S)
_WORD = lazy_re(r"[^\W\d_]+")
_EMPTY_LIST = lazy_re(r"(?:\d{1,4}[.):]\s*){3,}|(?:[-*•]\s*){3,}")
_UNREADABLE = "\ufffd"
# A sign for each syllable or word: counted one by one.
_IDEOGRAPHS = lazy_re(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def is_broken(output: str) -> bool:
    """Return whether an answer loops, for more than half of its length, or holds no language.

    Example:
        >>> is_broken("1. 1. 1. 1. 1. 1."), is_broken("1. Wash the rice. 2. Boil it.")
        (True, False)
        >>> is_broken("Sure, the capital is the capital is the capital is the capital is the")
        True
    """
    text = output[-READ_CHARS:].strip()
    if not text:
        return False
    if not any(sign.isalnum() for sign in text):
        return True
    if _EMPTY_LIST.fullmatch(text):
        return True
    if text.count(_UNREADABLE) * 10 > len(text):
        return True
    if sum(len(run.group(0)) for run in _CHARACTER_RUN.finditer(text)) * 2 > len(text):
        return True
    tokens = _tokens(text)
    return _repeated_share(tokens) > 0.5 or _poor(tokens)


def _tokens(text: str) -> list[str]:
    spaced = _IDEOGRAPHS.sub(r" \g<0> ", text.casefold())
    return _TOKEN.findall(spaced)


def _repeated_share(tokens: Sequence[str]) -> float:
    """Return the largest share of tokens in consecutive repeats of one period."""
    total = len(tokens)
    best = 0
    worded = any(_WORD.search(token) for token in tokens)
    repeats = MIN_REPEATS if worded else MIN_REPEATS_OF_FIGURES
    for period in range(1, min(MAX_PERIOD, total // repeats) + 1):
        run = longest = 0
        for index in range(period, total):
            run = run + 1 if tokens[index] == tokens[index - period] else 0
            longest = max(longest, run)
        if longest >= period * (repeats - 1):
            best = max(best, longest + period)
    return best / total if total else 0.0


def _poor(tokens: Sequence[str]) -> bool:
    """Return whether a long answer has only a handful of different words."""
    words = [token for token in tokens if _WORD.fullmatch(token)]
    return len(words) >= 60 and len(set(words)) <= max(4, 0.06 * len(words))
