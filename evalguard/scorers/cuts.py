"""Check that a task's stop strings do not cut the right answer.

A stop string within every right answer cuts it for the baseline and the candidate alike, which
looks like a model that has lost nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from evalguard.errors import MeasurementError, ModelError
from evalguard.scorers.assertions import least_program, running_tests
from evalguard.scorers.binding import Row, Scorer, TargetCheck
from evalguard.scorers.cut_forms import form_problem
from evalguard.scorers.extract import announced_texts, folded, readings
from evalguard.scorers.numeric import final_number
from evalguard.scorers.structure import INVALID, parse_json
from evalguard.scorers.targets import a_number, a_schema, shown

_WHOLE = frozenset({"exact_match", "contains", "json_fields"})
"""Scorers whose right answers hold the whole target, or one of its aliases."""

SPARE = 2
"""Times the longest answer, in tokens, up to which a target is not refused for its length."""

MAX_TOKEN_CHARS = 256
"""Characters of the longest token; those of common vocabularies have up to 128."""

_OTHER_SIGNS = str.maketrans(".,", ",.")


def cut_problem(scorer: Scorer, target: str, row: Row, stop: Sequence[str]) -> str | None:
    """Return why the stop strings cut every right answer, or ``None``.

    Args:
        scorer: The scorer of the answer.
        target: The expected answer.
        row: The sample's row of the test set.
        stop: Stop strings of the task.
    """
    if not any(stop):
        return None
    if scorer.check_target is a_number:
        numbers = _numbers(target, scorer)
        return _first_of_all(_cut_answer(scorer, one, target, row, stop) for one in numbers)
    if scorer.target_is_answer:
        cuts = (
            _cut_answer(scorer, one, target, row, stop) for one in _answers(scorer, target, row)
        )
        return _first_of_all(cuts)
    if reason := form_problem(scorer, row, stop):
        return reason
    for check, part in _NEEDED.items():
        needed = (
            part(target, row, scorer) if check in (scorer.check_target, scorer.check_row) else ""
        )
        if found := _first(needed, stop):
            return (
                f"the stop string {shown(found)} cuts every right answer, which contains "
                f"{shown(needed)}; remove it from stop"
            )
    return None


def length_problem(
    scorer: Scorer, target: str, row: Row, *, limit: int, count: Callable[[str], int] | None
) -> str | None:
    """Return why no right answer is as short as an answer may be, or ``None``.

    Another spelling of a right answer may take fewer tokens than the target, so that only one of
    more than :data:`SPARE` times the limit is refused.

    Args:
        scorer: What will measure the answer.
        target: The expected answer.
        row: The sample's row of the test set.
        limit: Longest answer in tokens.
        count: Length of a text in tokens; ``None`` where it is not known.
    """
    if scorer.name not in _WHOLE or scorer.arguments.get("fields"):
        return None
    found = []
    for one in _answers(scorer, target, row):
        if len(one.encode()) <= SPARE * limit:  # a token has at least a byte
            return None
        found.append(min(_tokens(form, count) for form in _spellings(one)))
        if found[-1] <= SPARE * limit:
            return None
    return (
        f"{shown(target)} takes at least {min(found):,} tokens as an answer, and max_new_tokens "
        f"allows {limit:,}; raise it, or shorten the target"
    )


def _spellings(answer: str) -> Iterator[str]:
    """Yield an answer, and shorter forms of it that are as right."""
    yield from (answer, folded(answer), *readings(answer))
    if (value := parse_json(answer)) is not INVALID:
        yield json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _tokens(text: str, count: Callable[[str], int] | None) -> int:
    """Return the tokens of a text; where they cannot be counted, how many it has at least."""
    if count is not None:
        with suppress(ModelError):  # a hosted model may keep its tokenizer to itself
            return count(text) - count("")  # without what marks the beginning and the end
    return len(text) // MAX_TOKEN_CHARS


def _first_of_all(problems: Iterable[str | None]) -> str | None:
    """Return the first of the problems if each answer has one."""
    first: str | None = None
    for problem in problems:
        if problem is None:
            return None
        first = first or problem
    return first


def _answers(scorer: Scorer, target: str, row: Row) -> Iterator[str]:
    """Yield the right answers of a row: the target and its aliases."""
    aliases = row.get(scorer.arguments.get("aliases") or "", ())
    yield target.strip()
    yield from (one.strip() for one in ([aliases] if isinstance(aliases, str) else aliases))


def _first(text: str, stop: Sequence[str]) -> str | None:
    """Return the stop string that cuts a text first."""
    found = [one for one in stop if one and one in text]
    return min(found, key=text.index, default=None)


def _cut_answer(
    scorer: Scorer, answer: str, target: str, row: Row, stop: Sequence[str]
) -> str | None:
    """Return how a right answer scores worse after the first stop string in it, or ``None``."""
    found = _first(answer, stop)
    if found is None:
        return None
    cut = answer[: answer.index(found)]
    try:
        whole, left = (_scores(scorer, one, target, row) for one in (answer, cut))
    except MeasurementError as error:
        return str(error)
    by_name = {metric.name: metric for metric in scorer.metrics}
    for name in reversed(whole):  # the lenient metrics, which come last, say most
        sign = 1 if by_name[name].higher_is_better else -1
        if sign * left[name] < sign * whole[name] - 1e-9:
            return (
                f"{shown(target)} given as the answer scores {name} {left[name]:g}, as the stop "
                f"string {shown(found)} cuts it; the right answer must score {whole[name]:g}"
            )
    return None


def _scores(scorer: Scorer, answer: str, target: str, row: Row) -> dict[str, float]:
    """Return all scores of one answer, corpus metrics over this answer alone included."""
    of_set = {
        name: scorer.score_corpus(name, [(answer, target, row)]) for name in scorer.corpus_metrics
    }
    return {**of_set, **scorer.score(answer, target, row)}


def _numbers(target: str, scorer: Scorer) -> Iterator[str]:
    """Yield answers that are a target's number: the target itself, and what it announces."""
    # If the target is read with the other decimal sign, answers are not.
    other = final_number(target, scorer.arguments["decimal"]) is None
    signs = _OTHER_SIGNS if other else {}
    yield target.strip().translate(signs)
    yield from (one.translate(signs) for one in announced_texts(target) or ())


def _program(target: str, _row: Row, _scorer: Scorer) -> str:
    return least_program(target)


def _document(_target: str, row: Row, scorer: Scorer) -> str:
    """Return the shortest JSON that has the fields which a schema asks for."""
    own = scorer.arguments.get("schema")
    schema: Any = row.get(scorer.arguments.get("column", "")) if own is None else own.schema
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind == "object":
        required = schema.get("required", [])
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:" for name in required) + "}"
    return "[]" if kind == "array" else '"' if kind == "string" else ""


_NEEDED: dict[TargetCheck, Callable[[str, Row, Scorer], str]] = {
    running_tests: _program,
    a_schema: _document,
}
"""A part of every right answer, by the check that a scorer registers."""
