"""The one shape that a training row is turned into."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["conversation", "text", "preference", "unpaired"]

Message = Mapping[str, Any]
"""``{"role": …, "content": …}`` with texts, and where the row has them ``tool_calls``,
``tool_call_id``, ``name`` and ``reasoning_content``."""


@dataclass(frozen=True, slots=True)
class Example:
    """One training row in its one shape.

    Attributes:
        kind: Which of the fields below are set.
        format: Format that it was read from.
        where: File and line, for messages.
        messages: The conversation, or the prompt of a preference.
        text: The plain text of kind ``text``.
        chosen: Preferred answer of kind ``preference``; the answer of kind ``unpaired``.
        rejected: Answer that was not preferred.
        good: Whether the answer of kind ``unpaired`` is wanted.
        tools: Functions that the model may call, as the chat template takes them.
        untrained: Places of the answers in ``messages`` that carry no loss.
        replayed: Whether it is mixed in as general data.
    """

    kind: Kind
    format: str
    where: str
    messages: tuple[Message, ...] = ()
    text: str = ""
    chosen: tuple[Message, ...] = ()
    rejected: tuple[Message, ...] = ()
    good: bool = True
    tools: tuple[Mapping[str, Any], ...] = ()
    untrained: frozenset[int] = frozenset()
    replayed: bool = False

    @property
    def file(self) -> str:
        """Its file, for messages on all of its rows."""
        return self.where.rpartition(":")[0]

    def content(self) -> dict[str, Any]:
        """Return what the example teaches, without where it stands."""
        parts: dict[str, Any] = {"messages": [dict(m) for m in self.messages], "text": self.text}
        if self.kind in ("preference", "unpaired"):
            parts["chosen"] = [dict(m) for m in self.chosen]
            parts["rejected"] = [dict(m) for m in self.rejected]
            parts["good"] = self.good
        if self.tools:
            parts["tools"] = [dict(tool) for tool in self.tools]
        if self.untrained:
            parts["untrained"] = sorted(self.untrained)
        return parts

    def group(self) -> str:
        """Return a key that duplicates share: what the model is asked, without case and spacing.

        The answer is left out: the same question with another answer on both sides of a split
        would still tell the validation set what was trained on.
        """
        asked = [m["content"] for m in self.messages if m["role"] != "assistant"]
        plain = " ".join(" ".join([*asked, self.text]).casefold().split())
        return hashlib.sha256(plain.encode()).hexdigest()


def texts(example: Example) -> list[str]:
    """Return every text of an example, reasoning and calls included."""
    answers = (*example.messages, *example.chosen, *example.rejected)
    return [example.text, *map(said, answers)]


def said(message: Message) -> str:
    """Return what a message says as text: its reasoning, its content and its calls.

    Example:
        >>> call = {"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
        >>> said({"role": "assistant", "content": "", "tool_calls": [call]})
        '{"name": "f", "arguments": {"a": 1}}'
    """
    calls = [call["function"] for call in message.get("tool_calls", ())]
    parts = [message.get("reasoning_content", ""), message["content"]]
    parts += [json.dumps(call, ensure_ascii=False) for call in calls]
    return "\n".join(part for part in parts if part)
