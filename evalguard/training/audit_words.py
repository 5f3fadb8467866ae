"""Texts as words, so that case, punctuation and spacing do not hide a copy."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

from evalguard.training.formats import Example
from evalguard.training.formats.example import said

_WORD = re.compile(r"\w+")


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text without case, accents of compatibility forms and punctuation.

    Example:
        >>> words("It's the CAT — again!")
        ('it', 's', 'the', 'cat', 'again')
    """
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def question(example: Example) -> str:
    """Return what the model is asked; the text itself for a plain text."""
    asked = [m["content"] for m in example.messages if m["role"] not in ("assistant", "system")]
    return example.text or "\n".join(asked)


def answers(example: Example) -> list[str]:
    """Return the texts that the model is taught to say, without reasoning and calls."""
    taught = [
        m["content"]
        for place, m in enumerate(example.messages)
        if m["role"] == "assistant" and place not in example.untrained
    ]
    if example.good:
        taught += [m["content"] for m in example.chosen if m["role"] == "assistant"]
    return taught


def whole(example: Example) -> str:
    """Return question and answers, the rejected one included."""
    parts = [said(m) for m in (*example.messages, *example.chosen, *example.rejected)]
    return example.text or "\n".join(parts)


def similarity(first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """Return the share of words that two texts have in common, in order, from 0 to 1.

    Example:
        >>> similarity(("a", "b", "c", "d"), ("a", "x", "c", "d"))
        0.75
    """
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
