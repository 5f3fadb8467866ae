"""What a row says under names that no format reads, and that would be lost or trained on.

Names are compared without case and punctuation, so that ``systemPrompt`` is ``system_prompt``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from evalguard.training.formats.layout import MEANT, REASONING


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Return a name without case, blanks, punctuation and invisible characters.

    Example:
        >>> plain_name("Complex_CoT"), plain_name(" systemPrompt")
        ('complexcot', 'systemprompt')
    """
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


_SYSTEM = (
    *("instructions", "system_instruction", "system_instructions", "system_text", "system_msg"),
    *("sys", "sys_prompt", "system_prompt_text", "preamble", "developer_prompt"),
    *("developer_message", "role_prompt", "task_description", "guidelines"),
)
_BEFORE = (
    *("chat_history", "conversation_history", "dialogue_history", "dialog_history"),
    *("previous_messages", "previous_turns", "prior_messages", "prior_turns", "turns", "dialog"),
    *("dialogue", "transcript", "demonstrations", "few_shot", "few_shot_examples"),
)
_DOCUMENTS = (
    *("passages", "document", "source_text", "docs", "ctx", "ctxs", "chunks", "knowledge"),
    *("evidence", "background"),
    *("retrieved_context", "retrieved_contexts", "retrieved_documents", "retrieved_docs"),
    *("retrieved_passages", "retrieved_chunks", "context_documents", "search_results"),
)
_THOUGHT = (
    *("rationale", "rationales", "cot", "complex_cot", "chain_of_thought", "thought", "thoughts"),
    *("think", "scratchpad", "reasoning_trace", "reasoning_text", "reasoning_steps"),
    *("reasoning_details", "thinking_trajectory", "thinking_trajectories"),
)
_REASONED = frozenset(map(plain_name, (*REASONING, *_THOUGHT)))
_BELONGING = frozenset(map(plain_name, (*MEANT, *_SYSTEM, *_BEFORE, *_DOCUMENTS, *_THOUGHT)))

_ANSWER = (
    "(?:answer|response|output|completion|solution|reply|text|messages?|conversations?|dialogue)"
)
_OTHER_ANSWER = re.compile(
    f"(?:corrected|edited|revised|improved|rewritten|fixed|gold|golden|reference|expected|ideal"
    f"|best|better|final|human|alternative|target|generated|chosen|rejected|correct|incorrect"
    f"|wrong){_ANSWER}s?|{_ANSWER}[0-9ab]"
    f"|{_ANSWER}(?:corrected|edited|revised|improved|rewritten|fixed)"
    "|corrected|groundtruth|expected|targets?|attempts?|generations"
)
"""Another answer than the one that is read: the reference, or what people made of it."""

_CALLS = re.compile(
    "(?:available|allowed)(?:tool|function|api)s?"
    "|(?:tool|function|api)s?(?:call|use|result|response|output|definition|schema|spec)(?:s|ed)?"
    "|(?:tool|function)scalled"
)
"""Calls, their results, and what may be called."""

_PICTURED = re.compile(
    "(?:images?|img|audios?|videos?|pictures?|photos?)"
    "(?:path|file|filename|url|uri|bytes|base64|data)?s?|pixelvalues|attachments?"
)

_LEFT_OUT = re.compile(
    "(?:is|was|to)?(?:mask|masked|ignore|ignored|delete|deleted|skip|skipped|exclude|excluded"
    "|discard|discarded|removed|hidden|spam|bad|truncated|incomplete|cutoff)"
    "|(?:do)?(?:not|no|dont)(?:train|loss|use|include)|(?:exclude|skip)(?:from)?train(?:ing)?"
)
"""Flags that, where they are true, say that something is not meant for training."""

_APPROVED = re.compile(
    "(?:is|human|was)?(?:correct|valid|verified|accepted|approved|included?|keep|usable|trainable"
    "|passed|success|successful|succeeded|resolved|completed?|finished)(?:answer)?"
    "|(?:use|include|keep)(?:for|in)?train(?:ing)?|(?:compute|calculate|has)loss|learn|supervised"
)
"""Flags that, where they are false, say the same."""

_STATES = re.compile("(?:annotation|review|response|row|record)?(?:status|state|decision)")
_DISCARDED = ("discarded", "rejected", "reject", "deleted", "failed", "failure", "error", "skipped")

