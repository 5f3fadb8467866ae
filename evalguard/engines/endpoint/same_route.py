"""Sees whether the measured answers came from the model that was proven to answer.

A task is proven by requests of a form of their own: with log-probabilities, without stop strings,
for fewer or more tokens. A gateway may answer these from the candidate and the measured ones from
the base: a cache that does not know the model and is bypassed for log-probabilities, a pool of
which some replicas have no log-probabilities, a route by parameters. A few requests are therefore
sent to both models again as they were measured, with log-probabilities added. If those are the
base's to the last digit, the base answers requests like this. If the candidate's text is another
than it was, and that was the base's, the base answers them without log-probabilities.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt
from evalguard.engines.endpoint.identity import beyond_noise
from evalguard.engines.endpoint.same_values import is_telling
from evalguard.engines.endpoint.side_by_side import Ask, side_by_side

_TRIED_FIRST = 16
"""Answers of a model's first block that are requested again."""

_TRIED_LATER = 4
"""The same of each block that follows."""

_REPEATS = 2
"""Times that each model is asked: what one of them answers differently tells nothing."""

_FEWEST_ALIKE = 2
"""Answers with the base's log-probabilities from which the base answers; one may be rounding."""

_CHANCE = 4 / 27
"""Largest probability with which one model, whose likeliest answers are two, gives one of them
twice, and the other one where it was measured: (1 - q)² q, at q = 1/3."""


class Told(NamedTuple):
    """An answer, and its log-probability.

    Attributes:
        text: The answer.
        value: The log-probability of its first tokens.
    """

    text: str
    value: float


class SameRoute:
    """Knows the models whose measured answers may be the base's."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = defaultdict(_Seen)

    def look_back(
        self, model: str, answered: Sequence[tuple[Instance, str]], ask: Ask[Told]
    ) -> None:
        """Ask both models a few requests again as they were sent, but for log-probabilities.

        Args:
            model: The candidate.
            answered: What it was asked in a block, and what it answered.
            ask: Asks both.
        """
        seen = self._seen[model]
        draw = random.Random(f"{model} {[one.args for one, _ in answered]}")  # noqa: S311 - no key
        few = _few(answered, _TRIED_LATER if seen.asked else _TRIED_FIRST, draw)
        seen.asked += len(few)
        # The first are asked alone, for servers that tell no log-probabilities.
        for part in (few[:1], few[1:]):
            rows = side_by_side([one for one, _ in part], ask, repeats=_REPEATS, draw=draw)
            found = [
                (one.task_name, _Row(text, *row))
                for (one, text), row in zip(part, rows, strict=True)
                if row is not None
            ]
            seen.rows += found
            if not found:
                break
        seen.judge()

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why the base may have answered requests like one."""
        seen = self._seen.get(model, _Seen())
        is_other = request.request_type != "generate_until" or request.task_name in seen.own
        return Doubt(seen.fault) if seen.fault and not is_other else None


class _Row(NamedTuple):
    """One request.

    Attributes:
        measured: The candidate's answer that is measured.
        base: What the base answers to the same request with log-probabilities.
        own: What the candidate does.
    """

    measured: str
    base: Sequence[Told]
    own: Sequence[Told]

    @property
    def has_base_values(self) -> bool:
        """Whether both have one log-probability, which two models do not share by rounding."""
        values = {one.value for one in (*self.base, *self.own)}
        return len(values) == 1 and is_telling(values.pop())

    @property
    def tells_by_text(self) -> bool:
        """Whether the two models answer otherwise, each the same every time."""
        base, own = ({one.text for one in side} for side in (self.base, self.own))
        return len(base) == len(own) == 1 and base != own

    @property
    def has_base_text(self) -> bool:
        """Whether the measured answer is the base's, and not the candidate's."""
        return self.tells_by_text and self.measured == self.base[0].text


@dataclass(slots=True)
class _Seen:
    """What was seen of a model.

    Attributes:
        asked: Answers that were requested again.
        rows: What came of them, with the task.
        fault: What is wrong.
    """

    asked: int = 0
    rows: list[tuple[str | None, _Row]] = field(default_factory=list)
    fault: str = ""

    @property
    def own(self) -> set[str | None]:
        """Tasks of which no answer that was requested again is the base's."""
        every = {task for task, _ in self.rows}
        return every - {task for task, row in self.rows if row.has_base_values or row.has_base_text}

    def judge(self) -> None:
        """Note what is wrong; later answers do not take it back."""
        self.fault = self.fault or self._fault()

    def _fault(self) -> str:
        alike = sum(row.has_base_values for _, row in self.rows)
        telling = [row for _, row in self.rows if row.tells_by_text]
        swapped = sum(row.has_base_text for row in telling)
        if alike >= _FEWEST_ALIKE:
            words = (
                f"{alike} of {len(self.rows)} answers, requested again as they were measured, have "
                "the baseline's log-probabilities to the last digit"
            )
        elif beyond_noise(swapped, len(telling), share=_CHANCE):
            words = (
                f"{swapped} of {len(telling)} answers on which the two models differ are the "
                "baseline's, while the same requests with 'logprobs' get the candidate's own"
            )
        else:
            return ""
        return (
            f"{words}: a cache or a router may let the baseline answer requests of this form. "
            "Check the server's caches, routes and replicas"
        )


def _few(
    answered: Sequence[tuple[Instance, str]], number: int, draw: random.Random
) -> list[tuple[Instance, str]]:
    """Draw answers, from each task in turn so that a small one is among them."""
    by_task: Mapping[str | None, list[tuple[Instance, str]]] = defaultdict(list)
    for one in draw.sample(answered, len(answered)):
        by_task[one[0].task_name].append(one)
    ranked = [(place, one) for own in by_task.values() for place, one in enumerate(own)]
    return [one for _, one in sorted(ranked, key=lambda each: each[0])[:number]]
