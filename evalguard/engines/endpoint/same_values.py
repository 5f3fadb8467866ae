"""Sees tasks whose prompts are answered by the base, by log-probabilities to the last digit.

A router or a cache may send the prompts of one suite to the base, which the prompts of
:mod:`~evalguard.engines.endpoint.witness` do not show. Two models that differ there have no
log-probability in common to the last digit: whatever changes one logit changes the sum that all
are divided by. Short answers are the same for many healthy candidates, and show nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lm_eval.api.instance import Instance

from evalguard.engines.base import choice
from evalguard.engines.endpoint.identity import differ
from evalguard.errors import EngineError

Values = Callable[[Sequence[Instance]], "list[float | None]"]
"""Asks a model for the log-probability of what each request is about; ``None`` for no answer."""

_TRIED = 8
"""Prompts of each task that both models are asked."""

_REPEATS = 2
"""Times that each is asked, which show whether the values are the same each time."""

_ASKED_FIRST = 2
"""Requests of those that are asked first, for servers that tell no log-probabilities."""

_FEWEST = 6
"""Different log-probabilities that must all be the base's."""

_ROUNDED = 1e4
"""Log-probabilities that are multiples of one part of this may be equal by rounding."""

_CERTAIN = -1e-3
"""Nats above which the log-probabilities of what is certain may be equal by rounding."""

_TOKENS = 8
"""Tokens that are generated where prompts have no log-probabilities."""


class SameValues:
    """Knows the tasks on which models of a server have the base's log-probabilities."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], str] = {}
        self._silent: set[str] = set()
        self._told: set[tuple[str, str | None]] = set()

    def look(
        self, model: str, requests: Iterable[Instance], own: Values, base: Values, *, prompts: bool
    ) -> None:
        """Compare a model with the base on a few prompts of each task.

        :meth:`check` raises what is found.

        Args:
            model: A model that was proven to differ from the base.
            requests: What it will be asked.
            own: Asks the model.
            base: Asks the base.
            prompts: Whether they tell log-probabilities of prompts, and not only of answers.
        """
        if model in self._silent:
            return
        by_task: dict[str | None, dict[str, list[Instance]]] = {}
        for one in requests:
            if (model, one.task_name) not in self._found and (tried := _tried(one, prompts)):
                by_task.setdefault(one.task_name, {}).setdefault(str(one.args[0]), tried)
        for task, by_prompt in by_task.items():
            if len(by_prompt) < _FEWEST:
                continue
            few = [one for each in _spread(list(by_prompt.values())) for one in each]
            if all(one is None for one in base(few[:_ASKED_FIRST])):
                self._silent.add(model)
                return
            self._found[model, task], told = _fault(base([*few, *few]), own([*few, *few]))
            self._told |= {(model, task)} if told else set()

    def tells(self, model: str, request: Instance) -> bool:
        """Return whether log-probabilities told if prompts of a request's task reach a model."""
        return (model, request.task_name) in self._told

    def check(self, model: str, request: Instance) -> None:
        """Check that the prompts of a request's task reach the model.

        Raises:
            EngineError: If they do not.
        """
        if fault := self._found.get((model, request.task_name)):
            raise EngineError(fault)


def generated_value(choice: Mapping[str, Any]) -> float | None:
    """Return the log-probability of a text that was generated, where the server tells it."""
    listed = choice.get("logprobs")
    if not isinstance(listed, Mapping):
        return None
    found = listed.get("token_logprobs")
    if isinstance(content := listed.get("content"), list):
        found = [one.get("logprob") if isinstance(one, Mapping) else None for one in content]
    if not isinstance(found, list) or not found:
        return None
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in found):
        return None
    return float(sum(found))


def _fault(base: Sequence[float | None], own: Sequence[float | None]) -> tuple[str, bool]:
    """Return what is wrong, and whether the log-probabilities tell anything.

    Args:
        base: The base's values of all prompts, once and again.
        own: The same of the model.
    """
    rows = list(zip(_rows(base), _rows(own), strict=True))
    known = [(one, two) for one, two in rows if None not in (*one, *two)]
    ones, twos = ([[float(value or 0) for value in side[k]] for side in known] for k in (0, 1))
    if any(len(set(row)) > 1 for row in (*ones, *twos)):
        return "", differ(ones, twos)  # rounding changes them from batch to batch
    pairs = [(one[0], two[0]) for one, two in zip(ones, twos, strict=True)]
    if any(one != two for one, two in pairs):
        return "", True
    fine = {one for one, _ in pairs if one < _CERTAIN and not _is_rounded(one)}
    if len(fine) < _FEWEST:
        return "", False
    return (
        f"{len(pairs)} log-probabilities on prompts of this task equal the baseline's to the "
        "last digit, while those on other prompts do not: a router or a cache sends these "
        "prompts to the baseline. Check the server's routes"
    ), True


def _rows(values: Sequence[float | None]) -> list[tuple[float | None, ...]]:
    """Return what each prompt got, each time that it was asked."""
    number = len(values) // _REPEATS
    return [tuple(values[place::number]) for place in range(number)]


def _is_rounded(value: float) -> bool:
    return abs(value * _ROUNDED - round(value * _ROUNDED)) < 1e-3


def _tried(request: Instance, prompts: bool) -> list[Instance]:
    """Return requests on the same prompt whose log-probability both models can be asked for."""
    scored = request.request_type == "loglikelihood"
    if not scored and request.request_type != "generate_until":
        return []
    prompt = str(request.args[0])
    if not prompts:
        greedy = {"until": [], "max_gen_toks": _TOKENS, "do_sample": False}
        return [] if scored else [replace(request, arguments=(prompt, greedy))]
    found = [request] if scored else []
    words = prompt.split(" ")
    middle = len(words) // 2
    if middle and words[middle - 1] and words[middle]:
        rest = " " + " ".join(words[middle:])
        found.append(choice(" ".join(words[:middle]), rest))
    return found


def _spread(prompts: Sequence[list[Instance]]) -> list[list[Instance]]:
    number = min(_TRIED, len(prompts))
    return [prompts[place * len(prompts) // number] for place in range(number)]
