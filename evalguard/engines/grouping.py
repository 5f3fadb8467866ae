"""Answers requests group by group, for engines that run one model and one type at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from evalguard.engines.base import Outcome, check_loaded, checked
from evalguard.errors import EngineError

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Answer = Callable[[str, str, "list[Instance]"], "Sequence[Outcome]"]
"""Runs requests of one type, given the model, the name of lm-eval's method, and the requests."""

_METHODS = {"multiple_choice": "loglikelihood"}

BLOCKS = {"generate_until": 256}
"""Requests of a type that lm-eval gets at once, and whose answers are there before the next ones.

They are sorted by length and cut into batches, so that fewer would fill the last batches less.
"""

BLOCK = 1024
"""The same for all other types: a shared header is read once for all of them."""


def stream_in_groups(
    requests: Sequence[tuple[str, Instance]],
    models: Sequence[str],
    answer: Answer,
    *,
    engine: str,
) -> Iterator[tuple[int, Outcome]]:
    """Answer requests of several models and types; yield their positions and answers.

    Where a block fails, the others are answered all the same before the error is raised, unless
    the next one fails as well.

    Args:
        requests: Pairs of model name and lm-eval instance.
        models: Names that are loaded.
        answer: Runs requests of one group.
        engine: Name of the engine.

    Raises:
        EngineError: If a model is not loaded, an answer is missing, or ``answer`` failed.
    """
    check_loaded((model for model, _ in requests), models)
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, (model, instance) in enumerate(requests):
        groups[model, instance.request_type].append(position)
    failure: EngineError | None = None
    failed_before = False
    for (model, kind), positions in groups.items():
        size = BLOCKS.get(kind, BLOCK)
        for start in range(0, len(positions), size):
            block = positions[start : start + size]
            try:
                found = answer(model, _METHODS.get(kind, kind), [requests[i][1] for i in block])
                if len(found) != len(block):
                    raise EngineError(f"model '{model}' gave {len(found)} answers to {len(block)}")
            except EngineError as error:
                failure = failure or EngineError(str(error))
                if failed_before:
                    raise failure from None
                failed_before = True
                continue
            failed_before = False
            for position, response in zip(block, found, strict=True):
                yield position, checked(response, engine)
    if failure:
        raise failure
