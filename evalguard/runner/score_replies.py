"""Reads scores from a judge's reply, in the forms that models give them; or none.

A score is read where the reply has a form for it: alone, in double brackets, in JSON, ``8/10`` or
``Score: 8`` in a line of its own. Numbers in a sentence are none, and neither is a score that
another number of the scale follows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from evalguard.runner.reply_forms import (
    AROUND_NUMBER,
    CLOSE,
    OPEN,
    Found,
    introduced,
    is_new_sentence,
    is_quoted,
    is_refusal,
    is_retracted,
    object_in,
    words_of,
)
from evalguard.runner.reply_slots import Slots, parts_of, slots, tidied
from evalguard.scorers.lazy_patterns import lazy_re
from evalguard.tasks.scales import NUMBER, Scale

_TOTAL = rf"\s*(?:/|out of|of|von)\s*{NUMBER}"
_SCORE = rf"{NUMBER}(?:{_TOTAL}|\s*[%％])?"
_NUMBERS = lazy_re(rf"(?<![\d.,])(?:[\d.,]*\d,\d{{3}}(?!\d)|{_SCORE})")
_ENDS = rf"{CLOSE}[.!]?{CLOSE}\s*$"
_EXPLAINED = rf"{CLOSE}(?:[.!;]{CLOSE}\s+\S.*|\s+[–—-]\s.*|\s*\n.*)"
_LABEL = (
    r"[\s>#*_`-]*(?:(?:final|overall|total|my|the)\s+)?"
    r"(?:score|rating|grade|bewertung|note|punktzahl|puntuación|puntaje|nota|calificación|punteggio|"
    r"voto|pontuação|cijfer|ocena|оценка|балл|puan|评分|评价|分数|得分|点数|スコア|評価|점수|평점|"
    r"الدرجة|التقييم|अंक|स्कोर)"
    rf"\s*(?:\([^()\n]*\))?\s*{CLOSE}\s*[:=]\s*{CLOSE}\s*{OPEN}"
)
_LABELLED = lazy_re(rf"^{_LABEL}(?P<score>{_SCORE}){CLOSE}[.!]?{CLOSE}[ \t]*$", re.I | re.M)
_FIRST = lazy_re(
    rf"^(?:{_LABEL}(?P<labelled>{_SCORE})|{OPEN}(?P<total>{NUMBER}{_TOTAL})){_EXPLAINED}$",
    re.IGNORECASE | re.DOTALL,
)
_LAST_TOTAL = lazy_re(rf"(?:^|\n)[ \t]*{OPEN}(?P<score>{NUMBER}{_TOTAL}){_ENDS}")
_TWO = lazy_re(rf"^\W*({_SCORE})(?:\s*[,;|&]\s*|\s+(?:and\s+)?)({_SCORE}){_ENDS[:-1]}(?:\n|$)")
_KEY = lazy_re(
    r"(?:(?:final|overall|total) )?(?:score|rating|grade|verdict|points|value|result)|"
    r"answer|evaluation|bewertung|note|nota|puntuación|оценка"
)
_WORDS = {
    word: str(value)
    for value, words in enumerate((
        ("zero", "null", "zéro", "cero"), ("one", "eins", "un", "uno", "一"),
        ("two", "zwei", "deux", "dos", "二"), ("three", "drei", "trois", "tres", "三"),
        ("four", "vier", "quatre", "cuatro", "四"), ("five", "fünf", "cinq", "cinco", "五"),
        ("six", "sechs", "seis", "六"), ("seven", "sieben", "sept", "siete", "七"),
        ("eight", "acht", "huit", "ocho", "八"), ("nine", "neun", "neuf", "nueve", "九"),
        ("ten", "zehn", "dix", "diez", "十"),
    ))
    for word in words
}  # fmt: skip


def read_score(reply: str, scale: Scale) -> float | None:
    """Return the one score of a reply, without the judge's reasoning; or ``None``.

    Example:
        >>> scale = Scale(1, 10, pass_from=7)
        >>> [read_score(text, scale) for text in ("**8**", "Rating: [[9]]", "7/10. It refuses.")]
        [8.0, 9.0, 7.0]
        >>> [read_score(text, scale) for text in ("12", "4/5", "7 to 8", "It must be 7.")]
        [None, None, None, None]
    """
    parts = parts_of(reply)
    if parts is None:
        return None
    text, inside, found = parts
    if inside.values:
        score = _only({_alone(one, scale) for one in inside.values})
        return score if not _others(inside.after, scale, score) else None
    if found is not None:
        score = _only({scale.read(str(value)) for value in _values(found)})
        if not introduced(found.before) or not is_new_sentence(found.after):
            return None
        return None if is_retracted(found.after) or _others(found.after, scale, score) else score
    whole = _alone(text, scale)
    return whole if whole is not None else _of_line(text, scale)


def read_two_scores(reply: str, scale: Scale) -> tuple[float, float] | None:
    """Return the scores of the answers A and B; or ``None``.

    Example:
        >>> scale = Scale(1, 10)
        >>> read_two_scores("A: 8/10, B: 6/10", scale), read_two_scores("8 6", scale)
        ((8.0, 6.0), (8.0, 6.0))
    """
    text = tidied(reply)
    if text.startswith(("{", "[")) and not text.startswith("[["):
        first, second = _pair_of_json(text, scale)
    else:
        named = _of_names(re.sub(r"\[\[([^\[\]]*)\]\]", r"\1", text), scale)
        inside = Slots(()) if all(named) else slots(text)
        if inside is None:
            return None
        alone = " ".join(inside.values) if inside.values else text
        line = _TWO.match(alone)
        rest = inside.after if inside.values else alone[line.end() :] if line else ""
        if line and (is_retracted(rest) or is_refusal(rest) or _others(rest, scale, None)):
            return None
        first, second = ({line[1]}, {line[2]}) if line else named
    scores = [_only({scale.read(one) for one in found}) for found in (first, second)]
    return None if None in scores else (scores[0] or 0.0, scores[1] or 0.0)


def _alone(text: str, scale: Scale) -> float | None:
    """Return the score that a text is, in digits or as a word."""
    bare = text.rstrip(AROUND_NUMBER).lstrip(AROUND_NUMBER.replace(".", ""))
    return scale.read(_WORDS.get(bare.lower(), bare))


def _values(found: Found) -> list[Any]:
    """Return the values under the keys of scores, of which one with "final" outweighs no other."""
    return [value for key, value in found.pairs if _KEY.fullmatch(words_of(key))]


def _of_line(text: str, scale: Scale) -> float | None:
    """Return the score of the first or the last line, where no other competes with it."""
    labelled = list(_LABELLED.finditer(text))
    score = _only({scale.read(match["score"]) for match in labelled})
    if labelled and not text[labelled[-1].end() :].strip():
        return None if is_quoted(text[: labelled[-1].start()]) else score
    if last := _LAST_TOTAL.search(text):
        score = scale.read(last["score"])
        is_own = not is_quoted(text[: last.start("score")].rstrip("*_`(["))
        return score if is_own and not _others(text, scale, score) else None
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


def _pair_of_json(text: str, scale: Scale) -> tuple[set[str], set[str]]:
    found = object_in(text)
    if found is not None:
        after = found.after
        if not is_new_sentence(after) or is_retracted(after) or _others(after, scale, None):
            return set(), set()
        first, second = (
            {str(value) for key, value in found.pairs if words_of(key) in _names_of(letter)}
            for letter in "ab"
        )
        return first, second
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return set(), set()
    return ({str(data[0])}, {str(data[1])}) if len(data) == 2 else (set(), set())


def _names_of(letter: str) -> set[str]:
    others = ("score", "answer", "rating", "assistant", "response", "model")
    return {letter, *(f"{other} {letter}" for other in others), f"{letter} score"}


def _of_names(text: str, scale: Scale) -> tuple[set[str], set[str]]:
    """Return what stands after the name of each answer and a colon."""
    found = list(_named(text))
    if not found:
        return set(), set()
    region = text[found[0].start() :]
    for match in found:
        region = region.replace(match[0], " ", 1)
    before, after = text[: found[0].start()], text[found[-1].end() :]
    if is_quoted(before) or is_retracted(after) or not is_new_sentence(after):
        return set(), set()
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
