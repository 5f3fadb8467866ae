"""Reads a verdict from a judge's reply, in the forms that models give it; or none.

A reply that can be taken either way holds no verdict: "Yes, this answer fails" is no yes.
"""

from __future__ import annotations

import json
import re

from evalguard.runner.score_replies import read_score, read_two_scores
from evalguard.tasks.labelled import Question

_OTHER_WORDS = {
    "Yes": frozenset(
        ("ja", "oui", "sí", "si", "sim", "да", "так", "是", "是的", "はい", "예", "네", "نعم", "हाँ")
    ),
    "No": frozenset(
        ("nein", "non", "não", "nao", "нет", "ні", "否", "不是", "不", "いいえ", "아니요", "아니오")
    )
    | {"لا", "नहीं", "nee", "nej"},
}
"""What judges say in other languages, where they say nothing else."""

_TIES = ("c", "tie", "draw", "equal", "both", "neither")
_KEYS = ("verdict", "answer", "decision", "judgment", "judgement", "winner", "better", "choice",
         "label", "result", "preference")  # fmt: skip
_FENCE = re.compile(r"^\s*```\w*\s*(.*?)\s*```\s*$", re.DOTALL)
_BRACKETS = re.compile(r"\[\[\s*([^\[\]]+?)\s*\]\]")
_AGAINST_YES = re.compile(
    r"\b(?:not|fails?|failed|lacks?|violat\w+|misses|missing|neither|unmet|but|however)\b|n't\b",
    re.IGNORECASE,
)
_AGAINST_NO = re.compile(
    r"\b(?:meets|satisf\w+|fulfil\w*|is met|passes|but|however|problem|doubt)\b", re.IGNORECASE
)
_NAMED = re.compile(r"(?:answer|assistant|model|option|output|response)[ _]+(.+)", re.IGNORECASE)
_MARKUP = " \t\r\n*_`\"'“”‘’.,!:;()<>#"


def read_reply(reply: str, question: Question) -> float | None:
    """Return what a reply says in favour of what is judged, from 0 to 1; or ``None``.

    A score is told by its place on the scale, two scores by which is higher.

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
    fence = _FENCE.match(reply)
    text = (fence[1] if fence else reply).strip()
    if text.startswith("{"):
        return _of_json(text, yes, no)
    if brackets := {_letter(found, yes, no) for found in _BRACKETS.findall(text)}:
        return brackets.pop() if len(brackets) == 1 else None
    whole = _word(text, yes, no)
    return whole if whole is not None else _in_sentence(text, yes, no)


def _of_json(text: str, yes: str, no: str) -> float | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    values = [value for key, value in data.items() if str(key).lower() in _KEYS]
    found = {_letter(value, yes, no) for value in values if isinstance(value, str)}
    if yes == "Yes":
        found |= {float(value) for value in values if isinstance(value, bool)}
    return found.pop() if len(found) == 1 else None


def _letter(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of a text that can be nothing else: there, a small letter is one, too."""
    is_letter = len(yes) == 1 and re.fullmatch(r"\W*[a-z]\W*", text)
    return _word(text.upper() if is_letter else text, yes, no)


def _word(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of a text that is one word."""
    word = text.strip(_MARKUP)
    for value, own in ((1.0, yes), (0.0, no)):
        exact = word == own if len(own) == 1 else word.lower() == own.lower()
        if exact or word.lower() in _OTHER_WORDS.get(own, ()):
            return value
    if len(yes) != 1:
        return None
    if named := _NAMED.fullmatch(word):
        return _letter(named[1], yes, no)
    return 0.5 if word.lower() in _TIES else None


def _in_sentence(text: str, yes: str, no: str) -> float | None:
    """Return a verdict that ends a reply after a colon, or begins it and is explained."""
    flags = 0 if len(yes) == 1 else re.IGNORECASE
    words = f"({re.escape(yes)}|{re.escape(no)})"
    last = re.search(rf":\s*[*_`\"'(\[]*{words}[*_`\"')\].!]*\s*$", text, flags)
    first = re.match(rf"[*_`\"'(\[]*{words}[*_`\"')\]]*\s*(?:[.!;:\n]|[–—-]\s)", text, flags)
    begun = _word(first[1], yes, no) if first else None
    if first and yes == "Yes":
        against = _AGAINST_YES if begun else _AGAINST_NO
        if against.search(text[first.end() :]):
            return None
    ended = _word(last[1], yes, no) if last else None
    if begun is not None and ended is not None and begun != ended:
        return None
    return ended if ended is not None else begun
