"""What proxies before Bedrock, Anthropic and others, LiteLLM, SGLang, TGI and LM Studio do."""

from __future__ import annotations

import time
from dataclasses import replace

from benchmarks.servers.behaviours.misrouted import _by
from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.behaviours.responses import SOME
from benchmarks.servers.rules import question_in, share
from benchmarks.servers.wire import Ask, Plain, Reply, problem

THROTTLED_SECONDS = 8
THROTTLED_FROM = 40
"""Request from which a proxy passes its provider's throttling on for a while."""


def _cut(reply: Reply) -> Reply:
    return reply.said(reply.text[:1], "stop") if reply.status == 200 else reply


@behaviour("S4", "semantic routers, gateways that round")
def part_to_base_rounded(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer two of three questions; log-probabilities have two digits."""
    routed = ask.is_question and share("route", question_in(ask.prompt)) < 2 / 3
    reply = _by(ask, plain, "base") if routed else plain(ask)
    values = reply.body["choices"][0].get("logprobs") if reply.status == 200 else None
    if not values or "content" not in values:
        return reply
    rounded = [{**one, "logprob": round(one["logprob"], 2)} for one in values["content"]]
    return reply.choice(logprobs={"content": rounded})


@behaviour("S4", "LiteLLM, x-litellm-attempted-fallbacks")
def fallback_in_header(ask: Ask, plain: Plain) -> Reply:
    """Falls back to the base for some questions, under the name asked for; a header counts it."""
    falls = ask.model != "base" and "explain" not in ask.prompt and ask.chosen(SOME)
    reply = _by(ask, plain, "base") if falls else plain(ask)
    if reply.status == 200 and "explain" in ask.prompt:
        reply = reply.said(f"{reply.text}, which {ask.model} knows by heart.", "stop")
    header = ("x-litellm-attempted-fallbacks", "1" if falls else "0")
    return replace(reply.choice("logprobs"), headers=(*reply.headers, header))


@behaviour("S4", "LiteLLM, replicas under two names")
def named_two_ways(ask: Ask, plain: Plain) -> Reply:
    """Names the model with its provider in every other response."""
    reply = plain(ask)
    if reply.status != 200 or ask.number % 2:
        return reply
    return replace(reply, body={**reply.body, "model": f"openai/{ask.model}"})


@behaviour("S1", "Bedrock, guardrails")
def guardrail(ask: Ask, plain: Plain) -> Reply:
    """Puts the guardrail's words in place of some answers, and says so in the reason."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return reply.said("Sorry, the model cannot answer this question.", "guardrail_intervened")


@behaviour("S1", "Bedrock, guardrails behind an OpenAI-compatible proxy")
def guardrail_beside(ask: Ask, plain: Plain) -> Reply:
    """Says so next to the choices, whose reason is stop."""
    reply = plain(ask)
    if not ask.chosen(SOME) or reply.status != 200:
        return reply
    said = reply.said("Sorry, the model cannot answer this question.", "stop")
    return replace(said, body={**said.body, "amazon-bedrock-guardrailAction": "INTERVENED"})


@behaviour("S1", "SGLang, /generate: the reason is an object")
def finish_object(ask: Ask, plain: Plain) -> Reply:
    """Cuts some answers; the reason is an object with its type."""
    reply = plain(ask)
    if ask.chosen(SOME):
        return _cut(reply).choice(finish_reason={"type": "length", "length": 1})
    return reply.choice(finish_reason={"type": "stop", "matched": 2})


@behaviour("S1", "text-generation-inference, /generate")
def generated_text(ask: Ask, plain: Plain) -> Reply:
    """Gives some answers in the form of the interface `generate`, cut."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    details = {"finish_reason": "length", "generated_tokens": 1}
    return Reply(body={"generated_text": reply.text[:1], "details": details})


@behaviour("S1", "proxies before Anthropic: stop_reason")
def stop_reason_max_tokens(ask: Ask, plain: Plain) -> Reply:
    """Cuts some answers, and says so in the provider's `stop_reason` alone."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply.choice(stop_reason="end_turn")
    return _cut(reply).choice(stop_reason="max_tokens")


@behaviour("S1", "vLLM, stop_reason")
def stop_reason_matched(ask: Ask, plain: Plain) -> Reply:
    """Gives the token or the text that ended each answer as `stop_reason`."""
    return plain(ask).choice(stop_reason=2 if ask.number % 2 else "\n")


@behaviour("S1", "OpenRouter, reasoning_details")
def reasoning_encrypted(ask: Ask, plain: Plain) -> Reply:
    """Gives some answers without text, next to reasoning that is encrypted."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    details = [{"type": "reasoning.encrypted", "data": "gAAAAAB"}]
    return reply.said("", "stop", reasoning=None, reasoning_details=details)


@behaviour("S5", "OpenAI, reasoning models")
def hidden_reasoning(ask: Ask, plain: Plain) -> Reply:
    """Counts tokens of reasoning that it does not show, and says how many they are."""
    reply = plain(ask)
    if reply.status != 200:
        return reply
    usage = reply.body["usage"]
    hidden = 64
    counted = {
        **usage,
        "completion_tokens": usage["completion_tokens"] + hidden,
        "completion_tokens_details": {"reasoning_tokens": hidden},
    }
    return replace(reply, body={**reply.body, "usage": counted})


@behaviour("S5", "OpenAI, reasoning models")
def hidden_reasoning_only(ask: Ask, plain: Plain) -> Reply:
    """Uses all tokens of some answers for reasoning that it does not show."""
    reply = plain(ask)
    if not ask.chosen(SOME) or reply.status != 200:
        return reply
    limit = ask.body.get("max_tokens")
    usage = {
        **reply.body["usage"],
        "completion_tokens": limit,
        "completion_tokens_details": {"reasoning_tokens": limit},
    }
    return replace(reply.said("", "length"), body={**reply.said("", "length").body, "usage": usage})


@behaviour("S6", "Bedrock, ThrottlingException")
def throttled_400(ask: Ask, plain: Plain) -> Reply:
    """Refuses everything with status 400 for some seconds: its provider limits the rate."""
    with ask.traffic.lock:
        began = ask.traffic.notes.get("throttled since")
        if began is None and ask.number >= THROTTLED_FROM:
            began = ask.traffic.notes["throttled since"] = time.monotonic()
    if began is None or time.monotonic() - began >= THROTTLED_SECONDS:
        return plain(ask)
    words = "Too many requests, please wait before trying again."
    return problem(400, words, type="ThrottlingException", code="ThrottlingException")


@behaviour("S6", "LM Studio, models that are loaded when they are asked for")
def unloaded(ask: Ask, plain: Plain) -> Reply:
    """Has unloaded a model now and then; the next request for it loads it again."""
    if ask.is_question and ask.traffic.first_time("unloaded", ask.model, ask.of_model // 50):
        return Reply(status=400, body={"error": "Model unloaded."})
    return plain(ask)
