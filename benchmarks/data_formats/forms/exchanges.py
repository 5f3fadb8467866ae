"""The same exchanges in every kind of file: what tells the files apart is how they are written."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.forms.registry import Made, made
from benchmarks.data_formats.forms.texts import QA, chat
from benchmarks.data_formats.meant import Outcome, answer, talk, trained, user

DATASETS = "Hugging Face datasets, loading"
EXCEL = "Excel, CSV"

CHATS: list[dict[str, Any]] = [{"messages": chat(q, a)} for q, a in QA]
FLAT: list[dict[str, Any]] = [{"prompt": q, "completion": a} for q, a in QA]


def exchanges(*rows: tuple[str, str]) -> Outcome:
    """Return what questions and their answers mean."""
    return trained(*(talk(user(q), answer(a)) for q, a in rows))


MEANT = exchanges(*QA)


def held_in(file: str, content: bytes, *allowed: Outcome, **settings: Any) -> Made:
    """Return a file that holds the exchanges; only what they mean is right, unless more is."""
    return made(content, *(allowed or (MEANT,)), file=file, **settings)
