"""Scorers for closed questions: the letter of a choice, the label of a class."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import regex

from evalguard.records import Metric, ScoreKind
from evalguard.scorers.affirmed import affirmed_letters, excepted, ticked_letter
from evalguard.scorers.alternatives import LETTER, settled
from evalguard.scorers.asides import without_asides
from evalguard.scorers.attribution import anothers
from evalguard.scorers.binding import CorpusMetric
from evalguard.scorers.choice_texts import SEVERAL, choice_by_text, choice_of_a_letter
from evalguard.scorers.extract import (
    announced_texts,
    announces_options_only,
    folded,
    lenient_texts,
    normalise,
    read_announced,
    readings,
)
from evalguard.scorers.label_fields import field_label, without_conceded
from evalguard.scorers.latex import plain
from evalguard.scorers.lazy_patterns import lazy_re, lazy_regex
from evalguard.scorers.letters import PREFIX, TICKS, lone_letter
from evalguard.scorers.negation import NEGATION, SUPPOSED, TURNED, disowned, negated
from evalguard.scorers.registry import scorer
from evalguard.scorers.retraction import without_retracted
from evalguard.scorers.targets import one_of_the_choices, one_of_the_labels
from evalguard.scorers.turns import own_part
from evalguard.scorers.words import holds

MAX_ENCLOSING_CHARS = 20_000
"""In a longer text, a letter in brackets alone is no answer."""

_LETTER = "(?-i:[A-Z])"

_STRICT = lazy_regex(r"\s*[(\[]?(\p{L})[)\]]?[.:]?\s*")
_LEADING = lazy_re(r"[(\[]?([A-Z])(?![A-Za-z0-9_'’À-ӿ]|\+\+|#)([*_]*[)\].:,;、])?(.*)", re.S)
_WORD_AFTER = lazy_re(r"[*_]*\s+[^\W\d_]")
_REASON_AFTER = lazy_re(
    r"[*_]*\s+(?:because|since|as|is|for|due|which|weil|da|porque|parce|car|потому)\b"
)
_JOIN = (
    r"(?:[,/;&+–>→⇒-]|(?:vs\.?|versus|and|or|und|oder|et|ou|y|o|e|и|или|to|atau|dan|ve"
    r"|veya|eller|och|og|tai|ja|nebo|anebo|sau|și|vagy|és|ή|και|או|hoặc|và|au|na|lub|albo|i|of|en|หรือ|และ"
    r"|அல்லது|లేదా|अथवा|অথবা|বা|або|чи|või|arba|vai|ali|ili)(?!\w)|和|或者?|、|と"
    r"|か|및|또는|या|और|أو|و|یا|اور)"
)
_LISTED = lazy_re(
    rf"[*_)\]. ]*\s*{_JOIN}{{1,2}}\s*(?:option\s+|choice\s+)?[(\[*_]*[A-Z](?![A-Za-z0-9_'’À-ӿ])"
    rf"(?=[*_)\].]*\s*(?:$|[\n.。।۔!?;；]|{_JOIN}|are\b|[^\x00-\u04ff]))"
)
_FURTHER = lazy_re(
    r"(?:[,;/&]|\b(?:and|or|und|oder|y|o|et|ou)\b)\s{0,3}"
    r"(?:[(\[*]{1,3}(?=[A-Z][)\]*])|(?=[A-Z][).:]\s))([A-Z])"
)
_GROUND = lazy_re(
    r"[\n.!?。！？।]|\b(?:because|since|as|while|whereas|not|but|unlike|rather|for|weil|porque"
    r"|car)\b"
)
_ANOTHER_AT_END = lazy_regex(
    r"[)*_\]]{0,3}[.!。।…]+\s+(?P<words>(?:[^\s,:;.!?]{1,20}\s){0,3}[^\s,:;.!?]{1,20}[,:]\s(?:[^\s.!?]{1,20}\s)"
    r"{0,2}|(?:[^\s.!?]{1,20}\s){1,4}(?=(?-i:[A-Z])\sinstead))[(*\[]{0,3}(?P<letter>(?-i:[A-Z]))"
    r"[)*\]]{0,3}(?:\sinstead)?[.!。।]?\s*\Z"
)
"""A short last sentence that comes to a letter behind a comma: "B. In fact, C."."""

_COMPARING = lazy_regex(
    r"\b(?:see|vs|unlike|like|than|(?<!go )with|for|of|from|and|or)\s*\Z", regex.I
)
_LONE_CAPITAL = lazy_regex(r"(?<!\p{L})[A-Z](?!\p{L})")
_POINT_INSIDE = lazy_re(r"\.(?!\s+[^\W\d_a-z])")
"""A full stop behind a letter that does not end the sentence."""

_MATH = lazy_re(r"^\${1,2}([^$\n]{1,40})\${1,2}")  # "$B$. I hope it is correct."
_QUOTED = lazy_re(r"^[\"'“„«‘「『`]([A-Z])[\"'”“»’」』`]")  # "B" because …
_ENCLOSED = lazy_re(r"[(\[]([A-Z])[)\]]")
_OPTION_NAMED = lazy_re(
    r"\W{0,4}\b(?:[Oo]ption"
    r"|[Cc]hoice)\s+[(\[*]{0,3}([A-Z])(?![A-Za-z0-9])[)\]*]{0,3}(?=\s*[:.–—-]|(?<=\))\s)"
)
"""An option that is named with a colon or a dash behind it."""

_EXPLAINED = lazy_regex(
    r"\W{0,3}(?P<letter>[A-Z])[)*_.:]{0,3}\s?\((?P<inner>[^()?\n]{2,120})\)[\s.*]*"
)
"""A letter with the text of its choice in brackets, and no more."""

_UNCLEAR = lazy_regex(
    r"(?<![A-Za-z])(?-i:[A-Z])(?![A-Za-z])"
    r"|\b(?:or|maybe|perhaps|possibly|might|could|unclear|tempting|close|partly)\b",
    regex.I,
)

_DASHED = lazy_re(r"[\s*_]*([A-HJ-Z])[*_]{0,2}\s+[–—-]{1,2}\s+(?=[^\W\d_]{2})")
_REASONED = lazy_re(
    r"[\s*_\"“„(\[]{0,4}([B-HJ-Z]|[AI](?=[*_)\]\"”,]))[*_\"”)\]]{0,4},?\s+(?:because|since|weil|porque|parce|car"
    r"|perché|потому)\b"
)  # "B, because …"
_OPTION_LINE = lazy_re(r"^[ \t*_>-]*[(\[]?([A-Z])[*_]{0,2}[)\].:]", re.M)
_CHECKED = lazy_re(r"^[ \t*>-]*(?:\[[xX✓✔]\]|☑|☒)[ \t*]*[(\[]?([A-Z])(?![A-Za-z0-9])", re.M)
_OPTION_ROW = lazy_re(
    r"^[ \t*_>|-]*[(\[]?([A-Z])[*_]{0,2}"
    r"(?:[)\].:]|\s{1,3}[–—-]{1,2}\s+(?=\S)|\s*[|=→✓✗✔✘✅❌])",
    re.M,
)


def chosen_letter(output: str) -> str | None:
    """Return the letter of the choice that an output makes, or ``None``.

    In order: the whole output; the last one announced ("the answer is C"); one said to be correct
    ("C is correct"); one that opens the output ("C) Paris"); the only letter in brackets. Several
    letters to choose from are none.
    """
    output = settled(without_asides(output, _LETTER), LETTER)
    for text in readings(output):
        if (letter := lone_letter(text)) is not None:
            return letter
    announced = read_announced(output, _announced_letter, none=SEVERAL, whole=lone_letter)
    if announced is not None and not (announced == SEVERAL and announces_options_only(output)):
        return announced or None
    return _unannounced_letter(without_retracted(own_part(output))) or None


def _unannounced_letter(output: str) -> str | None:
    """Return the letter said to be correct, that opens the output, or alone is in brackets."""
    if affirmed := affirmed_letters(output):
        return affirmed.pop() if len(affirmed) == 1 else SEVERAL
    for text in lenient_texts(output):
        if (letter := lone_letter(text)) is not None:
            return letter
    output = unicodedata.normalize("NFKC", output)
    if len(set(_OPTION_ROW.findall(output))) > 1:
        return ticked_letter(output) or SEVERAL
    if checked := set(_CHECKED.findall(output)):
        return str(checked.pop()) if len(checked) == 1 else SEVERAL
    opening = _opening_letter(output)
    return _enclosed_letter(output) if opening is None else opening


def _opening_letter(output: str) -> str | None:
    """Return the letter that opens an output; :data:`SEVERAL` where it is not meant."""
    output = output.lstrip(f"{TICKS} \n")
    if told := _EXPLAINED.fullmatch(output.strip()):
        doubtful = NEGATION.search(told["inner"]) or _UNCLEAR.search(told["inner"])
        return SEVERAL if doubtful else str(told["letter"])
    opening = _OPTION_LINE.match(output) or _DASHED.match(output) or _REASONED.match(output)
    if opening is None and len(set(_OPTION_NAMED.findall(output))) == 1:
        opening = _OPTION_NAMED.match(output)
        if opening is not None and (
            NEGATION.search(output)
            or SUPPOSED.search(output)
            or _UNCLEAR.search(output, opening.end())
        ):
            return SEVERAL
    if opening is None or _LISTED.match(output, opening.end(1)):
        return None
    start, end = opening.span(1)
    unfit = _denied(output, start, end) or excepted(output, end) or TURNED.match(output, end)
    return SEVERAL if unfit else str(opening[1])


def _announced_letter(text: str) -> str | None:
    """Return the letter that an announced answer is or begins with; :data:`SEVERAL` for more."""
    if (letter := lone_letter(text)) is not None:
        return letter
    bare = _QUOTED.sub(r"\1", _MATH.sub(r"\1", plain(text[:2000]).lstrip()))
    head = unicodedata.normalize("NFKC", bare).strip()
    prefix = PREFIX.match(head)
    # "is a …" is an article, so that only capitals count before further words.
    found = _LEADING.match(head, prefix.end() if prefix is not None else 0)
    if found is None:
        return _enclosed_letter(head)
    letter, closed, rest = found.groups()
    if _LISTED.match(head, found.end(1)) or len(set(_OPTION_ROW.findall(head))) > 1:
        return SEVERAL
    if set(_FURTHER.findall(_GROUND.split(head[found.end(1) :], maxsplit=1)[0])) - {letter}:
        return SEVERAL
    if _denied(head, found.start(1), found.end(1)) or _another_at_end(head, found.end(1), letter):
        return SEVERAL
    word = letter in "AIEO" and not closed and _WORD_AFTER.match(rest)
    return _enclosed_letter(head) if word and not _REASON_AFTER.match(rest) else letter


def _another_at_end(text: str, end: int, letter: str) -> bool:
    """Return whether the sentence behind a letter comes to another one."""
    found = _ANOTHER_AT_END.match(text, end)
    if found is None or found["letter"] == letter:
        return False
    return not any(one.search(found["words"]) for one in (NEGATION, _LONE_CAPITAL, _COMPARING))


def _enclosed_letter(text: str) -> str | None:
    """Return the only letter in brackets; :data:`SEVERAL` for more or where it is ruled out."""
    enclosed = set(_ENCLOSED.findall(text))
    if not enclosed:
        return None
    if len(enclosed) > 1 or "?" in text or len(text) > MAX_ENCLOSING_CHARS:
        return SEVERAL
    if NEGATION.search(text) or SUPPOSED.search(text) or anothers(text):
        return SEVERAL
    return str(enclosed.pop())


def _denied(text: str, start: int, end: int) -> bool:
    """Return whether a letter, with its closing bracket, is ruled out."""
    closed = text[end : end + 1] in (")", "]", ":", "*") or _POINT_INSIDE.match(text, end)
    return disowned(text, start, end + bool(closed))


@scorer(
    name="multiple_choice",
    metrics=(Metric("multiple_choice"), Metric("multiple_choice_lenient")),
    libraries=("regex",),
    check_target=one_of_the_choices,
    target_is_answer=True,
)
def multiple_choice(
    output: str, target: str, row: Mapping[str, Any], *, choices: str = "choices"
) -> dict[str, float]:
    """Score 1 where the output chooses the target's letter.

    Strict: the output is the letter, as "B", "(b)" or "B.". Lenient: :func:`chosen_letter`, or
    the text of the choice where the row's column ``choices`` lists them.
    """
    letter = target.strip().strip("().").upper()
    alone = _STRICT.fullmatch(output) if len(output) < 200 else None
    strict = alone is not None and alone[1].upper() == letter
    texts = row.get(choices)
    known = [str(text) for text in texts] if isinstance(texts, list) else []
    chosen = chosen_letter(output)
    beyond = chosen is not None and chosen.isascii() and ord(chosen) - ord("A") >= len(known)
    if known and (chosen is None or beyond):
        chosen = choice_by_text(output, known)
    elif chosen is not None and (meant := choice_of_a_letter(output, known)) is not None:
        chosen = meant
    return {
        "multiple_choice": float(strict),
        "multiple_choice_lenient": float(strict or chosen == letter),
    }


def read_label(output: str, labels: list[str] | None) -> str | None:
    """Return the one label that an output names, normalised, or ``None``.

    That is a label that a reading of the output equals, else the only one among the words of what
    it announces, else the only one among all its words. A label that a negation rules out is not
    named. Labels of one letter are read as :func:`chosen_letter` does.
    """
    if labels is None:
        texts = [text for text in announced_texts(output) or lenient_texts(output) if text]
        return normalise(min(texts, key=len)) if texts else None
    known = {folded(label): normalise(label) for label in labels}
    for text in readings(output):
        if folded(text) in known:
            return known[folded(text)]
    if all(len(one) == 1 and one.isalpha() for one in known):
        letter = chosen_letter(output)
        return known.get(letter.casefold()) if letter is not None else None
    if not any(one in other for one in known for other in known if one != other):
        names = "|".join(map(regex.escape, (*known, *labels)))
        output = without_conceded(without_asides(output, names), names)
    announced = read_announced(
        output,
        lambda text: _named_label(text, known),
        none=SEVERAL,
        whole=lambda text: known.get(folded(text)),
    )
    if announced is not None:
        return announced or None
    return _unannounced_label(output, known)


def _unannounced_label(output: str, known: Mapping[str, str]) -> str | None:
    """Return the label that is the first line or its field, or the only one among all words."""
    for text in lenient_texts(output):
        if folded(text) in known:
            return known[folded(text)]
    own = own_part(output)
    if (given := field_label(own, [*known, *known.values()])) is not None:
        return known[folded(given)]
    kept = without_retracted(own)
    return _named_label(kept, known) or _named_label(_QUOTATION.sub(" ", kept), known) or None


_QUOTATION = lazy_re(r"[\"“«„「](?=[^\s\"”»“」]{1,100}\s)[^\"”»“」\n]{1,300}[\"”»“」]")
"""Several quoted words: what a text says, which is no label of it."""


def _named_label(text: str, known: Mapping[str, str]) -> str | None:
    """Return the only label among a text's words; :data:`SEVERAL` for more or a negated one."""
    plain_text = folded(text)
    if plain_text in known:
        return known[plain_text]
    named = {one for one in known if one and _names(plain_text, one)}
    # "not urgent" also names "urgent": a label within a longer named one does not count.
    longest = {one for one in named if not any(one != other and one in other for other in named)}
    meant = {
        one
        for one in longest
        if not negated(plain_text, one)
        and _COMPOUND.match(plain_text, plain_text.rfind(one) + len(one)) is None
    }
    if len(meant) == 1:
        return known[meant.pop()]
    return SEVERAL if named else None


