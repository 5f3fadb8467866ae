"""The scorer for several labels at once, in any order."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from evalguard.errors import MeasurementError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.answer_words import NEGATIONS_AFTER
from evalguard.scorers.extract import announced_answers, folded, readings
from evalguard.scorers.negation import NEGATION
from evalguard.scorers.registry import scorer
from evalguard.scorers.retraction import without_retracted
from evalguard.scorers.turns import own_part
from evalguard.scorers.words import holds

MAX_LIST_CHARS = 20_000
"""A longer text is no list of labels."""

MAX_SENTENCE_CHARS = 300
"""A longer text is no sentence that names its labels."""

_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_SEPARATOR = re.compile(r"[,;\n|、，；؛،]+|\s/\s")
_AND = re.compile(
    r"\s+(?:and|und|et|y|e|и|dan|ve|و|और|এবং|اور|&|\+)\s+|\s*(?:和|以及|と|및)\s*", re.I
)
_JOINT = re.compile(rf"{_SEPARATOR.pattern}|{_AND.pattern}", re.I)
_REASON = re.compile(r"\s*[:：]\s*|\s+[-–—]+\s+")
_DOUBT = re.compile(
    r"\?|\d|\b(?:no|false|none|n/a|maybe|perhaps|possibly|might|may|could|un\w+ly|low|weak|partly"
    r"|instead|rather)\b|[✗✘❌否無无]",
    re.I,
)
_FAULTS = frozenset(
    {"wrong", "incorrect", "falsch", "incorrecta", "错误", "lack", "lacks", "lacking"}
)
"""Words that deny a label in front of it, and name a fault in a reason."""
_DENIALS_AFTER = tuple(one for one in NEGATIONS_AFTER if not any(fault in one for fault in _FAULTS))

_IN_BRACKETS = re.compile(r"[ \t]*\((but not |not |no )([^()\n]{1,60})\)", re.I)
"""A label that is ruled out in brackets."""

_BUT = frozenset({"", "but", "and", "aber", "sondern", "und", "pero", "y", "mais", "et", "mas"})
_LAST_AND = re.compile(r"^(?:and|und|et|y|e|и|dan|ve|&)\s+", re.I)
_BULLET = re.compile(r"^(?:[-*•·]|\d{1,2}[.)])\s+")
_NO_LABEL = frozenset({"[]", "none", "(none)", "{}", "∅"})


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
    if folded(text) in known:
        return frozenset({folded(text)})
    if folded(text) in _NO_LABEL or len(text) > MAX_LIST_CHARS:
        return frozenset()
    if (listed := _literal_list(text)) is not None:
        return frozenset(folded(one) for one in listed)
    return frozenset(folded(item) for item in _items(text, known))


def _items(text: str, known: frozenset[str]) -> list[str]:
    """Return the items of a list without their marks.

    Parts that are a known label together are one item: of the ways to join parts, the one that
    leaves the fewest unknown, and then the fewest items.
    """
    joints = [found.span() for found in _JOINT.finditer(text)]
    starts, ends = [0, *(end for _, end in joints)], [*(at for at, _ in joints), len(text)]
    reach = 1 + max((len(_JOINT.findall(label)) for label in known), default=0)
    # The best way from each part on: unknown parts, items, where the first item ends.
    best: list[tuple[int, int, int]] = [(0, 0, 0)] * (len(starts) + 1)
    for at in reversed(range(len(starts))):
        ways = []
        for end in range(at + 1, min(at + reach, len(starts)) + 1):
            item = _item(text[starts[at] : ends[end - 1]])
            if end == at + 1 or folded(item) in known:
                strange = int(bool(item) and folded(item) not in known)
                ways.append((best[end][0] + strange, best[end][1] + bool(item), end))
        best[at] = min(ways)
    found, at = [], 0
    while at < len(starts):
        end = best[at][2]
        found.append(_item(text[starts[at] : ends[end - 1]]))
        at = end
    return [one for one in found if one]


def _item(part: str) -> str:
    """Return an item of a list without its marks and the "and" before it."""
    return _bare(_LAST_AND.sub("", _bare(part)))


def _meant(text: str, known: frozenset[str]) -> frozenset[str]:
    r"""Return the labels that a text lists, be they explained, or others ruled out behind them.

    Example:
        >>> known = frozenset({"billing", "urgent", "network"})
        >>> sorted(_meant("- billing: the sum is wrong\n- urgent: needed today", known))
        ['billing', 'urgent']
        >>> sorted(_meant("billing, but not urgent", known))
        ['billing']
    """
    if not known or len(text) > MAX_LIST_CHARS:
        return labels_of(text, known)
    text = _IN_BRACKETS.sub(r", \1\2", text)
    found = _explained(text, known) or _without_ruled_out(text, known)
    found = _emphasised(text, known) if found is None else found
    return labels_of(text, known) if found is None else found


def _explained(text: str, known: frozenset[str]) -> frozenset[str] | None:
    """Return the labels of lines that each give one and say why; ``None`` for other texts.

    A line that doubts or denies, and a table of all labels, say which labels apply in words.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    heads = set[str]()
    explained = 0
    for line in lines:
        head, _, why = (line, "", "") if folded(_item(line)) in known else _split_reason(line)
        if folded(_item(head)) not in known or _is_doubtful(why):
            return None
        explained += bool(why.strip())
        heads.add(folded(_item(head)))
    return frozenset(heads) if explained and (heads < known or explained == 1) else None


