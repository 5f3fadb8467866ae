"""One message of a conversation: its role, its text, and what else it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalguard.errors import DataError, did_you_mean
from evalguard.tasks.chats import MEDIA, content_text
from evalguard.training.formats.cells import Cells, blank, seen, structure, text_of, weight_of
from evalguard.training.formats.flags import objection
from evalguard.training.formats.layout import ANSWERS, ASKED, REASONING, TALKS
from evalguard.training.formats.tools import calls_of
from evalguard.training.formats.unmeant import check_message
from evalguard.training.formats.unread import belongs_to_message, is_material

ROLES: Mapping[str, str] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(
        ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "ai", "bot", "chatbot"),
        "assistant",
    ),
    **dict.fromkeys(("function_call", "tool_call"), "call"),
    **dict.fromkeys(
        ("tool", "observation", "function", "function_response", "tool_response", "ipython"), "tool"
    ),
}
"""Names of roles, as ChatML, OpenAI and ShareGPT write them."""

_WEIGHTS = (
    *("weight", "train", "training", "trainable", "loss", "loss_weight", "loss_scale"),
    "train_on_turn",
)
"""Keys that say whether an answer carries loss: OpenAI's, and those of training tools."""

_REFUSED = (*MEDIA, "refusal", "training_detail", "train_detail", "tools", "functions")
"""Keys that change what a message says or teaches, and that are not read."""

_CONTENTS = ("content", "value", "text", "message", "parts")
"""Keys that may hold the text of a message; it has one."""

IN_TURN = "lists of texts are read as alternating user and assistant turns"
FROM_TEXT = "messages are read from JSON text"
_SWITCHES = frozenset(
    [
        "on",
        "off",
        "none",
        "n/a",
        "na",
        "null",
        "true",
        "false",
        "yes",
        "no",
        "minimal",
        "low",
        "medium",
        "high",
    ]
)
"""Texts that switch reasoning on or off."""

_TOOL_KEYS = ("tool_calls", "function_call", "tool_call_id")


@dataclass(frozen=True, slots=True)
class Turn:
    """A message, and whether it carries loss where it is an answer."""

    message: dict[str, Any]
    trained: bool = True

    @property
    def role(self) -> str:
        """Who speaks."""
        role: str = self.message["role"]
        return role


def turns_of(value: Any, column: str, cells: Cells) -> list[Turn]:
    """Return the messages of a column; system messages without a text are left out.

    Args:
        value: A list of messages, one message, or the JSON of these; a list of texts begins with
            the user.
        column: Its name, for messages.
        cells: The row, which learns the keys that are not read.

    Raises:
        DataError: If it is something else, or a message breaks the rules.
    """
    if isinstance(value, str):
        cells.remarks.add(FROM_TEXT)
    value = structure(value, column)
    value = _one_by_one(value, column) if isinstance(value, dict) else value
    if not isinstance(value, list) or not value:
        raise DataError(f"'{column}' must be a list of at least one message")
    if all(isinstance(one, str) for one in value):
        if column not in TALKS:
            raise DataError(f"'{column}' is a list of texts, but one text is needed. Keep one")
        cells.remarks.add(IN_TURN)
        return [plain("assistant" if i % 2 else "user", one, column) for i, one in enumerate(value)]
    turns: list[Turn] = []
    for index, one in enumerate(value):
        where = f"{column}[{index}]"
        if sides := _sides(one):
            turns += _exchange(one, sides, where, column, cells, first=not turns)
        elif (turn := _turn(one, where, column, cells)) is not None:
            turns.append(turn)
    return turns


def _one_by_one(value: dict[str, Any], column: str) -> list[Any]:
    """Return the messages of an object: it is one, or holds a list for each of their keys.

    ``datasets`` writes a ``Sequence`` of messages as ``{"from": […], "value": […]}``.

    Raises:
        DataError: If the lists have different lengths.
    """
    lists = {key: one for key, one in value.items() if isinstance(one, list)}
    roles = [key for key in ("role", "from") if key in lists]
    if not roles:
        return [value]
    empty = [key for key, one in value.items() if key not in lists and not blank(one, key)]
    if empty or len(set(map(len, lists.values()))) > 1:
        sizes = ", ".join(f"'{key}' {len(one)}" for key, one in lists.items())
        raise DataError(
            f"'{column}' holds one list per message key, of different lengths: {sizes}"
            + (f"; '{empty[0]}' is not a list" if empty else "")
        )
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def plain(role: str, text: Any, column: str) -> Turn:
    """Return a message of a text alone.

    Raises:
        DataError: If it is empty or no text.
    """
    return Turn({"role": role, "content": text_of(text, column)})


