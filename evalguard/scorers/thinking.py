"""Tells what a model thinks from what it answers, by the marks that it writes around its thinking.

Thinking stands at the start of an output, or at the start of a line after other thinking. A mark
inside code or in the middle of a sentence is text like any other, so that an answer that explains
``<think>`` stays whole. The head of the model's turn ("assistant" on a line) may stand before it.
Where the marks are known to be the model's own, from its chat template or
the project file, thinking may begin at any line, and an end without a start ends it wherever it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evalguard.records import Metric, ScoreKind

_BLANK = r"[\s\ufeff\u200b\u2060]*"
_BLANKS = " \t\r\n\f\v\ufeff\u200b\u2060"
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_LESS, _MORE = (
    rf"(?:&(?:amp;)?(?:{name}|#{code}|#x{code:x});|\\u00{code:x})"
    for name, code in (("lt", 60), ("gt", 62))
)
"""The brackets of a tag, as a web page or JSON escapes them."""

_BRACKETS = ("<", "\\[", "◁", _LESS)
_TOKEN = (
    r"(?:<[|｜](?:im_(?:start|end|sep)|(?:start|end)_header_id|eot_id|begin_of_text|start|end|"
    r"assistant|bot)[|｜]>|</?s>|<(?:start|end)_of_turn>|\[/INST\]|#{2,4}[ \t])\s*+"
)
_HEAD = re.compile(
    rf"[\s\ufeff\u200b\u2060]*+(?:{_TOKEN}){{0,5}}+(?:\*\*)?"
    r"(?:(?:assistant|model|response|bot|ai)[ \t]*(?::|(?=<[|｜])|(?=\n))(?:\*\*)?\s*+)?"
    rf"(?:{_TOKEN}){{0,5}}+[\s\ufeff\u200b\u2060]*+",
    re.IGNORECASE,
)
"""The head of a model's turn, which some repeat before they think."""

_TAIL = 200
"""Characters at the end of a prompt in which a mark is looked for."""

_MOST_BLOCKS = 100
"""Blocks of thinking; a model that writes more of them is in a loop and comes to no answer."""

THINKING_TOKENS = "thinking_tokens"
"""Name of the metric that counts the tokens of an answer's thinking."""


