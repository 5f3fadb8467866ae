"""Problems of a task file, found from its keys before lm-eval builds the task."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError
from lm_eval.api.registry import (
    AGGREGATION_REGISTRY,
    aggregation_registry,
    filter_registry,
    metric_agg_registry,
    metric_registry,
)
from lm_eval.api.samplers import SAMPLER_REGISTRY
from lm_eval.api.task import ALL_OUTPUT_TYPES
from lm_eval.config.task import FewshotConfig, TaskConfig
from lm_eval.utils import env as templates

from evalguard.errors import did_you_mean
from evalguard.tasks.benchmark.generation_options import unknown_options, wrong_values
from evalguard.tasks.benchmark.hub_metrics import INSTALLED, options_of
from evalguard.tasks.benchmark.optional_metrics import PACKAGES, refusal
from evalguard.tasks.benchmark.sources import BUILDERS

_STRUCTURE = {"class", "group", "include", "recipe", "tag", "task_list"}
_SPLITS = ("training_split", "validation_split", "test_split", "fewshot_split")

_TEMPLATES = ("description", "doc_to_choice", "doc_to_image", "doc_to_target", "doc_to_text")

_CALLED_WITH = {
    "doc_to_text": ("the row",),
    "doc_to_target": ("the row",),
    "doc_to_choice": ("the row",),
    "process_docs": ("the rows",),
    "process_results": ("the row", "the answers"),
}
"""What lm-eval passes to a function of a task file."""

_METRIC_KEYS = {"metric", "aggregation", "higher_is_better", "hf_evaluate"}

Found = tuple[str, str]
"""Key of a task file, and its problem."""


def problems_of(config: Mapping[str, Any]) -> list[Found]:
    """Return every problem of a task's configuration that would make lm-eval fail."""
    if "class" in config:
        return []
    return [
        *_unknown_keys(config),
        *_types(config),
        *_builder(config),
        *_output_type(config),
        *_metrics_of(config),
        *_filters(config),
        *_splits(config),
        *_templates(config),
        *_functions(config),
        *_fewshot(config),
    ]


def _unknown_keys(config: Mapping[str, Any]) -> Iterator[Found]:
    allowed = {field.name for field in fields(TaskConfig)} | _STRUCTURE
    for key in config:
        if key not in allowed:
            yield key, f"unknown key. {did_you_mean(key, allowed)}"


def _types(config: Mapping[str, Any]) -> Iterator[Found]:
    for key, (fits, wanted) in _WANTED.items():
        if (given := config.get(key)) is not None and not fits(given):
            yield key, f"must be {wanted}, found {given!r:.40}"
    kwargs = config.get("generation_kwargs")
    until = kwargs.get("until") if isinstance(kwargs, Mapping) else None
    if until is not None and not _is_texts(until):
        yield "generation_kwargs.until", f"must be a text or a list of texts, found {until!r:.40}"
    options = kwargs if isinstance(kwargs, Mapping) else {}
    for option, problem in (*unknown_options(options), *wrong_values(options)):
        yield f"generation_kwargs.{option}", problem


def _is_texts(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(one, str) for one in value)
    )


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


_WANTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "num_fewshot": (_whole(0), "a whole number from 0"),
    "repeats": (_whole(1), "a whole number from 1"),
    "generation_kwargs": (_is_mapping, 'keys such as {until: ["\\n"], max_gen_toks: 256}'),
    "dataset_kwargs": (_is_mapping, "keys such as {data_files: {test: rows.jsonl}}"),
    "dataset_path": (lambda value: isinstance(value, str), "a text, such as json"),
    "filter_list": (lambda value: isinstance(value, list), "a list of filters with their names"),
    **dict.fromkeys(
        ("description", "fewshot_delimiter", "gen_prefix", "target_delimiter"),
        (lambda value: isinstance(value, str) or callable(value), "a text"),
    ),
}
"""What a key of a task file must be."""