def _sides(value: Any) -> tuple[str, str] | None:
    """Return the keys of a question and its answer, where one object holds both.

    Example:
        >>> _sides({"human": "Hi", "assistant": "Hello"}), _sides({"input": "Hi", "output": "Oh"})
        (('human', 'assistant'), ('input', 'output'))
    """
    if not isinstance(value, dict) or value.keys() & {"role", "from", *_CONTENTS}:
        return None
    asked = [key for key in value if key in ASKED] or _spoken(value, "user")
    said = [key for key in value if key in ANSWERS] or _spoken(value, "assistant")
    return (asked[0], said[0]) if len(asked) == len(said) == 1 else None


def _spoken(value: Mapping[str, Any], role: str) -> list[str]:
    return [key for key in value if ROLES.get(str(key).casefold()) == role]


def _exchange(
    value: dict[str, Any],
    sides: tuple[str, str],
    where: str,
    column: str,
    cells: Cells,
    *,
    first: bool,
) -> list[Turn]:
    """Return a pair of question and answer, as Capybara, XTuner and ShareGPT-90k keep their turns.

    Raises:
        DataError: If one that is not the first has a system text.
    """
    asking, answering = sides
    system = value.get("system")
    if "system" in cells.layout.ignore or blank(system):
        head = []
    elif first:
        head = [plain("system", system, f"{where}.system")]
    else:
        raise DataError(f"{where} holds 'system'; only the first exchange can have one")
    _others(value, {asking, answering, "system"}, where, column, cells, role="assistant")
    asked = plain("user", value[asking], f"{where}.{asking}")
    said = plain("assistant", value[answering], f"{where}.{answering}")
    trained = _weight(value, where, "assistant", column, cells)
    return [*head, asked, replace(said, trained=trained)]


def _turn(value: Any, where: str, column: str, cells: Cells) -> Turn | None:
    names = cells.layout.columns
    keys = value if isinstance(value, dict) else {}
    sharegpt = "from" in keys and "role" not in names
    role_key = names.get("role", "from" if sharegpt else "role")
    content_key = names.get("content", "value" if sharegpt else "content")
    if role_key not in keys or not keys.keys() & {content_key, "refusal", *_TOOL_KEYS}:
        raise DataError(f"{where} needs '{role_key}' and '{content_key}'; {_held(value)}")
    given = keys[role_key]
    if not isinstance(given, str):
        raise DataError(f"{where}: '{role_key}' is {given!r}, expected a text such as 'user'")
    role = ROLES.get(given.strip().casefold())
    if role is None:
        hint = did_you_mean(given, list(ROLES))
        raise DataError(f"{where}: unknown {role_key} '{given}'. {hint}")
    if role == "assistant" and blank(keys.get(content_key)) and not blank(keys.get("refusal")):
        content_key = "refusal"  # OpenAI's key of an answer that refuses
    message: dict[str, Any] = {"role": "assistant" if role == "call" else role}
    content = keys.get(content_key)
    if role == "call":
        message |= {"content": "", "tool_calls": calls_of(content, f"{where}.{content_key}")}
    else:
        message["content"] = content_of(content, f"{where}.{content_key}")
    _check_one_text(keys, content_key, where, cells)
    message |= _said_beside(keys, where, message["role"], cells)
    known = {role_key, content_key, *_TOOL_KEYS, *REASONING, "name"}
    _others(keys, known, where, column, cells, role=message["role"])
    trained = _weight(keys, where, message["role"], column, cells)
    if "reasoning_content" in message and message["content"].lstrip().startswith("<think"):
        raise DataError(f"{where} holds its reasoning twice: in a key and in '{content_key}'")
    if not seen(message["content"]):
        if message["role"] == "system":
            return None
        if message["role"] != "tool" and "tool_calls" not in message:
            found = "is null" if content_key in keys and content is None else "is empty"
            raise DataError(f"{where}: '{content_key}' of the {role} {found}")
    return Turn(message, trained)


def _held(value: Any) -> str:
    """Return what a message holds in place of a role and a text, and what to do."""
    if not isinstance(value, dict):
        return f"it is {value!r:.40}. Remove it, or write it as an object"
    names = ", ".join(map(repr, value)) or "no keys"
    for key, inner in value.items():
        if isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner):
            return f"it has {names}. If '{key}' are its messages, write them as a column 'messages'"
    return (
        f"it has {names}. Name the keys, such as data: {{columns: {{role: speaker, content: "
        "text}}, or write them as role and content"
    )


