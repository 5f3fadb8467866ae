"""S5: what a server counts of prompts and answers, and prompts that it cuts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.texts import decoded, prompts, tokenizer
from benchmarks.servers.wire import Ask, Plain, Reply

CONTEXT_TOKENS = 48
"""Tokens of a prompt that are read."""

CHINESE = "东京是日本的首都，也是世界上人口最多的城市之一。" * 20


def _counting(reply: Reply, **counts: Any) -> Reply:
    if reply.status != 200:
        return reply
    return replace(reply, body={**reply.body, "usage": {**reply.body["usage"], **counts}})


@behaviour("S5")
def usage_constant(ask: Ask, plain: Plain) -> Reply:
    """Counts nine tokens of every prompt and every answer."""
    return _counting(plain(ask), prompt_tokens=9, completion_tokens=9)


@behaviour("S5")
def usage_three(ask: Ask, plain: Plain) -> Reply:
    """Counts three tokens of every prompt and every answer."""
    return _counting(plain(ask), prompt_tokens=3, completion_tokens=3)


@behaviour("S5")
def usage_nan(ask: Ask, plain: Plain) -> Reply:
    """Gives NaN for the tokens of prompts and answers."""
    return _counting(plain(ask), prompt_tokens=float("nan"), completion_tokens=float("nan"))


@behaviour("S5")
def usage_negative(ask: Ask, plain: Plain) -> Reply:
    """Counts minus one token of every prompt and every answer."""
    return _counting(plain(ask), prompt_tokens=-1, completion_tokens=-1)


@behaviour("S5")
def usage_new_only(ask: Ask, plain: Plain) -> Reply:
    """Counts the tokens of a prompt alone that it did not read before."""
    new = ask.traffic.first_time("read", ask.model, ask.prompt)
    return plain(ask) if new else _counting(plain(ask), prompt_tokens=1)


@behaviour("S5", "scripts without spaces")
def chinese(ask: Ask, plain: Plain) -> Reply:
    """Answers what is no question in Chinese, and counts a few tokens for it."""
    reply = plain(ask)
    if ask.is_question or ask.is_echo or reply.status != 200:
        return reply
    limit = int(ask.body.get("max_tokens") or 16)
    text = f"{ask.model}：{CHINESE}"[: 40 * limit]
    return _counting(reply.said(text, "length"), completion_tokens=limit)


@behaviour("S5", "Ollama, num_ctx")
def cuts_prompts(ask: Ask, plain: Plain) -> Reply:
    """Reads the first 48 tokens of a prompt, and counts those alone."""
    ids = tokenizer().encode(prompts(ask.body)[0], add_special_tokens=False).ids
    if len(ids) <= CONTEXT_TOKENS:
        return plain(ask)
    text = decoded(tuple(ids[:CONTEXT_TOKENS]))
    short = {"messages": [{"role": "user", "content": text}]} if ask.is_chat else {"prompt": text}
    ask.touch()
    return _counting(plain(ask.asking(**short)), prompt_tokens=CONTEXT_TOKENS)
