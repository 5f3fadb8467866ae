"""The two exchanges that every published set is filled with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, made
from benchmarks.data_formats.forms.texts import QA, WRONG
from benchmarks.data_formats.meant import Outcome, answer, pair, system, talk, trained, user

EXCHANGES = QA[:2]
PAIRS = tuple((q, a, w) for (q, a), w in zip(EXCHANGES, WRONG, strict=False))
"""A question, the better answer and the other."""

MEANT = trained(*(talk(user(q), answer(a)) for q, a in EXCHANGES))
PREFERRED = trained(*(pair(q, a, w) for q, a, w in PAIRS))


def is_made_of(row: Callable[[str, str], Mapping[str, Any]], *allowed: Outcome) -> Made:
    """Return a file with a row for each exchange, which means the exchanges unless more is."""
    return made(jsonl(*(row(q, a) for q, a in EXCHANGES)), *(allowed or (MEANT,)))


def prefers(row: Callable[[str, str, str], Mapping[str, Any]], *allowed: Outcome) -> Made:
    """Return a file with a row for each pair, which means the pairs unless more is."""
    rows = jsonl(*(row(q, a, w) for q, a, w in PAIRS))
    return made(rows, *(allowed or (PREFERRED,)), method="dpo")


def under(text: str) -> Outcome:
    """Return that the exchanges are trained on under a system text."""
    return trained(*(talk(system(text), user(q), answer(a)) for q, a in EXCHANGES))


def asked(form: str) -> Outcome:
    """Return that the questions are asked within a text, at ``{q}``."""
    return trained(*(talk(user(form.format(q=q)), answer(a)) for q, a in EXCHANGES))
