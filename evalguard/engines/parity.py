"""Whether two engines give the same answers: the same prompts, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalguard.engines.base import BASE, Engine, EngineSettings, Response
from evalguard.engines.opening import open_engine

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("The capital of France is", (" Paris", " Rome", " Oslo", " Cairo")),
    ("Two plus three is", (" five", " four", " nine", " twelve")),
    ("The opposite of hot is", (" cold", " tall", " green", " early")),
    ("Water freezes at zero degrees", (" Celsius", " Monday", " metres", " loudly")),
    ("A week has seven", (" days", " hours", " oceans", " colours")),
    ("The sun rises in the", (" east", " kitchen", " evening", " winter")),
    ("Question: Is 12 greater than 7? Answer:", (" yes", " no", " maybe not", " blue")),
    ("Bread is made from", (" flour and water", " sand and glass", " iron", " old letters")),
    ("The plural of mouse is", (" mice", " mouses", " houses", " mousing")),
    ("After June comes", (" July", " May", " Sunday", " spring water")),
    ("A triangle has three", (" sides", " wheels", " mothers", " seasons")),
    ("Birds can", (" fly", " evaporate", " be divided by zero", " rhyme")),
    ("Snow is", (" white", " hot and dry", " a prime number", " loud")),
    ("The first month of the year is", (" January", " October", " noon", " north")),
    ("To see at night, switch on the", (" light", " bread", " river", " past")),
    ("Cats chase", (" mice", " clouds of numbers", " grammar", " Tuesday")),
)
"""Contexts and choices, the right one first."""

NEW_TOKENS = 32
"""Length of each greedy generation."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two engines agree for one model.

    Attributes:
        model: ``(base)`` or the adapter's name.
        greedy_match: Share of the greedy generations that are the same text.
        likelihood_gap: Greatest difference of a choice's log-likelihood.
        score_gap: Difference of the share of questions for which the right choice is likeliest.
    """

    model: str
    greedy_match: float
    likelihood_gap: float
    score_gap: float


Answers = dict[str, list[Response]]
"""Responses to the probe requests, by model."""


def measure_parity(
    first: str, second: str, settings: EngineSettings
) -> tuple[tuple[str, str], list[Parity]]:
    """Run base and adapters on two engines, one after the other, and compare.

    Args:
        first: Name of an engine.
        second: Name of another.
        settings: Base and adapters.

    Returns:
        The engines' versions, and how far they agree for each model.

    Raises:
        ModelError: If an engine cannot load the base or an adapter.
        TrustError: If an adapter takes no effect on one of them.
        EngineError: If an engine fails.
    """
    found = [_answers_of(name, settings) for name in (first, second)]
    (first_version, before), (second_version, after) = found
    return (first_version, second_version), compare(before, after)


def collect(engine: Engine, models: Iterable[str]) -> Answers:
    """Return an engine's responses to the probe requests, for each model."""
    requests = list(_requests())
    return {model: engine.respond([(model, r) for r in requests]) for model in models}


def compare(first: Answers, second: Answers) -> list[Parity]:
    """Return how far two engines' responses agree, for each model."""
    return [
        Parity(
            model,
            greedy_match=_share_equal(_texts(first[model]), _texts(second[model])),
            likelihood_gap=_greatest_gap(_likelihoods(first[model]), _likelihoods(second[model])),
            score_gap=abs(_score(first[model]) - _score(second[model])),
        )
        for model in first
    ]


def _answers_of(name: str, settings: EngineSettings) -> tuple[str, Answers]:
    engine = open_engine(name, settings)
    try:
        for adapter, path in settings.adapters:
            engine.load_adapter(adapter, path)
        models = (BASE, *(adapter for adapter, _ in settings.adapters))
        return engine.version, collect(engine, models)
    finally:
        engine.close()


def _requests() -> Iterator[Instance]:
    from lm_eval.api.instance import Instance

    for context, choices in QUESTIONS:
        for choice in choices:
            yield Instance(request_type="loglikelihood", doc={}, arguments=(context, choice), idx=0)
    settings = {"until": [], "max_gen_toks": NEW_TOKENS, "do_sample": False}
    for context, _ in QUESTIONS:
        yield Instance(request_type="generate_until", doc={}, arguments=(context, settings), idx=0)


def _texts(responses: Sequence[Response]) -> list[str]:
    return [response for response in responses if isinstance(response, str)]


def _likelihoods(responses: Sequence[Response]) -> list[float]:
    return [response[0] for response in responses if isinstance(response, tuple)]


def _score(responses: Sequence[Response]) -> float:
    """Return the share of questions for which the right choice is the likeliest."""
    values = iter(_likelihoods(responses))
    right = 0
    for _, choices in QUESTIONS:
        likelihoods = [next(values) for _ in choices]
        right += likelihoods.index(max(likelihoods)) == 0
    return right / len(QUESTIONS)


def _share_equal(first: Sequence[str], second: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)


def _greatest_gap(first: Sequence[float], second: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(first, second, strict=True))