def _names(text: str, name: str) -> bool:
    """Return whether a text holds a label, in Korean also as its adjective: 긍정, 긍정적."""
    return holds(text, name) or (
        regex.search(r"\p{Hangul}\Z", name) is not None
        and any(holds(text, f"{name}{ending}") for ending in ("적", "적인"))
        and regex.search(rf"{regex.escape(name)}적[^.,!?\n]{{0,15}}없", text) is None
    )


_COMPOUND = lazy_re(
    r"[\s-]+(?:scores?|filter\w*|folders?|probabilit\w+|likelihood|detect\w+|confidence|checks?"
    r"|rates?"
    r"|threshold|signals?|keywords?|risk)\b"
)
"""What follows a label that is only part of another noun: "spam filter"."""


def _label_counts(
    output: str, target: str, row: Mapping[str, Any], *, labels: list[str] | None = None
) -> dict[str, float]:
    """Return one sample's true positive, or its false positive and false negative."""
    found, right = normalise(output), normalise(target)
    known = labels is None or found in {normalise(label) for label in labels}
    return _confusion(found if known else None, right)


def _lenient_label_counts(
    output: str, target: str, row: Mapping[str, Any], *, labels: list[str] | None = None
) -> dict[str, float]:
    """Return the same of the label that the output names."""
    right = normalise(target)
    return _confusion(right if normalise(output) == right else read_label(output, labels), right)


