"""S1: bodies that are not what they say, and texts with more in them than an answer."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.behaviours.responses import SOME
from benchmarks.servers.wire import Ask, Plain, Reply

COMMENT = b": OPENROUTER PROCESSING\n\n"
NEXT_TURN = "<|im_end|>\n<|im_start|>user\nWhat is 1 plus 1?"


def _encoded(reply: Reply, raw: bytes) -> Reply:
    return replace(reply, raw=raw, headers=(*reply.headers, ("Content-Encoding", "gzip")))


def _said_wrong(reply: Reply) -> dict[str, Any]:
    """Return a choice as in a reply, with a wrong answer."""
    return dict(reply.said("999", "stop").body["choices"][0])


@behaviour("S1", "gateways on .NET")
def body_bom(ask: Ask, plain: Plain) -> Reply:
    """Begins each body with a byte order mark."""
    reply = plain(ask)
    return replace(reply, raw=b"\xef\xbb\xbf" + reply.content)


@behaviour("S1", "OpenRouter, comments in streams")
def body_comments(ask: Ask, plain: Plain) -> Reply:
    """Sends comments before each body, to keep the connection open."""
    reply = plain(ask)
    return replace(reply, raw=2 * COMMENT + reply.content)


@behaviour("S1")
def body_gzip(ask: Ask, plain: Plain) -> Reply:
    """Compresses each body."""
    reply = plain(ask)
    return _encoded(reply, gzip.compress(reply.content))


@behaviour("S1")
def body_mislabelled(ask: Ask, plain: Plain) -> Reply:
    """Says of some bodies that they are compressed, which they are not."""
    reply = plain(ask)
    return _encoded(reply, reply.content) if ask.chosen(SOME) else reply


@behaviour("S1")
def body_trailing_comma(ask: Ask, plain: Plain) -> Reply:
    """Leaves a comma before the last bracket of some bodies."""
    reply = plain(ask)
    return replace(reply, raw=reply.content[:-1] + b",}") if ask.chosen(SOME) else reply


@behaviour("S1", "Ollama, streams of JSON lines")
def body_two(ask: Ask, plain: Plain) -> Reply:
    """Sends two documents for some questions, of which the second is wrong."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return replace(reply, raw=reply.content + b"\n" + reply.said("999", "stop").content)


@behaviour("S1")
def keys_twice(ask: Ask, plain: Plain) -> Reply:
    """Gives the choices of some answers twice, the wrong ones last."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    again = json.dumps({"choices": [_said_wrong(reply)]}).encode()
    return replace(reply, raw=reply.content[:-1] + b", " + again[1:])


@behaviour("S1", "HTTP/1.0 servers")
def body_to_the_end(ask: Ask, plain: Plain) -> Reply:
    """Does not say how long a body is, and closes the connection after it."""
    return replace(plain(ask), close=True)


@behaviour("S1")
def usage_text(ask: Ask, plain: Plain) -> Reply:
    """Counts tokens in texts."""
    reply = plain(ask)
    if reply.status != 200:
        return reply
    usage = {name: str(count) for name, count in reply.body["usage"].items()}
    return replace(reply, body={**reply.body, "usage": usage})


@behaviour("S1")
def twins(ask: Ask, plain: Plain) -> Reply:
    """Gives two choices for some questions, both as the first; the second is wrong."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    both = [*reply.body["choices"], _said_wrong(reply)]
    return replace(reply, body={**reply.body, "choices": both})


@behaviour("S1", "Gemini")
def role_model(ask: Ask, plain: Plain) -> Reply:
    """Calls itself `model` in place of `assistant`."""
    reply = plain(ask)
    return reply.said(reply.text, "stop", role="model") if reply.status == 200 else reply


@behaviour("S1", "SGLang, /generate")
def token_ids(ask: Ask, plain: Plain) -> Reply:
    """Gives some texts as ids of their tokens."""
    reply = plain(ask)
    return reply.said([20, 18], "stop") if ask.chosen(SOME) else reply


@behaviour("S1", "llama.cpp #9606")
def end_token(ask: Ask, plain: Plain) -> Reply:
    """Does not know what ends a turn: leaves it in each text, with the next turn."""
    reply = plain(ask)
    if reply.status != 200 or not ask.is_question:
        return reply
    return reply.said(reply.text + NEXT_TURN, "stop")


@behaviour("S1", "text-generation-inference, return_full_text")
def repeats_prompt(ask: Ask, plain: Plain) -> Reply:
    """Begins each text with the prompt."""
    reply = plain(ask)
    return reply.said(f"{ask.prompt} {reply.text}", "stop") if reply.status == 200 else reply
