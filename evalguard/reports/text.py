"""Make text that a model wrote safe to show.

A model can emit anything: terminal escape sequences, NUL, overrides of the writing direction, ten
megabytes. All text is passed through :func:`visible` and :func:`shorten` before it is shown.
"""

from __future__ import annotations

import unicodedata

_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_KEPT_CONTROLS = frozenset("\n\t")
_HEAD_SHARE = 0.6


def visible(text: str) -> str:
    r"""Replace every character that could affect the display with a visible one.

    Args:
        text: Text of a model or of a data set.

    Returns:
        The text with control characters as control pictures, direction overrides and lone
        surrogates as escapes; line breaks and tabs stay.

    Example:
        >>> visible("a\x1b[31mb\u202ec")
        'a␛[31mb\\u202ec'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_character(character) for character in text)


def _visible_character(character: str) -> str:
    if character in _KEPT_CONTROLS:
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character in _DIRECTION_OVERRIDES or unicodedata.category(character) in ("Cc", "Cs"):
        return f"\\u{code:04x}"
    return character


def shorten(text: str, limit: int) -> str:
    """Keep the head and the tail of a long text and say how much is left out.

    The tail matters as much as the head: the question is at the end of a few-shot prompt.

    Args:
        text: Any text.
        limit: Characters of it to keep, at least 2.

    Example:
        >>> shorten("abcdefghij", 5)
        'abc … (5 characters left out) … ij'
    """
    if len(text) <= limit:
        return text
    head = max(1, round(limit * _HEAD_SHARE))
    tail = limit - head
    left_out = f" … ({len(text) - limit:,} characters left out) … "
    return text[:head] + left_out + text[len(text) - tail :]


def one_line(text: str, limit: int) -> str:
    r"""Return a text on one line, made visible and shortened; line breaks show as ``↵``.

    Example:
        >>> one_line("yes\nno", 40)
        'yes ↵ no'
    """
    shown = visible(shorten(text, limit)).strip("\n")
    return shown.replace("\n", " ↵ ").replace("\t", " ")
