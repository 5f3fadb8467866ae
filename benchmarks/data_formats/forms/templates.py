"""Rows that a chat template refuses or changes."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, chat
from benchmarks.data_formats.meant import answer, refused, talk, trained, user
from benchmarks.data_formats.models import FAMILIES


def _with(*before: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"messages": [*before, *chat(q, a)]} for q, a in QA]


@form("templates", "lm-eval #2069, Gemma", bases=("gemma",))
def system_refused() -> Made:
    """Has a system message in every row, which the template refuses."""
    return made(jsonl(*_with({"role": "system", "content": "Be brief."})), refused("system", row=1))


@form("templates", "Gemma, chat template", bases=("gemma",))
def system_column_refused() -> Made:
    """Has a column of system texts, which the template refuses."""
    rows = [{"prompt": q, "completion": a, "system": "Be brief."} for q, a in QA]
    return made(jsonl(*rows), refused("system", row=1))


@form("templates", "Gemma, chat template", bases=("gemma",))
def one_refused_row() -> Made:
    """Has one row that the template refuses, behind others."""
    rows: list[dict[str, Any]] = [{"messages": chat(q, a)} for q, a in QA]
    rows[2] = {"messages": [{"role": "system", "content": "Be brief."}, *rows[2]["messages"]]}
    return made(jsonl(*rows), refused("system", row=3))


@form("templates", "Gemma and Mistral, chat templates", bases=("gemma", "mistral"))
def tool_result_refused(base: str) -> Made:
    """Has the result of a tool that nobody called."""
    q, a = QA[0]
    messages = [*chat(q, "I look."), {"role": "tool", "content": "ok"}, chat(q, a)[1]]
    return made(jsonl({"messages": messages}), refused("tool", row=1))


@form("templates", "Mistral and Gemma, chat templates", bases=("gemma", "mistral"))
def two_questions(base: str) -> Made:
    """Has two questions in a row, which the template refuses."""
    q, a = QA[0]
    merged = (talk(user(f"Hi.{joint}{q}"), answer(a)) for joint in ("\n\n", "\n"))
    return made(
        jsonl({"messages": [{"role": "user", "content": "Hi."}, *chat(q, a)]}),
        refused(("alternate", "user"), row=1),
        *(trained(one, said=(("joined", "merged"),)) for one in merged),
    )


@form("templates", "Llama and Gemma, chat templates", bases=("llama", "gemma", "mistral"))
def spaces_around(base: str) -> Made:
    """Has white space around its texts, which the template trims, in training as at the gate."""
    rows = [(f" {q}\n", f"\n{a}  ") for q, a in QA]
    return made(
        jsonl(*({"messages": chat(q, a)} for q, a in rows)),
        trained(*(talk(user(q), answer(a)) for q, a in rows)),
    )


@form("templates", "special tokens in data", bases=("embedded", "chatml", "llama", "gemma"))
def end_in_the_answer(base: str) -> Made:
    """Has the token that ends a turn in its answers already."""
    end = FAMILIES[base].end
    rows = [{"messages": chat(q, f"{a}{end}")} for q, a in QA]
    return made(
        jsonl(*rows),
        trained(*(talk(user(q), answer(a)) for q, a in QA)),
        refused((end, "special token")),
    )


@form("templates", "special tokens in data", bases=("embedded", "chatml"))
def tokens_in_the_question(base: str) -> Made:
    """Has special tokens in a question, which would end it early."""
    end = FAMILIES[base].end
    q, a = QA[0]
    rows = [{"messages": chat(q, a)}, {"messages": chat(f"What does {end} do?", "It ends.")}]
    meant = (talk(user(q), answer(a)), talk(user(f"What does {end} do?"), answer("It ends.")))
    return made(
        jsonl(*rows),
        refused((end, "special token"), row=2),
        trained(*meant, said=((end, "special token"),)),
    )


@form("templates", "TRL, is_chat_template_stop_token_trained", bases=("gemma",))
def end_of_turn() -> Made:
    """Ends its turns with another token than the one that ends the sequence; it carries loss."""
    return made(
        jsonl(*({"prompt": q, "completion": a} for q, a in QA)),
        trained(*(talk(user(q), answer(a)) for q, a in QA)),
    )
