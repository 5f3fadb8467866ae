"""Benchmarks: tasks and groups of lm-eval, by name or from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Literal, Self

from pydantic import Field, model_validator

from evalguard.config_model import ConfigModel, NonEmpty
from evalguard.scorers.sandbox import SandboxKind
from evalguard.tasks.base import Task
from evalguard.tasks.benchmark.definition import benchmark_versions
from evalguard.tasks.benchmark.sources import TaskFileError, read_source
from evalguard.tasks.kind import AskedItem, DecidingFiles, TaskConfig, TaskContext, TaskKind


class MetricRange(ConfigModel):
    """What a benchmark's own metric ranges over, where EvalGuard cannot know it."""

    low: float
    """Minimum of a sample's score, or of the figure of the whole set."""
    high: float
    """Maximum."""
    higher_is_better: bool | None = None
    """Direction; the task's own by default."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


class BenchmarkConfig(TaskConfig):
    """An lm-eval task or group."""

    kind: Literal["benchmark"]
    task: NonEmpty
    """Name that lm-eval knows, or path of a task file (`.yaml`) relative to this file."""
    name: NonEmpty | None = None
    """Name in reports; the task's own by default."""
    num_fewshot: int | None = Field(default=None, ge=0)
    """Solved examples before each question; the task's own number by default."""
    system: NonEmpty | None = None
    """System message of every prompt, as lm-eval's `--system_instruction`; none by default."""
    limit: int | None = Field(default=None, ge=1)
    """Take the first samples only."""
    metrics: dict[NonEmpty, MetricRange] = Field(default_factory=dict)
    """Ranges of metrics that EvalGuard does not know: `{overlap_max: {low: 0, high: 100}}`."""
    allow_code_execution: bool = False
    """Whether code that a model wrote may run in the sandbox, as HumanEval and MBPP need."""
    sandbox: SandboxKind = "auto"
    """The sandbox: the first one that works, `bubblewrap`, `sandlock`, `podman`, `docker`, or
    `none` for no sandbox."""

    @property
    def file(self) -> str | None:
        """The task file, or ``None`` for a task that lm-eval knows by name."""
        return self.task if self.task.endswith((".yaml", ".yml")) else None

    @property
    def code_sandbox(self) -> SandboxKind | None:
        """The sandbox, if it may run code that a model wrote."""
        allowed = self.allow_code_execution or os.environ.get("HF_ALLOW_CODE_EVAL") == "1"
        return self.sandbox if allowed else None

    @property
    def task_name(self) -> str:
        """Name in reports."""
        return self.name or (PurePath(self.file).stem if self.file else self.task)


def _build(config: BenchmarkConfig, context: TaskContext) -> Sequence[Task]:
    from evalguard.tasks.benchmark.loading import load_benchmark
    from evalguard.tasks.benchmark.metrics import Declared

    return load_benchmark(
        context.suite,
        config.task,
        base_dir=context.path.parent,
        source=str(context.path),
        key=f"tasks[{context.index}].task",
        name=config.task_name if config.file else config.name,
        num_fewshot=config.num_fewshot,
        system=config.system,
        limit=config.limit,
        declared={name: Declared(**vars(one)) for name, one in config.metrics.items()},
        allow_code_execution=config.allow_code_execution,
        sandbox=config.sandbox,
    )


def _files(config: BenchmarkConfig) -> Mapping[str, str]:
    return {} if config.file is None else {"task": config.file}


def _deciding(config: BenchmarkConfig, context: TaskContext) -> DecidingFiles:
    """Return the task file with what it includes, its data and its Python files."""
    if config.file is None:
        return DecidingFiles((), complete=False)
    path = context.resolve(config.file)
    try:
        source = read_source(path)
    except TaskFileError:  # building the task says what is wrong with it
        return DecidingFiles((path,), complete=False)
    return DecidingFiles(source.files, complete=source.complete)


def _versions(config: BenchmarkConfig, paths: Sequence[Path]) -> Mapping[str, str]:
    return benchmark_versions(paths)


def _asked(config: BenchmarkConfig, context: TaskContext) -> Iterator[AskedItem]:
    """Yield the questions without solved examples and system message before them."""
    for task in _build(config.model_copy(update={"num_fewshot": 0, "system": None}), context):
        for sample in task.prepare(None):
            yield AskedItem(task.name, sample.row_number, sample.prompt, sample.row)


KIND = TaskKind(
    name="benchmark",
    config=BenchmarkConfig,
    build=_build,
    files=_files,
    deciding=_deciding,
    versions=_versions,
    asked=_asked,
    measures_thinking=True,
    writes_nulls=True,
    uses_tokenizer=False,
)
