"""Separate a model's thinking from its answer, by the marks around the thinking.

Thinking begins at the start of an output, or after other thinking at the start of a line or
between two texts without a space. A mark inside code or within a sentence is ordinary text, so an
answer that explains ``<think>`` stays whole. The head of the model's turn ("assistant" on a line)
may come first. ``<think>`` may also follow the answer, if nothing follows it. Where the marks are
known to be the model's own, from its chat template or the project file, thinking may begin at any
line, and an end without a start ends it wherever it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from evalguard.records import Metric, ScoreKind
from evalguard.scorers import thinking_marks
from evalguard.scorers.lazy_patterns import lazy_re
from evalguard.scorers.thinking_marks import (
    KNOWN_MARKS,
    Marks,
    any_mark,
    compiled_mark,
    opened_by,
    search_mark,
)

_BLANK = r"[\s\ufeff\u200b\u2060]*"
_BLANKS = " \t\r\n\f\v\ufeff\u200b\u2060"
_ENDS_TEXT = lazy_re(r"[\w.!?:)\]}$*。！？](?<!_)\Z")
_BEGINS_TEXT = lazy_re(r"[\w*#$\\([{]")
_CODE = lazy_re(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_TOKEN = (
    r"(?:<[|｜](?:im_(?:start|end|sep)|(?:start|end)_header_id|eot_id|start|end|"
    r"(?:begin|start|end)[_▁ ]?of[_▁ ]?(?:text|sentence)|assistant|bot|bos|startoftext)[|｜]>"
    r"|<bos>|\[BOS\]|</?s>|<(?:start|end)_of_turn>|\[/INST\]|#{2,4}[ \t])\s*+"
)
_HEAD = lazy_re(
    rf"[\s\ufeff\u200b\u2060]*+(?:{_TOKEN}){{0,5}}+(?:\*\*)?"
    r"(?:(?:assistant|model|response|bot|ai)[ \t]*(?::|(?=<[|｜])|(?=\n))(?:\*\*)?\s*+)?"
    rf"(?:{_TOKEN}){{0,5}}+[\s\ufeff\u200b\u2060]*+",
    re.IGNORECASE,
)
"""The head of a model's turn, which some repeat before they think."""

_CLOSING_CHARS = 200
"""Characters at the end of an output that are searched for a surplus end of thinking."""

_MOST_BLOCKS = 100
"""A model that writes more blocks of thinking is in a loop and never answers."""

THINKING_TOKENS = "thinking_tokens"
"""Name of the metric that counts the tokens of an answer's thinking."""


UNCLOSED_THINKING = "unclosed_thinking"
"""Name of the metric that counts the outputs whose thinking never ended."""


def thinking_metrics(max_new_tokens: int) -> tuple[Metric, Metric]:
    """Return the metrics of a task whose outputs have at most ``max_new_tokens``.

    These are the tokens of thinking, and the share of a sample's outputs without an answer because
    the thinking never ended.
    """
    high = float(max_new_tokens)
    return (
        Metric(THINKING_TOKENS, ScoreKind.BOUNDED, 0.0, high, higher_is_better=False),
        Metric(UNCLOSED_THINKING, ScoreKind.BOUNDED, 0.0, 1.0, higher_is_better=False),
    )


@dataclass(frozen=True, slots=True)
class Split:
    """An output split into thinking and answer.

    Attributes:
        answer: What is left without the thinking.
        thinking: The thinking, without its marks.
        unclosed: Whether the thinking never ended, so that there is no answer.
    """

    answer: str
    thinking: str = ""
    unclosed: bool = False


_WRAPPERS = (
    (r"<\|begin_of_solution\|>", r"<\|end_of_solution\|>"),
    (r"<\|START_RESPONSE\|>", r"<\|END_RESPONSE\|>"),
    (r"<response>", r"</response>"),
    (r"\[BEGIN FINAL RESPONSE\]", r"\[END FINAL RESPONSE\](?:\s*<\|end\|>)?"),
    (r"(?:<\|begin\|>assistant)?<\|content\|>", r"<\|end\|>"),
    (
        r"(?:<\|start\|>assistant)?<\|channel\|>final[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>",
        r"<\|(?:return|end)\|>",
    ),
)
"""What some templates put around the answer after the thinking."""


