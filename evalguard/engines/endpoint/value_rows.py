"""What two models of a server are asked for log-probabilities, and how these compare."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from lm_eval.api.instance import Instance

from evalguard.engines.base import choice
from evalguard.engines.endpoint.likelihoods import VALUE_TOKENS
from evalguard.engines.endpoint.side_by_side import Ask, side_by_side

_ROUNDED = 1e4
"""Log-probabilities that are multiples of one part of this may be equal by rounding."""

_CERTAIN = -1e-3
"""Nats above which the log-probabilities of what is certain may be equal by rounding."""

PER_TOKEN = 0.02
"""Nats by which the log-probabilities of one model on two servers may differ for each token, each
the same way every time: half precision rounds otherwise on other hardware. By hand."""

_BYTES_PER_TOKEN = 4


class Row(NamedTuple):
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
        """Whether a model gives other values when it is asked again."""
        return len(set(self.base)) > 1 or len(set(self.own)) > 1

    @property
    def distance(self) -> float:
        """How far the two models' usual values are from each other."""
        return abs(median(self.base) - median(self.own))

    @property
    def is_far(self) -> bool:
        """Whether they are further than those of one model on two servers."""
        return self.distance > PER_TOKEN * self.tokens

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
        return is_certain(max(*self.base, *self.own))

    @property
    def is_rounded(self) -> bool:
        """Whether values have so few digits that they may be equal by rounding."""
        return all(map(_is_rounded, (*self.base, *self.own)))


def is_telling(value: float) -> bool:
    """Return whether two models that differ cannot both have a log-probability by rounding."""
    return not (is_certain(value) or _is_rounded(value))


def is_certain(value: float) -> bool:
    """Return whether any two models may have a log-probability."""
    return value >= _CERTAIN


def _is_rounded(value: float) -> bool:
    return abs(value * _ROUNDED - round(value * _ROUNDED)) < 1e-3


def by_task(
    requests: Iterable[Instance], *, prompts: bool
) -> dict[str | None, dict[str, list[Instance]]]:
    """Return what both models can be asked about each prompt of each task."""
    found: dict[str | None, dict[str, list[Instance]]] = {}
    for one in requests:
        if tried := _tried(one, prompts):
            found.setdefault(one.task_name, {}).setdefault(str(one.args[0]), tried)
    return found


def compared(
    few: Sequence[Sequence[Instance]], ask: Ask[float], repeats: int, draw: random.Random
) -> list[list[Row]]:
    """Return what both models answer about each prompt."""
    found = side_by_side([one for each in few for one in each], ask, repeats=repeats, draw=draw)
    left = iter(found)
    return [
        [Row(*row, tokens_of(one)) for one in each if (row := next(left)) is not None]
        for each in few
    ]


def tokens_of(request: Instance) -> float:
    """Return about how many tokens a log-probability is of."""
    if request.request_type == "generate_until":
        return VALUE_TOKENS
    return max(1.0, len(str(request.args[-1]).encode()) / _BYTES_PER_TOKEN)


def _tried(request: Instance, prompts: bool) -> list[Instance]:
    """Return requests on the same prompt whose log-probability both models can be asked for."""
    prompt = str(request.args[0])
    if not prompts:
        greedy = {"until": [], "max_gen_toks": VALUE_TOKENS, "do_sample": False}
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
