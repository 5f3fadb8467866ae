r"""Numbers as they are written, in every script: read whole or not at all.

What is only part of something larger is not read: neither ``2\pi``, ``x^2`` and ``12:30`` nor the
2, the 12 and the 30 in them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from evalguard.scorers import number_words as known
from evalguard.scorers.latex import plain
from evalguard.scorers.lazy_patterns import lazy_re

Decimal = Literal["auto", ".", ","]
"""Which sign separates the decimals; ``auto`` goes by how the digits are grouped."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written.

    Attributes:
        value: Its value, percent sign aside; NaN where what stands there cannot be read.
        percent: Whether a percent sign follows it.
        start: Where it begins in what :func:`as_ascii` returns.
        end: Where it ends there.
        exact: The exact value that it is said to round, if any: of "1/3 ≈ 0.33" a third.
    """

    value: float
    percent: bool = False
    start: int = 0
    end: int = 0
    exact: float | None = None

    def same(self, other: Number) -> bool:
        """Return whether two numbers are one value, be one of them written as a percentage."""
        pairs = [(self.value, other.value)]
        if self.percent != other.percent:
            pairs.append((self.fraction, other.fraction))
        return any(math.isclose(one, two, rel_tol=1e-9) for one, two in pairs)

    @property
    def fraction(self) -> float:
        """The value, of a percentage as a fraction."""
        return self.value / 100 if self.percent else self.value


_SIGNS = {
    ord(sign): plain_sign
    for signs, plain_sign in (
        ("−－﹣", "-"), ("＋﹢", "+"), ("．", "."), ("，", ","), ("％٪﹪", "%"),
        ("٫", "\ue000"), ("٬’", "'"), ("＄", "$"), ("￥", "¥"), ("／⁄∕", "/"),
        ("：", ":"), ("（", "("), ("）", ")"),
        ("\u00a0\u2009\u2007", "\u202f"), ("⋅·∙", "×"),
    )
    for sign in signs
}  # fmt: skip
_EMPHASIS = lazy_re(r"(?<!\w)_{1,2}(?=\w)|(?<=[\w%.])_{1,2}(?![\w{])")
FACTORIAL = lazy_re(r"(?<=[\d)}])!(?=\s{0,3}(?:[}$+/×÷^=]|\\[)\]]|-\s?\d|\.(?!\.)))")
"""The sign of a factorial within a formula; at the end of a sentence it is an exclamation."""

_MATRIX = lazy_re(r"\\begin\{([pbvBV]?matrix|array|cases)\}.{0,500}?\\end\{\1\}", re.S)
_DECADE = lazy_re(r"(?<![\d.,])(?:1[5-9]|20)\d0['’]?s(?!\w)")
"""A decade such as 1990s, which is neither a year nor a time in seconds."""

_STEPS = {"千": 1000, "천": 1000, "百": 100, "백": 100}
_MYRIADS = lazy_re(
    r"(?<![\d.,/])(?:(\d{1,4})\s?[亿億억]\s?)?(\d{1,4})\s?([千百천백])?\s?[万萬만](?:\s?(?:(\d{4})"
    r"|(\d)\s?([千百천백])))?"
    r"(?![\d.,]*\d|[千百十천백십万萬만亿億억])"
)
"""A number in steps of ten thousand, such as 1億2000万 or 2万5千."""

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_LITERAL = lazy_re(
    r"\d{4}-\d\d-\d\d(?!\d)|\d{1,3}(?:[ \u202f]\d{3})++(?!\d)(?:[.,]\d++)?+"
    r"|\d++(?:[.,'_\ue000]\d++)*+"
    rf"|[.\ue000]\d++|[{known.VULGAR}]"
)
_LEAD = lazy_re(rf"(?P<sign>[-+]?)(?P<money>{known.CURRENCIES}[ \u202f]?)?(?P<inner>[-+]?)$")
_TIMES_TEN = lazy_re(r"[ \u202f]?[×x*][ \u202f]?10(?=\^|\*\*|[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹])")
_POWER = lazy_re(
    r" ?(?:\^|\*\*) ?(?:\(([-+]?\d{1,6})\)|([-+]?\d{1,6}(?:\.\d{1,6})?+))"
    r"(?![\d.,]*\d|\^|[A-Za-z_{])"
    r"|([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,6})"
)
_EXPONENT = lazy_re(r"[eE]([-+]?\d{1,6})(?![A-Za-z0-9_]|\.\d)")
_MIXED = lazy_re(
    rf"[ \u202f]?(?:([{known.VULGAR}])|(?:(?<=[ \u202f])|(?<=[ \u202f])(?:and|&) )"
    r"(\d{1,6}) ?/ ?(\d{1,6})(?![/.,]?\d))"
)
_OVER = lazy_re(r" ?/ ?(-?)(?=\d)")
_WORD_END = (
    r"(?![^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3])"
)
"""No letter follows, but for a script that glues its endings on."""

_WORDS = {word: scale for scale, words in known.SCALES.items() for word in words}
_SCALES = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
_SCALE = lazy_re(
    rf"[ \u202f-]?(?P<word>{_SCALES}){_WORD_END}"
    rf"|(?P<glued>[{''.join(known.GLUED_SCALES)}K])(?![^\W\d_])(?! ?\d)"
    rf"|[ \u202f]?(?P<glued_cjk>[{''.join(one for one in known.GLUED_SCALES if one > 'z')}])"
    r"(?!克|米|瓦|卡|赫|帕|焦|字[节節])(?! ?\d)",
    re.I,
)
_SHORT_SCALE = lazy_re(r"[mMbB](?!\w)")
_PERCENT = lazy_re(rf"[ \u202f]?(?:\\?%|(?:{'|'.join(known.PERCENT)})(?![A-Za-z]))", re.I)
_ORDINAL = lazy_re(r"(?:st|nd|rd|th)(?!\w)", re.I)
_LETTERS = lazy_re(r"[A-Za-zÀ-ɏ]{1,40}+|[^\W\d_]{1,40}+")
_PART_OF_A_NAME = lazy_re(r"(?:[A-Za-zªµºÀ-ɏͰ-ϿЀ-ԯ_#]|[^\W\d_]-|[\^_]\{?[-+]?)$")
_FUNCTIONS = r"(?:sqrt|log|ln|lg|sin|cos|tan|cot|sec|csc|exp|arcsin|arccos|arctan)"
_MINUS = lazy_re(
    r"(?<![\d.)\w])(?:minus|negative|moins|menos|meno|минус|eksi|ऋण|سالب|负|負|マイナス|마이너스)"
    r"[ \u202f]?$",
    re.I,
)
_JOINING = (
    r"(?:implies|therefore|because|Rightarrow|Longrightarrow|equiv|cong|colon|ldots|dots|item|hline"
    r"|quad|qquad|displaystyle|approx|simeq|newline|par|noindent|centering|to)\b"
)
"""Commands of LaTeX that a number may follow without being part of their term."""

_PART_OF_A_TERM = lazy_re(
    r"(?:[√∛±∓π]\s?\(?|\\\(?|(?:分之|\bmod|\bfactorial)\s?|[A-Za-zπ)}\]] ?/ ?|\d[:/.,']|\}\{"
    r"|\\?\b" + _FUNCTIONS + r"(?:_\{?\w{1,5}\}?)?[( ]{0,2}"
    r"|\\(?!text|box|math|left|right)[A-Za-z]+\*?(?:\[[^\]]{0,9}\])?[{\[]?"
    r"|\\(?!" + _JOINING + r")[A-Za-z]+ "
    r"|[\w)}][ ]?(?:[≠≥≤]|[<>!]=)[ ]?|[\w)}] [<>] ?"
    r"|(?:half|thirds?|quarters?|fifths?|tenths?|root|percent|per cent|%|\d"
    r"|\bsquare|\bcube|factorial"
    r"|out|multiple|power|(?<!\ba )sum|product|hälfte|wurzel|mitad|raíz|moitié|racine)"
    r" (?:of|von|de) (?:the )?"
    r"|\b(?:twice|double|triple|halve) )$"
)
_GOES_ON = lazy_re(
    r"[ ]?(?:\\(?:pi|sqrt|sin|cos|tan|log|ln|exp|[dt]?frac|theta|alpha|beta|gamma|lambda|mu|sigma"
    r"|phi|infty|vec|mathbf|binom|sum|int)(?![a-zA-Z])|[π√∛∞‰]|pi\b)"
    r"|[\^_⁰¹²³⁴⁵⁶⁷⁸⁹⁻]|\.?\\(?:overline|bar|dot)|\.\(\d|\*\*\d|:\d|/[\d(\\π√]"
    r"|/[a-z](?!\w)"
    r"|[.,']\d|\)\^|\((?:[-√π\\]|[a-z]\b)"
    r"|[ -]?(?:factorial|squared|cubed|doz(?:ens?|\.)|score|mod|choose|to the|out of|of \d|times \d"
    r"|halves|thirds"
    r"|quarters|fourths|fifths|sixths|eighths|tenths|hundredths|thousandths"
    r"|and (?:an? |one |three )(?:half|third|quarters?|fifth|eighth|tenth))"
    + _WORD_END
    + r"| ?\+ ?[a-z]\b(?! [a-z])"
    r"| ?\\(?:choose|[bp]?mod|rfloor|rceil|rvert|neq?|geq?|leq?)(?![a-zA-Z])|分之"
    r"|[{\\](?=[a-zA-Z])(?!\\(?:text|math|box|left|right|quad|circ|approx|times|cdot|end|n|\)|\]))"
)


def _of_myriads(found: re.Match[str]) -> str:
    """Return a number of several steps in digits; one of a single step stays."""
    above, myriads, scale, rest, few, unit = found.groups()
    if above is None and rest is None and few is None:
        return found[0]
    below = int(rest or 0) + int(few or 0) * _STEPS.get(unit, 1)
    return str(int(above or 0) * 10**8 + int(myriads) * _STEPS.get(scale, 1) * 10**4 + below)


@lru_cache(maxsize=16)  # a target is read for its last number and for its only one
def as_ascii(text: str) -> str:
    """Return a text with the digits and signs of every script, and of LaTeX, as ASCII."""
    kept = FACTORIAL.sub(" factorial", _MATRIX.sub(r" \\matrix{1} ", text))
    kept = _EMPHASIS.sub("", plain(kept))
    kept = kept if kept.isascii() else _MYRIADS.sub(_of_myriads, kept)
    if not kept.isascii():
        kept = kept.translate(_SIGNS)
        kept = "".join(
            one if one.isascii() or not one.isdecimal() else str(unicodedata.decimal(one))
            for one in kept
        )
    return kept


def numbers(text: str, *, decimal: Decimal = "auto") -> list[Number]:
    r"""Return the numbers of a text in order.

    Example:
        >>> [one.value for one in numbers(r"\frac{3}{4} and $1,234.50, 1.5 \times 10^3, 2\pi")]
        [0.75, 1234.5, 1500.0]
    """
    return [one for one in scan(as_ascii(text), decimal) if math.isfinite(one.value)]


def scan(text: str, decimal: Decimal = "auto") -> Iterator[Number]:
    """Yield the numbers of a text from :func:`as_ascii`; NaN for a number that cannot be read.

    What is part of a name (``x42``, ``GPT-4``, the 2 of ``m^2``) is no number.
    """
    place = 0
    while (literal := _LITERAL.search(text, place)) is not None:
        lead = _LEAD.search(text, max(place, literal.start() - 8), literal.start())
        start = literal.start()
        sign = ""
        if lead is not None and not _is_operator(text, lead):
            start, sign = lead.start(), lead["sign"] + lead["inner"]
        word = _MINUS.search(text, max(place, start - 12), start)
        if word is not None and not re.search(
            r"\d\s*$", text[max(0, word.start() - 5) : word.start()]
        ):
            start, sign = word.start(), "-"
        before = text[max(0, start - 24) : start]
        end, values, percent = _measured(text, literal, decimal)
        place = max(end, literal.end())
        if _PART_OF_A_NAME.search(before) and not _is_money(lead):
            continue
        if _is_money(lead) and len(values) == 1 and (scale := _SHORT_SCALE.match(text, end)):
            values = [values[0] * (1e6 if scale[0] in "mM" else 1e9)]
            end = place = scale.end()
        absolute = text[start - 1 : start] == text[end : end + 1] == "|" and "-" in sign
        if not values or absolute or _PART_OF_A_TERM.search(before) or not _ends(text, end):
            yield Number(math.nan, start=start, end=place)
        elif len(values) == 1:
            yield Number(-values[0] if "-" in sign else values[0], percent, start, end)
        else:
            yield from (Number(value, percent, start, end) for value in values)


def _is_money(lead: re.Match[str] | None) -> bool:
    """Return whether a currency precedes a number: the letters of "USD" are no name."""
    return lead is not None and lead["money"] is not None


def _is_operator(text: str, lead: re.Match[str]) -> bool:
    """Return whether the sign before a number subtracts, as in ``10-3``."""
    before = text[lead.start() - 1 : lead.start()] if lead.start() else ""
    return bool(lead["sign"] and (before.isalnum() or before in (")", "]", "}", "_")))


def _measured(text: str, literal: re.Match[str], decimal: Decimal) -> tuple[int, list[float], bool]:
    """Return where a number ends, its values (several for a list, none if unread), and percent."""
    end = literal.end()
    values = literal_values(literal[0], decimal)
    pair = text[literal.start() - 1 : literal.start()] in ("(", "[", "{") and text[
        end : end + 1
    ] in (")", "]", "}")
    if pair and len(values) == 1 and "," in literal[0] and values[0] != _grouped(literal[0], ","):
        values = []
    if len(values) != 1:
        return end, values, False
    try:
        end, value = _raised(text, end, values[0])
        end, value = _divided(text, end, value, decimal)
    except (OverflowError, ZeroDivisionError):
        return end, [], False
    while (scale := _SCALE.match(text, end)) is not None:  # "hundred million"
        word = (scale["word"] or scale["glued"] or scale["glued_cjk"]).casefold()
        value *= _WORDS.get(word) or known.GLUED_SCALES[word]
        end = scale.end()
    percent = _PERCENT.match(text, end)
    end = percent.end() if percent is not None else end
    return end, [value] if math.isfinite(value) else [], percent is not None


def _raised(text: str, end: int, value: float) -> tuple[int, float]:
    """Apply ``e3``, ``× 10^3`` or ``^3`` behind a number."""
    if (exponent := _EXPONENT.match(text, end)) is not None:
        return exponent.end(), _shifted(value, int(exponent[1]))
    base = value
    times = _TIMES_TEN.match(text, end)
    if times is not None:
        base, after = 10.0, times.end()
    else:
        after = end
    if (power := _POWER.match(text, after)) is None:
        return end, value
    exponent_value = float(power[1] or power[2] or power[3].translate(_RAISED))
    if times is None:
        return power.end(), base**exponent_value
    if exponent_value.is_integer():
        return power.end(), _shifted(value, int(exponent_value))
    return power.end(), value * base**exponent_value


def _shifted(value: float, places: int) -> float:
    """Return a value times a power of ten, rounded once: 6.022 × 10^23 is 6.022e23."""
    if math.isinf(value):  # from a long run of digits
        return value
    digits, _, exponent = repr(value).partition("e")
    return float(f"{digits}e{int(exponent or 0) + places}")


def _divided(text: str, end: int, value: float, decimal: Decimal) -> tuple[int, float]:
    """Apply ``/4``, or the fraction of a mixed number, behind a number."""
    if (mixed := _MIXED.match(text, end)) is not None and value.is_integer():
        part = unicodedata.numeric(mixed[1]) if mixed[1] else float(mixed[2]) / float(mixed[3])
        return mixed.end(), value + part
    over = _OVER.match(text, end)
    if over is None or (below := _LITERAL.match(text, over.end())) is None:
        return end, value
    values = literal_values(below[0], decimal)
    if len(values) != 1:
        return end, value
    return below.end(), value / (-values[0] if over[1] else values[0])


def _ends(text: str, end: int) -> bool:
    """Return whether a number ends there: what follows is at most a unit."""
    if _GOES_ON.match(text, end) or _DECADE.match(text, max(0, end - 4)):
        return False
    letters = _LETTERS.match(text, end)
    if letters is None or letters[0][0].lower() == letters[0][0].upper():
        return True
    if _ORDINAL.match(text, end):
        return True
    glued = letters[0]
    if text[letters.end() : letters.end() + 1].isdecimal():
        return False
    return glued in known.UNIT_LETTERS if len(glued) == 1 else not set(glued) <= known.VARIABLES


def literal_values(literal: str, decimal: Decimal) -> list[float]:
    """Return the values of a run of digits and separators: one number, a list, or none.

    Example:
        >>> [literal_values(one, "auto") for one in ("1,234", "12,5", "1.234,5", "1,2,3", "1.2.3")]
        [[1234.0], [12.5], [1234.5], [1.0, 2.0, 3.0], []]
        >>> literal_values("1.234", ","), literal_values("12,5", ".")
        ([1234.0], [])
    """
    if literal in known.VULGAR:
        return [unicodedata.numeric(literal)]
    if "\ue000" in literal:  # the Arabic decimal sign leaves no doubt
        whole, _, rest = literal.partition("\ue000")
        value = _grouped(whole, "',") if whole else 0.0
        return [value + float(f"0.{rest}")] if value is not None and rest.isdecimal() else []
    signs = {one for one in literal if not one.isdecimal()}
    if signs <= set(" \u202f'_"):
        value = _grouped(literal, "".join(signs))
        return [] if value is None else [value]
    point = _decimal_sign(literal, decimal)
    whole, _, rest = literal.rpartition(point) if point else (literal, "", "")
    group = "".join({one for one in whole if not one.isdecimal()})
    value = _grouped(whole, group) if whole else 0.0
    allowed = decimal == "auto" or point or group != decimal
    if value is not None and len(group) <= 1 and allowed and point not in group.split():
        return [float(f"{value:.0f}.{rest}" if rest else value)]
    parts = literal.split(",")
    return (
        [float(one) for one in parts] if len(parts) > 2 and all(map(str.isdecimal, parts)) else []
    )


def _decimal_sign(literal: str, decimal: Decimal) -> str:
    """Return the sign that separates the decimals of a literal; nothing where none does."""
    points, commas = literal.count("."), literal.count(",")
    if decimal != "auto":
        return decimal if literal.count(decimal) == 1 else ""
    if points and commas:
        last = max(".", ",", key=literal.rfind)
        return last if literal.count(last) == 1 else ""
    if points == 1:
        return "."
    if commas == 1:
        return "" if _grouped(literal, ",") is not None and literal[0] != "0" else ","
    return ""


def _grouped(whole: str, signs: str) -> float | None:
    """Return digits in groups of three, or as in India of two and at last three."""
    if whole.isdecimal():
        return float(whole)
    groups = re.split(f"[{re.escape(signs)}]", whole) if signs else [whole]
    if not all(one.isdecimal() for one in groups) or len(groups[-1]) != 3 or len(groups[0]) > 3:
        return None
    sizes = {len(one) for one in groups[1:-1]}
    fits = sizes <= {3} or (sizes == {2} and len(groups[0]) <= 2)
    return float("".join(groups)) if fits and groups[0] else None