_ERRORS = re.compile("(?:is|has|api|response)?(?:error|exception)(?:message|code|type)?s?")

_WEIGHTS = re.compile(
    "(?:sample|example|instance|row|message|turn|answer|assistant|token|loss)weights?|weights"
    "|weights?per(?:turn|token|message)|lossscale"
)
"""Weights under other names than those that are read; 1 changes nothing."""

_MASKS = re.compile(
    "(?:loss|train|training|assistant|completion|answer|response|label|token|turn)?masks?"
    "|mask(?:history|prompt|inputs?)|trainon(?:turns?|inputs?|prompts?|last|lastonly)"
    "|loss(?:turn|span|token)s?|(?:turn|token|message)loss(?:es)?"
    "|(?:only)?last(?:turn|answer|message)?(?:only)?loss|(?:train)?(?:only)?last(?:turn|only)+"
)
"""Which tokens or turns carry loss; false changes nothing."""

_TRAINED = re.compile("(?:loss|train|training|assistant|completion|answer|response)mask")
"""A mask of one value, which takes the loss away where it is 0."""

_TRUE = (True, "true", "True", "TRUE")
_FALSE = (False, "false", "False", "FALSE")


def belongs(column: str, *, answers: bool = True) -> bool:
    """Return whether a column is a part of the question, of the answer, or of what precedes them.

    Args:
        column: Its name.
        answers: Whether another answer counts: beside two answers, it is only where they are from.

    Example:
        >>> [belongs(name) for name in ("Context", "passages", "expected_output", "category")]
        [True, True, True, False]
    """
    name = plain_name(column)
    if name in _BELONGING or _CALLS.fullmatch(name) or _PICTURED.fullmatch(name):
        return True
    return answers and _OTHER_ANSWER.fullmatch(name) is not None


def belongs_to_message(key: str) -> bool:
    """Return whether a key of a message holds reasoning, calls or media, under whatever name."""
    name = plain_name(key)
    return name in _REASONED or bool(_CALLS.fullmatch(name) or _PICTURED.fullmatch(name))


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
        return "it says that the answer is an error"
    return "it says what carries loss, and is not read" if _masks(name, value) else None


def _masks(name: str, value: Any) -> bool:
    """Return whether a value says that something carries no loss, or another share of it."""
    if _WEIGHTS.fullmatch(name):
        return not _is_one(value)
    if isinstance(value, list) and -100 in value:
        return True  # labels of tokens
    if _TRAINED.fullmatch(name) and isinstance(value, bool | int | float):
        return True
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
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value != 0


def _is_one(value: Any) -> bool:
    """Return whether a weight, or all of a list of them, is 1; blank ones are."""
    if isinstance(value, list):
        return all(map(_is_one, value))
    return value in (None, "", 1, "1", "1.0", *_TRUE)


_STANDS_FOR_NOTHING: Mapping[str, re.Pattern[str]] = {
    "a text is an error of a spreadsheet, such as #N/A": re.compile(
        r"#(?:N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)"
    ),
    "a text is '[deleted]' or '[removed]'": re.compile(r"\[(?:deleted|removed)\]", re.I),
    "a text is written as Python's bytes, b'…'": re.compile(r"b'[^']*'|b\"[^\"]*\""),
    'a text is a formula of a spreadsheet, ="…"': re.compile(r'="[^"]*"'),
}

_MARKS = re.compile(
    r"<\|(?:im_start|im_end|im_sep|eot_id|eom_id|start_header_id|end_header_id|begin_of_text"
    r"|end_of_text|endoftext|end_of_turn|user|assistant|system|end|eot|begin_of_solution)\|>"
    r"|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|\A\s*<s>|</s>\s*\Z|<｜(?:User|Assistant)｜>"
    r"|^### (?:Human|Assistant|User|Instruction|Response):",
    re.M,
)
"""Marks of turns, as chat templates write them; most are no tokens of another model."""


def oddities(text: str) -> set[str]:
    """Return what is odd about a text that is trained on, in the same words for every text.

    Example:
        >>> oddities("It left today.</s>")
        {"a text holds '</s>', a mark of turns of a chat template"}
        >>> oddities("It left today.")
        set()
    """
    found = {why for why, whole in _STANDS_FOR_NOTHING.items() if whole.fullmatch(text.strip())}
    if mark := _MARKS.search(text):
        found.add(f"a text holds '{mark.group().strip()}', a mark of turns of a chat template")
    return found
