"""Numbers that a sentence contrasts with its own: "24 students, not 30"."""

from __future__ import annotations

import regex

from evalguard.scorers.contrast_words import AND_NOT, INSTEAD, NOT, NOT_BEHIND, NOT_GLUED
from evalguard.scorers.lazy_patterns import lazy_regex
from evalguard.scorers.negation import NEGATION

_NUMBER = r"[$€£¥₹]?\s?[-+]?\d(?:[\d.,]*\d)?+"
_UNIT = r"(?:\s?(?:%|[€£°]|\p{L}[\p{L}'’²³/-]*)){0,3}"
_GLUED_UNIT = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]{0,4}"
_FRONT = rf"(?:{NOT})"
_APART = rf"(?:{INSTEAD}|{AND_NOT})"
_AS = r"(?:\s(?:as|like|per|pro|wie|como|comme|come|как)\s[^.,;!?()\n\d]{1,40})?"
_ENDS = r"(?=[\s*_$]{0,6}(?:[.!。！।۔](?!\d)|\n|$))"
_CONTRAST = lazy_regex(
    rf"(?:[,，、;]|\s[–—-]{{1,2}})\s{{0,3}}{_FRONT}\s(?:to\s)?(?:the\s)?{_NUMBER}{_UNIT}{_AS}{_ENDS}"
    rf"|\s{_APART}\s{_NUMBER}{_UNIT}{_ENDS}"
    rf"|[(（]\s{{0,3}}{_FRONT}\s{_NUMBER}{_UNIT}\s{{0,3}}[)）]"
    rf"|\s[–—]\s{_FRONT}\s{_NUMBER}{_UNIT}\s[–—](?=\s)"
    rf"|[,，、]\s{{0,3}}{NOT_GLUED}\s{{0,3}}{_NUMBER}\s?{_GLUED_UNIT}{_ENDS}"
    rf"|[（(]\s{{0,3}}{NOT_GLUED}\s{{0,3}}{_NUMBER}\s?{_GLUED_UNIT}\s{{0,3}}[)）]"
    rf"|[(（]\s{{0,3}}{_NUMBER}(?:\s?[^\W\d]{{1,12}}?)?\s{{0,3}}{NOT_BEHIND}\s{{0,3}}[)）]"
    rf"|(?:[,，、،]\s{{0,3}}|(?<=지)\s){_NUMBER}(?:\s?[^\W\d]{{1,12}}?)?\s{{0,3}}{NOT_BEHIND}{_ENDS}",
    regex.I,
)
_SENTENCE = lazy_regex(r"[.!?؟](?=\s)|[。！？।۔\n]")
_DIGIT = lazy_regex(r"\d")
_REACH = 240


def without_contrasts(text: str) -> str:
    """Return a text without the numbers that a sentence denies behind its own.

    What is taken out leaves as many spaces. A sentence that denies before, or that says no
    number of its own, keeps them.

    Example:
        >>> without_contrasts("24 students, not 30.").split()
        ['24', 'students', '.']
        >>> without_contrasts("not 18 but 20"), without_contrasts("They are many, not 30.")
        ('not 18 but 20', 'They are many, not 30.')
    """
    return _CONTRAST.sub(_blank, text)


def _blank(found: regex.Match[str]) -> str:
    """Return spaces in place of a contrast, where a number that is not denied precedes it."""
    before = _SENTENCE.split(found.string[max(0, found.start() - _REACH) : found.start()])[-1]
    kept = _DIGIT.search(before) is None or NEGATION.search(before) is not None
    return found[0] if kept else " " * len(found[0])
