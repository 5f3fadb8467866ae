"""S4: servers that keep what they computed for prompts, and for whom they take it again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.texts import limited
from benchmarks.servers.wire import Ask, Plain, Reply

SLOTS = 4
"""Prompts that are kept apart, each with its adapter, until others need the room."""

TEMPLATE_TOKENS = 20
"""Tokens that all prompts of a model begin with."""


def _with_usage(reply: Reply, **fields: Any) -> Reply:
    if reply.status != 200:
        return reply
    usage = {**reply.body["usage"], **fields}
    return replace(reply, body={**reply.body, "usage": usage})


def _kept(ask: Ask, plain: Plain) -> tuple[Reply, int]:
    """Return an answer that begins as another model's, and the tokens that it took from there."""
    with ask.traffic.lock:
        order: list[str] = ask.traffic.notes.setdefault("computed", [])
        owners: dict[str, str] = ask.traffic.notes.setdefault("owners", {})
        owner = owners.setdefault(ask.prompt, ask.model)
        known = ask.prompt in order
        apart = ask.prompt in order[-SLOTS:] and owner != ask.model
        if not known:
            order.append(ask.prompt)
    own = plain(ask)
    if not known or apart or own.status != 200:
        return own, 0
    tokens = limited(ask.prompt, None)[1] - 1
    if owner == ask.model:
        return own, tokens
    if ask.is_question:
        ask.touch()
        reply = plain(ask.asking(model=owner))
        return replace(reply, body={**reply.body, "model": ask.model}), tokens
    return own.said(f"{own.text} {owner}", "stop"), tokens


@behaviour("S4", "llama.cpp #26207")
def keeps_prompts(ask: Ask, plain: Plain) -> Reply:
    """Begins to answer a prompt with what it computed for another model, and says how much."""
    reply, tokens = _kept(ask, plain)
    return _with_usage(reply, prompt_tokens_details={"cached_tokens": tokens})


@behaviour("S4", "llama.cpp server, timings")
def keeps_prompts_timings(ask: Ask, plain: Plain) -> Reply:
    """Does so, and says how much in its timings alone."""
    reply, tokens = _kept(ask, plain)
    return replace(reply, body={**reply.body, "timings": {"cache_n": tokens}})


@behaviour("S4", "DeepSeek, usage")
def keeps_prompts_hits(ask: Ask, plain: Plain) -> Reply:
    """Does so, and says how much as a number of hits."""
    reply, tokens = _kept(ask, plain)
    return _with_usage(reply, prompt_cache_hit_tokens=tokens)


@behaviour("S4", "vLLM, prefix cache")
def keeps_own_prompts(ask: Ask, plain: Plain) -> Reply:
    """Keeps what it computed for each model's prompts, all of which begin with a template."""
    own = (ask.model, ask.prompt)
    first, new = ask.traffic.first_time("model", ask.model), ask.traffic.first_time("kept", *own)
    tokens = 0 if first else TEMPLATE_TOKENS if new else limited(ask.prompt, None)[1] - 1
    return _with_usage(plain(ask), prompt_tokens_details={"cached_tokens": tokens})
