"""Asks a judge about answers altered so that a content-blind rule is wrong on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from evalguard.errors import EngineError
from evalguard.runner.admission import Admission, Approval, Failure, Unread, decided
from evalguard.runner.trivial_judges import FEWEST_ALTERED, Rule, against, rules_as_good
from evalguard.tasks.judged import JudgedTask
from evalguard.tasks.labelled import Labelled, Question

Ask = Callable[[Sequence[Question]], Sequence[Approval]]
"""Asks the judge."""

LEAST_RIGHT = 0.8
"""Share of the altered answers on which a judge must be right, whatever kappa is asked for."""


def rule_taken(
    task: JudgedTask,
    items: Sequence[Labelled],
    admission: Admission,
    ask: Ask,
    *,
    min_kappa: float,
) -> str:
    """Return why the judge cannot be told from a content-blind rule; empty where it can.

    Args:
        task: The task.
        items: Its labels.
        admission: How the judge did on them.
        ask: Asks the judge.
        min_kappa: Kappa that the task requires; where either label is as frequent, it takes a share
            of (1 + kappa)/2 right, and 0.8 at least.

    Raises:
        EngineError: If the judge's engine fails on too many of the altered answers.
    """
    enough = max((1 + min_kappa) / 2, LEAST_RIGHT)
    for rule in rules_as_good(items, admission.kappa_low):
        right, measured = _right_against(task, rule, items, ask)
        needed = max(FEWEST_ALTERED, math.ceil(enough * measured))
        if right < needed:
            return (
                f"the judge cannot be distinguished from a rule that prefers {rule.name} (kappa "
                f"{rule.kappa:.2f}, the judge {admission.kappa:.2f}): on answers altered so that "
                f"the rule is wrong, it is right on {right} of {measured}, and at least {needed} "
                "are required. Label answers on which the rule is wrong, or use another judge."
            )
    return ""


def _right_against(
    task: JudgedTask, rule: Rule, items: Sequence[Labelled], ask: Ask
) -> tuple[int, int]:
    """Return on how many altered answers the judge is right, and how many were asked about."""
    altered = [(item.label, task.altered(item, answers)) for item, answers in against(rule, items)]
    replies = ask([one for _, questions in altered for one in questions])
    left = iter(replies)
    right = measured = 0
    for label, questions in altered:
        found = [next(left) for _ in questions]
        if all(isinstance(one, float | Unread) for one in found):
            measured += 1
            right += decided(questions, found) is label
    failed = [reply for reply in replies if isinstance(reply, Failure)]
    if failed and measured < FEWEST_ALTERED:
        raise EngineError(failed[0])
    return right, measured
