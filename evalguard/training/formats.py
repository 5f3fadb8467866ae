"""Recognises the format of training rows and turns each into one shape.

======================  =================================================  ==================
format                  columns                                            becomes
======================  =================================================  ==================
``messages`` (ChatML)   ``messages: [{role, content}]``                    conversation
``sharegpt``            ``conversations: [{from, value}]``                 conversation
``alpaca``              ``instruction``, ``output``, optional ``input``    conversation
                        and ``history: [[instruction, answer], …]``
``prompt_completion``   ``prompt``, ``completion``                         conversation
``text``                ``text``                                           text
``preference``          ``prompt`` (optional), ``chosen``, ``rejected``    preference
``unpaired``            ``prompt``, ``completion``, ``label`` (bool)       unpaired preference
======================  =================================================  ==================

A column ``system`` is the system message of its row. Messages may be JSON text; the answers of a
preference may repeat the prompt (UltraFeedback) or hold turns as text (HH-RLHF). What changes the
training and is not read (tools, weights, reasoning) is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from evalguard.errors import DataError, did_you_mean
from evalguard.training.rows import RawRow, RowProblem

Kind = Literal["conversation", "text", "preference", "unpaired"]

Message = Mapping[str, str]
"""``{"role": …, "content": …}``."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "preference": ("chosen", "rejected"),
    "messages": ("messages",),
    "sharegpt": ("conversations",),
    "unpaired": ("prompt", "completion", "label"),
    "prompt_completion": ("prompt", "completion"),
    "alpaca": ("instruction", "output"),
    "text": ("text",),
}
"""Columns that each format must have, the most specific format first."""

_SHAREGPT_ROLES = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "model": "assistant",
    "tool": "tool",
    "observation": "tool",
}
_ROLES = ("system", "user", "assistant", "tool")

_ROW_KEYS = ("tools", "functions", "weight", "images", "videos", "audios")
"""Columns that change what a row teaches, and that training does not read."""

_MESSAGE_KEYS = (
    "tool_calls",
    "function_call",
    "weight",
    "reasoning_content",
    "reasoning",
    "thinking",
    "name",
)
"""The same of a message."""

