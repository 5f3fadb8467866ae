"""S1: responses that say beside their text, or instead of it, what became of the answer."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.servers import rules
from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.wire import Ask, Plain, Reply, problem

SOME = 0.3
"""Share of the questions that these behaviours are for."""

_CALLS = [
    {
        "id": "call_1",
        "type": "function",
        "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'},
    }
]

THOUGHT = "Okay, the user asks for a sum. It could be 999. Let me think."


@behaviour("S1", "deepeval #929")
def filter_empty(ask: Ask, plain: Plain) -> Reply:
    """Filters some answers and leaves an empty text."""
    reply = plain(ask)
    return reply.said("", "content_filter") if ask.chosen(SOME) else reply


@behaviour("S1", "Azure OpenAI, content filtering")
def filter_partial(ask: Ask, plain: Plain) -> Reply:
    """Filters some answers after their first words."""
    reply = plain(ask)
    return reply.said("The answer is", "content_filter") if ask.chosen(SOME) else reply


@behaviour("S1", "Azure OpenAI, content filtering")
def filter_prompt(ask: Ask, plain: Plain) -> Reply:
    """Refuses some prompts by status 400, for what they hold."""
    if not ask.chosen(SOME):
        return plain(ask)
    message = "The response was filtered due to the prompt triggering our content policy."
    return problem(400, message, code="content_filter", param="prompt")


@behaviour("S1", "promptfoo #10954")
def content_null(ask: Ask, plain: Plain) -> Reply:
    """Gives null as the text of some answers."""
    reply = plain(ask)
    return reply.said(None, "stop") if ask.chosen(SOME) else reply


@behaviour("S1", "OpenAI, structured outputs")
def refusal_field(ask: Ask, plain: Plain) -> Reply:
    """Puts refusals into a separate field, beside a null text."""
    reply = plain(ask)
    if reply.status == 200 and reply.text == rules.REFUSAL:
        ask.touch()
        return reply.said(None, "stop", refusal=rules.REFUSAL)
    return reply


@behaviour("S1", "ollama #15288")
def reasoning_only(ask: Ask, plain: Plain) -> Reply:
    """Spends all tokens of some answers on reasoning, which has a separate field."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return reply.said("", "length", reasoning=THOUGHT, reasoning_content=THOUGHT)


@behaviour("S1", "vLLM, reasoning outputs")
def reasoning_beside(ask: Ask, plain: Plain) -> Reply:
    """Gives reasoning in a field beside every answer."""
    reply = plain(ask)
    return reply.said(reply.text, "stop", reasoning_content=THOUGHT)


@behaviour("S1", "inspect_ai #2389")
def tool_calls(ask: Ask, plain: Plain) -> Reply:
    """Calls a tool in place of some answers."""
    reply = plain(ask)
    return reply.said(None, "tool_calls", tool_calls=_CALLS) if ask.chosen(SOME) else reply


@behaviour("S1", "vLLM, parsers of tool calls")
def tool_beside(ask: Ask, plain: Plain) -> Reply:
    """Calls a tool beside some answers, which are whole or its first words."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    text = reply.text if ask.chosen(SOME / 2) else "Let me add these."
    return reply.said(text, "stop", tool_calls=_CALLS)


@behaviour("S1", "OpenRouter, errors")
def error_200(ask: Ask, plain: Plain) -> Reply:
    """Answers some questions with an error under status 200."""
    if not ask.chosen(SOME):
        return plain(ask)
    return Reply(body={"error": {"message": "Provider returned error", "code": 502}})


@behaviour("S1", "OpenRouter, errors")
def error_beside_text(ask: Ask, plain: Plain) -> Reply:
    """Breaks some answers off, and puts the error next to the choices."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    broken = reply.said("The", None)
    return replace(broken, body={**broken.body, "error": {"message": "upstream died"}})


@behaviour("S1", "OpenRouter, errors")
def error_choice(ask: Ask, plain: Plain) -> Reply:
    """Breaks some answers off and says so by an error inside the choice."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    error = {"code": 502, "message": "Upstream idle timeout exceeded"}
    return reply.said("The", "error").choice(error=error)


@behaviour("S1", "inspect_ai #1534")
def own_limit(ask: Ask, plain: Plain) -> Reply:
    """Ends some answers after one character, by a limit of the server's own."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    usage = {**reply.body["usage"], "completion_tokens": 1}
    cut = reply.said(reply.text[:1], "length")
    return replace(cut, body={**cut.body, "usage": usage})


@behaviour("S1", "OpenAI, chat completions")
def asked_limit(ask: Ask, plain: Plain) -> Reply:
    """Ends answers at the length that was asked for, as every server does."""
    return plain(ask)


@behaviour("S1", "llama.cpp server")
def finish_null(ask: Ask, plain: Plain) -> Reply:
    """Gives no reason for the end of an answer."""
    return plain(ask).choice(finish_reason=None)


@behaviour("S1", "text-generation-inference")
def finish_eos(ask: Ask, plain: Plain) -> Reply:
    """Calls the end of an answer `eos_token`."""
    return plain(ask).choice(finish_reason="eos_token")


@behaviour("S1", "SGLang, vLLM")
def finish_abort(ask: Ask, plain: Plain) -> Reply:
    """Aborts some answers after their first character."""
    reply = plain(ask)
    return reply.said(reply.text[:1], "abort") if ask.chosen(SOME) else reply


@behaviour("S1", "DeepSeek, chat completions")
def finish_other(ask: Ask, plain: Plain) -> Reply:
    """Breaks some answers off for a reason that OpenAI does not have."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return reply.said(reply.text[:1], "insufficient_system_resource")


@behaviour("S1", "llama.cpp #10056")
def usage_missing(ask: Ask, plain: Plain) -> Reply:
    """Counts no tokens."""
    reply = plain(ask)
    return replace(reply, body={k: v for k, v in reply.body.items() if k != "usage"})
