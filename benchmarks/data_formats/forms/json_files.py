"""Files of JSON: wrappers, encodings, compressions and breakages."""

from __future__ import annotations

import json

from benchmarks.data_formats import files
from benchmarks.data_formats.files import document, jsonl, table
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
from benchmarks.data_formats.forms.texts import QA
from benchmarks.data_formats.meant import (
    answer,
    refused,
    talk,
    trained,
    user,
)

# JSON


@form("json", DATASETS)
def array() -> Made:
    """Is one JSON array."""
    return held_in("rows.json", files.array(*CHATS, indent=1))


@form("json", "datasets #2573")
def array_in_jsonl() -> Made:
    """Is a JSON array whose name says JSON lines."""
    return held_in("rows.jsonl", files.array(*CHATS, indent=1))


@form("json", "datasets #2573")
def lines_in_json() -> Made:
    """Is JSON lines whose name says JSON."""
    return held_in("rows.json", jsonl(*CHATS))


@form("json", "ndjson.org")
def ndjson() -> Made:
    """Is JSON lines by their other name."""
    return held_in("rows.ndjson", jsonl(*CHATS), MEANT, refused(("kind", "ndjson"), "jsonl"))


@form("json", DATASETS + ": field")
def wrapped() -> Made:
    """Has its rows under a key, beside a version."""
    return held_in("rows.json", document({"version": "1", "data": CHATS}))


@form("json", DATASETS + ": field")
def wrapped_twice() -> Made:
    """Has its rows under a key of a key."""
    return held_in("rows.json", document({"dataset": {"name": "qa", "rows": CHATS}}))


@form("json", "Hugging Face dataset viewer, rows")
def row_objects() -> Made:
    """Has each row inside an object with its number."""
    rows = [{"row_idx": n, "row": row, "truncated_cells": []} for n, row in enumerate(CHATS)]
    return held_in("rows.json", document({"rows": rows}), MEANT, refused(("row", "column")))


@form("json", DATASETS)
def two_lists() -> Made:
    """Has two lists of rows, of which nobody says which one is meant."""
    content = document({"train": CHATS[:3], "test": CHATS[3:]})
    return held_in("rows.json", content, refused("train", "test"))


@form("json", "pandas, to_json")
def columns() -> Made:
    """Has a list for each column."""
    content = document({name: [row[name] for row in FLAT] for name in FLAT[0]})
    return held_in("rows.json", content, MEANT, refused(("column", "list", "row")))


@form("json", "pandas, to_json")
def numbered_rows() -> Made:
    """Has an object of numbered rows."""
    content = document({str(n): row for n, row in enumerate(FLAT)})
    return held_in("rows.json", content, MEANT, refused(("list", "row")))


@form("json", "pretty-printed exports")
def one_object() -> Made:
    """Is one row."""
    return held_in("rows.json", document(FLAT[0]), exchanges(QA[0]), refused(("list", "row")))


@form("json", "jq")
def objects_over_lines() -> Made:
    """Has objects that go over several lines each, one after another."""
    content = "\n".join(json.dumps(row, indent=2) for row in FLAT).encode()
    return held_in("rows.jsonl", content, MEANT, refused(("line", "JSON")))


@form("json", "json.org")
def escapes() -> Made:
    """Escapes all that is not ASCII, in pairs of surrogates, too."""
    rows = [("¿Qué?", "Lima 🦙."), ("何ですか。", "ナイル川。")]
    content = jsonl(*({"prompt": q, "completion": a} for q, a in rows), escaped=True)
    return held_in("rows.jsonl", content, exchanges(*rows))


@form("json", "json.org")
def line_separators() -> Made:
    """Has Unicode's own line separators inside its texts, which end no line of a file."""
    rows = [(f"{q} Say\u2028it\x85now.", f"{a}\u2029Yes.\x0b\x0c.") for q, a in QA]
    content = jsonl(*({"prompt": q, "completion": a} for q, a in rows))
    return held_in("rows.jsonl", content, exchanges(*rows))


@form("json", "editors")
def blank_lines() -> Made:
    """Has blank lines between its rows and no line end after the last."""
    return held_in("rows.jsonl", jsonl(*CHATS, end="\n\n").rstrip() + b"\n  \n" + b"")


@form("json", "interrupted downloads")
def cut_line() -> Made:
    """Ends in the middle of its last row."""
    return held_in("rows.jsonl", jsonl(*CHATS)[:-20], refused(("JSON", "cut"), row=4))


@form("json", "interrupted downloads")
def cut_array() -> Made:
    """Ends in the middle of its array."""
    return held_in("rows.json", files.array(*CHATS)[:-20], refused(("JSON", "cut")))


@form("json", "RFC 8259")
def lone_surrogate() -> Made:
    """Has half of a pair of surrogates, which is no character."""
    content = jsonl(FLAT[0]) + b'{"prompt": "Hm \\ud83d?", "completion": "Yes."}\n'
    return held_in("rows.jsonl", content, refused(("surrogate", "character", "Unicode"), row=2))


