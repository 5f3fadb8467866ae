"""From a task of a suite file to the task itself, and to the files that decide what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from evalguard.config import Suite
from evalguard.config.suite import Task as TaskConfig
from evalguard.config.task_kinds import (
    Benchmark,
    Diversity,
    Drift,
    Judge,
    Judged,
    Overfitting,
    Perplexity,
    Preference,
    Prompts,
    Rows,
    TestSet,
)
from evalguard.scorers import get as get_scorer
from evalguard.scorers.written import written
from evalguard.tasks.base import Task
from evalguard.tasks.benchmark.sources import files_of
from evalguard.tasks.label_config import Labels
from evalguard.tasks.label_config import Scale as ScaleConfig
from evalguard.tasks.label_values import LabelReading
from evalguard.tasks.prompts import PromptRows
from evalguard.tasks.scales import Scale


def build(
    suite: Suite,
    config: TaskConfig,
    index: int,
    *,
    seed: int,
    count_tokens: Callable[[str], int],
) -> Sequence[Task]:
    """Build a task of a suite; a benchmark group is several.

    Args:
        suite: The suite.
        config: One of its tasks.
        index: Its place in the suite file, for messages.
        seed: Seed of every sampling.
        count_tokens: Length of a text in tokens of the baseline.

    Raises:
        ConfigError: If lm-eval has no such task or cannot build it.
    """
    task: Task
    match config:
        case Benchmark():
            return _benchmark(suite, config, index)
        case TestSet():
            task = _test_set(suite, config, seed, count_tokens)
        case Diversity():
            task = _diversity(suite, config, seed, count_tokens)
        case Drift():
            task = _drift(suite, config)
        case Perplexity():
            task = _perplexity(suite, config, count_tokens)
        case Judge() | Preference():
            task = _judged(suite, config)
        case Overfitting():
            task = _overfitting(suite, config, count_tokens)
    return [task]


def files_of_task(suite: Suite, config: TaskConfig) -> Iterable[Path] | None:
    """Return every local file that decides a task; ``None`` where something else takes part."""
    if isinstance(config, Benchmark):
        return files_of(suite.resolve(config.file)) if config.file else None
    files = [config.data]
    if isinstance(config, Overfitting):
        files.append(config.held_out)
    if isinstance(config, Judged):
        files.append(config.labelled.file)
    return map(suite.resolve, files)


def _benchmark(suite: Suite, config: Benchmark, index: int) -> Sequence[Task]:
    from evalguard.tasks.benchmark.loading import load_benchmark
    from evalguard.tasks.benchmark.metrics import Declared

    return load_benchmark(
        suite.name,
        config.task,
        base_dir=suite.path.parent,
        source=str(suite.path),
        key=f"tasks[{index}].task",
        name=config.task_name if config.file else config.name,
        num_fewshot=config.num_fewshot,
        limit=config.limit,
        declared={name: Declared(**vars(one)) for name, one in config.metrics.items()},
        allow_code_execution=config.allow_code_execution,
    )


def _test_set(suite: Suite, config: TestSet, seed: int, count_tokens: Callable[[str], int]) -> Task:
    from evalguard.tasks.kinds.test_set import TestSet as TestSetTask

    return TestSetTask(
        suite.name,
        config.task_name,
        rows=_rows(suite, config),
        target=config.target,
        scorers=[get_scorer(scorer.name, **scorer.options) for scorer in config.scorers],
        max_new_tokens=config.max_new_tokens,
        stop=config.stop,
        temperature=config.temperature,
        repeats=config.repeats,
        seed=seed,
        cluster=config.cluster,
        count_tokens=count_tokens,
    )


def _diversity(
    suite: Suite, config: Diversity, seed: int, count_tokens: Callable[[str], int]
) -> Task:
    from evalguard.tasks.kinds.diversity import Diversity as DiversityTask

    return DiversityTask(
        suite.name,
        config.task_name,
        rows=_rows(suite, config),
        samples=config.samples,
        temperature=config.temperature,
        seed=seed,
        max_new_tokens=config.max_new_tokens,
        stop=config.stop,
        count_tokens=count_tokens,
    )


def _drift(suite: Suite, config: Drift) -> Task:
    from evalguard.tasks.kinds.drift import Drift as DriftTask

    return DriftTask(
        suite.name,
        config.task_name,
        rows=_rows(suite, config),
        max_new_tokens=config.max_new_tokens,
        stop=config.stop,
    )


def _perplexity(suite: Suite, config: Perplexity, count_tokens: Callable[[str], int]) -> Task:
    from evalguard.tasks.kinds.perplexity import Perplexity as PerplexityTask

    return PerplexityTask(
        suite.name,
        config.task_name,
        rows=_rows(suite, config),
        text=config.text,
        count_tokens=count_tokens,
    )


def _judged(suite: Suite, config: Judge | Preference) -> Task:
    from evalguard.tasks.kinds.judge import Judge as JudgeTask
    from evalguard.tasks.kinds.preference import Preference as PreferenceTask

    task = JudgeTask if isinstance(config, Judge) else PreferenceTask
    return task(
        suite.name,
        config.task_name,
        rows=_rows(suite, config),
        labelled=replace(
            _rows(suite, config, data=config.labelled.file), limit=None, repeats_ids=True
        ),
        criterion=config.criterion,
        template=config.template,
        scale=_scale(config.scale),
        reading=_reading(config.labelled),
        max_new_tokens=config.max_new_tokens,
        stop=config.stop,
    )


def _scale(config: ScaleConfig | None) -> Scale | None:
    return None if config is None else Scale(config.low, config.high, config.pass_from)


def _reading(config: Labels) -> LabelReading:
    """Return how a file of labels is read."""
    return LabelReading(
        columns=config.columns,
        values={written(one): ours for ours, values in config.listed.items() for one in values},
        scale=_scale(config.scale),
        annotators=config.annotators,
        file=config.file,
    )


def _overfitting(suite: Suite, config: Overfitting, count_tokens: Callable[[str], int]) -> Task:
    from evalguard.tasks.kinds.overfitting import Overfitting as OverfittingTask

    return OverfittingTask(
        suite.name,
        config.task_name,
        training=_rows(suite, config),
        held_out=_rows(suite, config, data=config.held_out),
        target=config.target,
        max_new_tokens=config.max_new_tokens,
        stop=config.stop,
        count_tokens=count_tokens,
    )


def _rows(suite: Suite, config: Rows, *, data: str | None = None) -> PromptRows:
    """Return the rows of a task with what makes prompts of them."""
    where, path = (
        f"suite '{suite.name}', task '{config.task_name}'",
        suite.resolve(data or config.data),
    )
    if not isinstance(config, Prompts):
        return PromptRows(where, path, limit=config.limit)
    return PromptRows(
        where,
        path,
        prompt=config.prompt,
        messages=config.messages,
        system=config.system,
        limit=config.limit,
    )
