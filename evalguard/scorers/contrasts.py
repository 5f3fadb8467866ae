"""Numbers that a sentence contrasts with its own: "24 students, not 30"."""

from __future__ import annotations

import regex

from evalguard.scorers.lazy_patterns import lazy_regex
from evalguard.scorers.negation import NEGATION

_NUMBER = r"[$€£¥₹]?\s?[-+]?\d(?:[\d.,]*\d)?+"
_UNIT = r"(?:\s?(?:%|[€£°]|\p{L}[\p{L}'’²³/-]*)){0,3}"
_GLUED_UNIT = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]{0,4}"
_FRONT = (
    r"(?:not|and not|rather than|instead of|as opposed to|nicht|und nicht|statt|anstatt"
    r"|anstelle von|no|y no|en lugar de|en vez de|pas|et non(?: pas)?|et pas|non(?: pas)?"
    r"|au lieu de|plutôt que|não|e não|em vez de|ao invés de|e non|invece di|anziché"
    r"|не|а не|вместо|bukan|niet|in plaats van|nie|a nie|yerine|न कि|وليس|لا|بدلا من)"
)
_APART = (
    r"(?:rather than|instead of|as opposed to|statt|anstatt|en lugar de|en vez de|au lieu de"
    r"|plutôt que|em vez de|ao invés de|invece di|anziché|вместо|et non(?: pas)?|y no|e não|e non"
    r"|а не|and not|und nicht|न कि|وليس|بدلا من)"
)
_BEHIND = (
    r"(?:değil|नहीं|नही|ではありません|ではない|じゃない|でなく|(?:이|가) 아닙니다|(?:이|가) 아니다"
    r"|(?:이|가) 아니에요|아님)"
)
_AS = r"(?:\s(?:as|like|per|pro|wie|como|comme|come|как)\s[^.,;!?()\n\d]{1,40})?"
_ENDS = r"(?=[\s*_$]{0,6}(?:[.!。！।۔](?!\d)|\n|$))"
_CONTRAST = lazy_regex(
    rf"(?:[,，、;]|\s[–—-]{{1,2}})\s{{0,3}}{_FRONT}\s(?:to\s)?(?:the\s)?{_NUMBER}{_UNIT}{_AS}{_ENDS}"
    rf"|\s{_APART}\s{_NUMBER}{_UNIT}{_ENDS}"
    rf"|[(（]\s{{0,3}}{_FRONT}\s{_NUMBER}{_UNIT}\s{{0,3}}[)）]"
    rf"|\s[–—]\s{_FRONT}\s{_NUMBER}{_UNIT}\s[–—](?=\s)"
    rf"|[,，、]\s{{0,3}}(?:而)?(?:不是|并非|並非|而非)\s{{0,3}}{_NUMBER}\s?{_GLUED_UNIT}{_ENDS}"
    rf"|[（(]\s{{0,3}}(?:而)?(?:不是|并非|而非)\s{{0,3}}{_NUMBER}\s?{_GLUED_UNIT}\s{{0,3}}[)）]"
    rf"|[(（]\s{{0,3}}{_NUMBER}(?:\s?[^\W\d]{{1,12}}?)?\s{{0,3}}{_BEHIND}\s{{0,3}}[)）]"
    rf"|(?:[,，、،]\s{{0,3}}|(?<=지)\s){_NUMBER}(?:\s?[^\W\d]{{1,12}}?)?\s{{0,3}}{_BEHIND}{_ENDS}",
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
