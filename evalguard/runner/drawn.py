"""Questions drawn at random, of which people label the answers of both models.

Which ones is decided by the project's seed and the questions alone, so that a file of labels needs
no record of the draw: labels of other answers, however they were chosen, take no part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence

from evalguard.records import ScoredSample
from evalguard.records.samples import PairLabels
from evalguard.runner.planned_task import PlannedTask
from evalguard.scorers.written import comparable
from evalguard.tasks.judged_config import JudgedConfig
from evalguard.tasks.labelled import Labelled


def drawn_ids(sample_ids: Iterable[str], count: int, *, seed: int) -> tuple[str, ...]:
    """Return the first samples in a random order that stays the same.

    Args:
        sample_ids: Ids of all samples of a task.
        count: Number to draw.
        seed: The project's seed.

    Example:
        >>> drawn_ids(["1", "2", "3", "4"], 2, seed=0) == drawn_ids("4321", 2, seed=0)
        True
    """

    def key(sample_id: str) -> bytes:
        return hashlib.sha256(f"{seed}:label:{sample_id}".encode()).digest()

    return tuple(sorted(sample_ids, key=key)[:count])


def drawn_of(planned: PlannedTask) -> int:
    """Return how many questions of a task are drawn; 0 of a task that no judge scores."""
    return planned.config.drawn if isinstance(planned.config, JudgedConfig) else 0


class DrawnLabels:
    """People's labels of the answers to drawn questions, found by question and answer.

    Args:
        drawn: Ids of the drawn samples.
        items: Labels of answers, or of pairs of them.
    """

    def __init__(self, drawn: Collection[str], items: Sequence[Labelled]) -> None:
        self._drawn = frozenset(drawn)
        self._pairs = any(len(one.answers) == 2 for one in items)
        self._labels: dict[tuple[str, ...], float] = {}
        for one in items:
            value = {True: 1.0, False: 0.0, None: 0.5}[one.label]
            texts = tuple(map(comparable, one.answers))
            question = comparable(one.question)
            self._labels[(question, *texts)] = value
            if len(texts) == 2:
                self._labels[(question, *reversed(texts))] = 1.0 - value

    def __call__(self, before: ScoredSample, after: ScoredSample) -> PairLabels | None:
        """Return the labels of the baseline's and of the candidate's answer, as scores."""
        if before.sample_id not in self._drawn:
            return None
        question = comparable(before.prompt)
        first, second = ("\n".join(map(comparable, one.said)) for one in (before, after))
        if not self._pairs:
            return self._labels.get((question, first)), self._labels.get((question, second))
        # The baseline's own score is a half, as is that of an equal answer.
        equal = 0.5 if first == second else None
        return 0.5, self._labels.get((question, second, first), equal)
