"""How much an answer reads like an abstention where no rule finds one: log odds of its beginning.

A logistic regression over the words of the first sentences, alone and in pairs, and over signs:
whether something is denied, and of whom or what. ``benchmarks/abstention_fit.py`` fits it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from evalguard.scorers.abstention_words import HELD, SAID, SAY, SOURCE_WORD, WANTED
from evalguard.scorers.lazy_patterns import lazy_re
from evalguard.scorers.refusal_model import word_grams

FILE = "abstention_model.json"

SENTENCES_READ = 4
"""Sentences at the beginning of an answer that are read."""

_DENIES = lazy_re(
    r"\b(?:not|no|never|nothing|none|neither|without|nobody|nowhere|cannot|\w+n't|un\w+|"
    r"absent|blank|conceal\w*|contradict\w*|cuts? off|differ|empty|gaps?|gone|illegible|incomplete|"
    r"lacks?|lacking|leaves?|left|lost|miss(?:es|ing)|omit\w*|only|redacted|silent|skips?|too|vague)\b"
)
"""Found where something is denied or lacking: without it, nothing abstains."""
_SIGNS = {
    "text": lazy_re(rf"\b(?:{SOURCE_WORD}|{HELD})\b"),
    "wanted": lazy_re(rf"\b{WANTED}s?\b"),
    "said": lazy_re(rf"\b{SAID}\b"),
    "says": lazy_re(rf"\b{SAY}s?\b"),
    "speaker": lazy_re(r"\b(?:i|i'm|i've|i'd|we)\b"),
    "reader": lazy_re(r"\byour?\b"),
    "person": lazy_re(r"\b(?:he|she|they|his|her|him)\b"),
    "can": lazy_re(r"\b(?:can|could|able|possible)\b"),
    "asks": lazy_re(r"\b(?:know|tell|say|answer|determine|question|find)\b"),
    "present": lazy_re(r"\b(?:is|are|do|does|has|have)\b"),
    "past": lazy_re(r"\b(?:was|were|did|had)\b"),
    "number": lazy_re(r"\d"),
}


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the regression; positive ones speak for an abstention.

    Attributes:
        bias: Log odds of an answer without words.
        signs: What a sign adds.
        words: What words and pairs of words add, before division by the root of their number.
    """

    bias: float
    signs: Mapping[str, float]
    words: Mapping[str, float]

    def odds(self, parts: Sequence[str]) -> float:
        """Return the log odds that an answer, given as its sentences, abstains.

        An answer that denies nothing, and in which nothing is lacking, does not.
        """
        text = beginning(parts)
        if not _DENIES.search(text):
            return -math.inf
        grams = word_grams(text)
        words = sum(self.words.get(gram, 0.0) for gram in grams) / math.sqrt(len(grams))
        return self.bias + words + sum(self.signs.get(sign, 0.0) for sign in signs_of(text))


def beginning(parts: Sequence[str]) -> str:
    """Return what is read of an answer."""
    return " ".join(parts[:SENTENCES_READ])


def signs_of(text: str) -> set[str]:
    """Return the names of the signs of a text in lower case; ``no text`` denies and has ``text``.

    Example:
        >>> sorted(signs_of("not in the passage"))
        ['denies', 'no text', 'text']
    """
    found = {name for name, pattern in _SIGNS.items() if pattern.search(text)}
    return found | {"denies"} | {f"no {name}" for name in found} if _DENIES.search(text) else found


@cache
def shipped() -> Model:
    """Return the model that comes with the package."""
    text = files("evalguard.scorers").joinpath(FILE).read_text("utf-8")
    return Model(**json.loads(text))
