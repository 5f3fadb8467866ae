"""The calls into lm-eval's task: build a sample's requests, and score its responses."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import UndefinedError
from lm_eval.api.task import Task
from lm_eval.utils import apply_template
from lm_eval.utils import env as templates

from evalguard.errors import MeasurementError
from evalguard.tasks.base import Prepared, Render, content_id
from evalguard.tasks.benchmark.targets import target_text

# lm-eval compiles a task's templates again for every sample, which takes longer than a small model.
templates.from_string = lru_cache(maxsize=1024)(templates.from_string)

FEWSHOT_SEED = 1234
"""lm-eval's default, so that the few-shot examples are those of the ``lm_eval`` command."""


def build_sample(
    task: Task,
    name: str,
    doc_id: int,
    doc: Mapping[str, Any],
    render: Render | None,
    *,
    system: str | None = None,
) -> Prepared:
    """Return a row as lm-eval asks it, few-shot examples included.

    Args:
        task: lm-eval's task.
        name: Its name in reports.
        doc_id: Number of the row, from 0.
        doc: The row.
        render: Applies the chat template; ``None`` for plain text.
        system: The system message, if any.
    """
    context = task.fewshot_context(
        doc,
        num_fewshot=task.config.num_fewshot or 0,
        system_instruction=system,
        apply_chat_template=render is not None,
        fewshot_as_multiturn=render is not None,
        chat_template=render,
        gen_prefix=task.doc_to_prefix(doc),
    )
    built = task.construct_requests(
        doc=doc,
        ctx=context,
        metadata=(name, doc_id, task.config.repeats),
        apply_chat_template=render is not None,
        chat_template=render,
    )
    instances = tuple(built) if isinstance(built, list) else (built,)
    arguments = [instance.arguments for instance in instances]
    return Prepared(
        sample_id=content_id(name, arguments, doc),
        prompt=context if isinstance(context, str) else "\n".join(map(str, context)),
        target=target_text(task, doc),
        instances=instances,
        row=doc,
        row_number=doc_id + 1,
    )


def metric_values(task: Task, prepared: Prepared, responses: Sequence[Any]) -> dict[str, Any]:
    """Return the value of each metric and filter, from the task's own code."""
    instances = list(prepared.instances)
    repeats = instances[0].repeats or 1
    for index, instance in enumerate(instances):
        instance.resps = list(responses[index * repeats : (index + 1) * repeats])
        instance.filtered_resps = {}
    values: dict[str, Any] = {}
    for filter_ in task._filters:
        filter_.apply(instances)
        filtered = [instance.filtered_resps[filter_.name] for instance in instances]
        found = task.process_results(prepared.row, filtered)
        if not isinstance(found, Mapping):
            raise MeasurementError(
                f"process_results returns {reprlib.repr(found)} for row {prepared.row_number}; "
                "return a value by metric, such as {'acc': 1.0}"
            )
        suffix = filter_suffix(task, filter_.name)
        values |= {f"{name}{suffix}": value for name, value in found.items()}
    return values


def filter_suffix(task: Task, filter_name: str) -> str:
    """Return what a filter adds to the name of a metric: nothing where it is the only one."""
    return "" if len(task._filters) == 1 else f",{filter_name}"


def missing_value(error: Exception, doc: Mapping[str, Any]) -> str:
    """Return why a template or function failed that uses what a row does not have.

    Empty where a value of the row lacks it, such as an element of a list.
    """
    if isinstance(error, UndefinedError) and not str(error).endswith(" is undefined"):
        return ""
    name = str(error).removesuffix(" is undefined")
    return f"a template or function uses {name}, which the rows lack; columns: {', '.join(doc)}"


def template_problem(config: Mapping[str, Any], doc: Mapping[str, Any]) -> str:
    """Return which template of a task fails on a row, and why; empty where none does."""
    for key in ("doc_to_text", "doc_to_target", "doc_to_choice"):
        template = config.get(key)
        if isinstance(template, str) and template not in doc:
            try:
                apply_template(template, doc)
            except Exception as error:  # noqa: BLE001 - a template calls anything
                shown = f"{type(error).__name__}: {error}"
                return f"{key}: {template!r:.80} fails: {shown}; correct the template or the row"
    return ""


def outputs(task: Task, prepared: Prepared, responses: Sequence[Any]) -> tuple[str, ...]:
    """Return the readable outputs: the text, or the choice with the highest log-likelihood."""
    if task.OUTPUT_TYPE != "multiple_choice":
        return tuple(_readable(response) for response in responses)
    choices = [str(choice) for choice in task.doc_to_choice(prepared.row)]
    likelihoods = [response[0] for response in responses[: len(choices)]]
    return (choices[likelihoods.index(max(likelihoods))],)


def _readable(response: Any) -> str:
    if isinstance(response, tuple):
        return f"log-likelihood {response[0]:.4g}"
    return str(response)
