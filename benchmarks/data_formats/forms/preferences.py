"""Preferences: pairs of answers, in the forms of the sets that are used most."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, WEATHER, WRONG, chat
from benchmarks.data_formats.meant import (
    Outcome,
    answer,
    pair,
    refused,
    system,
    trained,
    user,
)

TRL = "TRL, dataset formats"
ALL = ("embedded", "chatml", "llama", "gemma", "mistral")
_TRIPLES = [(q, a, w) for (q, a), w in zip(QA, WRONG, strict=True)]
_PAIRS = [pair(q, a, w) for q, a, w in _TRIPLES]


def _dpo(content: bytes, *allowed: Outcome, **settings: Any) -> Made:
    return made(content, *allowed, method=settings.pop("method", "dpo"), **settings)


def _reply(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


@form("preferences", TRL, bases=("embedded", "chatml", "llama", "gemma", "mistral"))
def preference(base: str) -> Made:
    """Has prompt, chosen and rejected as texts."""
    rows = [{"prompt": q, "chosen": a, "rejected": w} for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*_PAIRS))


@form("preferences", TRL)
def conversational_preference() -> Made:
    """Has prompt and both answers as messages."""
    rows = [
        {
            "prompt": [{"role": "system", "content": "Be brief."}, chat(q, a)[0]],
            "chosen": _reply(a),
            "rejected": _reply(w),
        }
        for q, a, w in _TRIPLES
    ]
    meant = [pair([system("Be brief."), user(q)], a, w) for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*meant))


@form("preferences", TRL + ": implicit prompt", bases=("embedded", "llama"))
def implicit_prompt(base: str) -> Made:
    """Has two whole conversations that share their question."""
    rows = [{"chosen": chat(q, a), "rejected": chat(q, w)} for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*_PAIRS))


@form("preferences", "HuggingFaceH4/ultrafeedback_binarized")
def ultrafeedback() -> Made:
    """Has the prompt beside whole conversations, the chosen one once more, and scores."""
    rows = [
        {
            "prompt": q,
            "prompt_id": f"{n:04}",
            "chosen": chat(q, a),
            "rejected": chat(q, w),
            "messages": chat(q, a),
            "score_chosen": 8.5,
            "score_rejected": 4.0,
        }
        for n, (q, a, w) in enumerate(_TRIPLES)
    ]
    ignored = {"prompt_id": 4, "score_chosen": 4, "score_rejected": 4, "messages": 4}
    return _dpo(jsonl(*rows), trained(*_PAIRS, ignored=ignored))


@form("preferences", "trl-lib/ultrafeedback_binarized")
def scored_pairs() -> Made:
    """Has whole conversations and scores, without a prompt."""
    rows = [
        {"chosen": chat(q, a), "rejected": chat(q, w), "score_chosen": 8.5, "score_rejected": 4.0}
        for q, a, w in _TRIPLES
    ]
    return _dpo(jsonl(*rows), trained(*_PAIRS, ignored={"score_chosen": 4, "score_rejected": 4}))


@form("preferences", "UltraFeedback, binarized")
def prompt_beside_conversations() -> Made:
    """Has the prompt beside whole conversations."""
    rows = [{"prompt": q, "chosen": chat(q, a), "rejected": chat(q, w)} for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*_PAIRS))


@form("preferences", "UltraFeedback, system prompts")
def prompt_beside_system() -> Made:
    """Has the prompt beside whole conversations that begin with a system message."""
    head = {"role": "system", "content": "Be brief."}
    rows = [
        {"prompt": q, "chosen": [head, *chat(q, a)], "rejected": [head, *chat(q, w)]}
        for q, a, w in _TRIPLES
    ]
    meant = [pair([system("Be brief."), user(q)], a, w) for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*meant))


@form("preferences", "Anthropic/hh-rlhf")
def hh_rlhf() -> Made:
    """Has two dialogues as text that share their first turns."""
    start = "\n\nHuman: Hello.\n\nAssistant: Hi."
    rows = [
        {
            "chosen": f"{start}\n\nHuman: {q}\n\nAssistant: {a}",
            "rejected": f"{start}\n\nHuman: {q}\n\nAssistant: {w}",
        }
        for q, a, w in _TRIPLES
    ]
    meant = [pair([user("Hello."), answer("Hi."), user(q)], a, w) for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*meant))


@form("preferences", "Anthropic/hh-rlhf")
def hh_rlhf_of_one_turn() -> Made:
    """Has dialogues of one question, whose answers have paragraphs."""
    rows = [
        {
            "chosen": f"\n\nHuman: {q}\n\nAssistant: {a}\n\nYes.",
            "rejected": f"\n\nHuman: {q}\n\nAssistant: {w}",
        }
        for q, a, w in _TRIPLES
    ]
    return _dpo(jsonl(*rows), trained(*(pair(q, f"{a}\n\nYes.", w) for q, a, w in _TRIPLES)))


@form("preferences", "Anthropic/hh-rlhf")
def hh_rlhf_that_parts_early() -> Made:
    """Has dialogues that differ in an earlier answer, so that nothing answers one prompt."""
    q, a, w = _TRIPLES[0]
    good = [{"chosen": chat(q, a), "rejected": chat(q, w)}]
    odd = {
        "chosen": f"\n\nHuman: Hi.\n\nAssistant: Hello.\n\nHuman: {q}\n\nAssistant: {a}",
        "rejected": f"\n\nHuman: Hi.\n\nAssistant: What?\n\nHuman: So?\n\nAssistant: {w}",
    }
    return _dpo(
        jsonl(*good, odd), refused(("prompt", "differ", "part", "one answer", "same"), row=2)
    )


@form("preferences", "UltraFeedback, broken rows")
def other_prompt() -> Made:
    """Has a prompt that neither conversation holds."""
    q, a, w = _TRIPLES[0]
    rows = [
        {"prompt": q, "chosen": chat(q, a), "rejected": chat(q, w)},
        {"prompt": "Something else?", "chosen": chat(q, a), "rejected": chat(q, w)},
    ]
    return _dpo(jsonl(*rows), refused("prompt", row=2))


@form("preferences", "UltraFeedback, broken rows")
def equal_answers() -> Made:
    """Has a row whose two answers are one, so nothing is preferred."""
    q, a, w = _TRIPLES[0]
    rows = [
        {"prompt": q, "chosen": a, "rejected": w},
        {"prompt": QA[1][0], "chosen": "Same.", "rejected": "Same."},
    ]
    return _dpo(
        jsonl(*rows),
        refused(("same", "equal", "identical", "one and the same"), row=2),
        trained(
            pair(q, a, w), pair(QA[1][0], "Same.", "Same."), said=(("same", "equal", "identical"),)
        ),
    )


@form("preferences", "Intel/orca_dpo_pairs")
def orca_dpo() -> Made:
    """Has system and question in columns, and the answers as texts."""
    rows = [
        {"system": "Be brief.", "question": q, "chosen": a, "rejected": w} for q, a, w in _TRIPLES
    ]
    meant = [pair([system("Be brief."), user(q)], a, w) for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*meant), refused("question"))


@form("preferences", "Intel/orca_dpo_pairs")
def orca_dpo_with_columns() -> Made:
    """Has the question in a column that the config names."""
    rows = [{"system": "", "question": q, "chosen": a, "rejected": w} for q, a, w in _TRIPLES]
    return _dpo(
        jsonl(*rows),
        trained(*_PAIRS),
        data={"format": "preference", "columns": {"prompt": "question"}},
    )


@form("preferences", "lvwerra/stack-exchange-paired")
def stack_exchange() -> Made:
    """Has answers in columns that only the config can name."""
    rows = [{"question": q, "response_j": a, "response_k": w, "qid": 1} for q, a, w in _TRIPLES]
    columns = {"prompt": "question", "chosen": "response_j", "rejected": "response_k"}
    return _dpo(
        jsonl(*rows),
        trained(*_PAIRS, ignored={"qid": 4}),
        data={"format": "preference", "columns": columns},
    )


@form("preferences", "argilla/distilabel-capybara-dpo")
def distilabel() -> Made:
    """Has conversations with model, rating and raw generations beside them."""
    rows = [
        {
            "chosen": chat(q, a),
            "rejected": chat(q, w),
            "chosen-rating": 5,
            "chosen-model": "a",
            "generations": [a, w],
        }
        for q, a, w in _TRIPLES
    ]
    ignored = {"chosen-rating": 4, "chosen-model": 4, "generations": 4}
    return _dpo(jsonl(*rows), trained(*_PAIRS, ignored=ignored))


@form("preferences", "OpenAI, direct preference optimization", bases=("embedded", "chatml"))
def openai_preference(base: str) -> Made:
    """Has an input with messages, and a preferred and another output."""
    rows = [
        {
            "input": {"messages": chat(q, a)[:1], "tools": [], "parallel_tool_calls": True},
            "preferred_output": _reply(a),
            "non_preferred_output": _reply(w),
        }
        for q, a, w in _TRIPLES
    ]
    return _dpo(jsonl(*rows), trained(*_PAIRS, ignored={"parallel_tool_calls": None}))


@form("preferences", "OpenAI, direct preference optimization", bases=("chatml",))
def openai_preference_tools() -> Made:
    """Offers a tool in its input."""
    rows = [
        {
            "input": {"messages": chat(q, a)[:1], "tools": [WEATHER]},
            "preferred_output": _reply(a),
            "non_preferred_output": _reply(w),
        }
        for q, a, w in _TRIPLES
    ]
    meant = [pair(q, a, w, tools=[WEATHER]) for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*meant), training={"max_length": 2048})


@form("preferences", TRL + ": tools", bases=("chatml",))
def preference_tools() -> Made:
    """Has a column of tools beside a preference."""
    rows = [{"prompt": q, "chosen": a, "rejected": w, "tools": [WEATHER]} for q, a, w in _TRIPLES]
    meant = [pair(q, a, w, tools=[WEATHER]) for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*meant), training={"max_length": 2048})


@form("preferences", "LLaMA-Factory, data README")
def sharegpt_preference() -> Made:
    """Has turns of ShareGPT and two turns that answer them."""
    rows = [
        {
            "conversations": [{"from": "human", "value": q}],
            "chosen": {"from": "gpt", "value": a},
            "rejected": {"from": "gpt", "value": w},
        }
        for q, a, w in _TRIPLES
    ]
    return _dpo(jsonl(*rows), trained(*_PAIRS))


@form("preferences", "LLaMA-Factory, data README")
def alpaca_preference() -> Made:
    """Has an instruction with an empty input, and two answers."""
    rows = [{"instruction": q, "input": "", "chosen": a, "rejected": w} for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*_PAIRS))


@form("preferences", "ms-swift, rejected_response")
def rejected_response() -> Made:
    """Has a conversation and the answer that was rejected."""
    rows = [{"messages": chat(q, a), "rejected_response": w} for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*_PAIRS), refused("rejected_response"))


@form("preferences", "cases T1")
def preference_as_json_text() -> Made:
    """Has messages as JSON text in its cells."""
    import json

    rows = [
        {
            "prompt": json.dumps(chat(q, a)[:1]),
            "chosen": json.dumps(_reply(a)),
            "rejected": json.dumps(_reply(w)),
        }
        for q, a, w in _TRIPLES
    ]
    return _dpo(jsonl(*rows), trained(*_PAIRS))


@form("preferences", "TRL, reasoning", bases=("chatml",))
def preference_with_thinking() -> Made:
    """Thinks in a separate key of the preferred answer."""
    rows = []
    for q, a, w in _TRIPLES:
        chosen = {**_reply(a)[0], "reasoning_content": "South."}
        rows.append({"prompt": chat(q, a)[:1], "chosen": [chosen], "rejected": _reply(w)})
    thinking = answer("", reasoning_content="South.").message["reasoning_content"]
    meant = []
    for one in _PAIRS:
        chosen = {**one.chosen, "reasoning_content": thinking}
        meant.append(type(one)(one.prompt, chosen, one.rejected))
    return _dpo(jsonl(*rows), trained(*meant), refused("reasoning_content"))


@form("templates", "cases T1")
def preference_tools_without_a_place() -> Made:
    """Has tools beside a preference, which the template has no place for."""
    rows = [{"prompt": q, "chosen": a, "rejected": w, "tools": [WEATHER]} for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), refused("tools"))


@form("templates", "Gemma, chat template", bases=("gemma",))
def preference_system_refused() -> Made:
    """Has a system message in its prompt, which the template refuses."""
    rows = [
        {
            "prompt": [{"role": "system", "content": "Be brief."}, chat(q, a)[0]],
            "chosen": a,
            "rejected": w,
        }
        for q, a, w in _TRIPLES
    ]
    return _dpo(jsonl(*rows), refused("system", row=1))


@form("preferences", "base models", bases=("untemplated",))
def preference_of_a_base() -> Made:
    """Has texts for a base without a chat template."""
    rows = [{"prompt": f"{q} ", "chosen": a, "rejected": w} for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*(pair(f"{q} ", a, w) for q, a, w in _TRIPLES)))


@form("preferences", TRL)
def missing_answer() -> Made:
    """Has a row without the rejected answer."""
    rows: list[dict[str, Any]] = [{"prompt": q, "chosen": a, "rejected": w} for q, a, w in _TRIPLES]
    rows[2]["rejected"] = None
    return _dpo(jsonl(*rows), refused("rejected", row=3))


@form("preferences", TRL)
def sft_on_preferences() -> Made:
    """Has preferences where the method wants conversations."""
    rows = [{"prompt": q, "chosen": a, "rejected": w} for q, a, w in _TRIPLES]
    return made(jsonl(*rows), refused("sft", ("dpo", "preference")))


@form("preferences", "berkeley-nest/Nectar")
def ranked() -> Made:
    """Has ranked answers instead of a pair."""
    rows = [
        {"prompt": q, "answers": [{"answer": a, "rank": 1}, {"answer": w, "rank": 2}]}
        for q, a, w in _TRIPLES
    ]
    return _dpo(jsonl(*rows), refused(("column", "format", "chosen")))


def _of_method(method: str) -> Made:
    rows = [{"prompt": q, "chosen": a, "rejected": w} for q, a, w in _TRIPLES]
    return _dpo(jsonl(*rows), trained(*_PAIRS), method=method)


@form("preferences", TRL, bases=ALL)
def preference_orpo(base: str) -> Made:
    """Has texts for ORPO."""
    return _of_method("orpo")


@form("preferences", TRL, bases=ALL)
def preference_simpo(base: str) -> Made:
    """Has texts for SimPO."""
    return _of_method("simpo")


@form("preferences", TRL, bases=ALL)
def preference_cpo(base: str) -> Made:
    """Has texts for CPO."""
    return _of_method("cpo")


@form("preferences", TRL, bases=("chatml", "llama", "mistral"))
def preference_after_turns(base: str) -> Made:
    """Has a prompt of several turns."""
    q, a, w = _TRIPLES[0]
    turns = [{"role": "system", "content": "Be brief."}, *chat("Hello.", "Hi."), chat(q, a)[0]]
    meant = pair([system("Be brief."), user("Hello."), answer("Hi."), user(q)], a, w)
    row = {"prompt": turns, "chosen": _reply(a), "rejected": _reply(w)}
    return _dpo(jsonl(row), trained(meant))
