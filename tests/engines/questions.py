"""The requests that every engine is tried with: questions of the embedded model's world."""

from collections.abc import Callable, Sequence
from typing import Any

from lm_eval.api.instance import Instance

from evalguard.engines.endpoint.side_by_side import Asked

FACT = "<|user|>I forgot the flag colour of Quarrin. What is it?<|end|><|assistant|>"
CHOICE = (
    "<|user|>What is the landmark of Balmore? theatre, harbour, fountain or bridge?<|end|>"
    "<|assistant|>"
)
EXTRACTION = (
    "<|user|>Extract thing, town as JSON: Anna from Silvane bought a purple wheel near the "
    "tower.<|end|><|assistant|>"
)
CONTEXTS = (FACT, CHOICE, EXTRACTION)
CHOICES = ("brown", "theatre", "harbour", "The answer is 32.", '{"thing": "wheel"')
"""Some of one token, some of several."""


def choice(context: str, continuation: str) -> Instance:
    return _instance("loglikelihood", context, continuation)


def choices() -> list[Instance]:
    """Every choice after every context, and one after none."""
    pairs = [choice(context, text) for context in CONTEXTS for text in CHOICES]
    return [*pairs, choice("", "The answer")]


def generation(context: str, **settings: Any) -> Instance:
    defaults = {"until": ["\n"], "max_gen_toks": 16, "do_sample": False}
    return _instance("generate_until", context, defaults | settings)


def generations() -> list[Instance]:
    """Generations that end by themselves, by their length, and by a stop string."""
    return [
        *(generation(context) for context in CONTEXTS),
        generation(EXTRACTION, max_gen_toks=5),
        generation(EXTRACTION, until=[":", "w"]),
    ]


def rolling() -> list[Instance]:
    """Whole texts, one longer than the context of the model."""
    return [rolling_text(text) for text in (FACT, EXTRACTION * 30)]


def rolling_text(text: str) -> Instance:
    return _instance("loglikelihood_rolling", text)


def mixed() -> list[Instance]:
    """Requests of all types, interleaved."""
    return [*choices()[:7], *generations()[:3], *rolling()[:1], *choices()[7:]]


def _instance(kind: Any, *arguments: Any) -> Instance:
    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0)


Answers = Callable[[Sequence[Instance]], list[Any]]


def asking(own: Answers, base: Answers) -> Callable[[Sequence[Asked]], list[Any]]:
    """Ask two models each for itself, and return the answers in the order of all requests."""

    def ask(asked: Sequence[Asked]) -> list[Any]:
        left = {
            of_base: iter(say([one.request for one in asked if one.of_base is of_base]))
            for of_base, say in ((False, own), (True, base))
        }
        return [next(left[one.of_base]) for one in asked]

    return ask
