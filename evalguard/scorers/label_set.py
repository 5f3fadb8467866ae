"""The scorer of several labels at once, in any order."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from evalguard.errors import MeasurementError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.extract import folded, readings, spoken
from evalguard.scorers.registry import scorer
from evalguard.scorers.retraction import standing

MAX_LIST_CHARS = 20_000
"""A longer text is no list of labels."""

_SEPARATOR = re.compile(r"[,;\n|、，；؛،]+|\s/\s")
_AND = re.compile(
    r"\s+(?:and|und|et|y|e|и|dan|ve|و|और|এবং|اور|&|\+)\s+|\s*(?:和|以及|と|및)\s*", re.I
)
_LAST_AND = re.compile(r"^(?:and|und|et|y|e|и|dan|ve|&)\s+", re.I)
_BULLET = re.compile(r"^(?:[-*•·]|\d{1,2}[.)])\s+")
_NOTHING = frozenset({"[]", "none", "(none)", "{}", "∅"})


def labels_of(text: str, known: frozenset[str]) -> frozenset[str]:
    """Return the labels that a text lists: a JSON list, or with commas, lines or "and" between.

    Args:
        text: The list.
        known: All labels, normalised, where they are known: one that itself holds "and" or a
            comma is kept whole.

    Example:
        >>> sorted(labels_of("spam, urgent and billing", frozenset()))
        ['billing', 'spam', 'urgent']
    """
    text = text.strip()
    if folded(text) in _NOTHING or len(text) > MAX_LIST_CHARS:
        return frozenset()
    if folded(text) in known:
        return frozenset({folded(text)})
    if (listed := _literal_list(text)) is not None:
        return frozenset(folded(one) for one in listed)
    found = set[str]()
    for part in _SEPARATOR.split(text):
        one = _LAST_AND.sub("", _bare(part))
        if not one:
            continue
        whole = folded(one) in known
        found |= {folded(_bare(piece)) for piece in ([one] if whole else _AND.split(one)) if piece}
    return frozenset(found)


def _bare(part: str) -> str:
    """Return an item of a list without its bullet, quotes and emphasis."""
    return _BULLET.sub("", part.strip()).strip(" \t\"'`*_[](){}.")


def _literal_list(text: str) -> list[str] | None:
    """Return a list written as JSON or as Python writes it, or ``None``."""
    if not text.startswith("[") or not text.endswith("]"):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
            return [str(one) for one in value]
    return None


def _some_of_the_labels(
    target: str, _row: Mapping[str, Any], *, labels: list[str] | None = None
) -> str | None:
    """Refuse a target that names nothing, or a label that ``labels`` lacks."""
    if not target.strip():
        return "is empty; write [] for an empty set"
    known = frozenset(folded(one) for one in labels or ())
    strange = sorted(labels_of(target, known) - known) if labels else []
    return (
        f"{strange[0]!r} is not among the labels; possible: {', '.join(labels)}"
        if labels and strange
        else None
    )


@scorer(
    name="label_set",
    metrics=(
        Metric("label_set"),
        Metric("label_set_lenient"),
        Metric("label_set_f1", ScoreKind.BOUNDED),
        Metric("label_set_f1_lenient", ScoreKind.BOUNDED),
    ),
    libraries=("regex",),
    check_target=_some_of_the_labels,
    target_is_answer=True,
)
def label_set(output: str, target: str, *, labels: list[str] | None = None) -> dict[str, float]:
    """Score 1 where the output names exactly the target's labels, in any order.

    Target and output are lists of labels as :func:`labels_of` reads them. Strict: the whole
    output. Lenient: what it announces, else its only fence or the whole. ``label_set_f1`` is F1
    of the labels, so that a further one costs as much as a missing one. ``labels`` lists all.

    Raises:
        MeasurementError: If the target is blank; an empty set is written ``[]``.
    """
    if not target.strip():
        raise MeasurementError("the target names no label; write [] for an empty set")
    known = frozenset(folded(one) for one in labels or ())
    right = labels_of(target, known)
    strict = _f1(output, labels_of(output, known), right)
    lenient = strict
    if strict < 1:
        told = [one.text for one in spoken(output) if not one.bare][:1] or [standing(output)]
        best = max(_f1(one, labels_of(one, known), right) for one in readings(told[0]))
        lenient = max(strict, best)
    return {
        "label_set": float(strict == 1),
        "label_set_lenient": float(lenient == 1),
        "label_set_f1": strict,
        "label_set_f1_lenient": lenient,
    }


def _says_nothing(text: str) -> bool:
    """Whether a text says that there is no label, rather than naming none."""
    text = text.strip()
    return bool(text) and (folded(text) in _NOTHING or _literal_list(text) == [])


def _f1(output: str, found: frozenset[str], right: frozenset[str]) -> float:
    """Return F1 of two sets of labels; an output without text names none."""
    if not output.strip():
        return 0.0
    if not found and not right:
        return float(_says_nothing(output))
    return 2 * len(found & right) / (len(found) + len(right))
