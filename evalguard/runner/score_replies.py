"""Reads scores from a judge's reply, in the forms that models give them; or none.

A reply with several scores, or with one outside the scale, holds none.
"""

from __future__ import annotations

import json
import re
from typing import Any

from evalguard.tasks.scales import NUMBER, Scale

_SCORE = rf"{NUMBER}(?:\s*(?:/|out of|of|von)\s*{NUMBER}|\s*[%％])?"
_ALONE = rf"(?P<score>{_SCORE})(?![\d.,/]*\d|\s*(?:-|–|to|bis)\s*\d)"
_OPEN, _CLOSE = r"[*_`\"'(\[]*", r"[*_`\"')\].!]*"
_NAMED = re.compile(
    r"(?:\b(?:score|rating|rate|grade|verdict|note|bewertung|puntuación)\b|评分|分数|点数)"
    rf"\W{{0,6}}(?:is|of|ist|es|it|this|the answer|an?)?\s*(?:is|as|an?|with)?\s*{_OPEN}{_ALONE}",
    re.IGNORECASE,
)
_LAST = re.compile(rf"[:：]\s*{_OPEN}{_ALONE}{_CLOSE}\s*$")
_FIRST = re.compile(rf"^{_OPEN}{_ALONE}{_CLOSE}\s*(?:\n|[–—-]\s|[:;])")
_OF_TOTAL = re.compile(rf"(?<![\d./])(?P<score>{NUMBER}\s*(?:/|out of|of|von)\s*{NUMBER})(?![\d/])")
_FENCE = re.compile(r"^\s*```\w*\s*(.*?)\s*```\s*$", re.DOTALL)
_BRACKETS = re.compile(r"\[\[\s*([^\[\]]+?)\s*\]\]")
_TWO = re.compile(
    rf"^\W*({_SCORE})(?:\s*[,;|&]\s*|\s+(?:and\s+)?)({_SCORE})[*_`\"')\]]*\s*(?:\n|$)"
)
_KEYS = ("score", "rating", "grade", "verdict", "points", "value", "result")
_MARKUP = " \t\r\n*_`\"'“”‘’.!:;()<>#"


def read_score(reply: str, scale: Scale) -> float | None:
    """Return the one score of a reply, without the judge's reasoning; or ``None``.

    Example:
        >>> scale = Scale(1, 10, pass_from=7)
        >>> [read_score(text, scale) for text in ("**8**", "Rating: [[9]]", "7/10. It refuses.")]
        [8.0, 9.0, 7.0]
        >>> [read_score(text, scale) for text in ("12", "4/5", "7 to 8", "It names 3 days.")]
        [None, None, None, None]
    """
    text = _unfenced(reply)
    if text.startswith("{"):
        return _only({scale.read(str(value)) for value in _of_keys(text, _KEYS)})
    if brackets := _BRACKETS.findall(text):
        return _only({scale.read(one) for one in brackets})
    whole = scale.read(text.rstrip(_MARKUP).lstrip(_MARKUP.replace(".", "")))
    if whole is not None:
        return whole
    patterns = (_NAMED, _LAST, _FIRST, _OF_TOTAL)
    found = {match["score"] for pattern in patterns for match in pattern.finditer(text)}
    return _only({scale.read(one) for one in found})


def read_two_scores(reply: str, scale: Scale) -> tuple[float, float] | None:
    """Return the scores of the answers A and B; or ``None``.

    Example:
        >>> scale = Scale(1, 10)
        >>> read_two_scores("A: 8/10, B: 6/10", scale), read_two_scores("8 6", scale)
        ((8.0, 6.0), (8.0, 6.0))
    """
    text = _unfenced(reply)
    if text.startswith(("{", "[")) and not text.startswith("[["):
        first, second = _pair_of_json(text)
    elif line := _TWO.match(" ".join(_BRACKETS.findall(text)) or text):
        first, second = {line[1]}, {line[2]}
    else:
        first, second = (set(_of_answer(name, text)) for name in "AB")
    scores = [_only({scale.read(str(one)) for one in found}) for found in (first, second)]
    return None if None in scores else (scores[0] or 0.0, scores[1] or 0.0)


def _unfenced(reply: str) -> str:
    fence = _FENCE.match(reply)
    return (fence[1] if fence else reply).strip()


def _only(found: set[float | None]) -> float | None:
    """Return the one score that was read; none where there are several, or one is none."""
    return found.pop() if len(found) == 1 else None


def _of_keys(text: str, keys: tuple[str, ...]) -> list[Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return []
    return [value for key, value in data.items() if str(key).lower() in keys]


def _pair_of_json(text: str) -> tuple[set[str], set[str]]:
    try:
        data = json.loads(text)
    except ValueError:
        return set(), set()
    if isinstance(data, list):
        return ({str(data[0])}, {str(data[1])}) if len(data) == 2 else (set(), set())
    keys = {name: (name, f"score_{name}", f"answer_{name}", f"rating_{name}") for name in "ab"}
    first, second = ({str(one) for one in _of_keys(text, keys[name])} for name in "ab")
    return first, second


def _of_answer(name: str, text: str) -> list[str]:
    """Return what follows the name of an answer."""
    pattern = (
        rf"\b{name}\b{_CLOSE}\s*(?:'s)?\s*(?:score|rating)?\s*(?:is|gets|[:=])?\s*{_OPEN}{_ALONE}"
    )
    return [match["score"] for match in re.finditer(pattern, text)]
