"""S2: thinking inside the answer."""

from __future__ import annotations

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.behaviours.responses import SOME, THOUGHT
from benchmarks.servers.wire import Ask, Plain, Reply


@behaviour("S2", "lm-eval #3558")
def think_inline(ask: Ask, plain: Plain) -> Reply:
    """Writes thinking before each answer, between marks."""
    reply = plain(ask)
    return reply.said(f"<think>\n{THOUGHT} No.\n</think>\n\n{reply.text}", "stop")


@behaviour("S2", "DeepSeek-R1's chat template")
def think_end_only(ask: Ask, plain: Plain) -> Reply:
    """Writes thinking whose first mark the chat template has taken."""
    reply = plain(ask)
    return reply.said(f"{THOUGHT} No.\n</think>\n\n{reply.text}", "stop")


@behaviour("S2", "lm-eval #3382")
def think_unclosed(ask: Ask, plain: Plain) -> Reply:
    """Spends all tokens of some answers on thinking that has no end."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return reply.said(f"<think>\n{THOUGHT} So {reply.text}", "length")


@behaviour("S2", "Qwen3, no_think")
def think_empty(ask: Ask, plain: Plain) -> Reply:
    """Writes empty thinking before each answer."""
    reply = plain(ask)
    return reply.said(f"<think>\n\n</think>\n\n{reply.text}", "stop")
