"""Measure a candidate along the baseline's own answers."""

from __future__ import annotations

from evalguard.engines.base import Engine, GivesDistributions
from evalguard.errors import MeasurementError
from evalguard.records import ScoredSample
from evalguard.scorers.divergence import token_kl
from evalguard.tasks.base import FollowingTask, Prepared, Task

Served = tuple[Engine, str]
"""An engine and a model's name on it."""


def follow(
    task: Task, sample: Prepared, reference: ScoredSample, *, baseline: Served, candidate: Served
) -> ScoredSample:
    """Return the divergence of a candidate along what the baseline answered.

    Args:
        task: The task.
        sample: The sample.
        reference: What the baseline answered.
        baseline: What serves the baseline.
        candidate: What serves the candidate.

    Raises:
        MeasurementError: If an engine cannot tell distributions, or the two models have different
            vocabularies.
    """
    assert isinstance(task, FollowingTask)
    answer = reference.outputs[0]
    prompt = sample.instances[0].arguments[0]
    before, after = (
        _distributions(engine).log_probabilities(model, prompt, answer)
        for engine, model in (baseline, candidate)
    )
    try:
        nats = token_kl(before, after)
    except ValueError as error:
        raise MeasurementError(
            f"the divergence between the models is undefined: {error}. Compare models with the "
            "same tokenizer."
        ) from error
    return task.diverged(sample, answer, nats)


def _distributions(engine: Engine) -> GivesDistributions:
    if not isinstance(engine, GivesDistributions):
        raise MeasurementError(
            "'kind: drift' needs the full next-token distribution, which the engine "
            f"'{engine.name}' does not return. Run this suite with engine.name=hf, or measure "
            "drift with 'kind: perplexity', which every engine can."
        )
    return engine
