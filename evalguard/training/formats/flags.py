"""Flags, verdicts and masks: columns and keys that speak against training on something as it is.

Names are read word by word, without those that say of what (``row``, ``response``) or that it is
so (``is``, ``has``): ``is_response_deleted`` is ``deleted``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from evalguard.training.formats.cells import blank, truth_of
from evalguard.training.formats.unread import name_words, plain_name, says_none, words_of

MASKED = "it says what carries loss, and is not read"
UNWANTED = "it says that this is unwanted or unfinished"

_BESIDE = words_of(
    "is was are has have had be been to should must it the as for in from of marked flag row rows"
    " record sample example item entry response responses answer answers output completion message"
    " content text data dataset model assistant llm human reviewer annotator annotation chosen"
    " solution problem"
    " training"
)
"""Words of a name that say of what it speaks, unless nothing else is left."""

_LEFT_OUT = re.compile(
    "masked|ignored?|deleted?|skip(?:ped)?|excluded?|discard(?:ed)?|removed?|hidden|spam|junk"
    "|flagged|truncated|incomplete|cutoff|blocked|censored|quarantined|blacklisted|unusable"
    "|corrupt(?:ed)?|garbled|superseded|obsolete|outdated|deprecated|retracted|withdrawn"
    "|(?:user)?opt(?:ed)?out|(?:do)?(?:not|no|dont|never)(?:train(?:ing)?|use|include|loss)"
    "|(?:excluded?|skip(?:ped)?)train(?:ing)?"
)
"""Flags that, where they are true, say that something is not meant for training."""

_BAD_FLAGS = re.compile(
    "bad|hallucinat(?:ed|ions?)|incorrect|wrong|invalid|failed|rejected|broken|unsafe"
    "|needs?(?:correction|correcting|fix|fixing|rewrite|rewriting|revision|editing|work)"
)
"""Flags that, where they are true, say that an answer is bad."""

_TOXIC = re.compile("toxic|toxicity(?:flag|label)?|toxicchat(?:tag)?")
_OF_ANSWERS = words_of("response responses answer answers output completion assistant reply chosen")
"""A flag that is often that of a question, and words that say that it is the answer's."""

_COUNTED = re.compile("failed|skipped|bad|wrong|incorrect|broken|invalid|blocked|rejected|removed")
"""Of these, names of amounts, too: 1 is no flag, unless the name says ``is`` or ``has``."""

_ASKING = ("is", "was", "has", "in")
"""Words with which the name of a flag begins."""

_SINCE = re.compile(
    "(?:deleted|removed|excluded|discarded|retracted|withdrawn|superseded|quarantined|flagged"
    "|opt(?:ed)?out|deletion|removal|exclusion|retraction)(?:at|on|by|date|time|timestamp|reasons?)"
)
"""When, by whom and why something was left out: they say that it was."""

_INCLUDED = re.compile(
    "included?|keep|usable|trainable|train(?:ing)?|completed?|finished"
    "|(?:user)?consent(?:ed|given|obtained|granted)?|opt(?:ed)?in"
    "|(?:used?|included?|keep|allow(?:ed)?|permit(?:ted)?|can|may)train(?:ing)?"
    "|(?:compute|calculate|has)?loss|learn|supervised"
)
"""Flags that, where they are false, say that something is not meant for training."""

_GOOD_FLAGS = re.compile(
    "correct|valid|accepted|approved|ok(?:ay)?|compiles|faithful|grounded|factual|accurate"
    "|(?:all|unit)?(?:tests?)?pass(?:ed|es|ing)?(?:all|unit)?(?:tests?)?"
    "|success|successful|succeeded"
)
"""Flags that, where they are false, say that an answer is bad."""

_SOLVED = re.compile("(?:re)?solved")
_ATTEMPTED = words_of(
    "instance_id repo patch model_patch test_patch traj_id trajectory exit_status fail_to_pass"
)
"""A flag that is bad where a program was to be repaired; it may be the state of a ticket, too."""

_ALLOWED = re.compile("(?:.*train(?:ing)?)(?:allowed|permitted|ok(?:ay)?|agreed)")
"""The same, where the name says of what."""

_HELD_OUT = re.compile("(?:test|eval|evaluation|heldout|holdout|validation|dev)")
_HELD_OUT_SET = re.compile(f"(?:test|heldout|holdout)|{_HELD_OUT.pattern}(?:set|split|only|rows?)")
"""Flags of held-out rows; of the first, those whose names ask, as ``is_dev`` does."""

_STATES = re.compile(
    "(?:annotation|review|response|row|record|moderation|qa|assignment|label(?:l?ing)?|approval)"
    "(?:status|state|decision)"
)
_DISCARDED = ("discarded", "rejected", "reject", "deleted", "failed", "failure", "error", "skipped")
_STATUS, _DISCARDED_STATUS = "status", ("discarded", "rejected", "deleted")
"""What says that a row was discarded; a status alone may be that of a ticket, say."""

