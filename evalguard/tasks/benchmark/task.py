"""An lm-eval task, measured with lm-eval's own code: its scores are those of ``lm_eval``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property, partial
from itertools import islice
from typing import Any

from jinja2 import UndefinedError
from lm_eval.api.metrics import mean
from lm_eval.api.task import Task

from evalguard.errors import DataError, EvalGuardError, MeasurementError, UsageError
from evalguard.quiet import quiet
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers.sandbox import SandboxKind
from evalguard.tasks.base import Prepared, Render, with_unique_ids
from evalguard.tasks.benchmark import canaries, hub_metrics
from evalguard.tasks.benchmark.aggregations import aggregation_problem, any_shape
from evalguard.tasks.benchmark.definition import benchmark_versions, definition_of, plain
from evalguard.tasks.benchmark.evaluate_load import replace_load
from evalguard.tasks.benchmark.generation_options import request_problems
from evalguard.tasks.benchmark.metrics import Declared, nats_metric, nats_of
from evalguard.tasks.benchmark.optional_metrics import noting
from evalguard.tasks.benchmark.own_execution import own_functions, put_sandbox, runs_code
from evalguard.tasks.benchmark.reported import (
    aggregations_of,
    as_number,
    is_missing,
    metrics_of,
    own_class,
)
from evalguard.tasks.benchmark.running import (
    FEWSHOT_SEED,
    build_sample,
    metric_values,
    missing_value,
    outputs,
)
from evalguard.tasks.benchmark.sources import data_file, shown_path
from evalguard.tasks.benchmark.targets import target_problem
from evalguard.tasks.benchmark.trial import check_nltk_data, reported_values
from evalguard.tasks.benchmark.values import decode, encode
from evalguard.tasks.benchmark.watching import SENDS, watched, without_keys

replace_load()  # of the metrics that tasks load when they are imported

_BAD_ROWS_SHOWN = 3


class Benchmark:
    """An lm-eval task whose scores equal those of the ``lm_eval`` command.

    Args:
        suite: Name of the suite that it is in.
        task: lm-eval's task.
        source: The suite's file as the user wrote it, for messages.
        name: Name in reports.
        limit: Take the first samples only.
        declared: Ranges of metrics that the suite gives, by the metric's name.
        equal_weights: Metrics that the task's group averages with equal weights per task.
        allow_code_execution: Whether code that a model wrote may run in the sandbox.
        sandbox: The kind of sandbox.
    """

    def __init__(
        self,
        suite: str,
        task: Task,
        *,
        source: str,
        name: str,
        limit: int | None = None,
        declared: Mapping[str, Declared] | None = None,
        equal_weights: frozenset[str] = frozenset(),
        allow_code_execution: bool = False,
        sandbox: SandboxKind = "auto",
    ) -> None:
        self.suite = suite
        self._source = source
        self.name = name
        self.equal_weights = equal_weights
        self._task = task
        self._limit = limit
        self._declared = dict(declared or {})
        self._code_execution = partial(hub_metrics.code_execution, allow_code_execution, sandbox)
        self._without_sandbox = sandbox == "none"
        self._uncomputed = ""
        put_sandbox(task)

    @cached_property
    def docs(self) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """The rows with their numbers, as they were when the task was built."""
        docs = getattr(self._task, "task_docs", None)
        return list(islice(enumerate(self._task.eval_docs if docs is None else docs), self._limit))

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The task's metrics; with several filters named ``metric,filter``.

        They are found by scoring the first rows: functions may report under other names than their
        own.
        """
        reported = self._reported
        with self._code_execution():
            return metrics_of(self._task, reported, self._declared, self._uncomputed)

    @cached_property
    def definition(self) -> Mapping[str, Any]:
        """The task's configuration without its data, which is in the samples' ids.

        Raises:
            UsageError: If a part of it cannot be fingerprinted.
        """
        made_of = {"kind": "benchmark", "versions": benchmark_versions()}
        declared = {name: asdict(one) for name, one in self._declared.items()}
        try:
            config = definition_of(_settings(self._task))
        except UsageError as error:
            raise UsageError(f"{self._source}: task '{self.name}': {error}") from error
        code = plain(own_class(self._task), "class")
        # Nothing keeps a program from its own verdict then: others do not take its scores over.
        without = {"sandbox": "none"} if self._without_sandbox else {}
        return {**made_of, "config": config, "class": code, "declared": declared, **without}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return all samples as lm-eval builds them, few-shot examples included.

        Raises:
            DataError: If the task's templates or functions fail on a row, a row has a target
                that no answer can match (lists the first such rows), or a metric cannot be
                aggregated over the rows.
        """
        self._task.set_fewshot_seed(seed=FEWSHOT_SEED)
        samples, problems = [], []
        for doc_id, doc in self.docs:
            try:
                samples.append(build_sample(self._task, self.name, doc_id, doc, render))
                problem = target_problem(self._task, doc)
            except EvalGuardError:
                raise
            except (Exception, SystemExit) as error:
                raise DataError(
                    f"{self._where(doc_id + 1)}: {_row_error(error, doc, self._task)}"
                ) from error
            for option, unknown in request_problems(samples[-1]):
                raise DataError(f"{self._source}: {self._named()}: {option}: {unknown}")
            if problem:
                problems.append((doc_id + 1, problem))
        if problems:
            raise DataError(self._listed(problems))
        if problem := aggregation_problem(self._task, samples):
            raise DataError(f"{self._source}: {self._named()}: {problem}")
        return with_unique_ids(samples)

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Filter and score the responses with the task's own code.

        Raises:
            MeasurementError: If that code fails, returns something that is not a number, or hides
                that a service which it calls failed or that it would run code.
        """
        try:
            programs = not runs_code(self._task)
            with (
                self._code_execution(),
                watched(programs=programs, answers=_texts(responses)) as watch,
            ):
                scored = self._score(prepared, responses)
        except EvalGuardError:
            raise
        except (Exception, SystemExit) as error:
            text = f"scoring its answer failed: {type(error).__name__}: {without_keys(str(error))}"
            raise MeasurementError(f"task '{self.name}': {text}") from error
        if watch.failures:
            raise MeasurementError(f"task '{self.name}': {watch.failures[0]}")
        return scored

    def cannot_fail(self, samples: Sequence[Prepared]) -> Mapping[str, str]:
        """Return why no answer could lose, by metric; made-up answers are sent to no one."""

        def tried(prepared: Prepared, responses: Sequence[Any]) -> ScoredSample | None:
            try:
                with (
                    quiet(),
                    self._code_execution(),
                    watched(sends=False, programs=not runs_code(self._task)) as watch,
                ):
                    scored = self._score(prepared, responses)
            except (Exception, SystemExit):  # noqa: BLE001 - the task's own code may raise anything
                return None
            return None if watch.sent or watch.failures else scored

        return canaries.cannot_fail(self._task, self.metrics, samples, tried)

    def aggregate(self, metric: str, samples: Sequence[ScoredSample]) -> float:
        """Return a corpus metric with the task's own aggregation.

        Raises:
            MeasurementError: If that fails, calls a service, would run code, or returns something
                that is not a number.
        """
        base = metric.partition(",")[0]
        aggregation = any_shape(self._aggregations[base])
        values = [decode(sample.corpus[metric]) for sample in samples if metric in sample.corpus]
        try:
            with (
                quiet(),
                self._code_execution(),
                watched(sends=False) as watch,
            ):
                value = float(aggregation(values))
        except (Exception, SystemExit) as error:
            text = (
                f"its aggregation fails on {len(values)} samples: {type(error).__name__}: {error}"
            )
            raise MeasurementError(f"task '{self.name}': metric '{metric}': {text}") from error
        if watch.sent or watch.failures:
            text = watch.ran or SENDS
            raise MeasurementError(f"task '{self.name}': metric '{metric}': {text}")
        return value

    def check_runs(self) -> None:
        """Run the task's scoring once, to find missing dependencies before any compute.

        Raises:
            UsageError: If data or a permission is missing.
            ImportError: If a package is missing.
        """
        check_nltk_data(getattr(self._task.config, "process_results", None))
        if runs_code(self._task):
            with self._code_execution():
                hub_metrics.check_code_allowed()
        for function in own_functions(self._task):
            if why := hub_metrics.refused_on_import(function):
                raise UsageError(why)
        _ = self._reported

    def _where(self, row: int) -> str:
        return f"{self._source}: {self._named()}, row {row}"

    def _named(self) -> str:
        """Return the task with the file of its data, if that is a single one."""
        config = self._task.config
        split = config.test_split or config.validation_split or ""
        file = data_file(config.dataset_kwargs, split)
        return f"task '{self.name}'" + (f" ({shown_path(file)})" if file is not None else "")

    def _listed(self, problems: Sequence[tuple[int, str]]) -> str:
        if len(problems) == 1:
            [(row, problem)] = problems
            return f"{self._where(row)}: {problem}"
        lines = [f"row {row}: {problem}" for row, problem in problems[:_BAD_ROWS_SHOWN]]
        if more := len(problems) - len(lines):
            lines.append(f"… and {more} more rows")
        start = f"{self._source}: {self._named()}: {len(problems)} rows cannot be used:"
        return "\n  ".join([start, *lines])

    def _score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        scores: dict[str, float] = {}
        corpus: dict[str, Any] = {}
        metrics = {metric.name: metric for metric in self.metrics}
        values = metric_values(self._task, prepared, responses)
        for name, value in values.items():
            base, _, filter_name = name.partition(",")
            aggregation = self._aggregations.get(base, mean)
            suffix = f",{filter_name}" if filter_name else ""
            nats = nats_metric(base, aggregation, suffix)
            if nats and (amount := nats_of(value)) is not None:
                scores[nats.name] = self._number(nats.name, amount)
            metric = metrics.get(name)
            if metric is None or (metric.ungated and not _can_be_stored(metric, value)):
                continue
            if metric.kind is ScoreKind.CORPUS:
                corpus[name] = self._encoded(name, value)
            elif not is_missing(value):
                scores[name] = self._number(name, value)
        missing = [name for name in metrics if name not in scores and name not in corpus]
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=prepared.target,
            outputs=outputs(self._task, prepared, responses),
            scores=scores,
            corpus=corpus,
            cluster=prepared.cluster,
            not_scored=tuple(missing),
        )

    @cached_property
    def _reported(self) -> Mapping[str, Any] | None:
        """Values that the first rows report; ``None`` where the task's code fails on them."""
        with quiet(), self._code_execution(), noting() as notes:
            reported = reported_values(self._task, self.name, self.docs)
        self._uncomputed = "; ".join(notes.values())
        return reported

    @cached_property
    def _aggregations(self) -> dict[str, Callable[..., Any]]:
        """The aggregation of each metric; lm-eval takes the mean of what declares none."""
        return aggregations_of(self._task, self._reported)

    def _number(self, name: str, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            text = f"metric '{name}' is {value!r:.80}, not a number"
            raise MeasurementError(f"task '{self.name}': {text}") from error
        if not math.isfinite(number):
            raise MeasurementError(f"task '{self.name}': metric '{name}' is {number}")
        return number

    def _encoded(self, name: str, value: Any) -> Any:
        try:
            return encode(value)
        except MeasurementError as error:
            raise MeasurementError(f"task '{self.name}': metric '{name}' {error}") from error


def _texts(responses: Sequence[Any]) -> list[str]:
    """Return what a model wrote, among its responses."""
    return [one for one in responses if isinstance(one, str)]


def _settings(task: Task) -> dict[str, Any]:
    """Return a task's configuration with its functions."""
    return {key: value for key, value in vars(task.config).items() if not key.startswith("_")}


def _can_be_stored(metric: Metric, value: Any) -> bool:
    """Return whether a value that cannot be gated can still be stored."""
    if metric.kind is not ScoreKind.CORPUS:
        number = as_number(value)
        return number is not None and math.isfinite(number)
    try:
        encode(value)
    except MeasurementError:
        return False
    return True


def _row_error(error: BaseException, doc: Mapping[str, Any], task: Task) -> str:
    if isinstance(error, ValueError) and "larger than population" in str(error):
        named = task.config.fewshot_split
        split = f"the split '{named}'" if named else "the split of the questions"
        return (
            f"num_fewshot is {task.config.num_fewshot}, but {split} has only "
            f"{len(list(task.fewshot_docs() or ()))} rows; lower it, or set fewshot_split"
        )
    if isinstance(error, AssertionError) and "Context is not a string" in str(error):
        given = str(error).partition(":")[2].strip()
        return f"doc_to_text gives {given}, where a text is needed; correct it or the row"
    if isinstance(error, AssertionError) and "Answer is not a string" in str(error):
        target = str(error).partition(":")[2].strip()
        return (
            f"the target of a few-shot example is {target}, a list; set "
            "num_fewshot: 0, or a doc_to_target of one answer in fewshot_config"
        )
    if isinstance(error, KeyError | UndefinedError):
        return missing_value(error, doc)
    return f"a template or function fails: {type(error).__name__}: {error}"
