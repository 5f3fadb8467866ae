"""The team's own test sets: rows of a file, a prompt template, and scorers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from evalguard import scorers
from evalguard.config_model import ConfigModel, NonEmpty
from evalguard.errors import DataError, EvalGuardError
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers import Scorer, canaries, score_checked
from evalguard.scorers.answerable import corpus_problem, row_problem
from evalguard.scorers.cuts import length_problem
from evalguard.scorers.registry import schema_options
from evalguard.scorers.sandbox import SandboxKind
from evalguard.scorers.schema_files import named_files, with_files
from evalguard.scorers.thinking import thinking_metrics
from evalguard.tasks.base import (
    Prepared,
    Render,
    generation_settings,
    generations,
)
from evalguard.tasks.kind import TaskContext, TaskKind
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.row_config import Prompts, Template, asked_prompts, named_data
from evalguard.tasks.rows import Row


class ScorerConfig(ConfigModel):
    """A scorer with options; without any, its bare name does."""

    name: NonEmpty
    options: dict[str, Any] = Field(default_factory=dict)


ScorerEntry = Annotated[
    ScorerConfig,
    BeforeValidator(
        lambda value: {"name": value} if isinstance(value, str) else value,
        json_schema_input_type=NonEmpty | ScorerConfig,
    ),
]


class TestSetConfig(Prompts):
    """Rows of your own, a prompt template, and scorers."""

    __test__: ClassVar[bool] = False  # not a class of tests, whatever pytest makes of its name

    kind: Literal["test_set"]
    scorers: tuple[ScorerEntry, ...] = Field(min_length=1)
    """What measures the answer: names, or `{name: …, options: {…}}`."""
    target: Template = ""
    """The expected answer, as a Jinja template; empty for scorers that need none."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer in tokens."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""
    temperature: float = Field(default=0.0, ge=0)
    """0 takes the likeliest token each time."""
    repeats: int = Field(default=1, ge=1)
    """Answers to each prompt; their scores are averaged."""
    cluster: NonEmpty | None = None
    """Column whose equal values mark rows that are not independent, such as a shared passage."""

    @property
    def code_sandbox(self) -> SandboxKind | None:
        """The sandbox of its scorer that runs code, if it has one."""
        allowed = (one.options for one in self.scorers if one.options.get("allow_code_execution"))
        return next((options.get("sandbox", "auto") for options in allowed), None)

    @model_validator(mode="after")
    def _repeats_differ(self) -> Self:
        if self.repeats > 1 and self.temperature == 0:
            raise ValueError(
                f"repeats: {self.repeats} at temperature 0 gives the same answer each time; "
                "set temperature above 0, or repeats to 1"
            )
        return self


class TestSet:
    """Rows whose prompts a model answers in text, scored by pure functions.

    Args:
        suite: Name of the suite that it is in.
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

    averages_answers = True

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

    def cannot_fail(self, samples: Sequence[Prepared]) -> Mapping[str, str]:
        """Return why no answer could lose, by metric."""
        items = [canaries.Item(one.prompt, one.target, one.row) for one in samples]
        return canaries.cannot_fail(
            self._scorers, items, stop=self._stop, max_new_tokens=self._max_new_tokens
        )

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


def _build(config: TestSetConfig, context: TaskContext) -> list[TestSet]:
    return [
        TestSet(
            context.suite,
            config.task_name,
            rows=config.rows(context),
            target=config.target,
            scorers=[scorers.get(one.name, **one.options) for one in config.scorers],
            max_new_tokens=config.max_new_tokens,
            stop=config.stop,
            temperature=config.temperature,
            repeats=config.repeats,
            seed=context.seed,
            cluster=config.cluster,
            count_tokens=context.count_tokens,
        )
    ]


def _metrics(config: TestSetConfig) -> list[Metric]:
    """Return the metrics of the scorers and of thinking.

    Raises:
        EvalGuardError: If there is no such scorer, or its options do not fit.
    """
    found = [one for each in config.scorers for one in scorers.metrics(each.name, each.options)]
    return [*found, *thinking_metrics(config.max_new_tokens)]


def _problems(config: TestSetConfig, context: TaskContext) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the scorers, by key."""
    owners: dict[str, str] = {}
    comparing: list[str] = []
    for index, scorer in enumerate(config.scorers):
        key = f"scorers[{index}]"
        try:
            bound = scorers.get(scorer.name, **scorer.options)
        except EvalGuardError as error:
            yield key, str(error)
            continue
        comparing += [scorer.name] if bound.check_target else []
        duplicates = [metric.name for metric in bound.metrics if metric.name in owners]
        if duplicates:
            yield (
                key,
                f"{', '.join(duplicates)}: already measured by {owners[duplicates[0]]}; remove one",
            )
        owners |= {metric.name: f"tasks[{context.index}].{key}" for metric in bound.metrics}
    if comparing and not config.target.strip():
        yield (
            "target",
            f"missing, and {', '.join(comparing)} compares answers with it; write "
            '"{{ column }}" with the column that holds the expected answer',
        )


def _with_files(config: TestSetConfig, folder: Path) -> tuple[TestSetConfig, list[tuple[str, str]]]:
    """Return a config with the contents of JSON schema files in its options."""
    read: list[ScorerConfig] = []
    problems: list[tuple[str, str]] = []
    for index, scorer in enumerate(config.scorers):
        options = dict(scorer.options)
        for name in _schemas(scorer):
            try:
                options[name] = with_files(options[name], folder)
            except ValueError as error:
                problems.append((f"scorers[{index}].options.{name}", str(error)))
        read.append(scorer.model_copy(update={"options": options}))
    return config.model_copy(update={"scorers": tuple(read)}), problems


def _contents(config: TestSetConfig, folder: Path) -> Iterator[Path]:
    """Yield the JSON schema files in a config's options."""
    for scorer in config.scorers:
        for name in _schemas(scorer):
            yield from named_files(scorer.options[name], folder)


def _schemas(scorer: ScorerConfig) -> list[str]:
    """Return the options of a scorer that are given and are JSON schemas."""
    known = schema_options(scorer.name)
    return [name for name in known if scorer.options.get(name) is not None]


def _versions(config: TestSetConfig, paths: Sequence[Path]) -> list[str]:
    return [scorers.get(one.name, **one.options).version for one in config.scorers]


KIND = TaskKind(
    name="test_set",
    config=TestSetConfig,
    build=_build,
    files=named_data,
    metrics=_metrics,
    problems=_problems,
    with_files=_with_files,
    contents=_contents,
    versions=_versions,
    asked=asked_prompts,
    measures_thinking=True,
    prompt_is_question=True,
)