_VERDICTS = re.compile(
    "(?:verdict|judge?ment|correctness|quality|assessment|evaluation|grade|review)(?:label)?"
    "|(?:grader?|judge|check|verification|verifier|(?:unit)?tests?|eval)"
    "(?:result|outcome|verdict|label|decision)"
)
_LABELLED = re.compile("(?:human|annotator|reviewer|expert|rater|judge|llm)(?:label|annotation)")
"""A label that somebody gave an answer; a label alone may be its topic."""

_BAD = (
    *("bad", "poor", "wrong", "incorrect", "invalid", "fail", "failed", "hallucinated"),
    *("hallucination", "unusable", "unacceptable", "garbage", "junk"),
)
"""What a verdict says of an answer that nobody wants; one of a court is another."""

_FILTERED = re.compile(r".*(?:filter|moderation|jailbreak|guard).*(?:filtered|detected|blocked)")
"""Results of a content filter, by the names on the way to them."""

_CODES = re.compile("(?:http|response|api)status(?:code)?|statuscode|(?:http|response)code")
_REQUESTED = words_of(
    "usage latency latency_ms request_id response_id completion_tokens prompt_tokens total_tokens"
    " finish_reason provider endpoint api_version"
)
"""The state of a request; a bare ``status`` is one beside columns that only a request has."""

_ERRORS = re.compile("(?:is|has|api|response)?(?:error|exception)(?:message|code|type)?s?")

_WEIGHTS = re.compile(
    "(?:sample|example|instance|row|message|turn|answer|assistant|token|loss)weights?|weights"
    "|weights?per(?:turn|token|message)|lossscale"
)
"""Weights under other names than those that are read; 1 changes nothing."""

_MASKS = re.compile(
    "(?:loss|train|training|assistant|completion|answer|response|label|token|turn)?masks?"
    "|mask(?:history|prompt|inputs?)|trainon(?:turns?|inputs?|prompts?|last|lastonly)"
    "|loss(?:turn|span|token)s?|prefix|iscontext|contextonly"
    "|(?:only)?last(?:turn|answer|message)?(?:only)?loss|(?:train|only|trainonly)last(?:turn|only)*"
    "|lastturnonly"
)
"""Which tokens or turns carry loss; false changes nothing."""

_SWITCHED = re.compile("masks?|prefix")
"""Of these, names of amounts and of texts, too: in a row, only ``true`` or a list masks."""

_ANSWERING = ("assistant", "gpt", "model", "bot", "all", "both")
"""Who is masked where a mask names a role, as NeMo's does; that of the user changes nothing."""

_LOSSES = re.compile("(?:turn|token|message)loss(?:es)?")
"""Masks where they are flags or lists; one number is a loss that was logged."""

_TRAINED = re.compile("(?:loss|train|training|assistant|completion|answer|response)mask")
"""A mask of one value, which takes the loss away where it is 0."""

_TRUE = (True, "true", "True", "TRUE")


