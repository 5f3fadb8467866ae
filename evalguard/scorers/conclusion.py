r"""Is a sentence's last number its result, or does it only explain another number in it?

"She has 5 left, since she ate 7" comes to no 7. So a number counts only where it is the only
one of its sentence, a calculation or a phrase such as "so" leads to it, or the others stand in a
condition before it. In a language whose words are not known here, a sentence of several
numbers comes to none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import regex

from evalguard.scorers import conclusion_words as words
from evalguard.scorers.confirmed import confirmed
from evalguard.scorers.lazy_patterns import lazy_regex
from evalguard.scorers.number_words import UNIT_LETTERS
from evalguard.scorers.numbers import Number

MAX_SENTENCE_CHARS = 1000
"""The most of a sentence that is looked at before its last number."""

_SENTENCE = lazy_regex(r"[.!?؟](?=\s)|[。！？।۔\n]")
_MARKER = lazy_regex(r"[\s>*_#-]*(?:step\s*)?\d{1,2}[.):]\s|[\s>*_#-]*step\s+\d{1,2}", regex.I)
_RESULT_SIGN = lazy_regex(r"(?<![<>!≠])=>?|[≈→⇒➜∴]|\\approx|\[/INST\]|\|>")
_NEXT_VARIABLE = lazy_regex(
    r"(?:[,;、，]|\b(?:and|or|und|et|y|e|и)\b|和)\s*\$?\\?[a-z](?:_\{?\w\}?)?\s*=[^=]*$", regex.I
)
_LABEL = lazy_regex(r"\p{L}[\p{L}\s()*]{0,40}[:：][\s*_$€£¥₹~≈]*$")
_PHRASE_WORDS = 2
"""Words behind a number that opens a sentence, of which more make a clause."""

_COMMA = lazy_regex(r"[,，、،]")
_EQUALS = lazy_regex(r"(?<![<>!≠])=(?!>)|\b(?:equals|is equal to)\b")
_FORMULA = lazy_regex(
    r"(?:(?<![\p{Latin}\p{Greek}\p{Cyrillic}\d])[\d.]*+[ ]?[a-zA-Z](?:\^\{?\d\}?"
    r"|[²³])?(?![\p{L}'’])"
    r"|[\d.]++|[-+×*/÷()\s−$])++$"
)
_UNKNOWN = lazy_regex(
    r"(?:\d\s?|[-+×*/÷]\s*\(?)(?!x\s?[$\d(])[a-zA-Z](?!\p{L})|[a-zA-Z](?:\^|[²³]|\s*\)?\s*[-+×*/÷])"
)
_DIGITS = lazy_regex(r"\d[\d.,]*")
_UNIT_LETTER = lazy_regex(rf"(?<=\d)\s?[{''.join(sorted(UNIT_LETTERS))}](?!\p{{L}})")
_SIGNED = lazy_regex(r"(?:=|≈|<<[^<>\n]{1,30}>>)[\s$€£¥*_]*$")
_PHRASE = lazy_regex(
    r"[\s*_]*(?:[\p{L}'’-]+\s+){0,5}?(?:for|in|after|within|over|out of|of|from|to|at|per"
    r"|before|during|until|every|on|more|less|fewer|by)\s[^=≈→]*",
    regex.I,
)
_LISTED = lazy_regex(r"\\?[(\[{⟨][-+\d\s,.;|a-z/]{1,60}\\?[)\]}⟩]")
_RANGE = lazy_regex(
    r"[\s*_]*[\p{L}%°]*[\s*_]*(?<!\p{L})(?:to|or|until|through|of)\s+[$€£]?\d", regex.I
)
_ENTRY = lazy_regex(
    r"[ \t>]*(?P<mark>[-*•|]?)[ \t]*[*_]{0,2}\p{L}[^:：=|\n]{0,60}?[*_]{0,2}\s*[:：|][\s*_$€£¥]*"
)
_ENTRY_LINE = lazy_regex(_ENTRY.pattern + r"\d[^:：|\n]{0,30}\|?\s*")
_BOLD = lazy_regex(r"\*\*[^*\n\d]{0,40}$")
_BOLD_END = lazy_regex(r"[^*\n\d]{0,40}\*\*")


def conclusion(text: str, found: Sequence[Number]) -> Number | None:
    """Return the number that a text comes to; ``None`` where it does not come to one.

    That is its last number, or a result that only further words with numbers follow.

    Args:
        text: The text as :func:`evalguard.scorers.numbers.as_ascii` returns it.
        found: Its numbers in order, at least one.

    Example:
        >>> from evalguard.scorers.numbers import scan
        >>> said = "So she pays 2 × 4 = 8 dollars for 2 of them."
        >>> conclusion(said, [*scan(said)]).value
        8.0
    """
    if concludes(text, found):
        return found[-1]
    opening = _opening(text, found[-1].start)
    if (told := confirmed(text, opening, found)) is not None:
        return told
    results = [one for one in found if one.start > opening and behind_sign(text, one.start)]
    if not results or not math.isfinite(results[-1].value) or _unsolved(text, results[-1].start):
        return None
    stop = _SENTENCE.search(text, found[-1].end)
    rest = text[results[-1].end : stop.start() if stop is not None else len(text)]
    further = _PHRASE.fullmatch(rest) and not _RANGE.match(rest) and not words.APART.search(rest)
    return results[-1] if further else None


def behind_sign(text: str, start: int) -> bool:
    """Return whether nothing but a currency stands between a sign of a result and a place."""
    return _SIGNED.search(text, max(0, start - 40), start) is not None


def concludes(text: str, found: Sequence[Number]) -> bool:
    """Return whether the sentence of the last number comes to it.

    Args:
        text: The text as :func:`evalguard.scorers.numbers.as_ascii` returns it.
        found: Its numbers in order, at least one.

    Example:
        >>> from evalguard.scorers.numbers import scan
        >>> said = ("5 are left, since 7 were eaten", "12 - 7 = 5", "If 7 are eaten, 5 remain")
        >>> [concludes(one, [*scan(one)]) for one in said]
        [False, True, True]
    """
    last = found[-1]
    if _unsolved(text, last.start) or _entry_of_a_list(text, last.start):
        return False
    opening = _opening(text, last.start)
    before = text[opening : last.start]
    listed = [one.span() for one in _LISTED.finditer(before)]
    others = [
        one
        for one in found[:-1]
        if one.end > opening
        and not one.same(last)
        and not any(start < one.start - opening < end for start, end in listed)
    ]
    if not others:
        return True
    between = text[others[-1].end : last.start]
    return (
        _calculated(between)
        or (words.SO.search(between) is not None and words.PART_OF.search(between) is None)
        or _LABEL.search(before) is not None
        or words.TOTAL_AFTER.match(text, last.end) is not None
        or (words.BUT.search(between) is not None and words.NOT.search(before) is not None)
        or (words.VERB.search(between) is not None and words.APART.search(between) is None)
        or words.MOVES.search(before) is not None
        or (_BOLD.search(between) is not None and _BOLD_END.match(text, last.end) is not None)
        or _follows_aside(before, others[-1].end - opening)
    )


def _unsolved(text: str, start: int) -> bool:
    """Return whether a number is a side of an equation that is still to be solved: "3x = 6"."""
    line = text[max(0, start - 200) : start].rsplit("\n", 1)[-1].replace("**", "")
    sides = _EQUALS.split(line)
    if len(sides) < 2 or sides[-1].strip(" \t$*-+("):
        return False
    formula = _FORMULA.search(sides[-2])
    if formula is None or len(sides) > 2:
        return False
    glued = formula[0][:1].strip() and sides[-2][: formula.start()][-1:]
    if glued and glued.isascii() and glued.isalpha():
        return False  # the "/h" of "60 km/h"
    return _UNKNOWN.search(_without_units(formula[0])) is not None


def _without_units(formula: str) -> str:
    """Return a formula without units of one letter, where its numbers have them: "60 L - 18 L"."""
    numbers, units = len(_DIGITS.findall(formula)), len(_UNIT_LETTER.findall(formula))
    scaled = not any(sign in formula for sign in "+-−")
    return (
        _UNIT_LETTER.sub("", formula) if numbers > 1 and (units == numbers or scaled) else formula
    )


def _entry_of_a_list(text: str, start: int) -> bool:
    """Return whether a number is an entry of a list and none is called the total: "Tables: 9"."""
    *lines, line = text[max(0, start - 400) : start].split("\n")
    above = next((one for one in reversed(lines) if one.strip()), "")
    entry, other = _ENTRY.fullmatch(line), _ENTRY_LINE.fullmatch(above)
    if entry is None or other is None or words.TOTAL.search(line):
        return False
    return entry["mark"] == other["mark"] or words.TOTAL.search(above) is not None


def _opening(text: str, start: int) -> int:
    """Return where the sentence of a place begins, the number of a step aside."""
    ends = [
        one.end() for one in _SENTENCE.finditer(text, max(0, start - MAX_SENTENCE_CHARS), start)
    ]
    opening = ends[-1] if ends else max(0, start - MAX_SENTENCE_CHARS)
    marker = _MARKER.match(text, opening, start)
    return opening if marker is None else marker.end()


def _calculated(between: str) -> bool:
    """Return whether a sign of a result stands between, and not that of another variable."""
    sign = _RESULT_SIGN.search(between) is not None
    return sign and _NEXT_VARIABLE.search(between) is None


def _follows_aside(before: str, reach: int) -> bool:
    """Return whether the other numbers, up to ``reach``, are in a condition before a clause."""
    if words.OPENS_ASIDE.match(before) is None:
        return False
    comma = next(_COMMA.finditer(before, reach), None)
    if comma is None:  # "In 3 days she reads"
        rest = before[reach:]
        return len(rest.split()) > _PHRASE_WORDS and words.APART.search(rest) is None
    rest = before[comma.end() :]
    return words.NOT_MAIN.match(rest) is None and words.APART.search(rest) is None
