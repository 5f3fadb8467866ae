"""The forms that a judge's reply may have around its verdict or score."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

AROUND_NUMBER = " \t\r\n*_`\"'“”‘’.!:;()#"
"""Markup and punctuation that may stand around a number and leave it as it is."""

AROUND_WORD = AROUND_NUMBER + ",<>"

OPEN, CLOSE = r"[*_`\"'(\[]*", r"[*_`\"')\]]*"
"""Markup before and after a verdict in a sentence, as regular expressions."""

_FENCE = re.compile(r"^\s*```\w*\s*(.*?)\s*```\s*$", re.DOTALL)
_BRACKETS = re.compile(r"\[\[\s*([^\[\]]+?)\s*\]\]")
_RETRACTED = re.compile(
    r"\b(?:no,? wait|wait,|on (?:second thought|reflection)|correction|scratch that|sorry|"
    r"i mean|or rather|would rather|instead|too (?:high|low|generous|harsh)|chang\w+ my mind|"
    r"other way (?:a)?round|revis\w+|reconsider\w*|should (?:be|have been)|"
    r"would (?:be|give|say|rate|need|have))\b"
    r"|(?:^|[.;,!?\n–—-])\s*(?:(?:definitely |certainly )?not?\b|actually\b|hm+\b)",
    re.IGNORECASE,
)
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

_SHARE = re.compile(
    r"[^\w.-]*(?:(?:about|around|roughly|approximately|only|just|maybe)\s+)?(?P<value>-?\d*[.,]?\d+)"
    r"\s*(?:(?P<percent>[%％]|percent\b)|(?:/|out of|of)\s*(?P<total>\d+))?(?:\W+(?:sure|certain|"
    r"confident|confidence))?\W*",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"\b(?:low\w*|none?|nil|zero|little|weak\w*|minimal|slight\w*|poor\w*|unsure|uncertain\w*|"
    r"unclear|unlikely|(?<!no )(?<!without )doubt\w*|guess\w*|hardly|barely|"
    r"(?:not|n't)\s+(?:\w+\s+)?(?:sure|certain|confident|high|likely)|no\s+(?:\w+\s+)?(?:confidence|certainty))\b|^\W*no\W*$",
    re.IGNORECASE,
)

_DENIED = re.compile(
    r"\b(?:not|never|(?<!or )no(?! doubt)|neither|cannot|wrong|unlike|worse|worst|weaker|loser|"
    r"loses|maximum|max|minimum|instead|rather|(?:more|less|other) than|would (?:need|have|be)|if|"
    r"unless)\b|n't\b",
    re.IGNORECASE,
)


def unfenced(reply: str) -> str:
    """Return a reply without the code fence around all of it."""
    fence = _FENCE.match(reply)
    return (fence[1] if fence else reply).strip()


def bracketed(text: str) -> list[str] | None:
    """Return what stands in double brackets; ``None`` where the reply's words may say otherwise.

    Example:
        >>> bracketed("It is polite. Rating: [[8]]"), bracketed("8"), bracketed("It is no [[8]]")
        (['8'], [], None)
    """
    found = list(_BRACKETS.finditer(text))
    if not found:
        return []
    before, after = text[: found[0].start()], text[found[-1].end() :]
    is_sentence = re.match(rf"{CLOSE}\s*(?:$|[.!;,:\n]|[–—-]\s|(?<=\s)[A-Z])", after)
    if is_denied(before) or is_retracted(after) or not is_sentence:
        return None
    return [match[1] for match in found]


def json_values(text: str, keys: Collection[str]) -> list[Any] | None:
    """Return the values of some keys of a JSON object, also of those that it repeats.

    Args:
        text: The reply.
        keys: The keys, in small letters.

    Returns:
        The values; ``None`` where the text does not begin as an object.
    """
    if not text.startswith("{"):
        return None
    try:
        pairs = json.loads(text, object_pairs_hook=tuple)
    except ValueError:
        return []
    return [value for key, value in pairs if key.lower() in keys]


def json_doubts(text: str, keys: Collection[str]) -> list[Any]:
    """Return what a JSON object says beside the values of its keys that may differ from them.

    These are values of keys with one of the words in them (``final_verdict``), and ``None`` for a
    confidence that is low, or that cannot be read.

    Example:
        >>> reply = '{"verdict": "yes", "final_verdict": "no", "confidence": "10%"}'
        >>> json_doubts(reply, ["verdict"])
        ['no', None]
    """
    found: list[Any] = []
    for key, value in json.loads(text, object_pairs_hook=tuple):
        words = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key).lower()))
        if key.lower() in keys:
            continue
        if words & {*_CONFIDENCE}:
            found += [] if words & _EXPLAINS or _is_firm(value) else [None]
        elif words & {*keys} and value is not None:
            found.append(value)
    return found


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
