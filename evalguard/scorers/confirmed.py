"""Numbers that the rest of their sentence confirms: "1/3 ≈ 0.33", "2,500 (25% of 10,000)"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import regex

from evalguard.scorers.lazy_patterns import lazy_regex
from evalguard.scorers.numbers import Number, literal_values

_LITERAL = lazy_regex(r"\d[\d.,]*")
_ABOUT = lazy_regex(r"[\s$)}\]]*(?:≈|≅|\\approx|\\simeq)[\s$({\[]*")
_SHARE = lazy_regex(r"\s?[\p{L}]{0,15}\s?\(\s?(?:which is |i\.e\.,? |or |that is )?")
_OF = lazy_regex(r"\s(?:of|von|de|di|do|du|van|от|из)\s(?:(?:the|all|les|los|die)\s)?[$€£]?")
_CLOSED = lazy_regex(r"(?:\s\p{L}{1,15}){0,2}\s?\)[\s*_]{0,4}(?:[.!]|\n|$)")
_BOLD = lazy_regex(r"\*\*([^*\n]{1,60})\*\*")
_BEHIND = lazy_regex(
    r"\*\*(?:\s\p{L}+){0,3}?\s(?:to|towards?)\s(?:\p{L}+\s){1,3}?(?:(?:his|her|their|its|the|a)\s)?"
    r"(?:\p{L}+\s){0,2}?(?:goal|target|limit|quota|budget|price|total|mark)\s(?:of\s)?[$€£]?"
    r"|\*\*(?:\s\p{L}+){0,2}?,\s(?:with|and)\s",
)
_LEFT = lazy_regex(r"(?:\s\p{L}{1,15})?\s(?:left(?: over)?|remaining|over)[\s*_]{0,4}(?:[.!]|$)")
_OF_WHOLE = lazy_regex(
    r"(?:\s\p{L}+){0,3}?\s(?:(?:in|during|over|after|of) (?:those|these)|out of the(?:se)?"
    r"|sur (?:les|ces)|von (?:den|diesen)|de (?:los|las|esos|esas)|d[oa]s|dei|delle)\s[$€£]?",
    regex.I,
)
_CLOSES = lazy_regex(r"(?:\s\p{L}{1,15})?[\s*_]{0,4}(?:[.!]|\n|$)")
_ENDS = lazy_regex(r"[\s*_]{0,4}(?:[.!]|\n|$)")


def with_exact(text: str, found: Sequence[Number], chosen: Number) -> Number:
    """Return a number with the exact value before it that it rounds, if there is one."""
    place = found.index(chosen)
    if not place or _ABOUT.fullmatch(text[found[place - 1].end : chosen.start]) is None:
        return chosen
    exact, literal = found[place - 1].value, text[chosen.start : chosen.end]
    decimals = len(literal.rpartition(".")[2].strip("% ")) if "." in literal else 0
    fits = math.isfinite(exact) and abs(exact - chosen.value) <= 0.500001 * 10**-decimals
    return replace(chosen, exact=exact) if fits else chosen


def confirmed(text: str, opening: int, found: Sequence[Number]) -> Number | None:
    """Return the number of a sentence that its last ones only confirm or compare with a goal.

    Args:
        text: What a model wrote, as :func:`evalguard.scorers.numbers.as_ascii` returns it.
        opening: Where its last sentence begins.
        found: Its numbers in order.
    """
    own = [one for one in found if one.start >= opening]
    if len(own) >= 3:
        result, share, whole = own[-3:]
        # "25% of 10,000" is no number of its own for numbers.scan
        literal = text[whole.start : whole.end]
        of = literal_values(literal, "auto") if _LITERAL.fullmatch(literal) else [whole.value]
        if (
            share.percent
            and len(of) == 1
            and math.isclose(share.fraction * of[0], result.value, rel_tol=1e-9)
            and _SHARE.fullmatch(text[result.end : share.start])
            and _OF.fullmatch(text[share.end : whole.start])
            and _CLOSED.match(text, whole.end)
        ):
            return result if len(own) == 3 else None
    if len(own) == 2 and _CLOSES.match(text, own[1].end):
        between = text[own[0].end : own[1].start].replace("*", "")
        if not own[0].percent and not own[1].percent and _OF_WHOLE.fullmatch(between):
            return own[0]
    bold = [*_BOLD.finditer(text, opening)]
    if len(own) != 2 or len(bold) != 1 or not bold[0].start() < own[0].start < bold[0].end():
        return None
    between = text[own[0].end : own[1].start]
    told = _BEHIND.search(between)
    if told is None or told.end() != len(between) or own[1].start < bold[0].end():
        return None
    ends = _LEFT if between.rstrip().endswith(("with", "and")) else _ENDS
    return own[0] if ends.match(text, own[1].end) else None
