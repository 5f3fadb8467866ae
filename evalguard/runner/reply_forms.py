"""The forms that a judge's reply may have around its verdict or score."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from evalguard.runner.verdict_words import CLAIMS, INTRODUCES, LEAD, PREFERENCES, QUOTES
from evalguard.scorers.lazy_patterns import lazy_re

AROUND_NUMBER = " \t\r\n*_`\"'“”‘’.!:;()#。「」『』【】⭐★"
"""Markup and punctuation that may stand around a number and leave it as it is."""

AROUND_WORD = AROUND_NUMBER + ",<>[]$、।¡«»؛،"

OPEN, CLOSE = r"[*_`\"'(\[]*", r"[*_`\"')\]]*"
"""Markup before and after a verdict in a sentence, as regular expressions."""

SENTENCE = r"(?<=[.!?。])\s+|(?<=[。])|\n"
"""What stands between sentences, as a regular expression."""

_RETRACTED = lazy_re(
    r"\b(?:no,? wait|on (?:second thought|reflection)|correction|scratch that|sorry|"
    r"i mean|or rather|would rather|instead|too (?:high|low|generous|harsh)|chang\w+ my mind|"
    r"other way (?:a)?round|revis\w+|reconsider\w*|should (?:be|have been)|"
    r"would (?:be|give|say|rate|need|have)|opposite|my mistake|(?:take|took) (?:that|it) back|"
    r"strike that|disagree)\b"
    r"|(?:^|[.;,!?\n–—-])\s*(?:(?:definitely |certainly )?not?\b|actually\b|hm+\b|wait\b)"
    r"|^\s*[,(–—-]?\s*(?:but|maybe|perhaps|possibly|probably|though|although|or)\b|:\s*$",
    re.IGNORECASE,
)
_REFUSES = lazy_re(
    r"\W*(?:(?:as an? (?:ai|language model|assistant)\b|(?:i'm|i am) (?:sorry|unable|not able)|"
    r"i (?:can(?:no|')?t|can not|won't|will not|apologi[sz]e|decline|must decline|refuse|do not|"
    r"don't))\b)",
    re.IGNORECASE,
)
_LONGEST_LEAD = 200
"""Characters; a repeating judge's reply would take long to match."""

_CONFIDENCE = ("confidence", "probability", "certainty", "likelihood")
LEAST_CONFIDENCE = 0.5
"""Below which a judge believes more in the other verdict."""

_EXPLAINS = {
    "reason",
    "reasons",
    "reasoning",
    "explanation",
    "rationale",
    "justification",
    "comment",
}
"""In the name of a key whose value is no confidence itself."""

_FAILS = {
    "fail",
    "fails",
    "failed",
    "violates",
    "violated",
    "violation",
    "violations",
    "unmet",
    "not",
}
"""In the name of a key whose value is the contrary of a verdict."""

_OBJECT = lazy_re(r"(?:^|\n)\s*(?:```\w*\s*)?(?P<brace>\{)(?!\})")
_ENDED = lazy_re(r"[.!。][*_`\"')\]]*\s*$")
_SHARE = lazy_re(
    r"[^\w.-]*(?:(?:about|around|roughly|approximately|only|just|maybe)\s+)?(?P<value>-?\d*[.,]?\d+)"
    r"\s*(?:(?P<percent>[%％]|percent\b)|(?:/|out of|of)\s*(?P<total>\d+))?(?:\W+(?:sure|certain|"
    r"confident|confidence))?\W*",
    re.IGNORECASE,
)
_UNSURE = lazy_re(
    r"\b(?:low\w*|none?|nil|zero|little|weak\w*|minimal|slight\w*|poor\w*|unsure|uncertain\w*|"
    r"unclear|unlikely|(?<!no )(?<!without )doubt\w*|guess\w*|hardly|barely|"
    r"(?:not|n't)\s+(?:\w+\s+)?(?:sure|certain|confident|high|likely)|no\s+(?:\w+\s+)?(?:confidence|certainty))\b|^\W*no\W*$",
    re.IGNORECASE,
)