def _is_doubtful(why: str) -> bool:
    """Return whether a reason may say that its label does not apply."""
    denials = (one for one in NEGATION.finditer(why) if one[0].lower() not in _FAULTS)
    return bool(
        _DOUBT.search(why)
        or any(denials)
        or NEGATION.match(why)
        or any(one in why for one in _DENIALS_AFTER)
        or why.lower().startswith(NEGATIONS_AFTER)
    )


def _split_reason(line: str) -> tuple[str, str, str]:
    found = _REASON.search(line)
    return (line[: found.start()], found[0], line[found.end() :]) if found else ("", "", "")


def _without_ruled_out(text: str, known: frozenset[str]) -> frozenset[str] | None:
    """Return the labels of a list that ends in others it rules out; ``None`` for other texts."""
    items = _items(text, known)
    denied = [folded(item) not in known and _denies(item, known) for item in items]
    named = [folded(item) for item, no in zip(items, denied, strict=True) if not no]
    behind = denied == sorted(denied) and any(denied)  # "not a, b" may rule out both
    return frozenset(named) if behind and named and known.issuperset(named) else None


def _emphasised(text: str, known: frozenset[str]) -> frozenset[str] | None:
    """Return the labels in bold of a sentence that names no others; ``None`` for other texts."""
    bold = frozenset(folded(_item(one)) for one in _BOLD.findall(text))
    doubtful = _DOUBT.search(text) or NEGATION.search(text) or len(text) > MAX_SENTENCE_CHARS
    if not bold or not bold <= known or doubtful or "\n" in text.strip():
        return None
    return bold if {one for one in known if holds(folded(text), one)} <= bold else None


def _denies(item: str, known: frozenset[str]) -> bool:
    """Return whether an item is a label with a negation before it, and no more."""
    found = NEGATION.search(item)
    if found is None or folded(_item(item[found.end() :])) not in known:
        return False
    return folded(item[: found.start()]) in _BUT


@lru_cache(maxsize=16)
def _known(labels: tuple[str, ...]) -> frozenset[str]:
    """Return the labels of a task, normalised."""
    return frozenset(folded(one) for one in labels)


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
    known = _known(tuple(labels or ()))
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
    output. Lenient: what it announces, else its only fence or the whole; a label may be explained,
    and "none" is an empty set. ``label_set_f1`` is F1 of the labels, so that a further one costs
    as much as a missing one. ``labels`` lists all.

    Raises:
        MeasurementError: If the target is blank; an empty set is written ``[]``.
    """
    if not target.strip():
        raise MeasurementError("the target names no label; write [] for an empty set")
    known = _known(tuple(labels or ()))
    right = labels_of(target, known)
    same = output.strip() == target.strip()
    strict = _f1(output, right if same else labels_of(output, known), right)
    if not right and _literal_list(output.strip()) != [] and folded(output) != folded(target):
        strict = 0.0  # an empty set is said as the target says it
    lenient = strict
    if strict < 1:
        announced = next((one.text for one in announced_answers(output) if not one.bare), None)
        answer = without_retracted(own_part(output)) if announced is None else announced
        best = max(_f1(one, _meant(one, known), right) for one in readings(answer))
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
    return bool(text) and (folded(text) in _NO_LABEL or _literal_list(text) == [])


def _f1(output: str, found: frozenset[str], right: frozenset[str]) -> float:
    """Return F1 of two sets of labels; an output without text names none."""
    if not output.strip():
        return 0.0
    if not found and not right:
        return float(_says_nothing(output))
    return 2 * len(found & right) / (len(found) + len(right))
