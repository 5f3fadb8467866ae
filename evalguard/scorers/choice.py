"""Scorers of closed questions: the letter of a choice, the label of a class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evalguard.records import Metric
from evalguard.scorers.extract import candidates, normalise
from evalguard.scorers.registry import scorer

_ALONE = re.compile(r"\s*[(\[]?([A-Za-z])[)\]]?[.:]?\s*")
_LEADING = re.compile(r"\s*[*_]*[(\[]?([A-Z])[)\].:]")
_ANNOUNCED = re.compile(
    r"\b(?:answer|choice|option|correct one)\b(?:\s+is)?\s*[:=]?\s*(?:option\s+|choice\s+)?"
    r"[*_]*[(\[]?([A-Z])[)\]]?(?![\w'])",
    re.I,
)
_ENCLOSED = re.compile(r"[(\[]([A-Z])[)\]]")


def chosen_letter(output: str) -> str | None:
    """Return the letter that an output settles on, or ``None``.

    In order: the whole output; the last one announced ("the answer is C"); one that opens the
    output ("C) Paris"); the only letter in brackets.
    """
    if (alone := _ALONE.fullmatch(output)) is not None:
        return alone[1].upper()
    # "is a …" is an article, so that only capitals count after a phrase.
    if announced := [one for one in _ANNOUNCED.findall(output) if one.isupper()]:
        return str(announced[-1])
    for text in candidates(output):
        if (alone := _ALONE.fullmatch(text)) is not None:
            return alone[1].upper()
    if (leading := _LEADING.match(output)) is not None:
        return leading[1]
    enclosed = set(_ENCLOSED.findall(output))
    return enclosed.pop() if len(enclosed) == 1 else None


@scorer(
    name="multiple_choice",
    metrics=(Metric("multiple_choice"), Metric("multiple_choice_lenient")),
)
def multiple_choice(
    output: str, target: str, row: Mapping[str, Any], *, choices: str = "choices"
) -> dict[str, float]:
    """Score 1 where the output chooses the target's letter.

    Strict: the output is the letter, as "B", "(b)" or "B.". Lenient: :func:`chosen_letter`, or
    the text of the choice where the row's column ``choices`` lists them.
    """
    letter = target.strip().strip("().").upper()
    alone = _ALONE.fullmatch(output)
    strict = alone is not None and alone[1].upper() == letter
    lenient = strict or chosen_letter(output) == letter
    texts = row.get(choices)
    if not lenient and isinstance(texts, list) and len(letter) == 1:
        lenient = _choice_by_text(output, [str(text) for text in texts]) == letter
    return {"multiple_choice": float(strict), "multiple_choice_lenient": float(lenient)}


def _choice_by_text(output: str, texts: list[str]) -> str | None:
    """Return the letter of the choice whose text the output is."""
    found = {normalise(text) for text in candidates(output)}
    hits = [chr(ord("A") + index) for index, text in enumerate(texts) if normalise(text) in found]
    return hits[0] if len(hits) == 1 else None