_DENIED = lazy_re(
    r"\b(?:not|never|(?<!or )no(?! doubt)|neither|cannot|wrong|unlike|worse|worst|weaker|loser|"
    r"loses|maximum|max|minimum|instead|rather|(?:more|less|other) than|would (?:need|have|be)|if|"
    r"unless)\b|n't\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A JSON object in a reply.

    Attributes:
        pairs: Its keys and values, also those that it repeats; none where it is broken.
        before: The reply before it.
        after: The reply after it.
    """

    pairs: tuple[tuple[str, Any], ...]
    before: str = ""
    after: str = ""


def object_in(text: str) -> Found | None:
    r"""Return the JSON object that a reply is, ends in or begins with; ``None`` without one.

    Models write it as Python does, too. An object within an object counts as a part of it.

    Example:
        >>> object_in("It is curt.\n{'verdict': 'no'}").pairs
        (('verdict', 'no'),)
        >>> object_in("{broken").pairs, object_in("yes")
        ((), None)
    """
    start = _OBJECT.search(text)
    if start is None:
        return None
    body = text[start.start("brace") :]
    try:
        pairs, end = json.JSONDecoder(object_pairs_hook=_Pairs).raw_decode(body)
    except (ValueError, RecursionError):
        end = body.rfind("}") + 1
        pairs = _of_python(body[:end])
    after = re.sub(r"^\s*```", "", body[end:])
    before = text[: start.start()] + text[start.start() : start.start("brace")].partition("```")[0]
    return Found(tuple(_flat(pairs)), before, after)


class _Pairs(tuple[tuple[str, Any], ...]):
    """The keys and values of an object, told from a list."""


def _of_python(text: str) -> _Pairs:
    """Return what a dictionary in Python's form holds; nothing where it is none."""
    try:
        node = ast.parse(text, mode="eval").body
        if not isinstance(node, ast.Dict):
            return _Pairs()
        return _Pairs(
            (str(ast.literal_eval(key)), ast.literal_eval(value))
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        )
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _Pairs()


def _flat(pairs: _Pairs) -> Iterator[tuple[str, Any]]:
    for key, value in pairs:
        if isinstance(value, _Pairs) and not set(words_of(key).split()) & {*_CONFIDENCE}:
            yield from _flat(value)
        else:
            yield key, value


def words_of(key: str) -> str:
    """Return a key as words in small letters: ``criterionMet`` and ``criterion_met`` are one."""
    return " ".join(re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key))).lower()


def doubts(found: Found, keys: Collection[str]) -> list[Any]:
    """Return what an object says beside the values of its keys that may differ from them.

    These are values of keys with one of the words in them (``verdict_2``), the contrary of what
    says that something fails, and ``None`` for a confidence that is low, or that cannot be read.

    Args:
        found: The object.
        keys: The words of keys that announce a verdict, and are no doubts themselves.

    Example:
        >>> reply = '{"verdict": "yes", "first_verdict": "no", "confidence": "10%", "fails": true}'
        >>> doubts(object_in(reply), ["verdict"])
        ['no', None, False]
    """
    result: list[Any] = []
    for key, value in found.pairs:
        words = set(words_of(key).split())
        if words & {*_CONFIDENCE}:
            result += [] if words & _EXPLAINS or _is_firm(value) else [None]
        elif words & _FAILS:
            result += [not value] if isinstance(value, bool) else []
        elif words & {*keys} and words_of(key) not in keys and value is not None:
            result.append(value)
    return result


