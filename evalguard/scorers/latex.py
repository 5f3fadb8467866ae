r"""LaTeX as it reads: ``\boxed{\text{B}}`` is B, ``1{,}234`` is 1,234."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evalguard.scorers.lazy_patterns import lazy_re

MAX_NESTING = 8
"""Commands that stand within each other are resolved to this depth."""

_FONTS = (
    "boxed|fbox|framebox|text|textbf|textit|textrm|textsf|texttt|textnormal|textup|emph|underline"
    "|mathbf|mathrm|mathit|mathsf|mathtt|mathnormal|mathbb|mathcal|bm|boldsymbol|mbox|hbox"
    "|operatorname|ensuremath|displaystyle|textstyle"
)
_FONT = lazy_re(rf"\\(?:{_FONTS})\*?[ \t]*\{{([^{{}}]*)\}}")
_SWITCH = lazy_re(
    r"\\(?:displaystyle|textstyle|bfseries|bf|rm|it|tt|left|right|[bB]igg?[lr]?)(?![a-zA-Z])[ \t]*"
    r"|\\(?:!|/|limits(?![a-zA-Z]))|\\(?:boxed|fbox)[ \t]+(?![{ \t])"
)
_PART = r"[ \t]*(?:\{[ \t]*([-+−]?[\d.,\u202f]{1,60}+)[ \t]*\}|(\d))"
_FRACTION = lazy_re(rf"\\[dtc]?frac{_PART}{_PART}")
_RAISED = lazy_re(r"\^[ \t]*\{[ \t]*([-+−]?\w{1,60}+)[ \t]*\}")
_DEGREE = lazy_re(r"\^[ \t]*(?:\\circ(?![a-zA-Z])|\{[ \t]*\\circ[ \t]*\})|\\degree(?![a-zA-Z])")
_THIN = lazy_re(r"(?<=\d)(?:\\[,;: ]|~)(?=\d{3})")
_SPACE = lazy_re(r"\\(?:[,;: ]|q?quad(?![a-zA-Z]))|~")
_NAMED = {
    r"\times": "×",
    r"\cdot": "×",
    r"\ast": "*",
    r"\div": "÷",
    r"\pm": "±",
    r"\approx": "≈",
    r"\sim": "~",
    r"\infty": "∞",
    r"\rightarrow": "→",
    r"\to": "→",
}
_COMMAND = lazy_re(r"\\(?:times|cdot|ast|div|pm|approx|sim|infty|rightarrow|to)(?![a-zA-Z])")
_ESCAPED = lazy_re(r"\\([%$#&_{}])")
_BOX = lazy_re(r"\\(?:boxed|fbox|framebox)(?![a-zA-Z])[ \t]*")
_STRUCK = lazy_re(
    r"(?<![~a-zA-Z\d_])~~(?![~\s])[^~\n]{1,300}?(?<!\s)~~(?![~\w])"
    r"|<(?P<tag>s|del|strike)>[^<]{0,300}</(?P=tag)>"
    r"|\\(?:[xb]?cancel|sout|st|hcancel)\{[^{}]{0,300}\}",
    re.I,
)
_BARE_BOX = lazy_re(r"[^\s${}\\]+")


def plain(text: str) -> str:
    r"""Return a text with LaTeX's fonts, spaces and signs as they read; other commands stay.

    Example:
        >>> plain(r"\dfrac{3}{4}\,\text{cm}"), plain(r"1{,}234"), plain(r"2\pi")
        ('3/4 cm', '1,234', '2\\pi')
    """
    if "\\" not in text and "{" not in text and "~" not in text:
        return text
    text = _SWITCH.sub("", _THIN.sub("\u202f", text)).replace("{,}", ",").replace("{.}", ".")
    text = _COMMAND.sub(lambda match: _NAMED[match[0]], _DEGREE.sub("°", text))
    for _ in range(MAX_NESTING):
        smaller = _FRACTION.sub(_fraction, _RAISED.sub(r"^\1", _FONT.sub(r"\1", text)))
        if smaller == text:
            break
        text = smaller
    text = re.sub(r"\\[()\[\]]", " ", _SPACE.sub(" ", text))
    return _ESCAPED.sub(r"\1", text)


def without_struck(text: str) -> str:
    r"""Return a text without what it strikes out: ``~~45~~``, ``<del>45</del>``, ``\cancel{45}``.

    Example:
        >>> without_struck("The answer is ~~45~~ 48.")
        'The answer is  48.'
    """
    return _STRUCK.sub("", text) if "~~" in text or "<" in text or "\\" in text else text


def _fraction(match: re.Match[str]) -> str:
    """Return a fraction of two numbers with a bar; after a number it is a mixed one."""
    above, below = match[1] or match[2], match[3] or match[4]
    before = match.string[max(0, match.start() - 2) : match.start()].rstrip()
    return (" " if before[-1:].isdecimal() else "") + f"{above}/{below}"


def boxes(text: str) -> Iterator[tuple[int, int, str]]:
    r"""Yield start, end and content of each outermost ``\boxed{…}``, braces balanced.

    A box that never closes was cut off: it has no content.

    Example:
        >>> list(boxes(r"so \boxed{\frac{3}{4}}"))
        [(3, 22, '\\frac{3}{4}')]
    """
    opened: list[tuple[int, int, int]] = []
    depth, found = 0, list[tuple[int, int, str]]()
    for match in re.finditer(rf"(?P<box>{_BOX.pattern})(?P<brace>\{{)?|\\.|[{{}}]", text, re.S):
        if match["box"]:
            if match["brace"]:
                opened.append((match.start(), match.end(), depth))
                depth += 1
            elif bare := _BARE_BOX.match(text, match.end()):
                found.append((match.start(), bare.end(), bare[0]))
        elif match[0] == "{":
            depth += 1
        elif match[0] == "}":
            depth = max(0, depth - 1)
            if opened and opened[-1][2] == depth:
                start, inner, _ = opened.pop()
                if not opened:
                    found.append((start, match.end(), text[inner : match.start()]))
    found += [(start, len(text), "") for start, _, _ in opened[:1]]
    yield from sorted(found)
