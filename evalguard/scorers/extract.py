"""Extract the answer from an output, for the lenient metrics.

Strict metrics take the output as it is. Lenient ones also look inside fences, quotes and set
phrases, so that a change of format alone is not taken for a loss of ability.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import regex

from evalguard.scorers import answer_words as known
from evalguard.scorers.announced import Announcement, announcements, without_closing, without_reason
from evalguard.scorers.attribution import denial
from evalguard.scorers.fences import blocks_of
from evalguard.scorers.json_answer import json_answer
from evalguard.scorers.latex import plain, without_struck
from evalguard.scorers.lazy_patterns import lazy_re, lazy_regex
from evalguard.scorers.reported import reported
from evalguard.scorers.retraction import Retraction, retraction, without_retracted
from evalguard.scorers.turns import own_part

T = TypeVar("T")

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
        **dict.fromkeys(
            "\u200b\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ""
        ),
    }
)
_WRAPPERS = (
    *((mark, mark) for mark in ("***", "**", "```", "`", '"', "'", "__", "_", "*", "$$", "$")),
    *(("“", "”"), ("„", "“"), ("‘", "’"), ("«", "»"), ("「", "」"), ("『", "』"), ("【", "】")),
    *((r"\(", r"\)"), (r"\[", r"\]")),
)
_OPENINGS = tuple(opening for opening, _ in _WRAPPERS)
_HTML = lazy_re(r"<(b|strong|i|em|u|code|mark|p|span)>(.*)</\1>", re.S | re.I)
_BULLET = lazy_re(r"(?:[-*•>→⇒➔➜➡]|[=-]>|\d{1,2}[.)])[ \t]+(?=\S)")
_SENTENCE = lazy_regex(r"(.+?)(?:[.!](?=\s+[\p{Lu}\p{Lo}])|[。！？।۔])", regex.S)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_OTHER_DIGITS = lazy_regex(r"(?![0-9])\p{Nd}")
MAX_AROUND = 4
"""Announcements around the last one that are looked at as well: a tag around a box."""

MAX_EMOJI = 20
"""Characters at the end of a text in which pictures are looked for."""

_EMOJI = lazy_regex(
    r"(?<=\S)\s+(?:(?![❌✗✘✖❎🚫⛔👎❓❔⁉🤔😕🙅])[\p{Extended_Pictographic}\p{Regional_Indicator}"
    r"\p{Emoji_Modifier}\ufe0f\u200d\s])+$"
)
"""Pictures behind an answer, but for those that reject or doubt it."""

_EXCLAIMED = lazy_regex(r"(?:\p{L}{2}|[*_\"'”»])\s?[!！]$")
"""An exclamation mark behind a word; behind a number or a variable it is a factorial."""

_BRACKETED = lazy_regex(r"\(([^()\[\]{},;]{1,200})\)[.。!]?")
_OPTION = lazy_regex(r"\p{L}+[ \t]+[(\[*]{0,3}(?-i:[A-Z])[)\]*]{0,3}[ \t]*[:：–—-]")
"""An option that is named with its letter and text, as in going through all of them."""

_STOPS = ".。｡।॥۔։።။།༎។꯫᠃⳹"
"""Full stops of all scripts."""

_ENDS = _STOPS + "!！"


def normalise(text: str, *, ignore_case: bool = True) -> str:
    r"""Return text with differences removed that carry no meaning.

    In order: Unicode NFC; typographic quotes, dashes and ellipses to ASCII; zero-width characters
    and marks of direction dropped; case folded; runs of white space to one space; both ends
    trimmed; one closing full stop dropped. Joiners, accents, superscripts, other punctuation and
    articles stay.

    Example:
        >>> normalise("  The “Blue”\u00a0House. ")
        'the "blue" house'
    """
    kept = unicodedata.normalize("NFC", text).translate(_TYPOGRAPHY)
    if ignore_case:
        # A capital dotted i folds to an i and a combining dot, which "i" lacks.
        kept = kept.casefold().replace("i\u0307", "i")
    kept = " ".join(kept.split())
    return kept.removesuffix(".").rstrip() if not kept.endswith("..") else kept


def folded(text: str, *, ignore_case: bool = True) -> str:
    """Return a text normalised, full-width signs and every script's full stop as ASCII.

    Lenient metrics compare this way.

    Example:
        >>> folded("Ｂ。"), folded("दिल।")
        ('b', 'दिल')
    """
    kept = normalise(text.translate(_FULL_WIDTH), ignore_case=ignore_case)
    return kept.rstrip(_STOPS[1:] + " ") or kept


def plain_signs(text: str) -> str:
    """Return a text with full-width signs and the digits of all scripts as ASCII.

    Example:
        >>> plain_signs("１２個"), plain_signs("१२")
        ('12個', '12')
    """
    if text.isascii():
        return text
    return _OTHER_DIGITS.sub(lambda found: str(unicodedata.decimal(found[0])), text).translate(
        _FULL_WIDTH
    )


def unwrap(text: str) -> str:
    """Strip quotes, backticks, emphasis and math signs that enclose a text as a whole.

    Example:
        >>> unwrap('**"Paris"**'), unwrap("*red* or *blue*"), unwrap("$B$")
        ('Paris', '*red* or *blue*', 'B')
    """
    text = text.strip()
    for _ in range(6):
        bare = text.rstrip(_STOPS) if text[-1:] in _STOPS else text
        if (html := _HTML.fullmatch(bare)) is not None:
            text = html[2].strip()
            continue
        for opening, closing in _WRAPPERS if bare.startswith(_OPENINGS) else ():
            if not (bare.startswith(opening) and bare.endswith(closing)):
                continue
            inner = bare[len(opening) : -len(closing)]
            if inner and opening not in inner and closing not in inner:
                text = inner.strip()
                break
        else:
            return text
    return text


def readings(text: str) -> list[str]:
    r"""Return the ways to read a text that is an answer: without wrappers, LaTeX, a closing verb.

    Example:
        >>> readings(r"**$\text{Paris}$**")
        ['\\text{Paris}', 'Paris']
    """
    return list(_readings(text.strip()))


@lru_cache(maxsize=16)
def _readings(text: str) -> tuple[str, ...]:
    # A bold announcement leaves its closing asterisks behind: "**Answer: B**".
    for mark in ("**", "__", "*", "_", "`", "$"):
        if text.count(mark) == 1 and text.rstrip(_ENDS).endswith(mark):
            text = text.rstrip(_ENDS).removesuffix(mark).rstrip()
    found = [unwrap(one) for one in dict.fromkeys((text, plain(text)))]
    found += [unwrap(without_closing(found[-1]))]
    if len(block := blocks_of(text)) == 1:
        found.append(unwrap(block[0].text))
    if (emoji := _EMOJI.search(found[0], max(0, len(found[0]) - MAX_EMOJI))) is not None:
        found.append(unwrap(found[0][: emoji.start()]))
    if _EXCLAIMED.search(found[0], max(0, len(found[0]) - MAX_EMOJI)) is not None:
        found.append(unwrap(found[0][:-1]))
    if (inner := _BRACKETED.fullmatch(found[0])) is not None:
        found.append(unwrap(inner[1]))
    if (bullet := _BULLET.match(text)) is not None:
        found.append(unwrap(text[bullet.end() :]))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=16)  # every scorer of a task asks for the same output
def announced_answers(output: str) -> tuple[Announcement, ...]:
    """Return the answers that an output announces and does not retract, the last first.

    An object such as ``{"answer": "B"}`` announces by its key. Fenced code announces nothing,
    unless the output is a single fenced block; nor does what follows the next question or turn.
    """
    output = own_part(output)
    blocks = blocks_of(output)
    for text in (output, *(block.text for block in blocks[-1:])):
        if (answer := json_answer(text)) is not None:
            return (Announcement(0, len(output), answer),)
    outside = [
        one
        for one in announcements(output)
        if not any(block.start < one.start < block.end for block in blocks)
    ]
    if not outside and len(blocks) == 1 and not output[blocks[0].end :].strip():
        outside = list(announcements(blocks[0].text))
    if not blocks and all(
        one.bare for one in outside
    ):  # a font may enclose the announcement: \textbf{Answer: B}
        outside = list(announcements(plain(output))) or outside
    return tuple(_not_retracted(output, _without_options(output, outside))[::-1])


def _without_options(output: str, found: list[Announcement]) -> list[Announcement]:
    """Return announcements without "Option A: …" where the answer is another one, or none is."""
    options = [one for one in found if _OPTION.match(output, one.start)]
    others = [one for one in found if one not in options]
    opening = output.lstrip().split("\n", 1)[0].strip(" *_()[].:")
    answered = any(not one.bare for one in others) or len(opening) == 1
    return others if answered or len(options) > 1 else found


def announces_options_only(output: str) -> bool:
    """Return whether all that an output announces is what an option says: "Option C: Lyon"."""
    found = announced_answers(output)
    return bool(found) and all(_OPTION.match(own_part(output), one.start) for one in found)


def _not_retracted(output: str, found: list[Announcement]) -> list[Announcement]:
    """Return the announcements that hold; a retraction of one announces what follows it."""
    place = retraction(output) or _denied_by_the_next(output, found)
    if place is None or not any(_precedes(output, one, place.start) for one in found):
        return found
    instead = Announcement(place.start, len(output), output[place.end :])
    return [instead, *(one for one in found if one.start > place.start)]


def _denied_by_the_next(output: str, found: list[Announcement]) -> Retraction | None:
    """Return the sentence that says that the answer announced before it is wrong."""
    last = next((one for one in reversed(found) if not one.bare), None)
    end = None if last is None else denial(output, last.end)
    return None if last is None or end is None else Retraction(last.end, end)


def _precedes(output: str, one: Announcement, place: int) -> bool:
    """Return whether an announcement has named something before a place."""
    begins = output.find(one.text, one.start) if one.text else one.start
    return one.start < place and any(map(str.isalnum, output[max(begins, one.start) : place]))


def read_announced(
    output: str,
    read: Callable[[str], T | None],
    *,
    none: T,
    whole: Callable[[str], T | None] | None = None,
) -> T | None:
    """Read the answer that an output announces.

    Args:
        output: What the model wrote.
        read: Reads one text; returns ``None`` where it says nothing of the kind, and ``none``
            where it does but cannot be read, as it names several.
        whole: Reads a text that must be nothing but the answer, for phrases such as "Option B".
        none: The value of an announced answer that cannot be read.

    Returns:
        The last announced answer; ``none`` where it cannot be read, ``None`` where nothing is
        announced.
    """
    for one in announced_answers(output):
        reader = whole if one.bare else read
        if reader is None:
            continue
        for text in readings(one.text):
            if (value := reader(text)) is not None:
                return value
        if one.firm:
            return none
    return None


def announced_texts(output: str) -> list[str] | None:
    r"""Return the readings of the last announced answer, and of what encloses it.

    ``None`` where nothing is announced.

    Example:
        >>> announced_texts("First I add.\n**Answer:** 12")
        ['12']
    """
    found = [one for one in announced_answers(output) if not one.bare]
    last = next((one for one in found if one.firm or not _refers_back(one.text)), None)
    if last is None:
        return None
    around = [one for one in found if one.firm and one.start < last.start < one.end]
    texts = []
    for one in (last, *around[:MAX_AROUND]):
        texts += readings(one.text)
        if (sentence := _SENTENCE.match(one.text)) is not None:
            texts += readings(sentence[1])
        if "\n" in one.text:
            texts += readings(one.text.split("\n", 1)[0])
        texts += readings(without_reason(one.text))
    return list(dict.fromkeys(texts))


def _refers_back(text: str) -> bool:
    """Return whether a phrase refers to an answer given before: "… is correct"."""
    return text.lstrip(" *_").casefold().startswith(known.NOT_AN_ANSWER)


def lenient_texts(output: str) -> list[str]:
    """Return the readings of an output that a lenient metric accepts, each without wrappers.

    They are the whole output and the answer that it announces; where it announces none, its only
    fenced block, or else its first line. Never a free search, which would reward an output that
    lists everything.
    """
    found = readings(without_struck(output))
    announced = announced_texts(output)
    if announced is not None:
        return list(dict.fromkeys([*found, *announced]))
    own = own_part(output)
    blocks, rest = blocks_of(own), without_retracted(own)
    if len(blocks) == 1 and rest == own:
        found += readings(blocks[0].text)
    elif line := next((line for line in rest.splitlines() if line.strip()), ""):
        found += readings(line)
        if (said := reported(rest)) is not None:
            found += readings(said)
    return list(dict.fromkeys(found))