def thinking_metric(max_new_tokens: int) -> Metric:
    """Return the metric of a task whose outputs have up to so many tokens."""
    high = float(max_new_tokens)
    return Metric(THINKING_TOKENS, ScoreKind.BOUNDED, 0.0, high, higher_is_better=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The texts around thinking, as regular expressions.

    Attributes:
        start: What begins it.
        end: What ends it.
        start_is_enough: Whether the start alone tells that a model thinks; words that any answer
            may begin with need the end too.
        end_is_enough: Whether the end alone does, where the prompt held the start.
        template: What shows in a chat template that they are the model's; the marks by default.
    """

    start: str
    end: str
    start_is_enough: bool = True
    end_is_enough: bool = True
    template: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """An output, split.

    Attributes:
        answer: What is left without the thinking.
        thinking: The thinking, without its marks.
        unclosed: Whether the thinking never ended, so that there is no answer.
    """

    answer: str
    thinking: str = ""
    unclosed: bool = False


def _tags(*names: str) -> Iterator[Marks]:
    for name in names:
        yield Marks(start=rf"<\s*{name}(?:\s[^<>]*)?>", end=rf"<\s*/\s*{name}\s*>")
        yield Marks(
            start=rf"{_LESS}\s*{name}(?:\s[^<>&\\]*)?{_MORE}",
            end=rf"{_LESS}\s*/\s*{name}\s*{_MORE}",
        )
        yield Marks(start=rf"<\|{name}\|>", end=rf"<\|(?:/|end_){name}\|>")


KNOWN_MARKS = (
    *_tags("think", "thinking", "thoughts?", "reasoning", "reflections?", "scratchpad"),
    *_tags("seed:think"),
    *_tags("analysis", "cot", "chain[_-]of[_-]thought", "(?:internal|inner)[_-]monologue"),
    Marks(
        start="＜(?:think(?:ing)?|thought|reasoning)＞",
        end="＜[/／](?:think(?:ing)?|thought|reasoning)＞",
    ),
    Marks(start=r"\[(?:THINK|THINKING|REASONING)\]", end=r"\[/(?:THINK|THINKING|REASONING)\]"),
    Marks(start="◁think▷", end="◁/think▷"),
    Marks(start=r"<\|begin_of_thought\|>", end=r"<\|end_of_thought\|>"),
    Marks(start=r"<\|START_THINKING\|>", end=r"<\|END_THINKING\|>"),
    Marks(start=r"<\|inner_prefix\|>", end=r"<\|inner_suffix\|>"),
    Marks(start=r"<\|channel>thought", end=r"<channel\|>"),
    Marks(start=r"<unused94>(?:thought)?", end="<unused95>"),
    Marks(
        start=r"(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)[^<]*<\|message\|>",
        end=r"<\|end\|>|(?=(?:<\|start\|>assistant)?<\|channel\|>)",
        end_is_enough=False,
        template=r"<\|channel\|>",
    ),
    Marks(  # the same where special tokens are not decoded
        start=r"(?-i:analysis)(?=\S)",
        end=r"(?-i:assistantfinal)",
        start_is_enough=False,
        end_is_enough=False,
        template=r"<\|channel\|>",
    ),
    Marks(
        start=r"Here(?:'s| is) my thought process:?",
        end=r"Here(?:'s| is) my response:?",
        start_is_enough=False,
        end_is_enough=False,
    ),
    Marks(
        start=r"Thinking\.\.\.(?=\s)",
        end=r"\.\.\.done thinking\.",
        start_is_enough=False,
        end_is_enough=False,
    ),
)
"""Marks of published models and of common servers."""

_WRAPPERS = (
    (r"<\|begin_of_solution\|>", r"<\|end_of_solution\|>"),
    (r"<\|START_RESPONSE\|>", r"<\|END_RESPONSE\|>"),
    (r"<response>", r"</response>"),
    (r"(?:<\|start\|>assistant)?<\|channel\|>final[^<]*<\|message\|>", r"<\|(?:return|end)\|>"),
)
"""What some templates put around the answer that follows thinking."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How a model's thinking is found in its outputs.

    Attributes:
        marks: All marks that are looked for; none where thinking is part of the answer.
        own: Those that are known to be the model's.
        opened: Marks that every prompt ends inside of, so that the output begins as thinking.
        served: Whether a server makes the prompt and may have taken the thinking away: an output
            without an end of thinking is then an answer, unless it ran into its limit.
    """

    marks: tuple[Marks, ...] = KNOWN_MARKS
    own: tuple[Marks, ...] = ()
    opened: Marks | None = None
    served: bool = False

    @property
    def definition(self) -> Mapping[str, Any]:
        """Everything that decides how an output is split, as plain data."""
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
            prompt: What it was given; it may end with the start of thinking.
            at_limit: Whether the output has as many tokens as it may have.

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
        opened = self.opened or _opened_by(prompt, self.marks)
        if opened is None and not _any_of(self.marks).search(output):
            return Split(output)
        reader = _Reader(output, self.marks, self.own if opened is None else (*self.own, opened))
        if opened is None or reader.read_opened(opened):
            return reader.read()
        if self.served and not at_limit:
            return reader.read()
        return Split("", output.strip(), unclosed=True)


class _Reader:
    """Reads an output from its start, one block of thinking after the other."""

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
            elif marks.start_is_enough or marks in self._own:
                self._thoughts.append(body)
                return Split("", self._all_thoughts(), unclosed=True)
            else:
                return self._finished()
        return Split("", self._output.strip(), unclosed=True)

    def _next_start(self) -> tuple[Marks, re.Match[str]] | None:
        """Find where thinking begins: here, or at a later line where that is known to happen."""
        for marks in self._marks:
            if match := _at_turn(marks.start, self._rest):
                return marks, match
        masked = _without_code(self._rest)
        later = [
            (marks, match)
            for marks in self._marks
            if marks in self._own and marks.start_is_enough
            for match in re.finditer(marks.start, masked, re.IGNORECASE)
            if _begins_line(masked, match.start())
        ]
        return min(later, key=lambda one: one[1].start(), default=None)

    def _take_block(self, marks: Marks, body: str) -> bool:
        """Take a block whose start is passed, with blocks inside it; return whether it ends."""
        end = _search(marks.end, _without_code(body)) or _search(marks.end, body)
        if end is None:
            return False
        self._take(body, end)
        self._own.add(marks)
        self._closed.add(marks)
        for _ in re.finditer(marks.start, body[: end.start()], re.IGNORECASE):
            masked = _without_code(self._rest)
            outer, start = _search(marks.end, masked), _search(marks.start, masked)
            inner = start and outer and start.start() < outer.start()
            if outer is None or inner or len(self._thoughts) >= _MOST_BLOCKS:
                break
            self._take(self._rest, outer)
        return True

    def _drop_surplus_ends(self) -> None:
        """Drop ends of thinking that close the output: what they follow is the answer.

        Only where thinking began and ended before; else all up to an end is thinking.
        """
        for marks in self._closed:
            if not marks.end_is_enough or _search(marks.start, self._rest):
                continue
            while end := _search(rf"(?:{marks.end})\Z", self._rest.rstrip(_BLANKS)[-_TAIL:]):
                kept = self._rest.rstrip(_BLANKS)
                self._rest = kept[: len(kept) - len(end[0])].rstrip(_BLANKS)

    def _take_end_alone(self) -> bool:
        """Take what stands before an end of thinking that has no start."""
        masked = _without_code(self._rest)
        for marks in self._marks:
            end = _search(marks.end, masked) if marks.end_is_enough else None
            start = _search(marks.start, masked)
            if end is None or (start and start.start() < end.start()):
                continue
            anywhere = marks in self._own and not self._thinks
            if anywhere or _stands_alone(masked, end):
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
            # A channel's head tells by itself that what follows is the answer.
            return Split(answer if wrapped and "<|channel|>" in text else self._output)
        return Split(answer.lstrip(), self._all_thoughts())

    def _all_thoughts(self) -> str:
        return "\n\n".join(text for one in self._thoughts if (text := one.strip()))


def find_own(template: str, tail: str = "") -> tuple[tuple[Marks, ...], Marks | None]:
    """Return the marks that a chat template holds, and those that its prompts end inside of.

    Args:
        template: The template's source.
        tail: What a rendered prompt has after the user's message.

    Example:
        >>> own, opened = find_own("{{ '<think>' }}…</think>", "<|assistant|><think>")
        >>> own[0].start == opened.start
        True
    """
    own = tuple(
        marks
        for marks in KNOWN_MARKS
        if _search(marks.template or f"{marks.start}|{marks.end}", template)
    )
    opened = [marks for marks in KNOWN_MARKS if marks.end_is_enough and _is_open(marks, tail)]
    return own, opened[0] if opened else None


def is_mark(token: str) -> bool:
    """Return whether a special token of a tokenizer looks like a mark of thinking.

    Example:
        >>> [token for token in ("[THINK]", "<|START_THINKING|>", "</s>") if is_mark(token)]
        ['[THINK]', '<|START_THINKING|>']
    """
    known = (
        pattern for one in KNOWN_MARKS if one.end_is_enough for pattern in (one.start, one.end)
    )
    return bool(re.search(r"think|thought|reason", token, re.IGNORECASE)) or any(
        re.fullmatch(pattern, token, re.IGNORECASE) for pattern in known
    )


def literal(start: str | None, end: str) -> Marks:
    """Return the marks of a project file; without a start, outputs begin as thinking."""
    return Marks(start=re.escape(start) if start else r"(?!)", end=re.escape(end))


def _is_open(marks: Marks, text: str) -> bool:
    starts = [match.end() for match in re.finditer(marks.start, text, re.IGNORECASE)]
    ends = [match.end() for match in re.finditer(marks.end, text, re.IGNORECASE)]
    return bool(starts) and max(starts) > max(ends, default=0)


def _opened_by(prompt: str, marks: tuple[Marks, ...]) -> Marks | None:
    """Return the marks whose start ends a prompt, apart from a sentence that names them."""
    tail = prompt[-_TAIL:]
    if not _any_of(marks).search(tail):
        return None
    for one in marks:
        ends = rf"(?:{one.start})\s+\Z|(?<![ \t])(?:{one.start})\Z"
        if one.end_is_enough and _search(ends, tail):
            return one
    return None


@cache
def _any_of(marks: tuple[Marks, ...]) -> re.Pattern[str]:
    """Return what finds the first mark of any kind: most answers have none."""
    each = [text for one in marks for text in (one.start, one.end)]
    tags = "|".join(f"(?:{text})" for text in each if text.startswith(_BRACKETS))
    others = [f"(?:{text})" for text in each if not text.startswith(_BRACKETS)]
    return re.compile("|".join([f"(?=[<\\[◁&\\\\])(?:{tags})", *others]), re.IGNORECASE)


def _at_start(pattern: str, text: str) -> re.Match[str] | None:
    return re.match(_BLANK + f"(?:{pattern})", text, re.IGNORECASE)


def _at_turn(pattern: str, text: str) -> re.Match[str] | None:
    """Match at the start of a text, or behind the head of the model's turn."""
    head = _HEAD.match(text)
    place = head.end() if head else 0
    return _at_start(pattern, text) or re.compile(pattern, re.IGNORECASE).match(text, place)


def _search(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(pattern, text, re.IGNORECASE)


def _without_code(text: str) -> str:
    """Return the text with code blanked out, every other character in its place."""
    return _CODE.sub(lambda match: "\0" * len(match[0]), text)


def _begins_line(text: str, position: int) -> bool:
    return not text[:position].rpartition("\n")[2].strip()


def _stands_alone(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark begins its line, or ends it with more text below."""
    after = text[mark.end() :]
    ends_line = not after.partition("\n")[0].strip() and bool(after.strip())
    return _begins_line(text, mark.start()) or ends_line


def _unwrapped(text: str) -> tuple[str, bool]:
    for start, end in _WRAPPERS:
        if match := _at_start(start, text):
            return re.sub(f"(?:{end}){_BLANK}\\Z", "", text[match.end() :]), True
    return text, False


@cache
def _code_digest() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
