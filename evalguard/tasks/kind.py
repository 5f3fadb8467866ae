"""What a kind of task is: one record of everything that differs from kind to kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalguard.config_model import ConfigModel, NonEmpty
from evalguard.records import Metric, ScoredSample

if TYPE_CHECKING:
    from evalguard.scorers.sandbox import SandboxKind
    from evalguard.tasks.base import Task


class TaskConfig(ConfigModel):
    """What a suite says of a task; each kind has a subclass with its keys."""

    kind: str
    name: NonEmpty | None = None
    """Name in reports."""

    @property
    def task_name(self) -> str:
        """Name in reports; unique within the suite."""
        return self.name or self.kind

    @property
    def code_sandbox(self) -> SandboxKind | None:
        """The sandbox that code which a model wrote runs in; ``None`` if it runs none."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """Where a task is in its suite, and what it is built with.

    Attributes:
        suite: Name of its suite.
        path: File of the suite, to which paths are relative.
        index: Its place in that file, from 0.
        seed: Seed of every sampling.
        count_tokens: Length of a text in tokens of the baseline.
    """

    suite: str
    path: Path
    index: int = 0
    seed: int = 0
    count_tokens: Callable[[str], int] = len

    def resolve(self, relative: str) -> Path:
        """Return a path of the suite file as seen from the working directory."""
        return self.path.parent / Path(relative).expanduser()


@dataclass(frozen=True, slots=True)
class DecidingFiles:
    """The files that decide what a task asks and how it scores.

    Attributes:
        paths: The files.
        complete: Whether nothing else takes part, such as a data set of the hub. Where something
            does, the task is built again for every check.
    """

    paths: tuple[Path, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class AskedItem:
    """An item of a task that the audit looks for in training data.

    Attributes:
        task: Name of the task.
        row: Number of its row in the data, from 1.
        prompt: What a model is asked, without a chat template.
        data: The row.
    """

    task: str
    row: int
    prompt: str
    data: Mapping[str, Any]


def _no_metrics(config: Any) -> Sequence[Metric] | None:
    return None


def _no_problems(config: Any, context: TaskContext) -> Iterable[tuple[str, str]]:
    return ()


def _no_versions(config: Any, paths: Sequence[Path]) -> Any:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskKind:
    """A kind of task.

    Functions take the task's config, an instance of ``config``.

    Attributes:
        name: What suites write as ``kind``.
        config: The keys of such a task, a subclass of
            :class:`~evalguard.tasks.kind.TaskConfig` whose ``kind`` is ``Literal[name]``.
        build: Makes the task from its config and a :class:`~evalguard.tasks.kind.TaskContext`;
            several where it stands for a group.
        files: The files that it names, relative to the suite, by their keys; those that are
            missing are problems of the suite.
        deciding: Every file that decides it, where these are more than ``files``.
        metrics: What it measures, where that is known before it is built; else ``None``.
        problems: What is wrong with a config beside its types, as key and message.
        with_files: Returns the config with the contents of files in place of their paths, and
            problems, as key and message.
        contents: The files that ``with_files`` reads, for the receipt of a release.
        versions: What decides its scores beside its files and its code, such as versions of
            scorers, as plain data.
        asked: What the audit looks for in training data; all of its prompts by default.
        compared: Returns two models' samples as they are compared, which may depend on both.
        follows_baseline: Whether a candidate is measured on what the baseline answered: its task
            is a :class:`~evalguard.tasks.base.FollowingTask`, or judged.
        judged: Whether a judge scores the answers: its task is a
            :class:`~evalguard.tasks.judged.JudgedTask`.
        measures_thinking: Whether the thinking before an answer is measured against the limit of
            an answer.
        prompt_is_question: Whether rows with one prompt ask one question: they contradict each
            other where their targets differ, and their scores are not independent.
        writes_nulls: Whether its templates write a null as ``None``.
        uses_tokenizer: Whether the baseline's tokenizer decides which samples it has.
    """

    name: str
    config: type[TaskConfig]
    build: Callable[[Any, TaskContext], Sequence[Task]]
    files: Callable[[Any], Mapping[str, str]]
    deciding: Callable[[Any, TaskContext], DecidingFiles] | None = None
    metrics: Callable[[Any], Sequence[Metric] | None] = _no_metrics
    problems: Callable[[Any, TaskContext], Iterable[tuple[str, str]]] = _no_problems
    with_files: Callable[[Any, Path], tuple[Any, Sequence[tuple[str, str]]]] | None = None
    contents: Callable[[Any, Path], Iterable[Path]] | None = None
    versions: Callable[[Any, Sequence[Path]], Any] = _no_versions
    asked: Callable[[Any, TaskContext], Iterable[AskedItem]] | None = None
    compared: Callable[[ScoredSample, ScoredSample], tuple[ScoredSample, ScoredSample]] | None = (
        None
    )
    follows_baseline: bool = False
    judged: bool = False
    measures_thinking: bool = False
    prompt_is_question: bool = False
    writes_nulls: bool = False
    uses_tokenizer: bool = True

    def deciding_files(self, config: TaskConfig, context: TaskContext) -> DecidingFiles:
        """Return every file that decides a task."""
        if self.deciding is not None:
            return self.deciding(config, context)
        return DecidingFiles(tuple(map(context.resolve, self.files(config).values())))

    def asked_items(self, config: TaskConfig, context: TaskContext) -> Iterator[AskedItem]:
        """Yield what the audit looks for in training data."""
        if self.asked is not None:
            yield from self.asked(config, context)
            return
        for task in self.build(config, context):
            for sample in task.prepare(None):
                yield AskedItem(task.name, sample.row_number, sample.prompt, sample.row)
