"""Answers requests group by group, for engines that run one model and one type at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from evalguard.engines.base import Response
from evalguard.errors import EngineError

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Answer = Callable[[str, str, "list[Instance]"], "Sequence[Response]"]
"""Runs requests of one type, given the model, the name of lm-eval's method, and the requests."""

_METHODS = {"multiple_choice": "loglikelihood"}


def answer_in_groups(
    requests: Sequence[tuple[str, Instance]],
    models: Sequence[str],
    answer: Answer,
    *,
    on_done: Callable[[int], None] | None = None,
) -> list[Response]:
    """Answer requests of several models and types, and return the answers in their order.

    Args:
        requests: Pairs of model name and lm-eval instance.
        models: Names that are loaded.
        answer: Runs one group.
        on_done: Called with the size of every group that is done.

    Raises:
        EngineError: If a model is not loaded, or an answer is missing.
    """
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, (model, instance) in enumerate(requests):
        if model not in models:
            raise EngineError(f"model '{model}' is not loaded; loaded: {', '.join(models)}")
        groups[model, instance.request_type].append(index)
    responses: dict[int, Response] = {}
    for (model, kind), indices in groups.items():
        found = answer(model, _METHODS.get(kind, kind), [requests[i][1] for i in indices])
        if len(found) != len(indices):
            raise EngineError(f"model '{model}' gave {len(found)} answers to {len(indices)}")
        responses.update(zip(indices, found, strict=True))
        if on_done:
            on_done(len(indices))
    return [responses[index] for index in range(len(requests))]
