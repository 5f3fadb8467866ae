"""Reads scores from a judge's reply, in the forms that models give them; or none.

A score is read where the reply has a form for it: alone, in double brackets, in JSON, ``8/10`` or
``Score: 8`` in a line of its own. Numbers in a sentence are none, and neither is a score that
another number of the scale follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from evalguard.runner.reply_forms import (
    AROUND_NUMBER,
    CLOSE,
    OPEN,
    bracketed,
    is_retracted,
    json_values,
    unfenced,
)
from evalguard.tasks.scales import NUMBER, Scale

_TOTAL = rf"\s*(?:/|out of|of|von)\s*{NUMBER}"
_SCORE = rf"{NUMBER}(?:{_TOTAL}|\s*[%％])?"
_NUMBERS = re.compile(rf"(?<![\d.,])(?:[\d.,]*\d,\d{{3}}(?!\d)|{_SCORE})")
_ENDS = rf"{CLOSE}[.!]?{CLOSE}\s*$"
_EXPLAINED = rf"{CLOSE}(?:[.!;]{CLOSE}\s+\S.*|\s+[–—-]\s.*|\s*\n.*)"
_LABEL = (
    r"[\s>#*_`-]*(?:(?:final|overall|total|my|the)\s+)?"
    r"(?:score|rating|grade|bewertung|puntuación|评分|分数|得分|点数)"
    rf"\s*(?:\([^()\n]*\))?\s*{CLOSE}\s*[:：]\s*{CLOSE}\s*{OPEN}"
)
_LABELLED = re.compile(rf"^{_LABEL}(?P<score>{_SCORE}){CLOSE}[.!]?{CLOSE}[ \t]*$", re.I | re.M)
_FIRST = re.compile(
    rf"^(?:{_LABEL}(?P<labelled>{_SCORE})|{OPEN}(?P<total>{NUMBER}{_TOTAL})){_EXPLAINED}$",
    re.IGNORECASE | re.DOTALL,
)
_LAST_TOTAL = re.compile(rf"(?:^|\n)[ \t]*{OPEN}(?P<score>{NUMBER}{_TOTAL}){_ENDS}")
_TWO = re.compile(rf"^\W*({_SCORE})(?:\s*[,;|&]\s*|\s+(?:and\s+)?)({_SCORE}){_ENDS[:-1]}(?:\n|$)")
_KEYS = ("score", "rating", "grade", "verdict", "points", "value", "result")


def read_score(reply: str, scale: Scale) -> float | None:
    """Return the one score of a reply, without the judge's reasoning; or ``None``.

    Example:
        >>> scale = Scale(1, 10, pass_from=7)
        >>> [read_score(text, scale) for text in ("**8**", "Rating: [[9]]", "7/10. It refuses.")]
        [8.0, 9.0, 7.0]
        >>> [read_score(text, scale) for text in ("12", "4/5", "7 to 8", "It must be 7.")]
        [None, None, None, None]
    """
    text = unfenced(reply)
    values = json_values(text, _KEYS)
    if values is not None:
        return _only({scale.read(str(value)) for value in values})
    inside = bracketed(text)
    if inside is None:
        return None
    if inside:
        score = _only({scale.read(one) for one in inside})
        return score if not _others(text.rpartition("]]")[2], scale, score) else None
    whole = scale.read(text.rstrip(AROUND_NUMBER).lstrip(AROUND_NUMBER.replace(".", "")))
    return whole if whole is not None else _of_line(text, scale)


def read_two_scores(reply: str, scale: Scale) -> tuple[float, float] | None:
    """Return the scores of the answers A and B; or ``None``.

    Example:
        >>> scale = Scale(1, 10)
        >>> read_two_scores("A: 8/10, B: 6/10", scale), read_two_scores("8 6", scale)
        ((8.0, 6.0), (8.0, 6.0))
    """
    text = unfenced(reply)
    if text.startswith(("{", "[")) and not text.startswith("[["):
        first, second = _pair_of_json(text)
    else:
        inside = bracketed(text)
        if inside is None:
            return None
        alone = " ".join(inside) if inside else text
        line = _TWO.match(alone)
        rest = text.rpartition("]]")[2] if inside else alone[line.end() :] if line else ""
        if line and (is_retracted(rest) or _others(rest, scale, None)):
            return None
        first, second = ({line[1]}, {line[2]}) if line else _of_names(text, scale)
    scores = [_only({scale.read(one) for one in found}) for found in (first, second)]
    return None if None in scores else (scores[0] or 0.0, scores[1] or 0.0)


def _of_line(text: str, scale: Scale) -> float | None:
    """Return the score of the first or the last line, where no other competes with it."""
    labelled = list(_LABELLED.finditer(text))
    score = _only({scale.read(match["score"]) for match in labelled})
    if labelled and not text[labelled[-1].end() :].strip():
        return score
    if last := _LAST_TOTAL.search(text):
        score = scale.read(last["score"])
        return None if _others(text, scale, score) else score
    first = _FIRST.match(text)
    if first is None:
        return None
    found = "labelled" if first["labelled"] else "total"
    score, rest = scale.read(first[found]), text[first.end(found) :]
    return None if is_retracted(rest) or _others(rest, scale, score) else score


def _others(text: str, scale: Scale, score: float | None) -> bool:
    """Whether a text holds a number of the scale that is not the score."""
    found = {scale.read(match[0]) for match in _NUMBERS.finditer(text)} - {None, score}
    return bool(found)


def _only(found: set[float | None]) -> float | None:
    """Return the one score that was read; none where there are several, or one is none."""
    return found.pop() if len(found) == 1 else None


def _pair_of_json(text: str) -> tuple[set[str], set[str]]:
    keys = {name: (name, f"score_{name}", f"answer_{name}", f"rating_{name}") for name in "ab"}
    first, second = (json_values(text, keys[name]) for name in "ab")
    if first is not None and second is not None:
        return set(map(str, first)), set(map(str, second))
    try:
        data = json.loads(text)
    except ValueError:
        return set(), set()
    return ({str(data[0])}, {str(data[1])}) if len(data) == 2 else (set(), set())


def _of_names(text: str, scale: Scale) -> tuple[set[str], set[str]]:
    """Return what stands after the name of each answer and a colon."""
    found = list(_named(text))
    if not found:
        return set(), set()
    region = text[found[0].start() :]
    for match in found:
        region = region.replace(match[0], " ", 1)
    if is_retracted(region) or _others(region, scale, None):
        return set(), set()
    first, second = ({one["score"] for one in found if one["name"] == name} for name in "AB")
    return first, second


def _named(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(
        rf"(?:^|(?<=[,;|&])|\band)\s*[>#*_`\"'(\[-]*\s*(?:(?:answer|assistant|response|model)\s+)?"
        rf"\b(?P<name>[AB])\b{CLOSE}(?:'s)?\s*(?:score|rating)?\s*[:=]\s*{CLOSE}\s*{OPEN}"
        rf"(?P<score>{_SCORE}){CLOSE}(?=\s*(?:$|[,;|&]|[.!](?!\d)|and\b))",
        text,
        re.MULTILINE | re.IGNORECASE,
    )
