"""Reads log-probabilities that a server echoes, and checks that they belong to what was sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalguard.engines.endpoint.requests import UnansweredError, plain

_FEWEST = 4
"""Log-probabilities that are never the same by chance."""

_FLOOR = -9000.0
"""Nats at and below which a log-probability stands for one that the server does not know: vLLM and
others write -9999 for minus infinity, which JSON does not have."""

_ROUNDING = 0.05
"""Share of a log-probability, or nats, by which it may be rounded in one of two places."""

_SLACK = 1e-3
"""Nats by which rounding may take a log-probability above 0."""

VALUE_TOKENS = 8
"""Tokens of a generated text whose log-probabilities are compared."""


def read_likelihood(
    choice: Mapping[str, Any],
    tokens: Sequence[int],
    start: int,
    text_of: Callable[[int], tuple[str, ...]],
) -> tuple[float, bool]:
    """Return the log-likelihood of the last tokens of a prompt, and whether each is the likeliest.

    The server lists every token that it was sent and, as most do, the one that it generated.

    Args:
        choice: The choice of a response to a request with ``echo``.
        tokens: What was sent.
        start: Position of the first token that counts; at least 1.
        text_of: Spellings of a token that a server may use.

    Raises:
        UnansweredError: If the log-probabilities are missing, of other tokens, or no numbers.
    """
    listed = choice.get("logprobs")
    values = listed.get("token_logprobs") if isinstance(listed, Mapping) else None
    if not isinstance(listed, Mapping) or not isinstance(values, list):
        raise UnansweredError(
            f"the server returns no prompt log-probabilities ('echo'): {plain(listed)}. Choose "
            "generation tasks, or a server that has them, such as vLLM"
        )
    if len(values) not in (len(tokens), len(tokens) + 1):
        raise UnansweredError(
            f"the server lists {len(values)} log-probabilities for the {len(tokens)} tokens that "
            f"it was sent: it adds or drops some, or lists only what it generated"
        )
    if isinstance(values[0], int | float) and values[0] != 0:
        raise UnansweredError(
            f"the server gives the first token a log-probability of {values[0]:g}, though nothing "
            f"predicts it: it added a token of its own"
        )
    _check_tokens(listed, choice, tokens, text_of)
    told = values[1 : len(tokens)]
    if len(told) >= _FEWEST and len(set(map(str, told))) == 1:
        raise UnansweredError(
            f"all log-probabilities of the prompt are {told[0]}, so they carry no information"
        )
    wanted = values[start : len(tokens)]
    if not all(_is_log_probability(value) for value in wanted):
        raise UnansweredError(
            f"not every log-probability is a number of at most 0: {plain(wanted)}"
        )
    top = listed.get("top_logprobs")
    if not isinstance(top, list) or len(top) != len(values):
        raise UnansweredError(
            "the server does not list the most likely token for each position (top_logprobs): "
            f"{plain(top)}"
        )
    named = listed["tokens"][start : len(tokens)]
    greedy = all(list(map(_is_likeliest, wanted, top[start : len(tokens)], named)))
    return float(sum(wanted)), greedy


def _check_tokens(
    listed: Mapping[str, Any],
    choice: Mapping[str, Any],
    tokens: Sequence[int],
    text_of: Callable[[int], tuple[str, ...]],
) -> None:
    """Check that the tokens beside the log-probabilities are those that were sent.

    Raises:
        UnansweredError: If one is another, or the server does not say which they are.
    """
    named = listed.get("tokens")
    if not isinstance(named, list) or len(named) < len(tokens):
        raise UnansweredError(
            f"the server does not list its tokens (logprobs: tokens): {plain(named)}"
        )
    for place, (said, token) in enumerate(zip(named, tokens, strict=False)):
        spellings = text_of(token)
        if not isinstance(said, str) or (said not in spellings and "\ufffd" not in said):
            if isinstance(said, str) and said.startswith("bytes:"):
                continue
            raise UnansweredError(
                f"token {place + 1} of the prompt is {said!r} on the server and {spellings[0]!r} "
                "here: the tokenizers differ. Set the right one with 'tokenizer'"
            )


def _is_log_probability(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # NaN has a message of its own.
    return number and not value <= _FLOOR and not value > _SLACK


def _is_likeliest(value: float, top: Any, token: str) -> bool:
    """Return whether a token is the likeliest one.

    Raises:
        UnansweredError: If the likeliest are missing, or give the token another log-probability.
    """
    if not isinstance(top, Mapping) or not top:
        raise UnansweredError(f"the likeliest token is missing (top_logprobs): {plain(top)}")
    if not all(isinstance(one, int | float) for one in top.values()):
        raise UnansweredError(f"not every log-probability is a number: {plain(top)}")
    best, own = max(top.values()), top.get(token, value)
    if not token or "\ufffd" in token:  # several tokens are written so
        own = value
    if not abs(own - value) <= _ROUNDING * max(1.0, abs(value)):
        raise UnansweredError(
            f"the server gives the token {token!r} a log-probability of {value:g}, and of "
            f"{own:g} among the likeliest (top_logprobs)"
        )
    return bool(max(own, value) >= best)


def generated_value(choice: Mapping[str, Any]) -> float | None:
    """Return the log-probability of the first tokens of a generated text, where it is told."""
    listed = choice.get("logprobs")
    if not isinstance(listed, Mapping):
        return None
    found = listed.get("token_logprobs")
    if isinstance(content := listed.get("content"), list):
        found = [one.get("logprob") if isinstance(one, Mapping) else None for one in content]
    if not isinstance(found, list) or not found:
        return None
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in found):
        return None
    return float(sum(found[:VALUE_TOKENS]))
