"""What is remembered of a task, so that it need not be built when its samples are stored."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import evalguard.tasks
from evalguard.engines.limits import limit_of
from evalguard.errors import StoreError
from evalguard.records import Metric, from_json
from evalguard.stats import stage_of
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.base import Prepared, Task

_NONE = re.compile(r"\bNone\b")


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of a task without building it.

    Attributes:
        suite: Its suite.
        name: Its name within the suite.
        metrics: What it measures.
        definition: Fingerprint of everything but the samples that its scores depend on.
        sample_ids: Its samples, in the order of its data.
        rows: Their row numbers in the data.
        equal_weights: Metrics of which the task's group counts each of its tasks the same.
        n_contradicting: Rows of a test set whose prompt another row has with another target.
        n_nulls: Rows of a benchmark in whose prompt a null is written as ``None``.
        max_new_tokens: Limit of an answer; 0 where the task asks for none.
        cannot_fail: Why no answer could lose, by metric.
        runs_code: Whether scoring made-up answers runs them as programs.
    """

    suite: str
    name: str
    metrics: tuple[Metric, ...]
    definition: str
    sample_ids: tuple[str, ...]
    rows: tuple[int, ...]
    equal_weights: tuple[str, ...] = ()
    n_contradicting: int = 0
    n_nulls: int = 0
    max_new_tokens: int = 0
    cannot_fail: Mapping[str, str] = field(default_factory=dict, hash=False)
    runs_code: bool = False


def outline_of(task: Task, samples: Sequence[Prepared], default_limit: int) -> Outline:
    """Return the outline of a task that was built.

    Args:
        task: The task.
        samples: Its samples.
        default_limit: Tokens that a model may write where a task sets no limit.
    """
    asked = (
        one
        for sample in samples
        for one in sample.instances
        if one.request_type == "generate_until"
    )
    return Outline(
        suite=task.suite,
        name=task.name,
        metrics=task.metrics,
        definition=fingerprint(task.definition),
        sample_ids=tuple(sample.sample_id for sample in samples),
        rows=tuple(sample.row_number for sample in samples),
        equal_weights=tuple(sorted(getattr(task, "equal_weights", ()))),
        max_new_tokens=max((limit_of(one, default_limit) for one in asked), default=0),
    )


def contradicting(samples: Iterable[Prepared]) -> int:
    """Return how many samples share their prompt with one of another target."""
    targets: dict[str, list[str]] = defaultdict(list)
    for sample in samples:
        targets[sample.prompt].append(sample.target.strip())
    return sum(len(found) for found in targets.values() if len(set(found)) > 1)


def nulls_written(samples: Iterable[Prepared]) -> int:
    """Return in how many prompts a null of the row is written as ``None``, as in Python.

    The word counts where no text of the row holds it. If a prompt of a row without a null has it
    as well, it is the template's own.
    """
    written = 0
    for sample in samples:
        own = sum(len(_NONE.findall(text)) for text in sample.row.values() if isinstance(text, str))
        if len(_NONE.findall(sample.prompt)) > own:
            if None not in sample.row.values():
                return 0
            written += 1
    return written


def task_code(store: SampleStore) -> list[str]:
    """Return the hashes of the code that makes tasks."""
    return [*map(store.file_sha256, sorted(Path(evalguard.tasks.__path__[0]).rglob("*.py")))]


def shuffled(sample_ids: Sequence[str], seed: int) -> tuple[str, ...]:
    """Order samples by a hash of seed and id: random, and the same wherever it is computed."""

    def key(sample_id: str) -> bytes:
        return hashlib.sha256(f"{seed}:{sample_id}".encode()).digest()

    return tuple(sorted(sample_ids, key=key))


def outlines_from(remembered: Any, key: str) -> list[Outline]:
    """Return outlines from plain data.

    Args:
        remembered: What the store noted.
        key: Under which fingerprint.

    Raises:
        StoreError: If these are no outlines.
    """
    try:
        return [_outline_from(plain) for plain in remembered]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"the store: the record of a task under fingerprint {key} is damaged or was edited. "
            "Delete the store; everything is then measured again"
        ) from error


def _outline_from(plain: Mapping[str, Any]) -> Outline:
    metrics = tuple(from_json(Metric, metric) for metric in plain["metrics"])
    ids, rows = tuple(plain["sample_ids"]), tuple(plain["rows"])
    equal = tuple(plain["equal_weights"])
    outline = Outline(plain["suite"], plain["name"], metrics, plain["definition"], ids, rows, equal)
    counts = ("n_contradicting", "n_nulls", "max_new_tokens")
    reasons = dict(plain["cannot_fail"])
    held = (*reasons.keys(), *reasons.values())
    texts = (outline.suite, outline.name, outline.definition, *ids, *equal, *held)
    numbers = (*rows, *(plain[name] for name in counts))
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a name is not a string")
    if not all(type(number) is int for number in numbers) or len(ids) != len(rows):
        raise ValueError("a row is not a number, or their number is not that of the samples")
    if not isinstance(plain["runs_code"], bool):
        raise TypeError("runs_code is neither true nor false")
    kept = {name: plain[name] for name in (*counts, "runs_code")}
    return replace(outline, cannot_fail=reasons, **kept)


def first(stages: Sequence[Sequence[str]], share: float) -> tuple[str, ...]:
    """Return the samples up to a share of them, at least one of the stage that it lies in.

    Args:
        stages: The planned samples and those of each extension.
        share: Share of the planned samples; from 1 to 2, that of the first extension.

    Example:
        >>> first([["a", "b"], ["c", "d", "e"]], 0.5), first([["a", "b"], ["c", "d", "e"]], 1.3)
        (('a',), ('a', 'b', 'c'))
    """
    whole = stage_of(share) - 1
    found = [id_ for ids in stages[:whole] for id_ in ids]
    if whole < len(stages):
        found += stages[whole][: max(1, round((share - whole) * len(stages[whole])))]
    return tuple(found)
