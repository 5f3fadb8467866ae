"""The number that an answer gives."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from itertools import islice, pairwise
from typing import Annotated

from pydantic import Field

from evalguard.errors import MeasurementError
from evalguard.records import Metric
from evalguard.scorers.agreement import agreed
from evalguard.scorers.announced import told_by_another
from evalguard.scorers.attribution import attributed, counterfactual
from evalguard.scorers.conclusion import behind_sign, conclusion
from evalguard.scorers.confirmed import with_exact
from evalguard.scorers.contrasts import without_contrasts
from evalguard.scorers.explanations import without_explanations
from evalguard.scorers.extract import read_announced
from evalguard.scorers.last_number import aside, no_value
from evalguard.scorers.lazy_patterns import lazy_re
from evalguard.scorers.negation import ruled_out
from evalguard.scorers.number_words import VULGAR
from evalguard.scorers.numbers import FACTORIAL, Decimal, Number, as_ascii, scan
from evalguard.scorers.premises import recalled, unfinished
from evalguard.scorers.quantities import (
    bounded,
    hedged,
    in_series,
    opens_bound,
    operand,
    related,
)
from evalguard.scorers.registry import scorer
from evalguard.scorers.retraction import without_retracted
from evalguard.scorers.targets import a_number
from evalguard.scorers.turns import own_part

UNREAD = Number(math.nan)
"""The value of an answer that names no number, several, or one that cannot be read."""

TAIL_CHARS = 4000
"""The end of an output that is searched first for its last number."""

MAX_ANSWER_CHARS = 20_000
"""An announced answer that is longer is none."""

MAX_STATED_CHARS = 1000
"""A longer text is not one number with a unit."""

_UNIT = lazy_re(
    r"[\s$€£¥₹₩₽₺*_`().!:=≈。।。।۔，,\"'\[\]{}]*(?:(?:[^\W\d]|[°'’])+(?:[/·][^\W\d]+)*[²³]?"
    r"|%|°C?|²|³)?"
    r"(?:\^[23])?[\s.!*_`()。।۔{}\]\"'$€£¥₹₩₽₺]*"
)
_NO_NUMBER = lazy_re(
    r"(?:[^:\d\n]{1,40}:)?[\s*_:,\"'($]*(?:(?:simply|still|therefore|that|an?|the"
    r"|that it) )*(?:none|unknown"
    r"|undefined|undetermined"
    r"|indeterminate|impossible|unclear|n/?a\b|nan\b|error\b|nothing|infinit\w+"
    r"|not (?:\w+ )?(?:given|known"
    r"|enough|possible"
    r"|determin\w+|clear|defined|available|stated)|cannot|can't|no (?:solution|answer|such|real"
    r"|number)"
    r"|insufficient|missing|unbekannt|unbestimmt|desconocid|inconnu|sconosciut|неизвест|未知"
    r"|不明|无解|無解"
    r"|无法|없|알 수|अज्ञात|غير|null)",
    re.I,
)
"""An announced answer that says that there is no number."""
_DIGIT = lazy_re(rf"[\d{VULGAR}]")
_RESULT = lazy_re(r"(?<![<>!])=>?|[≈→]|\bequals\b")
_LISTING = lazy_re(r"[,;、]|\b(?:or|and|und|oder|et|ou|y|e|o|и|или)\b|和|或")
_JOINED_AFTER = lazy_re(
    r"[ \t]{1,3}[$€£]?\d|[\s*_]*?(?:[\\})\]\s]{0,4}\s*(?:\\(?:cup|cap|setminus|vee|wedge|lor"
    r"|land)(?![a-zA-Z])"
    r"|[∪∩∨∧])\s*[\\{(\[\s]*"
    r"(?=\d)|\.{2,}+|…|[+×÷;、~〜～±/]|-{1,3}|–|—|[*x](?=[\s\d(])|,(?=\s)|(?:or|and|und|oder|et|ou|y|e|o"
    r"|и|или|to|through|till|until|bis|à|a|до|tot|od|do|sampai|hingga"
    r"|या|से|أو|إلى|الى|atau|veya)(?!\w)|或者?|和|到|至|又は|または|から|から|또는|에서"
    r"|부터)[\s$€£]*[(\[]?"
    rf"(?:[-+]?[\d.√π{VULGAR}]|\\[a-z])",
    re.I,
)
_JOINED_BEFORE = lazy_re(r"[\w)}\]]\s*(?:[+×÷/±]|[-–]\s+)\s*$|[\d)}\]]\s*\*\s*$")
_MEASURES = (
    r"(?:ft|feet|foot|in|inch(?:es)?|h|hrs?|hours?|min|mins|minutes?|s|secs?|seconds?|lbs?"
    r"|pounds?|oz"
    r"|ounces?|km|kg|g|m|cm|mm|meters?|metres?|yd|yards?|miles?|days?|weeks?|months?|years?|stone"
    r"|gallons?|quarts?|pints?|cups?|dollars?|cents?|euros?|stunden?|minuten|horas?|minutos?"
    r"|heures?"
    r"|[hH]|['′″\"°]|時間|小时|小時|分钟|分|秒|時|年|月|日|시간|분|초|만|천|백|억|万|萬|千|百"
    r"|亿|億|元|角|円|원)"
)
_COMPOUND = lazy_re(
    rf"[\s$*_]{{0,4}}{_MEASURES}\.?,?\s{{0,2}}(?:(?:and|und|y|et|e)\s)?[$*_]{{0,3}}", re.I
)
_MEASURE = lazy_re(rf"[\s$*_]{{0,4}}{_MEASURES}(?![a-z])", re.I)
_GLUED_MEASURE = lazy_re(r"['′°만천백억万萬千百亿億]|[hH](?=\d)")
_ALTERNATIVE = lazy_re(
    r"\s?[^\W\d_]{0,12},?\s{0,2}(?:\$\s?)?(?<![^\W\d_])(?:(?:or|oder|ou|или"
    r"|veya)\s{1,2}(?:\$?[a-z]\s?=\s?)?"
    r"|(?:and|,|und|et|y)\s{1,2}\$?[a-z]\s?=\s?)\$?",
    re.I,
)
_LATER_PART = lazy_re(r"(?:^|\n)[ \t*]*\(?(?:[b-h]|ii|iii|iv)\)[^\n]*$")
_PARTS = lazy_re(r"(?:^|[\s;,])\(?[a-h]\)[ *]")
_TERM_BEFORE = lazy_re(
    r"-\($|[\d%]\s{0,3}(?:[+×÷/±*]|[-–—])\s{0,3}[$€£]?$|[)\]]\s{0,3}[+×÷]\s{0,3}$"
)
_TERM_AFTER = lazy_re(
    r"[ \t]*[\w%]{0,12}[ \t]*(?:[=+×÷/<>≤≥≠^]|(?<=\s)[*–—-]|-(?=\s*$))[ \t$]*(?:\n|$)"
)


@lru_cache(maxsize=16)  # a target is read again for each of its answers
def final_number(text: str, decimal: Decimal = "auto") -> Number | None:
    """Return the number of the last announced answer; where none is, the last of all.

    ``None`` where the last one cannot be read, and where an announcement names several.
    """
    text = FACTORIAL.sub(" factorial", text)
    found = read_announced(
        text, lambda one: _answer(one, decimal), whole=lambda one: _alone(one, decimal), none=UNREAD
    )
    if found is None:
        found = _last(without_retracted(own_part(text)), decimal)
    return found if math.isfinite(found.value) else None


def _last(text: str, decimal: Decimal) -> Number:
    """Return the last number of a text; its end is read first, which nearly always holds one."""
    for part in (text[-TAIL_CHARS:], text):
        ready = without_contrasts(without_explanations(as_ascii(part)))
        found = [*scan(ready, decimal)]
        if len(found) > 1 or (found and part == text):  # the cut may go through the first one
            chosen = conclusion(ready, found)
            if chosen is None or _idle(ready, found, chosen):
                return UNREAD
            return with_exact(ready, found, chosen)
    return UNREAD


def _idle(ready: str, found: list[Number], chosen: Number) -> bool:
    """Return whether a number in running text is not the one that the text comes to."""
    start, end = chosen.start, chosen.end
    known = any(math.isclose(one.value, chosen.value) for one in found if one is not chosen)
    return bool(
        _hangs(ready, chosen)
        or _compound(ready, found, chosen)
        or no_value(ready, start, end)
        or unfinished(ready, start, end)
        or recalled(ready, start, value_before=known)
        or (not behind_sign(ready, start) and counterfactual(ready, start, end))
    )


def _compound(ready: str, found: list[Number], chosen: Number) -> bool:
    """Return whether a number is one of several that belong together: "5 ft 11 in", "1,2,3"."""
    place = found.index(chosen)
    near = found[max(0, place - 1) : place + 2]
    return (
        any(one.start == two.start for one, two in pairwise(near))
        or any(
            (
                _COMPOUND.fullmatch(ready[one.end : two.start][:40])
                and (_MEASURE.match(ready, two.end) or _GLUED_MEASURE.match(ready, one.end))
            )
            or (_ALTERNATIVE.fullmatch(ready[one.end : two.start][:60]) and not one.same(two))
            for one, two in pairwise(near)
        )
        or bool(_LATER_PART.search(ready[max(0, chosen.start - 80) : chosen.start]))
    )


def _hangs(ready: str, found: Number) -> bool:
    """Return whether a number is ruled out, a bound, another's, or part of something larger."""
    start, end = found.start, found.end
    return bool(
        ruled_out(ready, start, end)
        or ((told_by_another(ready, start) or attributed(ready, start)) and not agreed(ready, end))
        or bounded(ready, start, end)
        or in_series(ready, start, end)
        or operand(ready, start, end)
        or hedged(ready, start, end)
        or aside(ready, start, end)
        or _TERM_BEFORE.search(ready[max(0, start - 20) : start])
        or _TERM_AFTER.match(ready, end)
    )


