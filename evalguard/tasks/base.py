"""What every task offers: samples prepared as requests, and scores from their responses."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from evalguard.records import Metric, ScoredSample
from evalguard.tasks.values import with_written_numbers

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Render: TypeAlias = Callable[..., str]
"""Turns chat messages into a prompt: ``render(messages, add_generation_prompt=True)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A sample with the requests that measure it.

    Attributes:
        sample_id: Hash of everything that the model is given; equal for every model, and another
            one as soon as a byte of the prompt, the row or the settings changes.
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
    """A set of samples and the way to score them.

    Where a task has an attribute ``averages_answers`` that is true, the score of a sample is the
    mean of its answers' scores, however many there are.

    Attributes:
        suite: Name of its suite.
        name: Its own name within the suite.
    """

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


@runtime_checkable
class CorpusTask(Task, Protocol):
    """A task some of whose metrics have no value for a single sample."""

    def aggregate(self, metric: str, samples: Sequence[ScoredSample]) -> float:
        """Return a corpus metric from what its samples add to it."""


@runtime_checkable
class FollowingTask(Task, Protocol):
    """A task whose candidates are measured along all that the baseline wrote, thinking included."""

    def diverged(self, prepared: Prepared, answer: str, nats_per_token: float) -> ScoredSample:
        """Return the sample of a model that diverges so far along the baseline's answer."""


@runtime_checkable
class ProvingTask(Task, Protocol):
    """A task that shows, before a model is asked, that its scores tell answers apart."""

    def cannot_fail(self, samples: Sequence[Prepared]) -> Mapping[str, str]:
        """Return why no answer could lose, by metric; nothing where scores move as they must.

        Args:
            samples: All samples of the task. Made-up answers to a few of them are scored; no engine
                is asked.
        """


def generations(
    text: str, settings: Mapping[str, Any], *, key: str, count: int
) -> tuple[Instance, ...]:
    """Return the requests for one sample's answers.

    Sampled answers get a seed each, made of the sample alone, so that what is drawn depends neither
    on the other samples of a batch nor on which were measured before. Both arms get the same seeds.

    Args:
        text: The prompt.
        settings: Generation settings as lm-eval takes them.
        key: The sample's id, which the project's seed is part of where answers are sampled.
        count: Number of answers.
    """
    from lm_eval.api.instance import Instance

    sampled = bool(settings.get("do_sample"))
    return tuple(
        Instance(
            request_type="generate_until",
            doc={},
            arguments=(text, {**settings, "seed": _seed(key, index)} if sampled else {**settings}),
            idx=index,
            metadata=(None, None, 1),
        )
        for index in range(count)
    )


def seeded(instance: Instance, *, key: str, repeat: int = 0, draw: int = 0) -> Instance:
    """Return a sampled request with a seed of its own; one that is not sampled as it is.

    What is drawn so depends on no other request.

    Args:
        instance: A request; its own seed is kept where it has one and both numbers are 0.
        key: The sample's id, which the seed is made of where the request has none.
        repeat: Which of several answers to the same request.
        draw: Which repetition of the whole measurement.
    """
    settings = instance.arguments[-1]
    if not isinstance(settings, dict) or not _is_sampled(settings):
        return instance
    seed = settings.get("seed")
    if seed is None or repeat:
        seed = _seed(key if seed is None else str(seed), repeat)
    if draw:
        seed = _seed(f"{seed} again", draw)
    return replace(instance, arguments=(*instance.arguments[:-1], {**settings, "seed": seed}))


def _is_sampled(settings: Mapping[str, Any]) -> bool:
    """Whether lm-eval samples with such settings."""
    told = settings.get("do_sample")
    return float(settings.get("temperature") or 0) > 0 if told is None else bool(told)


def _seed(key: str, index: int) -> int:
    """Return 31 bits, which every engine and endpoint takes as a seed."""
    digest = hashlib.sha256(f"{key}:{index}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def content_id(*parts: object) -> str:
    """Return a short hash of plain data, the same on every machine.

    Example:
        >>> content_id("prompt", {"b": 1, "a": 2}) == content_id("prompt", {"a": 2, "b": 1})
        True
    """
    plain = with_written_numbers(parts)
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def unique_ids(ids: Iterable[str]) -> list[str]:
    """Number equal ids, so that samples of equal content keep an id of their own.

    Example:
        >>> unique_ids(["a", "b", "a"])
        ['a', 'b', 'a-2']
    """
    seen: Counter[str] = Counter()
    unique = []
    for one in ids:
        seen[one] += 1
        unique.append(one if seen[one] == 1 else f"{one}-{seen[one]}")
    return unique


def with_unique_ids(samples: Iterable[Prepared]) -> list[Prepared]:
    """Return samples with their ids made unique."""
    found = list(samples)
    ids = unique_ids(sample.sample_id for sample in found)
    return [replace(sample, sample_id=id_) for sample, id_ in zip(found, ids, strict=True)]


def generation_settings(
    max_new_tokens: int, stop: Sequence[str], temperature: float
) -> dict[str, Any]:
    """Return generation settings as lm-eval takes them; temperature 0 decodes greedily."""
    return {
        "until": list(stop),
        "max_gen_toks": max_new_tokens,
        "do_sample": temperature > 0,
        "temperature": temperature,
    }
