"""An lm-eval task, measured with lm-eval's own code: its scores are those of ``lm_eval``."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import evaluate
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean
from lm_eval.api.task import Task
from lm_eval.utils import env as templates

from evalguard.errors import DataError, EvalGuardError, MeasurementError, UsageError
from evalguard.quiet import quiet
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.tasks.base import Prepared, Render, content_id, with_unique_ids
from evalguard.tasks.benchmark import hub_metrics
from evalguard.tasks.benchmark.code import files_reached
from evalguard.tasks.benchmark.definition import benchmark_versions, definition_of, plain
from evalguard.tasks.benchmark.metrics import (
    LM_EVAL_METRICS,
    MEANS,
    Declared,
    declaration,
    metric_of,
    nats_metric,
    nats_of,
)
from evalguard.tasks.benchmark.targets import target_problem, target_text
from evalguard.tasks.benchmark.values import decode, encode

# lm-eval compiles a task's templates again for every sample, which takes longer than a small model.
templates.from_string = lru_cache(maxsize=1024)(templates.from_string)

# Tasks load their metrics when they are imported; none of them may fetch code.
evaluate.load = hub_metrics.load

FEWSHOT_SEED = 1234
"""lm-eval's default, so that the few-shot examples are those of the ``lm_eval`` command."""

_BAD_ROWS_SHOWN = 5
_ROWS_TRIED = 32  # rows after which a metric that none has reported counts as not there


