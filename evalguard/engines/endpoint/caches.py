"""Finds a server that computes a prompt for one model and reuses that for another.

Servers keep what they computed for prompts. Where that is found again by the prompt alone, and not
by the adapter, the answers of one model are a mixture of both
(https://github.com/ggml-org/llama.cpp/issues/26207). They are the same each time, so no repetition
shows it; but servers tell how much of a prompt they had.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from evalguard.errors import TrustError

CachedTokens = Callable[[Sequence[str]], list[int]]
"""Sends prompts to a model; returns how many tokens of each the server had already."""

_TEXT = "A traveller came to a small town by the sea and asked for the old bridge."

_SHORTEST = 8
"""Tokens that two prompts do not begin with by chance."""

_REPEATS = 4
"""Times that one prompt is sent to see whether a server keeps any: it may have replicas."""

_PROMPTS = 32
"""By hand: a server keeps what it last computed apart, for each request that it answers at a time;
only what had to make room is found by other models."""

_FEWEST = 4
"""Of these, how many must be found: a few may be sent twice on their way."""


def check_apart(base: CachedTokens, other: CachedTokens, where: str) -> None:
    """Check that a server answers for a model with what it computed for that model alone.

    Args:
        base: Asks the base.
        other: Asks the model.
        where: What the model is, for messages.

    Raises:
        TrustError: If it says that it does not.
    """
    if reused := takes_over(base, other) or takes_over(other, base):
        raise TrustError(
            f"{where}: the server reuses one model's prompt cache for another (it reports "
            f"{reused} cached tokens of a prompt that was only sent to the other): its answers "
            "belong to neither. Turn its prompt cache off (llama.cpp: '--cache-ram 0', or "
            "'extra_body: {cache_prompt: false}' for both), or serve each model from a "
            "separate server."
        )


def takes_over(one: CachedTokens, two: CachedTokens) -> int:
    """Return how many tokens of a prompt a model gets as they were computed for another.

    Args:
        one: The model that is asked first.
        two: The model that gets the same prompts, none of which it was asked before.

    Returns:
        The most of any prompt; 0 where the server keeps nothing, does not tell, or finds no more
        than what all prompts of a model share, as a template.
    """
    new = _new_prompt()
    if max(found for _ in range(_REPEATS) for found in two([new])) < _SHORTEST:
        return 0
    prompts = [_new_prompt() for _ in range(_PROMPTS)]
    one(prompts)
    # The last ones first: what was kept longest is the first to go.
    found = two(prompts[::-1])
    shared = max(two([_new_prompt(), _new_prompt()]))
    reused = [tokens for tokens in found if tokens - shared >= _SHORTEST]
    return max(reused) if len(reused) >= _FEWEST else 0


def _new_prompt() -> str:
    """Return a prompt that no model was ever asked, other from the first token."""
    return f"{secrets.token_hex(6)} {_TEXT}"
