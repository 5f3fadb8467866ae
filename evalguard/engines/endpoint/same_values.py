"""Sees tasks whose prompts are answered by the base, by log-probabilities to the last digit.

A router or a cache may send the prompts of one suite to the base, which the prompts of
:mod:`~evalguard.engines.endpoint.witness` do not show. Two models that differ there have no
log-likelihood in common to the last digit: whatever changes one logit changes the sum that all are
divided by. Short answers are the same for many healthy candidates, and show nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lm_eval.api.instance import Instance

from evalguard.engines.base import BASE, Outcome, choice
from evalguard.engines.endpoint.witness import Ask
from evalguard.errors import EngineError

_TRIED = 8
"""Prompts of each task that both models are asked."""

_FEWEST = 6
"""Different log-likelihoods that must all be the base's."""

_ROUNDED = 1e4
"""Log-likelihoods that are multiples of one part of this may be equal by rounding."""


class SameValues:
    """Knows the tasks on which models of a server have the base's log-likelihoods.

    Args:
        ask: Asks the server's models.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._found: dict[tuple[str, str | None], str] = {}

    def look(self, model: str, ask_base: Ask, requests: Iterable[Instance]) -> None:
        """Compare a model with the base on a few prompts of each task.

        :meth:`check` raises what is found.

        Args:
            model: A model that was proven to differ from the base by log-likelihoods.
            ask_base: Asks the server of the base.
            requests: What the model will be asked.
        """
        by_task: dict[str | None, dict[str, Instance]] = {}
        for one in requests:
            if (model, one.task_name) not in self._found and (asked := _scored(one)):
                by_task.setdefault(one.task_name, {}).setdefault(str(asked.args[0]), asked)
        for task, each in by_task.items():
            tried = _spread(list(each.values()))
            if len(tried) < _FEWEST:
                continue
            own = dict(self._ask([(model, one) for one in tried]))
            base = dict(ask_base([(BASE, one) for one in tried]))
            pairs = [(_value(base[place]), _value(own[place])) for place in range(len(tried))]
            self._found[model, task] = _fault(
                [(one, two) for one, two in pairs if one is not None and two is not None]
            )

    def check(self, model: str, request: Instance) -> None:
        """Check that the prompts of a request's task reach the model.

        Raises:
            EngineError: If they do not.
        """
        if fault := self._found.get((model, request.task_name)):
            raise EngineError(fault)


def _fault(pairs: Sequence[tuple[float, float]]) -> str:
    fine = {one for one, _ in pairs if abs(one * _ROUNDED - round(one * _ROUNDED)) > 1e-3}
    if len(fine) < _FEWEST or any(one != two for one, two in pairs):
        return ""
    return (
        f"the log-likelihoods of {len(pairs)} prompts of this task are the baseline's to the last "
        f"digit, and those of other prompts are not: a router or a cache lets the baseline answer "
        f"these prompts. Check the server's routes"
    )


def _scored(request: Instance) -> Instance | None:
    """Return a request for a log-likelihood on the same prompt."""
    if request.request_type == "loglikelihood":
        return request
    if request.request_type != "generate_until":
        return None
    words = str(request.args[0]).split(" ")
    middle = len(words) // 2
    if not middle or not all((words[middle - 1], words[middle])):
        return None
    return choice(" ".join(words[:middle]), " " + " ".join(words[middle:]))


def _spread(requests: Sequence[Instance]) -> list[Instance]:
    step = max(1, len(requests) // _TRIED)
    return list(requests[::step][:_TRIED])


def _value(outcome: Outcome) -> float | None:
    return outcome[0] if isinstance(outcome, tuple) else None
