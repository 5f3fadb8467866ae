"""The target of a benchmark's row: its text, and whether any answer can match it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from numbers import Integral
from typing import Any

import numpy as np
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_metric
from lm_eval.api.task import Task

from evalguard.scorers.thinking import Thinking

_NOTHING = ("", "None", "nan", "null")
"""What a template renders for a missing target."""


def target_text(task: Task, doc: Mapping[str, Any]) -> str:
    """Return a row's target as text: the choice itself where it is an index."""
    target = task.doc_to_target(doc)
    if task.OUTPUT_TYPE != "multiple_choice" or not hasattr(task, "doc_to_choice"):
        return _text(target)
    choices = task.doc_to_choice(doc)
    if getattr(task, "multiple_input", 0):
        target = task.doc_to_text(doc)
    if isinstance(target, list):
        return " | ".join(_chosen(choices, one) for one in target)
    return _chosen(choices, target)


def right_answer(task: Task, doc: Mapping[str, Any]) -> str:
    """Return a row's target as a model that is right would write it: one of several."""
    target = task.doc_to_target(doc)
    if task.config.doc_to_choice is not None:
        choices = task.doc_to_choice(doc)
        target = choices[int(target)] if _is_index(target, choices) else target
    listed = target if isinstance(target, list | tuple) else [target]
    return str(next(iter(listed), "")).strip()


def target_problem(task: Task, doc: Mapping[str, Any]) -> str:
    """Return why no answer can match a row's target; empty where one can.

    Only for tasks that lm-eval itself scores: a task's own code may use other columns.
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
        if not _is_index(target, choices):
            return _no_choice(target, choices)
        target = choices[int(target)]
    return _problem_of_text(target, doc) or _problem_of_scoring(task, doc, target)


def _problem_of_choice(task: Task, doc: Mapping[str, Any]) -> str:
    choices = _choices(task, doc)
    if choices is None:
        return "choices: doc_to_choice gives no list for this row; correct doc_to_choice or the row"
    fault = _choices_fault(choices)
    if fault:
        return f"choices: {_shown(choices):.80} {fault}"
    gold = task.doc_to_text(doc) if task.multiple_input else task.doc_to_target(doc)
    if isinstance(gold, list):
        wrong = [one for one in gold if not _is_index(one, choices)]
        if gold and not wrong:
            return ""
        return _no_choice(wrong[0] if wrong else gold, choices)
    if _is_index(gold, choices) or (isinstance(gold, str) and gold in choices):
        return ""
    return _no_choice(None if _is_null(gold, doc) else gold, choices)


def _choices(task: Task, doc: Mapping[str, Any]) -> Any:
    """Return a row's choices; ``None`` where a template renders no list that Python can read."""
    try:
        return task.doc_to_choice(doc)
    except (ValueError, SyntaxError):
        return None


def _choices_fault(choices: Any) -> str:
    if choices == []:
        return "has no choices; correct doc_to_choice or the row"
    if not isinstance(choices, list):
        return "is not a list of choices; correct doc_to_choice or the row"
    if any(not isinstance(choice, str) or not choice for choice in choices):
        return "has a choice that is empty or not text; correct the row"
    return ""


def _problem_of_text(target: Any, doc: Mapping[str, Any]) -> str:
    listed = target if isinstance(target, list | tuple) else [target]
    held = [value for value in doc.values() if isinstance(value, dict | list)]
    for one in listed:
        if isinstance(one, dict | list) or any(str(value) == str(one).strip() for value in held):
            return f"target: {_shown(one):.80} is not text; name its part that is the answer"
    nothing = _NOTHING if _lacks_a_value(doc) else ("",)
    if all(one is None or str(one).strip() in nothing for one in listed):
        shown = "null" if _is_null(target, doc) else _shown(target)
        return f"target: {shown} is not an answer; correct the row or doc_to_target"
    return ""


def _is_null(target: Any, doc: Mapping[str, Any]) -> bool:
    """Return whether a target is the text that a template renders for a null of the row."""
    return str(target).strip() in _NOTHING[1:] and _lacks_a_value(doc)


def _lacks_a_value(doc: Mapping[str, Any]) -> bool:
    return any(value is None or value != value for value in doc.values())  # noqa: PLR0124 - NaN


def _problem_of_scoring(task: Task, doc: Mapping[str, Any], target: Any) -> str:
    """Return why the target itself, given as the answer, would not score as correct.

    Checked where filters change only letter case and white space before lm-eval's own
    ``exact_match`` compares: filters that extract an answer may need another form of it.
    """
    exact = getattr(task, "_metric_fn_list", {}).get("exact_match")
    if task.OUTPUT_TYPE != "generate_until" or exact is not get_metric("exact_match"):
        return ""
    answers = [str(one) for one in (target if isinstance(target, list) else [target])]
    until = (task.config.generation_kwargs or {}).get("until") or []
    stops = [until] if isinstance(until, str) else list(until)
    for filter_ in task._filters:
        kept = _KEEPS_THE_ANSWER.issuperset(_names_of(task, filter_.name))
        given = [_cut(Thinking().split(one).answer, stops) for one in answers]
        if kept and not any(_is_right(task, doc, filter_, one) for one in given):
            shown = " | ".join(answers)
            return f"target: {shown!r:.60} scores 0 when given as the answer{_why(answers, stops)}"
        if not kept and (pattern := _never_found(task, filter_.name, answers)):
            shown = " | ".join(answers)
            return (
                f"target: {shown!r:.60} can never be extracted by regex_pattern: {pattern}; "
                "correct the pattern or the row"
            )
    return ""


