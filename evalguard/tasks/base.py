"""What every task offers: samples prepared as requests, and scores from their responses."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from evalguard.records import Metric, ScoredSample

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Render: TypeAlias = Callable[..., str]
"""Turns chat messages into a prompt: ``render(messages, add_generation_prompt=True)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A sample with the requests that measure it.

    Attributes:
        sample_id: Hash of everything that the model is given and that its answer is held against;
            equal for every model, and another one as soon as a byte of the prompt changes.
        prompt: The prompt as it goes to the model.
        target: The expected answer, for people to read.
        instances: Requests, all of which are answered before the sample is scored.
        row: The sample's data.
        cluster: Samples of one cluster are not independent.
        row_number: Position in the data, from 1; for error messages and for order.
    """

    sample_id: str
    prompt: str
    target: str
    instances: tuple[Instance, ...]
    row: Mapping[str, Any]
    cluster: str | None = None
    row_number: int = 0


class Task(Protocol):
    """A set of samples and the way to score them."""

    suite: str
    name: str

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What :meth:`score` reports for every sample."""

    @property
    def definition(self) -> Mapping[str, Any]:
        """Everything but the samples that the scores depend on, as plain data."""

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return all samples as requests; ``render`` applies the chat template, if any."""

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score one sample from the responses to its instances, in their order."""

    def aggregate(self, metric: str, samples: Sequence[ScoredSample]) -> float:
        """Return a corpus metric from what its samples add to it."""


def content_id(*parts: object) -> str:
    """Return a short hash of plain data, the same on every machine.

    Example:
        >>> content_id("prompt", {"b": 1, "a": 2}) == content_id("prompt", {"a": 2, "b": 1})
        True
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def with_unique_ids(samples: Iterable[Prepared]) -> list[Prepared]:
    """Number samples of equal content, so that each keeps an id of its own."""
    seen: Counter[str] = Counter()
    unique = []
    for sample in samples:
        seen[sample.sample_id] += 1
        count = seen[sample.sample_id]
        unique.append(
            sample if count == 1 else replace(sample, sample_id=f"{sample.sample_id}-{count}")
        )
    return unique
