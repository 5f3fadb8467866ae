"""Words by Unicode's rules: what counts as one, and where one ends."""

from __future__ import annotations

from functools import lru_cache

import regex

from evalguard.scorers.extract import normalise
from evalguard.scorers.lazy_patterns import lazy_regex

UNSPACED = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"\u3005-\u3007\u30fc\uff70"
)
"""Scripts written without spaces, for a regex set; each grapheme cluster counts as a word."""

_WORD = lazy_regex(
    rf"(?=[{UNSPACED}])\X"
    r"|(?=[\p{Extended_Pictographic}\p{So}])\X"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d]--[{UNSPACED}]]+",
    regex.V1,
)
_UNSPACED_WORD = lazy_regex(rf"(?=[{UNSPACED}])\X")
_SCRIPTS = (
    ("katakana", regex.compile(r"[\p{Katakana}\u30fc\uff70]")),
    ("unspaced", regex.compile(rf"[{UNSPACED}]")),
    ("hangul", regex.compile(r"\p{Hangul}")),
    ("spaced", regex.compile(r"[\p{L}\p{M}\p{N}]")),
)
_INNER = lazy_regex(r"[\p{M}\p{Emoji_Modifier}\u200c\u200d\ufe0f\U000e0020-\U000e007f]")
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Letters in pairs, each a flag."""
_PARTICLES = lazy_regex(
    r"(?:입니다|이다|이에요|예요|에서|에게|으로|까지|부터|이고|이며|이라고|라고|이라는|라는|처럼|보다"
    r"|이었습니다|였습니다|이었다|였다|한테|께서|이나|이랑|은|는|이|가|을|를|의|에|로|와|과|도|만|야|들)"
    r"{1,2}(?!\p{Hangul})"
)
_OPERAND_ENDS = r"(?<=[\p{N})\]}]\s?|(?<![\p{L}\p{M}])\p{L}\s?)"
_OPERAND_BEGINS = r"(?=\s?(?:[\p{N}(\\.]|\p{L}(?![\p{L}\p{M}])))"
_TERM_SIGN = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}])-(?=[\p{{N}}\\(]|\p{{L}}\b|\.\p{{N}}|\$)"
    rf"|{_OPERAND_ENDS}(?:[+×÷/^≠≤≥±]|-(?=\s?[\p{{N}}(\\])|[<>=!]=?|\s\*\s"
    rf"|\*(?=\p{{N}})){_OPERAND_BEGINS}"
    r"|(?<=(?<![\p{L}\p{N}])\p{L}{1,3}\p{N}{0,2})(?:\+{1,2}|#)(?![\p{L}\p{N}])"
    r"|(?<=(?<![\p{L}\p{N}])\p{L}{1,2}\p{N}{0,2})-(?=[.,;:!?)]|\Z)"
    r"|(?<![\p{L}\p{N}])(?:[<>]=?|[≤≥≠√¬±])(?=\s?[\p{N}\p{L}-])"
    r"|(?<=\p{N}\s?)[%‰]|[€£¥₹]|(?<![\p{L}\p{N}])\$(?=\p{N}[\p{N}.,]*(?![\p{N}.,$^_\\+*/=-]))"
)
_NUMBER_SIGNS = ".,٫٬:/^"
_HAN_DIGITS = "〇零一二三四五六七八九两兩"
_HAN_UNITS = "十百千廿卅"
_HAN_MYRIADS = "万萬億亿兆"
_HAN_NUMBER = frozenset(_HAN_DIGITS + _HAN_UNITS + _HAN_MYRIADS)
_HAN_PREFIX = lazy_regex("[千兆百](?:克|米|瓦|卡|赫|帕|焦|字節|字节)")
"""Units such as the kilogram, whose first sign is no part of the number before it."""


def words(text: str) -> list[str]:
    """Return the words of a text, case folded, without punctuation.

    Combining marks and joiners belong to their word. In scripts without spaces between words
    (Chinese, Japanese, Thai, Lao, Khmer, Burmese) each grapheme cluster is a word, and so is each
    pictograph. Equal to rouge-score's tokens on ASCII text without underscores.

    Example:
        >>> words("दिल मज़बूत है!"), words("今天 OK")
        (['दिल', 'मज़बूत', 'है'], ['今', '天', 'ok'])
    """
    return _WORD.findall(normalise(text).replace("_", " "))


def signs(text: str) -> list[str]:
    """Return the grapheme clusters of a text that is made of signs alone, such as "!=" or "→"."""
    kept = normalise(text) or text
    return [one for one in regex.findall(r"\X", kept) if not one.isspace()]


def terms_signs(text: str) -> list[str]:
    """Return the signs of a text's numbers and terms: minus, operators, per cent, currencies.

    A hyphen between words and emphasis are none.

    Example:
        >>> terms_signs("-3 well-known x + 1, 5%"), terms_signs("**well-known** (x)")
        (['-', '+', '%'], [])
    """
    return [found[0] for found in _TERM_SIGN.finditer(normalise(text))]


def spaced(text: str) -> str:
    """Return a text with each word of the scripts without spaces set apart, for tokenizers.

    Example:
        >>> spaced("我爱 Paris")
        ' 我  爱  Paris'
    """
    return text if text.isascii() else _UNSPACED_WORD.sub(r" \g<0> ", text)


def holds(text: str, wanted: str, *, whole_words: bool = True) -> bool:
    """Return whether a text holds another, at the boundaries of words and numbers if asked.

    Between characters of scripts without spaces every place is a boundary, as nothing in the text
    tells, but not within a number such as 十三; a Korean particle does not belong to the noun
    before it.

    Example:
        >>> holds("i know", "no"), holds("我住在北京", "北京"), holds("12.5", "5")
        (False, True, False)
    """
    start = text.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not whole_words or (
            is_boundary(text, start) and (is_boundary(text, end) or _particle(text, wanted, end))
        ):
            return True
        start = text.find(wanted, start + 1)
    return False


def is_boundary(text: str, index: int) -> bool:
    """Return whether no word and no number runs across a place in a text."""
    if not 0 < index < len(text):
        return True
    before, after = text[index - 1], text[index]
    if _INNER.match(after) or before == "\u200d":
        return False
    if after in _FLAG_LETTERS:
        near = text[max(0, index - 200) : index]
        return (len(near) - len(near.rstrip(_FLAG_LETTERS))) % 2 == 0
    if _within_han_number(text, index):
        return False
    kind = _kind(before)
    if kind and kind == _kind(after):
        return kind == "unspaced"
    return not _within_number(text, index)


def _within_han_number(text: str, index: int) -> bool:
    """Return whether a place lies within a number such as 十三, 三点五 or 5万."""
    before, after = text[index - 1], text[index]
    if _HAN_PREFIX.match(text, index):
        return False
    if before in _HAN_NUMBER:
        pointed = after in "点點" and text[index + 1 : index + 2] in _HAN_NUMBER
        return after in _HAN_NUMBER or pointed
    if before in "点點":
        return after in _HAN_NUMBER and text[max(0, index - 2)] in _HAN_NUMBER
    return before.isdecimal() and after in _HAN_MYRIADS


def _within_number(text: str, index: int) -> bool:
    """Return whether a place is next to the point, comma, bar or sign of a number."""
    if text[index].isdecimal() and text[index - 1] in "-−":
        return index < 2 or text[index - 2].isspace()
    for sign in (index - 1, index):
        inside = 0 < sign < len(text) - 1 and text[sign] in _NUMBER_SIGNS
        if inside and text[sign - 1].isdecimal() and text[sign + 1].isdecimal():
            around = text[max(0, sign - 20) : sign + 20]
            return text[sign] != "," or not regex.search(r"\d,\d{1,2},\d{1,2}(?!\d)", around)
    return False


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    """Return which kind of script a character is of; nothing where it belongs to no word."""
    return next((name for name, pattern in _SCRIPTS if pattern.match(char)), "")


def _particle(text: str, wanted: str, end: int) -> bool:
    """Return whether Korean particles follow; a lone syllable could as well begin a word."""
    if _kind(wanted[-1]) != "hangul":
        return False
    found = _PARTICLES.match(text, end)
    return found is not None and (len(wanted) > 1 or len(found[0]) > 1)
