"""lm-eval tasks: by registered name, or by a YAML file over local data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import lm_eval
import yaml
from jinja2 import TemplateError
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml
from lm_eval.utils import env as templates

from evalguard.errors import (
    ConfigError,
    DataError,
    EvalGuardError,
    MeasurementError,
    Problem,
    did_you_mean,
)
from evalguard.quiet import quiet
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.tasks.base import Prepared, Render, content_id, with_unique_ids

# lm-eval compiles a task's templates again for every sample, which takes longer than a small model.
templates.from_string = lru_cache(maxsize=1024)(templates.from_string)

FEWSHOT_SEED = 1234
"""lm-eval's default, so that the few-shot examples are those of the ``lm_eval`` command."""

ALWAYS_BINARY = frozenset(
    {
        "exact_match",
        "em",
        "mc1",
        "pass@1",
        "pass_at_1",
        "prompt_level_strict_acc",
        "prompt_level_loose_acc",
    }
)
"""Metrics that are 0 or 1 for every sample, whatever computes them."""

BINARY_METRICS = ALWAYS_BINARY | {"acc", "acc_norm", "acc_bytes", "acc_mutual_info"}
"""Metrics that are, where lm-eval's own code computes them: TruthfulQA's mc2 calls a share acc."""

CORPUS_RANGES = {
    "f1": (0.0, 1.0),
    "inst_level_strict_acc": (0.0, 1.0),
    "inst_level_loose_acc": (0.0, 1.0),
    "mcc": (-1.0, 1.0),
    "bleu": (0.0, 100.0),
    "chrf": (0.0, 100.0),
    "word_perplexity": (0.0, 1e12),
    "byte_perplexity": (0.0, 1e12),
    "bits_per_byte": (0.0, 1e12),
    "perplexity": (0.0, 1e12),
}
"""Ranges of lm-eval metrics that only a whole set has a value of."""


class Benchmark:
    """An lm-eval task whose scores equal those of the ``lm_eval`` command."""

    def __init__(self, suite: str, task: ConfigurableTask, *, name: str, limit: int | None) -> None:
        self.suite = suite
        self.name = name
        self._task = task
        self._limit = limit

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The task's metrics; with several filters named ``metric,filter``."""
        directions = self._task.higher_is_better()
        own_code = self._task.config.process_results is not None
        return tuple(
            _metric(
                self._metric_name(reported, filter_.name),
                is_mean=aggregate is mean,
                may_be_binary=not own_code,
                higher_is_better=bool(directions.get(metric, True)),
            )
            for metric, aggregate in self._task.aggregation().items()
            for reported in self._reported(metric)
            for filter_ in self._task._filters
        )

    @cached_property
    def definition(self) -> Mapping[str, Any]:
        """The task's configuration without its data, which is in the samples' ids."""
        config = self._task.dump_config()
        for key in ("dataset_path", "dataset_name", "dataset_kwargs", "metadata"):
            config.pop(key, None)
        return {"kind": "benchmark", "lm_eval": lm_eval.__version__, "config": config}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return all samples as lm-eval builds them, few-shot examples included.

        Raises:
            DataError: If the task's templates or functions fail on a row.
        """
        self._task.set_fewshot_seed(seed=FEWSHOT_SEED)
        samples = []
        for doc_id, doc in self._task.doc_iterator(rank=0, limit=self._limit, world_size=1):
            try:
                samples.append(self._build(doc_id, doc, render))
            except EvalGuardError:
                raise
            except Exception as error:
                text = f"its templates or functions fail: {type(error).__name__}: {error}"
                raise DataError(f"{self._where(doc_id + 1)}: {text}") from error
        return with_unique_ids(samples)

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

    def _where(self, row: int) -> str:
        return f"suite '{self.suite}', task '{self.name}', row {row}"

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Filter and score the responses with the task's own code.

        Raises:
            MeasurementError: If that code fails, or gives something that is no number.
        """
        try:
            return self._score(prepared, responses)
        except EvalGuardError:
            raise
        except Exception as error:
            text = f"scoring its answer failed: {type(error).__name__}: {error}"
            raise MeasurementError(f"task '{self.name}': {text}") from error

    def _score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        instances = list(prepared.instances)
        repeats = instances[0].repeats or 1
        for index, instance in enumerate(instances):
            instance.resps = list(responses[index * repeats : (index + 1) * repeats])
            instance.filtered_resps = {}
        scores: dict[str, float] = {}
        corpus: dict[str, Any] = {}
        kinds = {metric.name: metric.kind for metric in self.metrics}
        for filter_ in self._task._filters:
            filter_.apply(instances)
            values = self._task.process_results(
                prepared.row, [instance.filtered_resps[filter_.name] for instance in instances]
            )
            for metric, value in values.items():
                name = self._metric_name(metric, filter_.name)
                if kinds.get(name) is ScoreKind.CORPUS:
                    corpus[name] = value
                elif name in kinds:
                    scores[name] = _as_float(value, self, name)
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=prepared.target,
            outputs=_outputs(self._task, prepared, responses),
            scores=scores,
            corpus=corpus,
            cluster=prepared.cluster,
        )

    def aggregate(self, metric: str, samples: Sequence[ScoredSample]) -> float:
        """Return a corpus metric with the task's own aggregation."""
        aggregation = self._task.aggregation()[metric.partition(",")[0]]
        return float(aggregation([sample.corpus[metric] for sample in samples]))

    def _prepared(
        self, doc_id: int, doc: Mapping[str, Any], context: str, instances: tuple[Instance, ...]
    ) -> Prepared:
        arguments = [instance.arguments for instance in instances]
        target = self._task.doc_to_target(doc)
        return Prepared(
            sample_id=content_id(self.name, arguments, doc),
            prompt=context,
            target=_target_text(self._task, doc, target),
            instances=instances,
            row=doc,
            row_number=doc_id + 1,
        )

    def _reported(self, metric: str) -> Sequence[str]:
        """Return the names under which a metric reports: ``pass_at_k`` has one for each k."""
        options = (self._task._metric_fn_kwargs or {}).get(metric) or {}
        ks = options.get("k") if metric == "pass_at_k" else None
        return [metric] if ks is None else [f"pass@{k}" for k in ks]

    def _metric_name(self, metric: str, filter_name: str) -> str:
        return metric if len(self._task._filters) == 1 else f"{metric},{filter_name}"


