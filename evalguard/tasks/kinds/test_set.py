"""The team's own test sets: rows of a file, a prompt template, and scorers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from evalguard.errors import DataError
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers import Scorer, score_checked
from evalguard.scorers.answerable import corpus_problem, row_problem
from evalguard.scorers.cuts import length_problem
from evalguard.tasks.base import (
    Prepared,
    Render,
    generation_settings,
    generations,
)
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.rows import Row


class TestSet:
    """Rows whose prompts a model answers in text, scored by pure functions.

    Args:
        suite: Name of the suite that it stands in.
        name: Name within the suite.
        rows: The data file and the prompt of each row.
        target: Jinja template of the expected answer.
        scorers: What measures the answer.
        max_new_tokens: Longest answer in tokens.
        stop: Strings that end the answer.
        temperature: 0 decodes greedily.
        repeats: Answers a prompt; their scores are averaged.
        seed: Seed of the sampling.
        cluster: Column whose equal values mark samples that are not independent.
        count_tokens: Length of a text in tokens; ``None`` where it is not known.
    """

    __test__ = False  # not a class of tests, whatever pytest makes of its name

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        rows: PromptRows,
        target: str,
        scorers: Sequence[Scorer],
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        repeats: int = 1,
        seed: int = 0,
        cluster: str | None = None,
        count_tokens: Callable[[str], int] | None = None,
    ) -> None:
        self.suite = suite
        self.name = name
        self._rows = rows
        self._target = target
        self._scorers = tuple(scorers)
        self._repeats = repeats
        self._seed = seed
        self._cluster = cluster
        self._stop = tuple(stop)
        self._max_new_tokens = max_new_tokens
        self._count_tokens = count_tokens
        self._generation = generation_settings(max_new_tokens, stop, temperature)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Metrics of all scorers; the mean of several binary answers is no longer binary."""
        found = [metric for scorer in self._scorers for metric in scorer.metrics]
        if self._repeats == 1:
            return tuple(found)
        return tuple(
            replace(metric, kind=ScoreKind.BOUNDED) if metric.kind is ScoreKind.BINARY else metric
            for metric in found
        )

    @property
    def definition(self) -> Mapping[str, Any]:
        """What scores an answer; prompts and settings are in the sample ids."""
        return {
            "kind": "test_set",
            "target": self._target,
            "cluster": self._cluster,
            "scorers": [
                {"name": s.name, "version": s.version, "options": dict(s.options)}
                for s in self._scorers
            ],
        }

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return every row as a request.

        Raises:
            DataError: If the file is missing, empty or broken, or rows cannot be used: a template
                names no column or writes a null, or no answer could match the target.
        """
        targets: dict[int, str] = {}

        def check(row: Row) -> None:
            targets[row.number] = self._checked_target(row)

        asked = self._rows.identified(render, self._identity, check=check)
        prepared = [self._prepared(one, id_, targets[one.row.number]) for one, id_ in asked]
        self._check_corpus(prepared)
        return prepared

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score every answer and average over the repeats.

        Raises:
            MeasurementError: If a scorer raised or returned no number in its range.
        """
        values: dict[str, list[float]] = defaultdict(list)
        corpus: dict[str, Counter[str]] = defaultdict(Counter)
        outputs = tuple(str(response) for response in responses)
        for output in outputs:
            for scorer in self._scorers:
                scores = score_checked(
                    scorer, output, prepared.target, prepared.row, sample_id=prepared.sample_id
                )
                for metric, value in scores.items():
                    values[metric].append(value)
                for name in scorer.corpus_metrics:
                    statistics = scorer.statistics(name, output, prepared.target, prepared.row)
                    corpus[name].update(statistics)
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=prepared.target,
            outputs=outputs,
            scores={metric: math.fsum(found) / len(found) for metric, found in values.items()},
            corpus={metric: dict(totals) for metric, totals in corpus.items()},
            cluster=prepared.cluster,
        )

    def aggregate(self, metric: str, samples: Sequence[ScoredSample]) -> float:
        """Return a corpus metric from the sum of its samples' statistics."""
        totals: Counter[str] = Counter()
        for sample in samples:
            totals.update(sample.corpus[metric])
        scorer = next(one for one in self._scorers if metric in one.corpus_metrics)
        return scorer.finish(metric, totals)

    def _checked_target(self, row: Row) -> str:
        """Return a row's target, refusing a row on which no answer could win."""
        target = self._rows.fill(self._target, row, key="target")
        for scorer in self._scorers:
            if problem := row_problem(scorer, target, row.data, stop=self._stop):
                key, reason = problem
                raise self._rows.refused(row, f"{reason} (scorer {scorer.name})", key=key)
            if too_long := length_problem(
                scorer, target, row.data, limit=self._max_new_tokens, count=self._count_tokens
            ):
                raise self._rows.refused(row, f"{too_long} (scorer {scorer.name})", key="target")
        if self._cluster:
            self._rows.text(row, self._cluster)
        return target

    def _check_corpus(self, prepared: Sequence[Prepared]) -> None:
        """Refuse a set on which the right answers do not score best as a whole."""
        samples = [(one.target, one.row) for one in prepared]
        for scorer in self._scorers:
            if reason := corpus_problem(scorer, samples):
                raise DataError(f"{self._rows.where}: {self._rows.data}: {reason}.")

    def _identity(self, one: PromptedRow) -> list[object]:
        parts = [self.name, one.text, self._generation, self._repeats, one.row.data]
        return [*parts, *([self._seed] if self._generation["do_sample"] else [])]

    def _prepared(self, one: PromptedRow, sample_id: str, target: str) -> Prepared:
        column = self._cluster
        return Prepared(
            sample_id=sample_id,
            prompt=one.shown,
            target=target,
            instances=generations(one.text, self._generation, key=sample_id, count=self._repeats),
            row=one.row.data,
            cluster=self._rows.text(one.row, column) if column else None,
            row_number=one.row.number,
        )
