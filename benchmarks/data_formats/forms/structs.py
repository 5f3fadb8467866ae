"""Columns of Parquet that are no plain texts, and keys that other trainers know."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from benchmarks.data_formats import files
from benchmarks.data_formats.files import jsonl, table
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.rows_of import EXCHANGES, MEANT, PAIRS, under
from benchmarks.data_formats.forms.texts import chat
from benchmarks.data_formats.meant import answer, pair, refused, silent, talk, trained, user

SYSTEM = "Answer in a few words."


def _parquet(*allowed: Any, **columns: Any) -> Made:
    """Return a Parquet file of Arrow arrays."""
    import pyarrow
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out)
    return made(out.getvalue(), *allowed, file="rows.parquet")


@form("parquet", "Databricks, nested structs")
def struct_of_a_conversation() -> Made:
    """Has its messages within a struct, beside an id and a time."""
    rows = [
        {"conversation": {"id": k, "turns": chat(q, a)}, "meta": {"language": "en"}}
        for k, (q, a) in enumerate(EXCHANGES)
    ]
    outcomes = (MEANT, refused("conversation", "'turns' are its messages"))
    return made(files.parquet(*rows), *outcomes, file="rows.parquet")


@form("parquet", "Spark, map<string, string>")
def maps_in_place_of_structs() -> Made:
    """Has each message as a map, which Arrow reads as pairs."""
    import pyarrow

    kind = pyarrow.list_(pyarrow.map_(pyarrow.string(), pyarrow.string()))
    rows = [[list(one.items()) for one in chat(q, a)] for q, a in EXCHANGES]
    return _parquet(MEANT, messages=pyarrow.array(rows, kind))


@form("parquet", "Spark and TFRecord, binary columns")
def binary_texts() -> Made:
    """Has texts as bytes."""
    import pyarrow

    columns = {
        name: pyarrow.array([one[place].encode() for one in EXCHANGES], pyarrow.binary())
        for place, name in enumerate(("prompt", "completion"))
    }
    return _parquet(MEANT, refused("bytes", "Store text in the column"), **columns)


@form("parquet", "pandas, categories")
def categories() -> Made:
    """Has texts as categories and as large strings."""
    import pyarrow

    questions, answers = zip(*EXCHANGES, strict=True)
    return _parquet(
        MEANT,
        prompt=pyarrow.array(questions).dictionary_encode(),
        completion=pyarrow.array(answers, pyarrow.large_string()),
    )


@form("parquet", "databases, decimals")
def decimal_weights() -> Made:
    """Gives an answer the weight 0, as a decimal."""
    turns: list[dict[str, Any]] = [
        {**one, "weight": None}
        for q, a in EXCHANGES[:1]
        for one in [*chat(q, "No."), *chat("Again.", a)]
    ]
    turns[1]["weight"], turns[3]["weight"] = Decimal("0.0"), Decimal("1.0")
    q, a = EXCHANGES[0]
    meant = trained(talk(user(q), silent("No."), user("Again."), answer(a)))
    return made(files.parquet({"messages": turns}), meant, file="rows.parquet")


@form("openai", "OpenAI, fine-tuning: weight, through a spreadsheet")
def weight_as_text() -> Made:
    """Has weights as texts."""
    q, a = EXCHANGES[0]
    turns = [*chat(q, "No."), *chat("Again.", a)]
    turns[1]["weight"], turns[3]["weight"] = "0", "1"
    meant = trained(talk(user(q), silent("No."), user("Again."), answer(a)))
    return made(jsonl({"messages": turns}), meant, refused("weight", row=1))


@form("instructions", "pandas, to_json of an Alpaca table")
def alpaca_nan() -> Made:
    """Has NaN where there is no input."""
    rows = [{"instruction": q, "input": float("nan"), "output": a} for q, a in EXCHANGES]
    return made(jsonl(*rows), MEANT, refused(("NaN", "input"), row=1))


@form("instructions", "pandas, to_json of an Alpaca table")
def alpaca_nan_answer() -> Made:
    """Has NaN where an answer is missing."""
    rows: list[dict[str, Any]] = [
        {"instruction": q, "input": "", "output": a} for q, a in EXCHANGES
    ]
    rows[1]["output"] = float("nan")
    return made(jsonl(*rows), refused(("output", "NaN"), row=2))


@form("sharegpt", "NeMo, chat data")
def nemo_chat() -> Made:
    """Has a system text, whom the loss leaves out, and speakers with capital letters."""
    rows = [
        {
            "system": SYSTEM,
            "mask": "User",
            "type": "VALUE_TO_TEXT",
            "conversations": [{"from": "User", "value": q}, {"from": "Assistant", "value": a}],
        }
        for q, a in EXCHANGES
    ]
    return made(jsonl(*rows), under(SYSTEM))


@form("sharegpt", "NeMo, chat data")
def nemo_mask_of_the_assistant() -> Made:
    """Says that the loss leaves out the assistant, and learns what users say."""
    rows = [
        {
            "system": "",
            "mask": "Assistant",
            "conversations": [{"from": "User", "value": q}, {"from": "Assistant", "value": a}],
        }
        for q, a in EXCHANGES
    ]
    return made(jsonl(*rows), refused("mask"))


@form("openai", "ms-swift, loss")
def loss_false() -> Made:
    """Says of a message that it carries no loss."""
    q, a = EXCHANGES[0]
    turns: list[dict[str, Any]] = [*chat(q, "No."), *chat("Again.", a)]
    turns[1]["loss"], turns[3]["loss"] = False, True
    meant = trained(talk(user(q), silent("No."), user("Again."), answer(a)))
    return made(jsonl({"messages": turns}), meant, refused("loss", row=1))


@form("preferences", "UltraInteract and others, several rejected answers")
def several_rejected() -> Made:
    """Has a list of rejected answers."""
    rows = [{"prompt": q, "chosen": a, "rejected": [w, "I do not know."]} for q, a, w in PAIRS]
    return made(jsonl(*rows), refused(("rejected",), row=1), method="dpo")


@form("preferences", "argilla exports")
def lists_of_one() -> Made:
    """Has each answer as a list of one text."""
    rows = [{"prompt": q, "chosen": [a], "rejected": [w]} for q, a, w in PAIRS]
    meant = trained(*(pair(q, a, w) for q, a, w in PAIRS))
    return made(jsonl(*rows), meant, refused(("chosen",), row=1), method="dpo")


@form("preferences", "prompt experiments")
def systems_differ() -> Made:
    """Has conversations under two system texts, so that nothing answers one prompt."""
    rows = [
        {
            "chosen": [{"role": "system", "content": "Be brief."}, *chat(q, a)],
            "rejected": [{"role": "system", "content": "Be long."}, *chat(q, w)],
        }
        for q, a, w in PAIRS
    ]
    return made(jsonl(*rows), refused(("chosen", "rejected", "prompt"), row=1), method="orpo")


@form("labels", "feedback of users, not all of it")
def labels_with_nulls() -> Made:
    """Has answers that nobody labelled."""
    rows = [
        {"prompt": q, "completion": text, "label": label}
        for q, a, w in PAIRS
        for text, label in ((a, True), (w, False), ("Maybe.", None))
    ]
    return made(jsonl(*rows), refused("label", row=3), method="kto")


@form("tables", "spreadsheets")
def columns_of_roles() -> Made:
    """Has columns named after the roles."""
    rows = [{"system": SYSTEM, "user": q, "assistant": a} for q, a in EXCHANGES]
    return made(table(*rows), under(SYSTEM), refused(("user",)), file="rows.csv")


@form("tables", "spreadsheets")
def numbered_turns() -> Made:
    """Has a column for each turn."""
    rows = [
        {"user_1": q, "assistant_1": "No.", "user_2": "Again.", "assistant_2": a}
        for q, a in EXCHANGES
    ]
    meant = (talk(user(q), answer("No."), user("Again."), answer(a)) for q, a in EXCHANGES)
    return made(table(*rows), trained(*meant), refused(("user_1",)), file="rows.csv")
