"""Sees tasks whose prompts are answered by the base, by log-probabilities to the last digit.

A router or a cache may send the prompts of one suite to the base, which the prompts of
:mod:`~evalguard.engines.endpoint.witness` do not show. Two models that differ there have no
log-probability in common to the last digit: whatever changes one logit changes the sum that all
are divided by. Short answers are the same for many healthy candidates, and show nothing.

Where values vary from call to call, they must differ by more than that. A task is proven to reach
the model at the level that :class:`~evalguard.engines.endpoint.identity.Levels` gives it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt
from evalguard.engines.endpoint.identity import (
    NOISE_OF_TWO_SERVERS,
    REPEATS_OF_PROOF,
    Levels,
    beyond_noise,
    differ,
)
from evalguard.engines.endpoint.side_by_side import Ask, Asked, drawn
from evalguard.engines.endpoint.value_rows import Row, by_task, compared
from evalguard.errors import EngineError

_TRIED = (8, 24)
"""Prompts of each task that both models are asked, drawn from all that are there, at the first look
and at the one that follows where some values differ, but too few to prove anything."""

_TRIED_AGAIN = 8
"""Prompts of each block of requests that both models are asked after it."""

_ASKED_FIRST = 2
"""Requests of those that are asked first, for servers that tell no log-probabilities."""

_FEWEST = 6
"""Different log-probabilities that must all be the base's."""

_FEWEST_ALIKE = 2
"""Prompts with the base's log-probabilities to the last digit from which a part goes to the base.
By hand: one may be rounding."""

_ALIKE = 0.1
"""Share of a model's own prompts on which noise may hide that it is not the base. By hand."""

_GAPS = 10
"""Small gaps between the nearest of one model's values (their lower quartile) within which those of
two are alike: of normal noise, two standard deviations."""


