"""The requests that every engine is tried with."""

from typing import Any

from lm_eval.api.instance import Instance

CONTEXTS = (
    "question: what is 3 + 4? answer:",
    "the capital of france is",
    "yes or no: is 12 greater than 7? ",
)
CHOICES = (" 7", " paris", " yes", " no", " the capital of france")


def choice(context: str, continuation: str) -> Instance:
    return _instance("loglikelihood", context, continuation)


def choices() -> list[Instance]:
    """Every choice after every context, one of several tokens among them, and an empty context."""
    pairs = [choice(context, text) for context in CONTEXTS for text in CHOICES]
    return [*pairs, choice("", "the capital")]


def generation(context: str, **settings: Any) -> Instance:
    defaults = {"until": ["\n"], "max_gen_toks": 12, "do_sample": False}
    return _instance("generate_until", context, defaults | settings)


def generations() -> list[Instance]:
    """Generations that end by length and by a stop string."""
    return [
        *(generation(context) for context in CONTEXTS),
        generation(CONTEXTS[0], max_gen_toks=5),
        generation(CONTEXTS[1], until=["e", "a"], max_gen_toks=30),
    ]


def rolling() -> list[Instance]:
    """Whole texts, one longer than the context of the model."""
    return [_instance("loglikelihood_rolling", text) for text in ("paris is", "yes or no " * 200)]


def mixed() -> list[Instance]:
    """Requests of all types, interleaved."""
    return [*choices()[:7], *generations()[:3], *rolling()[:1], *choices()[7:]]


def _instance(kind: Any, *arguments: Any) -> Instance:
    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0)
