"""Where an output runs on into another question or turn, which is not part of its answer.

Small models often do not stop: they answer, then write the next question of a list, or the user's
next message, and answer that too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import islice

import regex

from evalguard.scorers import turn_words
from evalguard.scorers.announced import Announcement, announcements
from evalguard.scorers.latex import without_struck
from evalguard.scorers.lazy_patterns import lazy_re, lazy_regex

MAX_TURNS = 40
"""Openings of questions and turns that are looked at."""

PREAMBLE_CHARS = 300
"""A longer text before a question is no preamble."""

SHORT_ANSWER_CHARS = 60
"""A longer line is no bare answer."""

MAX_BARE_WORDS = 3
"""A line of more words is no bare answer to what comes before a question."""

_QUESTIONS = [one for words in turn_words.QUESTIONS.values() for one in words]
_NUMBER = r"(?:[ \t]*(?:#|no\.?|nr\.?|n[º°]\.?)?[ \t]*\d{1,3})"
_MARKUP = r"[ \t]*(?:[#>*_•\[【(<|-]+[ \t]*){0,3}+(?:\d{1,3}[.)][ \t]+)?"
_LINE = lazy_regex(
    rf"^(?P<markup>{_MARKUP})(?:(?:next|new|another|second|third|other)\s)?+"
    rf"(?P<word>(?:\L<questions>)|(?P<input>\L<inputs>))(?P<number>{_NUMBER})?+[\])】>|*_]*[ \t]*"
    r"(?:[:：﹕]|(?P<heading>[.)]?[*_]*[ \t]*$|(?<=\d)[.)][*_]*[ \t]+(?=\S)))",
    regex.I | regex.M | regex.V1,
    questions=_QUESTIONS,
    inputs=turn_words.INPUTS,
)
_NUMBERED = lazy_regex(r"^[ \t*_#]*第\s?\d{1,3}\s?[题題問问][ \t]*[:：.。]", regex.M)
_INLINE = lazy_regex(
    rf"(?<=[.!?)*。！？।\d][ \t]{{1,3}})(?P<word>\L<words>){_NUMBER}?[ \t]?[:：](?=\s)",
    words=[one.capitalize() for one in _QUESTIONS if one.capitalize() != one],
)
_ASKED = lazy_regex(
    r"(?<=\n[ \t]*\n)[ \t*_#>-]{0,6}+(?P<asked>(?:[^\s?？؟]+[ \t]+){3}[^\n]{1,600}?[?？؟]"
    r"|[^\n]{4,300}?[\p{Han}\p{Hiragana}\p{Thai}][?？])[*_ \t]*(?:\n|$)",
    regex.M,
)
"""A paragraph that is a question and not marked as one."""

_REFERS_BACK = lazy_regex(
    r"^\W*(?:(?:so|and|but|or|now|then|wait|hmm+|well|ok(?:ay)?)\b[, ]*)*"
    r"(?:(?:is|are|does|do|did|can|could|should|shall|would|will|have|has|was)"
    r" (?:this|that|it|we|i|the answer|my|these|you)|why|right|really|what (?:if|about|else)"
    r"|how about|how (?:do|did|can|would) (?:we|i|you) (?:know|get|find|check|verify)|anything"
    r"|any )\b|\b(?:(?:this|that|my|the|your) answer|above|correct|verify|(?:double-)?check)\b"
    r"|对吗|吧[?？]|为什么",
    regex.I,
)
"""In a question that the writer asks about the answer before it."""

_OPTION = lazy_re(r"^[ \t*_-]*[(\[]?[A-J][*_]{0,2}[)\].:][ \t]*\S", re.M)
_ASKER = r"(?:user|human|system|prompter|customer|tool)"
_TOKEN = lazy_re(
    rf"<\|im_start\|>\s*{_ASKER}|<\|im_end\|>|<\|start_header_id\|>\s*{_ASKER}|<\|eot_id\|>"
    rf"|<start_of_turn>\s*user|<end_of_turn>|<\|{_ASKER}(?:_TOKEN)?\|>|<\|start\|>\s*{_ASKER}"
    r"|<\|(?:endoftext|end_of_text|eot|end_of_turn|begin_of_text|END_OF_TURN_TOKEN)\|>"
    r"|<[|｜](?:User|(?:end|begin)▁of▁sentence)[|｜]>|<(?:eos|bos)>|\[\|Human\|\]|<human>:?"
    r"|(?<!\\)\[INST\]|(?<!<s>)</s>(?!\w)",
    re.I,
)
_ASSISTANT = lazy_re(
    r"(?:<\|im_start\|>\s*|<\|start_header_id\|>\s*"
    r"|<\|start\|>\s*)assistant(?:<\|end_header_id\|>)?"
    r"|<start_of_turn>\s*model|<[|｜]assistant[|｜]>|\[/INST\]"
    r"|^[ \t*_#>]*(?:assistant|ai|bot|response|model)[*_]*[ \t]*(?:[:：]|$)",
    re.I | re.M,
)
_HEADER = lazy_re(
    r"\s*(?:(?:<\|im_start\|>\s*|<\|start_header_id\|>\s*|<\|start\|>\s*)assistant"
    r"(?:<\|end_header_id\|>|<\|message\|>)?|<start_of_turn>\s*model|<[|｜]assistant[|｜]>|\[/INST\]"
    r"|assistant[ \t]*(?=\n))\s*",
    re.I,
)
"""The header of the model's own turn, where an output begins with it."""

