"""Chat messages in a column: what may stand there, and what would be lost on the way to a model."""

from __future__ import annotations

from typing import Any

MEDIA = ("images", "image", "videos", "video", "audios", "audio")
"""Keys of what is not text, which nothing reads."""

_TEXTS = {**dict.fromkeys(("text", "input_text", "output_text"), "text"), "refusal": "refusal"}
"""Key of the text in each type of part, as OpenAI's chat and responses APIs name them."""

_NOT_RENDERED = ("tool_calls", "function_call", *MEDIA)
"""Keys of a message whose content no chat template is given here."""


def chat_of(value: Any) -> list[dict[str, str]]:
    """Return a column's chat messages with their texts.

    Text parts of a content are joined by line breaks.

    Args:
        value: The column's value.

    Raises:
        ValueError: If it is not a list of messages, or a message holds something other than text.

    Example:
        >>> chat_of([{"role": "user", "content": [{"type": "text", "text": "Why?"}]}])
        [{'role': 'user', 'content': 'Why?'}]
    """
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError('is not a list of messages; write [{"role": "user", "content": "…"}]')
    if not value:
        raise ValueError('holds no message; write [{"role": "user", "content": "…"}]')
    return [_message(one, f"[{index}]") for index, one in enumerate(value)]


def _message(message: dict[str, Any], where: str) -> dict[str, str]:
    role = message.get("role")
    if not isinstance(role, str) or not role:
        raise ValueError(f"{where}.role is {_shown(role)}; write user, assistant or system")
    for key in _NOT_RENDERED:
        if message.get(key):
            raise ValueError(f"{where}.{key} cannot be put into a prompt; remove it from the row")
    return {"role": role, "content": content_text(message.get("content"), f"{where}.content")}


def content_text(content: Any, where: str) -> str:
    """Return the text of a message's content; its text parts are joined by line breaks.

    Args:
        content: A text, or a list of parts.
        where: Its place, for messages.

    Raises:
        ValueError: If it is something else, or a part holds something other than text.
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        raise ValueError(f"{where} is {_shown(content)}; write a text")
    return "\n".join(_part(part, f"{where}[{index}]") for index, part in enumerate(content))


def _part(part: Any, where: str) -> str:
    """Return the text of one part of a content."""
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        raise ValueError(f"{where} is {_shown(part)}; write a text")
    kind = part.get("type", "text")
    text = part.get(_TEXTS.get(kind, "")) if isinstance(kind, str) else None
    if not isinstance(text, str):
        held = f"is of type {_shown(kind)}" if "type" in part else f"holds {', '.join(part)}"
        raise ValueError(f"{where} {held}; only parts with a text can be put into a prompt")
    return text


def _shown(value: Any) -> str:
    """Return a value as people read it in a data file."""
    match value:
        case None:
            return "missing or null"
        case list() | dict():
            return "an empty list" if value == [] else "a list or an object"
        case _:
            return repr(value)
