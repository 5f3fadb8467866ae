"""A task of a plan: its samples in one frozen random order, and what makes requests of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from evalguard.errors import DataError
from evalguard.records import ScoredSample
from evalguard.runner.outline import Outline, first, shuffled
from evalguard.scorers.thinking import thinking_metrics
from evalguard.tasks.base import Prepared, Task
from evalguard.tasks.kind import TaskConfig
from evalguard.tasks.registry import compare, kind_of

Scored = Mapping[str, ScoredSample]
"""Samples of one task and model, by id."""


class PlannedTask:
    """A task with its samples in the order in which they are measured.

    Args:
        outline: What is known of it.
        config: What the suite file says of it.
        build: Builds the task when a sample must be measured.
        prepare: Makes its samples requests then.
        seed: Seed of the order.
        left_out: Rows that are in the training data.
        own_code: Whether code of the project or of a package makes or scores its samples.
    """

    def __init__(
        self,
        outline: Outline,
        config: TaskConfig,
        *,
        build: Callable[[], Task],
        prepare: Callable[[], Sequence[Prepared]],
        seed: int,
        left_out: frozenset[int] = frozenset(),
        own_code: bool = False,
    ) -> None:
        self.suite = outline.suite
        self.name = outline.name
        self.metrics = outline.metrics
        self.kind = kind_of(config)
        if self.kind.measures_thinking and outline.max_new_tokens:
            self.metrics = (*outline.metrics, *thinking_metrics(outline.max_new_tokens))
        self.definition = outline.definition
        self.equal_weights = outline.equal_weights
        self.n_contradicting = outline.n_contradicting
        self.n_nulls = outline.n_nulls
        self.cannot_fail = outline.cannot_fail
        self.runs_code = outline.runs_code
        self.answers_in_text = self.kind.measures_thinking and outline.max_new_tokens > 0
        kept = [
            sample_id
            for row, sample_id in zip(outline.rows, outline.sample_ids, strict=True)
            if row not in left_out
        ]
        self.stages: tuple[tuple[str, ...], ...] = (shuffled(kept, seed),)
        self.all_sample_ids = outline.sample_ids
        self.n_left_out = len(outline.sample_ids) - len(kept)
        self.config = config
        self.own_code = own_code
        self._build = build
        self._prepare = prepare
        self._pairs: dict[tuple[int, int], tuple[object, tuple[ScoredSample, ScoredSample]]] = {}

    @property
    def follows_baseline(self) -> bool:
        """Whether a candidate is measured on what the baseline answered."""
        return self.kind.follows_baseline

    @property
    def judged(self) -> bool:
        """Whether a judge scores the answers."""
        return self.kind.judged

    def compared(self, baseline: Scored, candidate: Scored) -> tuple[Scored, Scored]:
        """Return two models' samples as they are compared, which may depend on both."""
        if self.kind.compared is None:
            return baseline, candidate
        pairs = {
            id_: self._compared(baseline[id_], candidate[id_])
            for id_ in baseline.keys() & candidate
        }
        return (
            {**baseline, **{id_: before for id_, (before, _) in pairs.items()}},
            {**candidate, **{id_: after for id_, (_, after) in pairs.items()}},
        )

    def _compared(
        self, baseline: ScoredSample, candidate: ScoredSample
    ) -> tuple[ScoredSample, ScoredSample]:
        """Compare two samples once, however many gates and looks ask for them."""
        key = (id(baseline), id(candidate))  # theirs alone: the cache keeps both
        if key not in self._pairs:
            found = compare(self.kind, baseline, candidate)
            self._pairs[key] = ((baseline, candidate), found)
        return self._pairs[key][1]

    @property
    def sample_ids(self) -> tuple[str, ...]:
        """The planned samples; ``stages`` holds them and those of each extension."""
        return self.stages[0]

    def first(self, share: float) -> tuple[str, ...]:
        """Return the ids of the samples up to a share of them; 1 to 2 is the first extension."""
        return first(self.stages, share)

    @cached_property
    def task(self) -> Task:
        """The task itself."""
        return self._build()

    def prepared(self, sample_id: str) -> Prepared:
        """Return a sample as requests.

        Raises:
            DataError: If building the task again gave different samples than planned.
        """
        if sample_id not in self._prepared:
            raise DataError(
                f"suite '{self.suite}', task '{self.name}': building it again gave different "
                "samples, so it draws at random or its data changed in the meantime; set its seed, "
                "or run again"
            )
        return self._prepared[sample_id]

    @cached_property
    def _prepared(self) -> dict[str, Prepared]:
        return {sample.sample_id: sample for sample in self._prepare()}