@dataclass(frozen=True)
class Thinking:
    """How to find a model's thinking in its outputs.

    Attributes:
        marks: All marks that are looked for; none where thinking is part of the answer.
        own: Those that are known to be the model's.
        opened: Marks that every prompt ends inside of, so that the output begins as thinking.
        served: Whether a chat server renders the prompt and may strip the thinking: an output
            without an end of thinking is then an answer, unless it reached its limit.
    """

    marks: tuple[Marks, ...] = KNOWN_MARKS
    own: tuple[Marks, ...] = ()
    opened: Marks | None = None
    served: bool = False

    @cached_property
    def _any_mark(self) -> re.Pattern[str]:
        return any_mark(self.marks)

    @property
    def definition(self) -> Mapping[str, Any]:
        """Everything that determines the split, as plain data."""
        return {
            "code": _code_digest(),
            "marks": [[one.start, one.end] for one in self.marks],
            "own": [[one.start, one.end] for one in self.own],
            "opened": self.opened and [self.opened.start, self.opened.end],
            "served": self.served,
        }

    def split(self, output: str, *, prompt: str = "", at_limit: bool = False) -> Split:
        """Split an output into thinking and answer.

        Args:
            output: What the model wrote.
            prompt: Its prompt, which may end with the start of thinking.
            at_limit: Whether the output has the maximum number of tokens.

        Example:
            >>> Thinking().split("<think>3 or 4?</think> 4")
            Split(answer='4', thinking='3 or 4?', unclosed=False)
            >>> Thinking().split("<think>3 or 4? Per").unclosed
            True
            >>> Thinking().split("Write `<think>` first.").answer
            'Write `<think>` first.'
        """
        if not self.marks:
            return Split(output)
        opened = self.opened or opened_by(prompt, self.marks)
        if opened is None and not self._any_mark.search(output):
            return Split(output)
        reader = _Reader(output, self.marks, self.own if opened is None else (*self.own, opened))
        if opened is None or reader.read_opened(opened):
            return reader.read()
        if self.served and not at_limit:
            return reader.read()
        return Split("", output.strip(), unclosed=True)


class _Reader:
    """Reads an output from its start, block of thinking by block."""

    def __init__(self, output: str, marks: tuple[Marks, ...], own: tuple[Marks, ...]) -> None:
        self._output = output
        self._marks = tuple(dict.fromkeys((*own, *marks)))
        self._own = set(own)
        self._closed = set[Marks]()
        self._rest = output
        self._said = ""
        self._thoughts: list[str] = []
        self._thinks = False

    def read_opened(self, marks: Marks) -> bool:
        """Take the thinking that the prompt opened; return whether it ends."""
        again = _at_turn(marks.start, self._rest)
        body = self._rest[again.end() :] if again else self._rest
        return self._take_block(marks, body)

    def read(self) -> Split:
        """Take all thinking and return it with what is left."""
        while len(self._thoughts) < _MOST_BLOCKS:
            place = self._next_start()
            if place is None:
                self._drop_surplus_ends()
                if not self._take_end_alone():
                    return self._finished()
                continue
            marks, match = place
            body = self._rest[match.end() :]
            before = self._rest[: match.start()]
            if self._take_block(marks, body):
                self._said += "" if _HEAD.fullmatch(before) else before
                if before[-1:].strip() and self._rest[:1].strip():
                    self._said += "\n"
            elif marks.start_is_enough or marks in self._own:
                self._thoughts.append(body)
                return Split("", self._all_thoughts(), unclosed=True)
            else:
                return self._finished()
        return Split("", self._output.strip(), unclosed=True)

    def _next_start(self) -> tuple[Marks, re.Match[str]] | None:
        """Find where thinking begins: here, or at a later line for the model's own marks."""
        for marks in self._marks:
            if match := _at_turn(marks.start, self._rest):
                return marks, match
        masked = _without_code(self._rest)
        last_ends = {
            marks: max(
                (end.start() for end in compiled_mark(marks.end).finditer(masked)), default=0
            )
            for marks in self._own
        }
        later = [
            (marks, match)
            for marks in self._marks
            if (marks in self._own or marks.behind_answer) and marks.start_is_enough
            for match in compiled_mark(marks.start).finditer(masked)
            if (
                _begins_line(masked, match.start())
                or (match.end() <= last_ends.get(marks, 0) and _joins(masked, *match.span()))
            )
            and (marks in self._own or _ends_output(marks, masked, match))
        ]
        return min(later, key=lambda one: one[1].start(), default=None)

    def _take_block(self, marks: Marks, body: str) -> bool:
        """Take a block whose start is passed, with blocks inside it; return whether it ends."""
        end = search_mark(marks.end, _without_code(body)) or search_mark(marks.end, body)
        if end is None:
            return False
        self._take(body, end)
        self._own.add(marks)
        self._closed.add(marks)
        for _ in compiled_mark(marks.start).finditer(body[: end.start()]):
            masked = _without_code(self._rest)
            outer, start = search_mark(marks.end, masked), search_mark(marks.start, masked)
            inner = start and outer and start.start() < outer.start()
            if outer is None or inner or len(self._thoughts) >= _MOST_BLOCKS:
                break
            self._take(self._rest, outer)
        return True

    def _drop_surplus_ends(self) -> None:
        """Drop ends of thinking at the end of the output: what precedes them is the answer.

        Only where thinking began and ended before; else all up to an end is thinking.
        """
        for marks in self._closed:
            if not marks.end_is_enough or search_mark(marks.start, self._rest):
                continue
            pattern = rf"(?:{marks.end})\Z"
            while end := search_mark(pattern, self._rest.rstrip(_BLANKS)[-_CLOSING_CHARS:]):
                kept = self._rest.rstrip(_BLANKS)
                self._rest = kept[: len(kept) - len(end[0])].rstrip(_BLANKS)

    def _take_end_alone(self) -> bool:
        """Take the text before an end of thinking that has no start."""
        masked = _without_code(self._rest)
        for marks in self._marks:
            end = search_mark(marks.end, masked) if marks.end_is_enough else None
            start = search_mark(marks.start, masked)
            if end is None or (start and start.start() < end.start()):
                continue
            anywhere = marks in self._own and not self._thinks
            if anywhere or _is_on_its_own_line(masked, end):
                self._own.add(marks)
                self._take(self._said + self._rest, end, offset=len(self._said))
                self._said = ""
                return True
        return False

    def _take(self, text: str, end: re.Match[str], *, offset: int = 0) -> None:
        self._thoughts.append(text[: end.start() + offset])
        self._rest = text[end.end() + offset :]
        self._thinks = True

    def _finished(self) -> Split:
        text = self._said + self._rest
        answer, wrapped = _unwrapped(text)
        if not self._thinks:
            # A channel's head alone marks what follows as the answer.
            return Split(answer if wrapped and "<|channel|>" in text else self._output)
        return Split(answer.lstrip(), self._all_thoughts())

    def _all_thoughts(self) -> str:
        return "\n\n".join(text for one in self._thoughts if (text := one.strip()))


