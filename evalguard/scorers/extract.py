"""Find the answer inside an output: what the lenient metrics look at.

Strict metrics take the output as it stands. Lenient ones also look inside fences, quotes and
set phrases, so that a change of formatting alone is not taken for a loss of ability.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# NFKC would be shorter, but it turns "x²" into "x2" and "½" into "1⁄2": other answers.
_TYPOGRAPHY = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‐": "-",
        "‑": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "\u200b": "",
        "\ufeff": "",
    }
)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)")
_MARKER = re.compile(
    r"^[ \t]*[*_#> ]{0,4}(?:(?:the |my |so the |so, the |therefore, the |thus, the )?"
    r"(?:final |correct |right |best )?(?:answer|result|label|category|output|choice|option|a)"
    r"(?:(?:[ \t]+is)?[ \t]*[*_]{0,2}[:=][*_]{0,2}|[ \t]+is\b))[ \t]*(\S[^\n]*)$",
    re.I | re.M,
)
_WRAPPERS = ("***", "**", "```", "`", '"', "'", "__", "_", "*")


def normalise(text: str, *, ignore_case: bool = True) -> str:
    r"""Return text with differences removed that carry no meaning.

    In order: Unicode NFC; typographic quotes, dashes and ellipses to ASCII; zero-width characters
    dropped; case folded; runs of white space to one space; both ends trimmed; one closing full
    stop dropped. Accents, superscripts, other punctuation and articles stay.

    Example:
        >>> normalise("  The “Blue”\u00a0House. ")
        'the "blue" house'
    """
    plain = unicodedata.normalize("NFC", text).translate(_TYPOGRAPHY)
    if ignore_case:
        plain = plain.casefold()
    plain = " ".join(plain.split())
    return plain.removesuffix(".").rstrip() if not plain.endswith("..") else plain


def fenced(text: str, *, languages: tuple[str, ...] = ()) -> list[str]:
    r"""Return the contents of the fenced blocks, in order; those of ``languages`` first.

    Example:
        >>> fenced("Sure:\n```json\n{}\n```\n")
        ['{}']
    """
    blocks = list(_blocks(text))
    return [body for _, body in sorted(blocks, key=lambda block: block[0] not in languages)]


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield language and content of each fenced block; an unclosed one runs to the end."""
    fence, language, body = "", "", list[str]()
    for line in text.splitlines():
        if not fence:
            if (opening := _FENCE.match(line)) is not None:
                fence, language, body = opening[1], opening[2].lower(), []
        elif line.strip() == fence:
            yield language, "\n".join(body)
            fence = ""
        else:
            body.append(line)
    if fence:
        yield language, "\n".join(body)


def after_marker(text: str) -> str | None:
    r"""Return what the last ``Answer:``, ``A:`` or ``the answer is`` at a line's start names.

    Example:
        >>> after_marker("First I add.\n**Answer:** 12")
        '12'
    """
    found = None
    for match in _MARKER.finditer(text):
        found = match[1]
    return unwrap(found) if found is not None else None


def unwrap(text: str) -> str:
    """Strip quotes, backticks and emphasis that enclose a text as a whole.

    Example:
        >>> unwrap('**"Paris"**'), unwrap("*red* or *blue*")
        ('Paris', '*red* or *blue*')
    """
    text = text.strip()
    for _ in range(4):
        bare = text.removesuffix(".") if text.endswith(('".', "*.", "`.", "'.")) else text
        for mark in _WRAPPERS:
            inner = bare[len(mark) : -len(mark)]
            if inner and bare.startswith(mark) and bare.endswith(mark) and mark not in inner:
                text = inner.strip()
                break
        else:
            return text
    return text


def candidates(output: str) -> list[str]:
    """Return the readings of an output that a lenient metric accepts, each without wrappers.

    They are the whole output, its first line, the only fenced block, and what a closing
    ``Answer:`` names; never a free search, which would reward an output that lists everything.
    """
    found = [unwrap(output)]
    lines = [line for line in output.splitlines() if line.strip()]
    if lines:
        found.append(unwrap(lines[0]))
    blocks = fenced(output)
    if len(blocks) == 1:
        found.append(unwrap(blocks[0]))
    marked = after_marker(output)
    if marked is not None:
        found.append(marked)
    return list(dict.fromkeys(found))
