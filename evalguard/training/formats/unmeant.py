"""What says that a row is not meant for training: its split, finish reason, rating, flags, masks.

Such a row is refused and not left out: whether the column means it is for the user to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evalguard.errors import DataError
from evalguard.training.formats.cells import blank, label_of
from evalguard.training.formats.layout import Layout
from evalguard.training.formats.unread import plain_name

_SPLIT = re.compile(r"(?:data_?(?:set_?)?)?split(?:_?name)?", re.I)
_TOPIC_OR_SPLIT = re.compile(r"(?:data_?(?:set_?)?)?(?:subset|partition|fold)(?:_?name)?|set", re.I)
"""Columns that name the split of a row, and those that may name its topic as well."""

_HELD_OUT_NAME = (
    r"(?:test|valid|validation|val|dev|devel|development|eval|evaluation|hold[-_ ]?out|"
    r"held[-_ ]?out|heldout)"
    r"(?:[-_. /]?(?:set|split|data|(?:mis)?matched|(?:un)?seen|clean|other|public|private|r?\d+))?"
    r"(?:\s*\[.*\])?"
)
_HELD_OUT = re.compile(_HELD_OUT_NAME, re.I)
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
    r"(?:user_|human_)?(?:feedback|thumbs?|vote|rating|reaction)"
    r"|(?:is_)?(?:correct|accepted|approved|valid|good|safe)",
    re.I,
)
"""Columns that may say whether the answer is good."""

_LEFT_OUT = re.compile(
    "(?:is|was|to)?(?:mask|masked|ignore|ignored|delete|deleted|skip|skipped|exclude|excluded"
    "|discard|discarded|removed|hidden|spam|bad|flagged|toxic|truncated|incomplete|cutoff)"
    "|(?:do)?(?:not|no|dont)(?:train|loss|use|include)|(?:exclude|skip)(?:from)?train(?:ing)?"
)
"""Flags that, where they are true, say that something is not meant for training."""

_APPROVED = re.compile(
    "(?:is|human|was)?(?:correct|valid|accepted|approved|included?|keep|usable|trainable"
    "|passed|success|successful|succeeded|resolved|completed?|finished)(?:answer)?"
    "|(?:use|include|keep)(?:for|in)?train(?:ing)?|(?:compute|calculate|has)loss|learn|supervised"
)
"""Flags that, where they are false, say the same."""

_STATES = re.compile("(?:annotation|review|response|row|record)(?:status|state|decision)")
_DISCARDED = ("discarded", "rejected", "reject", "deleted", "failed", "failure", "error", "skipped")
_STATUS, _DISCARDED_STATUS = "status", ("discarded", "rejected", "deleted")
"""What says that a row was discarded; a status alone may be that of a ticket, say."""

_ERRORS = re.compile("(?:is|has|api|response)?(?:error|exception)(?:message|code|type)?s?")

_WEIGHTS = re.compile(
    "(?:sample|example|instance|row|message|turn|answer|assistant|token|loss)weights?|weights"
    "|weights?per(?:turn|token|message)|lossscale"
)
"""Weights under other names than those that are read; 1 changes nothing."""

_MASKS = re.compile(
    "(?:loss|train|training|assistant|completion|answer|response|label|token|turn)?masks?"
    "|mask(?:history|prompt|inputs?)|trainon(?:turns?|inputs?|prompts?|last|lastonly)"
    "|loss(?:turn|span|token)s?"
    "|(?:only)?last(?:turn|answer|message)?(?:only)?loss|(?:train|only|trainonly)last(?:turn|only)*"
    "|lastturnonly"
)
"""Which tokens or turns carry loss; false changes nothing."""

_LOSSES = re.compile("(?:turn|token|message)loss(?:es)?")
"""Masks where they are flags or lists; one number is a loss that was logged."""

_TRAINED = re.compile("(?:loss|train|training|assistant|completion|answer|response)mask")
"""A mask of one value, which takes the loss away where it is 0."""

_TRUE = (True, "true", "True", "TRUE")
_FALSE = (False, "false", "False", "FALSE")

_MASKED = "it says what carries loss, and is not read"

_REMOVE = "Remove such rows"
_WEIGH = "Write weights of 0 and 1 as 'weight' of the row or of its messages"

_SHOWN = 60
"""Characters of a value in a message."""

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
        if not layout.held_out and _is_held_out(column, value):
            raise DataError(
                f"'{column}' is {value!r}: the row is marked as held out. Move such rows to "
                f"another file; to train on them, set ignore: [{column}]"
            )
        check_request(column, value, "the row")
        for reason, fix in _reasons(column, value):
            shown = value if len(repr(value)) <= _SHOWN else type(value).__name__
            raise DataError(
                f"'{column}' is {shown!r}: {reason}. {fix}, or leave it out: ignore: [{column}]"
            )


def check_message(key: str, value: Any, where: str) -> None:
    """Refuse a message that was cut, or that a key of it says is not meant for training.

    Raises:
        DataError: Naming the key, and how to train on the message all the same.
    """
    if _was_cut(key, value):
        raise DataError(
            f"{where}.{key} is {value!r}: the answer was cut. Remove such rows, or train on them: "
            f"ignore: [{key}]"
        )
    check_request(key, value, where)


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


def _reasons(column: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield why a column says that its row is not meant for training, and what to do."""
    if _was_cut(column, value):
        yield "the answer was cut", _REMOVE
    if _JUDGED.fullmatch(column) and _is_bad(value):
        yield (
            "the answer was judged bad",
            f"Remove such rows, for KTO map the column: columns: {{label: {column}}}",
        )
    if (why := objection(column, value)) is not None:
        yield why, _WEIGH if why == _MASKED else _REMOVE


