"""Results of lm-eval: ``results_*.json`` with the samples that ``--log_samples`` writes beside it.

A row of ``samples_TASK_DATE.jsonl`` is one document under one filter; its metrics are called
``METRIC,FILTER`` as in the results. Everything that decided the question is compared between the
two models: the hashes of document, prompt and target, the arguments of every request, the task's
version and configuration. Scores are held to the answers beside them and to the means of the
results, as far as it is known how they are computed. lm-eval itself is not imported.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalguard.errors import DataError
from evalguard.importers.base import ImportedRun, ImportedScore, Importer
from evalguard.importers.files import first_line, json_object, listed, numbered_lines
from evalguard.importers.harness_scores import Means, rescored

_OF_RESULTS = frozenset({"results", "configs", "versions", "n-shot"})
_OF_SAMPLES = frozenset({"doc_id", "doc_hash", "prompt_hash", "target_hash", "filter"})
_HASHES = ("doc_hash", "prompt_hash", "target_hash")
_DATE = re.compile(r"_(\d{4}-\d{2}-\d{2}T[\d.-]+)\.json$")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

_OF_RUN = ("lm_eval_version", "system_instruction", "chat_template", "fewshot_as_multiturn")
"""What the results say once that decides prompts or scores of every task."""

_OF_MODEL = frozenset({"metadata"})
"""Keys of a task's configuration that name the model, which differs as it should."""


def recognises(path: Path) -> bool:
    """Return whether a file is lm-eval's results or samples, or a folder holds results."""
    if path.is_dir():
        return any(map(_is_results, _results_in(path)))
    return _is_results(path) or _is_samples(path)


def read(path: Path) -> tuple[ImportedRun, ...]:
    """Read the samples of one model.

    Args:
        path: ``results_*.json``, or a folder that holds one of them.

    Raises:
        DataError: If the samples are missing, cut off or edited, or a row lacks a key.
    """
    file = _results_file(path)
    results = _results(file)
    date = _DATE.search(file.name)
    if date is None:
        raise DataError(
            f"{file}: has no date in its name, which is needed to find lm-eval's samples; keep "
            "lm-eval's file names"
        )
    counts = _part(results, "n-samples", file)
    scores: list[ImportedScore] = []
    for task in counts:
        samples = file.with_name(f"samples_{task}_{date[1]}.jsonl")
        if not samples.is_file():
            raise DataError(f"{samples}: missing; run lm_eval with --log_samples")
        scores += _task_scores(task, samples, results, file)
    settings = {task: _settings(task, results, file) for task in counts}
    return (ImportedRun(source=file, scores=tuple(scores), settings=settings),)


HARNESS = Importer(
    name="lm_eval",
    recognises=recognises,
    read=read,
    summary="results_*.json of lm-eval with the samples of --log_samples",
)


def _results_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("results_*.json"))


def _is_results(path: Path) -> bool:
    line = first_line(path)
    if not line.startswith("{"):
        return False
    try:
        text = path.read_text(encoding="utf-8-sig") if line == "{" else line
        return json_object(text).keys() >= _OF_RESULTS
    except ValueError:
        return False


def _is_samples(path: Path) -> bool:
    try:
        return json_object(first_line(path)).keys() >= _OF_SAMPLES
    except ValueError:
        return False


def _results_file(path: Path) -> Path:
    if path.is_file():
        if _is_samples(path):
            raise DataError(
                f"{path}: the samples of one task; give the results_*.json that is in its folder, "
                "and select the task"
            )
        return path
    found = _results_in(path)
    if len(found) != 1:
        names = ", ".join(str(one.relative_to(path)) for one in found) or "none"
        raise DataError(f"{path}: expected one results_*.json, found {names}; give the file")
    return found[0]


