"""Asks two models the same in one mixed order, so that a server's noise is the same for both.

Answers may depend on what else a server computes at the time. In an order drawn by chance the name
of the model has no part in that: the permutation test of
:mod:`~evalguard.engines.endpoint.identity` holds for noise of every kind, where one server has both
models and answers each request for itself. Each repeat has a seed of its own, which changes nothing
at temperature 0 but keeps a cache from giving one answer for several.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from lm_eval.api.instance import Instance

T = TypeVar("T")


class Asked(NamedTuple):
    """One request to one of two models.

    Attributes:
        of_base: Whether it is the base's.
        request: What is asked.
        repeat: Which repeat it is, from 0.
    """

    of_base: bool
    request: Instance
    repeat: int = 0


Ask = Callable[[Sequence[Asked]], Sequence[T | None]]
"""Asks both models, in the order given; ``None`` where there is no answer."""


def side_by_side(
    few: Sequence[Instance], ask: Ask[T], *, repeats: int, draw: random.Random
) -> list[tuple[list[T], list[T]] | None]:
    """Return the answers of the base and of the other model to each request.

    Args:
        few: The requests.
        ask: Asks both models.
        repeats: Times that each is asked each request.
        draw: Where the order comes from.

    Returns:
        ``None`` where one of the answers is missing.
    """
    places = [
        (place, Asked(of_base, one, repeat))
        for place, one in enumerate(few)
        for of_base in (True, False)
        for repeat in range(repeats)
    ]
    draw.shuffle(places)
    found: list[tuple[list[T | None], list[T | None]]] = [([], []) for _ in few]
    for (place, asked), answer in zip(places, ask([one for _, one in places]), strict=True):
        found[place][not asked.of_base].append(answer)
    rows: list[tuple[list[T], list[T]] | None] = []
    for base, other in found:
        whole = [one for one in base if one is not None], [one for one in other if one is not None]
        rows.append(whole if len(whole[0]) == len(whole[1]) == repeats else None)
    return rows


def drawn(model: str, task: str | None) -> random.Random:
    """Return where the prompts of a task, and their order, are drawn from: the same each run."""
    return random.Random(f"{model} {task}")  # noqa: S311 - a permutation test
