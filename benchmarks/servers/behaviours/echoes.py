"""S5: log-probabilities of prompts in other forms, or of another vocabulary."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.texts import tokenizer
from benchmarks.servers.wire import Ask, Plain, Reply, problem


def _changed(reply: Reply, change: Callable[[dict[str, Any]], Any]) -> Reply:
    """Return a reply whose log-probabilities are changed; others as they are."""
    if reply.status != 200 or "choices" not in (reply.body or {}):
        return reply
    choices = [
        {**choice, "logprobs": change(choice["logprobs"])} if choice.get("logprobs") else choice
        for choice in reply.body["choices"]
    ]
    return replace(reply, body={**reply.body, "choices": choices})


def with_values(reply: Reply, value_of: Callable[[int, float], float | None]) -> Reply:
    """Return a reply whose log-probabilities have other values."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        values = [
            None if value is None else value_of(place, value)
            for place, value in enumerate(given["token_logprobs"])
        ]
        top = [
            None if entry is None or value is None else dict.fromkeys(entry, value)
            for entry, value in zip(given.get("top_logprobs", ()), values, strict=False)
        ]
        return {**given, "token_logprobs": values, **({"top_logprobs": top} if top else {})}

    return _changed(reply, change)


def _sliced(reply: Reply, part: slice) -> Reply:
    return _changed(reply, lambda given: {name: values[part] for name, values in given.items()})


@behaviour("S5", "llama.cpp #27174")
def echo_generated_only(ask: Ask, plain: Plain) -> Reply:
    """Gives the log-probability of the generated token alone."""
    return _sliced(plain(ask), slice(-1, None)) if ask.is_echo else plain(ask)


@behaviour("S5", "lm-eval #3185")
def echo_no_generated(ask: Ask, plain: Plain) -> Reply:
    """Leaves the generated token out of the list."""
    return _sliced(plain(ask), slice(0, -1)) if ask.body.get("max_tokens") else plain(ask)


@behaviour("S5", "lm-eval #4158")
def echo_no_top(ask: Ask, plain: Plain) -> Reply:
    """Gives no likeliest tokens."""
    return _changed(plain(ask), lambda given: {k: v for k, v in given.items() if k[:3] != "top"})


@behaviour("S5", "lm-eval #4158")
def echo_null_top(ask: Ask, plain: Plain) -> Reply:
    """Gives null in place of the likeliest tokens."""
    return _changed(plain(ask), lambda given: {**given, "top_logprobs": None})


@behaviour("S5", "vllm #28539")
def echo_null(ask: Ask, plain: Plain) -> Reply:
    """Gives null in place of all log-probabilities."""
    return _changed(plain(ask), lambda given: None)


@behaviour("S5", "llama.cpp server")
def echo_content(ask: Ask, plain: Plain) -> Reply:
    """Gives log-probabilities in the form of chat completions, of the generated token alone."""
    return _changed(
        plain(ask),
        lambda given: {"content": [{"token": ".", "logprob": -0.7, "top_logprobs": []}]},
    )


@behaviour("S5")
def echo_ignored(ask: Ask, plain: Plain) -> Reply:
    """Does not repeat the prompt, neither in the text nor in the log-probabilities."""
    if not ask.is_echo:
        return plain(ask)
    return _sliced(plain(ask), slice(-1, None)).choice(text=".")


@behaviour("S5", "OpenAI: echo with logprobs is not supported")
def echo_refused(ask: Ask, plain: Plain) -> Reply:
    """Refuses to repeat a prompt with log-probabilities."""
    if not ask.is_echo:
        return plain(ask)
    return problem(400, "Setting 'echo' and 'logprobs' at the same time is not supported.")


@behaviour("S5")
def echo_nan(ask: Ask, plain: Plain) -> Reply:
    """Gives NaN for the last token of some questions."""
    reply = plain(ask)
    if not (ask.is_echo and ask.chosen(0.3)):
        return reply
    last = len(reply.body["choices"][0]["logprobs"]["token_logprobs"]) - 2
    return with_values(reply, lambda place, value: math.nan if place == last else value)


@behaviour("S5")
def echo_null_inside(ask: Ask, plain: Plain) -> Reply:
    """Gives null for the last token of some questions."""
    reply = plain(ask)
    if not (ask.is_echo and ask.chosen(0.3)):
        return reply
    last = len(reply.body["choices"][0]["logprobs"]["token_logprobs"]) - 2
    return with_values(reply, lambda place, value: None if place == last else value)


