"""S1: servers that do not answer one of the prompts that are no question of a suite."""

from __future__ import annotations

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.wire import Ask, Plain, Reply, problem

ONE = "quick brown fox"
"""In one of the prompts that a server is asked first."""


def _is_one(ask: Ask) -> bool:
    return ONE in ask.prompt and not ask.is_question


@behaviour("S1", "OpenAI, moderation")
def first_flagged(ask: Ask, plain: Plain) -> Reply:
    """Refuses one of the first prompts by status 403."""
    return problem(403, "Input was flagged.") if _is_one(ask) else plain(ask)


@behaviour("S1", "gateways with an upstream that crashes")
def first_502(ask: Ask, plain: Plain) -> Reply:
    """Fails on one of the first prompts by status 502, whenever it is asked."""
    return problem(502, "upstream closed the connection") if _is_one(ask) else plain(ask)


@behaviour("S1")
def first_tool(ask: Ask, plain: Plain) -> Reply:
    """Calls a tool on one of the first prompts."""
    reply = plain(ask)
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return reply.said(None, "tool_calls", tool_calls=[call]) if _is_one(ask) else reply


@behaviour("S1")
def first_empty(ask: Ask, plain: Plain) -> Reply:
    """Gives null as the text of one of the first prompts."""
    return plain(ask).said(None, "stop") if _is_one(ask) else plain(ask)


@behaviour("S1", "OpenAI, content filtering")
def few_flagged(ask: Ask, plain: Plain) -> Reply:
    """Refuses all prompts by status 403 but one of the first and the questions of suites."""
    return plain(ask) if _is_one(ask) or ask.is_question else problem(403, "Input was flagged.")