def _builder(config: Mapping[str, Any]) -> Iterator[Found]:
    source, options = config.get("dataset_path"), config.get("dataset_kwargs")
    named = isinstance(options, Mapping) and options.get("data_files")
    if source is None and config.get("custom_dataset") is None:
        example = "json, and dataset_kwargs: {data_files: {test: rows.jsonl}}"
        yield "dataset_path", f"missing; give a data set of the hub, or {example}"
    if not isinstance(source, str):
        return
    if Path(source).is_file():
        example = f"dataset_path: json and dataset_kwargs: {{data_files: {{test: {source}}}}}"
        yield "dataset_path", f"is a file; for JSON lines, write {example}"
    elif named and source not in BUILDERS and "/" not in source and not Path(source).exists():
        yield "dataset_path", f"'{source}' reads no data files. {did_you_mean(source, BUILDERS)}"


def _output_type(config: Mapping[str, Any]) -> Iterator[Found]:
    given = config.get("output_type", "generate_until")
    if given not in ALL_OUTPUT_TYPES:
        yield "output_type", f"unknown '{given}'. {did_you_mean(str(given), ALL_OUTPUT_TYPES)}"
    for key in ("doc_to_text", "doc_to_target"):
        if config.get(key) is None and config.get("use_prompt") is None:
            yield key, "missing; give a template such as '{{ question }}'"
    without = config.get("doc_to_choice") is None and config.get("use_prompt") is None
    if given == "multiple_choice" and without:
        yield "doc_to_choice", "missing; give a column of choices, or a list such as ['yes', 'no']"


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
        if not own:
            yield from ((f"{key}.{one}", why) for one, why in _metric_options(entry))
        if isinstance(aggregation, str) and aggregation not in aggregation_registry:
            yield f"{key}.aggregation", f"unknown '{aggregation}'. {_hint_of(aggregation)}"
        if aggregation is None and (not isinstance(name, str) or name not in metric_registry):
            yield key, "missing 'aggregation'; 'mean' averages over the samples"


