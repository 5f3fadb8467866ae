"""The requests that every engine is tried with: questions of the embedded model's world."""

from typing import Any

from lm_eval.api.instance import Instance

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
    return [_instance("loglikelihood_rolling", text) for text in (FACT, EXTRACTION * 30)]


def mixed() -> list[Instance]:
    """Requests of all types, interleaved."""
    return [*choices()[:7], *generations()[:3], *rolling()[:1], *choices()[7:]]


def _instance(kind: Any, *arguments: Any) -> Instance:
    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0)
