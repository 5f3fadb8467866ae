"""Scores of lm-eval computed again from the answers that stand beside them.

Only what lm-eval computes in one known way: the mean of a metric, ``acc`` from log-likelihoods and
``exact_match`` of a text. Where a row may be read in several ways, each of them counts.
"""

from __future__ import annotations

import ast
import math
import re
import string
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

_MEANS = frozenset({"acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match"})
"""Metrics that are averaged where a task does not say how they are aggregated."""

_OF_MATCH = frozenset(
    {"metric", "aggregation", "higher_is_better", "regexes_to_ignore"}
    | {"ignore_case", "ignore_punctuation", "ignore_numbers"}
)
"""Keys of a metric ``exact_match`` whose meaning is known."""

_TOLERANCE = 1e-9

_LARGEST = sys.float_info.max


class Means:
    """The means of a task's metrics, held to those of the results."""

    def __init__(self) -> None:
        self._scores: dict[str, list[Any]] = defaultdict(list)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count the scores of a row."""
        for metric in row["metrics"]:
            self._scores[f"{metric},{row['filter']}"].append(row[metric])

    def problems(self, config: Mapping[str, Any], results: object) -> Iterator[str]:
        """Yield each metric whose mean is not that of the results.

        Args:
            config: Configuration of the task.
            results: What the results say of it, by metric and filter.
        """
        known = results if isinstance(results, Mapping) else {}
        for name, scores in self._scores.items():
            said = known.get(name)
            if not (_is_number(said) and all(map(_is_number, scores))):
                continue
            if not _is_mean(name.partition(",")[0], config):
                continue
            mean = math.fsum(scores) / len(scores)
            if abs(mean - said) > _TOLERANCE * max(1.0, abs(said)):
                yield f"'{name}' is {mean:.6g} on average, but the results say {said:.6g}"


def rescored(row: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield each score of a row that is not what its stored answer scores.

    Args:
        row: A row of samples.
        config: Configuration of the task.
    """
    if config.get("process_results"):
        return
    possible = {"acc": _accuracies, "exact_match": _matches}
    for metric in row["metrics"]:
        scores = possible[metric](row, config) if metric in possible else set()
        if scores and _is_number(row[metric]) and row[metric] not in scores:
            yield (
                f"'{metric}' is {row[metric]:g}, but the answer in the row scores "
                f"{min(scores):g}; the score was changed since"
            )


def _is_mean(metric: str, config: Mapping[str, Any]) -> bool:
    entries = [one for one in _metric_list(config) if one.get("metric") == metric]
    named = {one["aggregation"] for one in entries if one.get("aggregation")}
    return named == {"mean"} or (not named and metric in _MEANS)


def _metric_list(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = config.get("metric_list")
    entries = listed if isinstance(listed, list) else []
    return [one for one in entries if isinstance(one, Mapping)]


def _accuracies(row: Mapping[str, Any], config: Mapping[str, Any]) -> set[float]:
    """Return what ``acc`` may be; nothing where it is not known."""
    try:
        pairs = [(float(one[0]), str(one[1])) for one in row["filtered_resps"]]
        texts = [str(row["arguments"][f"gen_args_{i}"]["arg_1"]) for i in range(len(pairs))]
    except (KeyError, TypeError, ValueError, IndexError):
        return set()
    if not pairs or any(math.isnan(one) for one, _ in pairs):
        return set()
    kind = config.get("output_type")
    if kind == "loglikelihood" and len(pairs) == 1:
        return {float(pairs[0][1] == "True")}
    if "acc_mutual_info" in row["metrics"]:
        pairs, texts = pairs[: len(pairs) // 2], texts[: len(texts) // 2]
    # With one text after several prompts the right answer is not in the row.
    if kind != "multiple_choice" or len(set(texts)) < len(texts):
        return set()
    values = [one for one, _ in pairs]
    chosen = values.index(max(values))
    return {float(chosen in right) for right in _right(str(row["target"]), texts, config)}


def _right(target: str, texts: Sequence[str], config: Mapping[str, Any]) -> Iterator[list[int]]:
    """Yield each way to read which of the choices are right."""
    match _literal(target):
        case int(index):
            yield [index]
        case [int(), *_] as indices:
            yield indices
    text = f"{config.get('target_delimiter', ' ')}{target}"
    if text in texts:
        yield [texts.index(text)]


def _matches(row: Mapping[str, Any], config: Mapping[str, Any]) -> set[float]:
    """Return what ``exact_match`` may be; nothing where it is not known."""
    entries = [one for one in _metric_list(config) if one.get("metric") == "exact_match"]
    known = len(entries) == 1 and entries[0].keys() <= _OF_MATCH
    if config.get("output_type") != "generate_until" or config.get("doc_to_choice") or not known:
        return set()
    match row.get("filtered_resps"):
        case [str(answer)]:
            options = entries[0]
        case _:
            return set()
    target = str(row["target"])
    readings = [[target]]
    if isinstance(found := _literal(target), list):
        readings.append([str(one) for one in found])
    try:
        plain = _compared(answer, options)
        return {float(plain in {_compared(one, options) for one in right}) for right in readings}
    except (re.error, TypeError):
        return set()


def _compared(text: str, options: Mapping[str, Any]) -> str:
    """Return a text as lm-eval's ``exact_match`` compares it."""
    for pattern in options.get("regexes_to_ignore") or ():
        text = re.sub(pattern, "", text)
    if options.get("ignore_case"):
        text = text.lower()
    ignored = string.punctuation if options.get("ignore_punctuation") else ""
    ignored += string.digits if options.get("ignore_numbers") else ""
    return text.translate(str.maketrans("", "", ignored)).rstrip("\0")


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a finite number; a whole one may be too large for a float."""
    return isinstance(value, int | float) and -_LARGEST <= value <= _LARGEST