def _metric_options(entry: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the options that a metric does not take; lm-eval ignores some without a word."""
    name, fetched = entry.get("metric"), entry.get("hf_evaluate")
    for key in ("hf_evaluate", "higher_is_better"):
        if (given := entry.get(key)) is not None and not isinstance(given, bool):
            yield key, f"must be true or false, found {given!r:.40}"
    takes: Collection[str] | None = None
    if callable(name):
        takes = options_of(name)
        if not _can_be_called(name, {key: entry[key] for key in entry.keys() - _METRIC_KEYS}):
            shown = f"{getattr(name, '__name__', 'the function')}{inspect.signature(name)}"
            yield "metric", f"{shown} must take references and predictions, two lists"
    elif name in INSTALLED and (fetched or name == "exact_match"):
        takes = options_of(str(name))
    for option in sorted(entry.keys() - _METRIC_KEYS):
        if takes is not None and option not in takes:
            yield option, f"unknown option. {did_you_mean(option, {*takes, *_METRIC_KEYS})}"
        elif takes is None and (meant := get_close_matches(option, _METRIC_KEYS, n=1)):
            yield option, f"unknown key. Did you mean '{meant[0]}'?"


def _can_be_called(metric: Callable[..., Any], options: Mapping[str, Any]) -> bool:
    """Return whether lm-eval can call a function as a metric, in one of its two ways."""
    try:
        wanted = inspect.signature(metric)
    except ValueError:  # some functions in C do not say
        return True
    for args, kwargs in (((), {"references": 1, "predictions": 1, **options}), ((1,), {})):
        try:
            wanted.bind(*args, **kwargs)
        except TypeError:
            continue
        return True
    return False


def _hint_of(aggregation: str) -> str:
    """Return the aggregation that was meant by the name of a metric."""
    meant = metric_agg_registry.get(aggregation) if aggregation in metric_agg_registry else None
    names = {function: name for name, function in AGGREGATION_REGISTRY.items()}
    if meant in names:
        return f"The metric '{aggregation}' uses {names[meant]}, also by default."
    return did_you_mean(aggregation, AGGREGATION_REGISTRY)


def _filters(config: Mapping[str, Any]) -> Iterator[Found]:
    listed = config.get("filter_list")
    names = set[str]()
    for index, entry in enumerate(listed if isinstance(listed, list) else []):
        key = f"filter_list[{index}]"
        if not isinstance(entry, Mapping) or not {"name", "filter"} <= entry.keys():
            yield key, "needs a 'name' and a 'filter', a list of functions"
            continue
        if (own_name := str(entry["name"])) in names:
            yield f"{key}.name", f"'{own_name}' is the name of another filter, too"
        names.add(own_name)
        if not isinstance(entry["filter"], list):
            yield f"{key}.filter", "must be a list such as [{function: take_first}]"
            continue
        for step in entry["filter"]:
            name = step.get("function") if isinstance(step, Mapping) else None
            if not callable(name) and name not in filter_registry:
                hint = did_you_mean(str(name), filter_registry)
                yield f"{key}.filter", f"unknown function '{name}'. {hint}"
                continue
            if isinstance(pattern := step.get("regex_pattern"), str):
                try:
                    re.compile(pattern)
                except re.error as error:
                    yield f"{key}.filter", f"regex_pattern: {pattern!r} is not valid: {error}"
                    continue
            if isinstance(step, Mapping) and (problem := _filter_problem(step)):
                yield f"{key}.filter", problem
            elif name == "take_first_k":
                k, repeats = step.get("k"), config.get("repeats") or 1
                if not _whole(1)(k) or (_whole(1)(repeats) and k > repeats):
                    yield f"{key}.filter", f"take_first_k: k is {k!r}, and repeats is {repeats!r}"


def _filter_problem(step: Mapping[str, Any]) -> str:
    """Return what is wrong with the options of a filter; empty where nothing is.

    lm-eval makes its filters only when there are answers.
    """
    name, options = step["function"], {key: step[key] for key in step if key != "function"}
    if name == "custom" and not callable(options.get("filter_fn")):
        return "custom needs 'filter_fn: !function MODULE.FUNCTION'"
    make = name if callable(name) else filter_registry[name]
    allowed = inspect.signature(make).parameters
    for option in options.keys() - allowed.keys() if "kwargs" not in allowed else ():
        return f"{name} has no option '{option}'. {did_you_mean(option, allowed)}"
    try:
        make(**options)
    except KeyError as error:
        return f"{name} needs {error}"
    except TypeError as error:
        return f"{name}: {error}"
    return ""


def _templates(config: Mapping[str, Any]) -> Iterator[Found]:
    for key in _TEMPLATES:
        if isinstance(text := config.get(key), str):
            try:
                templates.compile(text, raw=True)
            except TemplateSyntaxError as error:
                yield key, f"not a template: line {error.lineno}: {error.message}"


def _functions(config: Mapping[str, Any]) -> Iterator[Found]:
    for key, given in _CALLED_WITH.items():
        if not callable(function := config.get(key)):
            continue
        try:
            wanted = inspect.signature(function)
        except ValueError:  # some functions in C do not say
            continue
        try:
            wanted.bind(*given)
        except TypeError:
            name = getattr(function, "__name__", "the function")
            yield key, f"{name} takes {wanted}, and is called with {' and '.join(given)}"


def _fewshot(config: Mapping[str, Any]) -> Iterator[Found]:
    options = config.get("fewshot_config")
    if not isinstance(options, Mapping):
        return
    allowed = {field.name for field in fields(FewshotConfig) if field.init}
    for key in options:
        if key not in allowed:
            yield f"fewshot_config.{key}", f"unknown key. {did_you_mean(key, allowed)}"
    sampler = options.get("sampler")
    if isinstance(sampler, str) and sampler not in SAMPLER_REGISTRY:
        yield (
            "fewshot_config.sampler",
            f"unknown '{sampler}'. {did_you_mean(sampler, SAMPLER_REGISTRY)}",
        )


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
    options = config.get("dataset_kwargs")
    files = options.get("data_files") if isinstance(options, Mapping) else None
    if isinstance(files, Mapping):
        return set(files)
    return {"train"} if files else ()
