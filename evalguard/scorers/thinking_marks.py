"""The marks around a model's thinking, and which of them a chat template uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

_LESS, _MORE = (
    rf"(?:&(?:amp;)?(?:{name}|#{code}|#x{code:x});|\\u00{code:x})"
    for name, code in (("lt", 60), ("gt", 62))
)
"""The brackets of a tag, as a web page or JSON escapes them."""

_BRACKETS = ("<", "\\[", "◁", _LESS)

_PROMPT_TAIL = 200
"""Characters at the end of a prompt that are searched for a mark."""

_REMEMBERED_TAILS = 8192
"""Ends of prompts that were searched; every model is asked the same ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The texts around thinking, as regular expressions.

    Attributes:
        start: What begins it.
        end: What ends it.
        start_is_enough: Whether the start alone marks thinking; words that any answer may begin
            with need the end too.
        end_is_enough: Whether the end alone does, where the prompt held the start.
        behind_answer: Whether thinking in them may follow an answer, unmarked by the template.
        template: Pattern in a chat template that makes them the model's; the marks by default.
    """

    start: str
    end: str
    start_is_enough: bool = True
    end_is_enough: bool = True
    behind_answer: bool = False
    template: str = ""

    def __hash__(self) -> int:
        return hash(self.start)  # patterns are remembered by tuples of all marks


def _tags(*names: str, behind_answer: bool = False) -> Iterator[Marks]:
    for name in names:
        yield Marks(
            start=rf"<\s*{name}(?:\s[^<>]*)?>",
            end=rf"<\s*/\s*{name}\s*>",
            behind_answer=behind_answer,
        )
        yield Marks(
            start=rf"{_LESS}\s*{name}(?:\s[^<>&\\]*)?{_MORE}",
            end=rf"{_LESS}\s*/\s*{name}\s*{_MORE}",
        )
        yield Marks(
            start=rf"<\|(?:start_|begin_(?:of_)?)?{name}(?:_start|_begin)?\|>",
            end=rf"<\|(?:/|end_(?:of_)?){name}\|>|<\|{name}_end\|>",
        )


_OPENS_THOUGHT = (
    "We|The|User|Need|I|Let|Let's|It|This|They|Question|So|Okay|Ok|Hmm|First|Simple|Just|Compute"
)
_THOUGHT = "think(?:ing)?|thoughts?|reasoning|scratchpad|chain[-_ ]of[-_ ]thought"
_FOLDED = (
    r"think|thought|reason|scratch|working|denk|gedank|überleg|raison|réflexion|razon|pens"
    r"|raciocín|ragion|размышл|рассужд|思考|推理|생각|추론|सोच|तर्क|تفكير"
)
"""What a block that a page folds away is called where it holds thinking."""

KNOWN_MARKS = (
    Marks(  # Solar: the thinking is a message of its own
        start=r"(?:<\|begin\|>assistant)?<\|think\|>(?![\s\S]*<\|(?:/|end_of_|end_)think\|>)",
        end=r"<\|end\|>",
        end_is_enough=False,
        template=r"<\|think\|>",
    ),
    *_tags("think", "thinking", behind_answer=True),
    *_tags("thoughts?", "reasoning(?:[_-](?:content|steps?))?", "reflections?", "scratchpad"),
    *_tags("seed:think", r"(?!no)\w{1,20}[_:-]think(?:ing)?", r"think(?:ing)?[_:-]\w{1,20}"),
    *_tags(
        "(?:思考(?:过程|過程|プロセス)?|推理(?:过程|過程)?|推論|생각|사고|추론|सोच|तर्क|تفكير"
        "|réflexion|raisonnement|pensée|denken|gedanken|überlegung(?:en)?|pensamiento|razonamiento"
        "|raciocínio|pensamento|ragionamento|pensiero|мысли|размышлени[ея]|рассуждени[ея])"
    ),
    Marks(start=rf"<!--\s*(?:{_THOUGHT})\b", end="-->", end_is_enough=False),
    *_tags("rationale", "reason", "thought[_-]process", "think(?:ing)?[_-]process"),
    *_tags("inner[_-]thoughts?", "ant(?:ml:)?thinking", "deep[_-]?think(?:ing)?"),
    *_tags("analysis", "cot", "chain[_-]of[_-]thought", "(?:internal|inner)[_-]monologue"),
    Marks(
        start="＜(?:think(?:ing)?|thought|reasoning)＞",
        end="＜[/／](?:think(?:ing)?|thought|reasoning)＞",
    ),
    Marks(
        start=r"\[(?:THINK|THINKING|REASONING)\]",
        end=r"\[/(?:THINK|THINKING|REASONING)\]",
        behind_answer=True,
    ),
    Marks(start="◁think▷", end="◁/think▷", behind_answer=True),
    Marks(start=r"<\|inner_prefix\|>", end=r"<\|inner_suffix\|>"),
    Marks(start=r"<\|channel>thought", end=r"<channel\|>"),
    Marks(start=r"<unused94>(?:thought)?", end="<unused95>"),
    Marks(
        start=r"(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)[^<]*"
        r"(?:<\|constrain\|>[^<]*)?<\|message\|>",
        end=r"<\|(?:end|call)\|>|(?=(?:<\|start\|>assistant)?<\|channel\|>)",
        end_is_enough=False,
        template=r"<\|channel\|>",
    ),
    Marks(  # the same where special tokens are not decoded
        start=rf"(?-i:analysis)(?=(?-i:{_OPENS_THOUGHT})\b)",
        end=r"(?-i:assistantfinal)",
        end_is_enough=False,
        template=r"<\|channel\|>",
    ),
    Marks(
        start=r"(?-i:analysis)(?=\S)",
        end=r"(?-i:assistantfinal)",
        start_is_enough=False,
        end_is_enough=False,
        template=r"<\|channel\|>",
    ),
    Marks(
        start=rf"`{{3,}}[ \t]*(?:{_THOUGHT})[ \t]*\n",
        end=r"(?:(?<=\n)|\n)[ \t]*`{3,}[ \t]*(?=\n|\Z)",
        end_is_enough=False,
        template=rf"`{{3,}}(?:{_THOUGHT})\b",
    ),
    Marks(
        start=rf"<details\s[^<>]*(?:{_FOLDED})[^<>]*>(?:\s*<summary>[^<]{{0,200}}</summary>)?"
        rf"|<details(?:\s[^<>]*)?>\s*<summary>[^<]{{0,80}}(?:{_FOLDED})[^<]{{0,80}}</summary>",
        end="</details>",
        end_is_enough=False,
    ),
    Marks(  # without a name it is thinking where something else follows it
        start=r"<details(?:\s[^<>]*)?>(?!\s*<summary)(?=(?:(?!</?details)[\s\S])*+</details>\s*\S)",
        end="</details>",
        start_is_enough=False,
        end_is_enough=False,
    ),
    Marks(
        start=r"Here(?:'s| is) my thought process:?",
        end=r"Here(?:'s| is) my response:?",
        start_is_enough=False,
        end_is_enough=False,
    ),
    Marks(  # Apriel
        start=r"Here are my reasoning steps:?",
        end=r"(?=\[BEGIN FINAL RESPONSE\])",
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


def template_marks(template: str, tail: str = "") -> tuple[tuple[Marks, ...], Marks | None]:
    """Return the marks in a chat template, and those that its prompts leave open.

    Args:
        template: The template's source.
        tail: The part of a rendered prompt after the user's message.

    Example:
        >>> own, opened = template_marks("{{ '<think>' }}…</think>", "<|assistant|><think>")
        >>> own[0].start == opened.start
        True
    """
    own = tuple(
        marks
        for marks in KNOWN_MARKS
        if search_mark(marks.template or f"{marks.start}|{marks.end}", template)
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
        compiled_mark(pattern).fullmatch(token) for pattern in known
    )


def custom_marks(start: str | None, end: str) -> Marks:
    """Return the marks of a project file; without a start, every output begins as thinking."""
    return Marks(start=re.escape(start) if start else r"(?!)", end=re.escape(end))


def _is_open(marks: Marks, text: str) -> bool:
    starts = [match.end() for match in compiled_mark(marks.start).finditer(text)]
    if not starts:
        return False
    ends = [match.end() for match in compiled_mark(marks.end).finditer(text)]
    return max(starts) > max(ends, default=0)


def opened_by(prompt: str, marks: tuple[Marks, ...]) -> Marks | None:
    """Return the marks whose start ends a prompt, apart from a sentence that names them."""
    return _opened_at_end(prompt[-_PROMPT_TAIL:], marks)


@lru_cache(maxsize=_REMEMBERED_TAILS)
def _opened_at_end(tail: str, marks: tuple[Marks, ...]) -> Marks | None:
    if not _any_start(marks).search(tail):
        return None
    for one in marks:
        ends = rf"(?:{one.start})\s+\Z|(?<![ \t])(?:{one.start})\Z"
        if one.end_is_enough and search_mark(ends, tail):
            return one
    return None


@cache
def any_mark(marks: tuple[Marks, ...]) -> re.Pattern[str]:
    """Return a pattern of all marks, to find out fast that an output has none."""
    return _any_of([text for one in marks for text in (one.start, one.end)])


@cache
def _any_start(marks: tuple[Marks, ...]) -> re.Pattern[str]:
    """Return a pattern of all marks that may begin thinking in a prompt."""
    return _any_of([one.start for one in marks if one.end_is_enough])


def _any_of(each: list[str]) -> re.Pattern[str]:
    """Return a pattern of all texts; those that begin with a bracket are tried at brackets only."""
    tags = "|".join(f"(?:{text})" for text in each if text.startswith(_BRACKETS))
    others = [f"(?:{text})" for text in each if not text.startswith(_BRACKETS)]
    return re.compile("|".join([f"(?=[<\\[◁&\\\\])(?:{tags})", *others]), re.IGNORECASE)


def search_mark(pattern: str, text: str) -> re.Match[str] | None:
    """Return the first match of a mark's pattern, whatever its case."""
    return compiled_mark(pattern).search(text)


@cache
def compiled_mark(pattern: str) -> re.Pattern[str]:
    """Return a mark's pattern, whatever its case; there are more than ``re`` remembers."""
    return re.compile(pattern, re.IGNORECASE)
