"""Conversations in the forms of ShareGPT, as axolotl and LLaMA-Factory read them."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.data_formats.files import array, jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, WEATHER, called, chat
from benchmarks.data_formats.meant import answer, refused, silent, system, talk, tool, trained, user

FACTORY = "LLaMA-Factory, data README"
AXOLOTL = "axolotl, conversation formats"

_SIMPLE = [talk(user(q), answer(a)) for q, a in QA]


def _turn(who: str, text: Any, **keys: Any) -> dict[str, Any]:
    return {"from": who, "value": text, **keys}


def _exchange(q: str, a: str, *, human: str = "human", gpt: str = "gpt") -> list[dict[str, Any]]:
    return [_turn(human, q), _turn(gpt, a)]


def _rows(**columns: Any) -> list[dict[str, Any]]:
    return [{"conversations": _exchange(q, a), **columns} for q, a in QA]


@form("sharegpt", FACTORY, bases=("embedded", "chatml"))
def sharegpt(base: str) -> Made:
    """Holds one exchange a row."""
    return made(jsonl(*_rows()), trained(*_SIMPLE))


@form("sharegpt", "lmsys/FastChat, training data")
def vicuna() -> Made:
    """Numbers its conversations, in one JSON array."""
    rows = [{"id": f"identity_{i}", **row} for i, row in enumerate(_rows())]
    return made(array(*rows, indent=2), trained(*_SIMPLE, ignored={"id": 4}), file="rows.json")


@form("sharegpt", FACTORY)
def system_column() -> Made:
    """Has its system text in a column, and an empty list of tools."""
    meant = [talk(system("Answer in JSON."), user(q), answer(a)) for q, a in QA]
    return made(jsonl(*_rows(system="Answer in JSON.", tools="[]")), trained(*meant))


@form("sharegpt", FACTORY)
def empty_columns() -> Made:
    """Has columns for a system text and tools, which are empty."""
    return made(jsonl(*_rows(system="", tools="")), trained(*_SIMPLE))


@form("sharegpt", "teknium/OpenHermes-2.5")
def system_from() -> Made:
    """Begins with a system turn."""
    rows = [{"conversations": [_turn("system", "Be brief."), *_exchange(q, a)]} for q, a in QA]
    meant = [talk(system("Be brief."), user(q), answer(a)) for q, a in QA]
    return made(jsonl(*rows), trained(*meant))


@form("sharegpt", "teknium/OpenHermes-2.5")
def weights_of_turns() -> Made:
    """Has null in columns and a null weight in its turns."""
    rows = [
        {
            "conversations": [_turn("human", q, weight=None), _turn("gpt", a, weight=None)],
            "model": None,
            "views": None,
        }
        for q, a in QA
    ]
    return made(jsonl(*rows), trained(*_SIMPLE))


@form("sharegpt", AXOLOTL + ": weight")
def sharegpt_weight_0() -> Made:
    """Gives turns of the assistant the weight 0."""
    q, a = QA[0]
    turns = [*_exchange(q, "No idea."), *_exchange("Again.", a)]
    turns[1] = {**turns[1], "weight": 0}
    meant = talk(user(q), silent("No idea."), user("Again."), answer(a))
    return made(jsonl({"conversations": turns}), trained(meant))


@form("sharegpt", AXOLOTL + ": message_field_training")
def train_false() -> Made:
    """Says by another key that an answer is not learnt."""
    q, a = QA[0]
    turns = [*chat(q, "No idea."), *chat("Again.", a)]
    messages = [{**turn, "train": index == 3} for index, turn in enumerate(turns)]
    meant = talk(user(q), silent("No idea."), user("Again."), answer(a))
    return made(jsonl({"messages": messages}), trained(meant), refused("train", row=1))


@form("sharegpt", AXOLOTL + ": message_field_training_detail")
def train_detail() -> Made:
    """Says for stretches of an answer whether they are learnt."""
    (q, a), *_ = QA
    detail = [{"begin_offset": 0, "end_offset": 1, "train": False}]
    messages = [chat(q, a)[0], {**chat(q, a)[1], "training_detail": detail}]
    return made(jsonl({"messages": messages}), refused("training_detail", row=1))


@form("sharegpt", "ShareGPT, dumps of conversations")
def leading_gpt() -> Made:
    """Begins with the assistant, who greets."""
    q, a = QA[0]
    rows = [{"conversations": [_turn("gpt", "Hello!"), *_exchange(q, a)]}]
    meant = user(q), answer(a)
    return made(
        jsonl(*rows),
        trained(talk(silent("Hello!"), *meant), said=(("without loss", "no loss", "not trained"),)),
        trained(talk(*meant), said=(("dropped", "left out"),)),
    )


@form("templates", "Gemma, chat template", bases=("gemma",))
def leading_gpt_refused() -> Made:
    """Begins with the assistant, which the template refuses."""
    rows = [{"conversations": [_turn("gpt", "Hello!"), *_exchange(*QA[0])]}]
    return made(jsonl(*rows), refused(("alternate", "user"), row=1))


@form("sharegpt", "ShareGPT, dumps of conversations")
def human_twice() -> Made:
    """Has two questions in a row."""
    q, a = QA[0]
    rows = [{"conversations": [_turn("human", "Hi."), *_exchange(q, a)]}]
    return made(
        jsonl(*rows),
        trained(talk(user("Hi."), user(q), answer(a))),
        trained(talk(user(f"Hi.\n\n{q}"), answer(a)), said=(("joined", "merged"),)),
        trained(talk(user(f"Hi.\n{q}"), answer(a)), said=(("joined", "merged"),)),
    )


@form("sharegpt", "ShareGPT, dumps of conversations")
def gpt_twice() -> Made:
    """Has two answers in a row."""
    q, a = QA[0]
    rows = [{"conversations": [*_exchange(q, "Well."), _turn("gpt", a)]}]
    return made(
        jsonl(*rows),
        trained(talk(user(q), answer("Well."), answer(a))),
        trained(talk(user(q), answer(f"Well.\n\n{a}")), said=(("joined", "merged"),)),
        trained(talk(user(q), answer(f"Well.\n{a}")), said=(("joined", "merged"),)),
    )


@form("sharegpt", "ShareGPT, dumps of conversations")
def gpt_twice_with_weights() -> Made:
    """Has two answers in a row, of which the first is not learnt."""
    q, a = QA[0]
    rows = [
        {"conversations": [_turn("human", q), _turn("gpt", "Well.", weight=0), _turn("gpt", a)]}
    ]
    return made(
        jsonl(*rows),
        trained(talk(user(q), silent("Well."), answer(a))),
        refused(("weight", "twice", "same role"), row=1),
    )


@form("sharegpt", FACTORY)
def question_without_answer() -> Made:
    """Ends with a question."""
    (q, a), (q2, _), *_ = QA
    rows = [{"conversations": [*_exchange(q, a), _turn("human", q2)]}]
    return made(jsonl(*rows), trained(talk(user(q), answer(a))))


def _function_row(**columns: Any) -> dict[str, Any]:
    call = json.dumps({"name": "get_weather", "arguments": {"city": "Lima"}})
    turns = [
        _turn("human", "How is Lima?"),
        _turn("function_call", call),
        _turn("observation", "mild"),
        _turn("gpt", "It is mild."),
    ]
    return {"conversations": turns, **columns}


def _called(**keys: Any) -> Any:
    call = {"type": "function", "function": called("Lima")["function"]}
    return talk(
        user("How is Lima?"),
        answer("", tool_calls=[call]),
        tool("mild"),
        answer("It is mild."),
        **keys,
    )


@form("sharegpt", FACTORY, bases=("chatml",))
def function_call() -> Made:
    """Calls a function as JSON text, and describes it in a column of JSON text."""
    row = _function_row(tools=json.dumps([WEATHER]))
    return made(jsonl(row), trained(_called(tools=[WEATHER])), training={"max_length": 2048})


@form("sharegpt", FACTORY, bases=("chatml",))
def bare_tools() -> Made:
    """Describes the function without the wrapper that OpenAI's files put around it."""
    row = _function_row(tools=json.dumps([WEATHER["function"]]))
    return made(
        jsonl(row),
        trained(_called(tools=[WEATHER])),
        trained(_called(tools=[WEATHER["function"]])),
        training={"max_length": 2048},
    )


