"""Tables: separators, quotes and cells; Parquet and Arrow."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.data_formats import files
from benchmarks.data_formats.files import table
from benchmarks.data_formats.forms.exchanges import (
    CHATS,
    DATASETS,
    EXCEL,
    FLAT,
    MEANT,
    exchanges,
    held_in,
)
from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.texts import QA, WEATHER, WRONG, called, chat
from benchmarks.data_formats.meant import (
    answer,
    pair,
    refused,
    silent,
    talk,
    tool,
    trained,
    user,
)

# Tables


@form("tables", DATASETS)
def commas() -> Made:
    """Is a table with commas."""
    return held_in("rows.csv", table(*FLAT))


@form("tables", EXCEL + " in Europe")
def semicolons() -> Made:
    """Is a table with semicolons, and commas in its texts."""
    rows = [(f"Well, {q}", f"So, {a}") for q, a in QA]
    content = table(*({"prompt": q, "completion": a} for q, a in rows), separator=";")
    return held_in("rows.csv", b"\xef\xbb\xbf" + content, exchanges(*rows))


@form("tables", DATASETS)
def tabs() -> Made:
    """Is a table with tabs."""
    return held_in("rows.tsv", table(*FLAT, separator="\t"))


@form("tables", "databases")
def tabs_in_csv() -> Made:
    """Is a table with tabs whose name says commas."""
    return held_in("rows.csv", table(*FLAT, separator="\t"))


@form("tables", "psql")
def bars() -> Made:
    """Is a table with vertical bars."""
    return held_in("rows.csv", table(*FLAT, separator="|"), MEANT, refused(("separator", "column")))


@form("tables", EXCEL)
def sep_line() -> Made:
    """Names its separator in a line before the header, as Excel wants it."""
    content = b"sep=;\r\n" + table(*FLAT, separator=";")
    return held_in("rows.csv", content, MEANT, refused(("sep", "column")))


@form("tables", "RFC 4180")
def quoted_cells() -> Made:
    """Has line ends, quotation marks and separators inside its cells."""
    rows = [(f'{q}\n"Really", she\tsaid;', f"{a}\r\n\r\nYes, a|b.") for q, a in QA]
    content = table(*({"prompt": q, "completion": a} for q, a in rows))
    return held_in("rows.csv", content, exchanges(*rows))


@form("tables", "pandas, read_csv")
def words_that_look_missing() -> Made:
    """Has answers that some readers take for missing or for numbers."""
    words = ("NA", "null", "None", "nan", "007", "1e5", "TRUE", "1,000")
    rows = [(f"Say {word} please.", word) for word in words]
    content = table(*({"prompt": q, "completion": a} for q, a in rows), quote_all=True)
    return held_in("rows.csv", content, exchanges(*rows))


@form("tables", "pandas, to_csv")
def index_column() -> Made:
    """Has the numbers of its rows in a column without a name."""
    rows = [{"": n, **row} for n, row in enumerate(FLAT)]
    return held_in("rows.csv", table(*rows))


@form("tables", "cases T1")
def json_cells() -> Made:
    """Has messages as JSON text."""
    return held_in("rows.csv", table(*CHATS))


@form("tables", "cases T1")
def json_cells_of_preferences() -> Made:
    """Has both answers of a preference as JSON text of messages."""
    triples = [(q, a, w) for (q, a), w in zip(QA, WRONG, strict=True)]
    rows = [
        {"prompt": q, "chosen": chat(q, a)[1:], "rejected": chat(q, w)[1:]} for q, a, w in triples
    ]
    meant = trained(*(pair(q, a, w) for q, a, w in triples))
    return held_in("rows.csv", table(*rows), meant, method="dpo")


@form("tables", "pandas, to_csv")
def python_cells() -> Made:
    """Has messages as Python writes them, which is no JSON."""
    rows = [{"messages": str(chat(q, a))} for q, a in QA]
    return held_in("rows.csv", table(*rows), refused("messages", "JSON"), MEANT)


@form("tables", "texts that look like JSON")
def answers_that_are_json() -> Made:
    """Has answers that are JSON texts themselves, and stay as they are written."""
    rows = [(q, json.dumps({"answer": a}) + " ") for q, a in QA]
    rows.append(("List two.", '["a",  "b"]'))
    content = table(*({"prompt": q, "completion": a} for q, a in rows))
    return held_in("rows.csv", content, exchanges(*rows))


@form("tables", "orange3 #2404")
def large_cell() -> Made:
    """Has a cell beyond the limit of Python's reader, and rows behind it."""
    long = "word " * 27_000
    rows = [FLAT[0], {"prompt": long, "completion": "Long."}, *FLAT[1:]]
    meant = trained(*(talk(user(q), answer(a)) for q, a in QA), said=(("dropped", "longer"),))
    return held_in("rows.csv", table(*rows), meant, training={"max_cut_share": 0.5})