@behaviour("S5", "lm-eval #3185")
def echo_bos(ask: Ask, plain: Plain) -> Reply:
    """Puts a token of its own before the prompt."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        return {
            "tokens": ["<s>", *given["tokens"]],
            "token_logprobs": [None, -3.0, *given["token_logprobs"][1:]],
            "top_logprobs": [None, {given["tokens"][0]: -3.0}, *given["top_logprobs"][1:]],
            "text_offset": [0, *given["text_offset"]],
        }

    return _changed(plain(ask), change)


@behaviour("S5", "vllm #28539")
def echo_other_vocabulary(ask: Ask, plain: Plain) -> Reply:
    """Reads token ids in a vocabulary of its own, in which they are other words."""
    given = ask.body.get("prompt")
    if not isinstance(given, list) or not given or isinstance(given[0], str):
        return plain(ask)
    size = tokenizer().get_vocab_size()
    rows = given if isinstance(given[0], list) else [given]
    other = [[(7 * token + 3) % size for token in row] for row in rows]
    return plain(ask.asking(prompt=other if isinstance(given[0], list) else other[0]))


@behaviour("S5")
def echo_whole_words(ask: Ask, plain: Plain) -> Reply:
    """Cuts the prompt into fewer tokens than the client does."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        merged = [place for place in range(1, len(given["tokens"]) - 2) if place % 3 == 0]
        kept = [place for place in range(len(given["tokens"])) if place not in merged]
        tokens = list(given["tokens"])
        for place in reversed(merged):
            tokens[place - 1] += tokens[place]
        return {
            name: [(tokens if name == "tokens" else values)[place] for place in kept]
            for name, values in given.items()
        }

    return _changed(plain(ask), change)


@behaviour("S5", "vllm #28539")
def echo_shifted_offsets(ask: Ask, plain: Plain) -> Reply:
    """Counts the offsets of the tokens from one place further on."""
    return _changed(
        plain(ask), lambda given: {**given, "text_offset": [o + 5 for o in given["text_offset"]]}
    )


@behaviour("S5")
def echo_shifted_values(ask: Ask, plain: Plain) -> Reply:
    """Gives each token the log-probability of the one after it."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        return {
            **given,
            "token_logprobs": [*given["token_logprobs"][1:], -0.7],
            "top_logprobs": [*given["top_logprobs"][1:], {".": -0.7}],
        }

    return _changed(plain(ask), change)


@behaviour("S5")
def echo_positive(ask: Ask, plain: Plain) -> Reply:
    """Gives negative log-probabilities without their sign."""
    return with_values(plain(ask), lambda place, value: -value)


@behaviour("S5")
def echo_ranks(ask: Ask, plain: Plain) -> Reply:
    """Gives probabilities in place of their logarithms."""
    return with_values(plain(ask), lambda place, value: math.exp(value))


@behaviour("S5")
def echo_zeros(ask: Ask, plain: Plain) -> Reply:
    """Gives 0 for every token."""
    return with_values(plain(ask), lambda place, value: 0.0)


@behaviour("S5")
def echo_constant(ask: Ask, plain: Plain) -> Reply:
    """Gives -1 for every token."""
    return with_values(plain(ask), lambda place, value: -1.0)


@behaviour("S5")
def echo_infinite(ask: Ask, plain: Plain) -> Reply:
    """Gives -Infinity for unlikely tokens."""
    return with_values(plain(ask), lambda place, value: value if value > -2 else -math.inf)


@behaviour("S5")
def echo_strings(ask: Ask, plain: Plain) -> Reply:
    """Gives log-probabilities as text."""
    return _changed(
        plain(ask),
        lambda given: {
            **given,
            "token_logprobs": [v if v is None else str(v) for v in given["token_logprobs"]],
        },
    )


@behaviour("S5")
def echo_cut(ask: Ask, plain: Plain) -> Reply:
    """Keeps the last tokens of a long prompt only, and says so by nothing but their number."""
    reply = plain(ask)
    return _sliced(reply, slice(5, None)).choice() if ask.is_echo else reply


@behaviour("S5", "vLLM, which writes -9999 for minus infinity")
def echo_floor(ask: Ask, plain: Plain) -> Reply:
    """Gives -9999 for the last token of some questions."""
    reply = plain(ask)
    if not (ask.is_echo and ask.chosen(0.3)):
        return reply
    last = len(reply.body["choices"][0]["logprobs"]["token_logprobs"]) - 2
    return with_values(reply, lambda place, value: -9999.0 if place == last else value)


@behaviour("S5", "llama-cpp-python 0.3.36, models without a first token")
def echo_next_values(ask: Ask, plain: Plain) -> Reply:
    """Gives each token what the model says after it, and the first none."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        after = [*given["tokens"][1:], "."]
        values = [-9.0 - 0.1 * place for place in range(len(after))]
        top = [
            {own: value, nxt: -0.1}
            for own, nxt, value in zip(given["tokens"], after, values, strict=True)
        ]
        return {**given, "token_logprobs": [None, *values[1:]], "top_logprobs": [None, *top[1:]]}

    return _changed(plain(ask), change)