def _is_held_out(column: str, value: Any) -> bool:
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


def _is_bad(value: Any) -> bool:
    """Return whether a judgement is a word or a truth value against the answer, or negative."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return label_of(value) is False and (not number or value < 0)


def objection(column: str, value: Any) -> str | None:
    """Return why a row or a message is not to be trained on as it is, by a column or key of it.

    Args:
        column: Its name.
        value: What it says.

    Returns:
        ``None`` where nothing speaks against it.

    Example:
        >>> objection("is_correct", False)
        'it says that this is unwanted or unfinished'
        >>> objection("loss_mask", [0, 1])
        'it says what carries loss, and is not read'
        >>> objection("sample_weight", 1.0) is None
        True
    """
    name = plain_name(column)
    if _says_left_out(name, value):
        return "it says that this is unwanted or unfinished"
    if _ERRORS.fullmatch(name) and value not in (None, "", False, 0, [], {}, *_FALSE, "null"):
        return "it names an error, and is not read"
    return _MASKED if _masks(name, value) else None


def _masks(name: str, value: Any) -> bool:
    """Return whether a value says that something carries no loss, or another share of it."""
    if _WEIGHTS.fullmatch(name):
        return not _is_one(value)
    if isinstance(value, list) and -100 in value:
        return True  # labels of tokens
    if _TRAINED.fullmatch(name) and isinstance(value, bool | int | float):
        return not _is_one(value)
    if _LOSSES.fullmatch(name):
        return isinstance(value, list | dict) or value is True
    counts = isinstance(value, list | dict) or value in _TRUE or _is_number(value)
    return counts and _MASKS.fullmatch(name) is not None


def _says_left_out(name: str, value: Any) -> bool:
    true = isinstance(value, bool | str) and value in _TRUE
    false = isinstance(value, bool | str) and value in _FALSE
    state = isinstance(value, str) and value.strip().casefold() in _DISCARDED
    return (
        (true and _LEFT_OUT.fullmatch(name) is not None)
        or (false and _APPROVED.fullmatch(name) is not None)
        or (state and _STATES.fullmatch(name) is not None)
        or (name == _STATUS and state and value.strip().casefold() in _DISCARDED_STATUS)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value != 0


def _is_one(value: Any) -> bool:
    """Return whether a weight, or all of a list of them, is 1; blank ones are."""
    if isinstance(value, list):
        return all(map(_is_one, value))
    return value in (None, "", 1, "1", "1.0", *_TRUE)