def load_benchmark(
    suite: str,
    task: str,
    *,
    base_dir: Path,
    source: str,
    key: str,
    name: str | None = None,
    num_fewshot: int | None = None,
    limit: int | None = None,
) -> list[Benchmark]:
    """Build an lm-eval task, or every task of a group.

    Args:
        suite: Name of the suite that it stands in.
        task: Registered name, or path of a YAML file relative to ``base_dir``.
        base_dir: Folder of the suite file.
        source: The suite file as the user wrote it, for messages.
        key: Key of the entry in it, for messages.
        name: Name to report a single task under; its own by default.
        num_fewshot: Few-shot examples; the task's own number by default.
        limit: Take the first samples only, as lm-eval's ``--limit`` does.

    Raises:
        ConfigError: If there is no such task, or lm-eval cannot build it.
    """
    try:
        with quiet():
            if task.endswith((".yaml", ".yml")):
                built = {"": _from_file(base_dir / task)}
            else:
                built = _task_manager().load([task])["tasks"]
    except KeyError as error:
        hint = did_you_mean(task, _task_manager().all_tasks)
        message = f"no lm-eval task '{task}' ({error}). {hint}"
        raise ConfigError([Problem(source, key, message)]) from error
    except _LM_EVAL_ERRORS as error:
        text = f"lm-eval cannot build the task '{task}': {type(error).__name__}: {error}"
        raise ConfigError([Problem(source, key, text)]) from error
    benchmarks = []
    for item in built.values():
        if not isinstance(item, ConfigurableTask):
            message = f"'{task}' is a Python-class task, which keeps no YAML definition to hash"
            raise ConfigError([Problem(source, key, message)])
        if num_fewshot is not None:
            item.set_config(key="num_fewshot", value=num_fewshot)
        own_name = name if name and len(built) == 1 else str(item.task_name)
        benchmarks.append(Benchmark(suite, item, name=own_name, limit=limit))
    return benchmarks


_LM_EVAL_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ImportError,
    AssertionError,
    RuntimeError,
    TemplateError,
    yaml.YAMLError,
)
"""What lm-eval and datasets raise on a broken task; they have no exception of their own."""


@lru_cache(maxsize=1)
def _task_manager() -> TaskManager:
    """Read lm-eval's index of 14,569 tasks, which takes seconds and so happens once."""
    return TaskManager()


def _from_file(path: Path) -> ConfigurableTask:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    config = load_yaml(path)
    for key in ("tag", "group"):
        config.pop(key, None)
    options = dict(config.get("dataset_kwargs") or {})
    if "data_files" in options:
        options["data_files"] = _beside(path.parent, options["data_files"])
        config["dataset_kwargs"] = options
    return ConfigurableTask(config=config)


def _beside(folder: Path, files: Any) -> Any:
    """Read data files relative to the YAML file, not to the working directory."""
    if isinstance(files, Mapping):
        return {split: _beside(folder, value) for split, value in files.items()}
    if isinstance(files, list):
        return [_beside(folder, value) for value in files]
    path = folder / str(files)
    if not path.is_file():
        raise FileNotFoundError(f"data file {path} does not exist")
    return str(path.resolve())


def _metric(name: str, *, is_mean: bool, may_be_binary: bool, higher_is_better: bool) -> Metric:
    base = name.partition(",")[0]
    if is_mean:
        binary = base in (BINARY_METRICS if may_be_binary else ALWAYS_BINARY)
        kind = ScoreKind.BINARY if binary else ScoreKind.BOUNDED
        return Metric(name, kind, higher_is_better=higher_is_better)
    low, high = CORPUS_RANGES.get(base, (-1e12, 1e12))
    return Metric(name, ScoreKind.CORPUS, low, high, higher_is_better)


def _target_text(task: ConfigurableTask, doc: Mapping[str, Any], target: Any) -> str:
    if task.OUTPUT_TYPE == "multiple_choice" and isinstance(target, int):
        return str(task.doc_to_choice(doc)[target])
    return str(target)


def _outputs(
    task: ConfigurableTask, prepared: Prepared, responses: Sequence[Any]
) -> tuple[str, ...]:
    """Return what people read: the text, or the choice that got the greatest log-likelihood."""
    if task.OUTPUT_TYPE != "multiple_choice":
        return tuple(str(response) for response in responses)
    choices = task.doc_to_choice(prepared.row)
    likelihoods = [response[0] for response in responses[: len(choices)]]
    return (str(choices[likelihoods.index(max(likelihoods))]),)


def _as_float(value: Any, task: Benchmark, metric: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise MeasurementError(
            f"task '{task.name}': metric '{metric}' is {value!r}, which is no number"
        ) from error
