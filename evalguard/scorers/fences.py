"""Blocks of code in an output: fenced ones, or what marks for code hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from evalguard.scorers.announced import announcements
from evalguard.scorers.lazy_patterns import lazy_re
from evalguard.scorers.turns import own_part

_FENCE = lazy_re(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+#.-]*)")
_MARKED = lazy_re(
    r"<(code|python|sql|yaml|json)>((?:[^<]++|<(?!/?\1>))++)(?:</\1>|\Z)"
    r"|\[(PYTHON|CODE|SQL|YAML|JSON)\]((?:[^\[]++|\[(?!/?\3\]))++)(?:\[/\3\]|\Z)"
    r"|\[BEGIN\]((?:[^\[]++|\[(?!BEGIN\]|DONE\]))++)(?:\[DONE\]|\Z)",
    re.I,
)
"""Marks that some models put around code instead of a fence; the last as in MBPP's examples."""

_INLINE = lazy_re(r"\s*`([^`\n]+)`\s*")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, content and place in the text."""

    language: str
    text: str
    start: int
    end: int


def code_blocks(output: str, languages: tuple[str, ...]) -> list[str]:
    r"""Return the fenced blocks that hold a language, in order.

    That is those that name it, else those that name none, else all. Where a tag announces the
    answer, only what it holds counts, which is one block if it is not fenced. Without a fence, it
    is what ``<code>``, ``[PYTHON]`` and the like hold, or the only line in backticks.

    Example:
        >>> code_blocks("```sh\nls\n```\n```json\n{}\n```\n", ("json",))
        ['{}']
    """
    output = own_part(output)
    inner = _tagged_part(output)
    blocks = blocks_of(output if inner is None else inner)
    for wanted in (languages, ("",)):
        if named := [block.text for block in blocks if block.language in wanted]:
            return named
    if blocks or inner is not None:
        return [block.text for block in blocks] or [str(inner)]
    return _marked(output, languages)


def _marked(output: str, languages: tuple[str, ...]) -> list[str]:
    """Return what marks for code in general or for a language hold, or a line in backticks."""
    if (inline := _INLINE.fullmatch(output)) is not None:
        return [inline[1]]
    return [
        (one[2] or one[4] or one[5]).strip("\r\n")
        for one in _MARKED.finditer(output)
        if (one[1] or one[3] or "code").lower() in (*languages, "code")
    ]


def _tagged_part(output: str) -> str | None:
    """Return what the last tag for answers holds, unless the tag is inside a fence."""
    blocks = blocks_of(output)
    found = [
        one.text
        for one in announcements(output)
        if one.tag and not any(block.start < one.start < block.end for block in blocks)
    ]
    return found[-1] if found else None


@lru_cache(maxsize=16)  # every scorer of a task asks for the same output
def blocks_of(text: str) -> tuple[Block, ...]:
    """Return the fenced blocks; an unclosed one runs to the end.

    Lines of a block that is indented, as in a list, lose as much white space as its fence has.
    """
    found, body = list[Block](), list[str]()
    fence, language, indent, start, place = "", "", 0, 0, 0
    if "```" not in text and "~~~" not in text:
        return ()
    for line in text.splitlines(keepends=True):
        if not fence:
            if (opening := _FENCE.match(line)) is not None:
                fence, language = opening["fence"], opening["language"].lower()
                indent, body, start = len(opening["indent"]), [], place
        elif line.strip() == fence:
            found.append(Block(language, "\n".join(body), start, place + len(line)))
            fence = ""
        else:
            shown = line.rstrip("\r\n")
            blank = len(shown) - len(shown.lstrip(" \t"))
            body.append(shown[min(indent, blank) :])
        place += len(line)
    if fence:
        found.append(Block(language, "\n".join(body), start, place))
    return tuple(found)
