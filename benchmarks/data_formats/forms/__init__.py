"""Files as people have them, by kind of data."""

from __future__ import annotations

from benchmarks.data_formats.forms import (
    against,
    amounts,
    apart,
    folders,
    instructions,
    json_files,
    labels,
    marked,
    openai,
    plain,
    preferences,
    published_chats,
    published_labels,
    published_pairs,
    published_questions,
    published_shares,
    published_tasks,
    sharegpt,
    tables,
    templates,
    thinking,
)
from benchmarks.data_formats.forms.registry import FORMS, Form

__all__ = [
    "FORMS",
    "Form",
    "against",
    "amounts",
    "apart",
    "folders",
    "instructions",
    "json_files",
    "labels",
    "marked",
    "openai",
    "plain",
    "preferences",
    "published_chats",
    "published_labels",
    "published_pairs",
    "published_questions",
    "published_shares",
    "published_tasks",
    "sharegpt",
    "tables",
    "templates",
    "thinking",
]
