"""The formats by name, the columns that each needs, and what a config says about a file."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from evalguard.tasks.chats import MEDIA
from evalguard.training.formats.example import Kind

FormatName = Literal[
    "messages",
    "sharegpt",
    "alpaca",
    "prompt_completion",
    "question_answer",
    "text",
    "preference",
    "openai_preference",
    "unpaired",
]

ASKED = ("prompt", "question", "query", "problem", "instruction", "input")
"""Columns that may hold what is asked, in pairs of texts and beside two answers."""

ANSWERS = ("answer", "response", "output", "completion", "solution")
"""Columns that may hold the answer, in pairs of texts and beside messages that lack it."""

LABELS = ("label", "kto_tag")
SYSTEMS = ("system", "system_prompt", "system_message")
REASONING = ("reasoning_content", "reasoning", "thinking")
"""Keys and columns of the reasoning of an answer."""

TALKS = ("messages", "conversations", "conversation")
"""Columns of whole conversations."""

STRUCTURED = frozenset(
    {
        *(*TALKS, "history", "tools", "functions"),
        *("tool_calls", "function_call", "arguments", "preferred_output", "non_preferred_output"),
        *("documents", "chat_template_kwargs", *MEDIA),
    }
)
"""Keys and columns of lists and objects: as text, an empty one of them says nothing."""


@dataclass(frozen=True, slots=True)
class Format:
    """One form of a row.

    Attributes:
        kind: What a row becomes.
        needs: Columns that a row must have; of each tuple, one.
    """

    kind: Kind
    needs: tuple[tuple[str, ...], ...]

    def found(self, columns: Set[str]) -> tuple[tuple[str, ...], ...]:
        """Return which of the needed columns are there, need by need."""
        return tuple(tuple(c for c in need if c in columns) for need in self.needs)

    def fits(self, columns: Set[str]) -> bool:
        """Return whether every need is met."""
        return all(self.found(columns))

    def shown(self) -> str:
        """Return the needed columns for messages."""
        return ", ".join("|".join(need) for need in self.needs)


FORMATS: Mapping[str, Format] = {
    "openai_preference": Format(
        "preference", (("input",), ("preferred_output",), ("non_preferred_output",))
    ),
    "preference": Format("preference", (("chosen",), ("rejected",))),
    "messages": Format("conversation", (("messages",),)),
    "sharegpt": Format("conversation", (("conversations", "conversation"),)),
    "alpaca": Format(
        "conversation", (("instruction",), ("output", "response", "answer", "completion"))
    ),
    "prompt_completion": Format(
        "conversation", (("prompt",), ("completion", "response", "output", "answer"))
    ),
    "question_answer": Format(
        "conversation",
        (
            ("question", "query", "problem", "input"),
            ("answer", "response", "output", "solution", "completion"),
        ),
    ),
    "text": Format("text", (("text", "content"),)),
    "unpaired": Format("unpaired", (LABELS,)),
}
"""Formats by name; ``unpaired`` is any conversation with a label beside it."""

PAIRS = ("alpaca", "prompt_completion", "question_answer")
"""Formats of what is asked and its answer."""

CONVERSATIONS = ("messages", "sharegpt", *PAIRS)

MEANT = frozenset(
    {column for name in PAIRS for need in FORMATS[name].needs for column in need}
    | {*ASKED, *SYSTEMS, *REASONING, "history", "context", "contexts", "tools", "functions"}
    | {"chosen", "rejected", "rejected_response", "rejected_messages", "choices", "options"}
    | {"article", "passage", "summary"}
)
"""Columns that are part of what a row teaches: one that its format does not read is an error."""

BESIDE_TEXT = (*LABELS, "labels", "code", "source_code", "sql", "target", "targets", "translation")
"""Columns that, next to a text, are what a model is meant to learn from it."""

SPEAKERS = ("role", "speaker")
"""Columns of files that hold one message in a row."""

COLUMNS = frozenset(
    {column for one in FORMATS.values() for need in one.needs for column in need}
    | {*ASKED, *SYSTEMS, *REASONING, "context", "history", "tools", "functions", "weight", "role"}
)
"""Names that ``columns:`` may map; ``role`` and ``content`` are also those of a message."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a config says about the rows of a file.

    Attributes:
        format: Name of the format; guessed when ``None``.
        columns: The file's own name of a column, by the name it has here.
        ignore: Columns, and keys of messages, that are left out on purpose.
        held_out: Whether the file holds rows that are not trained on.
    """

    format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    held_out: bool = False
