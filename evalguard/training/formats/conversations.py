"""Rows that hold a conversation: messages, ShareGPT, and pairs of texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.values import Decimals
from evalguard.training.formats.cells import (
    Cells,
    holds_messages,
    lists_messages,
    structure,
    text_of,
)
from evalguard.training.formats.example import Example, Message
from evalguard.training.formats.layout import ANSWERS, FORMATS, PAIRS, REASONING, SYSTEMS
from evalguard.training.formats.messages import (
    Turn,
    check_reasoning,
    content_of,
    plain,
    turns_of,
)
from evalguard.training.formats.tools import Tool, answered_in_order, check_called, tools_of
from evalguard.training.formats.unread import belongs

_TURN = re.compile(r"(?:^|\n\n)(Human|Assistant): ?")
"""Begins a turn in the texts of HH-RLHF."""

MERGED = "consecutive messages of one role are joined by a blank line"
REPEATED = "rows repeat a question directly, which is kept once"
LEADING = "the assistant begins; its first message is context without loss"
TRAILING = "what follows the last answer is left out"
KEPT = "the question is JSON text of messages, and is kept as text"
NUMBERS = "answers are numbers, and are read as written"
UNWEIGHTED = "answers of weight 0 are context without loss"
ASKED_WITH = "answers in the prompt are context without loss"


def conversation(cells: Cells, name: str) -> Example:
    """Return a row of a conversation format as an example.

    Raises:
        DataError: If it breaks the format's rules.
    """
    turns = with_reasoning(cells, with_system(cells, READERS[name](cells)))
    messages, untrained = arranged(turns, cells, _MAIN.get(name, "history"))
    places = range(len(messages))
    answers = {i for i in places if messages[i]["role"] == "assistant"}
    if answers <= untrained:
        raise DataError("no answer carries loss: all weights are 0, or there is no question")
    tools = row_tools(cells)
    check_called(messages, tools)
    return Example(
        "conversation",
        name,
        cells.where,
        messages,
        tools=tools,
        untrained=frozenset(untrained),
    )


def row_tools(cells: Cells) -> tuple[Tool, ...]:
    """Return the tools of a row.

    Raises:
        DataError: If they are no functions.
    """
    return tools_of(cells.get("tools", "functions"), "tools")


def with_system(cells: Cells, turns: list[Turn]) -> list[Turn]:
    """Return a conversation with the system text of its row in front.

    Raises:
        DataError: If the row has another system message already.
    """
    system = cells.get(*SYSTEMS)
    if system is None:
        return turns
    text = text_of(content_of(system, "system") if isinstance(system, list) else system, "system")
    if turns and turns[0].role == "system":
        if turns[0].message["content"].strip() == text.strip():
            return turns
        raise DataError("has a column 'system' and a different system message; keep one")
    return [Turn({"role": "system", "content": text}), *turns]


def with_reasoning(cells: Cells, turns: list[Turn]) -> list[Turn]:
    """Return a conversation whose last answer has the reasoning of its row.

    Raises:
        DataError: If it has another one already.
    """
    reasoning = cells.get(*REASONING)
    if reasoning is None or all(turn.role != "assistant" for turn in turns):
        return turns  # the answer is missing, which is what the error names
    column = cells.name(REASONING) or ""
    check_reasoning(reasoning, f"'{column}'", column)
    text = text_of(reasoning, column)
    last = turns[-1].message
    if last["role"] != "assistant" or last.get("reasoning_content", text) != text:
        raise DataError("has a column of reasoning that does not belong to its last message")
    return [*turns[:-1], Turn(last | {"reasoning_content": text}, turns[-1].trained)]


def arranged(
    turns: Sequence[Turn], cells: Cells, column: str
) -> tuple[tuple[Message, ...], set[int]]:
    """Return messages in an order that a model can be trained on, and the places without loss.

    Neighbours of one role are joined, results are put in the order of their calls, what follows
    the last answer is left out, and an assistant who speaks first is context.

    Raises:
        DataError: If nobody asks, nobody answers, or a tool result follows no answer.
    """
    merged = _merged(turns, cells)
    roles = [turn.role for turn in merged]
    opening = next((role for role in roles if role != "system"), "")
    if "user" not in roles or opening == "tool":
        raise DataError(f"'{column}' must begin with the user (after an optional system message)")
    end = len(roles) - roles[::-1].index("assistant") if "assistant" in roles else 0
    if end <= roles.index("user"):
        raise DataError(
            f"'{column}' must end with an answer of the assistant{_elsewhere(cells, column)}"
        )
    if end < len(merged):
        cells.remarks.add(TRAILING)
    merged = merged[:end]
    for before, turn in zip(["", *roles], merged, strict=False):
        if turn.role == "tool" and before not in ("assistant", "tool"):
            raise DataError(f"'{column}' has a tool result that follows no answer")
    untrained = {i for i, turn in enumerate(merged) if not turn.trained}
    if untrained and ASKED_WITH not in cells.remarks:
        cells.remarks.add(UNWEIGHTED)
    if (first := roles.index("assistant")) < roles.index("user"):
        cells.remarks.add(LEADING)
        untrained.add(first)
    return tuple(answered_in_order([turn.message for turn in merged])), untrained


def _elsewhere(cells: Cells, column: str) -> str:
    """Return where an answer that is missing may be."""
    names = [n for n in cells.fields if n in cells.unused() and (belongs(n) or n == "label")]
    return f"; move what '{names[0]}' holds into '{column}'" if names else ""


def _merged(turns: Sequence[Turn], cells: Cells) -> list[Turn]:
    merged: list[Turn] = []
    for turn in turns:
        if merged and turn.role == "user" and merged[-1].message == turn.message:
            cells.remarks.add(REPEATED)
        elif merged and _joins(merged[-1], turn):
            cells.remarks.add(MERGED)
            merged[-1] = _join(merged[-1], turn)
        else:
            merged.append(turn)
    return merged


def _joins(before: Turn, turn: Turn) -> bool:
    if before.role != turn.role or turn.role == "tool":
        return False
    if before.message.get("name") != turn.message.get("name"):
        return False
    if before.trained != turn.trained:
        raise DataError("has two consecutive answers, one with weight 0; join or remove them")
    if "tool_calls" in before.message and turn.message["content"]:
        raise DataError("has an answer after a call whose result is missing")
    return True


def _join(before: Turn, turn: Turn) -> Turn:
    first, second = before.message, turn.message
    joined = first | second
    for key in ("content", "reasoning_content"):
        texts = [m[key] for m in (first, second) if m.get(key)]
        if texts or key == "content":
            joined[key] = "\n\n".join(texts)
    if calls := [*first.get("tool_calls", ()), *second.get("tool_calls", ())]:
        joined["tool_calls"] = calls
    return Turn(joined, turn.trained)


def prompt_turns(value: Any, column: str, cells: Cells, *, parsed: bool) -> list[Turn]:
    """Return what is asked: messages, a text, or turns as the text of HH-RLHF.

    Args:
        value: The cell.
        column: Its name, for messages.
        cells: The row.
        parsed: Whether a text is the JSON of messages.
    """
    if parsed or _is_structured(value):
        return turns_of(value, column, cells)
    text = text_of(value, column)
    return written_turns(text, column, open_end=True) or [plain("user", text, column)]


def answer_turns(value: Any, column: str, cells: Cells, *, parsed: bool) -> list[Turn]:
    """Return an answer: messages or a text; the arguments are those of :func:`prompt_turns`."""
    if parsed or _is_structured(value):
        return turns_of(value, column, cells)
    if isinstance(value, int | Decimals) and not isinstance(value, bool):
        cells.remarks.add(NUMBERS)
        value = str(value)
    return [plain("assistant", value, column)]


def _is_structured(value: Any) -> bool:
    return not isinstance(value, str) and holds_messages(value)


def written_turns(text: str, column: str, *, open_end: bool = False) -> list[Turn]:
    """Return the messages of a text of HH-RLHF; none for any other text.

    Args:
        text: The text.
        column: Its name, for messages.
        open_end: Whether the text ends with an assistant who has said nothing yet, as prompts do.

    Raises:
        DataError: If a turn says nothing.
    """
    parts = _TURN.split(text.strip("\n"))
    if len(parts) < 3 or parts[0].strip():
        return []
    who, said = parts[1::2], parts[2::2]
    if open_end:
        if who[-1] != "Assistant" or said[-1].strip():
            return []
        who, said = who[:-1], said[:-1]
    roles = {"Human": "user", "Assistant": "assistant"}
    pairs = zip(who, said, strict=True)
    return [plain(roles[one], words.strip(), column) for one, words in pairs]


def _from_column(*names: str) -> Callable[[Cells], list[Turn]]:
    def read(cells: Cells) -> list[Turn]:
        column = cells.needed(names)
        turns = turns_of(cells.get(column), column, cells)
        if turns and turns[-1].role == "user" and cells.name(ANSWERS) is not None:
            answer = cells.fullest(ANSWERS)
            cells.used.add(answer)
            cells.remarks.add(f"'{column}' end with the question, and '{answer}' is its answer")
            turns += answer_turns(cells.fields[answer], answer, cells, parsed=False)
        return turns

    return read


def asked_column(cells: Cells, names: Sequence[str]) -> str | None:
    """Return which of some columns holds what is asked; ``input`` where no other does."""
    return cells.name([n for n in names if n != "input"]) or cells.name(names)


def asked_turns(cells: Cells, column: str, *, parsed: bool) -> list[Turn]:
    """Return what is asked, with the text of ``input`` or ``context`` below it.

    Args:
        cells: The row.
        column: What is asked.
        parsed: Whether its text is the JSON of messages.

    Raises:
        DataError: If it is empty, or there is a context that it has no place for.
    """
    cells.used.add(column)
    asked = prompt_turns(cells.fields[column], column, cells, parsed=parsed)
    beside = [n for n in ("input", "context") if n != column and cells.get(n) is not None]
    if not beside:
        return asked
    if len(asked) > 1 or len(beside) > 1:
        raise DataError(
            f"has '{beside[0]}' in addition to several messages or another context column; "
            "remove one, or set data.ignore"
        )
    text = cells.text(beside[0])
    return [plain("user", f"{asked[0].message['content']}\n\n{text}", column)]


def _from_pair(name: str) -> Callable[[Cells], list[Turn]]:
    """Return the reader of a format of what is asked and its answer."""

    def read(cells: Cells) -> list[Turn]:
        asking, answering = FORMATS[name].needs
        answer = cells.fullest(answering)
        cells.used.add(answer)
        question = asked_column(cells, asking) or cells.needed(asking)
        parsed = name == "prompt_completion" and _are_exported(cells, question, answer)
        asked = asked_turns(cells, question, parsed=parsed)
        said = answer_turns(cells.fields[answer], answer, cells, parsed=parsed)
        if asked and asked[-1].role == "assistant" and said[0].role == "assistant":
            raise DataError(
                f"'{question}' ends with the beginning of the answer; put it in '{answer}'"
            )
        if any(turn.role == "assistant" for turn in asked):
            cells.remarks.add(ASKED_WITH)
            asked = [replace(turn, trained=turn.role != "assistant") for turn in asked]
        return [*_history(cells), *asked, *said]

    return read


def _are_exported(cells: Cells, asking: str, answering: str) -> bool:
    """Return whether both texts of a pair are messages, as tables hold those of TRL.

    An answer is text in every other case: JSON may be what the model has to write.
    """
    pair = cells.fields[asking], cells.fields[answering]
    if not all(isinstance(one, str) for one in pair) or not lists_messages(pair[0]):
        return False
    if answering == "completion" and holds_messages(pair[1]):
        return True
    cells.remarks.add(KEPT)
    return False


def _history(cells: Cells) -> list[Turn]:
    """Return the turns before the question, which LLaMA-Factory keeps as pairs of texts."""
    value = cells.get("history")
    if value is None:
        return []
    pairs = structure(value, "history")
    if isinstance(pairs, list) and all(isinstance(one, dict) for one in pairs):
        return turns_of(pairs, "history", cells)
    turns: list[Turn] = []
    for index, pair in enumerate(pairs if isinstance(pairs, list) else [pairs]):
        if not (
            isinstance(pair, list | tuple)
            and len(pair) == 2
            and all(isinstance(text, str) for text in pair)
        ):
            raise DataError(f"history[{index}] is not a pair of an instruction and its answer")
        turns += [plain("user", pair[0], "history"), plain("assistant", pair[1], "history")]
    return turns


READERS: Mapping[str, Callable[[Cells], list[Turn]]] = {
    "messages": _from_column("messages"),
    "sharegpt": _from_column("conversations", "conversation"),
    **{name: _from_pair(name) for name in PAIRS},
}
"""Reads the turns of each conversation format."""

_MAIN: Mapping[str, str] = {"messages": "messages", "sharegpt": "conversations"}
"""Columns that errors of a conversation's order name; those of pairs come from their history."""
