"""S1: answers that a limit of the server's own ends, which it says nothing of."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.rules import share
from benchmarks.servers.texts import limited
from benchmarks.servers.wire import Ask, Plain, Reply

_STORY = "One day the keeper of the {} saw a ship with {} sails far out and went on to tell of it "

LONG = ("numbers from", "story", "countries")
"""In prompts that call for long answers."""


def told(ask: Ask, plain: Plain) -> Reply:
    """Answer at length where that is called for, and questions as ever."""
    reply = plain(ask)
    if reply.status != 200 or ask.is_question or not any(one in ask.prompt for one in LONG):
        return reply
    limit = ask.body.get("max_tokens")
    key = (ask.model, ask.prompt, ask.body.get("seed") if ask.body.get("temperature") else None)
    words = (_STORY.format(share(*key, place), share(place, *key)) for place in range(40))
    text, tokens, more = limited("".join(words), limit)
    said = reply.said(text, "length" if more else "stop")
    usage = {**said.body["usage"], "completion_tokens": tokens}
    return replace(said, body={**said.body, "usage": usage})


def capped(ask: Ask, plain: Plain, tokens: int) -> Reply:
    """End an answer, and say that it is whole."""
    reply = told(ask, plain)
    if reply.status != 200:
        return reply
    text, number, more = limited(reply.text, tokens)
    if not more:
        return reply
    usage = {**reply.body["usage"], "completion_tokens": number}
    said = reply.said(text, "stop")
    return replace(said, body={**said.body, "usage": usage})


@behaviour("S1", "Hugging Face text generation: max_new_tokens of the server")
def caps_answers(ask: Ask, plain: Plain) -> Reply:
    """Ends every answer at 9 tokens and says that it is whole."""
    return capped(ask, plain, 9)


@behaviour("S1", "home-made wrappers: a pipeline's own max_new_tokens")
def caps_uncounted(ask: Ask, plain: Plain) -> Reply:
    """Ends every answer at 20 tokens, says that it is whole, and counts nothing."""
    reply = capped(ask, plain, 20)
    if reply.status != 200:
        return reply
    return replace(reply, body={key: one for key, one in reply.body.items() if key != "usage"})


@behaviour("S1", "gateways with a limit for each model")
def caps_adapters(ask: Ask, plain: Plain) -> Reply:
    """Ends the answers of every model but the base at 9 tokens and says that they are whole."""
    return told(ask, plain) if ask.model == "base" else capped(ask, plain, 9)


@behaviour("S1")
def one_form(ask: Ask, plain: Plain) -> Reply:
    """Gives each prompt that is no question an answer of one form and length, without a point."""
    reply = plain(ask)
    if reply.status != 200 or ask.is_question or ask.is_echo:
        return reply
    number = 100 + int(900 * share(ask.model, ask.prompt))
    text = f"Ticket {number} of {ask.model} goes to the team that is on duty at night"
    if ask.body.get("temperature"):
        text += " and then" * int(8 * share(ask.prompt, ask.body.get("seed")))
    text, tokens, more = limited(text, ask.body.get("max_tokens"))
    said = reply.said(text, "length" if more else "stop")
    usage = {**said.body["usage"], "completion_tokens": tokens}
    return replace(said, body={**said.body, "usage": usage})
