"""Files as people have them, by kind of data."""

from __future__ import annotations

from benchmarks.data_formats.forms import (
    amounts,
    containers,
    instructions,
    labels,
    openai,
    preferences,
    sharegpt,
    templates,
    thinking,
)
from benchmarks.data_formats.forms.registry import FORMS, Form

__all__ = [
    "FORMS",
    "Form",
    "amounts",
    "containers",
    "instructions",
    "labels",
    "openai",
    "preferences",
    "sharegpt",
    "templates",
    "thinking",
]
