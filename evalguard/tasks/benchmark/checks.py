"""Problems of a task file, found from its keys before lm-eval builds the task."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

from jinja2 import Environment, TemplateSyntaxError
from lm_eval.api import metrics as _metrics  # noqa: F401 - fills the registries
from lm_eval.api.registry import (
    AGGREGATION_REGISTRY,
    aggregation_registry,
    filter_registry,
    metric_agg_registry,
    metric_registry,
)
from lm_eval.api.task import ALL_OUTPUT_TYPES
from lm_eval.config.task import TaskConfig

from evalguard.errors import did_you_mean
from evalguard.tasks.benchmark.hub_metrics import INSTALLED
from evalguard.tasks.benchmark.optional_metrics import PACKAGES, refusal

_STRUCTURE = {"class", "group", "include", "recipe", "tag", "task_list"}
_SPLITS = ("training_split", "validation_split", "test_split", "fewshot_split")

_TEMPLATES = ("description", "doc_to_choice", "doc_to_image", "doc_to_target", "doc_to_text")
_JINJA = Environment(autoescape=False)  # noqa: S701 - nothing is rendered

Found = tuple[str, str]
"""Key of a task file, and its problem."""


def problems_of(config: Mapping[str, Any]) -> list[Found]:
    """Return every problem of a task's configuration that would make lm-eval fail."""
    if "class" in config:
        return []
    return [
        *_unknown_keys(config),
        *_output_type(config),
        *_metrics_of(config),
        *_filters(config),
        *_splits(config),
        *_templates(config),
    ]


def _unknown_keys(config: Mapping[str, Any]) -> Iterator[Found]:
    allowed = {field.name for field in fields(TaskConfig)} | _STRUCTURE
    for key in config:
        if key not in allowed:
            yield key, f"unknown key. {did_you_mean(key, allowed)}"


def _output_type(config: Mapping[str, Any]) -> Iterator[Found]:
    given = config.get("output_type", "generate_until")
    if given not in ALL_OUTPUT_TYPES:
        yield "output_type", f"unknown '{given}'. {did_you_mean(str(given), ALL_OUTPUT_TYPES)}"
    for key in ("doc_to_text", "doc_to_target"):
        if config.get(key) is None and config.get("use_prompt") is None:
            yield key, "missing; give a template such as '{{ question }}'"


def _metrics_of(config: Mapping[str, Any]) -> Iterator[Found]:
    entries = config.get("metric_list")
    if entries is None:
        return
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        yield "metric_list", "must be a list of mappings such as {metric: acc}"
        return
    own = config.get("process_results") is not None
    for index, entry in enumerate(entries):
        key = f"metric_list[{index}]"
        name, aggregation = entry.get("metric"), entry.get("aggregation")
        if name is None:
            yield key, "missing 'metric'"
        elif isinstance(name, str) and not own:
            fetched = entry.get("hf_evaluate") is True
            known = set(INSTALLED) if fetched else {*metric_registry, *INSTALLED}
            if name not in known:
                unknown = f"unknown metric '{name}'; metrics are not downloaded. "
                hub = name == "bleurt" or name in PACKAGES
                yield (
                    f"{key}.metric",
                    refusal(name) if hub else unknown + did_you_mean(name, known),
                )
        if isinstance(aggregation, str) and aggregation not in aggregation_registry:
            yield f"{key}.aggregation", f"unknown '{aggregation}'. {_hint_of(aggregation)}"
        if aggregation is None and (not isinstance(name, str) or name not in metric_registry):
            yield key, "missing 'aggregation'; 'mean' averages over the samples"


def _hint_of(aggregation: str) -> str:
    """Return the aggregation that was meant by the name of a metric."""
    meant = metric_agg_registry.get(aggregation) if aggregation in metric_agg_registry else None
    names = {function: name for name, function in AGGREGATION_REGISTRY.items()}
    if meant in names:
        return f"The metric '{aggregation}' uses {names[meant]}, also by default."
    return did_you_mean(aggregation, AGGREGATION_REGISTRY)


def _filters(config: Mapping[str, Any]) -> Iterator[Found]:
    for index, entry in enumerate(config.get("filter_list") or []):
        key = f"filter_list[{index}]"
        if not isinstance(entry, Mapping) or not {"name", "filter"} <= entry.keys():
            yield key, "needs a 'name' and a 'filter', a list of functions"
            continue
        for step in entry["filter"]:
            name = step.get("function") if isinstance(step, Mapping) else None
            if not callable(name) and name not in filter_registry:
                hint = did_you_mean(str(name), filter_registry)
                yield f"{key}.filter", f"unknown function '{name}'. {hint}"
            elif isinstance(pattern := step.get("regex_pattern"), str):
                try:
                    re.compile(pattern)
                except re.error as error:
                    yield f"{key}.filter", f"regex_pattern: {pattern!r} is not valid: {error}"


def _templates(config: Mapping[str, Any]) -> Iterator[Found]:
    for key in _TEMPLATES:
        if isinstance(text := config.get(key), str):
            try:
                _JINJA.parse(text)
            except TemplateSyntaxError as error:
                yield key, f"not a template: line {error.lineno}: {error.message}"


def _splits(config: Mapping[str, Any]) -> Iterator[Found]:
    if config.get("test_split") is None and config.get("validation_split") is None:
        yield "test_split", "missing; give 'test_split' or 'validation_split'"
    local = _local_splits(config)
    for key in _SPLITS:
        name = config.get(key)
        if local and isinstance(name, str) and name.partition("[")[0] not in local:
            yield key, f"the data have no split '{name}'. {did_you_mean(name, local)}"


def _local_splits(config: Mapping[str, Any]) -> Collection[str]:
    """Return the splits of local data files; none where the data set defines its own."""
    if config.get("custom_dataset") is not None:
        return ()
    files = (config.get("dataset_kwargs") or {}).get("data_files")
    if isinstance(files, Mapping):
        return set(files)
    return {"train"} if files else ()
