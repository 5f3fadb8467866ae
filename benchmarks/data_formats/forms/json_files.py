"""Files of JSON: wrappers, encodings, compressions and breakages."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.data_formats import files
from benchmarks.data_formats.files import document, jsonl, table
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, chat
from benchmarks.data_formats.meant import (
    Outcome,
    answer,
    refused,
    talk,
    trained,
    user,
)

DATASETS = "Hugging Face datasets, loading"
EXCEL = "Excel, CSV"

_CHATS: list[dict[str, Any]] = [{"messages": chat(q, a)} for q, a in QA]
_FLAT: list[dict[str, Any]] = [{"prompt": q, "completion": a} for q, a in QA]
_MEANT = trained(*(talk(user(q), answer(a)) for q, a in QA))


def _file(file: str, content: bytes, *allowed: Outcome, **settings: Any) -> Made:
    return made(content, *(allowed or (_MEANT,)), file=file, **settings)


def _of(*rows: tuple[str, str]) -> Outcome:
    return trained(*(talk(user(q), answer(a)) for q, a in rows))


# JSON


@form("json", DATASETS)
def array() -> Made:
    """Is one JSON array."""
    return _file("rows.json", files.array(*_CHATS, indent=1))


@form("json", "cases 08")
def array_in_jsonl() -> Made:
    """Is a JSON array whose name says JSON lines."""
    return _file("rows.jsonl", files.array(*_CHATS, indent=1))


@form("json", "datasets #2573")
def lines_in_json() -> Made:
    """Is JSON lines whose name says JSON."""
    return _file("rows.json", jsonl(*_CHATS))


@form("json", "ndjson.org")
def ndjson() -> Made:
    """Is JSON lines by their other name."""
    return _file("rows.ndjson", jsonl(*_CHATS), _MEANT, refused(("kind", "ndjson"), "jsonl"))


@form("json", DATASETS + ": field")
def wrapped() -> Made:
    """Has its rows under a key, beside a version."""
    return _file("rows.json", document({"version": "1", "data": _CHATS}))


@form("json", DATASETS + ": field")
def wrapped_twice() -> Made:
    """Has its rows under a key of a key."""
    return _file("rows.json", document({"dataset": {"name": "qa", "rows": _CHATS}}))


@form("json", "Hugging Face dataset viewer, rows")
def row_objects() -> Made:
    """Has each row inside an object with its number."""
    rows = [{"row_idx": n, "row": row, "truncated_cells": []} for n, row in enumerate(_CHATS)]
    return _file("rows.json", document({"rows": rows}), _MEANT, refused(("row", "column")))


@form("json", DATASETS)
def two_lists() -> Made:
    """Has two lists of rows, of which nobody says which one is meant."""
    content = document({"train": _CHATS[:3], "test": _CHATS[3:]})
    return _file("rows.json", content, refused("train", "test"))


@form("json", "pandas, to_json")
def columns() -> Made:
    """Has a list for each column."""
    content = document({name: [row[name] for row in _FLAT] for name in _FLAT[0]})
    return _file("rows.json", content, _MEANT, refused(("column", "list", "row")))


@form("json", "pandas, to_json")
def numbered_rows() -> Made:
    """Has an object of numbered rows."""
    content = document({str(n): row for n, row in enumerate(_FLAT)})
    return _file("rows.json", content, _MEANT, refused(("list", "row")))


@form("json", "pretty-printed exports")
def one_object() -> Made:
    """Is one row."""
    return _file("rows.json", document(_FLAT[0]), _of(QA[0]), refused(("list", "row")))


@form("json", "jq")
def objects_over_lines() -> Made:
    """Has objects that go over several lines each, one after another."""
    content = "\n".join(json.dumps(row, indent=2) for row in _FLAT).encode()
    return _file("rows.jsonl", content, _MEANT, refused(("line", "JSON")))


@form("json", "json.org")
def escapes() -> Made:
    """Escapes all that is not ASCII, in pairs of surrogates, too."""
    rows = [("¿Qué?", "Lima 🦙."), ("何ですか。", "ナイル川。")]
    content = jsonl(*({"prompt": q, "completion": a} for q, a in rows), escaped=True)
    return _file("rows.jsonl", content, _of(*rows))


@form("json", "json.org")
def line_separators() -> Made:
    """Has Unicode's own line separators inside its texts, which end no line of a file."""
    rows = [(f"{q} Say\u2028it\x85now.", f"{a}\u2029Yes.\x0b\x0c.") for q, a in QA]
    content = jsonl(*({"prompt": q, "completion": a} for q, a in rows))
    return _file("rows.jsonl", content, _of(*rows))


@form("json", "editors")
def blank_lines() -> Made:
    """Has blank lines between its rows and no line end after the last."""
    return _file("rows.jsonl", jsonl(*_CHATS, end="\n\n").rstrip() + b"\n  \n" + b"")


@form("json", "interrupted downloads")
def cut_line() -> Made:
    """Ends in the middle of its last row."""
    return _file("rows.jsonl", jsonl(*_CHATS)[:-20], refused(("JSON", "cut"), row=4))


@form("json", "interrupted downloads")
def cut_array() -> Made:
    """Ends in the middle of its array."""
    return _file("rows.json", files.array(*_CHATS)[:-20], refused(("JSON", "cut")))


