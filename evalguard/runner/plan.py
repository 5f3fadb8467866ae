"""From the project's files to tasks with their samples in one frozen random order.

Building a task imports lm-eval and renders every prompt. What comes of it, the ids of the samples,
is remembered under the hash of every file that decides it, so that a check whose samples are all
in the store builds nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from itertools import chain
from typing import Any
from uuid import uuid4

from evalguard.config import Project, Suite
from evalguard.config.contaminated import contaminated
from evalguard.engines.limits import DEFAULT_LIMIT
from evalguard.errors import DataError
from evalguard.records import Gate, Metric
from evalguard.records.pooled import POOLED_METRIC
from evalguard.runner.gate_targets import check_gates
from evalguard.runner.outline import (
    Outline,
    contradicting,
    nulls_written,
    outline_of,
    outlines_from,
    task_code,
)
from evalguard.runner.own_reads import OwnReads, runs_own_code
from evalguard.runner.planned_task import PlannedTask
from evalguard.runner.unkeyed import Unkeyed
from evalguard.scorers.sandbox import noting_choices
from evalguard.scorers.versions import package_digest
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.base import Prepared, Render, Task
from evalguard.tasks.kind import DecidingFiles, TaskConfig, TaskContext
from evalguard.tasks.registry import build, cannot_fail, is_built_in, kind_of, package_code
from evalguard.tasks.registry import prepare as prepare_samples


@dataclass(frozen=True, slots=True)
class Plan:
    """The tasks of every suite that a selected gate is on.

    Attributes:
        tasks: The tasks of each suite.
    """

    tasks: Mapping[str, tuple[PlannedTask, ...]]

    def __iter__(self) -> Iterator[PlannedTask]:
        """Yield every task."""
        return chain.from_iterable(self.tasks.values())

    def of_gate(self, gate: Gate) -> tuple[PlannedTask, ...]:
        """Return the tasks that a gate is decided on."""
        found = (
            task
            for member in gate.members
            for task in self.tasks[member.suite]
            if member.task in (None, task.name)
            and any(metric.name == member.metric for metric in task.metrics)
        )
        return tuple(dict.fromkeys(found))

    def with_weights(self, gate: Gate) -> Gate:
        """Return a gate whose weights are those of its tasks' group, where it names none."""
        if gate.weights is not None:
            return gate
        base = gate.metric.partition(",")[0]
        alike = all(base in task.equal_weights for task in self.of_gate(gate))
        return replace(gate, weights="equal" if alike else "size")

    def cannot_fail(self, gate: Gate) -> str:
        """Return why no candidate could fail a gate; empty where one could."""
        reasons = (
            f"task '{task.name}' of suite '{task.suite}': {task.cannot_fail[member.metric]}"
            for member in gate.members
            for task in self.of_gate(member)
            if member.metric in task.cannot_fail
        )
        return next(reasons, "")

    def metric(self, gate: Gate) -> Metric:
        """Return what a gate measures."""
        if gate.pool:
            return POOLED_METRIC
        metrics = self.of_gate(gate)[0].metrics
        return next(metric for metric in metrics if metric.name == gate.metric)

    def n_planned(self, gate: Gate, stage: int = 0) -> int:
        """Return the number of samples of the full run, or of an extension, from 1, by itself.

        A gate that is pooled over others is not extended.
        """
        if gate.pool:
            return sum(map(self.n_planned, gate.pool)) if stage == 0 else 0
        return sum(sum(map(len, task.stages[stage : stage + 1])) for task in self.of_gate(gate))

    def design_effect(self, gate: Gate) -> float:
        """Return the variance of a pooled mean over that of as many samples of equal weight."""
        if not gate.pool or gate.weights != "equal":
            return 1.0
        sizes = [self.n_planned(member) for member in gate.pool]
        return sum(sizes) * sum(1 / size for size in sizes if size) / len(sizes) ** 2


def make_plan(
    project: Project,
    gates: Sequence[Gate],
    *,
    render: Render | None,
    rendering: str,
    count_tokens: Callable[[str], int],
    store: SampleStore,
    unkeyed: Unkeyed | None = None,
    default_limit: int = DEFAULT_LIMIT,
    more: int = 0,
) -> Plan:
    """Outline the tasks of the gates' suites.

    Args:
        project: The project.
        gates: The selected gates.
        render: Applies the baseline's chat template; ``None`` for plain prompts.
        rendering: Hash of how prompts are made, with ``render`` or without it.
        count_tokens: Length of a text in tokens of the baseline.
        store: Remembers outlines and the hashes of files.
        unkeyed: What else of the project may decide what its tasks ask and score.
        default_limit: Tokens that a model may write where a task sets no limit.
        more: By how much each task's limit is raised, for an extension.

    Raises:
        ConfigError: If a gate names a task or metric that its suite does not have, or lm-eval
            cannot build a task, or the audit cannot be read.
        DataError: If the data of suites is missing, empty or broken, all of them at once: better
            told now than after the other suites have run.
    """
    planner = _Planner(
        render,
        rendering,
        count_tokens,
        store,
        OwnReads(store, project.root),
        seed=project.config.seed,
        unkeyed=unkeyed,
        default_limit=default_limit,
        left_out=contaminated(project),
        more=more,
    )
    tasks: dict[str, tuple[PlannedTask, ...]] = {}
    broken: list[str] = []
    for name in dict.fromkeys(member.suite for gate in gates for member in gate.members):
        tasks[name] = tuple(planner.tasks_of(project.suites[name], broken))
    if broken:
        raise DataError("\n".join(broken))
    check_gates(gates, tasks)
    return Plan(tasks)