_TURN = re.compile(r"(?:^|\n\n)(Human|Assistant): ?")
"""Begins a turn in the texts of HH-RLHF."""


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
    """

    kind: Kind
    format: str
    where: str
    messages: tuple[Message, ...] = ()
    text: str = ""
    chosen: tuple[Message, ...] = ()
    rejected: tuple[Message, ...] = ()
    good: bool = True

    def content(self) -> dict[str, Any]:
        """Return what the example teaches, without where it stands."""
        parts: dict[str, Any] = {"messages": [dict(m) for m in self.messages], "text": self.text}
        if self.kind in ("preference", "unpaired"):
            parts["chosen"] = [dict(m) for m in self.chosen]
            parts["rejected"] = [dict(m) for m in self.rejected]
            parts["good"] = self.good
        return parts

    def group(self) -> str:
        """Return a key that duplicates share: what the model is asked, without case and spacing.

        The answer is left out: the same question with another answer on both sides of a split
        would still tell the validation set what was trained on.
        """
        asked = [m["content"] for m in self.messages if m["role"] != "assistant"]
        plain = " ".join(" ".join([*asked, self.text]).casefold().split())
        return hashlib.sha256(plain.encode()).hexdigest()


def recognise(columns: Sequence[str]) -> str | None:
    """Return the name of the format that has these columns, or ``None``.

    Example:
        >>> recognise(["id", "instruction", "input", "output"])
        'alpaca'
    """
    present = set(columns)
    return next((name for name, needed in COLUMNS.items() if present.issuperset(needed)), None)


def convert(rows: Sequence[RawRow]) -> tuple[list[Example], list[RowProblem]]:
    """Turn the rows of one file into examples.

    Returns:
        The examples, and what is wrong with every row that has no known format, breaks its
        format's rules, or has another format than the first row.
    """
    examples: list[Example] = []
    problems: list[RowProblem] = []
    first: tuple[str, str] | None = None
    for row in rows:
        name = recognise(list(row.fields))
        if name is None:
            problems.append(RowProblem(row.where, _unrecognised(row)))
            continue
        first = first or (name, row.where)
        if name != first[0]:
            message = f"format '{name}', but {first[1]} is '{first[0]}'; keep one in a file"
            problems.append(RowProblem(row.where, message))
            continue
        try:
            _check_used(row.fields, "the row", _ROW_KEYS)
            examples.append(_CONVERTERS[name](row))
        except DataError as error:
            problems.append(RowProblem(row.where, str(error)))
    return examples, problems


def _unrecognised(row: RawRow) -> str:
    known = {column for needed in COLUMNS.values() for column in needed}
    found = ", ".join(map(repr, row.fields)) or "none"
    if "chosen" in row.fields or "rejected" in row.fields:
        missing = "rejected" if "chosen" in row.fields else "chosen"
        return f"a preference row without '{missing}'; found columns {found}"
    for column in row.fields:
        hint = did_you_mean(column, known)
        if column not in known and hint.startswith("Did"):
            return f"unknown column '{column}'. {hint.split('? ')[0]}?"
    formats = "; ".join(f"{name}: {', '.join(cols)}" for name, cols in COLUMNS.items())
    return f"no known format has the columns {found}. Known: {formats}"


def _text(row: RawRow, column: str) -> str:
    value = row.fields[column]
    if not isinstance(value, str):
        raise DataError(f"'{column}' is a {type(value).__name__}, expected a string")
    if not value.strip():
        raise DataError(f"'{column}' is empty")
    return value


def _structure(value: object, column: str) -> list[Any]:
    """Return a list of messages; CSV cells hold it as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise DataError(f"'{column}' is broken JSON: {error.msg}") from None
    if not isinstance(value, list) or not value:
        raise DataError(f"'{column}' must be a list of at least one message")
    return value


def _message(value: object, where: str, role_key: str, content_key: str) -> Message:
    if not isinstance(value, dict) or not {role_key, content_key} <= value.keys():
        raise DataError(f"{where} needs '{role_key}' and '{content_key}'")
    role, content = value[role_key], _joined(value[content_key])
    role = "system" if role == "developer" and role_key == "role" else role
    roles = _ROLES if role_key == "role" else tuple(_SHAREGPT_ROLES)
    if role not in roles:
        raise DataError(f"{where}: unknown {role_key} '{role}'. {did_you_mean(str(role), roles)}")
    _check_used(value, where, _MESSAGE_KEYS)
    if not isinstance(content, str) or not content.strip():
        raise DataError(f"{where}: '{content_key}' of the {role} is empty or no string")
    return {"role": _SHAREGPT_ROLES[role] if role_key == "from" else role, "content": content}


def _joined(content: object) -> object:
    """Return the text of a content of text parts; any other content as it is."""
    if not isinstance(content, list) or not content:
        return content
    texts: list[str] = []
    for part in content:
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else part
        if not isinstance(text, str):
            return content
        texts.append(text)
    return "\n".join(texts)


def _check_used(fields: Mapping[str, Any], where: str, keys: Sequence[str]) -> None:
    """Refuse what would change the training and is not read.

    Raises:
        DataError: If a row or a message holds such a key, unless it says nothing.
    """
    for key in keys:
        value = fields.get(key)
        if value in (None, "", [], {}) or (key == "weight" and value == 1):
            continue
        raise DataError(
            f"{where} holds '{key}', which training does not read. Remove it if it does not "
            f"matter, or render the rows with your template into a column 'text'"
        )