def _confusion(found: str | None, right: str) -> dict[str, float]:
    """Return counts keyed ``tp:label``, ``fp:label`` and ``fn:label``."""
    if found == right:
        return {f"tp:{right}": 1.0}
    missed = {f"fn:{right}": 1.0}
    return missed if found is None else missed | {f"fp:{found}": 1.0}


def macro_f1(counts: Mapping[str, float]) -> float:
    """Return the mean F1 over the labels that occur as targets.

    A label that only the model invents is not averaged in: it costs the right one its recall.

    Example:
        >>> macro_f1({"tp:a": 3, "fn:b": 1, "fp:a": 1})
        0.42857142857142855
    """
    labels = {key[3:] for key, count in counts.items() if key[:2] in ("tp", "fn") and count}
    if not labels:
        return 0.0
    total = 0.0
    for label in labels:
        hits = 2 * counts.get(f"tp:{label}", 0.0)
        errors = counts.get(f"fp:{label}", 0.0) + counts.get(f"fn:{label}", 0.0)
        total += hits / (hits + errors)
    return total / len(labels)


@scorer(
    name="label",
    metrics=(Metric("label"), Metric("label_lenient")),
    corpus=(
        CorpusMetric(Metric("macro_f1", ScoreKind.CORPUS), _label_counts, macro_f1),
        CorpusMetric(Metric("macro_f1_lenient", ScoreKind.CORPUS), _lenient_label_counts, macro_f1),
    ),
    libraries=("regex",),
    check_target=one_of_the_labels,
    target_is_answer=True,
)
def label(output: str, target: str, *, labels: list[str] | None = None) -> dict[str, float]:
    """Score 1 where the output is the target's label.

    Strict: the normalised output. Lenient: :func:`read_label`, for which the option ``labels``
    lists all classes. ``macro_f1`` and ``macro_f1_lenient`` are the same over the whole set.
    """
    right = normalise(target)
    strict = normalise(output) == right
    lenient = strict or read_label(output, labels) == right
    return {"label": float(strict), "label_lenient": float(lenient)}