@form("sharegpt", "ShareGPT, dumps of conversations", bases=("chatml",))
def function_call_without_tools() -> Made:
    """Calls a function that no column describes."""
    return made(jsonl(_function_row()), trained(_called()), training={"max_length": 2048})


@form("templates", "ShareGPT, dumps of conversations")
def function_call_without_a_place() -> Made:
    """Calls a function, which the template has no place for."""
    return made(jsonl(_function_row()), refused(("tool", "function_call"), row=1))


@form("sharegpt", FACTORY, bases=("chatml",))
def broken_function_call() -> Made:
    """Calls a function in text that is no JSON."""
    row = _function_row()
    row["conversations"][1]["value"] = "get_weather(Lima)"
    return made(jsonl(row), refused(("JSON", "function_call"), row=1))


@form("sharegpt", "ShareGPT exports")
def other_roles() -> Made:
    """Names the roles user, assistant, chatgpt and bing."""
    names = [("user", "assistant"), ("human", "chatgpt"), ("human", "bing"), ("user", "bot")]
    rows = [
        {"conversations": _exchange(q, a, human=human, gpt=gpt)}
        for (q, a), (human, gpt) in zip(QA[:3], names, strict=False)
    ]
    return made(jsonl(*rows), trained(*_SIMPLE[:3]))


