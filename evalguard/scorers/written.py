"""How human labels and texts are compared, regardless of what their file or editor changed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_ALIKE = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f"), '"'),
    **dict.fromkeys(map(ord, "\u00a0\u202f\u2007"), " "),
    **dict.fromkeys(map(ord, "\u2212\u2010\u2011\ufe63"), "-"),
    **dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u200e\u200f\u00ad"), None),
}
"""Characters that editors put in place of others, and ones without a width."""

_SHADES = dict.fromkeys((0xFE0F, *range(0x1F3FB, 0x1F400)), None)
"""What changes the look of a sign and not its meaning."""

_QUOTES = "\"'«»"
_ENDED = re.compile(r"(.*\w)[.!。！]+")
"""A word, or words, with the end of a sentence."""


def written(value: Any) -> str:
    """Return a value as labels are compared: ``1.0`` and ``"1"`` are one, and case does not count.

    Neither do the quotes around it, the forms that Unicode has for one character, its blanks, or a
    full stop behind words.

    Example:
        >>> [written(value) for value in (1, "1.0", True, " Yes ", None, 1.5)]
        ['1', '1', 'true', 'yes', 'null', '1.5']
        >>> [written(value) for value in ("\u2212\uff11", "\u201cno\u201d", "refuse\u0301", "No.")]
        ['-1', 'no', 'refusé', 'no']
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = unicodedata.normalize("NFKC", str(value)).translate(_ALIKE | _SHADES)
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) > 2 and text[0] in _QUOTES and text[-1] in _QUOTES:
        text = text[1:-1].strip()
    if _NUMBER.fullmatch(text):
        return f"{float(text):.15g}"
    ended = _ENDED.fullmatch(text)
    return (ended[1] if ended else text).lower()


def comparable(text: str) -> str:
    r"""Return a text as it is compared with a copy of itself that another program has stored.

    Blanks at the end of a line, line ends and an editor's quotes do not make another text of it.

    Example:
        >>> comparable("Don\u2019t.\u00a0 \r\n") == comparable("Don't.")
        True
        >>> comparable("cafe\u0301") == comparable("café"), comparable("a b") == comparable("ab")
        (True, False)
    """
    text = unicodedata.normalize("NFC", text).translate(_ALIKE)
    lines = re.split(r"\r\n|\r|\n", text)
    return "\n".join(line.rstrip() for line in lines).strip()
