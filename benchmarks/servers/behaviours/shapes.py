"""S1: responses of another form."""

from __future__ import annotations

import json
from dataclasses import replace

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.behaviours.responses import SOME
from benchmarks.servers.wire import Ask, Plain, Reply

PAGE = "<html><head><title>Sign in to the gateway</title></head><body>Session expired</body></html>"


@behaviour("S1", "Mistral, magistral")
def content_parts(ask: Ask, plain: Plain) -> Reply:
    """Gives some texts as a list of parts."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return reply.said([{"type": "text", "text": reply.text}], "stop")


@behaviour("S1", "promptfoo #10954")
def content_dict(ask: Ask, plain: Plain) -> Reply:
    """Gives some texts as an object."""
    reply = plain(ask)
    return reply.said({"text": reply.text}, "stop") if ask.chosen(SOME) else reply


@behaviour("S1")
def content_number(ask: Ask, plain: Plain) -> Reply:
    """Gives some texts as a number."""
    reply = plain(ask)
    if not ask.chosen(SOME) or not reply.text.isdigit():
        return reply
    return reply.said(int(reply.text), "stop")


@behaviour("S1", "lm-eval #3215")
def choices_empty(ask: Ask, plain: Plain) -> Reply:
    """Gives no choices for some questions."""
    reply = plain(ask)
    return replace(reply, body={**reply.body, "choices": []}) if ask.chosen(SOME) else reply


@behaviour("S1", "lm-eval #3215")
def choices_missing(ask: Ask, plain: Plain) -> Reply:
    """Leaves the choices out for some questions."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return Reply(body={"id": "x", "status": "queued"})


@behaviour("S1")
def choices_dict(ask: Ask, plain: Plain) -> Reply:
    """Gives the one choice itself in place of the list, for some questions."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    return replace(reply, body={**reply.body, "choices": reply.body["choices"][0]})


@behaviour("S1")
def message_missing(ask: Ask, plain: Plain) -> Reply:
    """Leaves message and text out of some choices."""
    reply = plain(ask)
    return reply.choice("message", "text") if ask.chosen(SOME) else reply


@behaviour("S1")
def text_misplaced(ask: Ask, plain: Plain) -> Reply:
    """Puts some texts where the other interface has them."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    if ask.is_chat:
        return reply.choice("message", text=reply.text)
    return reply.choice("text", message={"role": "assistant", "content": reply.text})


@behaviour("S1")
def two_choices(ask: Ask, plain: Plain) -> Reply:
    """Gives a second choice that nobody asked for, and gives it first."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    first = reply.body["choices"][0]
    other = reply.said("999", "stop").body["choices"][0]
    return replace(reply, body={**reply.body, "choices": [{**other, "index": 1}, first]})


@behaviour("S1", "OpenAI, completions: `index`")
def order_reversed(ask: Ask, plain: Plain) -> Reply:
    """Gives the choices of a batch in another order, each with its index."""
    reply = plain(ask)
    if reply.status != 200:
        return reply
    return replace(reply, body={**reply.body, "choices": reply.body["choices"][::-1]})


@behaviour("S1")
def body_list(ask: Ask, plain: Plain) -> Reply:
    """Puts some bodies into a list."""
    reply = plain(ask)
    return replace(reply, body=[reply.body]) if ask.chosen(SOME) else reply


@behaviour("S1")
def body_text(ask: Ask, plain: Plain) -> Reply:
    """Encodes some bodies twice."""
    reply = plain(ask)
    return replace(reply, body=json.dumps(reply.body)) if ask.chosen(SOME) else reply


@behaviour("S1", "gateways with a sign-in page")
def body_html(ask: Ask, plain: Plain) -> Reply:
    """Answers some questions by a page under status 200."""
    if not ask.chosen(SOME):
        return plain(ask)
    return Reply(raw=PAGE.encode(), content_type="text/html; charset=utf-8")


@behaviour("S1")
def body_empty(ask: Ask, plain: Plain) -> Reply:
    """Answers some questions by an empty body under status 200."""
    return Reply(raw=b"") if ask.chosen(SOME) else plain(ask)


@behaviour("S1", "gateways that stream without being asked to")
def body_stream(ask: Ask, plain: Plain) -> Reply:
    """Streams some answers although nobody asked for it."""
    reply = plain(ask)
    if not ask.chosen(SOME):
        return reply
    piece = {"index": 0, "delta": {"content": reply.text}, "finish_reason": None}
    chunk = {"object": "chat.completion.chunk", "choices": [piece]}
    raw = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
    return Reply(raw=raw, content_type="text/event-stream")
