"""Compare the two sides of a task, sample by sample."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.lm_eval_tasks.manifest import Entry
from benchmarks.lm_eval_tasks.sides import Scored, Side

DECISIONS = frozenset({"PASS", "FAIL", "INCONCLUSIVE"})
CANNOT_FAIL = "no candidate could fail"
"""Begins the reason where the embedded model scores nothing, which is a decision, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The comparison of one task.

    Attributes:
        task: Name of the task.
        on_lm_eval: Whether lm-eval scored it.
        on_evalguard: Whether EvalGuard scored it.
        samples: Rows that lm-eval scored.
        metrics: Metrics that lm-eval reports.
        values: Values compared: of each row, each text, and each aggregate.
        equal: Those that are equal.
        decides: Whether every gate gave a verdict, or said that a baseline at 0 leaves none.
        reason: Why it missed its target; empty if it did not.
        note: Why values were not compared, or with which run of lm-eval.
        refused: Whether EvalGuard refuses it with the error that it should give.
    """

    task: str
    on_lm_eval: bool
    on_evalguard: bool
    samples: int
    metrics: tuple[str, ...]
    values: int
    equal: int
    decides: bool
    reason: str
    note: str = ""
    refused: bool = False

    @property
    def reached(self) -> bool:
        """Whether the task loads, agrees and decides, or is refused as it should be."""
        return not self.reason


def compare_sides(entry: Entry, reference: Side, checked: Side) -> Line:
    """Compare the two sides of a task."""
    if entry.refused:
        return _refused(entry, checked)
    results: list[str] = []
    comparable = not reference.unsound
    if comparable and reference.model.scores and checked.model.scores:
        tolerance = entry.tolerance
        results += _values(reference.model, checked.model, tolerance)
        results += [
            text and f"given answers, {text}"
            for text in _values(reference.given, checked.given, tolerance)
        ]
    unequal = [text for text in results if text]
    undecided = [
        f"gate on {metric}: {verdict}: {why}"
        for metric, verdict, why in checked.verdicts
        if verdict not in DECISIONS and not why.startswith(CANNOT_FAIL)
    ]
    decides = bool(checked.verdicts) and not undecided
    reasons = []
    if entry.missing:
        reasons.append(f"not installed: {', '.join(entry.missing)}")
    if reference.reason or not reference.model.scores:
        reasons.append(f"lm-eval: {reference.reason or 'no rows'}")
    if checked.reason or not checked.model.scores:
        reasons.append(f"EvalGuard: {checked.reason or 'no samples'}")
    if unequal:
        reasons.append(f"{len(unequal)} values differ: {unequal[0]}")
    if undecided:
        reasons.append(undecided[0])
    elif not decides and not checked.reason:
        reasons.append("no gate")
    return Line(
        task=entry.task,
        on_lm_eval=bool(reference.model.scores),
        on_evalguard=bool(checked.model.scores),
        samples=len(reference.model.scores),
        metrics=tuple(reference.model.aggregates),
        values=len(results),
        equal=len(results) - len(unequal),
        decides=decides,
        reason="; ".join(reasons),
        note=reference.unsound or reference.note,
    )


def _refused(entry: Entry, checked: Side) -> Line:
    """Return the line of a task that must be refused with a certain error."""
    said = any(text in checked.reason for text in entry.refused)
    wrong = checked.reason or "it was measured"
    return Line(
        task=entry.task,
        on_lm_eval=False,
        on_evalguard=False,
        samples=0,
        metrics=(),
        values=0,
        equal=0,
        decides=False,
        reason="" if said else f"not refused with '{entry.refused[0]}': {wrong}",
        note=checked.reason if said else "",
        refused=said,
    )


def _values(reference: Scored, checked: Scored, tolerance: float) -> Iterator[str]:
    """Yield for every value its difference as text; empty where it is equal."""
    for row, expected in reference.scores.items():
        found = checked.scores.get(row)
        if found is None:
            yield f"row {row} was not scored"
            continue
        for metric, value in expected.items():
            if metric in found or metric not in checked.aggregates:
                yield _difference(f"row {row}, {metric}", found.get(metric), value, tolerance)
        if row in reference.texts:
            ours, theirs = checked.texts.get(row), reference.texts[row]
            yield "" if ours == theirs else f"row {row}: answered {ours!r}, not {theirs!r}"
    for row in checked.scores.keys() - reference.scores.keys():
        yield f"row {row} is not in lm-eval's run"
    for metric, value in reference.aggregates.items():
        yield _difference(metric, checked.aggregates.get(metric), value, tolerance)
    for metric in checked.aggregates.keys() - reference.aggregates.keys():
        yield f"{metric} is not a metric of lm-eval's run"


def _difference(what: str, found: float | None, expected: float, tolerance: float) -> str:
    if found is None and math.isnan(expected):
        return ""  # no value on either side
    if found is None:
        return f"{what}: missing, not {expected:g}"
    if math.isnan(found) and math.isnan(expected):
        return ""
    if "perplexity" in what and min(found, expected) > 0:  # float32 rounds its logarithm
        same = math.isclose(math.log(found), math.log(expected), rel_tol=tolerance)
        return "" if same else f"{what}: {found!r}, not {expected!r}"
    if math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance):
        return ""
    return f"{what}: {found!r}, not {expected!r}"
