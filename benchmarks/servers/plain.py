"""A faultless server: does all that is asked of it, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.servers import rules
from benchmarks.servers.echo import echoed
from benchmarks.servers.texts import before_stop, limited, prompts
from benchmarks.servers.wire import Ask, Reply, problem

CONTEXT_TOKENS = 512


def answer_plainly(ask: Ask) -> Reply:
    """Answer a request."""
    if not ask.body:
        return _listed(ask)
    if not ask.path.partition("?")[0].endswith("/completions"):
        return Reply(status=404, body={"detail": "Not Found"})
    if ask.model not in rules.MODELS:
        return problem(404, f"The model `{ask.model}` does not exist.", code="model_not_found")
    if ask.is_echo:
        return _completed(ask, echoed(ask))
    return _completed(ask, list(_choices(ask)))


def _choices(ask: Ask) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each choice with its number of tokens."""
    body = ask.body
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    number = 0
    for prompt in prompts(body):
        for sample in range(int(body.get("n") or 1)):
            draw = None
            if body.get("temperature", 1.0) > 0:
                seed = body.get("seed")
                draw = (f"call {ask.number}" if seed is None else seed, sample)
            text = before_stop(rules.answer(ask.model, prompt, draw=draw), body.get("stop"))
            text, tokens, more = limited(text, limit)
            content: dict[str, Any] = {"text": text}
            if ask.is_chat:
                content = {"message": {"role": "assistant", "content": text}}
            values = _values_of(ask, prompt, tokens) if body.get("logprobs") else None
            yield (
                {
                    "index": number,
                    **content,
                    "logprobs": values,
                    "finish_reason": "length" if more else "stop",
                },
                tokens,
            )
            number += 1


def _values_of(ask: Ask, prompt: str, tokens: int) -> dict[str, Any]:
    """Return log-probabilities of an answer; those of no two models are the same."""
    values = [-0.01 - rules.share("said", ask.model, prompt, place) for place in range(tokens)]
    if not ask.is_chat:
        return {"token_logprobs": values}
    return {"content": [{"token": "", "logprob": value} for value in values]}


def _completed(ask: Ask, choices: list[tuple[dict[str, Any], int]]) -> Reply:
    asked = sum(limited(prompt, None)[1] for prompt in prompts(ask.body))
    tokens = sum(tokens for _, tokens in choices)
    kind = "chat.completion" if ask.is_chat else "text_completion"
    return Reply(
        body={
            "id": f"cmpl-{ask.number}",
            "object": kind,
            "created": 1_764_000_000,
            "model": ask.model,
            "choices": [choice for choice, _ in choices],
            "usage": {
                "prompt_tokens": asked,
                "completion_tokens": tokens,
                "total_tokens": asked + tokens,
            },
        }
    )


def _listed(ask: Ask) -> Reply:
    if not ask.path.endswith("/models"):
        return Reply(status=404, body={"detail": "Not Found"})
    entries = [
        {"id": name, "object": "model", "max_model_len": CONTEXT_TOKENS} for name in rules.MODELS
    ]
    return Reply(body={"object": "list", "data": entries})
