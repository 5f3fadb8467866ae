"""Puts together an answer that a server streams: server-sent events of chunks, as one response."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

_DONE = "[DONE]"

_JOINED = ("content", "text", "refusal", "reasoning_content", "reasoning", "thinking")
"""Texts of a chunk that continue those of the chunk before."""


def is_stream(content_type: str, content: bytes) -> bool:
    """Return whether a body is a stream of events, by its header or its first line."""
    lines = (line.strip() for line in content.splitlines())
    first = next((line for line in lines if line and not line.startswith(b":")), b"")
    if content_type.partition(";")[0].strip().lower() == "text/event-stream":
        return not first.startswith((b"{", b"["))
    return first.startswith((b"data:", b"event:"))


def read_stream(content: bytes, parse: Callable[[str], Any]) -> Mapping[str, Any]:
    """Return a streamed answer as the response that it would be without a stream.

    Args:
        content: The whole body.
        parse: Reads the JSON of one event.

    Raises:
        ValueError: If it ends before the answer, or its events do not add up to one.
    """
    whole: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    ended = False
    for text in _events(content.decode("utf-8")):
        if text == _DONE:
            ended = True
            continue
        chunk = _object(parse(text))
        if chunk.get("error"):
            return chunk
        for choice in map(_object, chunk.get("choices") or ()):
            index = choice.get("index", 0)
            _add(choices.setdefault(index, {"index": index}), choice)
        whole |= {key: value for key, value in chunk.items() if key != "choices" and value}
    if not choices:
        raise ValueError("it has no answer")
    if not ended and not all(choice.get("finish_reason") for choice in choices.values()):
        raise ValueError("it ended before the answer did")
    return {**whole, "choices": [_joined(choice) for choice in choices.values()]}


def _events(content: str) -> list[str]:
    """Return the data of each event, which may have several lines."""
    found = []
    for block in content.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        lines = [line for line in block.split("\n") if line.startswith("data:")]
        if data := "\n".join(line.removeprefix("data:") for line in lines).strip():
            found.append(data)
    return found


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("its events have an unknown format")
    return value


def _add(whole: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add a chunk to what came before it; texts that continue stay apart."""
    for key, value in part.items():
        if value is None:
            continue
        name = "message" if key == "delta" else key
        if name in ("message", "logprobs") and isinstance(value, Mapping):
            _add(whole.setdefault(name, {}), value)
        elif key in _JOINED and isinstance(value, str):
            whole.setdefault(key, _Pieces()).append(value)
        elif isinstance(value, list) and isinstance(whole.get(key), list):
            whole[key] = [*whole[key], *value]
        else:
            whole[key] = value


class _Pieces(list[str]):
    """The pieces of a text."""


def _joined(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return a choice with each text whole.

    Raises:
        ValueError: If its pieces repeat what came before.
    """
    found: dict[str, Any] = {}
    for key, value in whole.items():
        if isinstance(value, _Pieces):
            found[key] = _text(value)
        else:
            found[key] = _joined(value) if isinstance(value, dict) else value
    return found


def _text(pieces: Sequence[str]) -> str:
    said = [piece for piece in pieces if piece]
    grows = len(said) > 1 and all(two.startswith(one) for one, two in pairwise(said))
    if grows and said[-1] != said[0]:
        raise ValueError("each of its events may repeat the text of the one before")
    return "".join(said)
