"""S1: servers that stream."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.behaviours.responses import SOME
from benchmarks.servers.wire import Ask, Plain, Reply, problem

DONE = b"data: [DONE]\n\n"


def _events(reply: Reply, *, whole: bool) -> bytes:
    """Return a reply as events of three characters each; not whole, with the text so far."""
    first = reply.body["choices"][0]
    key = "delta" if "message" in first else "text"
    text, size = reply.text, 3
    ends = range(size, len(text) + size, size)
    pieces = [text[0 if whole else end - size : end] for end in ends]
    found: list[dict[str, Any]] = []
    for piece in [*pieces, ""]:
        said: Any = {"content": piece} if key == "delta" else piece
        reason = None if piece else first["finish_reason"]
        values = None if found else first["logprobs"]
        choice = {"index": 0, key: said, "finish_reason": reason, "logprobs": values}
        found.append({"model": reply.body["model"], "choices": [choice]})
    found.append({"choices": [], "usage": reply.body["usage"]})
    return b"".join(f"data: {json.dumps(one)}\n\n".encode() for one in found)


def _streamed(reply: Reply, *, whole: bool = False) -> Reply:
    if reply.status != 200:
        return reply
    raw = _events(reply, whole=whole) + DONE
    return Reply(raw=raw, content_type="text/event-stream")


@behaviour("S1", "gateways that stream without being asked to")
def streams_always(ask: Ask, plain: Plain) -> Reply:
    """Streams each answer, whatever is asked for."""
    return _streamed(plain(ask))


@behaviour("S1", "DashScope, models that only stream")
def streams_only(ask: Ask, plain: Plain) -> Reply:
    """Refuses requests that ask for no stream."""
    if not ask.body.get("stream"):
        return problem(400, "This model only supports stream mode, please enable stream.")
    return _streamed(plain(ask))


@behaviour("S1", "DashScope, incremental_output: false")
def streams_all_so_far(ask: Ask, plain: Plain) -> Reply:
    """Streams each answer by events that repeat the text so far."""
    return _streamed(plain(ask), whole=True)


@behaviour("S1")
def streams_cut(ask: Ask, plain: Plain) -> Reply:
    """Streams each answer, and ends some streams in the middle."""
    reply = plain(ask)
    if not ask.chosen(SOME) or reply.status != 200:
        return _streamed(reply)
    events = _events(reply, whole=False).split(b"\n\n")
    return Reply(raw=b"\n\n".join(events[:1]) + b"\n\n", content_type="text/event-stream")
