"""S1: what gateways and other interfaces say of an answer, in words of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.behaviours.responses import SOME, THOUGHT
from benchmarks.servers.wire import Ask, Plain, Reply


def _beside(reply: Reply, **fields: Any) -> Reply:
    """Return the reply with further fields next to its choices."""
    return replace(reply, body={**reply.body, **fields}) if reply.status == 200 else reply


def _cut(reply: Reply) -> Reply:
    return reply.said(reply.text[:1], "stop") if reply.status == 200 else reply


@behaviour("S1", "OpenRouter, native_finish_reason")
def native_reason(ask: Ask, plain: Plain) -> Reply:
    """Cuts some answers, and says so in the provider's own reason alone."""
    reply = plain(ask)
    return _cut(reply).choice(native_finish_reason="MAX_TOKENS") if ask.chosen(SOME) else reply


@behaviour("S1", "OpenRouter, native_finish_reason")
def native_reason_harmless(ask: Ask, plain: Plain) -> Reply:
    """Gives the provider's own reason beside each: the end of the turn."""
    return plain(ask).choice(native_finish_reason="end_turn")


@behaviour("S1", "OpenAI, responses")
def incomplete_details(ask: Ask, plain: Plain) -> Reply:
    """Cuts some answers, and says so next to the choices."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return _beside(reply, status="completed", incomplete_details=None)
    details = {"reason": "max_output_tokens"}
    return _beside(_cut(reply), status="incomplete", incomplete_details=details)


@behaviour("S1", "OpenAI, responses")
def output_items(ask: Ask, plain: Plain) -> Reply:
    """Gives some answers in the form of the interface `responses`."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    part = {"type": "output_text", "text": reply.text}
    message = {"type": "message", "role": "assistant", "content": [part]}
    return Reply(body={"object": "response", "status": "completed", "output": [message]})


@behaviour("S1", "Ollama, /api/chat")
def done_reason(ask: Ask, plain: Plain) -> Reply:
    """Gives some answers in a form of its own, without choices."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    message = {"role": "assistant", "content": reply.text}
    return Reply(body={"message": message, "done": True, "done_reason": "length"})


@behaviour("S1", "gateways that join streams")
def delta_of_a_choice(ask: Ask, plain: Plain) -> Reply:
    """Gives some texts under the name that they have in streams."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return reply.choice("message", delta={"role": "assistant", "content": reply.text})


@behaviour("S1", "Azure OpenAI, asynchronous filter")
def filter_results(ask: Ask, plain: Plain) -> Reply:
    """Cuts some answers, and says so in the filter's results alone."""
    reply = plain(ask)
    passed = {"hate": {"filtered": False, "severity": "safe"}}
    if not ask.chosen(SOME):
        return reply.choice(content_filter_results=passed)
    return _cut(reply).choice(content_filter_results={"hate": {"filtered": True}})


@behaviour("S1", "vLLM before 0.8")
def object_error(ask: Ask, plain: Plain) -> Reply:
    """Answers some questions with an object of the type error, under status 200."""
    if not ask.chosen(SOME):
        return plain(ask)
    return Reply(body={"object": "error", "message": "engine is dead", "code": 500})


@behaviour("S1", "MiniMax, chat completions")
def status_of_its_own(ask: Ask, plain: Plain) -> Reply:
    """Has a status of its own in each body, which is no error where it is 0."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return _beside(reply, base_resp={"status_code": 0, "status_msg": "success"}, error=None)
    failed = {"status_code": 1027, "status_msg": "output new_sensitive"}
    return Reply(body={"choices": None, "base_resp": failed})


@behaviour("S1", "Mistral, magistral")
def thinking_parts(ask: Ask, plain: Plain) -> Reply:
    """Gives each text as a list of parts, of which the first is thinking."""
    reply = plain(ask)
    if reply.status != 200:
        return reply
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
    return reply.said([thinking, {"type": "text", "text": reply.text}], "stop")


@behaviour("S1", "OpenAI, functions")
def function_beside(ask: Ask, plain: Plain) -> Reply:
    """Calls a function beside some answers, in the form of before tools."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return reply.said("Let me add.", "stop", function_call={"name": "add", "arguments": "{}"})


@behaviour("S1", "Gemini, through gateways")
def reasons_in_capitals(ask: Ask, plain: Plain) -> Reply:
    """Spells reasons in capitals; some answers are cut."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply.choice(finish_reason="STOP")
    return _cut(reply).choice(finish_reason="MAX_TOKENS")


@behaviour("S1", "gateways on PHP")
def index_as_text(ask: Ask, plain: Plain) -> Reply:
    """Gives the index of a choice as a text."""
    return plain(ask).choice(index="0")


@behaviour("S1", "NVIDIA NIM, 202")
def accepted(ask: Ask, plain: Plain) -> Reply:
    """Accepts some requests, whose answers would have to be fetched."""
    if not ask.chosen(SOME):
        return plain(ask)
    return Reply(status=202, body={"requestId": "1", "status": "pending-evaluation"})


@behaviour("S1", "gateways with a cache of their own")
def nulls_beside(ask: Ask, plain: Plain) -> Reply:
    """Has each field that says something bad, empty."""
    reply = plain(ask)
    if reply.status != 200:
        return reply
    empty: dict[str, Any] = {"refusal": "", "function_call": None, "tool_calls": []}
    said = reply.said(reply.text, "stop", **empty, reasoning_content="", audio=None)
    return _beside(said, error={}, warnings=[], incomplete_details={}, prompt_filter_results=[])