@lru_cache(maxsize=16)
def stated_number(text: str, decimal: Decimal = "auto") -> Number | None:
    """Return the number where nothing else could be meant, else ``None``.

    That is: the text is one number with at most one unit, or its last announcement names such a
    text.
    """
    text = FACTORIAL.sub(" factorial", text)
    whole = _alone(text, decimal)
    if whole is None:
        whole = read_announced(text, lambda one: _alone(one, decimal) or _unread(one), none=UNREAD)
    return whole if whole is not None and math.isfinite(whole.value) else None


def _unread(text: str) -> Number | None:
    """Return :data:`UNREAD` for a text with digits in it, ``None`` for others."""
    return UNREAD if _DIGIT.search(as_ascii(text)) else None


def _alone(text: str, decimal: Decimal) -> Number | None:
    """Return the number that is, with at most one unit, the whole text."""
    if len(text) > MAX_STATED_CHARS:
        return None
    ready = as_ascii(text)
    found = [*islice(scan(ready, decimal), 2)]
    if len(found) != 1:
        return None
    rest = ready[: found[0].start] + " " + ready[found[0].end :]
    if not _UNIT.fullmatch(rest):
        return None
    return UNREAD if _hangs(ready, found[0]) else found[0]


def _answer(text: str, decimal: Decimal) -> Number | None:
    """Return the number that an announced answer names.

    The result behind an equals sign or "which comes to"; else the number that the answer begins
    with; else its last one. A sum without its result, a bound, and several numbers to choose from
    are :data:`UNREAD`.
    """
    ready = as_ascii(text)
    if not _DIGIT.search(ready):
        return UNREAD if _NO_NUMBER.match(ready) else None
    if len(ready) > MAX_ANSWER_CHARS:
        return UNREAD
    *steps, ready = _RESULT.split(without_contrasts(ready))
    found = [*scan(ready, decimal)]
    if not found or any(_LISTING.search(step) for step in steps[1:]):
        return UNREAD
    begins = not re.search(r"[^\W\d_]", ready[: found[0].start].lstrip())
    chosen = found[0] if begins else conclusion(ready, found)
    if chosen is None:
        return UNREAD
    if begins and (rest := related(ready, chosen.end, percent=chosen.percent)) is not None:
        return _answer(ready[rest:], decimal) or UNREAD
    before, after = ready[: chosen.start], ready[chosen.end :]
    joined = _JOINED_BEFORE.search(before[-20:]) or _JOINED_AFTER.match(_without_unit(after))
    inner = any(_JOINED_AFTER.match(_without_unit(ready[one.end :][:80])) for one in found[:-1])
    several = joined or (not begins and inner) or _hangs(ready, chosen)
    several = several or _compound(ready, found, chosen) or len(_PARTS.findall(ready)) > 1
    return UNREAD if several or opens_bound(ready, chosen.start) else chosen


