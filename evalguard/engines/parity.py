"""Whether two engines give the same answers: the same prompts, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalguard.engines.base import BASE, Engine, EngineSettings, Response, choice, generation
from evalguard.engines.opening import open_engine
from evalguard.errors import ModelError, TrustError

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
"""Contexts, each with four choices, the right one first."""

NEW_TOKENS = 32
"""Length of each greedy generation."""

SPOT_QUESTIONS = 4
"""How many questions a spot check asks."""

ROUNDING = {"float32": 0.01}
"""Difference of a choice's log-likelihood that rounding explains, by precision."""

ROUNDING_16_BIT = 1.0
"""The same for 16 bits, in which logits of 16 and more move in steps of up to 1/8 a token."""


def tolerance(dtype: str) -> float:
    """Return the greatest difference of a log-likelihood that rounding explains.

    Args:
        dtype: Precision of the computation; ``auto`` may be any.
    """
    return ROUNDING.get(dtype, ROUNDING_16_BIT)


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
        TrustError: If an adapter has no effect on one of them.
        EngineError: If an engine fails.
    """
    found = [_answers_of(name, settings) for name in (first, second)]
    (first_version, before), (second_version, after) = found
    return (first_version, second_version), compare(before, after)


def reference_answers(settings: EngineSettings) -> Answers:
    """Return what transformers answers to the questions of a spot check, and free it again.

    An adapter that it cannot load is left out: the engine that is checked will say why.

    Raises:
        ModelError: If it cannot load the base.
    """
    engine = open_engine("hf", replace(settings, adapters=(), options={}))
    try:
        for name, path in settings.adapters:
            with suppress(ModelError, TrustError):
                engine.load_adapter(name, path)
        return collect(engine, engine.models, questions=SPOT_QUESTIONS)
    finally:
        engine.close()


def spot_check(engine: Engine, model: str, reference: Answers, *, dtype: str) -> Parity:
    """Check that an engine answers a few questions as transformers does.

    Args:
        engine: The engine.
        model: The base or an adapter that it has loaded.
        reference: What :func:`reference_answers` returned.
        dtype: Precision of the computation.

    Raises:
        TrustError: If a log-likelihood differs by more than rounding explains.
    """
    found = collect(engine, [model], questions=SPOT_QUESTIONS)
    [parity] = compare({model: reference[model]}, found)
    if not parity.likelihood_gap <= tolerance(dtype):
        raise TrustError(
            f"model '{model}': {engine.name} and transformers disagree: log-likelihoods differ "
            f"by up to {parity.likelihood_gap:.2g}, where rounding explains "
            f"{tolerance(dtype):g}. See `evalguard engines --parity`, and use 'engine: "
            "{name: hf}' until it is clear which one is right."
        )
    return parity


def collect(engine: Engine, models: Iterable[str], *, questions: int = len(QUESTIONS)) -> Answers:
    """Return an engine's responses to the probe requests, for each model."""
    requests = list(_requests(questions))
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


def _requests(questions: int) -> Iterator[Instance]:
    for context, continuations in QUESTIONS[:questions]:
        for continuation in continuations:
            yield choice(context, continuation)
    for context, _ in QUESTIONS[:questions]:
        yield generation(context, tokens=NEW_TOKENS)


def _texts(responses: Sequence[Response]) -> list[str]:
    return [response for response in responses if isinstance(response, str)]


def _likelihoods(responses: Sequence[Response]) -> list[float]:
    return [response[0] for response in responses if isinstance(response, tuple)]


def _score(responses: Sequence[Response]) -> float:
    """Return the share of questions for which the right choice is the likeliest."""
    values = _likelihoods(responses)
    size = len(QUESTIONS[0][1])
    groups = [values[start : start + size] for start in range(0, len(values), size)]
    return sum(group.index(max(group)) == 0 for group in groups) / len(groups)


def _share_equal(first: Sequence[str], second: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)


def _greatest_gap(first: Sequence[float], second: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(first, second, strict=True))