class Benchmark:
    """An lm-eval task whose scores equal those of the ``lm_eval`` command.

    Args:
        suite: Name of the suite that it is in.
        task: lm-eval's task.
        name: Name in reports.
        limit: Take the first samples only.
        declared: Ranges of metrics that the suite gives, by the metric's name.
        equal_weights: Metrics of which the task's group counts each of its tasks the same.
        allow_code_execution: Whether code that a model wrote may run in the sandbox.
    """

    def __init__(
        self,
        suite: str,
        task: Task,
        *,
        name: str,
        limit: int | None = None,
        declared: Mapping[str, Declared] | None = None,
        equal_weights: frozenset[str] = frozenset(),
        allow_code_execution: bool = False,
    ) -> None:
        self.suite = suite
        self.name = name
        self.equal_weights = equal_weights
        self._task = task
        self._limit = limit
        self._declared = dict(declared or {})
        self._allow_code = allow_code_execution

    @cached_property
    def docs(self) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """The rows with their numbers, as they were when the task was built."""
        docs = getattr(self._task, "task_docs", None)
        return list(islice(enumerate(self._task.eval_docs if docs is None else docs), self._limit))

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The task's metrics; with several filters named ``metric,filter``.

        What the task reports is seen from its own code, on its first rows with answers that equal
        the targets: functions may report under other names than their own.
        """
        found: dict[str, Metric] = {}
        for filter_ in self._task._filters:
            suffix = self._suffix(filter_.name)
            for base, aggregation in self._aggregations.items():
                found |= {metric.name: metric for metric in self._metric(base, suffix, aggregation)}
        return tuple(found.values())

    @cached_property
    def definition(self) -> Mapping[str, Any]:
        """The task's configuration without its data, which is in the samples' ids.

        Raises:
            UsageError: If a part of it cannot be told by its content.
        """
        made_of = {"kind": "benchmark", "versions": benchmark_versions()}
        declared = {name: asdict(one) for name, one in self._declared.items()}
        try:
            config = definition_of(_settings(self._task))
        except UsageError as error:
            raise UsageError(f"suite '{self.suite}', task '{self.name}': {error}") from error
        own_class = plain(self._own_class(), "class")
        return {**made_of, "config": config, "class": own_class, "declared": declared}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return all samples as lm-eval builds them, few-shot examples included.

        Raises:
            DataError: If the task's templates or functions fail on a row, or a row has a target
                that no answer can match; lists the first such rows.
        """
        self._task.set_fewshot_seed(seed=FEWSHOT_SEED)
        samples, problems = [], []
        for doc_id, doc in self.docs:
            try:
                samples.append(self._build(doc_id, doc, render))
                problem = target_problem(self._task, doc)
            except EvalGuardError:
                raise
            except Exception as error:
                raise DataError(f"{self._where(doc_id + 1)}: {_failure(error)}") from error
            if problem:
                problems.append(f"{self._where(doc_id + 1)}: {problem}")
        if problems:
            more = len(problems) - _BAD_ROWS_SHOWN
            shown = problems[:_BAD_ROWS_SHOWN] + ([f"… and {more} more rows"] if more > 0 else [])
            raise DataError("\n".join(shown))
        return with_unique_ids(samples)

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Filter and score the responses with the task's own code.

        Raises:
            MeasurementError: If that code fails, or gives something that is no number.
        """
        try:
            with hub_metrics.code_execution(self._allow_code):
                return self._score(prepared, responses)
        except EvalGuardError:
            raise
        except Exception as error:
            text = f"scoring its answer failed: {type(error).__name__}: {error}"
            raise MeasurementError(f"task '{self.name}': {text}") from error

    def aggregate(self, metric: str, samples: Sequence[ScoredSample]) -> float:
        """Return a corpus metric with the task's own aggregation.

        Raises:
            MeasurementError: If that fails, or gives something that is no number.
        """
        base = metric.partition(",")[0]
        aggregation = self._aggregations[base]
        values = [decode(sample.corpus[metric]) for sample in samples if metric in sample.corpus]
        try:
            with quiet():
                return float(aggregation(values))
        except Exception as error:
            text = (
                f"its aggregation fails on {len(values)} samples: {type(error).__name__}: {error}"
            )
            raise MeasurementError(f"task '{self.name}': metric '{metric}': {text}") from error

    def check_runs(self) -> None:
        """Run the task's scoring once, so that what it lacks is known before any compute.

        Raises:
            UsageError: If it needs a package, data or a permission that is not there.
        """
        _check_nltk_data(getattr(self._task.config, "process_results", None))
        _ = self._reported

    def _build(self, doc_id: int, doc: Mapping[str, Any], render: Render | None) -> Prepared:
        task = self._task
        context = task.fewshot_context(
            doc,
            num_fewshot=task.config.num_fewshot or 0,
            system_instruction=None,
            apply_chat_template=render is not None,
            fewshot_as_multiturn=render is not None,
            chat_template=render,
            gen_prefix=task.doc_to_prefix(doc),
        )
        built = task.construct_requests(
            doc=doc,
            ctx=context,
            metadata=(self.name, doc_id, task.config.repeats),
            apply_chat_template=render is not None,
            chat_template=render,
        )
        instances = tuple(built) if isinstance(built, list) else (built,)
        return self._prepared(doc_id, doc, context, instances)

    def _prepared(
        self, doc_id: int, doc: Mapping[str, Any], context: Any, instances: tuple[Instance, ...]
    ) -> Prepared:
        arguments = [instance.arguments for instance in instances]
        return Prepared(
            sample_id=content_id(self.name, arguments, doc),
            prompt=context if isinstance(context, str) else "\n".join(map(str, context)),
            target=target_text(self._task, doc),
            instances=instances,
            row=doc,
            row_number=doc_id + 1,
        )

    def _where(self, row: int) -> str:
        return f"suite '{self.suite}', task '{self.name}', row {row}"

    def _score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        scores: dict[str, float] = {}
        corpus: dict[str, Any] = {}
        metrics = {metric.name: metric for metric in self.metrics}
        values = self._values(prepared, responses)
        for name, value in values.items():
            base, _, filter_name = name.partition(",")
            aggregation = self._aggregations.get(base, mean)
            suffix = f",{filter_name}" if filter_name else ""
            nats = nats_metric(base, aggregation, suffix)
            if nats and (amount := nats_of(value)) is not None:
                scores[nats.name] = self._number(nats.name, amount)
            metric = metrics.get(name)
            if metric is None or (metric.ungated and not _can_be_kept(metric, value)):
                continue
            if metric.kind is ScoreKind.CORPUS:
                corpus[name] = self._encoded(name, value)
            elif not _is_missing(value):
                scores[name] = self._number(name, value)
        missing = [name for name in metrics if name not in scores and name not in corpus]
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=prepared.target,
            outputs=_outputs(self._task, prepared, responses),
            scores=scores,
            corpus=corpus,
            cluster=prepared.cluster,
            not_scored=tuple(missing),
        )

    def _values(self, prepared: Prepared, responses: Sequence[Any]) -> dict[str, Any]:
        """Return what the task's code gives for each metric and filter."""
        instances = list(prepared.instances)
        repeats = instances[0].repeats or 1
        for index, instance in enumerate(instances):
            instance.resps = list(responses[index * repeats : (index + 1) * repeats])
            instance.filtered_resps = {}
        values: dict[str, Any] = {}
        for filter_ in self._task._filters:
            filter_.apply(instances)
            filtered = [instance.filtered_resps[filter_.name] for instance in instances]
            found = self._task.process_results(prepared.row, filtered)
            values |= {f"{name}{self._suffix(filter_.name)}": one for name, one in found.items()}
        return values

    @cached_property
    def _reported(self) -> Mapping[str, Any] | None:
        """What the task reports of its first rows; ``None`` where that cannot be seen."""
        with quiet(), hub_metrics.code_execution(self._allow_code):
            return self._try_rows()

    def _try_rows(self) -> Mapping[str, Any] | None:
        """Return what the first rows report, until every declared metric has been seen."""
        found: dict[str, Any] = {}
        self._task.set_fewshot_seed(seed=FEWSHOT_SEED)
        for doc_id, doc in self.docs[:_ROWS_TRIED]:
            values = self._try_row(doc_id, doc)
            if values is None:
                return None
            found = {**values, **found}
            if {name.partition(",")[0] for name in found}.issuperset(self._task.aggregation()):
                break
        return found

    def _try_row(self, doc_id: int, doc: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            prepared = self._build(doc_id, doc, None)
            # A plausible answer, for code that cannot read an empty one.
            responses = [
                _made_up(instance, prepared.target)
                for instance in prepared.instances
                for _ in range(instance.repeats or 1)
            ]
            return self._values(prepared, responses)
        except (EvalGuardError, ImportError):
            raise
        except LookupError as error:
            if "nltk" in f"{error}".lower():
                raise UsageError(_nltk_hint(error)) from error
            return None
        except Exception:  # noqa: BLE001 - real answers will show it, sample by sample
            return None

    @cached_property
    def _aggregations(self) -> dict[str, Callable[..., Any]]:
        """The aggregation of each metric; lm-eval takes the mean of what declares none."""
        declared = dict(self._task.aggregation())
        names = dict.fromkeys(name.partition(",")[0] for name in self._reported or ())
        return {name: declared.get(name, mean) for name in (*names, *declared)}

    def _metric(self, base: str, suffix: str, aggregation: Callable[..., Any]) -> Iterator[Metric]:
        name, reported = f"{base}{suffix}", self._reported
        if reported is not None and name not in reported and base in self._own_metrics():
            return  # it reports under other names
        if nats := nats_metric(base, aggregation, suffix):
            yield nats
        made = metric_of(
            name,
            aggregation,
            higher_is_better=self._task.higher_is_better().get(base),
            own_code=self._own_code(base),
            declared=self._declared.get(name) or self._declared.get(base),
        )
        if reported is not None:
            made = self._as_reported(made, reported, is_mean=aggregation in MEANS)
        yield made

    def _as_reported(self, metric: Metric, reported: Mapping[str, Any], *, is_mean: bool) -> Metric:
        """Return a metric, ungated where the task gives no value or no number for it."""
        value = reported.get(metric.name)
        base = metric.name.partition(",")[0]
        if metric.name not in reported:
            why = f"'{base}' is declared, but {self._kind()} gives no value of it"
            there = ", ".join(reported) or LM_EVAL_METRICS.get(str(self._task.OUTPUT_TYPE), "none")
            return replace(metric, ungated=f"{why}; it gives {there}")
        if not is_mean or _is_missing(value):
            return metric
        number = _as_number(value)
        if number is None:
            why = f"'{base}' gives {value!r:.60} for a sample, which has no mean"
            return replace(metric, ungated=f"{why}; correct 'aggregation' or the metric")
        if not metric.low <= number <= metric.high and not metric.ungated:
            why = f"'{base}' gives {number:g}, outside {metric.low:g} to {metric.high:g}"
            line = declaration(base)
            return replace(metric, ungated=f"{why}; add its range to the task in the suite: {line}")
        return metric

    def _kind(self) -> str:
        if getattr(self._task.config, "process_results", None) or self._own_class():
            return "the task's own code"
        return f"output_type {self._task.OUTPUT_TYPE}"

    def _own_code(self, base: str) -> Any:
        """Return the task's own code that may give a metric; ``None`` where lm-eval's does."""
        own = getattr(self._task.config, "process_results", None) or self._own_class()
        functions = self._own_metrics()
        return own or functions.get(base) or next(iter(functions.values()), None)

    def _own_metrics(self) -> dict[str, Any]:
        listed = getattr(self._task.config, "metric_list", None) or []
        given = [entry.get("metric") for entry in listed]
        return {one.__name__: one for one in given if callable(one)}

    def _own_class(self) -> Any:
        return None if type(self._task).__module__ == "lm_eval.api.task" else type(self._task)

    def _number(self, name: str, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            text = f"metric '{name}' is {value!r:.80}, which is no number"
            raise MeasurementError(f"task '{self.name}': {text}") from error
        if not math.isfinite(number):
            raise MeasurementError(f"task '{self.name}': metric '{name}' is {number}")
        return number

    def _encoded(self, name: str, value: Any) -> Any:
        try:
            return encode(value)
        except MeasurementError as error:
            raise MeasurementError(f"task '{self.name}': metric '{name}' {error}") from error

    def _suffix(self, filter_name: str) -> str:
        return "" if len(self._task._filters) == 1 else f",{filter_name}"


def _settings(task: Task) -> dict[str, Any]:
    """Return a task's configuration with its functions."""
    return {key: value for key, value in vars(task.config).items() if not key.startswith("_")}


def _is_missing(value: Any) -> bool:
    """Whether a value says that the metric does not score the sample."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _can_be_kept(metric: Metric, value: Any) -> bool:
    """Whether a value that cannot be gated can still be stored."""
    if metric.kind is not ScoreKind.CORPUS:
        number = _as_number(value)
        return number is not None and math.isfinite(number)
    try:
        encode(value)
    except MeasurementError:
        return False
    return True


def _as_number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _made_up(instance: Instance, target: str) -> Any:
    """Return a response to a request as an engine would give it."""
    match instance.request_type:
        case "loglikelihood":
            return (-1.0 - instance.idx, False)
        case "loglikelihood_rolling":
            return -1.0
        case _:
            return target


def _failure(error: Exception) -> str:
    if isinstance(error, AssertionError) and "Answer is not a string" in str(error):
        target = str(error).partition(":")[2].strip()
        return (
            f"the target of a solved example is {target}, a list, which cannot be shown; set "
            "num_fewshot: 0, or give fewshot_config a doc_to_target of one answer"
        )
    if isinstance(error, KeyError):
        return f"its templates or functions use {error}, which the row does not have"
    return f"its templates or functions fail: {type(error).__name__}: {error}"


def _check_nltk_data(code: Any) -> None:
    """Raise where scoring code splits sentences, and the data for it are not there.

    Only some rows need them, so that trying the first ones may not show it.
    """
    try:
        files = files_reached(Path(inspect.getsourcefile(code) or ""))
    except (OSError, TypeError, SyntaxError):
        return
    if any(b"punkt_tab" in file.read_bytes() for file in files):
        import nltk

        try:
            nltk.data.find("tokenizers/punkt_tab")
        except LookupError as error:
            raise UsageError(_nltk_hint(error)) from error


def _nltk_hint(error: LookupError) -> str:
    words = [line.strip() for line in str(error).splitlines() if "download(" in line]
    name = words[0].partition("download(")[2].strip("')\"") if words else "punkt_tab"
    return f"the benchmark needs NLTK's data '{name}': python -m nltk.downloader {name}"


def _outputs(task: Task, prepared: Prepared, responses: Sequence[Any]) -> tuple[str, ...]:
    """Return what people read: the text, or the choice with the highest log-likelihood."""
    if task.OUTPUT_TYPE != "multiple_choice":
        return tuple(_readable(response) for response in responses)
    choices = [str(choice) for choice in task.doc_to_choice(prepared.row)]
    likelihoods = [response[0] for response in responses[: len(choices)]]
    return (choices[likelihoods.index(max(likelihoods))],)


def _readable(response: Any) -> str:
    if isinstance(response, tuple):
        return f"log-likelihood {response[0]:.4g}"
    return str(response)
