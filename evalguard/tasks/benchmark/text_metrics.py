"""BLEU and the word error rate as the ``evaluate`` package's own scripts compute them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

_SPACES = re.compile(r"\s\s+")


def bleu(
    predictions: Sequence[str],
    references: Sequence[Any],
    *,
    tokenizer: Callable[[str], list[str]] | None = None,
    max_order: int = 4,
    smooth: bool = False,
) -> dict[str, Any]:
    """Return BLEU from 0 to 1 with its parts (Papineni et al. 2002).

    It is that of TensorFlow's NMT tutorial on the tokens of ``mteval-v13a``: not smoothed, so 0
    without a match of every order, and the shortest reference counts for the brevity penalty.
    ``sacrebleu`` differs in both.

    Args:
        predictions: One text a sample.
        references: A text, or a list of texts, a sample.
        tokenizer: Splits a text into tokens.
        max_order: Length of the longest n-grams.
        smooth: Whether to add one to every count (Lin & Och 2004).

    Example:
        >>> bleu(["a b c d e f g h"], ["a b c d e f g x"])["bleu"]
        0.8408964152537145
    """
    split = tokenizer or _split_13a
    matched, possible = [0] * max_order, [0] * max_order
    lengths = [0, 0]
    for prediction, given in zip(predictions, references, strict=True):
        tokens = split(prediction)
        rights = [split(text) for text in ([given] if isinstance(given, str) else given)]
        lengths[0] += len(tokens)
        lengths[1] += min(map(len, rights))
        for order in range(1, max_order + 1):
            allowed: Counter[tuple[str, ...]] = Counter()
            for right in rights:
                allowed |= _grams(right, order)
            matched[order - 1] += (_grams(tokens, order) & allowed).total()
            possible[order - 1] += max(0, len(tokens) - order + 1)
    added = float(smooth)
    precisions = [
        (hits + added) / (all_ + added) if all_ + added else 0.0
        for hits, all_ in zip(matched, possible, strict=True)
    ]
    mean = 0.0
    if min(precisions) > 0:
        mean = math.exp(sum((1.0 / max_order) * math.log(one) for one in precisions))
    ratio = lengths[0] / lengths[1] if all(lengths) else 0.0
    penalty = 1.0 if ratio > 1.0 else math.exp(1 - 1.0 / ratio) if ratio else 0.0
    return {
        "bleu": mean * penalty,
        "precisions": precisions,
        "brevity_penalty": penalty,
        "length_ratio": ratio,
        "translation_length": lengths[0],
        "reference_length": lengths[1],
    }


def wer(
    predictions: Sequence[str], references: Sequence[str], *, concatenate_texts: bool = False
) -> float:
    """Return the word error rate: edits over words of the references, as ``jiwer`` counts them.

    Words are separated by spaces and by two or more of any white space.

    Args:
        predictions: One text a sample.
        references: One text a sample, each with a word.
        concatenate_texts: Changes nothing, because edits and words are summed over the samples.

    Raises:
        ValueError: If a reference has no word.

    Example:
        >>> wer(["this is the prediction"], ["this is the reference"])
        0.25
    """
    pairs = [
        (_words(one), _words(right)) for one, right in zip(predictions, references, strict=True)
    ]
    if not all(right for _, right in pairs):
        raise ValueError("a reference without a word has no word error rate")
    edits = sum(_edits(*pair) for pair in pairs)
    return edits / sum(len(right) for _, right in pairs)


def _grams(tokens: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[at : at + order]) for at in range(len(tokens) - order + 1))


def _split_13a(text: str) -> list[str]:
    return _tokenizer()(text).split()


@cache
def _tokenizer() -> Callable[[str], str]:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    made: Callable[[str], str] = Tokenizer13a()
    return made


def _words(text: str) -> list[str]:
    return [word for word in _SPACES.sub(" ", text).strip().split(" ") if word]


def _edits(found: Sequence[str], right: Sequence[str]) -> int:
    """Return the Levenshtein distance of two lists of words."""
    above = list(range(len(right) + 1))
    for row, word in enumerate(found, 1):
        current = [row]
        for column, expected in enumerate(right, 1):
            changed = above[column - 1] + (word != expected)
            current.append(min(changed, above[column] + 1, current[-1] + 1))
        above = current
    return above[-1]
