"""Check whether the rules cover the language of an answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

from evalguard.scorers.language_words import OTHER, READ
from evalguard.scorers.lazy_patterns import lazy_re

_EASTERN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})
_SCRIPTS = _EASTERN | {"LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI"}
_SHARED: frozenset[str] = frozenset().union(*READ.values())
_WORD = lazy_re(r"[^\s\d.,;:!?…()\[\]{}\"“”„«»।॥،؛؟|/*#=<>+_–—-]+")
_ODD = lazy_re(r"[{}=;<>\\|]")
_LISTED = lazy_re(r"[,;/|\n]|\band\b")
# Letters of Cyrillic and Arabic that Russian and Arabic lack.
_FOREIGN = lazy_re(r"[іїєґўјљњћђџѓќѕәғқңөұүһҷӣӯҳў]|[پچژگکیٹڈڑںےہھۀەێۆ]")
_CANTONESE = lazy_re(r"[唔嘅冇咗哋喺嘢啲佢嚟]")
_ENDING = lazy_re(r"\w{3,}(?:ing|tions?|ness|ful|less|ment|ly|ed|ism|ity|ous|able)$")

SHORT = 4
"""Words up to which a text without any known one passes for an answer: a name, or a few nouns."""

LONG = 15
"""Words from which a text needs a share of common words, not just one."""

COMMON_SHARE = 0.08

_AMBIGUOUS = frozenset(
    ("a", "ai", "as", "co", "da", "de", "do", "du", "e", "en", "es", "et", "i", "il", "ja", "je",
     "ki", "la", "le", "li", "lo", "ma", "me", "mi", "na", "ne", "no", "o", "on", "or", "se", "si",
     "ta", "te", "to", "tu", "u", "w", "y", "z")
)  # fmt: skip
"""Words that several languages share: one of them does not identify a text's language."""

_DISTINCT = 5
_DISTINCT_IN_LONG = 2
"""Letters of a word that tells a language by itself, in a short text and in a longer one."""


def is_read(plain: str) -> bool:
    """Return whether the rules read the language of a text, judged by script and common words.

    Code, numbers, lists of nouns and short texts of unknown words pass.

    Example:
        >>> is_read("i cannot help with that."), is_read("ฉันไม่สามารถช่วยได้")
        (True, False)
        >>> is_read("det kan jeg ikke hjælpe med."), is_read("kamala harris")
        (False, True)
    """
    letters = [sign for sign in plain[:400] if sign.isalpha()]
    if not letters:
        return True
    scripts = [_script(sign) for sign in letters]
    if sum(script in _SCRIPTS for script in scripts) * 2 < len(letters):
        return False
    words = _WORD.findall(plain[:1000])
    if len(_ODD.findall(plain[:1000])) * 12 > len(words):
        return True
    if sum(script in _EASTERN for script in scripts) * 2 > len(letters):
        return not _CANTONESE.search(plain[:400])
    return _is_known(plain, words)


def _is_known(plain: str, words: Sequence[str]) -> bool:
    """Return whether the words of a text are more likely those of a language that is read."""
    read, other = _most(words, READ), _most(words, OTHER)
    foreign = [word for word in words if _FOREIGN.search(word)]
    told = [word for word in other if word not in _SHARED] + foreign
    short = len(words) <= SHORT
    letters = _DISTINCT if short else _DISTINCT_IN_LONG
    telling = len(told) > 1 or any(len(word) >= letters or not word.isascii() for word in told)
    most = max(len(other), len(foreign))
    if telling and (most > len(read) or (most == len(read) and not short)):
        return False
    if short:
        return True
    if len(read) < 2 and _AMBIGUOUS.issuperset(read):
        return _is_list(plain) or sum(map(bool, map(_ENDING.match, words))) * 4 >= len(words)
    return len(words) < LONG or len(read) >= COMMON_SHARE * len(words)


def _most(words: Sequence[str], table: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the words of the language that has most of them."""
    found = ([word for word in words if word in known] for known in table.values())
    return max(found, key=len)


def _is_list(plain: str) -> bool:
    """Return whether a text lists things, each in a few words."""
    items = [len(_WORD.findall(item)) for item in _LISTED.split(plain)]
    return len(items) > 1 and max(items) <= SHORT


@cache
def _script(sign: str) -> str:
    return unicodedata.name(sign, "?").split(" ")[0].split("-")[0]