@form("tables", "broken exports")
def extra_cell() -> Made:
    """Has a row with more cells than columns, as texts with bare commas make it."""
    content = table(*FLAT) + b"Which, of them?,Both.\r\n"
    return held_in("rows.csv", content, refused(("cell", "column", "field", "value"), row=6))


@form("tables", "broken exports")
def missing_cell() -> Made:
    """Has a row with fewer cells than columns."""
    content = table(*FLAT) + b"Which of them?\r\n"
    return held_in(
        "rows.csv", content, refused(("cell", "column", "field", "value", "completion"), row=6)
    )


@form("tables", "broken exports")
def open_quote() -> Made:
    """Opens a quotation mark that nothing closes, so that the rows behind it are one cell."""
    rows = table(*FLAT).decode().splitlines(keepends=True)
    rows[2] = '"' + rows[2]
    content = "".join(rows).encode()
    return held_in("rows.csv", content, refused(("quot", "cell", "column", "completion", "value")))


@form("tables", "broken exports")
def header_twice() -> Made:
    """Names a column twice."""
    content = b"prompt,completion,completion\r\nA?,B.,C.\r\n"
    return held_in(
        "rows.csv", content, refused("completion", ("twice", "duplicate", "repeat", "once"))
    )


@form("tables", "hand-made tables")
def spaces_in_the_header() -> Made:
    """Has spaces and capitals in its header."""
    content = table(*FLAT).replace(b"prompt,completion", b"Prompt, Completion ")
    return held_in("rows.csv", content, MEANT, refused(("column", "format")))


# Parquet and Arrow


@form("parquet", DATASETS)
def parquet() -> Made:
    """Has messages as a list of structs."""
    return held_in("rows.parquet", files.parquet(*CHATS))


@form("parquet", "cases T1")
def parquet_json_cells() -> Made:
    """Has messages as JSON text."""
    return held_in("rows.parquet", files.parquet(*files.texts(CHATS)))


@form("parquet", "Arrow, structs", bases=("chatml", "llama"))
def parquet_unions(base: str) -> Made:
    """Has rows with and without tools, where Arrow fills every key with null."""
    rows: list[dict[str, Any]] = [dict(row) for row in CHATS]
    rows.append(
        {
            "messages": [
                {"role": "user", "content": "How is Lima?"},
                {"role": "assistant", "content": "", "tool_calls": [called("Lima")]},
                {"role": "tool", "content": "mild", "tool_call_id": "call_1"},
                {"role": "assistant", "content": "Mild."},
            ],
            "tools": [WEATHER],
        }
    )
    rows[0]["messages"] = [chat(*QA[0])[0], {**chat(*QA[0])[1], "weight": 1}]
    meant = [talk(user(q), answer(a)) for q, a in QA]
    calls = answer("", tool_calls=[called("Lima")])
    result = tool("mild", tool_call_id="call_1")
    meant.append(talk(user("How is Lima?"), calls, result, answer("Mild."), tools=[WEATHER]))
    return held_in(
        "rows.parquet", files.parquet(*rows), trained(*meant), training={"max_length": 2048}
    )


@form("parquet", "Arrow, structs")
def parquet_weights() -> Made:
    """Has weights as 64-bit numbers, and null where there are none."""
    q, a = QA[0]
    turns: list[dict[str, Any]] = [*chat(q, "No."), *chat("Again.", a)]
    turns[1]["weight"] = 0
    meant = trained(talk(user(q), silent("No."), user("Again."), answer(a)))
    return held_in("rows.parquet", files.parquet({"messages": turns}), meant)


@form("parquet", DATASETS)
def parquet_preferences() -> Made:
    """Has preferences as nested columns, with scores."""
    triples = [(q, a, w) for (q, a), w in zip(QA, WRONG, strict=True)]
    rows = [
        {"prompt": q, "chosen": chat(q, a), "rejected": chat(q, w), "score": 0.5}
        for q, a, w in triples
    ]
    meant = trained(*(pair(q, a, w) for q, a, w in triples), ignored={"score": 4})
    return held_in("rows.parquet", files.parquet(*rows), meant, method="dpo")


@form("parquet", DATASETS)
def parquet_by_another_name() -> Made:
    """Is Parquet whose name says JSON lines."""
    content = files.parquet(*CHATS)
    return held_in("rows.jsonl", content, MEANT, refused(("Parquet", "parquet")))


@form("parquet", DATASETS)
def arrow() -> Made:
    """Is an Arrow file."""
    return held_in("rows.arrow", files.arrow(*CHATS), MEANT, refused((".arrow", "kind")))


@form("parquet", "interrupted downloads")
def cut_parquet() -> Made:
    """Ends too early."""
    return held_in("rows.parquet", files.parquet(*CHATS)[:-40], refused(("Parquet", "parquet")))


@form("parquet", "Git LFS")
def lfs_pointer() -> Made:
    """Is the pointer that Git LFS leaves in place of the file."""
    content = (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1234\n"
    )
    return held_in("rows.jsonl", content, refused(("JSON", "LFS")))
