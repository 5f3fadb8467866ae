"""Reads a verdict from a judge's reply, in the forms that models give it; or none.

A reply that can be taken either way holds no verdict: "Yes, this answer fails" is no yes.
"""

from __future__ import annotations

from typing import Any

from evalguard.runner.reply_forms import (
    LEAST_CONFIDENCE,
    Found,
    doubts,
    introduced,
    is_new_sentence,
    leads,
    words_of,
)
from evalguard.runner.reply_slots import parts_of
from evalguard.runner.score_replies import read_score, read_two_scores
from evalguard.runner.verdict_alone import small_or_alone, verdict_alone
from evalguard.runner.verdict_sentences import contradicts, verdict_in_sentence
from evalguard.tasks.labelled import Question

_KEYS = ("verdict", "answer", "decision", "judgment", "judgement", "winner", "better", "choice",
         "label", "result", "preference")  # fmt: skip
_HOLDS_A_TEXT = {"answer", "response", "reply", "output", "model", "assistant", "text"}
"""Words of keys that may hold what was judged instead of a verdict."""

_NAMES_NOTHING = {"criterion", "criteria", "the criterion", "score", "rating", "grade"}
"""Words of keys that announce a verdict in a line, and hold something else in an object."""


def read_reply(reply: str, question: Question) -> float | None:
    """Return what a reply says in favour of what is judged, from 0 to 1; or ``None``.

    A score counts by its place on the scale, two scores by which is higher.

    Args:
        reply: What the judge replied, without its reasoning.
        question: What it was asked.
    """
    if question.scale is None:
        return read_verdict(reply, question.yes, question.no)
    if question.yes == "Yes":
        score = read_score(reply, question.scale)
        return None if score is None else question.scale.share(score)
    scores = read_two_scores(reply, question.scale)
    if scores is None:
        return None
    own, other = scores if question.yes == "A" else scores[::-1]
    return 0.5 if own == other else float(own > other)


def read_verdict(reply: str, yes: str, no: str) -> float | None:
    """Return 1 for the word in favour, 0 for the other, ½ for a tie of two answers, or ``None``.

    Args:
        reply: What the judge replied, without its reasoning.
        yes: The word in favour, ``Yes`` or ``A``.
        no: The other word.

    Example:
        >>> read_verdict('{"verdict": "yes"}', "Yes", "No"), read_verdict("[[C]]", "A", "B")
        (1.0, 0.5)
        >>> read_verdict("Yes, this answer fails.", "Yes", "No")
    """
    parts = parts_of(reply)
    if parts is None:
        return None
    text, inside, found = parts
    if inside.values:
        verdicts = {_inside(one, yes, no) for one in inside.values}
        verdict = verdicts.pop() if len(verdicts) == 1 else None
        return _agreed(verdict, inside.before, inside.after, yes, no)
    if found is not None:
        verdict = _of_object(found, yes, no)
        if not introduced(found.before) or not is_new_sentence(found.after):
            return None
        return _agreed(verdict, found.before, found.after, yes, no)
    whole = verdict_alone(text, yes, no)
    return whole if whole is not None else verdict_in_sentence(text, yes, no)


def _agreed(verdict: float | None, before: str, after: str, yes: str, no: str) -> float | None:
    """Return a verdict that is set apart, unless the words around it say another."""
    if verdict is None or contradicts(after, verdict, yes, no):
        return None
    before = before.strip()
    told = verdict_alone(before, yes, no)
    if told is None:
        told = verdict_in_sentence(before, yes, no)
    return verdict if told in (None, verdict) else None


def _inside(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of what is set apart, in which a small letter can be nothing else."""
    verdict = small_or_alone(text, yes, no)
    return verdict if verdict is not None else read_verdict(text, yes, no)


def _of_object(found: Found, yes: str, no: str) -> float | None:
    """Return the verdict under the keys that announce one, unless the object doubts it."""
    verdicts, names = set[float | None](), set[str]()
    for key, value in found.pairs:
        name = words_of(key)
        if name in _NAMES_NOTHING or not leads(name):
            continue
        names.add(name)
        verdict = _of_value(value, yes, no)
        if verdict is None and _may_be_judged(name, value):
            continue
        verdicts.add(verdict)
    if len(verdicts) != 1:
        return None
    verdict = verdicts.pop()
    return None if verdict is None or _doubted(found, names, verdict, yes, no) else verdict


def _may_be_judged(name: str, value: Any) -> bool:
    """Whether a value is what was judged, or a name of it, and no verdict that cannot be read."""
    return bool(_HOLDS_A_TEXT & {*name.split()}) and len(str(value).split()) > 2


def _of_value(value: Any, yes: str, no: str) -> float | None:
    if isinstance(value, bool):
        return float(value) if yes == "Yes" else None
    return small_or_alone(value, yes, no) if isinstance(value, str) else None


def _doubted(found: Found, names: set[str], verdict: float, yes: str, no: str) -> bool:
    """Whether an object gives another verdict under a similar key, or hardly believes in it."""
    for value in doubts(found, {*_KEYS} | names):
        if value is None:
            return True
        if isinstance(value, str | bool):
            other = _of_value(value, yes, no)
            if other is not None and other != verdict:
                return True
        elif isinstance(value, int | float) and value < LEAST_CONFIDENCE:
            return True
    return False