def _with_system(row: RawRow, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return a conversation with the system text of its row in front."""
    system = row.fields.get("system")
    if system is None or (isinstance(system, str) and not system.strip()):
        return messages
    if not isinstance(system, str):
        raise DataError(f"'system' is a {type(system).__name__}, expected a string")
    if messages and messages[0]["role"] == "system":
        if messages[0]["content"] == system:
            return messages
        raise DataError("has a column 'system' and another system message; keep one")
    return ({"role": "system", "content": system}, *messages)


def _history(row: RawRow) -> tuple[Message, ...]:
    """Return the turns before the instruction, which LLaMA-Factory keeps as pairs of texts."""
    value = row.fields.get("history")
    if value in (None, "", []):
        return ()
    turns: list[Message] = []
    for index, pair in enumerate(_structure(value, "history")):
        if not (
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair)
        ):
            raise DataError(f"history[{index}] is no pair of an instruction and its answer")
        turns += _exchange(pair[0], pair[1])
    return tuple(turns)


def _turns(text: str) -> tuple[Message, ...] | None:
    """Return the messages of a text of HH-RLHF; ``None`` for any other text."""
    parts = _TURN.split(text.strip("\n"))
    if len(parts) < 3 or parts[0].strip():
        return None
    roles = {"Human": "user", "Assistant": "assistant"}
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return tuple({"role": roles[who], "content": said.strip()} for who, said in pairs)


def _messages(value: object, column: str) -> tuple[Message, ...]:
    """Return messages; ``from``/``value`` and ``role``/``content`` are told apart by their keys."""
    items = _structure(value, column)
    keys = ("from", "value") if isinstance(items[0], dict) and "from" in items[0] else None
    return tuple(
        _message(item, f"{column}[{i}]", *(keys or ("role", "content")))
        for i, item in enumerate(items)
    )


def _check_order(messages: Sequence[Message], column: str) -> None:
    """Hold to: an optional system message, then user first and assistant last, no role twice."""
    roles = [m["role"] for m in messages]
    turns = roles[1:] if roles[0] == "system" else roles
    if "system" in turns:
        raise DataError(f"'{column}' has a system message after the first place")
    if not turns or turns[0] != "user":
        raise DataError(f"'{column}' must begin with the user (after an optional system message)")
    if turns[-1] != "assistant":
        raise DataError(f"'{column}' must end with an answer of the assistant")
    for before, after in pairwise(turns):
        if before == after and before != "tool":
            raise DataError(f"'{column}' has two {before} messages in a row")


def _conversation(row: RawRow, name: str, messages: tuple[Message, ...], column: str) -> Example:
    messages = _with_system(row, messages)
    _check_order(messages, column)
    return Example("conversation", name, row.where, messages)


def _from_messages(row: RawRow) -> Example:
    messages = _messages(row.fields["messages"], "messages")
    return _conversation(row, "messages", messages, "messages")


def _from_sharegpt(row: RawRow) -> Example:
    messages = _messages(row.fields["conversations"], "conversations")
    return _conversation(row, "sharegpt", messages, "conversations")


def _from_alpaca(row: RawRow) -> Example:
    extra = row.fields.get("input") or ""
    if not isinstance(extra, str):
        raise DataError(f"'input' is a {type(extra).__name__}, expected a string")
    asked = _text(row, "instruction") + (f"\n\n{extra}" if extra.strip() else "")
    messages = (*_history(row), *_exchange(asked, _text(row, "output")))
    return _conversation(row, "alpaca", messages, "history")


def _from_prompt_completion(row: RawRow) -> Example:
    messages = (*_prompt(row), *_answer(row, "completion"))
    return _conversation(row, "prompt_completion", messages, "prompt")


def _from_text(row: RawRow) -> Example:
    return Example("text", "text", row.where, text=_text(row, "text"))


def _from_preference(row: RawRow) -> Example:
    chosen, rejected = _answer(row, "chosen"), _answer(row, "rejected")
    prompt = _prompt(row) if "prompt" in row.fields else ()
    if prompt and len(chosen) > 1 and len(rejected) > 1:
        # Both answers hold the whole conversation beside the prompt, as in UltraFeedback.
        prompt, chosen, rejected = _apart(prompt, chosen, rejected)
    elif not prompt:
        # Both answers then hold the whole conversation; what they share is the prompt.
        shared = next(
            (i for i, (c, r) in enumerate(zip(chosen, rejected, strict=False)) if c != r),
            min(len(chosen), len(rejected)),
        )
        prompt, chosen, rejected = chosen[:shared], chosen[shared:], rejected[shared:]
    if not prompt:
        raise DataError("no 'prompt', and 'chosen' and 'rejected' do not begin with the same one")
    if chosen == rejected or not chosen or not rejected:
        raise DataError("'chosen' and 'rejected' are the same answer")
    prompt = _with_system(row, prompt)
    _check_order((*prompt, *chosen), "chosen")
    _check_order((*prompt, *rejected), "rejected")
    return Example("preference", "preference", row.where, prompt, chosen=chosen, rejected=rejected)


def _apart(
    prompt: tuple[Message, ...], chosen: tuple[Message, ...], rejected: tuple[Message, ...]
) -> tuple[tuple[Message, ...], tuple[Message, ...], tuple[Message, ...]]:
    """Return prompt and answers of a row whose answers repeat the prompt.

    Raises:
        DataError: If they begin otherwise.
    """
    asked = chosen[:-1]
    same = [m["content"].strip() for m in asked if m["role"] != "system"]
    if asked != rejected[:-1] or same[-len(prompt) :] != [m["content"].strip() for m in prompt]:
        raise DataError(
            "'chosen' and 'rejected' hold whole conversations that do not begin with 'prompt'; "
            "keep the answers alone, or leave out 'prompt'"
        )
    return asked, chosen[-1:], rejected[-1:]


def _from_unpaired(row: RawRow) -> Example:
    label = row.fields["label"]
    words = dict.fromkeys(("true", "1", "1.0", "yes", "good", "desirable"), True)
    words |= dict.fromkeys(("false", "0", "0.0", "-1", "no", "bad", "undesirable"), False)
    good = label if isinstance(label, bool) else words.get(str(label).casefold())
    if good is None:
        raise DataError(
            f"'label' is {label!r}, expected true (wanted) or false (unwanted). "
            "Rename the column if it says something else"
        )
    prompt, answer = _prompt(row), _answer(row, "completion")
    _check_order((*prompt, *answer), "completion")
    return Example("unpaired", "unpaired", row.where, prompt, chosen=answer, good=good)


def _holds_messages(value: object) -> bool:
    """Whether a cell holds messages, as a list or as its JSON."""
    return isinstance(value, list) or (
        isinstance(value, str) and re.match(r'\s*\[\s*\{\s*"', value) is not None
    )


def _exchange(asked: str, answer: str) -> tuple[Message, ...]:
    return ({"role": "user", "content": asked}, {"role": "assistant", "content": answer})


def _prompt(row: RawRow) -> tuple[Message, ...]:
    value = row.fields["prompt"]
    if _holds_messages(value):
        return _messages(value, "prompt")
    return ({"role": "user", "content": _text(row, "prompt")},)


def _answer(row: RawRow, column: str) -> tuple[Message, ...]:
    value = row.fields[column]
    if _holds_messages(value):
        return _messages(value, column)
    if "prompt" not in row.fields and (turns := _turns(_text(row, column))) is not None:
        return turns
    return ({"role": "assistant", "content": _text(row, column)},)


_CONVERTERS: Mapping[str, Callable[[RawRow], Example]] = {
    "messages": _from_messages,
    "sharegpt": _from_sharegpt,
    "alpaca": _from_alpaca,
    "prompt_completion": _from_prompt_completion,
    "text": _from_text,
    "preference": _from_preference,
    "unpaired": _from_unpaired,
}
