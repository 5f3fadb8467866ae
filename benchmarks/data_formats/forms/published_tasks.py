"""Published sets of tasks and texts, with the columns of their cards."""

from __future__ import annotations

import json

from benchmarks.data_formats.forms.registry import Made, form
from benchmarks.data_formats.forms.rows_of import EXCHANGES, MEANT, asked, is_made_of
from benchmarks.data_formats.forms.texts import WEATHER
from benchmarks.data_formats.meant import Text, refused, trained

GROUP = "published questions"


@form(GROUP, "GBaker/MedQA-USMLE-4-options")
def medqa() -> Made:
    """Has choices that its question does not hold."""
    return is_made_of(
        lambda q, a: {
            "question": q,
            "answer": a,
            "options": {"A": a, "B": "Other."},
            "meta_info": "step1",
            "answer_idx": "A",
        },
        refused("options"),
    )


@form(GROUP, "b-mc2/sql-create-context")
def sql_context() -> Made:
    """Has the tables that a question is about as its context."""
    table = "CREATE TABLE city (name VARCHAR)"
    return is_made_of(
        lambda q, a: {"question": q, "context": table, "answer": a},
        asked("{q}\n\n" + table),
        asked(table + "\n\n{q}"),
    )


@form(GROUP, "gretelai/synthetic_text_to_sql")
def gretel_sql() -> Made:
    """Has columns of its own for all parts of a question."""
    return is_made_of(
        lambda q, a: {
            "id": 1,
            "domain": "x",
            "sql_complexity": "basic",
            "sql_prompt": q,
            "sql_context": "CREATE TABLE city (name VARCHAR)",
            "sql": "SELECT 1",
            "sql_explanation": "It selects one.",
        },
        refused("sql_prompt", "column"),
    )


@form(GROUP, "rajpurkar/squad")
def squad_set() -> Made:
    """Has its answers and their places in an object."""
    return is_made_of(
        lambda q, a: {
            "id": "57",
            "title": "Peru",
            "context": f"It is {a}",
            "question": q,
            "answers": {"text": [a], "answer_start": [6]},
        },
        refused("answers", "column"),
    )


@form(GROUP, "Salesforce/xlam-function-calling-60k", bases=("chatml",))
def xlam() -> Made:
    """Has the calls that answer a query as JSON text."""
    return is_made_of(
        lambda q, a: {
            "id": 0,
            "query": q,
            "tools": json.dumps([WEATHER]),
            "answers": json.dumps([{"name": "get_weather", "arguments": {"city": "Lima"}}]),
        },
        refused("answers", "column"),
    )


@form(GROUP, "bigscience/xP3")
def xp3() -> Made:
    """Calls question and answer inputs and targets."""
    return is_made_of(
        lambda q, a: {"inputs": q, "targets": a}, MEANT, refused(("question: inputs", "inputs"))
    )


@form(GROUP, "CohereLabs/aya_dataset")
def aya() -> Made:
    """Has inputs and targets in many languages."""
    return is_made_of(
        lambda q, a: {
            "inputs": q,
            "targets": a,
            "language": "English",
            "language_code": "eng",
            "annotation_type": "original-annotations",
            "user_id": "f0ff69",
        },
        MEANT,
        refused(("question: inputs", "inputs")),
    )


@form(GROUP, "trl-lib/tldr")
def tldr() -> Made:
    """Has a prompt and a completion."""
    return is_made_of(lambda q, a: {"prompt": q, "completion": a})


@form(GROUP, "EdinburghNLP/xsum")
def xsum() -> Made:
    """Has documents and their summaries."""
    return is_made_of(
        lambda q, a: {"document": f"{q} {a}", "summary": a, "id": "3"},
        refused("document", "column"),
    )


@form(GROUP, "HuggingFaceTB/cosmopedia")
def cosmopedia() -> Made:
    """Has the prompt that a text was written for."""
    return is_made_of(
        lambda q, a: {
            "prompt": q,
            "text_token_length": 5,
            "text": a,
            "seed_data": "web",
            "format": "blogpost",
            "audience": "general",
        },
        refused("prompt"),
    )


@form(GROUP, "HuggingFaceFW/fineweb-edu")
def fineweb() -> Made:
    """Has where a text is from, and scores of it."""
    return is_made_of(
        lambda q, a: {
            "text": f"{q} {a}",
            "id": "<urn:uuid:1>",
            "dump": "CC",
            "url": "https://a.b/c",
            "file_path": "s3://a",
            "language": "en",
            "language_score": 0.9,
            "token_count": 9,
            "score": 2.7,
            "int_score": 3,
        },
        trained(*(Text(f"{q} {a}") for q, a in EXCHANGES)),
    )


@form(GROUP, "timdettmers/openassistant-guanaco")
def guanaco() -> Made:
    """Has whole conversations as a text, with marks of turns."""
    return is_made_of(
        lambda q, a: {"text": f"### Human: {q}### Assistant: {a}"},
        trained(
            *(Text(f"### Human: {q}### Assistant: {a}") for q, a in EXCHANGES),
            said=(("a turn marker",),),
        ),
    )