class SameValues:
    """Knows the tasks on which models of a server have the base's log-probabilities.

    Args:
        levels: Levels at which tasks are proven.
    """

    def __init__(self, levels: Levels) -> None:
        self._levels = levels
        self._seen: dict[tuple[str, str | None], _Seen] = {}

    def look(
        self,
        model: str,
        requests: Iterable[Instance],
        ask: Ask[float],
        *,
        prompts: bool,
        together: bool = True,
    ) -> None:
        """Compare a model with the base on a few prompts of each task that is new.

        :meth:`check` raises what is found, :meth:`doubt` says it.

        Args:
            model: A model that may differ from the base.
            requests: What it will be asked.
            ask: Asks both.
            prompts: Whether they tell log-probabilities of prompts, and not only of answers.
            together: Whether one server has both.
        """
        for task, by_prompt in by_task(requests, prompts=prompts).items():
            if (model, task) in self._seen:
                continue
            draw = drawn(model, task)
            tried = draw.sample(list(by_prompt.values()), len(by_prompt))
            first = [Asked(of_base=True, request=one) for each in tried for one in each]
            seen = _Seen(together=together)
            if any(one is not None for one in ask(first[:_ASKED_FIRST])):
                looks = [look for look in pairwise((0, *_TRIED)) if look[0] < len(tried)]
                level = self._levels.of(model, task) / len(looks)
                for start, stop in looks:
                    seen.rows += compared(tried[start:stop], ask, REPEATS_OF_PROOF, draw)
                    seen.proven = seen.proven or seen.differs(level)
                    seen.judge()
                    if not seen.is_open:
                        break
            self._seen[model, task] = seen

    def look_back(
        self, model: str, requests: Sequence[Instance], ask: Ask[float], *, prompts: bool
    ) -> None:
        """Compare a model with the base on a few of the prompts that it has just been asked.

        A router may send a part of the prompts to the base, or begin to while they are asked.

        Args:
            model: The model.
            requests: What it has been asked.
            ask: Asks both.
            prompts: As for :meth:`look`.
        """
        tried = [
            (task, each)
            for task, by_prompt in by_task(requests, prompts=prompts).items()
            if (seen := self._seen.get((model, task))) and seen.rows
            for each in by_prompt.values()
        ]
        draw = random.Random(f"{model} {[each[0].args for _, each in tried]}")  # noqa: S311 - no key
        few = draw.sample(tried, min(_TRIED_AGAIN, len(tried)))
        varies = any(self._seen[model, task].varies for task, _ in few)
        rows = compared([each[:1] for _, each in few], ask, 2 if varies else 1, draw)
        for (task, _), row in zip(few, rows, strict=True):
            self._seen[model, task].rows.append(row)
        for task in {task for task, _ in few}:
            self._seen[model, task].judge()

    def tells(self, model: str, request: Instance) -> bool:
        """Return whether log-probabilities proved that a request's task reaches a model."""
        seen = self._seen.get((model, request.task_name))
        return seen is not None and seen.proven

    def uncovered(self, model: str, request: Instance) -> str:
        """Return why a part of a task's prompts may reach the base; empty where few can."""
        seen = self._seen.get((model, request.task_name), _Seen())
        if not seen.proven:
            return "the server returns no usable log-probabilities"
        could, number = seen.unsure
        if not beyond_noise(could, number, share=_ALIKE):
            return ""
        return f"the log-probabilities on {could} of {number} prompts could be the baseline's"

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why the prompts of a request's task may not all reach a model.

        Log-likelihoods are proven here or nowhere.
        """
        seen = self._seen.get((model, request.task_name), _Seen())
        if seen.part:
            return Doubt(seen.part)
        if seen.proven or request.request_type == "generate_until":
            return None
        return Doubt(
            "cannot verify that this model, not the baseline, answered: its log-probabilities on "
            "prompts of this task do not differ from the baseline's by more than those of one "
            "model from call to call. Serve the models one request at a time, or measure more "
            "prompts"
        )

    def check(self, model: str, request: Instance) -> None:
        """Check that the prompts of a request's task reach the model.

        Raises:
            EngineError: If none does.
        """
        seen = self._seen.get((model, request.task_name))
        if seen is not None and seen.fault:
            raise EngineError(seen.fault)


@dataclass(slots=True)
class _Seen:
    """What was seen of a task.

    Attributes:
        rows: Of each prompt, the requests that both models answered.
        proven: Whether it was proven that the prompts reach the model.
        together: Whether one server has both models.
        fault: What is wrong where all is the base's.
        part: What is wrong where a part is.
    """

    rows: list[list[Row]] = field(default_factory=list)
    proven: bool = False
    together: bool = True
    fault: str = ""
    part: str = ""

    def judge(self) -> None:
        """Note what is wrong; later prompts do not take back that a part was the base's."""
        self.fault, self.part = self._fault(), self.part or self._part()

    @property
    def is_open(self) -> bool:
        """Whether more prompts may show who answers, or that a part is the base's."""
        alike, number = self._alike()
        if not self.differs_at_all or self.part:
            return False
        return not self.proven or 0 < alike < number

    @property
    def every(self) -> list[Row]:
        """All requests."""
        return [row for each in self.rows for row in each]

    @property
    def varies(self) -> bool:
        """Whether one model gives other values when it is asked again."""
        return any(row.varies for row in self.every)

    @property
    def differs_at_all(self) -> bool:
        """Whether any value of the model is another than the base's."""
        return any(row.base != row.own for row in self.every)

    def differs(self, level: float) -> bool:
        """Return whether the values are those of two models."""
        every = self.every
        far = [row for row in every if self.together or row.is_far]
        if not self.together and not beyond_noise(
            len(far), len(every), share=NOISE_OF_TWO_SERVERS, level=level
        ):
            return False
        return differ([row.base for row in far], [row.own for row in far], level=level)

    @property
    def unsure(self) -> tuple[int, int]:
        """On how many prompts the values could be the base's, for whatever reason, of how many."""
        noise = self._noise
        could = [
            all(row.gap <= noise if self.together else not row.is_far for row in each)
            for each in self.rows
            if each
        ]
        return sum(could), len(could)

    def _fault(self) -> str:
        """Return what is wrong where all is the base's."""
        every = self.every
        if self.varies or self.differs_at_all:
            return ""
        if len({row.base[0] for row in every if not (row.is_certain or row.is_rounded)}) < _FEWEST:
            return ""
        return (
            f"{len(every)} log-probabilities on prompts of this task are the baseline's to the "
            f"last digit, and those of other prompts are not: a router or a cache lets the "
            f"baseline answer these prompts. Check the server's routes"
        )

    def _part(self) -> str:
        """Return what is wrong where a part is the base's."""
        alike, number = self._alike()
        beyond = not self.varies or beyond_noise(alike, number, share=_ALIKE)
        if not self.differs_at_all or not beyond or not _FEWEST_ALIKE <= alike < number:
            return ""  # where all are alike, noise may hide what other answers show
        how = "no further from the baseline's than noise" if self.varies else "the baseline's"
        return (
            f"the log-probabilities on {alike} of {number} prompts of this task are {how}: a "
            "router or a cache may let the baseline answer all or a part of the prompts. Check "
            "the server's routes and replicas"
        )

    @property
    def _noise(self) -> float:
        """Nats within which values of two models are alike."""
        gaps = sorted(gap for row in self.every for gap in row.own_gaps)
        return _GAPS * gaps[len(gaps) // 4] if gaps else 0.0

    def _alike(self) -> tuple[int, int]:
        """Return on how many prompts the two models have one value, and how many can tell."""
        noise = self._noise
        telling = [
            [row for row in each if not row.is_certain and (noise or not row.is_rounded)]
            for each in self.rows
        ]
        alike = [all(row.gap <= noise for row in each) for each in telling if each]
        return sum(alike), len(alike)
