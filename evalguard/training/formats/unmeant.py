"""What says that a row is not meant for training: its split, finish reason, rating, flags, masks.

Such a row is refused and not left out: whether the column means it is for the user to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from typing import Any

from evalguard.errors import DataError
from evalguard.training.formats.cells import blank, label_of
from evalguard.training.formats.flags import (
    MASKED,
    UNWANTED,
    core_of,
    is_held_out_flag,
    objection,
    says_bad,
    says_unwanted,
    was_filtered,
)
from evalguard.training.formats.layout import MEANT, TALKS, Layout

_SPLIT = re.compile(r"(?:data_?(?:set_?)?)?split(?:s|_?name)?", re.I)
_TOPIC_OR_SPLIT = re.compile(r"(?:data_?(?:set_?)?)?(?:subset|partition|fold)(?:_?name)?|set", re.I)
"""Columns that name the split of a row, and those that may name its topic as well."""

_HELD_OUT_NAME = (
    r"(?:test|valid|validation|val|dev|devel|development|eval|evaluation|hold[-_ ]?out|"
    r"held[-_ ]?out|heldout)"
    r"(?:[-_. /]?(?:set|split|data|(?:mis)?matched|(?:un)?seen|clean|other|public|private|r?\d+))?"
    r"(?:\s*\[.*\])?"
)
_HELD_OUT = re.compile(_HELD_OUT_NAME, re.I)
_TRAIN = re.compile(r"train(?:ing)?(?:[-_. /]?(?:set|split|data|only))?", re.I)
_HELD_OUT_OF = re.compile(f"(?!train)(?:.*[-_. /])?{_HELD_OUT_NAME}", re.I)
"""Names of splits that are held out, such as ``test`` and ``val_2``, and with what they are of."""

_FINISH = re.compile(r"(?:.*_)?(?:finish|stop|done)_?reasons?", re.I)
_CUT = re.compile(
    r"(?:.*[._])?(?:length|max_?(?:output_|new_)?tokens|model_length|token_limit|"
    r"content_?filter(?:ed)?|safety|recitation|prohibited_content|blocklist|spii|refusal|"
    r"error|abort(?:ed)?|cancel(?:l?ed)?|timeout|incomplete|truncated)",
    re.I,
)
"""Reasons for which OpenAI, Anthropic, Gemini, vLLM and Ollama stop in the middle of an answer."""

_JUDGED = re.compile(
    "(?:user)?(?:feedback|thumbs?|vote|rating|reaction)"
    "|correct|accepted|approved|valid|good|safe|helpful|liked"
)
"""Columns that may say whether the answer is good."""

_AMOUNT = re.compile("score|value|rating|type|vote|thumbs?|sentiment", re.I)
"""Keys that say so in the object of such a column."""

_DEEPEST, _LONGEST = 4, 1000
"""Objects in one another, and in a list, that are looked into."""

_HELD_OUT_ROW = "the row is marked as held out"
_CUT_ANSWER = "the answer was cut"

_MOVE = "Move such rows to another file"
_REMOVE = "Remove such rows"
_WEIGH = "Write weights of 0 and 1 as 'weight' of the row or of its messages"

_SHOWN = 60
"""Characters of a value in a message."""

_REQUEST = ("tool_choice", "response_format")
"""Settings of a request that bind the answer."""

_HARMLESS = ("auto", "text", {"type": "auto"}, {"type": "text"})


def split_columns(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the columns of a file that name splits and nothing else, whatever they are called.

    Args:
        rows: The cells of each row.

    Example:
        >>> split_columns([{"use": "training"}, {"use": "test"}])
        frozenset({'use'})
        >>> split_columns([{"use": "test"}]) | split_columns([{"use": "train"}, {"use": "x"}])
        frozenset()
    """
    named: dict[str, set[bool | None]] = {}
    for row in rows:
        for column, value in row.items():
            if not blank(value):
                named.setdefault(column, set()).add(_split_of(value))
    return frozenset(column for column, kinds in named.items() if kinds == {True, False})


def _split_of(value: Any) -> bool | None:
    """Return whether a bare name of a split is that of held-out rows; ``None`` for another word."""
    if _is_bare(value, _HELD_OUT):
        return True
    return False if _is_bare(value, _TRAIN) else None


def check_meant(
    fields: Mapping[str, Any],
    unused: set[str],
    layout: Layout,
    *,
    splits: Set[str] = frozenset(),
    unwanted: bool = False,
) -> None:
    """Refuse a row that a column says is not meant for training.

    Args:
        fields: The row's cells.
        unused: Columns that its format does not read.
        layout: What the config says about the file.
        splits: Columns that name splits, see :func:`split_columns`.
        unwanted: Whether its answer is one that the model is to avoid, which may be called bad.

    Raises:
        DataError: Naming the column, and how to train on the row all the same.
    """
    for column in sorted(unused - {*layout.ignore}):
        value = fields.get(column)
        check_request(column, value, "the row")
        why = [(column, value, *one) for one in _reasons(column, value, fields.keys())]
        if column in splits and not why and _is_bare(value, _HELD_OUT):
            why = [(column, value, _HELD_OUT_ROW, _MOVE)]
        for path, said, reason, fix in [*why, *_inside(column, value)]:
            key = path.rpartition(".")[2]
            if unwanted and (says_bad(key, said) or _is_judged_bad(key, said)):
                continue
            if layout.held_out and reason == _HELD_OUT_ROW:
                continue
            shown = said if len(repr(said)) <= _SHOWN else type(said).__name__
            raise DataError(
                f"'{path}' is {shown!r}: {reason}. {fix}, or leave the column out: "
                f"ignore: [{column}]"
            )


