"""Counts and keeps what is measured, and shows how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from evalguard.engines.base import Outcome
from evalguard.errors import MeasurementError
from evalguard.gates.looks import is_settled
from evalguard.records import GateResult, ScoredSample
from evalguard.runner.measured import Measured, Progress, Results
from evalguard.runner.settling import Put
from evalguard.scorers import MAX_OUTPUT_CHARS
from evalguard.tasks.base import Prepared


class Tally:
    """The samples measured so far, and their progress.

    Args:
        results: Where samples are kept.
        progress: What is counted.
        count_tokens: Length of a text in tokens for a model.
        on_progress: Called after every step.
    """

    def __init__(
        self,
        results: Results,
        progress: Progress,
        count_tokens: Callable[[str, str], int],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.results = results
        self.progress = progress
        self.prompt_tokens: dict[tuple[str, str], int] = {}
        """Length of what a model reads for a sample, by model and sample id."""
        self._count_tokens = count_tokens
        self._on_progress = on_progress or (lambda _: None)

    def show_verdicts(self, results: Sequence[GateResult]) -> None:
        """Hand the verdicts so far to the display."""
        self.progress.gates = len(results)
        self.progress.decided = tuple(result for result in results if is_settled(result))
        self._on_progress(self.progress)

    def show(self, stage: str) -> None:
        """Hand what is being done to the display."""
        self.progress.stage = stage
        self._on_progress(self.progress)

    def show_task(self, measured: Measured) -> None:
        """Hand the task that is being measured to the display."""
        self.show(f"{measured.model}: {measured.task.suite}/{measured.task.name}")

    def count_reused(self, measured: Measured, sample_ids: Collection[str]) -> None:
        """Count samples that need not be answered again."""
        self.progress.reused += len(sample_ids)
        self.results.reused[measured.key] += len(sample_ids)
        self.results.from_before[measured.key] |= set(sample_ids)

    def record_failure(self, measured: Measured, sample: Prepared, reason: str) -> None:
        """Keep the failure for this run; it is not stored, so that the next run tries again."""
        self.progress.samples += 1
        self.results.of(measured.key)[sample.sample_id] = ScoredSample(
            task=measured.task.name,
            sample_id=sample.sample_id,
            prompt=sample.prompt,
            target=sample.target,
            outputs=(),
            scores={},
            cluster=sample.cluster,
            error=reason,
        )

    def record_error(self, measured: Measured, sample: Prepared, error: MeasurementError) -> None:
        """Keep an error for this run, with the row of the suite that it is about."""
        where = f"suite '{measured.task.suite}', row {sample.row_number}"
        self.record_failure(measured, sample, f"{where}: {error}")

    def keep(self, measured: Measured, samples: Sequence[ScoredSample], put: Put) -> None:
        """Keep scored samples, for this run and in the store."""
        put(measured, samples)
        self.results.of(measured.key).update({s.sample_id: s for s in samples})
        self.progress.samples += len(samples)

    def with_tokens(self, measured: Measured, sample: ScoredSample) -> ScoredSample:
        """Return a sample with its lengths in tokens, cut to what is kept of an output."""
        outputs = tuple(text[:MAX_OUTPUT_CHARS] for text in sample.outputs)
        answers = sample.answers and tuple(text[:MAX_OUTPUT_CHARS] for text in sample.answers)
        prompt = self.prompt_tokens.pop((measured.model, sample.sample_id), 0)
        output = sum(self._count_tokens(measured.model, text) for text in outputs)
        self.progress.prompt_tokens += prompt
        self.progress.output_tokens += output
        return replace(
            sample,
            outputs=outputs,
            answers=answers,
            prompt_tokens=prompt,
            output_tokens=output,
        )

    def wait_for(self, outcomes: Iterator[tuple[int, Outcome]]) -> tuple[int, Outcome] | None:
        """Return what the engine answers next; ``None`` at its end."""
        started = time.perf_counter()
        arrived = next(outcomes, None)
        self.progress.engine_seconds += time.perf_counter() - started
        return arrived

    def count_call(self, started: float) -> None:
        """Count a call of an engine that has just ended."""
        self.progress.engine_seconds += time.perf_counter() - started
        self.progress.engine_calls += 1
