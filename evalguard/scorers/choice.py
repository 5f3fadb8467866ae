"""Scorers of closed questions: the letter of a choice, the label of a class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evalguard.records import Metric, ScoreKind
from evalguard.scorers.binding import CorpusMetric
from evalguard.scorers.extract import candidates, normalise
from evalguard.scorers.registry import scorer
from evalguard.scorers.targets import one_of_the_choices, one_of_the_labels
from evalguard.scorers.text import holds

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
    check_target=one_of_the_choices,
    target_is_answer=True,
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


def read_label(output: str, labels: list[str] | None) -> str | None:
    """Return the one label that an output names, normalised, or ``None``.

    That is a label that a reading of the output equals, else the only one among its words.
    """
    readings = [normalise(text) for text in candidates(output)]
    if labels is None:
        return readings[-1] if readings else None
    known = {normalise(label) for label in labels}
    for reading in readings:
        if reading in known:
            return reading
    text = normalise(output)
    named = {one for one in known if one and holds(text, one)}
    # "not urgent" also names "urgent": a label within a longer named one does not count.
    longest = {one for one in named if not any(one != other and one in other for other in named)}
    return longest.pop() if len(longest) == 1 else None


def _label_counts(
    output: str, target: str, row: Mapping[str, Any], *, labels: list[str] | None = None
) -> dict[str, float]:
    """Return one sample's true positive, or its false positive and false negative."""
    found, right = normalise(output), normalise(target)
    known = labels is None or found in {normalise(label) for label in labels}
    return _confusion(found if known else None, right)


def _lenient_label_counts(
    output: str, target: str, row: Mapping[str, Any], *, labels: list[str] | None = None
) -> dict[str, float]:
    """Return the same of the label that the output names."""
    return _confusion(read_label(output, labels), normalise(target))


def _confusion(found: str | None, right: str) -> dict[str, float]:
    """Return counts keyed ``tp:label``, ``fp:label`` and ``fn:label``."""
    if found == right:
        return {f"tp:{right}": 1.0}
    missed = {f"fn:{right}": 1.0}
    return missed if found is None else missed | {f"fp:{found}": 1.0}


def macro_f1(counts: Mapping[str, float]) -> float:
    """Return the mean F1 over the labels that occur as targets.

    A label that only the model invents is not averaged in: it costs the right one its recall.

    Example:
        >>> macro_f1({"tp:a": 3, "fn:b": 1, "fp:a": 1})
        0.42857142857142855
    """
    labels = {key[3:] for key, count in counts.items() if key[:2] in ("tp", "fn") and count}
    if not labels:
        return 0.0
    total = 0.0
    for label in labels:
        hits = 2 * counts.get(f"tp:{label}", 0.0)
        errors = counts.get(f"fp:{label}", 0.0) + counts.get(f"fn:{label}", 0.0)
        total += hits / (hits + errors)
    return total / len(labels)


@scorer(
    name="label",
    metrics=(Metric("label"), Metric("label_lenient")),
    corpus=(
        CorpusMetric(Metric("macro_f1", ScoreKind.CORPUS), _label_counts, macro_f1),
        CorpusMetric(Metric("macro_f1_lenient", ScoreKind.CORPUS), _lenient_label_counts, macro_f1),
    ),
    check_target=one_of_the_labels,
    target_is_answer=True,
)
def label(output: str, target: str, *, labels: list[str] | None = None) -> dict[str, float]:
    """Score 1 where the output is the target's label.

    Strict: the normalised output. Lenient: :func:`read_label`, for which the option ``labels``
    lists all classes. ``macro_f1`` and ``macro_f1_lenient`` are the same over the whole set.
    """
    right = normalise(target)
    strict = normalise(output) == right
    lenient = strict or read_label(output, labels) == right
    return {"label": float(strict), "label_lenient": float(lenient)}
