"""Files of preferences as other projects write them: AlpacaEval, MT-Bench, Chatbot Arena, TRL.

Each form turns a row into the project's own columns: ``question``, ``a``, ``b`` and ``better``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from evalguard.scorers.written import written
from evalguard.tasks.chats import chat_of
from evalguard.tasks.label_values import LabelError

Data = Mapping[str, Any]

TIES = ("tie", "tie (bothbad)", "bothbad", "both_bad", "tie (inconsistent)")
"""What MT-Bench and Chatbot Arena write for a tie."""

_WINNERS = {"model_a": "a", "model_b": "b", **dict.fromkeys(TIES, "tie")}
_TURNS = re.compile(r"""\s*\[\s*(?:[{"']|null\b|None\b|$)""")
"""How a list of turns begins, as JSON or as Python writes it; "[1] says so" is a text."""

_ONE_HOT = {"winner_model_a": "a", "winner_model_b": "b", "winner_tie": "tie"}


@dataclass(frozen=True, slots=True)
class Form:
    """A form of files of preferences.

    Attributes:
        name: Its name.
        columns: Columns that it is recognised by.
        read: Turns a row's values into ours.
    """

    name: str
    columns: frozenset[str]
    read: Callable[[Data], dict[str, Any]]


def form_of(data: Data) -> Form | None:
    """Return the form that a row has, or ``None``."""
    return next((form for form in _FORMS if form.columns <= data.keys()), None)


def _alpaca_eval(data: Data) -> dict[str, Any]:
    """Read ``preference``: 1 for the first output, 2 for the second, 0 and 1.5 for a tie.

    Weighted annotators write the fractions between them.
    """
    text = written(data.get("preference"))
    try:
        preference = float(text)
    except ValueError:
        preference = -1.0
    if preference != 0 and not 1 <= preference <= 2:
        raise LabelError("preference", data.get("preference"), "1 to 2, or 0")
    question, more = _value(data, "instruction"), data.get("input")
    return {
        "question": f"{question}\n\n{more}" if more else question,
        "a": _value(data, "output_1"),
        "b": _value(data, "output_2"),
        "better": "tie" if preference in (0, 1.5) else "a" if preference < 1.5 else "b",
    }


def _conversations(data: Data) -> dict[str, Any]:
    """Read two conversations, up to the turn that was judged."""
    turn = data.get("turn")
    if turn is not None and written(turn) not in map(str, range(1, 100)):
        raise LabelError("turn", turn, "1, 2, …")
    turns = int(written(turn)) if turn is not None else None
    (asked, first), (also_asked, second) = (
        _chat(data, column, turns) for column in ("conversation_a", "conversation_b")
    )
    if asked != also_asked:
        raise LabelError("conversation_b", also_asked[0], "the questions of conversation_a")
    return {**_pair(asked, first, second), "better": _winner(data)}


def _responses(data: Data) -> dict[str, Any]:
    """Read ``prompt``, ``response_a`` and ``response_b``, each a text or a list of turns."""
    asked, first, second = (
        _texts(data, column) for column in ("prompt", "response_a", "response_b")
    )
    for column, texts in (("response_a", first), ("response_b", second)):
        if len(texts) != len(asked):
            raise LabelError(column, data[column], f"{len(asked)} turns, as in prompt")
    return {**_pair(asked, first, second), "better": _winner(data)}


def _chosen(data: Data) -> dict[str, Any]:
    """Read ``chosen`` and ``rejected``, each an answer to ``prompt`` or a whole conversation.

    The better answer is ``a`` in about half of the rows, as its text decides: a judge that prefers
    what comes first would agree with labels that are all alike.
    """
    (asked, better), (also_asked, worse) = (_asked(data, name) for name in ("chosen", "rejected"))
    if asked != also_asked:
        raise LabelError("rejected", also_asked[0], "an answer to the question of chosen")
    pair = _pair(asked, better, worse)
    if crc32(pair["a"].encode()) % 2:
        return {**pair, "better": "a"}
    return {**pair, "a": pair["b"], "b": pair["a"], "better": "b"}


def _asked(data: Data, column: str) -> tuple[list[str], list[str]]:
    """Return the questions and the answers of a column of one answer or a conversation.

    The question of an answer is the prompt, a text or, as TRL has it, messages.
    """
    value = _parsed(data, column)
    if isinstance(value, list):
        roles = [one.get("role") for one in value if isinstance(one, dict)]
        if roles != ["assistant"]:
            return _chat(data, column, None)
        value = value[0].get("content")
    if not isinstance(value, str):
        raise LabelError(column, data[column], "an answer, or messages")
    prompt = _parsed(data, "prompt")
    if isinstance(prompt, list) and all(isinstance(one, dict) for one in prompt):
        answer = {"role": "assistant", "content": value}
        return _chat({column: [*prompt, answer]}, column, None)
    return [str(data["prompt"])], [value]


def _models_alone(data: Data) -> dict[str, Any]:
    raise LabelError(
        "conversation_a", None, "the conversations: this file names the models and no answers"
    )


def _winner(data: Data) -> str:
    if "winner" in data:
        found = _WINNERS.get(written(data["winner"]))
        if found is None:
            raise LabelError("winner", data["winner"], ", ".join(_WINNERS))
        return found
    flags = {}
    for column in _ONE_HOT:
        flags[column] = written(data.get(column, 0))
        if flags[column] not in ("0", "1", "true", "false"):
            raise LabelError(column, data[column], "0 or 1")
    won = [_ONE_HOT[column] for column, flag in flags.items() if flag in ("1", "true")]
    if len(won) != 1:
        said = ", ".join(f"{column} {flag}" for column, flag in flags.items())
        raise LabelError("winner_model_a", said, "a 1 in one of the three")
    return won[0]


def _chat(data: Data, column: str, turns: int | None) -> tuple[list[str], list[str]]:
    """Return the questions and the answers of a conversation."""
    try:
        messages = chat_of(_parsed(data, column))
    except ValueError as error:
        raise LabelError(column, data.get(column), f"messages; it {error}") from error
    messages = messages[: 2 * turns] if turns else messages
    roles = [message["role"] for message in messages]
    if roles != ["user", "assistant"] * (turns or max(1, len(messages) // 2)):
        raise LabelError(column, ", ".join(roles), "user and assistant in turn")
    texts = [message["content"] for message in messages]
    return texts[::2], texts[1::2]


def _pair(asked: Sequence[str], first: Sequence[str], second: Sequence[str]) -> dict[str, Any]:
    return {"question": asked[0], "a": _rest(asked, first), "b": _rest(asked, second)}


def _rest(asked: Sequence[str], answers: Sequence[str]) -> str:
    """Return a conversation from its first answer on."""
    later = zip(asked[1:], answers[1:], strict=True)
    return answers[0] + "".join(f"\n\nUser: {one}\n\nAssistant: {said}" for one, said in later)


def _texts(data: Data, column: str) -> list[str]:
    value = _parsed(data, column)
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise LabelError(column, data[column], "a text or a list of texts")
    return texts


def _parsed(data: Data, column: str) -> Any:
    """Return a list that a CSV holds as JSON; else the value itself.

    Raises:
        LabelError: If a list of turns is broken, such as one that was cut off.
    """
    value = _value(data, column)
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError as error:
            if _TURNS.match(value):
                raise LabelError(column, value, f"a list as JSON; {error}") from error
    return value


def _value(data: Data, column: str) -> Any:
    if data.get(column) is None:
        raise LabelError(column, data.get(column), "a value")
    return data[column]


_FORMS = (
    Form("pairs of chosen and rejected", frozenset(("chosen", "rejected")), _chosen),
    Form("AlpacaEval", frozenset(("instruction", "output_1", "output_2")), _alpaca_eval),
    Form("MT-Bench", frozenset(("conversation_a", "conversation_b", "winner")), _conversations),
    Form(
        "Chatbot Arena",
        frozenset(("conversation_a", "conversation_b", "winner_model_a", "winner_model_b")),
        _conversations,
    ),
    Form(
        "Chatbot Arena",
        frozenset(("prompt", "response_a", "response_b", "winner_model_a", "winner_model_b")),
        _responses,
    ),
    Form("Chatbot Arena", frozenset(("prompt", "response_a", "response_b", "winner")), _responses),
    Form("MT-Bench", frozenset(("model_a", "model_b", "winner")), _models_alone),
)
