"""Instructions and answers in columns: Alpaca, Dolly, prompt and completion, questions."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import array, jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, chat
from benchmarks.data_formats.meant import (
    answer,
    refused,
    system,
    talk,
    trained,
    user,
)

ALPACA = "tatsu-lab/stanford_alpaca"
FACTORY = "LLaMA-Factory, data README"

_SIMPLE = [talk(user(q), answer(a)) for q, a in QA]
_JOINTS = ("\n", "\n\n")
"""What stands between an instruction and its input; publishers differ."""


def _rows(question: str, reply: str, **columns: Any) -> list[dict[str, Any]]:
    return [{question: q, reply: a, **columns} for q, a in QA]


@form("alpaca", ALPACA, bases=("embedded", "chatml"))
def alpaca(base: str) -> Made:
    """Has an instruction, an empty input and an output."""
    rows = [{"instruction": q, "input": "", "output": a} for q, a in QA]
    return made(array(*rows), trained(*_SIMPLE), file="rows.json")


@form("alpaca", FACTORY)
def alpaca_input() -> Made:
    """Has an instruction with an input."""
    rows = [{"instruction": "Answer.", "input": q, "output": a} for q, a in QA]
    meant = ([talk(user(f"Answer.{joint}{q}"), answer(a)) for q, a in QA] for joint in _JOINTS)
    return made(jsonl(*rows), *(trained(*each) for each in meant))


@form("alpaca", ALPACA)
def alpaca_without_input() -> Made:
    """Has inputs in some rows, null or none in others."""
    rows: list[dict[str, Any]] = [{"instruction": q, "output": a} for q, a in QA]
    rows[1]["input"] = None
    rows[2]["input"] = ""
    return made(jsonl(*rows), trained(*_SIMPLE))


@form("alpaca", FACTORY)
def alpaca_history() -> Made:
    """Has a system text and earlier exchanges, whose answers are learnt, too."""
    rows = [
        {
            "instruction": "And that?",
            "input": "",
            "output": a,
            "system": "Be brief.",
            "history": [[q, "Which?"], ["This.", "Once more?"]],
        }
        for q, a in QA
    ]
    meant = [
        talk(
            system("Be brief."),
            user(q),
            answer("Which?"),
            user("This."),
            answer("Once more?"),
            user("And that?"),
            answer(a),
        )
        for q, a in QA
    ]
    return made(jsonl(*rows), trained(*meant))


@form("alpaca", FACTORY)
def alpaca_empty_history() -> Made:
    """Has empty columns for history and system."""
    rows = _rows("instruction", "output", input="", system="", history=[])
    return made(jsonl(*rows), trained(*_SIMPLE))


@form("alpaca", FACTORY)
def broken_history() -> Made:
    """Has a history whose exchanges are not pairs."""
    rows = [{"instruction": "Go on.", "output": "Yes.", "history": [["one", "two", "three"]]}]
    return made(jsonl(*rows), refused("history", row=1))


@form("alpaca", "tatsu-lab/alpaca")
def alpaca_text() -> Made:
    """Repeats the whole row in a column of text."""
    rows = [
        {"instruction": q, "input": "", "output": a, "text": f"Below is …\n{q}\n{a}"} for q, a in QA
    ]
    return made(jsonl(*rows), trained(*_SIMPLE, ignored={"text": 4}))


@form("alpaca", "databricks/databricks-dolly-15k")
def dolly() -> Made:
    """Has an instruction, a context, a response and a category."""
    rows = [
        {"instruction": q, "context": "Think.", "response": a, "category": "open_qa"} for q, a in QA
    ]
    joined = [f"{{0}}{joint}{{1}}" for joint in _JOINTS]
    forms = [
        one.format(*order) for one in joined for order in (("{q}", "Think."), ("Think.", "{q}"))
    ]
    meant = ([talk(user(one.format(q=q)), answer(a)) for q, a in QA] for one in forms)
    return made(jsonl(*rows), *(trained(*each, ignored={"category": 4}) for each in meant))


@form("instructions", "TRL, dataset formats", bases=("embedded", "llama", "gemma"))
def prompt_completion(base: str) -> Made:
    """Has a prompt and a completion, which a chat model is asked and answers."""
    return made(jsonl(*_rows("prompt", "completion")), trained(*_SIMPLE))


@form("instructions", "TRL, dataset formats")
def conversational_prompt() -> Made:
    """Has prompt and completion as messages."""
    rows = [
        {"prompt": [{"role": "system", "content": "Be brief."}, question], "completion": [reply]}
        for question, reply in (chat(q, a) for q, a in QA)
    ]
    meant = [talk(system("Be brief."), user(q), answer(a)) for q, a in QA]
    return made(jsonl(*rows), trained(*meant))


@form("instructions", "TRL, dataset formats")
def prompt_only() -> Made:
    """Has prompts without answers."""
    return made(
        jsonl(*({"prompt": q} for q, _ in QA)), refused(("completion", "answer", "columns"))
    )


@form("instructions", "LLaMA-Factory, columns")
def system_beside_prompt() -> Made:
    """Has its system text in a column."""
    meant = [talk(system("Be brief."), user(q), answer(a)) for q, a in QA]
    return made(jsonl(*_rows("prompt", "completion", system="Be brief.")), trained(*meant))


@form("instructions", "Open-Orca/OpenOrca")
def open_orca() -> Made:
    """Has a system prompt, a question and a response."""
    rows = _rows("question", "response", id="flan.1", system_prompt="Be brief.")
    meant = [talk(system("Be brief."), user(q), answer(a)) for q, a in QA]
    return made(jsonl(*rows), trained(*meant, ignored={"id": 4}), refused("system_prompt"))


@form("instructions", "openai/gsm8k")
def question_answer() -> Made:
    """Has a question and an answer."""
    return made(jsonl(*_rows("question", "answer")), trained(*_SIMPLE), refused("column"))


@form("instructions", "squad")
def squad() -> Made:
    """Has a context beside question and answer, on which the answer rests."""
    rows = [{"context": "Peru is a country.", "question": q, "answer": a} for q, a in QA]
    asked = ([f"Peru is a country.{joint}{q}" for q, _ in QA] for joint in _JOINTS)
    after = ([f"{q}{joint}Peru is a country." for q, _ in QA] for joint in _JOINTS)
    meant = (
        [talk(user(text), answer(a)) for text, (_, a) in zip(texts, QA, strict=True)]
        for texts in (*asked, *after)
    )
    return made(
        jsonl(*rows),
        *(trained(*each) for each in meant),
        trained(*_SIMPLE, ignored={"context": 4}),
        refused("context"),
    )


@form("instructions", "nvidia/HelpSteer")
def ratings() -> Made:
    """Has ratings beside prompt and response."""
    rows = _rows("prompt", "response", helpfulness=4, correctness=3)
    return made(
        jsonl(*rows),
        trained(*_SIMPLE, ignored={"helpfulness": 4, "correctness": 4}),
        refused("column"),
    )


@form("instructions", "classification data")
def label_beside_completion() -> Made:
    """Has a column of labels that are no judgement of the answer."""
    rows = _rows("prompt", "completion", label="hardware")
    return made(jsonl(*rows), trained(*_SIMPLE, ignored={"label": 4}))


@form("instructions", "OpenAI, legacy completions")
def separator_and_stop() -> Made:
    """Has the separator and leading space that older models wanted; they are kept."""
    rows = [{"prompt": f"{q}\n\n###\n\n", "completion": f" {a}"} for q, a in QA]
    meant = [talk(user(f"{q}\n\n###\n\n"), answer(f" {a}")) for q, a in QA]
    return made(jsonl(*rows), trained(*meant))


@form("instructions", "own columns")
def named_columns() -> Made:
    """Has columns that only the config can name."""
    columns = {"prompt": "Frage", "completion": "Antwort"}
    return made(
        jsonl(*_rows("Frage", "Antwort")),
        trained(*_SIMPLE),
        data={"format": "prompt_completion", "columns": columns},
    )


@form("instructions", "own columns")
def named_columns_alone() -> Made:
    """Names the columns and no format."""
    columns = {"prompt": "Frage", "completion": "Antwort"}
    return made(jsonl(*_rows("Frage", "Antwort")), trained(*_SIMPLE), data={"columns": columns})


@form("instructions", "own columns")
def named_system() -> Made:
    """Names the column of the system text, too."""
    columns = {"prompt": "Frage", "completion": "Antwort", "system": "Rolle"}
    meant = [talk(system("Be brief."), user(q), answer(a)) for q, a in QA]
    return made(
        jsonl(*_rows("Frage", "Antwort", Rolle="Be brief.")),
        trained(*meant),
        data={"format": "prompt_completion", "columns": columns},
    )


@form("instructions", "own columns")
def named_column_missing() -> Made:
    """Names a column that is not there."""
    columns = {"prompt": "Frage", "completion": "Antwrt"}
    return made(
        jsonl(*_rows("Frage", "Antwort")),
        refused("Antwrt"),
        data={"format": "prompt_completion", "columns": columns},
    )


@form("instructions", "own columns")
def unknown_columns() -> Made:
    """Has columns that nobody knows, and no config for them."""
    return made(jsonl(*_rows("Frage", "Antwort")), refused("Frage", ("columns", "format")))


@form("instructions", "TRL, dataset formats")
def two_formats_in_a_row() -> Made:
    """Has columns of two formats that say different things."""
    rows = [{"prompt": q, "completion": "Other.", "messages": chat(q, a)} for q, a in QA]
    return made(
        jsonl(*rows),
        refused(("format",)),
        trained(*_SIMPLE, ignored={"prompt": 4, "completion": 4}),
    )


@form("instructions", "TRL, dataset formats")
def chosen_format() -> Made:
    """Has columns of two formats, of which the config chooses one."""
    rows = [{"prompt": q, "completion": "Other.", "messages": chat(q, a)} for q, a in QA]
    return made(
        jsonl(*rows),
        trained(*_SIMPLE, ignored={"prompt": 4, "completion": 4}),
        data={"format": "messages"},
    )


@form("instructions", "mixed exports")
def two_formats_in_a_file() -> Made:
    """Changes its format in the middle, for many rows."""
    rows = [{"messages": chat(q, a)} for q, a in QA]
    rest = [{"instruction": f"{q} ({n})", "output": a} for n in range(20) for q, a in QA]
    return made(jsonl(*rows, *rest), refused(("format", "column"), row=5))


@form("instructions", "numbers as answers")
def number_answers() -> Made:
    """Has answers that are JSON numbers."""
    return made(
        jsonl({"prompt": "6 times 7?", "completion": 42}, {"prompt": "1 + 1?", "completion": 2}),
        trained(talk(user("6 times 7?"), answer("42")), talk(user("1 + 1?"), answer("2"))),
        refused("completion", row=1),
    )


@form("instructions", "structured answers")
def object_answers() -> Made:
    """Has answers that are JSON objects."""
    rows = [{"prompt": q, "completion": {"answer": a}} for q, a in QA]
    meant = [talk(user(q), answer(f'{{"answer": "{a}"}}')) for q, a in QA]
    return made(jsonl(*rows), trained(*meant), refused("completion"))


@form("instructions", "own columns")
def named_messages() -> Made:
    """Has messages in a column that the config names, beside a list of other objects."""
    rows = [{"dialog": chat(q, a), "sources": [{"url": "a"}]} for q, a in QA]
    return made(
        jsonl(*rows),
        trained(*_SIMPLE, ignored={"sources": 4}),
        data={"format": "messages", "columns": {"messages": "dialog"}},
    )


@form("instructions", "own columns")
def named_messages_of_one_row() -> Made:
    """Is one such row, which is no wrapper of others."""
    row = {"sources": [{"prompt": "A?", "completion": "B."}], "dialog": chat(*QA[0])}
    return made(
        jsonl(row),
        trained(_SIMPLE[0], ignored={"sources": 1}),
        data={"format": "messages", "columns": {"messages": "dialog"}},
    )


@form("instructions", "own columns")
def list_beside_one_row() -> Made:
    """Is one row of prompt and completion beside a list that looks like rows."""
    row = {**_rows("prompt", "completion")[0], "similar": [{"prompt": "A?", "completion": "B."}]}
    return made(jsonl(row), trained(_SIMPLE[0], ignored={"similar": 1}))