def objection(
    column: str, value: Any, *, beside: Collection[str] = (), role: str = ""
) -> str | None:
    """Return why a row or a message is not to be trained on as it is, by a column or key of it.

    Args:
        column: Its name.
        value: What it says.
        beside: The columns of its row, where it is one.
        role: Who speaks, where it is a key of a message.

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
    if _masks(name, value, counts=bool(role)):
        return MASKED
    if says_unwanted(column, value) or (role == "assistant" and _is_toxic(column, value)):
        return UNWANTED
    unsolved = truth_of(value) is False and _SOLVED.fullmatch(core_of(column))
    if unsolved and {*beside} & _ATTEMPTED:
        return UNWANTED
    false = truth_of(value) is False
    if _ERRORS.fullmatch(name) and not (false or blank(value) or says_none(value)):
        return "it names an error, and is not read"
    of_request = name == _STATUS and bool({*beside} & _REQUESTED)
    if (of_request or _CODES.fullmatch(name)) and _is_failure(value):
        return "the request failed"
    return None


def _is_toxic(column: str, value: Any) -> bool:
    return truth_of(value) is True and _TOXIC.fullmatch(core_of(column)) is not None


def says_unwanted(column: str, value: Any, *, counts: bool = True) -> bool:
    """Return whether a flag, a date or a verdict says that nobody wants what it speaks of.

    Args:
        column: Its name.
        value: What it says; a list says what all of it says.
        counts: Whether 0 and 1 are flags where the name does not begin with ``is`` or ``has``.

    Example:
        >>> says_unwanted("training_consent", False), says_unwanted("deleted_at", "2024-05-01")
        (True, True)
        >>> says_unwanted("resolved", True), says_unwanted("deleted_at", None)
        (False, False)
    """
    if isinstance(value, list) and value and all(isinstance(one, bool | str) for one in value):
        return all(says_unwanted(column, one) for one in value)
    if says_bad(column, value, counts=counts):
        return True
    core, truth = core_of(column), _flag_of(column, value, counts=counts)
    left_out = truth is True and _LEFT_OUT.fullmatch(core) is not None
    if truth is False:
        allowed = _ALLOWED.fullmatch(plain_name(column))
        left_out = allowed is not None or _INCLUDED.fullmatch(core) is not None
    if left_out or not isinstance(value, str):
        return left_out
    word = value.strip().casefold()
    return (
        (
            _SINCE.fullmatch(core) is not None
            and truth is not False
            and not (blank(value) or says_none(value))
        )
        or (word in _DISCARDED and _STATES.fullmatch(plain_name(column)) is not None)
        or (word in _DISCARDED_STATUS and _last(column) == _STATUS)
    )


def says_bad(column: str, value: Any, *, counts: bool = True) -> bool:
    """Return whether a flag or a verdict says that an answer is bad; arguments as above.

    Example:
        >>> says_bad("is_correct", False), says_bad("verdict", "wrong"), says_bad("deleted", True)
        (True, True, False)
    """
    core, truth = core_of(column), _flag_of(column, value, counts=counts)
    if _is_toxic(column, value) and {*name_words(column)} & _OF_ANSWERS:
        return True
    if truth is not None:
        return (_BAD_FLAGS if truth else _GOOD_FLAGS).fullmatch(core) is not None
    word = value.strip().casefold() if isinstance(value, str) else ""
    if word in (*_BAD, "incomplete") and _GOOD_FLAGS.fullmatch(core):
        return True
    named = _VERDICTS.fullmatch(core) or _LABELLED.fullmatch(plain_name(column))
    return word in _BAD and named is not None


def _flag_of(column: str, value: Any, *, counts: bool) -> bool | None:
    """Return whether a flag is set; ``None`` for an amount, and for what is no flag."""
    amount = _is_amount(value) and not _asks(column)
    if amount and (not counts or _COUNTED.fullmatch(core_of(column))):
        return None
    return truth_of(value)


def is_held_out_flag(column: str, value: Any) -> bool:
    """Return whether a flag says that a row is held out.

    Example:
        >>> is_held_out_flag("is_test", 1), is_held_out_flag("test", "assert f(1) == 2")
        (True, False)
    """
    truth = truth_of(value) if _asks(column) or not _is_amount(value) else None
    core = core_of(column)
    asked = _asks(column) and _HELD_OUT.fullmatch(core) is not None
    return bool(truth) and (asked or _HELD_OUT_SET.fullmatch(core) is not None)


def was_filtered(path: str, value: Any) -> bool:
    """Return whether a content filter caught something, by the names on the way to its result."""
    return value is True and _FILTERED.fullmatch(plain_name(path)) is not None


@lru_cache(maxsize=4096)
def core_of(column: str) -> str:
    """Return a name without the words that say of what it speaks.

    Example:
        >>> core_of("is_response_deleted"), core_of("correct_answer"), core_of("use_for_training")
        ('deleted', 'correctanswer', 'usetraining')
    """
    words = name_words(column)
    kept = [w for i, w in enumerate(words) if w not in _BESIDE or (i and i == len(words) - 1)]
    return "".join(kept or words).removesuffix("flag")


def _asks(column: str) -> bool:
    words = name_words(column)
    return len(words) > 1 and words[0] in _ASKING


def _is_amount(value: Any) -> bool:
    """Return whether a value is a number, as JSON or a table writes it."""
    if isinstance(value, str):
        return value.strip().replace(".", "", 1).isdecimal()
    return isinstance(value, int | float) and not isinstance(value, bool)


def _last(column: str) -> str:
    """Return the last part of a name with dots, which annotation tools write."""
    return plain_name(column.rpartition(".")[2])


def _is_failure(value: Any) -> bool:
    """Return whether a status of HTTP is an error."""
    code = int(value) if isinstance(value, str) and value.isdecimal() else value
    return isinstance(code, int) and 400 <= code < 600


def _masks(name: str, value: Any, *, counts: bool) -> bool:
    """Return whether a value says that something carries no loss, or another share of it.

    Args:
        name: Of the column or key.
        value: What it says.
        counts: Whether a number masks under a name that may be that of an amount.
    """
    if _WEIGHTS.fullmatch(name):
        return not _is_one(value) and (name == "lossscale" or not _is_words(value))
    if isinstance(value, list) and -100 in value:
        return True  # labels of tokens
    if _TRAINED.fullmatch(name) and isinstance(value, bool | int | float):
        return not _is_one(value)
    if _LOSSES.fullmatch(name):
        return isinstance(value, list | dict) or value is True
    named = isinstance(value, str) and value.strip().casefold() in _ANSWERING
    number = _is_number(value) and (counts or not _SWITCHED.fullmatch(name))
    masked = isinstance(value, list | dict) or _is_true(value) or number or named
    return masked and _MASKS.fullmatch(name) is not None


def _is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value in _TRUE)


def _is_words(value: Any) -> bool:
    """Return whether a text is no number, such as ``250 g``."""
    return isinstance(value, str) and not _is_amount(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value != 0


def _is_one(value: Any) -> bool:
    """Return whether a weight, or all of a list of them, is 1; blank ones are."""
    if isinstance(value, list):
        return all(map(_is_one, value))
    return value in (None, "", 1, "1", "1.0", *_TRUE)