@form("sharegpt", "LLaMA-Factory, tags")
def role_and_content() -> Made:
    """Has messages in the column of ShareGPT."""
    rows = [{"conversations": chat(q, a)} for q, a in QA]
    return made(jsonl(*rows), trained(*_SIMPLE))


@form("sharegpt", "LLaMA-Factory, tags")
def from_in_messages() -> Made:
    """Has turns of ShareGPT in the column of OpenAI."""
    rows = [{"messages": _exchange(q, a)} for q, a in QA]
    return made(jsonl(*rows), trained(*_SIMPLE))


@form("sharegpt", "ShareGPT exports")
def unknown_from() -> Made:
    """Has a turn of somebody unknown."""
    odd = [*_exchange(*QA[1]), _turn("moderator", "Enough.")]
    return made(jsonl(_rows()[0], {"conversations": odd}), refused("moderator", row=2))


@form("sharegpt", "ShareGPT exports")
def null_value() -> Made:
    """Has an answer that is null."""
    return made(
        jsonl(_rows()[0], {"conversations": [_turn("human", "Hi."), _turn("gpt", None)]}),
        refused(("value", "content", "empty"), row=2),
    )


@form("sharegpt", "LDJnr/Capybara")
def capybara() -> Made:
    """Holds exchanges of an input and an output."""
    (q, a), (q2, a2), *_ = QA
    turns = [{"input": q, "output": a}, {"input": q2, "output": a2}]
    return made(
        jsonl({"source": "Know", "conversation": turns}),
        trained(talk(user(q), answer(a), user(q2), answer(a2)), ignored={"source": 1}),
        refused("conversation"),
    )


@form("sharegpt", "OpenAssistant/oasst1, trees")
def tree() -> Made:
    """Holds a tree of replies, which is no conversation yet."""
    reply = {"text": "Lima.", "role": "assistant", "replies": []}
    rows = [{"message_tree_id": "1", "prompt": {"text": "Peru?", "replies": [reply]}}]
    return made(jsonl(*rows), refused(("column", "format")))


@form("sharegpt", "ultrachat_200k")
def ultrachat() -> Made:
    """Repeats the first question in a column beside the messages."""
    rows = [{"prompt": q, "prompt_id": "ab", "messages": chat(q, a)} for q, a in QA]
    return made(jsonl(*rows), trained(*_SIMPLE, ignored={"prompt_id": 4, "prompt": 4}))