@form("json", "RFC 8259")
def lone_surrogate() -> Made:
    """Has half of a pair of surrogates, which is no character."""
    content = jsonl(_FLAT[0]) + b'{"prompt": "Hm \\ud83d?", "completion": "Yes."}\n'
    return _file("rows.jsonl", content, refused(("surrogate", "character", "Unicode"), row=2))


@form("json", "RFC 8259")
def doubled_key() -> Made:
    """Names a column twice in one row, so that one of the two would vanish."""
    content = jsonl(_FLAT[0]) + b'{"prompt": "A?", "completion": "B.", "completion": "C."}\n'
    return _file("rows.jsonl", content, refused(("twice", "duplicate", "repeat"), row=2))


@form("json", "NUL bytes")
def nul_bytes() -> Made:
    """Has a row of zero bytes, as broken disks leave it."""
    content = jsonl(*_FLAT[:2]) + bytes(64) + b"\n"
    return _file("rows.jsonl", content, refused(("JSON", "byte"), row=3))


@form("json", "one cause, many rows")
def one_cause() -> Made:
    """Misspells a column in each of two hundred rows."""
    rows = [{"prompt": f"{q} ({n})", "complation": a} for n in range(50) for q, a in QA]
    return _file("rows.jsonl", jsonl(*rows), refused("complation", "completion"))


@form("json", "empty files")
def empty() -> Made:
    """Holds nothing."""
    return _file("rows.jsonl", b"", refused(("no rows", "empty")))


# Encodings


@form("encodings", "Windows Notepad")
def bom_and_crlf() -> Made:
    """Begins with a byte order mark and ends its lines as Windows does."""
    return _file("rows.jsonl", b"\xef\xbb\xbf" + jsonl(*_CHATS, end="\r\n"))


@form("encodings", "PowerShell, Out-File")
def utf16() -> Made:
    """Is UTF-16 with a byte order mark."""
    return _file("rows.jsonl", files.encoded(jsonl(*_CHATS, end="\r\n"), "utf-16"))


@form("encodings", "Excel, Unicode text")
def utf16_table() -> Made:
    """Is a table in UTF-16 with tabs."""
    return _file("rows.tsv", files.encoded(table(*_FLAT, separator="\t"), "utf-16"))


@form("encodings", "Windows")
def utf16_big_endian() -> Made:
    """Is UTF-16 with its bytes the other way round."""
    content = b"\xfe\xff" + files.encoded(jsonl(*_CHATS), "utf-16-be")
    return _file("rows.jsonl", content)


@form("encodings", EXCEL)
def windows_1252() -> Made:
    """Is a table in Windows' own encoding, which no mark names."""
    rows = [{"prompt": "Größe?", "completion": "Zwölf Äpfel für 5 €."}]
    meant = trained(talk(user("Größe?"), answer("Zwölf Äpfel für 5 €.")))
    content = files.encoded(table(*rows), "cp1252")
    return _file("rows.csv", content, refused(("encoding", "UTF-8")), meant)


@form("encodings", "old Macintosh")
def carriage_returns() -> Made:
    """Ends its lines with carriage returns alone."""
    return _file("rows.csv", table(*_FLAT, end="\r"), _MEANT, refused(("line", "column")))


# Compression


@form("compression", "cases 08")
def gzip() -> Made:
    """Is compressed by gzip."""
    return _file("rows.jsonl.gz", files.gz(jsonl(*_CHATS)))


@form("compression", "cat *.gz")
def gzip_parts() -> Made:
    """Is two compressed files put together."""
    parts = files.gz(jsonl(*_CHATS[:2])) + files.gz(jsonl(*_CHATS[2:]))
    return _file("rows.jsonl.gz", parts)


@form("compression", DATASETS)
def gzip_csv() -> Made:
    """Is a compressed table."""
    return _file("rows.csv.gz", files.gz(table(*_FLAT)))


@form("compression", "The Pile")
def zstandard() -> Made:
    """Is compressed by Zstandard."""
    return _file("rows.jsonl.zst", files.zst(jsonl(*_CHATS)))


@form("compression", "The Pile")
def zstandard_parts() -> Made:
    """Is two frames of Zstandard put together."""
    parts = files.zst(jsonl(*_CHATS[:2])) + files.zst(jsonl(*_CHATS[2:]))
    return _file("rows.jsonl.zst", parts)


@form("compression", DATASETS)
def xz() -> Made:
    """Is compressed by xz."""
    return _file("rows.jsonl.xz", files.xz(jsonl(*_CHATS)), _MEANT, refused(("xz", "kind")))


@form("compression", DATASETS)
def bzip2() -> Made:
    """Is compressed by bzip2."""
    return _file("rows.jsonl.bz2", files.bz(jsonl(*_CHATS)), _MEANT, refused(("bz2", "kind")))


@form("compression", "web servers")
def gzip_without_its_name() -> Made:
    """Is compressed, though its name does not say so."""
    content = files.gz(jsonl(*_CHATS))
    return _file("rows.jsonl", content, _MEANT, refused(("gzip", ".gz", "compressed")))


@form("compression", "interrupted downloads")
def cut_gzip() -> Made:
    """Is compressed and ends too early."""
    return _file("rows.jsonl.gz", files.gz(jsonl(*_CHATS * 50))[:-40], refused(("gz", "cut")))