def _is_firm(confidence: Any) -> bool:
    """Whether a confidence is for the verdict beside it; numbers above 1 are of 100."""
    if isinstance(confidence, bool):
        return confidence
    if isinstance(confidence, int | float):
        share = confidence / 100 if confidence > 1 else confidence
        return LEAST_CONFIDENCE <= share <= 1
    if not isinstance(confidence, str):
        return False
    number = _SHARE.fullmatch(confidence)
    if number is None:
        return _UNSURE.search(confidence) is None and bool(confidence.strip())
    value = float(number["value"].replace(",", "."))
    total = 100.0 if number["percent"] else float(number["total"] or 0)
    return _is_firm(value / total if total else value)


def is_retracted(after: str) -> bool:
    """Whether what follows a verdict takes it back."""
    return _RETRACTED.search(after) is not None


def is_denied(before: str) -> bool:
    """Whether the clause that leads to a verdict says that it is not the verdict."""
    return _DENIED.search(re.split(r"[,.;!?\n]", before)[-1]) is not None


def is_refusal(text: str) -> bool:
    """Whether a text begins as the judge's own refusal: "I can't assist with that"."""
    return _REFUSES.match(text) is not None


def introduced(before: str) -> bool:
    """Whether a verdict may follow a text: nothing, a whole sentence, or what announces it.

    Example:
        >>> [introduced(text) for text in ("It is curt. ", "Verdict: ", "The letter ends with ")]
        [True, True, False]
    """
    line = before.rpartition("\n")[2]
    clause = _bare(re.split(r"[.!。>]|,\s", line)[-1])
    if re.search(r"\w", clause):
        return leads(clause) or _claims(clause)
    if re.search(r"\w", line):
        return True
    earlier = re.sub(r"[\s*_`>#-]+$", "", before)
    last = _last_sentence(earlier)
    if not earlier or _ENDED.search(last) or _introduces(last):
        return True
    return before[len(earlier) :].count("\n") > 1 and not _bare(last, "").endswith((":", "?"))


def is_quoted(before: str) -> bool:
    """Whether a text leads to words of somebody else in the next line."""
    last = _last_sentence(before)
    if not last or _ENDED.search(last) or _introduces(last):
        return False
    return _bare(last, "").endswith(":") or QUOTES.search(last) is not None


def is_new_sentence(after: str) -> bool:
    """Whether what follows something set apart begins a sentence, or explains it.

    Example:
        >>> [is_new_sentence(text) for text in ("", ". It is curt.", " would be wrong", "?")]
        [True, True, False, False]
    """
    begun = re.match(rf"{CLOSE}\s*(?:$|[.!;,:$。]|[–—-]\s|(?<=\n)(?=.)|(?<=\s)[A-Z])", after)
    return begun is not None and (
        "\n" not in begun[0] or not re.match(r"\s*(?!because|since|as\b)[a-z]", after)
    )


def _introduces(last: str) -> bool:
    """Whether the sentence before a line announces a verdict in it."""
    if leads(last):
        return True
    clause = re.split(r",\s", last)[-1]
    return (leads(clause) and not QUOTES.search(last)) or INTRODUCES.fullmatch(last) is not None


def _claims(clause: str) -> bool:
    """Whether a clause is a verdict itself: "My verdict is that A is better"."""
    found = [match for one in (*CLAIMS, *PREFERENCES) for match in one.finditer(clause)]
    lead = next((clause[: one.start()] for one in found if one.end() == len(clause)), None)
    return lead is not None and (
        not lead.strip() or leads(re.sub(r"\bthat\s*$", "", lead.strip(), flags=re.IGNORECASE))
    )


def _last_sentence(text: str) -> str:
    return re.split(r"\n|[.!]\s+(?=\w)", text.rstrip())[-1]


def _bare(text: str, marks: str = "$#:-") -> str:
    """Return a text without the markup at its end."""
    return re.sub(rf"[\s*_`\"'{re.escape(marks)}]+$", "", text)


def leads(clause: str) -> bool:
    """Whether words announce a verdict, and not a fact of their own."""
    return len(clause) <= _LONGEST_LEAD and LEAD.fullmatch(clause) is not None
