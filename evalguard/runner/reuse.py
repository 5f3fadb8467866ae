"""Answers in the store that can be scored again, by other scorers or another judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalguard.records import ScoredSample
from evalguard.runner.answers import AnswerReader, stops_of
from evalguard.runner.call import responses
from evalguard.runner.measured import Measured
from evalguard.scorers import MAX_OUTPUT_CHARS
from evalguard.store import SampleStore
from evalguard.tasks.base import Prepared


def answered_before(
    store: SampleStore, measured: Measured, sample_ids: Sequence[str]
) -> dict[str, ScoredSample]:
    """Return the samples that the same model answered when they were scored otherwise.

    A sample's id is a hash of all that the model is asked, so its answers are the same.
    """
    found: dict[str, ScoredSample] = {}
    if measured.answered and sample_ids and not measured.follows:
        others = set(store.described_as(measured.answered)) - {measured.fingerprint}
        for key in sorted(others):
            left = [sample_id for sample_id in sample_ids if sample_id not in found]
            found |= store.get(key, left)
    return found


def serves_again(
    before: ScoredSample, measured: Measured, sample: Prepared, reader: AnswerReader
) -> bool:
    """Whether what is stored can be scored: all answers, and no thinking that a stop cut."""
    if not holds_all_answers(before, sample):
        return False
    return bool(before.unclosed) or not reader.cut_by_stop(
        measured.task.task, sample, before.outputs
    )


def holds_all_answers(before: ScoredSample, sample: Prepared) -> bool:
    """Whether what is stored is every answer, and none of them is cut or goes past its end.

    Thinking may have been generated without the stop strings, which then end the answer alone.
    """
    if any(instance.request_type != "generate_until" for instance in sample.instances):
        return False
    ends = {stop for instance in sample.instances for stop in stops_of(instance)}
    return len(before.outputs) == responses(sample) and all(
        len(text) < MAX_OUTPUT_CHARS
        and (before.answers is None or not any(e in text for e in ends))
        for text in before.outputs
    )


def with_lengths_of(sample: ScoredSample, before: ScoredSample) -> ScoredSample:
    """Return a sample that was scored again with the lengths that were counted before."""
    return replace(sample, prompt_tokens=before.prompt_tokens, output_tokens=before.output_tokens)
