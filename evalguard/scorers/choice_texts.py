"""Choices that an output makes by their text instead of their letter."""

from __future__ import annotations

import re

import regex

from evalguard.scorers.extract import folded, lenient_texts
from evalguard.scorers.lazy_patterns import lazy_re, lazy_regex
from evalguard.scorers.negation import disowned
from evalguard.scorers.retraction import without_retracted
from evalguard.scorers.turns import own_part
from evalguard.scorers.words import holds, is_boundary

SEVERAL = ""
"""The value of an answer that names several choices or labels, or rules one out."""

_EMPHASISED = lazy_re(
    r"(?:the|this|it|that|el|la|le|il|o|a|der|die|das|es|c['’]|это)\b[^.!?:;,\n*_]{0,60}?\s"
    r"(?:is|are|was|ist|sind|es|est|è|é)\s(?:called\s|named\s|the\s"
    r"|a\s)?\*\*([^*\n]{1,200})\*\*[.!]?",
    re.I,
)
_POINTED_OUT = lazy_regex(
    r"(?:(?:it|that|this)(?:'s| is| was| would be| must be| should be)|(?:es|das) (?:ist|war"
    r"|wäre)|c'(?:est|était)"
    r"|ce serait|es|era|é|è|это|to jest|to|het is|dat is|det är|det er|是|这是"
    r"|那是)[\s:–-]*(?:the |la |le |el |il )?"
    r"[\"'*_]{0,2}(.{1,200}?)[\"'*_!]{0,3}",
    regex.I,
)
"""A sentence that points out the answer and says no more: "It's Oslo."."""


def choice_of_a_letter(output: str, texts: list[str]) -> str | None:
    """Return the choice that is announced by a text such as "B vitamins", whose B is no letter."""
    opened = {
        chr(ord("A") + index): folded(text)
        for index, text in enumerate(texts)
        if re.match(r"[A-Za-z][\s-]+\w", text.strip())
    }
    if not opened:
        return None
    texts = [folded(text) for text in lenient_texts(output)]
    hits = {
        letter
        for letter, text in opened.items()
        if any(one.startswith(text) and is_boundary(one, len(text)) for one in texts)
    }
    return hits.pop() if len(hits) == 1 else SEVERAL if hits else None


def choice_by_text(output: str, texts: list[str]) -> str | None:
    """Return the letter of the choice whose text the output is, or ends its only sentence with."""
    found = {folded(text) for text in lenient_texts(output)}
    if (pointed := _POINTED_OUT.fullmatch(folded(output))) is not None:
        found.add(pointed[1])
    hits = [chr(ord("A") + index) for index, text in enumerate(texts) if folded(text) in found]
    own = without_retracted(own_part(output)).strip()
    if not hits and (told := _EMPHASISED.fullmatch(own)) is not None:
        said, name = folded(told[0]), folded(told[1])
        named = {chr(ord("A") + i) for i, one in enumerate(texts) if holds(said, folded(one))}
        hits = [chr(ord("A") + i) for i, one in enumerate(texts) if folded(one) == name]
        if named != set(hits) or disowned(told[0], told.start(1), told.end(1)):
            return None
    return hits[0] if len(hits) == 1 else None
