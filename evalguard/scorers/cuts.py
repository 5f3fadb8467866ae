"""Do a task's stop texts leave the right answer whole?

A stop text within every right answer cuts it for the baseline and the candidate alike, which looks
like a model that has lost nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from evalguard.errors import MeasurementError
from evalguard.scorers.assertions import least_program, running_tests
from evalguard.scorers.binding import Row, Scorer, TargetCheck
from evalguard.scorers.extract import announced_texts
from evalguard.scorers.numeric import final_number
from evalguard.scorers.targets import a_number, a_schema, shown

_OTHER_SIGNS = str.maketrans(".,", ",.")


def cut_problem(scorer: Scorer, target: str, row: Row, stop: Sequence[str]) -> str | None:
    """Return why no right answer is left once the stop texts have cut it, or ``None``.

    Args:
        scorer: What will measure the answer.
        target: The expected answer.
        row: The sample's row of the test set.
        stop: Texts at which an answer is cut.
    """
    if not any(stop):
        return None
    if scorer.check_target is a_number:
        cut: str | None = ""
        for one in _numbers(target, scorer):
            if (cut := _cut_answer(scorer, one, target, row, stop)) is None:
                return None
        return cut
    if scorer.target_is_answer:
        return _cut_answer(scorer, target.strip(), target, row, stop)
    for check, part in _NEEDED.items():
        needed = (
            part(target, row, scorer) if check in (scorer.check_target, scorer.check_row) else ""
        )
        if found := _first(needed, stop):
            return (
                f"the stop text {shown(found)} cuts every answer: a right one has a part such as "
                f"{shown(needed)}"
            )
    return None


def _first(text: str, stop: Sequence[str]) -> str | None:
    """Return the stop text that cuts a text first."""
    found = [one for one in stop if one and one in text]
    return min(found, key=text.index, default=None)


def _cut_answer(
    scorer: Scorer, answer: str, target: str, row: Row, stop: Sequence[str]
) -> str | None:
    """Return what a right answer loses by the stop text that cuts it first."""
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
                f"text {shown(found)} cuts it; the right answer must score {whole[name]:g}"
            )
    return None


def _scores(scorer: Scorer, answer: str, target: str, row: Row) -> dict[str, float]:
    """Return all scores of one answer, those of a set that is this answer alone included."""
    of_set = {
        name: scorer.score_corpus(name, [(answer, target, row)]) for name in scorer.corpus_metrics
    }
    return {**of_set, **scorer.score(answer, target, row)}


def _numbers(target: str, scorer: Scorer) -> Iterator[str]:
    """Yield answers that are a target's number: the target itself, and what it announces."""
    # Where a target is read the other way, answers are not.
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
"""What every right answer has in it, by the check that a scorer registers."""
