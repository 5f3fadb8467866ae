"""What says that a row is not meant for training: its split, its finish reason, its rating.

Such a row is refused and not left out: whether the column means it is for the user to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evalguard.errors import DataError
from evalguard.training.formats.cells import blank, label_of
from evalguard.training.formats.layout import Layout

_SPLIT = re.compile(r"(?:data_?(?:set_?)?)?(?:split|subset|partition|fold)(?:_?name)?|set", re.I)
"""Columns that may name the split of a row."""

_HELD_OUT = re.compile(
    r"(?:.*[-_. /])?(?:test|valid|validation|val|dev|devel|development|eval|evaluation|"
    r"hold[-_ ]?out|held[-_ ]?out|heldout)"
    r"(?:[-_. /]?(?:set|split|data|(?:mis)?matched|(?:un)?seen|clean|other|public|private|r?\d+))?"
    r"(?:\s*\[.*\])?",
    re.I,
)
"""Names of splits that are held out, such as ``test``, ``my-dev`` and ``val_2``."""

_FINISH = re.compile(r"(?:.*_)?(?:finish|stop|done)_?reason", re.I)
_CUT = re.compile(
    r"(?:.*[._])?(?:length|max_?(?:output_|new_)?tokens|model_length|token_limit|"
    r"content_?filter(?:ed)?|safety|recitation|prohibited_content|blocklist|spii|refusal|"
    r"error|abort(?:ed)?|cancel(?:l?ed)?|timeout|incomplete|truncated)",
    re.I,
)
"""Reasons for which OpenAI, Anthropic, Gemini, vLLM and Ollama stop in the middle of an answer."""

_CUT_FLAGS = ("truncated", "is_truncated", "was_truncated", "incomplete")
_BAD_FLAGS = ("flagged", "is_flagged", "toxic", "is_toxic", "spam", "is_spam", "is_bad")
_LEFT_OUT_FLAGS = ("deleted", "is_deleted", "skip", "skipped", "ignored", "masked", "excluded")
_JUDGED = re.compile(
    r"(?:user_|human_)?(?:feedback|thumbs?|vote|rating|reaction)"
    r"|(?:is_)?(?:correct|accepted|approved|valid|good|safe)",
    re.I,
)
"""Columns that may say whether the answer is good."""

_REQUEST = ("tool_choice", "response_format")
"""Settings of a request that bind the answer."""

_HARMLESS = ("auto", "text", {"type": "auto"}, {"type": "text"})


def check_meant(fields: Mapping[str, Any], unused: set[str], layout: Layout) -> None:
    """Refuse a row that a column says is not meant for training.

    Args:
        fields: The row's cells.
        unused: Columns that its format does not read.
        layout: What the config says about the file.

    Raises:
        DataError: Naming the column, and how to train on the row all the same.
    """
    for column in sorted(unused - {*layout.ignore}):
        value = fields.get(column)
        if not layout.held_out and _SPLIT.fullmatch(column) and _names_held_out(value):
            raise DataError(
                f"'{column}' is {value!r}: the row is held out, and would be trained on. Move such "
                f"rows into another file, or train on all: ignore: [{column}]"
            )
        check_request(column, value, "the row")
        for reason in _reasons(column, value):
            raise DataError(f"{reason}. Remove such rows, or train on them: ignore: [{column}]")


def check_finished(key: str, value: Any, where: str) -> None:
    """Refuse a message that was cut.

    Raises:
        DataError: If its key says so.
    """
    if _was_cut(key, value):
        raise DataError(
            f"{where}.{key} is {value!r}: the answer was cut. Remove such rows, or train on them: "
            f"ignore: [{key}]"
        )


def check_request(key: str, value: Any, where: str) -> None:
    """Refuse a setting of the request that bound the answer.

    Raises:
        DataError: If the key is such a setting, and says more than the default.
    """
    if key in _REQUEST and not blank(value) and value not in _HARMLESS:
        raise DataError(
            f"{where} holds '{key}', which bound the answer and which no chat template writes. "
            f"Put it in the system message, or leave it out: ignore: [{key}]"
        )


def _reasons(column: str, value: Any) -> Iterator[str]:
    """Yield why a column says that its row is not meant for training."""
    if _was_cut(column, value):
        yield f"'{column}' is {value!r}: the answer was cut"
    if column.casefold() in (*_BAD_FLAGS, *_LEFT_OUT_FLAGS) and _is_true(value):
        yield f"'{column}' is {value!r}: the row is marked as not for training"
    if _JUDGED.fullmatch(column) and _is_bad(value):
        yield (
            f"'{column}' is {value!r}: the answer was judged bad. For KTO, map the column: "
            f"columns: {{label: {column}}}"
        )


def _names_held_out(value: Any) -> bool:
    return isinstance(value, str) and _HELD_OUT.fullmatch(value.strip()) is not None


def _was_cut(key: str, value: Any) -> bool:
    if key.casefold() in _CUT_FLAGS:
        return _is_true(value)
    values = value if isinstance(value, list) else [value]
    return _FINISH.fullmatch(key) is not None and any(
        isinstance(one, str) and _CUT.fullmatch(one.strip()) is not None for one in values
    )


def _is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().casefold() == "true")


def _is_bad(value: Any) -> bool:
    """Return whether a judgement is a word or a truth value against the answer, or negative."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return label_of(value) is False and (not number or value < 0)
