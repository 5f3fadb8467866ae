"""What a row means: turns with or without loss, a pair, a labelled answer, a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation.

    Attributes:
        message: As the chat template takes it.
        loss: Whether its tokens carry loss.
    """

    message: Message
    loss: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation.

    Attributes:
        turns: Its messages.
        tools: What the template is given as ``tools``.
        settings: Further variables of the template.
    """

    turns: tuple[Turn, ...]
    tools: tuple[Any, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """A text whose every token carries loss, up to the end-of-sequence token."""

    text: str


@dataclass(frozen=True, slots=True)
class Plain:
    """Prompt and completion of a base without a chat template."""

    prompt: str
    completion: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A preference: prompt, the answer that was preferred, and the other one."""

    prompt: tuple[Message, ...]
    chosen: Message
    rejected: Message
    tools: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Labelled:
    """An answer that is wanted or unwanted."""

    prompt: tuple[Message, ...]
    answer: Message
    good: bool


Row = Talk | Text | Plain | Pair | Labelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The rows are trained on, exactly as meant.

    Attributes:
        rows: What they mean.
        ignored: Columns that have to be named as ignored, each with the number of its rows
            (``None``: the number does not matter).
        said: The output has to hold one word of each group.
        counts: Figures that the training record has to hold for its first stage.
        length: Tokens of a sequence; what is beyond them is not trained on.
    """

    rows: tuple[Row, ...]
    ignored: Mapping[str, int | None] = field(default_factory=dict)
    said: tuple[tuple[str, ...], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """One error that names the file, and one word of each group.

    Attributes:
        words: Groups of words (in any case); the message holds at least one of each.
        row: Number of a row that has to be named; ``None`` where the file as a whole is meant.
    """

    words: tuple[tuple[str, ...], ...] = ()
    row: int | None = None


Outcome = Trained | Refused


def user(content: Any) -> Turn:
    """Return a user's turn."""
    return Turn({"role": "user", "content": content})


def system(content: str) -> Turn:
    """Return a system turn."""
    return Turn({"role": "system", "content": content})


def tool(content: str, **keys: Any) -> Turn:
    """Return the answer of a tool."""
    return Turn({"role": "tool", "content": content, **keys})


def answer(content: str, **keys: Any) -> Turn:
    """Return an assistant's turn that carries loss."""
    return Turn({"role": "assistant", "content": content, **keys}, loss=True)


def silent(content: str, **keys: Any) -> Turn:
    """Return an assistant's turn without loss."""
    return Turn({"role": "assistant", "content": content, **keys})


def talk(*turns: Turn, tools: Sequence[Any] = (), **settings: Any) -> Talk:
    """Return a conversation."""
    return Talk(turns, tuple(tools), settings)


def pair(
    prompt: str | Sequence[Turn], chosen: str, rejected: str, tools: Sequence[Any] = ()
) -> Pair:
    """Return a preference."""
    return Pair(_messages(prompt), answer(chosen).message, answer(rejected).message, tuple(tools))


def labelled(prompt: str | Sequence[Turn], text: str, *, good: bool) -> Labelled:
    """Return a labelled answer."""
    return Labelled(_messages(prompt), answer(text).message, good)


def trained(*rows: Row, **fields: Any) -> Trained:
    """Return that the rows are trained on."""
    return Trained(rows=rows, **fields)


def refused(*words: str | tuple[str, ...], row: int | None = None) -> Refused:
    """Return that there is one error."""
    return Refused(tuple((one,) if isinstance(one, str) else one for one in words), row)


def _messages(prompt: str | Sequence[Turn]) -> tuple[Message, ...]:
    turns = [user(prompt)] if isinstance(prompt, str) else prompt
    return tuple(turn.message for turn in turns)
