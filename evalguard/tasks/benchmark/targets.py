"""The target of a benchmark's row: how people read it, and whether any answer can match it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from lm_eval.api.task import Task

_NOTHING = ("", "None", "nan", "null")
"""What a template makes of a target that is not there."""


def target_text(task: Task, doc: Mapping[str, Any]) -> str:
    """Return a row's target for people to read: the choice itself where it is an index."""
    target = task.doc_to_target(doc)
    if task.OUTPUT_TYPE != "multiple_choice" or not hasattr(task, "doc_to_choice"):
        return _text(target)
    choices = task.doc_to_choice(doc)
    if getattr(task, "multiple_input", 0):
        target = task.doc_to_text(doc)
    if isinstance(target, list):
        return " | ".join(_chosen(choices, one) for one in target)
    return _chosen(choices, target)


def target_problem(task: Task, doc: Mapping[str, Any]) -> str:
    """Return why no answer can match a row's target; empty where one can.

    Only what lm-eval's own scoring compares is known: a task that scores by its own code may use
    other columns.
    """
    if getattr(task.config, "process_results", None) is not None:
        return ""
    if type(task).__module__ != "lm_eval.api.task":
        return ""
    if task.OUTPUT_TYPE == "multiple_choice":
        return _problem_of_choice(task, doc)
    target = task.doc_to_target(doc)
    if task.OUTPUT_TYPE == "generate_until" and task.config.doc_to_choice is not None:
        choices = task.doc_to_choice(doc)
        return "" if _is_index(target, choices) else _no_choice(target, choices)
    return _problem_of_text(target)


def _problem_of_choice(task: Task, doc: Mapping[str, Any]) -> str:
    choices = task.doc_to_choice(doc)
    if not isinstance(choices, list) or not choices:
        fault = "has no choices" if choices == [] else "is no list of choices"
        return f"choices: {choices!r:.80} {fault}; correct doc_to_choice or the row"
    if any(not isinstance(choice, str) or not choice for choice in choices):
        return f"choices: {choices!r:.80} holds an empty choice, or one that is no text"
    gold = task.doc_to_text(doc) if task.multiple_input else task.doc_to_target(doc)
    if isinstance(gold, list):
        wrong = [one for one in gold if not _is_index(one, choices)]
        if gold and not wrong:
            return ""
        return _no_choice(wrong[0] if wrong else gold, choices)
    if _is_index(gold, choices) or (isinstance(gold, str) and gold in choices):
        return ""
    return _no_choice(gold, choices)


def _problem_of_text(target: Any) -> str:
    if isinstance(target, list):
        right = [one for one in target if str(one).strip() not in _NOTHING]
        return "" if right else f"target: {target!r} holds no answer; correct the row"
    if target is None or str(target).strip() in _NOTHING:
        return f"target: {target!r} is no answer; correct the row or doc_to_target"
    return ""


def _is_index(value: Any, choices: Sequence[str]) -> bool:
    """Whether lm-eval takes a value for the number of a choice: true and false are 1 and 0."""
    return isinstance(value, Integral | np.bool_) and 0 <= int(value) < len(choices)


def _no_choice(gold: Any, choices: Sequence[str]) -> str:
    shown = ", ".join(f"{index} ({choice!r:.24})" for index, choice in enumerate(choices[:10]))
    more = ", …" if len(choices) > 10 else ""
    return f"target: {gold!r:.60} is no choice of this row; possible: {shown}{more}"


def _chosen(choices: Sequence[str], target: Any) -> str:
    return str(choices[int(target)]) if _is_index(target, choices) else _text(target)


def _text(target: Any) -> str:
    return " | ".join(map(str, target)) if isinstance(target, list | tuple) else str(target)
