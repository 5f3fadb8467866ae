"""Answers with thinking, in a separate key or in the text."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, WEATHER, called, chat
from benchmarks.data_formats.meant import answer, refused, silent, talk, tool, trained, user

DEEPSEEK = "DeepSeek, reasoning_content"


def _thought(key: str, text: str | None = "It is in the south.") -> bytes:
    rows = []
    for q, a in QA:
        question, reply = chat(q, a)
        rows.append({"messages": [question, {**reply, key: text}]})
    return jsonl(*rows)


_THOUGHT = [talk(user(q), answer(a, reasoning_content="It is in the south.")) for q, a in QA]
_PLAIN = [talk(user(q), answer(a)) for q, a in QA]


@form("thinking", DEEPSEEK, bases=("chatml",))
def reasoning_content() -> Made:
    """Has its thinking in a separate key, which the template shows."""
    return made(_thought("reasoning_content"), trained(*_THOUGHT))


@form("thinking", "vLLM and OpenRouter", bases=("chatml",))
def reasoning() -> Made:
    """Has its thinking in a key of another name."""
    return made(_thought("reasoning"), trained(*_THOUGHT), refused("reasoning"))


@form("thinking", "gpt-oss, chat template", bases=("chatml",))
def thinking() -> Made:
    """Has its thinking in a third key."""
    return made(_thought("thinking"), trained(*_THOUGHT), refused("thinking"))


@form("thinking", DEEPSEEK, bases=("embedded", "llama", "gemma", "mistral"))
def reasoning_without_a_place(base: str) -> Made:
    """Has thinking that the template does not show."""
    return made(_thought("reasoning_content"), refused("reasoning_content"))


@form("thinking", DEEPSEEK, bases=("embedded", "chatml"))
def reasoning_null(base: str) -> Made:
    """Has null where thinking would be."""
    return made(_thought("reasoning_content", None), trained(*_PLAIN))


@form("thinking", DEEPSEEK, bases=("embedded", "chatml"))
def reasoning_empty(base: str) -> Made:
    """Has an empty text where thinking would be."""
    return made(_thought("reasoning_content", ""), trained(*_PLAIN))


@form("thinking", "Qwen3, chat template", bases=("chatml",))
def reasoning_in_two_turns() -> Made:
    """Thinks in two turns, of which the template drops the first when it shows the second."""
    (q, a), (q2, a2), *_ = QA
    messages = [*chat(q, a), *chat(q2, a2)]
    messages[1] = {**messages[1], "reasoning_content": "Think of Lima."}
    messages[3] = {**messages[3], "reasoning_content": "Think of Egypt."}
    meant = talk(
        user(q),
        answer(a, reasoning_content="Think of Lima."),
        user(q2),
        answer(a2, reasoning_content="Think of Egypt."),
    )
    return made(jsonl({"messages": messages}), trained(meant))


@form("thinking", "Qwen3, chat template", bases=("chatml",))
def think_tags_in_two_turns() -> Made:
    """Thinks in the text of two turns."""
    (q, a), (q2, a2), *_ = QA
    first, second = f"<think>\nLima?\n</think>\n\n{a}", f"<think>\nEgypt?\n</think>\n\n{a2}"
    meant = talk(user(q), answer(first), user(q2), answer(second))
    return made(jsonl({"messages": [*chat(q, first), *chat(q2, second)]}), trained(meant))


@form("thinking", "DeepSeek-R1 distillates", bases=("embedded", "llama"))
def think_tags(base: str) -> Made:
    """Thinks in the text, which a template without thinking keeps."""
    rows = [(q, f"<think>Well.</think>\n{a}") for q, a in QA]
    return made(
        jsonl(*({"messages": chat(q, a)} for q, a in rows)),
        trained(*(talk(user(q), answer(a)) for q, a in rows)),
    )


@form("thinking", "Qwen3, interleaved thinking", bases=("chatml",))
def reasoning_around_a_call() -> Made:
    """Thinks before a call and after its result."""
    messages = [
        {"role": "user", "content": "How is Lima?"},
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "I look.",
            "tool_calls": [called("Lima", text=True)],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "mild"},
        {"role": "assistant", "content": "Mild.", "reasoning_content": "I tell."},
    ]
    meant = talk(
        user("How is Lima?"),
        answer("", reasoning_content="I look.", tool_calls=[called("Lima")]),
        tool("mild", tool_call_id="call_1"),
        answer("Mild.", reasoning_content="I tell."),
        tools=[WEATHER],
    )
    return made(
        jsonl({"messages": messages, "tools": [WEATHER]}),
        trained(meant),
        training={"max_length": 2048},
    )


@form("thinking", "Anthropic, extended thinking", bases=("chatml",))
def thinking_parts() -> Made:
    """Has its thinking in a part of the content."""
    (q, a), *_ = QA
    parts = [{"type": "thinking", "thinking": "South."}, {"type": "text", "text": a}]
    messages = [{"role": "user", "content": q}, {"role": "assistant", "content": parts}]
    return made(
        jsonl({"messages": messages}),
        trained(talk(user(q), answer(a, reasoning_content="South."))),
        refused("thinking", row=1),
    )


@form("thinking", "TRL, chat_template_kwargs", bases=("chatml",))
def thinking_switched_off() -> Made:
    """Switches thinking off by a column of settings for the template."""
    rows = [
        {"messages": chat(q, a), "chat_template_kwargs": {"enable_thinking": False}} for q, a in QA
    ]
    meant = [talk(user(q), answer(a), enable_thinking=False) for q, a in QA]
    return made(jsonl(*rows), trained(*meant), refused("chat_template_kwargs"))


@form("thinking", "Qwen3, mixed data", bases=("chatml",))
def reasoning_in_some_rows() -> Made:
    """Thinks in some rows only."""
    (q, a), (q2, a2), *_ = QA
    thinking = [chat(q, a)[0], {**chat(q, a)[1], "reasoning_content": "South."}]
    meant = [talk(user(q), answer(a, reasoning_content="South.")), talk(user(q2), answer(a2))]
    rows = [{"messages": thinking}, {"messages": chat(q2, a2)}]
    return made(jsonl(*rows), trained(*meant))


@form("thinking", "Qwen3, chat template", bases=("chatml",))
def reasoning_and_weight() -> Made:
    """Thinks in a turn without loss and in one with loss."""
    (q, a), (q2, a2), *_ = QA
    messages: list[dict[str, Any]] = [*chat(q, a), *chat(q2, a2)]
    messages[1] |= {"reasoning_content": "Lima?", "weight": 0}
    messages[3] |= {"reasoning_content": "Egypt?", "weight": 1}
    meant = talk(
        user(q),
        silent(a, reasoning_content="Lima?"),
        user(q2),
        answer(a2, reasoning_content="Egypt?"),
    )
    return made(jsonl({"messages": messages}), trained(meant))