_KEEPS_THE_ANSWER = frozenset({"take_first", "lowercase", "uppercase", "remove_whitespace"})
_AROUND_A_PATTERN = _KEEPS_THE_ANSWER | {"majority_vote", "take_first_k"}


def _never_found(task: Task, filter_name: str, answers: Sequence[str]) -> str:
    """Return a filter's pattern if none of its groups matches any right answer.

    Empty where a group may, where it looks around itself, or where the metric changes more than
    letter case before it compares.
    """
    steps = _steps_of(task, filter_name)
    found = [step for step in steps if step.get("function") == "regex"]
    others = {str(step.get("function")) for step in steps} - {"regex"}
    options = (getattr(task, "_metric_fn_kwargs", None) or {}).get("exact_match") or {}
    if (
        len(found) != 1
        or not _AROUND_A_PATTERN.issuperset(others)
        or options.keys() - {"ignore_case"}
    ):
        return ""
    pattern = str(found[0].get("regex_pattern", ""))
    groups = _groups_of(pattern)
    if not groups or any("(?" in group for group in groups):
        return ""
    forms = {form for one in answers for form in (one.strip(), one.strip().lower(), one.upper())}
    seen = any(re.fullmatch(group, form, re.S) for group in groups for form in forms)
    return "" if seen else pattern


@lru_cache(maxsize=64)  # each row asks for those of its task
def _groups_of(pattern: str) -> tuple[str, ...]:
    """Return the sources of a pattern's outermost capturing groups."""
    groups, opened, start, place = [], 0, 0, 0
    bracket = False
    while place < len(pattern):
        sign = pattern[place]
        if sign == "\\":
            place += 2
            continue
        if bracket:
            bracket = sign != "]"
        elif sign == "[":
            bracket = True
            place += pattern[place + 1 : place + 2] in ("]", "^")
        elif sign == "(":
            if not opened:
                start = place + 1
            opened += 1
        elif sign == ")":
            opened -= 1
            if not opened and pattern[start : start + 1] != "?":
                groups.append(pattern[start:place])
        place += 1
    return tuple(groups)


def _names_of(task: Task, filter_name: str) -> list[str]:
    return [str(step.get("function")) for step in _steps_of(task, filter_name)]


def _steps_of(task: Task, filter_name: str) -> list[Mapping[str, Any]]:
    listed = task.config.filter_list or []
    return [step for entry in listed if entry["name"] == filter_name for step in entry["filter"]]


def _cut(answer: str, stops: Sequence[str]) -> str:
    """Return an answer up to the first stop string, as the engine returns it."""
    for stop in stops:
        if stop:
            answer = answer.split(stop, maxsplit=1)[0]
    return answer


def _is_right(task: Task, doc: Mapping[str, Any], filter_: Any, answer: str) -> bool:
    asked = Instance("generate_until", dict(doc), ("", {}), 0, (None, None, 1))
    asked.resps = [answer]
    filter_.apply([asked])
    found = task.process_results(doc, [asked.filtered_resps[filter_.name]])
    return bool(found.get("exact_match"))


def _why(answers: Sequence[str], stops: Sequence[str]) -> str:
    ending = [stop for stop in stops if stop and any(stop in answer for answer in answers)]
    if any(Thinking().split(answer).answer != answer for answer in answers):
        return ": the thinking in it is removed from every answer; write the answer alone"
    if ending:
        return f": 'until' cuts it at {ending[0]!r}; correct until or the row"
    return ": the filters or the metric change it; correct them or the row"


def _is_index(value: Any, choices: Sequence[str]) -> bool:
    """Return whether lm-eval takes a value as the index of a choice: true and false are 1 and 0."""
    return isinstance(value, Integral | np.bool_) and 0 <= int(value) < len(choices)


def _shown(value: Any) -> str:
    """Return a value as a data file holds it: ``null``, ``["red", null]``."""
    if isinstance(value, str):
        return repr(value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(value)


def _no_choice(gold: Any, choices: Sequence[str]) -> str:
    shown = ", ".join(f"{index} ({choice!r:.24})" for index, choice in enumerate(choices[:10]))
    more = ", …" if len(choices) > 10 else ""
    return (
        f"target: {_shown(gold):.60} is not a choice of this row; possible: {shown}{more}; "
        "correct the row or doc_to_target"
    )


def _chosen(choices: Sequence[str], target: Any) -> str:
    return str(choices[int(target)]) if _is_index(target, choices) else _text(target)


def _text(target: Any) -> str:
    return " | ".join(map(str, target)) if isinstance(target, list | tuple) else str(target)
