"""Check whether the rules cover the language of an answer."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_READ = frozenset(
    {"LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "CJK", "HIRAGANA", "KATAKANA", "HANGUL"}
)
_COMMON = """
a about all also am an and are as at be because been but by can could do does for from get has
have he her here his how i if in into is it its like may more my no not of on one or our out she
should so some such than that the their them then there these they this to up us use was we what
when where which who will with would yes you your
aber auf aus bei das dem den der des die durch ein eine einen er es für haben hat ich im ist kann
können man mit nach nicht oder sich sie sind und von war wenn werden wie wird zu zum zur
à au aux avec ce cette dans de des du elle en est et il je la le les mais ne nous on ou par pas
plus pour que qui sa se son sont sur un une vous
al como con cuando del el era es esta este la las lo los más muy no o para pero por puede que se
si sin son su sus también una y
anche che come con da dei del della di e è gli ha i il in la le lo ma nel non per più sono un una
ao com da das do dos e em essa foi isso mas na não nas no nos o os ou pela pode por quando são sua
tem uma você
ama ben bir bu çok da daha de değil gibi için ile kadar olan olarak ve ya
dat een en het hij ik is je kan maar met niet op te van voor wat zijn
ale co do i jak jest na nie o się to w z że
"""
_WORDS = frozenset(_COMMON.split())
_WORD = re.compile(r"[^\W\d_]+")
_ODD = re.compile(r"[{}=;<>\\|]")
LONG = 15
"""Minimum words of a text for a lack of common words to be evidence."""

COMMON_SHARE = 0.08


def is_read(plain: str) -> bool:
    """Return whether the rules know the script of a text and, in Latin letters, its language.

    Short texts and code count as read.

    Example:
        >>> is_read("i cannot help with that."), is_read("ฉันไม่สามารถช่วยได้")
        (True, False)
    """
    letters = [sign for sign in plain[:400] if sign.isalpha()]
    if not letters:
        return True
    if sum(_script(sign) in _READ for sign in letters) * 2 < len(letters):
        return False
    if sum(_script(sign) == "LATIN" for sign in letters) * 2 < len(letters):
        return True
    words = _WORD.findall(plain[:1000])
    if len(words) < LONG or len(_ODD.findall(plain[:1000])) * 12 > len(words):
        return True
    return sum(word in _WORDS for word in words) >= COMMON_SHARE * len(words)


@cache
def _script(sign: str) -> str:
    return unicodedata.name(sign, "?").split(" ")[0].split("-")[0]