def _check_one_text(keys: Mapping[str, Any], used: str, where: str, cells: Cells) -> None:
    """Refuse a message with another text than the one that is read.

    Raises:
        DataError: If it has one.
    """
    for key in _CONTENTS:
        value = keys.get(key)
        if key in (used, *cells.layout.ignore) or blank(value):
            continue
        if content_of(value, f"{where}.{key}") == content_of(keys.get(used), f"{where}.{used}"):
            continue
        raise DataError(
            f"{where} has two texts, '{used}' and '{key}'. Keep one, or leave one out: "
            f"ignore: [{key}]"
        )


def content_of(value: Any, where: str) -> str:
    """Return a content as a text; parts of texts are joined.

    Raises:
        DataError: If it holds something other than text.
    """
    if value is None or value == []:
        return ""
    try:
        return content_text(value, where)
    except ValueError as error:
        raise DataError(str(error)) from None


def _said_beside(keys: dict[str, Any], where: str, role: str, cells: Cells) -> dict[str, Any]:
    """Return what a message says beside its text: calls, ids, names and reasoning."""
    full = {k: v for k, v in keys.items() if not blank(v, k) and k not in cells.layout.ignore}
    beside: dict[str, Any] = {}
    calls = full.get("tool_calls", full.get("function_call"))
    reasoning = [full[key] for key in REASONING if key in full]
    if (calls is not None or reasoning) and role != "assistant":
        raise DataError(f"{where}: a message of the {role} holds calls or reasoning")
    if calls is not None:
        beside["tool_calls"] = calls_of(calls, f"{where}.tool_calls")
    for key in REASONING:
        check_reasoning(full.get(key), f"{where}.{key}", key)
    if reasoning:
        texts = {text_of(full[key], f"{where}.{key}") for key in REASONING if key in full}
        if len(texts) > 1:
            raise DataError(f"{where} holds two different texts of reasoning; keep one")
        beside["reasoning_content"] = reasoning[0]
    for key in ("name", "tool_call_id"):
        if key in full:
            beside[key] = str(full[key])
    return beside


def check_reasoning(value: Any, where: str, key: str) -> None:
    """Refuse a switch in place of reasoning.

    Raises:
        DataError: If the value says how much to reason, and not what was thought.
    """
    switch = value.strip().casefold() in _SWITCHES if isinstance(value, str) else False
    if switch or isinstance(value, bool):
        raise DataError(f"{where} is {value!r}, not reasoning. Leave it out: ignore: [{key}]")


def _weight(keys: dict[str, Any], where: str, role: str, column: str, cells: Cells) -> bool:
    """Return whether an answer carries loss; other messages never do."""
    found = [k for k in _WEIGHTS if keys.get(k) is not None and k not in cells.layout.ignore]
    weights = {weight_of(keys[key], f"{where}.{key}") for key in found}
    if role != "assistant":
        cells.ignored.update(f"{column}.{key} of the {role}" for key in found if keys[key])
        return True
    if len(weights) > 1:
        raise DataError(f"{where} holds two different weights: {', '.join(found)}; keep one")
    return weights != {False}


def _others(
    keys: Mapping[str, Any],
    known: set[str],
    where: str,
    column: str,
    cells: Cells,
    *,
    role: str,
) -> None:
    """Count the keys that are not read.

    Raises:
        DataError: If one of them changes what the message says.
    """
    ignore = cells.layout.ignore
    for key, value in keys.items():
        if blank(value, key):
            continue
        if key in ignore:
            cells.ignored.add(f"{column}.{key}")
            continue
        if key not in (*known, *_REFUSED):
            check_message(key, value, where)
        lost = (
            key not in known
            and not _is_hollow(value)
            and (belongs_to_message(key) or is_material(key, value))
        )
        spoken = None if key in _WEIGHTS else objection(key, value, role=role)
        if (key in _REFUSED and key not in known) or lost or spoken is not None:
            raise DataError(
                f"{where} holds '{key}', which training does not read. Remove the row, or "
                f"leave the key out: ignore: [{key}]"
            )
        if key == "channel" and value != "final":
            raise DataError(
                f"{where} is on channel '{value}'. Put the model's thinking in "
                "'reasoning_content' of its answer"
            )
        weight = key in _WEIGHTS and isinstance(value, int | float | str)
        if key not in known and not weight:
            cells.ignored.add(f"{column}.{key}")


def _is_hollow(value: Any) -> bool:
    """Return whether an object holds nothing at any depth, such as ``{"citations": []}``."""
    return blank(value) or (isinstance(value, dict) and all(map(_is_hollow, value.values())))
