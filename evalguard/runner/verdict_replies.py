"""Reads a verdict from a judge's reply, in the forms that models give it; or none.

A reply that can be taken either way holds no verdict: "Yes, this answer fails" is no yes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from evalguard.runner.reply_forms import (
    AROUND_WORD,
    CLOSE,
    LEAST_CONFIDENCE,
    OPEN,
    bracketed,
    is_denied,
    is_retracted,
    json_doubts,
    json_values,
    unfenced,
)
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
_AGAINST = (
    r"fail\w*|lack\w*|violat\w+|miss(?:es|ed|ing)|ignor\w+|omit\w*|contradict\w*|br(?:ea|o)k\w*|"
    r"neglect\w*|disregard\w*|overlook\w*|forg[eo]t\w*|skip\w*|evad\w+|dodg\w+|worse|worst|unmet|"
    r"wrong(?:ly)?|incorrect\w*|insufficient\w*|inadequate\w*|short of|falls short|far from|"
    r"loses|inferior"
)
"""What says of an answer that it is not good, right after a word that says that it is."""

_AGAINST_YES = re.compile(
    rf"\b(?:{_AGAINST}|not?|never|none|nothing|cannot|hardly|barely|neither|without|but|however|"
    r"although|though|except|unless|only|unfortunately|part(?:ly|ial\w*))\b|n't\b",
    re.IGNORECASE,
)
_AGAINST_NO = re.compile(
    r"\b(?:yes|meets|satisf\w+|fulfil\w*|is met|passes|compl(?:y|ies)|complied|adheres|respects|"
    r"(?<!not )correct(?:ly)?|(?<!not )fine|compliant|fully|exactly|perfect\w*|wrong|"
    r"fault\w*|objections?|complain\w*|issues?|but|however|although|though|except|unless|problem|doubt)\b",
    re.IGNORECASE,
)
_AGAINST_LETTER = re.compile(
    rf"\b(?:{_AGAINST}|(?:the|answer|response) (?:other|former|latter|first|second)|neither|both|"
    r"equal\w*|tie)\b",
    re.IGNORECASE,
)
_AGAINST_TIE = re.compile(r"\b(?:better|best|wins?|winner|prefer\w*|superior)\b", re.IGNORECASE)

_LEAD = re.compile(
    r"\W*(?:(?:so|thus|hence|therefore|then|overall|finally|and|yes or no|yes/no|a or b|no doubt"
    r"|in (?:short|summary|conclusion)|to (?:conclude|sum up)|i (?:would |will )?(?:say|answer|"
    r"choose|conclude|vote|reply))|(?:(?:so|thus|hence|therefore|then|and|the|this|that|my|our|your|a|an|one|is|it|final|overall|"
    r"short|brief|correct|careful|better|best|preferred|chosen|winning|own)\s+)*"
    r"(?:verdict|answer|decision|judge?ments?|judges?|conclusion|result|label|choice|winner|"
    r"preference|pick|vote|response|reply|assistant|model|option|output|evaluation|assessment|"
    r"classification|comparison|better|best|preferred|met|satisfied|fulfilled|"
    r"(?:does |the |this |answer |response |reply |meets? |satisf(?:y|ies) |fulfil(?:s|ls)? )*"
    r"criteri(?:on|a)(?: is| are)?(?: met| satisfied| fulfilled)?)"
    r"(?:\s+(?:is|are|was))?)\W*",
    re.IGNORECASE,
)
"""What may lead to a verdict after a colon: another word names something else, as in
"Harmful: Yes"."""

_NAMED = re.compile(r"(?:answer|assistant|model|option|output|response)[ _]+(.+)", re.IGNORECASE)


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
    text = unfenced(reply)
    values = json_values(text, _KEYS)
    if values is not None:
        verdict = _of_values(values, yes, no)
        return None if verdict is None or _doubted(text, verdict, yes, no) else verdict
    inside = bracketed(text)
    if inside is None:
        return None
    if inside:
        found = {_letter(one, yes, no) for one in inside}
        verdict = found.pop() if len(found) == 1 else None
        return None if _contradicts(text.rpartition("]]")[2], verdict, yes, no) else verdict
    whole = _word(text, yes, no)
    return whole if whole is not None else _in_sentence(text, yes, no)


def _of_values(values: Sequence[Any], yes: str, no: str) -> float | None:
    found = {_letter(value, yes, no) for value in values if isinstance(value, str)}
    if yes == "Yes":
        found |= {float(value) for value in values if isinstance(value, bool)}
    return found.pop() if len(found) == 1 else None


def _doubted(text: str, verdict: float, yes: str, no: str) -> bool:
    """Whether a JSON object gives another verdict under a similar key, or hardly believes in it."""
    for value in json_doubts(text, _KEYS):
        if value is None:
            return True
        if isinstance(value, str | bool):
            other = _of_values([value], yes, no)
            if other is not None and other != verdict:
                return True
        elif isinstance(value, int | float) and value < LEAST_CONFIDENCE:
            return True
    return False


def _letter(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of a text that can be nothing else: there, a small letter is one, too."""
    is_letter = len(yes) == 1 and re.fullmatch(r"\W*[a-z]\W*", text)
    return _word(text.upper() if is_letter else text, yes, no)


def _word(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of a text that is one word."""
    word = text.strip(AROUND_WORD)
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
    word = f"({re.escape(yes)}|{re.escape(no)})"
    colon = ":" if len(yes) > 1 else ""  # "A: too long" names an answer
    lines = re.finditer(rf":{CLOSE}\s*{OPEN}{word}{CLOSE}[.!]*{CLOSE}[ \t]*$", text, flags | re.M)
    last = list(lines)
    first = re.match(rf"{OPEN}{word}{CLOSE}\s*(?:[.!;{colon}\n]|[–—-]\s)", text, flags)
    found = {_word(match[1], yes, no) for match in last}
    if any(is_denied(text[: match.start()]) or not _leads(text, match.start()) for match in last):
        return None
    if first:
        begun = _word(first[1], yes, no)
        if _contradicts(text[first.end(1) :], begun, yes, no):
            return None
        found.add(begun)
    elif not last or text[last[-1].end() :].strip():
        return None
    return found.pop() if len(found) == 1 else None


def _leads(text: str, colon: int) -> bool:
    """Whether the words before a colon announce a verdict, and not a fact of their own."""
    return _LEAD.fullmatch(re.split(r"[,.;!?\n]|[–—-]\s", text[:colon])[-1]) is not None


def _contradicts(rest: str, verdict: float | None, yes: str, no: str) -> bool:
    """Whether what follows a verdict can be taken as another one."""
    if is_retracted(rest):
        return True
    if len(yes) > 1:
        if _says(no if verdict else yes, rest):
            return True
        return (_AGAINST_YES if verdict else _AGAINST_NO).search(rest) is not None
    if verdict not in (0.0, 1.0):
        return _AGAINST_TIE.search(rest) is not None
    other = no if verdict else yes
    return bool(_AGAINST_LETTER.search(rest) or re.search(rf"\b{other}\b", rest))


def _says(word: str, text: str) -> bool:
    """Whether a text has a word in one of the other languages; some write without spaces."""
    found = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.lower())
    return any(
        other in (text if "\u3040" <= other[0] <= "\u9fff" else found)
        for other in _OTHER_WORDS[word]
    )
