"""Score a benchmark's first rows with dummy answers, to see what it reports and what it lacks."""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.task import Task

from evalguard.code.files import files_reached
from evalguard.errors import EvalGuardError, UsageError
from evalguard.tasks.base import Prepared
from evalguard.tasks.benchmark.own_execution import runs_code
from evalguard.tasks.benchmark.running import FEWSHOT_SEED, build_sample, metric_values
from evalguard.tasks.benchmark.watching import watched

MAX_ROWS = 32
"""Rows after which a metric that none has reported counts as missing."""


def reported_values(
    task: Task, name: str, docs: Sequence[tuple[int, Mapping[str, Any]]]
) -> Mapping[str, Any] | None:
    """Return the values that the first rows report, until every declared metric has been seen.

    The answers equal the targets, because some scoring code cannot read an empty answer.

    Returns:
        A value of each reported metric; ``None`` where the scoring code fails on such answers:
        real ones will show it, sample by sample.

    Raises:
        UsageError: If data of NLTK, an environment variable, a file or a permission is missing.
        ImportError: If a package is missing.
    """
    found: dict[str, Any] = {}
    task.set_fewshot_seed(seed=FEWSHOT_SEED)
    for doc_id, doc in docs[:MAX_ROWS]:
        values = _try_row(task, name, doc_id, doc)
        if values is None:
            return None
        found = {**values, **found}
        if {metric.partition(",")[0] for metric in found}.issuperset(task.aggregation()):
            break
    return found


def _try_row(
    task: Task, name: str, doc_id: int, doc: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    try:
        prepared = build_sample(task, name, doc_id, doc, None)
        responses = dummy_responses(prepared)
        # Dummy answers are sent to no one.
        with watched(sends=False, programs=not runs_code(task)) as watch:
            try:
                return metric_values(task, prepared, responses)
            finally:
                if why := watch.ran or "; ".join(watch.refused):
                    raise UsageError(f"the scoring of task '{name}': {why}")
    except (EvalGuardError, ImportError):
        raise
    except FileNotFoundError as error:
        where = f"the scoring of task '{name}' needs '{error.filename}', which does not exist"
        raise UsageError(f"{where}; put it there, or install the program") from error
    except LookupError as error:
        if "nltk" in f"{error}".lower():
            raise UsageError(_nltk_hint(error)) from error
        if variable := _missing_variable(error):
            raise UsageError(
                f"the scoring of task '{name}' reads the environment variable {variable}, which is "
                "not set"
            ) from error
        return None
    except (Exception, SystemExit):  # noqa: BLE001 - the task's own code may raise anything
        return None


def _missing_variable(error: LookupError) -> str | None:
    """Return the environment variable that code looked up and did not find."""
    frames = traceback.extract_tb(error.__traceback__)
    looked_up = os.environ.__getitem__.__code__.co_filename
    inside = isinstance(error, KeyError) and frames and frames[-1].filename == looked_up
    return str(error.args[0]) if inside else None


def dummy_responses(prepared: Prepared) -> list[Any]:
    """Return responses to a sample of the type that an engine gives: its target as the answer."""
    return [
        _dummy_response(instance, prepared.target)
        for instance in prepared.instances
        for _ in range(instance.repeats or 1)
    ]


def _dummy_response(instance: Instance, target: str) -> Any:
    """Return a response of the type that an engine gives."""
    match instance.request_type:
        case "loglikelihood":
            return (-1.0 - instance.idx, False)
        case "loglikelihood_rolling":
            return -1.0
        case _:
            return target


def check_nltk_data(code: Any) -> None:
    """Check that the data of NLTK's sentence splitter are installed if scoring code needs them.

    Only some rows need them, so that the first ones may not show it.

    Raises:
        UsageError: If they are missing.
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
    lines = [line.strip() for line in str(error).splitlines() if "download(" in line]
    name = lines[0].partition("download(")[2].strip("')\"") if lines else "punkt_tab"
    return f"NLTK's data '{name}' are not installed: python -m nltk.downloader {name}"
