"""What a row says under names that no format reads, and that would be lost or trained on.

Names are compared without case and punctuation, so that ``systemPrompt`` is ``system_prompt``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

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
    if not answers and name in ("rationale", "rationales"):
        return False  # why one of the two is preferred
    if name in _BELONGING or _CALLS.fullmatch(name) or _PICTURED.fullmatch(name):
        return True
    return answers and _OTHER_ANSWER.fullmatch(name) is not None


def belongs_to_message(key: str) -> bool:
    """Return whether a key of a message holds reasoning, calls or media, under whatever name."""
    name = plain_name(key)
    return name in _REASONED or bool(_CALLS.fullmatch(name) or _PICTURED.fullmatch(name))


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