def check_message(key: str, value: Any, where: str) -> None:
    """Refuse a message that was cut, or that a key of it says is not meant for training.

    Raises:
        DataError: Naming the key, and how to train on the message all the same.
    """
    check_request(key, value, where)
    if _was_cut(key, value):
        raise DataError(
            f"{where}.{key} is {value!r}: the answer was cut. Remove such rows, or train on them: "
            f"ignore: [{key}]"
        )
    judged = [(key, value)] if _is_judged_bad(key, value) else []
    for path, said in [*judged, *(one[:2] for one in _inside(key, value))]:
        raise DataError(
            f"{where} holds '{path}', which is {said!r}, so it is not meant for training. Remove "
            f"the row, or leave the key out: ignore: [{key}]"
        )


def check_request(key: str, value: Any, where: str) -> None:
    """Refuse a setting of the request that bound the answer.

    Raises:
        DataError: If the key is such a setting, and says more than the default.
    """
    if key in _REQUEST and not blank(value) and value not in _HARMLESS:
        raise DataError(
            f"{where} holds '{key}', which constrained the answer but which no chat template "
            f"renders. Put it in the system message, or leave it out: ignore: [{key}]"
        )


def _reasons(column: str, value: Any, beside: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield why a column says that its row is not meant for training, and what to do."""
    if _is_held_out(column, value):
        yield _HELD_OUT_ROW, _MOVE
    if _was_cut(column, value):
        yield _CUT_ANSWER, _REMOVE
    if _is_judged_bad(column, value):
        yield (
            "the answer was judged bad",
            f"Remove such rows, for KTO map the column: columns: {{label: {column}}}",
        )
    if (why := objection(column, value, beside=beside)) is not None:
        yield why, _WEIGH if why == MASKED else _REMOVE


def _inside(column: str, value: Any) -> Iterator[tuple[str, Any, str, str]]:
    """Yield the keys of an object, or of a list of them, that say the same, and why."""
    if column in (*MEANT, *TALKS):
        return
    for path, leaf in _leaves(column, value):
        above, _, key = path.rpartition(".")
        if _is_held_out(key, leaf):
            yield path, leaf, _HELD_OUT_ROW, _MOVE
        elif _was_cut(key, leaf):
            yield path, leaf, _CUT_ANSWER, _REMOVE
        elif (
            says_unwanted(key, leaf, counts=False)
            or was_filtered(path, leaf)
            or _is_judged_bad(key, leaf)
            or (_AMOUNT.fullmatch(key) and _is_judged_bad(above.rpartition(".")[2], leaf))
        ):
            yield path, leaf, UNWANTED, _REMOVE


def _leaves(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield what is in an object at any depth, with the keys on the way."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str) and not depth and value.lstrip().startswith(("{", "[{")):
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                yield from _leaves(f"{path}.{key}", inner, depth + 1)
            else:
                yield f"{path}.{key}", inner
    elif isinstance(value, list):
        for inner in value[:_LONGEST]:
            if isinstance(inner, dict):
                yield from _leaves(path, inner, depth + 1)


def _is_bare(value: Any, names: re.Pattern[str]) -> bool:
    """Return whether a value, or the one of a list, is a bare name of a split."""
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    short = isinstance(one, str) and len(one) <= _SHOWN
    return short and names.fullmatch(one.strip()) is not None


def _is_held_out(column: str, value: Any) -> bool:
    if is_held_out_flag(column, value):
        return True
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(value, str):
        return False
    if _SPLIT.fullmatch(column):
        return _HELD_OUT_OF.fullmatch(value.strip()) is not None
    # A bare name, since "web-development" is a topic.
    return bool(_TOPIC_OR_SPLIT.fullmatch(column) and _HELD_OUT.fullmatch(value.strip()))


def _was_cut(key: str, value: Any) -> bool:
    if _FINISH.fullmatch(key) is None:
        return False
    values = value if isinstance(value, list) else [value]
    cut = [isinstance(one, str) and bool(_CUT.fullmatch(one.strip())) for one in values]
    # Reasons of several answers: one of those that were not cut may be the row's.
    return all(cut) and bool(cut) if key.endswith("s") else any(cut)


def _is_judged_bad(column: str, value: Any) -> bool:
    """Return whether a judgement is a word or a truth value against the answer, or negative."""
    if isinstance(value, list):
        return bool(value) and all(_is_judged_bad(column, one) for one in value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    bad = label_of(value) is False and (not number or value < 0)
    return bad and _JUDGED.fullmatch(core_of(column)) is not None