class _Planner:
    """Outlines tasks, from memory where every file is unchanged."""

    def __init__(
        self,
        render: Render | None,
        rendering: str,
        count_tokens: Callable[[str], int],
        store: SampleStore,
        reads: OwnReads,
        *,
        seed: int,
        unkeyed: Unkeyed | None,
        default_limit: int,
        left_out: Mapping[str, frozenset[int]],
        more: int,
    ) -> None:
        self._unkeyed = unkeyed
        self._code = task_code(store)
        self._more = more
        self._default_limit = default_limit
        self._render = render
        self._left_out = left_out
        self._rendering = rendering
        self._count_tokens = count_tokens
        self._store = store
        self._reads = reads
        self._seed = seed

    def tasks_of(self, suite: Suite, broken: list[str]) -> Iterable[PlannedTask]:
        """Yield the tasks of a suite; what is wrong with the data of others is appended."""
        for index, config in enumerate(suite.config.tasks):
            try:
                yield from self._tasks(suite, config, index)
            except DataError as error:
                broken.append(str(error))

    def _tasks(self, suite: Suite, config: TaskConfig, index: int) -> Iterable[PlannedTask]:
        written, limit = config, getattr(config, "limit", None)
        if self._more and limit is not None:
            config = config.model_copy(update={"limit": limit + self._more})
        context = suite.context(index, seed=self._seed, count_tokens=self._count_tokens)
        kind, built = kind_of(config), dict[str, Task]()
        ready: dict[str, Sequence[Prepared]] = {}

        def prepare(name: str) -> Sequence[Prepared]:
            made = ready.pop(name, None) or prepare_samples(config, task(name), self._render)
            check_unchanged()
            return made

        def task(name: str) -> Task:
            if not built:
                built.update({one.name: one for one in build(config, context)})
            return built[name]

        def check_unchanged() -> None:
            if parts != self._parts(config, context, kind.deciding_files(config, context)):
                raise DataError(
                    f"suite '{suite.name}', task '{config.task_name}': a file changed while the "
                    "task was built from it; run again when nothing writes there"
                )

        deciding = kind.deciding_files(config, context)
        own_code = runs_own_code(config, deciding)
        parts = self._parts(config, context, deciding)
        key = parts and self._key(parts, own_code=own_code)
        remembered = self._store.fingerprint_description(key).get("outlines") if key else None
        if remembered is None:
            # Where not all files are known, the samples that are made of them are in the keys.
            with self._unkeyed.leaving_out() if self._unkeyed and not parts else nullcontext():
                built.update({one.name: one for one in build(config, context)})
                ready |= {
                    name: prepare_samples(config, one, self._render) for name, one in built.items()
                }
            outlines = [
                self._outline(one, ready[one.name], config, parts) for one in built.values()
            ]
            check_unchanged()
            if parts:
                key = self._key(parts, own_code=own_code)
                plain = [asdict(outline) for outline in outlines]
                self._store.describe_fingerprint(key, {"outlines": plain})
        else:
            outlines = outlines_from(remembered, key or "")
        for outline in outlines:
            yield PlannedTask(
                outline,
                written,
                build=partial(task, outline.name),
                prepare=partial(prepare, outline.name),
                seed=self._seed,
                left_out=self._left_out.get(f"{suite.name}/{outline.name}", frozenset()),
                own_code=own_code,
            )

    def _outline(
        self,
        task: Task,
        samples: Sequence[Prepared],
        config: TaskConfig,
        parts: Mapping[str, Any] | None,
    ) -> Outline:
        outline = outline_of(task, samples, self._default_limit)
        with noting_choices() as chosen:
            reasons = cannot_fail(config, task, samples)
        outline = replace(outline, cannot_fail=reasons, runs_code=bool(chosen))
        if kind_of(config).prompt_is_question:
            outline = replace(outline, n_contradicting=contradicting(samples))
        if kind_of(config).writes_nulls:
            outline = replace(outline, n_nulls=nulls_written(samples))
        if is_built_in(config.kind):
            return outline
        # Nothing holds a package to naming in a definition all that its scores depend on.
        made_of = {"definition": outline.definition, "parts": parts or uuid4().hex}
        return replace(outline, definition=fingerprint(made_of))

    def _key(self, parts: Mapping[str, Any], *, own_code: bool) -> str:
        """Return the key of an outline."""
        names = [field.name for field in fields(Outline)]
        key = fingerprint({"outline": names, "default limit": self._default_limit, **parts})
        return self._reads.key(key) if own_code else key

    def _parts(
        self, config: TaskConfig, context: TaskContext, found: DecidingFiles
    ) -> Mapping[str, Any] | None:
        """Return everything that decides a task but the models; ``None`` if some is unknown."""
        kind = kind_of(config)
        if not found.complete or not all(file.is_file() for file in found.paths):
            return None
        code = None if is_built_in(kind.name) else package_code(kind.name)
        if code is None and not is_built_in(kind.name):
            return None
        # The tokenizer makes the prompts of chats, and may measure what a task is built of.
        tokenized = self._render or kind.uses_tokenizer
        return {
            "suite": context.suite,
            "task": config.model_dump(mode="json"),
            "files": {
                os.path.relpath(file, context.path.parent): self._store.file_sha256(file)
                for file in found.paths
            },
            "versions": kind.versions(config, found.paths),
            "seed": self._seed,
            "prompts": self._rendering if tokenized else "plain",
            "code": [*self._code, package_digest()],
            "package": code,
            **(self._unkeyed.of_project if self._unkeyed else {}),
        }
