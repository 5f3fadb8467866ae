"""Sees tasks whose prompts are answered by the base, by log-probabilities to the last digit.

A router or a cache may send the prompts of one suite to the base, which the prompts of
:mod:`~evalguard.engines.endpoint.witness` do not show. Two models that differ there have no
log-probability in common to the last digit: whatever changes one logit changes the sum that all
are divided by. Short answers are the same for many healthy candidates, and show nothing.

Where values vary from call to call, they must differ by more than that. A task is proven to reach
the model at the level that :class:`~evalguard.engines.endpoint.identity.Levels` gives it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt, choice
from evalguard.engines.endpoint.identity import (
    NOISE_OF_TWO_SERVERS,
    REPEATS_OF_PROOF,
    Levels,
    beyond_noise,
    differ,
)
from evalguard.engines.endpoint.side_by_side import Ask, Asked, drawn, side_by_side
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

_ROUNDED = 1e4
"""Log-probabilities that are multiples of one part of this may be equal by rounding."""

_CERTAIN = -1e-3
"""Nats above which the log-probabilities of what is certain may be equal by rounding."""

_PER_TOKEN = 0.02
"""Nats by which the log-probabilities of one model on two servers may differ for each token, each
the same way every time: half precision rounds otherwise on other hardware. By hand."""

_BYTES_PER_TOKEN = 4

TOKENS = 8
"""Tokens that are generated where prompts have no log-probabilities."""


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
        for task, by_prompt in _by_task(requests, prompts=prompts).items():
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
                    seen.rows += _rows(tried[start:stop], ask, REPEATS_OF_PROOF, draw)
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
            for task, by_prompt in _by_task(requests, prompts=prompts).items()
            if (seen := self._seen.get((model, task))) and seen.rows
            for each in by_prompt.values()
        ]
        draw = random.Random(f"{model} {[each[0].args for _, each in tried]}")  # noqa: S311 - no key
        few = draw.sample(tried, min(_TRIED_AGAIN, len(tried)))
        varies = any(self._seen[model, task].varies for task, _ in few)
        rows = _rows([each[:1] for _, each in few], ask, 2 if varies else 1, draw)
        for (task, _), row in zip(few, rows, strict=True):
            self._seen[model, task].rows.append(row)
        for task in {task for task, _ in few}:
            self._seen[model, task].judge()

    def tells(self, model: str, request: Instance) -> bool:
        """Return whether log-probabilities proved that a request's task reaches a model."""
        seen = self._seen.get((model, request.task_name))
        return seen is not None and seen.proven

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


class _Row(NamedTuple):
    """Log-probabilities of one request.

    Attributes:
        base: The base's.
        own: The model's own.
        tokens: About how many tokens they are of.
    """

    base: list[float]
    own: list[float]
    tokens: float

    @property
    def varies(self) -> bool:
        return len(set(self.base)) > 1 or len(set(self.own)) > 1

    @property
    def distance(self) -> float:
        """How far the two models' usual values are from each other."""
        return abs(median(self.base) - median(self.own))

    @property
    def gap(self) -> float:
        """How far the nearest two values of the two models are from each other."""
        return min(abs(one - two) for one in self.base for two in self.own)

    @property
    def own_gaps(self) -> list[float]:
        """How far the nearest two values of each model are from each other."""
        sides = [sorted(one) for one in (self.base, self.own) if len(one) > 1]
        return [min(two - one for one, two in pairwise(side)) for side in sides]

    @property
    def is_certain(self) -> bool:
        """Whether any two models may have the same value."""
        return _is_certain(max(*self.base, *self.own))

    @property
    def is_rounded(self) -> bool:
        """Whether values have so few digits that they may be equal by rounding."""
        return all(map(_is_rounded, (*self.base, *self.own)))


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

    rows: list[list[_Row]] = field(default_factory=list)
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
    def every(self) -> list[_Row]:
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
        far = [row for row in every if self.together or row.distance > _PER_TOKEN * row.tokens]
        if not self.together and not beyond_noise(
            len(far), len(every), share=NOISE_OF_TWO_SERVERS, level=level
        ):
            return False
        return differ([row.base for row in far], [row.own for row in far], level=level)

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
            f"the log-probabilities on {alike} of {number} prompts of this task are {how}, and the "
            f"others are not: a router or a cache may let the baseline answer a part of the "
            f"prompts. Check the server's routes and replicas"
        )

    def _alike(self) -> tuple[int, int]:
        """Return on how many prompts the two models have one value, and how many can tell."""
        gaps = sorted(gap for row in self.every for gap in row.own_gaps)
        if not gaps:
            return 0, 0
        noise = _GAPS * gaps[len(gaps) // 4]
        telling = [
            [row for row in each if not row.is_certain and (noise or not row.is_rounded)]
            for each in self.rows
        ]
        alike = [all(row.gap <= noise for row in each) for each in telling if each]
        return sum(alike), len(alike)


def is_telling(value: float) -> bool:
    """Return whether two models that differ cannot both have a log-probability by rounding."""
    return not (_is_certain(value) or _is_rounded(value))


def _is_certain(value: float) -> bool:
    return value >= _CERTAIN


def _is_rounded(value: float) -> bool:
    return abs(value * _ROUNDED - round(value * _ROUNDED)) < 1e-3


def generated_value(choice: Mapping[str, Any]) -> float | None:
    """Return the log-probability of the first tokens of a generated text, where it is told."""
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
    return float(sum(found[:TOKENS]))


def _by_task(
    requests: Iterable[Instance], *, prompts: bool
) -> dict[str | None, dict[str, list[Instance]]]:
    """Return what both models can be asked about each prompt of each task."""
    found: dict[str | None, dict[str, list[Instance]]] = {}
    for one in requests:
        if tried := _tried(one, prompts):
            found.setdefault(one.task_name, {}).setdefault(str(one.args[0]), tried)
    return found


def _rows(
    few: Sequence[Sequence[Instance]], ask: Ask[float], repeats: int, draw: random.Random
) -> list[list[_Row]]:
    """Return what both models answer about each prompt."""
    found = side_by_side([one for each in few for one in each], ask, repeats=repeats, draw=draw)
    left = iter(found)
    return [
        [_Row(*row, _tokens(one)) for one in each if (row := next(left)) is not None]
        for each in few
    ]


def _tokens(request: Instance) -> float:
    """Return about how many tokens a log-probability is of."""
    if request.request_type == "generate_until":
        return TOKENS
    return max(1.0, len(str(request.args[-1]).encode()) / _BYTES_PER_TOKEN)


def _tried(request: Instance, prompts: bool) -> list[Instance]:
    """Return requests on the same prompt whose log-probability both models can be asked for."""
    prompt = str(request.args[0])
    if not prompts:
        greedy = {"until": [], "max_gen_toks": TOKENS, "do_sample": False}
        is_text = request.request_type == "generate_until"
        return [replace(request, arguments=(prompt, greedy))] if is_text else []
    found = [] if request.request_type == "generate_until" else [request]
    words = prompt.split(" ")
    middle = len(words) // 2
    if request.request_type == "loglikelihood_rolling":
        return found
    if middle and words[middle - 1] and words[middle]:
        rest = " " + " ".join(words[middle:])
        found.append(choice(" ".join(words[:middle]), rest))
    return found