def _without_unit(text: str) -> str:
    """Return what follows a number without the unit behind it."""
    return re.sub(
        r"^\s?(?!(?:or|and|und|oder|et|ou|to|through|till|until|bis|à|a|до|tot|do|sampai|hingga"
        r"|x|или|и|y|o|e|atau|veya)\b"
        r"|[到至和或]|から|에서|부터|또는|से|إلى|الى|या|أو)[^\W\d_]{1,20}",
        "",
        text[:80],
    )


@scorer(
    name="numeric",
    metrics=(Metric("numeric"), Metric("numeric_lenient")),
    libraries=("regex",),
    check_target=a_number,
)
def numeric(
    output: str,
    target: str,
    *,
    tolerance: Annotated[float, Field(ge=0)] = 1e-6,
    relative_tolerance: Annotated[float, Field(ge=0)] = 0.0,
    decimal: Decimal = "auto",
) -> dict[str, float]:
    """Score 1 where the output's number equals that of the target within a tolerance.

    Strict reads :func:`stated_number`, lenient :func:`final_number`. "12%" equals 12 and 0.12,
    but not "0.12%". ``decimal`` is the sign that separates the decimals; a target that does not
    fit it is read as ``auto``.

    Raises:
        MeasurementError: If the target holds no number.
    """
    right = final_number(target, decimal) or final_number(target)
    if right is None:
        raise MeasurementError(f"the target {target[:80]!r} holds no number")

    def equal(found: Number | None) -> float:
        if found is None:
            return 0.0
        pairs = [(found.value, right.value)]
        if found.exact is not None:
            pairs.append((found.exact, right.value))
        if found.percent and not right.percent:
            pairs.append((found.value / 100, right.value))
        if right.percent and not found.percent:
            pairs.append((found.value, right.value / 100))
        return float(
            any(math.isclose(a, b, abs_tol=tolerance, rel_tol=relative_tolerance) for a, b in pairs)
        )

    lenient = equal(final_number(output, decimal))
    strict = min(equal(stated_number(output, decimal)), lenient)
    return {"numeric": strict, "numeric_lenient": lenient}