def _at_start(pattern: str, text: str) -> re.Match[str] | None:
    return compiled_mark(_BLANK + f"(?:{pattern})").match(text)


def _at_turn(pattern: str, text: str) -> re.Match[str] | None:
    """Match at the start of a text, or behind the head of the model's turn."""
    head = _HEAD.match(text)
    place = head.end() if head else 0
    return _at_start(pattern, text) or compiled_mark(pattern).match(text, place)


def _without_code(text: str) -> str:
    """Return the text with code blanked out, every other character in its place."""
    return _CODE.sub(lambda match: "\0" * len(match[0]), text)


def _begins_line(text: str, position: int) -> bool:
    return not text[:position].rpartition("\n")[2].strip()


def _ends_output(marks: Marks, text: str, start: re.Match[str]) -> bool:
    """Return whether thinking follows an answer and nothing follows it; a colon introduces it."""
    if text[: start.start()].rstrip().endswith((":", "：")):
        return False
    end = compiled_mark(marks.end).search(text, start.end())
    return end is None or not text[end.end() :].strip()


def _joins(text: str, start: int, end: int) -> bool:
    """Return whether what is at a place joins two texts without a space."""
    before = text[max(0, start - 2) : start]
    return bool(_ENDS_TEXT.search(before) and _BEGINS_TEXT.match(text, end))


def _is_on_its_own_line(text: str, mark: re.Match[str]) -> bool:
    """Return whether a mark begins its line, ends it with more text below, or joins two texts.

    A sentence that names a mark has a blank or a quote around it.
    """
    after = text[mark.end() :]
    ends_line = not after.partition("\n")[0].strip() and bool(after.strip())
    return _begins_line(text, mark.start()) or ends_line or _joins(text, *mark.span())


def _unwrapped(text: str) -> tuple[str, bool]:
    for start, end in _WRAPPERS:
        if match := _at_start(start, text):
            return re.sub(f"(?:{end}){_BLANK}\\Z", "", text[match.end() :]), True
    return text, False


@cache
def _code_digest() -> str:
    files = (__file__, thinking_marks.__file__)
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()