def _results(file: Path) -> dict[str, Any]:
    try:
        return json_object(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read as lm-eval's results: {error}") from error


def _part(results: Mapping[str, Any], key: str, file: Path) -> dict[str, Any]:
    value = results.get(key)
    if not isinstance(value, dict) or not value:
        raise DataError(
            f"{file}: '{key}' is missing, so that the samples cannot be checked against the "
            "results; run a newer lm-eval"
        )
    return value


def _settings(task: str, results: Mapping[str, Any], file: Path) -> dict[str, str]:
    """Return everything that decided how a task was measured."""
    config = _part(results, "configs", file).get(task)
    if not isinstance(config, dict):
        raise DataError(f"{file}: configs: has no '{task}'")
    found = {key: config[key] for key in config.keys() - _OF_MODEL}
    found |= {key: results.get(key) for key in _OF_RUN}
    for key in ("versions", "n-shot"):
        found[key] = _part(results, key, file).get(task)
    return {key: _plain(value) for key, value in found.items()}


def _plain(value: Any) -> str:
    return _ADDRESS.sub("", value if isinstance(value, str) else json.dumps(value, sort_keys=True))


def _task_scores(
    task: str, samples: Path, results: Mapping[str, Any], file: Path
) -> Iterator[ImportedScore]:
    """Yield every score of a task, once its samples are shown to be those of the results."""
    directions = _part(results, "higher_is_better", file).get(task) or {}
    config = _part(results, "configs", file).get(task)
    config = config if isinstance(config, dict) else {}
    means = Means()
    digest = hashlib.sha256()
    documents: dict[str, set[str]] = defaultdict(set)
    problems: list[str] = []
    for number, line in numbered_lines(samples):
        where = f"{samples}:{number}"
        try:
            row = _checked(json_object(line))
        except ValueError as problem:
            problems.append(f"{where}: {problem}")
            continue
        problems += (f"{where}: {problem}" for problem in rescored(row, config))
        means.add(row)
        digest.update("".join(row[key] for key in _HASHES).encode())
        documents[row["filter"]].add(str(row["doc_id"]))
        yield from _scores(task, where, row, directions)
    if problems:
        raise listed(problems)
    expected = _part(results, "n-samples", file)[task]["effective"]
    for name, found in documents.items() or {"": set[str]()}.items():
        if len(found) != expected:
            raise DataError(
                f"{samples}: {len(found)} documents under filter '{name}', but {file} says "
                f"{expected}; the file is cut off or of another run"
            )
    if digest.hexdigest() != _part(results, "task_hashes", file).get(task):
        raise DataError(f"{samples}: its rows differ from those of {file}; they were changed since")
    if changed := [*means.problems(config, _part(results, "results", file).get(task))]:
        raise DataError(f"{samples}: {changed[0]} in {file}; one of them was changed since")


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    texts = ("filter", *_HASHES)
    for key in ("doc_id", *texts, "metrics", "arguments", "target"):
        if key not in row:
            raise ValueError(f"has no '{key}'; lm-eval 0.4.3 and later write it")
    for key in texts:
        if not isinstance(row[key], str):
            raise ValueError(f"'{key}' is {row[key]!r}; expected text")
    if isinstance(row["doc_id"], bool) or not isinstance(row["doc_id"], int):
        raise ValueError(f"'doc_id' is {row['doc_id']!r}; expected a whole number")
    metrics = row["metrics"]
    if not isinstance(metrics, list) or not metrics:
        raise ValueError(f"'metrics' is {metrics!r}; expected names")
    for metric in metrics:
        if metric not in row:
            raise ValueError(f"has no '{metric}', though it is among its metrics")
    return row


def _scores(
    task: str, where: str, row: Mapping[str, Any], directions: Mapping[str, Any]
) -> Iterator[ImportedScore]:
    requests = json.dumps(row["arguments"], sort_keys=True)
    same = {
        **{key.replace("_", " "): row[key] for key in _HASHES},
        "request": hashlib.sha256(requests.encode()).hexdigest(),
    }
    for metric in row["metrics"]:
        yield ImportedScore(
            where=where,
            sample_id=str(row["doc_id"]),
            score=row[metric],
            key=metric,
            metric=f"{metric},{row['filter']}",
            task=task,
            higher_is_better=directions.get(metric),
            same=same,
            prompt=_prompt(row["arguments"]),
            target=str(row["target"]),
            output=_output(row.get("filtered_resps")),
            response=_likelihoods(row.get("resps")),
        )


def _prompt(arguments: Any) -> str:
    """Return the first request's prompt."""
    try:
        return str(arguments["gen_args_0"]["arg_0"])
    except (KeyError, TypeError):
        return ""


def _output(responses: Any) -> str:
    """Return the text of a generation; empty for log-likelihoods."""
    match responses:
        case [str(text)]:
            return text
        case _:
            return ""


def _likelihoods(responses: Any) -> str:
    """Return the log-likelihoods of a row as text; empty for generations."""
    match responses:
        case [[[_, _], *_], *_]:
            return json.dumps(responses)
        case _:
            return ""
