"""Rows of two answers to one prompt, one of them preferred, and rows of one labelled answer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from evalguard.errors import DataError
from evalguard.training.formats.cells import (
    Cells,
    holds_messages,
    label_of,
    lists_messages,
    structure,
    truth_of,
)
from evalguard.training.formats.conversations import (
    KEPT,
    answer_turns,
    arranged,
    asked_column,
    asked_turns,
    conversation,
    row_tools,
    with_system,
    written_turns,
)
from evalguard.training.formats.example import Example, Message
from evalguard.training.formats.layout import ASKED, LABELS
from evalguard.training.formats.messages import Turn, turns_of
from evalguard.training.formats.tools import Tool, check_called, tools_of
from evalguard.training.formats.unmeant import check_request
from evalguard.training.formats.unread import plain_name

_SCORE = re.compile("score|rating|reward|grade")

_PREFERRED = re.compile(
    "(?:human|annotator|overall|gold|user)?(?:winner|preferred|preference|better|best|choice|vote"
    "|verdict|judge?ment)(?:answer|response|label|side)?"
)
_NOT_CHOSEN = re.compile("rejected|tied?|draw|equal|same|neither|both(?:are)?(?:bad|good|equal)?")
_STATUS = ("status", "comparison", "outcome", "result")
"""Columns that may say so in one word, of a ticket otherwise."""

_TIE = re.compile("(?:is)?(?:tied?|draw|equal|nopreference)")
"""Columns beside two answers that say which was preferred, and what speaks against ``chosen``."""

_WHOLE = ("messages", "conversations", "conversation")
"""Columns that hold the prompt as a conversation, where they end with the user."""


def preference(cells: Cells) -> Example:
    """Return a row of ``chosen`` and ``rejected`` as an example.

    The answers may repeat the prompt (UltraFeedback), or hold it alone (HH-RLHF).

    Raises:
        DataError: If it breaks the format's rules.
    """
    parsed = _hold_messages(cells)
    prompt = _prompt(cells, parsed=parsed)
    chosen = _answer(cells, "chosen", alone=not prompt, parsed=parsed)
    rejected = _answer(cells, "rejected", alone=not prompt, parsed=parsed)
    if prompt:
        chosen, rejected = (
            _with_one_system(prompt, turns, name)
            for name, turns in (("chosen", chosen), ("rejected", rejected))
        )
    if prompt and _is_whole(chosen) != _is_whole(rejected):
        raise DataError("one of 'chosen' and 'rejected' is a conversation, the other an answer")
    if prompt and _is_whole(chosen):
        _check_repeats(prompt, chosen, rejected)
    elif prompt:
        chosen, rejected = [*prompt, *chosen], [*prompt, *rejected]
    _compare_scores(cells)
    return _paired(cells, "preference", chosen, rejected, row_tools(cells))


def _compare_scores(cells: Cells) -> None:
    """Count rows whose scores prefer the other answer."""
    for name, value in cells.fields.items():
        other = name.replace("chosen", "rejected")
        if other == name or not _SCORE.search(name.casefold()):
            continue
        pair = value, cells.fields.get(other)
        if all(isinstance(one, int | float) for one in pair) and pair[0] < pair[1]:
            cells.remarks.add(f"'{other}' is higher than '{name}', so the answers may be swapped")


def openai_preference(cells: Cells) -> Example:
    """Return a row of OpenAI's preference fine-tuning as an example.

    Raises:
        DataError: If it breaks the format's rules.
    """
    asked = structure(cells.get("input"), "input")
    if not isinstance(asked, dict) or "messages" not in asked:
        raise DataError("'input' is not an object with 'messages'")
    others = [key for key in asked if key not in ("messages", "tools") and asked[key]]
    for key in others:
        if key not in cells.layout.ignore:
            check_request(key, asked[key], "input")
    cells.ignored.update(f"input.{key}" for key in others)
    prompt = turns_of(asked["messages"], "input.messages", cells)
    preferred, other = (
        turns_of(cells.get(column), column, cells)
        for column in ("preferred_output", "non_preferred_output")
    )
    tools = tools_of(asked.get("tools"), "input.tools") or row_tools(cells)
    return _paired(cells, "openai_preference", [*prompt, *preferred], [*prompt, *other], tools)


def unpaired(cells: Cells, inner: str) -> Example:
    """Return a row of one answer and whether it is wanted as an example.

    Args:
        cells: The row.
        inner: Format of the conversation beside the label.

    Raises:
        DataError: If it breaks the format's rules, or the label says something else.
    """
    column = cells.name(LABELS)
    if column is None:
        raise DataError(
            f"has no '{LABELS[0]}', but other rows mark their answers as wanted or unwanted. "
            "Label the row or remove it"
        )
    label = cells.fields[column]
    cells.used.add(column)
    good = label_of(label)
    if good is None:
        raise DataError(
            f"'{column}' is {label!r}, expected true (wanted) or false (unwanted). "
            f"If it says something else, leave it out: ignore: [{column}]"
        )
    whole = conversation(cells, inner)
    _check_weights(whole.untrained, len(whole.messages))
    return replace(
        whole,
        kind="unpaired",
        format="unpaired",
        messages=whole.messages[:-1],
        chosen=whole.messages[-1:],
        good=good,
        untrained=frozenset(),
    )


def _with_one_system(prompt: list[Turn], turns: list[Turn], column: str) -> list[Turn]:
    """Return an answer with the prompt's system message, if it is a whole conversation.

    Raises:
        DataError: If it has another one.
    """
    system = [turn for turn in prompt if turn.role == "system"]
    own = [turn for turn in turns if turn.role == "system"]
    if own and system and [_text(turn) for turn in own] != [_text(turn) for turn in system]:
        raise DataError(f"'prompt' and '{column}' have different system messages; keep one")
    if _is_whole(turns):
        return turns if own else [*system, *turns]
    if own and not system:
        raise DataError(f"'{column}' has a system message, but no question; move it to 'prompt'")
    return [turn for turn in turns if turn.role != "system"]


def _hold_messages(cells: Cells) -> bool:
    """Return whether both answers are messages, as lists, as objects or as the text of these.

    Raises:
        DataError: If one is the text of messages and the other a text.
    """
    pair = cells.fields["chosen"], cells.fields["rejected"]
    held = [holds_messages(one) for one in pair]
    if any(yes and isinstance(one, str) for yes, one in zip(held, pair, strict=True)) and not all(
        held
    ):
        raise DataError(
            "one of 'chosen' and 'rejected' is JSON text of messages, the other a text; write "
            "both in the same format"
        )
    return all(held)


def _prompt(cells: Cells, *, parsed: bool) -> list[Turn]:
    asking = asked_column(cells, ASKED)
    if asking is not None:
        listed = isinstance(cells.fields[asking], str) and lists_messages(cells.fields[asking])
        if listed and not parsed:
            cells.remarks.add(KEPT)
        return asked_turns(cells, asking, parsed=parsed and listed)
    column = cells.name(_WHOLE)
    if column is None:
        return []
    turns = turns_of(cells.fields[column], column, cells)
    if turns and turns[-1].role == "assistant":
        return []  # it repeats an answer
    cells.used.add(column)
    return turns


def _answer(cells: Cells, column: str, *, alone: bool, parsed: bool) -> list[Turn]:
    value: Any = cells.fields[column]
    cells.used.add(column)
    if alone and isinstance(value, str) and not parsed:
        turns = written_turns(cells.text(column), column)
        if turns:
            return turns
    return answer_turns(value, column, cells, parsed=parsed)


def _is_whole(turns: list[Turn]) -> bool:
    """Return whether an answer is a conversation that holds the prompt, too."""
    return any(turn.role == "user" for turn in turns)


def _text(turn: Turn) -> str:
    text: str = turn.message["content"]
    return text.strip()


def _said(turns: list[Turn]) -> list[str]:
    return [_text(turn) for turn in turns if turn.role != "system"]


def _check_repeats(prompt: list[Turn], chosen: list[Turn], rejected: list[Turn]) -> None:
    """Check that two conversations ask what the prompt asks."""
    asked, said = _said(chosen[:-1]), _said(prompt)
    # Of a prompt as text, some sets keep the first question of a conversation, others the last.
    if said not in (asked[-len(said) :], asked[: len(said)]) or asked != _said(rejected[:-1]):
        raise DataError(
            "'chosen' and 'rejected' hold whole conversations that do not begin with 'prompt'; "
            "keep the answers alone, or leave the prompt out: ignore: [prompt]"
        )


def _paired(
    cells: Cells, name: str, chosen: list[Turn], rejected: list[Turn], tools: tuple[Tool, ...]
) -> Example:
    """Return two conversations that part at their last answer as an example."""
    if not chosen[:-1] or [t.message for t in chosen[:1]] != [t.message for t in rejected[:1]]:
        raise DataError("no 'prompt', and 'chosen' and 'rejected' do not begin with the same one")
    good, good_untrained = _arranged(cells, chosen, "chosen")
    bad, bad_untrained = _arranged(cells, rejected, "rejected")
    if good[:-1] != bad[:-1]:
        raise DataError(
            "'chosen' and 'rejected' differ before the last answer, so user or tool messages "
            "would be compared too; truncate both after the first differing answer"
        )
    if good == bad:
        raise DataError("'chosen' and 'rejected' are the same answer")
    _check_weights(good_untrained | bad_untrained, len(good))
    check_called([*good, *bad[-1:]], tools)
    _check_preferred(cells)
    return Example(
        "preference", name, cells.where, good[:-1], chosen=good[-1:], rejected=bad[-1:], tools=tools
    )


def _arranged(
    cells: Cells, turns: list[Turn], column: str
) -> tuple[tuple[Message, ...], frozenset[int]]:
    if turns[-1].role != "assistant":
        raise DataError(f"'{column}' must end with an answer of the assistant")
    messages, untrained = arranged(with_system(cells, turns), cells, column)
    return messages, frozenset(untrained)


def _check_preferred(cells: Cells) -> None:
    """Refuse a pair of which a column says that neither, or the other answer, was preferred.

    Raises:
        DataError: Naming the column.
    """
    for column in sorted(cells.unused() & cells.fields.keys() - {*cells.layout.ignore}):
        value, name = cells.fields[column], plain_name(column)
        word = plain_name(value) if isinstance(value, str) else ""
        tied = _TIE.fullmatch(name) is not None and truth_of(value) is True
        tied = tied or (name in _STATUS and _TIE.fullmatch(word) is not None)
        if tied or (_PREFERRED.fullmatch(name) and _NOT_CHOSEN.fullmatch(word)):
            raise DataError(
                f"'{column}' is {value!r}, so 'chosen' was not preferred. Remove the row, or leave "
                f"the column out: ignore: [{column}]"
            )


def _check_weights(untrained: frozenset[int], length: int) -> None:
    """Refuse an answer of weight 0: a preference compares whole answers."""
    if length - 1 in untrained:
        raise DataError("the answer has weight 0, but a preference cannot leave it out")
