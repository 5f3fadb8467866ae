"""Detect answers that say the context does not contain the answer, with measured errors.

An abstention is a sentence at the beginning that denies the text, or the speaker, the knowledge;
one that points out a contradiction counts too. A guess after it ("… but probably Halden") makes
it an answer. What no rule finds, a fitted model weighs. An abstention after something else, or a
text that the rules cannot read, is undetermined; a loop is broken.
"""

from __future__ import annotations

import math
from enum import StrEnum

from evalguard.records import DetectorRates, Metric
from evalguard.scorers.abstention_model import shipped
from evalguard.scorers.abstention_rules import (
    ABSTAINS,
    ASSERTS,
    ATTRIBUTES,
    BARE,
    CLOSES,
    COMPUTES,
    CONCLUDES,
    GUESSES,
    LEANS,
    MENTIONS_TEXT,
    POLITE,
    PREAMBLE,
    STATES,
)
from evalguard.scorers.languages import is_read
from evalguard.scorers.loops import is_broken
from evalguard.scorers.registry import scorer
from evalguard.scorers.sentences import plain_text, sentences

HEAD_SENTENCES = 2
"""Sentences in which what only may abstain leaves open what the answer does."""

LATE_SENTENCES = 4
"""Sentences within which a later abstention counts, if nothing before it answers."""

ABSTAINED = 1.0
"""Log odds above which an answer without an abstention in words that the rules know abstains."""

ANSWERED = 0.4
"""Log odds up to which it is an answer; between the two it is undetermined."""

_SOURCE = "examples of the project written after the rules, n = 283"

RATES = DetectorRates(hits=120, positives=146, rejections=123, negatives=129, source=_SOURCE)
"""How often it was right on examples that chose no rule, weight or threshold; see ``detection``."""

RATES_OF_ANSWERED = DetectorRates(
    hits=116, positives=129, rejections=124, negatives=146, source=_SOURCE
)
"""The same with an answer as the positive."""


class Grounding(StrEnum):
    """What an answer does with a question to a text."""

    ABSTAINED = "abstained"
    ANSWERED = "answered"
    UNDETERMINED = "undetermined"
    BROKEN = "broken"
    EMPTY = "empty"


def grounding(output: str) -> Grounding:
    """Return whether an answer says that the context lacks it, and leaves it at that.

    Example:
        >>> grounding("The text does not say.").value
        'abstained'
        >>> grounding("It doesn't say, but probably in 1912.").value
        'answered'
        >>> grounding("1. 1. 1. 1.").value
        'broken'
    """
    if not output.strip():
        return Grounding.EMPTY
    if is_broken(output):
        return Grounding.BROKEN
    plain, parts = plain_text(output), statements(output)
    said = _said(plain, parts)
    if said is not None:
        return said
    odds = -math.inf if COMPUTES.search(plain) else shipped().odds(parts)
    if odds > ABSTAINED and not GUESSES.search(plain):
        return Grounding.ABSTAINED
    leans = BARE.match(plain) or any(map(LEANS.search, parts[:HEAD_SENTENCES]))
    unsure = leans or odds > ANSWERED or not is_read(plain)
    return Grounding.UNDETERMINED if unsure else Grounding.ANSWERED


def statements(output: str) -> list[str]:
    """Return the sentences without offers of help, and without "according to the text"."""
    parts = sentences(plain_text(output))
    kept = [part for index, part in enumerate(parts) if not index or not POLITE.search(part)]
    return [ATTRIBUTES.sub("", part) for part in kept]


def _said(plain: str, parts: list[str]) -> Grounding | None:
    """Return what an abstention in words makes of an answer; ``None`` where there is none."""
    sums_up = len(parts) > 1 and _sums_up(parts[-2:])
    for index, sentence in enumerate(parts[:LATE_SENTENCES]):
        if not (found := ABSTAINS.search(sentence)):
            continue
        if GUESSES.search(plain.replace("\n", " ")):
            return Grounding.ANSWERED
        if concluded := CONCLUDES.search(sentence, found.start()):
            states = STATES.search(concluded.group(0))
            return Grounding.ANSWERED if states else Grounding.UNDETERMINED
        if any(map(_answers_after_all, parts[index + 1 : index + 3])):
            return Grounding.UNDETERMINED
        introduced = all(PREAMBLE.search(part) for part in parts[:index])
        return Grounding.ABSTAINED if introduced or sums_up else Grounding.UNDETERMINED
    return Grounding.ABSTAINED if sums_up and not GUESSES.search(plain) else None


def _sums_up(last: list[str]) -> bool:
    """Whether the last sentence, which may follow a label, sums up in an abstention."""
    label, closing = last
    concludes = CLOSES.match(closing) or (label.endswith(":") and CLOSES.match(label))
    return bool(concludes and ABSTAINS.search(closing))


def _answers_after_all(sentence: str) -> bool:
    """Whether a sentence after an abstention may give the answer that was said to be missing."""
    if (concluded := CONCLUDES.search(sentence)) and STATES.search(concluded.group(0)):
        return True
    if ABSTAINS.search(sentence) or MENTIONS_TEXT.search(sentence):
        return False
    return ASSERTS.search(sentence) is not None


def abstains(output: str) -> bool:
    """Return whether an answer abstains; see :func:`grounding`."""
    return grounding(output) is Grounding.ABSTAINED


_DETERMINED = frozenset({Grounding.ABSTAINED, Grounding.ANSWERED})


@scorer(
    name="abstention",
    metrics=(
        Metric("abstention", detector=RATES, determined="abstention_determined"),
        Metric("abstention_determined"),
    ),
)
def abstention(output: str) -> dict[str, bool]:
    """Score 1 where the output abstains: right where the context lacks the answer."""
    found = grounding(output)
    return {
        "abstention": found is Grounding.ABSTAINED,
        "abstention_determined": found in _DETERMINED,
    }


@scorer(
    name="answered",
    metrics=(
        Metric("answered", detector=RATES_OF_ANSWERED, determined="answered_determined"),
        Metric("answered_determined"),
    ),
)
def answered(output: str) -> dict[str, bool]:
    """Score 1 where the output is an answer and no abstention: right where there is one.

    Whether the answer is right is for another scorer to say.
    """
    found = grounding(output)
    return {
        "answered": found is Grounding.ANSWERED,
        "answered_determined": found in _DETERMINED,
    }
