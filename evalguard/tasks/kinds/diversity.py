"""Is a model collapsing? Several samples a prompt, compared with the baseline's at equal length.

Measures of diversity move with the length of the text, so both models are measured on the first L
words of each sample, L being one number for a prompt *and both models*. It is therefore not known
when one model is scored. A sample is stored with its texts and with scores at the model's own L,
which tell how it does alone; :func:`compared` scores a pair of stored samples again at their common
L, and gates see those. No model's stored samples depend on another model, and swapping the two
flips the sign of every difference, which would not hold if L came from the baseline alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from evalguard.config_model import NonEmpty
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers import MAX_OUTPUT_CHARS
from evalguard.scorers import diversity as measures
from evalguard.scorers.versions import package_digest
from evalguard.tasks.base import (
    Prepared,
    Render,
    generation_settings,
    generations,
)
from evalguard.tasks.kind import TaskContext, TaskKind
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.row_config import Prompts, asked_prompts, named_data

LENGTH_CHANGE = Metric("length_change", ScoreKind.BOUNDED, -1.0, 1.0)
"""log(words of the candidate / words of the baseline), counted up to ±1; gate it on both sides."""

SHARED_ANSWERS = Metric("shared_answers", ScoreKind.CORPUS, higher_is_better=False)
"""Share of answers that another prompt got as well."""

METRICS = (*measures.METRICS, LENGTH_CHANGE, SHARED_ANSWERS)

_COLLAPSED = ("unique_outputs", "distinct_2")
"""Metrics that are 1/k where all k samples of a prompt are one text without repetitions."""


class DiversityConfig(Prompts):
    """Several samples a prompt: does the model still give different answers?"""

    kind: Literal["diversity"]
    samples: int = Field(default=8, ge=4, le=64)
    """Answers to each prompt."""
    temperature: float = Field(default=1.0, gt=0)
    """That of serving, or 1."""
    max_new_tokens: int = Field(default=128, ge=2)
    """Longest answer in tokens; of a single one, neither pairs of words nor lengths can vary."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""


class Diversity:
    """Prompts that call for different answers, each answered several times.

    Args:
        suite: Name of the suite that it is in.
        name: Name within the suite.
        rows: The data file and the prompt of each row.
        samples: Answers to each prompt.
        temperature: Temperature of the sampling.
        seed: Seed of the sampling.
        max_new_tokens: Longest answer in tokens.
        stop: Strings that end the answer.
        count_tokens: Length of a text in tokens, to see whether it ran into the limit.
    """

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        rows: PromptRows,
        samples: int,
        temperature: float,
        seed: int,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        count_tokens: Callable[[str], int],
    ) -> None:
        self.suite = suite
        self.name = name
        self.metrics = tuple(
            replace(one, floor=1 / samples) if one.name in _COLLAPSED else one for one in METRICS
        )
        self._rows = rows
        self._samples = samples
        self._seed = seed
        self._limit = max_new_tokens
        self._generation = generation_settings(max_new_tokens, stop, temperature)
        self._count_tokens = count_tokens

    @property
    def definition(self) -> Mapping[str, Any]:
        """The code of the measures; prompts and settings are in the sample ids."""
        return {"kind": "diversity", "measures": package_digest()}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return every row as a number of requests that differ in their seed alone.

        Raises:
            DataError: If the file is missing, empty or broken, or a template names no column.
        """
        asked = self._rows.identified(render, self._identity)
        return [self._prepared(one, id_) for one, id_ in asked]

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score the answers to one prompt at their own common length."""
        outputs = tuple(str(response)[:MAX_OUTPUT_CHARS] for response in responses)
        words = [measures.words(output) for output in outputs]
        scores = measures.prompt_diversity(
            outputs,
            words,
            length=measures.common_length([len(one) for one in words]),
            stopped_at_limit=[self._count_tokens(output) >= self._limit for output in outputs],
        )
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target="",
            outputs=outputs,
            scores=scores,
        )

    def aggregate(self, metric: str, samples: Sequence[ScoredSample]) -> float:
        """Return the share of answers that another prompt got as well, draw by draw."""
        assert metric == SHARED_ANSWERS.name
        draws = zip(*(sample.said for sample in samples), strict=True)
        shared = [one for draw in draws for one in measures.shared_answers(draw)]
        return sum(shared) / len(shared)

    def _identity(self, one: PromptedRow) -> list[object]:
        return [self.name, one.text, self._generation, self._samples, self._seed, one.row.data]

    def _prepared(self, one: PromptedRow, sample_id: str) -> Prepared:
        return Prepared(
            sample_id=sample_id,
            prompt=one.shown,
            target="",
            instances=generations(one.text, self._generation, key=sample_id, count=self._samples),
            row=one.row.data,
            row_number=one.row.number,
        )


def compared(baseline: ScoredSample, candidate: ScoredSample) -> tuple[ScoredSample, ScoredSample]:
    """Return two models' samples of one prompt scored at the length that both reach.

    What could not be measured on one side cannot be compared, and is missing on both.
    """
    if error := baseline.error or candidate.error:
        return replace(baseline, error=error), replace(candidate, error=error)
    if baseline.unclosed or candidate.unclosed:
        return _unmoved(baseline), _unmoved(candidate)  # one scores the worst, at any length
    words = [[measures.words(text) for text in arm.said] for arm in (baseline, candidate)]
    lengths = [[len(one) for one in arm] for arm in words]
    length = measures.common_length(lengths[0] + lengths[1])
    change = measures.log_length_ratio(lengths[1], lengths[0])
    changes = (0.0, min(max(change, LENGTH_CHANGE.low), LENGTH_CHANGE.high))
    before, after = (
        replace(
            arm,
            scores={
                **arm.scores,
                **measures.at_length(tokens, length=length),
                LENGTH_CHANGE.name: change,
            },
        )
        for arm, tokens, change in zip((baseline, candidate), words, changes, strict=True)
    )
    return before, after


def _unmoved(sample: ScoredSample) -> ScoredSample:
    return replace(sample, scores={LENGTH_CHANGE.name: 0.0, **sample.scores})


def _build(config: DiversityConfig, context: TaskContext) -> list[Diversity]:
    return [
        Diversity(
            context.suite,
            config.task_name,
            rows=config.rows(context),
            samples=config.samples,
            temperature=config.temperature,
            seed=context.seed,
            max_new_tokens=config.max_new_tokens,
            stop=config.stop,
            count_tokens=context.count_tokens,
        )
    ]


KIND = TaskKind(
    name="diversity",
    config=DiversityConfig,
    build=_build,
    files=named_data,
    metrics=lambda config: METRICS,
    asked=asked_prompts,
    compared=compared,
    uses_tokenizer=False,
)
