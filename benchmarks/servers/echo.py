"""Log-probabilities of prompts, in the form of OpenAI's completions with ``echo``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.servers.rules import last_is_likely, share
from benchmarks.servers.texts import decoded, tokenizer
from benchmarks.servers.wire import Ask

GENERATED = (".", -0.7)
"""Token, and its log-probability, that follows every prompt that is repeated."""

_LIKELY, _UNLIKELY = -0.1, -2.4


def echoed(ask: Ask) -> list[tuple[dict[str, Any], int]]:
    """Return the choices of a request with ``echo``, each with the tokens that it generated."""
    generated = ask.body.get("max_tokens", 1) != 0
    wants = ask.body.get("logprobs")
    choices = []
    for index, ids in enumerate(_rows(ask.body.get("prompt", ""))):
        text = decoded(tuple(ids))
        logprobs = logprobs_of(ask.model, ids, generated=generated) if wants is not None else None
        choices.append(
            (
                {
                    "index": index,
                    "text": text + (GENERATED[0] if generated else ""),
                    "logprobs": logprobs,
                    "finish_reason": "length",
                },
                int(generated),
            )
        )
    return choices


def logprobs_of(model: str, ids: Sequence[int], *, generated: bool = True) -> dict[str, Any]:
    """Return what a completion says of the tokens of a prompt.

    The first token has no log-probability, since nothing comes before it.
    """
    values = _values(model, ids)
    tokens = [decoded((token,)) for token in ids]
    offsets = [len(decoded(tuple(ids[:place]))) for place in range(len(ids))]
    top = [
        None if value is None else {token: value}
        for token, value in zip(tokens, values, strict=True)
    ]
    if generated:
        offsets.append(len(decoded(tuple(ids))))
        tokens.append(GENERATED[0])
        values.append(GENERATED[1])
        top.append({GENERATED[0]: GENERATED[1]})
    return {
        "tokens": tokens,
        "token_logprobs": values,
        "top_logprobs": top,
        "text_offset": offsets,
    }


def _values(model: str, ids: Sequence[int]) -> list[float | None]:
    own = 0.0 if model == "base" else 0.05 * (1 + share(model))
    values: list[float | None] = [None]
    values += [
        -0.05 - own - 3 * share("lp", place, *ids[max(0, place - 2) : place + 1])
        for place in range(1, len(ids))
    ]
    likely = last_is_likely(model, decoded(tuple(ids)))
    if likely is not None and len(values) > 1:
        values[-1] = (_LIKELY if likely else _UNLIKELY) - own - 0.01 * share("last", *ids)
    return values[: len(ids)]


def _rows(prompt: Any) -> list[list[int]]:
    if isinstance(prompt, str):
        return [list(tokenizer().encode(prompt, add_special_tokens=False).ids)]
    if prompt and isinstance(prompt[0], int):
        return [list(prompt)]
    return [row for one in prompt for row in ([one] if not isinstance(one, str) else _rows(one))]
