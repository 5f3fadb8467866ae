"""What a server counts (``usage``), and whether that can be the number of tokens of a text.

The bounds hold for every script and vocabulary: a token is at least one byte, it does not reach
over a space, and no known vocabulary has longer ones than 128 characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

SLACK = 2
"""Tokens that servers count on top: of the end, of the turn."""

_UNSEEN = 8
"""Tokens more that were counted and are not in the text: stop strings and marks that are taken
out of it."""

_LONGEST_TOKEN = 128
"""Characters of the longest tokens of known vocabularies, which are spaces or dashes."""

_MORE_WORDS = 16
"""Words above twice the limit in texts of vocabularies with tokens of several words, and in what a
gateway adds."""

_LONG_TOKENS = 16
"""Characters that the tokens of a text have at most on average, one of a kind in a row as one."""

_SHORT = 64
"""Characters of short texts, in which one long token weighs most."""

_MOST = 1 << 31
"""A count from which it is none."""

_WORD = re.compile(r"[^ \t\r\n]+")
_RUN = re.compile(r"(.)\1{3,}", re.DOTALL)

_DENSE = "\u0800"
"""First of the characters that UTF-8 writes in three bytes or more."""


class Counted(NamedTuple):
    """An answer, and what the server counted.

    Attributes:
        text: The text.
        tokens: Tokens that the server counted.
        limit: Tokens that it was asked for.
        reasoning: Reasoning that stands apart, of which servers count all tokens or none.
    """

    text: str
    tokens: int | None
    limit: int
    reasoning: str = ""


def answer_tokens(data: Any) -> int | None:
    """Return how many tokens of an answer a response counts."""
    return _count(data, "completion_tokens", "output_tokens")


def prompt_tokens(data: Any) -> int | None:
    """Return how many tokens of a prompt a response counts."""
    return _count(data, "prompt_tokens", "input_tokens")


def can_be(one: Counted, *, unseen: int = _UNSEEN) -> bool:
    """Return whether an answer can have as many tokens as its server counted.

    Args:
        one: The answer.
        unseen: Tokens that may be counted without being in the text, above the limit.

    Example:
        >>> can_be(Counted("one two three", 3, 8)), can_be(Counted("one two three four", 1, 8))
        (True, False)
        >>> can_be(Counted("ไม่มีช่องว่างระหว่างคำ", 6, 8)), can_be(Counted("yes", 100, 8))
        (True, False)
    """
    if one.tokens is None:
        return False
    words = len(_WORD.findall(one.text))
    if one.tokens + SLACK < max(words, len(one.text) / _LONGEST_TOKEN):
        return False
    written = len(one.text.encode()) + len(one.reasoning.encode())
    return one.tokens <= max(one.limit + SLACK, written + unseen)


def are_counts(seen: Iterable[Counted]) -> bool:
    """Return whether what a server counts of answers without stop strings can be their tokens.

    Example:
        >>> are_counts([Counted("yes", 1, 1), Counted("one two three", 3, 8)])
        True
        >>> are_counts([Counted("yes", 9, 1), Counted("one two three", 9, 8)])
        False
    """
    return all(can_be(one, unseen=SLACK) for one in seen if one.tokens is not None)


def has_more(text: str, limit: int) -> bool:
    """Return whether a text surely has more tokens than a limit, whatever its script.

    Example:
        >>> has_more("1, 2, 3, 4, " * 10, 4), has_more("東京は日本の首都です。" * 6, 64)
        (True, False)
    """
    words = len(_WORD.findall(text))
    return (
        words > 2 * limit + _MORE_WORDS
        or len(_RUN.sub(r"\1", text)) > _LONG_TOKENS * limit + _SHORT
    )


def is_beyond(text: str, limit: int) -> bool:
    """Return whether no vocabulary has tokens so long that a limit could hold a text."""
    return len(text) > _LONGEST_TOKEN * (limit + 4)


def usual_tokens(text: str) -> float:
    """Return about how many tokens a text has: four bytes each, or one character of East Asia."""
    dense = sum(char >= _DENSE for char in text)
    return dense + sum(1 if char < "\x80" else 2 for char in text if char < _DENSE) / 4


def _count(data: Any, *names: str) -> int | None:
    usage = data.get("usage") if isinstance(data, Mapping) else None
    if not isinstance(usage, Mapping):
        return None
    count: Any = next((usage[name] for name in names if usage.get(name) is not None), None)
    if isinstance(count, str) and count.strip().isdigit():
        count = int(count)
    counts = isinstance(count, int | float) and not isinstance(count, bool) and count > 0
    return int(count) if counts and count < _MOST else None