@form("json", "RFC 8259")
def doubled_key() -> Made:
    """Names a column twice in one row, so that one of the two would vanish."""
    content = jsonl(FLAT[0]) + b'{"prompt": "A?", "completion": "B.", "completion": "C."}\n'
    return held_in("rows.jsonl", content, refused(("twice", "duplicate", "repeat"), row=2))


@form("json", "NUL bytes")
def nul_bytes() -> Made:
    """Has a row of zero bytes, as broken disks leave it."""
    content = jsonl(*FLAT[:2]) + bytes(64) + b"\n"
    return held_in("rows.jsonl", content, refused(("JSON", "byte"), row=3))


@form("json", "one cause, many rows")
def one_cause() -> Made:
    """Misspells a column in each of two hundred rows."""
    rows = [{"prompt": f"{q} ({n})", "complation": a} for n in range(50) for q, a in QA]
    return held_in("rows.jsonl", jsonl(*rows), refused("complation", "completion"))


@form("json", "empty files")
def empty() -> Made:
    """Holds nothing."""
    return held_in("rows.jsonl", b"", refused(("no rows", "empty")))


# Encodings


@form("encodings", "Windows Notepad")
def bom_and_crlf() -> Made:
    """Begins with a byte order mark and ends its lines as Windows does."""
    return held_in("rows.jsonl", b"\xef\xbb\xbf" + jsonl(*CHATS, end="\r\n"))


@form("encodings", "PowerShell, Out-File")
def utf16() -> Made:
    """Is UTF-16 with a byte order mark."""
    return held_in("rows.jsonl", files.encoded(jsonl(*CHATS, end="\r\n"), "utf-16"))


@form("encodings", "Excel, Unicode text")
def utf16_table() -> Made:
    """Is a table in UTF-16 with tabs."""
    return held_in("rows.tsv", files.encoded(table(*FLAT, separator="\t"), "utf-16"))


@form("encodings", "Windows")
def utf16_big_endian() -> Made:
    """Is UTF-16 with its bytes the other way round."""
    content = b"\xfe\xff" + files.encoded(jsonl(*CHATS), "utf-16-be")
    return held_in("rows.jsonl", content)


@form("encodings", EXCEL)
def windows_1252() -> Made:
    """Is a table in Windows' own encoding, which no mark names."""
    rows = [{"prompt": "Größe?", "completion": "Zwölf Äpfel für 5 €."}]
    meant = trained(talk(user("Größe?"), answer("Zwölf Äpfel für 5 €.")))
    content = files.encoded(table(*rows), "cp1252")
    return held_in("rows.csv", content, refused(("encoding", "UTF-8")), meant)


@form("encodings", "old Macintosh")
def carriage_returns() -> Made:
    """Ends its lines with carriage returns alone."""
    return held_in("rows.csv", table(*FLAT, end="\r"), MEANT, refused(("line", "column")))


# Compression


@form("compression", "gzip")
def gzip() -> Made:
    """Is compressed by gzip."""
    return held_in("rows.jsonl.gz", files.gz(jsonl(*CHATS)))


@form("compression", "cat *.gz")
def gzip_parts() -> Made:
    """Is two compressed files put together."""
    parts = files.gz(jsonl(*CHATS[:2])) + files.gz(jsonl(*CHATS[2:]))
    return held_in("rows.jsonl.gz", parts)


@form("compression", DATASETS)
def gzip_csv() -> Made:
    """Is a compressed table."""
    return held_in("rows.csv.gz", files.gz(table(*FLAT)))


@form("compression", "The Pile")
def zstandard() -> Made:
    """Is compressed by Zstandard."""
    return held_in("rows.jsonl.zst", files.zst(jsonl(*CHATS)))


@form("compression", "The Pile")
def zstandard_parts() -> Made:
    """Is two frames of Zstandard put together."""
    parts = files.zst(jsonl(*CHATS[:2])) + files.zst(jsonl(*CHATS[2:]))
    return held_in("rows.jsonl.zst", parts)


@form("compression", DATASETS)
def xz() -> Made:
    """Is compressed by xz."""
    return held_in("rows.jsonl.xz", files.xz(jsonl(*CHATS)), MEANT, refused(("xz", "kind")))


@form("compression", DATASETS)
def bzip2() -> Made:
    """Is compressed by bzip2."""
    return held_in("rows.jsonl.bz2", files.bz(jsonl(*CHATS)), MEANT, refused(("bz2", "kind")))


@form("compression", "web servers")
def gzip_without_its_name() -> Made:
    """Is compressed, though its name does not say so."""
    content = files.gz(jsonl(*CHATS))
    return held_in("rows.jsonl", content, MEANT, refused(("gzip", ".gz", "compressed")))


@form("compression", "interrupted downloads")
def cut_gzip() -> Made:
    """Is compressed and ends too early."""
    return held_in("rows.jsonl.gz", files.gz(jsonl(*CHATS * 50))[:-40], refused(("gz", "cut")))