_FENCE = lazy_re(r"^[ \t]*(?:```|~~~)", re.M)
_PREAMBLE = lazy_re(rf"[\s*_#>]*{turn_words.PREAMBLE}", re.I)
_TITLE = lazy_re(r"^[ \t]*#{1,3}[ \t]+[^\n]*", re.M)
_SAID = lazy_regex(r"[\p{L}\p{N}]")
_FIRST_WORD = lazy_regex(r"[\p{L}\p{M}]+")


@lru_cache(maxsize=16)  # every scorer of a task asks for the same output
def own_part(output: str) -> str:
    r"""Return an output up to the next question or turn that follows its answer.

    An output may begin by restating its question; what it answers to that is its own.

    Example:
        >>> own_part("15\n\nQuestion: And two of them?\nAnswer: 30")
        '15\n\n'
        >>> own_part("Question: How many?\nAnswer: 15")
        'Question: How many?\nAnswer: 15'
    """
    output = (
        _HEADER.sub("", without_struck(output), count=1)
        if _HEADER.match(output)
        else without_struck(output)
    )
    opened: regex.Match[str] | None = None
    for mark in islice(_marks(output), MAX_TURNS):
        before = output[: mark.start()]
        if _group(mark, "asked"):
            if _asks_anew(before, mark):
                return before
        elif opened is None and _leads_up(before):
            opened = mark
        elif _answered(before, mark, opened):
            return before
    return output


def _marks(output: str) -> list[regex.Match[str]]:
    """Return what opens a question or a turn outside of fenced code, in order."""
    found = [
        *(one for one in _LINE.finditer(output) if _opens(one)),
        *_NUMBERED.finditer(output),
        *_INLINE.finditer(output),
        *_TOKEN.finditer(output),
        *_ASKED.finditer(output),
    ]
    if not found:
        return []
    fences = [one.start() for one in _FENCE.finditer(output)]
    # An odd number of fences before a place is an open one; the last may never close.
    closed = len(fences) // 2 * 2
    outside = [
        one
        for one in found
        if (before := bisect_left(fences, one.start())) % 2 == 0 or before > closed
    ]
    return sorted(outside, key=lambda one: one.start())


def _opens(line: regex.Match[str]) -> bool:
    """Return whether a line with a question's word opens one: by a colon, or as a heading."""
    if line["heading"] is None:
        return True
    marked = "#" in line["markup"] or "**" in line["markup"] or line["number"] is not None
    return marked and len(line["word"]) > 1


def _leads_up(before: str) -> bool:
    """Return whether nothing but a preamble or a title stands before a question."""
    text = _ASSISTANT.sub("", _TITLE.sub("", before)).strip(" \t\r\n*_-=")
    if _SAID.search(text) is None:
        return True
    if len(text) > PREAMBLE_CHARS or any(one.text for one in announcements(before)):
        return False
    return text[-1] in ":：" or _PREAMBLE.match(text) is not None


def _answered(before: str, mark: regex.Match[str], opened: regex.Match[str] | None) -> bool:
    """Return whether an answer stands before a question or turn.

    Args:
        before: What stands before it.
        mark: What opens it.
        opened: What opened the question that the output restates; ``None`` where it restates none.
    """
    told = _told(before)
    if _group(mark, "input"):
        return _repeats(before, mark, told, opened)
    if told or opened is None:
        return True
    heads = [one.end() for one in _ASSISTANT.finditer(before, opened.end())]
    if heads:
        return _SAID.search(before, heads[-1]) is not None
    # Numbered questions without an answer each are steps towards one.
    return _same(mark, opened) and not _group(mark, "number")


def _asks_anew(before: str, mark: regex.Match[str]) -> bool:
    """Return whether a paragraph that is a question, marked as none, is the next one.

    It is where an answer stands before it and another behind it, or options to choose from.
    """
    after = mark.string[mark.end() :]
    first = next((line for line in after.splitlines() if line.strip()), "")
    follows = len(_OPTION.findall(after)) > 1 or 0 < len(first) <= SHORT_ANSWER_CHARS
    if _REFERS_BACK.search(mark["asked"]) or not (follows or _told(after)):
        return False
    bare = before.strip()
    short = len(bare) <= SHORT_ANSWER_CHARS and len(bare.split()) <= MAX_BARE_WORDS
    alone = short and "\n" not in bare and bare[-1:] not in ":：?？؟"
    return bool(_told(before)) or (alone and _PREAMBLE.match(bare) is None)


def _told(text: str) -> list[Announcement]:
    """Return the announcements of a text that name something."""
    return [one for one in announcements(text) if not one.bare and _SAID.search(one.text)]


def _same(mark: regex.Match[str], opened: regex.Match[str]) -> bool:
    return bool(word := _group(mark, "word")) and word == _group(opened, "word")


def _repeats(
    before: str,
    mark: regex.Match[str],
    told: list[Announcement],
    opened: regex.Match[str] | None,
) -> bool:
    """Return whether an input such as "Text:" opens the next example of a list.

    It does where the noun that announced the answer comes once more, or where a line alone is the
    answer before it.
    """
    after = mark.string[mark.end() :]
    if told:
        word = _FIRST_WORD.search(before, told[-1].start)
        return word is not None and bool(
            regex.search(rf"^[ \t*_#>]*{word[0]}\b[^\n:：]{{0,20}}[:：]", after, regex.I | regex.M)
        )
    bare = before.strip()
    alone = "\n" not in bare and len(bare) <= SHORT_ANSWER_CHARS and bare[-1:] not in ":："
    return opened is None and alone and any(one.text for one in announcements(after))


def _group(mark: regex.Match[str], name: str) -> str:
    """Return a named group of a match in lower case; nothing where its pattern has none."""
    return (mark[name] or "").lower() if name in mark.re.groupindex else ""
