r"""What a judge's reply sets apart as its verdict: ``[[A]]``, ``<answer>no</answer>``, a box."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from evalguard.runner.reply_forms import (
    Found,
    introduced,
    is_denied,
    is_new_sentence,
    is_retracted,
    object_in,
)
from evalguard.scorers.latex import boxes, plain, without_struck
from evalguard.scorers.lazy_patterns import lazy_re

_FENCE = lazy_re(r"^\s*```\w*\s*(.*?)\s*```\s*$", re.DOTALL)
_REASONING = lazy_re(
    r"<(?P<tag>reasoning|analysis|scratchpad|explanation|rationale|feedback|evaluation|reflection|"
    r"critique|justification)>.*?</(?P=tag)>(?=.*\S)",
    re.DOTALL | re.IGNORECASE,
)
_END_OF_TURN = lazy_re(
    r"(?:\s*(?:</s>|<\|(?:im_end|eot_id|end|endoftext|return)\|>|<end_of_turn>))+\s*$"
)
_WIDTHS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    **dict.fromkeys(map(ord, "\u2019\u2018\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e"), '"'),
    **dict.fromkeys(map(ord, "\u200b\u200e\u200f\u2060\ufeff\ufe0f"), ""),
    **dict.fromkeys(map(ord, "\u00a0\u202f\u3000"), " "),
    ord("\u2212"): "-",
}
_BRACKETS = lazy_re(r"\[\[\s*([^\[\]]+?)\s*\]\]")
_NAMES = (
    r"(?:final|overall)?[ _-]?(?:answer|verdict|result|decision|judge?ment|output|label|choice|"
    r"winner|preference|response|conclusion|score|rating|grade)|"
    r"criterion[ _-]met|met|pass(?:e[sd])?"
)
_TAGS = lazy_re(
    rf"<(?P<tag>{_NAMES})>(?P<value>.*?)</(?P=tag)>"
    r"|<\|begin_of_box\|>(?P<boxed>.*?)<\|end_of_box\|>",
    re.DOTALL | re.IGNORECASE,
)
_HEADED = lazy_re(rf"\[(?:{_NAMES})\]\s*:?[ \t]*\n?[ \t]*(?P<value>[^\n]+)", re.IGNORECASE)
"""As Prometheus writes its result, after the feedback and often in its line."""


@dataclass(frozen=True, slots=True)
class Slots:
    """What a reply sets apart.

    Attributes:
        values: What stands there.
        before: The reply before the first of them.
        after: The reply after the last.
    """

    values: tuple[str, ...]
    before: str = ""
    after: str = ""


def tidied(reply: str) -> str:
    r"""Return a reply without what is struck out, LaTeX's fonts, reasoning in tags or a fence.

    Example:
        >>> tidied("<reasoning>It is curt.</reasoning>\n```\nＮｏ．\n```")
        'No.'
    """
    text = unicodedata.normalize("NFC", reply).translate(_WIDTHS)
    text = _END_OF_TURN.sub("", _REASONING.sub("", without_struck(text)))
    fence = _FENCE.match(text)
    return (fence[1] if fence and "```" not in fence[1] else text).strip()


def slots(text: str) -> Slots | None:
    """Return what a text sets apart; ``None`` where its own words may say otherwise.

    Example:
        >>> slots("It is polite. Rating: [[8]]").values, slots("8").values, slots("It is no [[8]]")
        (('8',), (), None)
        >>> slots("The letter ends in <answer>yes</answer>")
    """
    brackets = [(one.start(), one.end(), one[1]) for one in _BRACKETS.finditer(text)]
    framed = [*_framed(text)]
    found = sorted([*brackets, *framed, *_headed(text)])
    if not found:
        return Slots(())
    before, after = text[: found[0][0]], text[found[-1][1] :]
    if is_denied(before) or is_retracted(after) or "" in (value for *_, value in found):
        return None
    if not introduced(before) or not is_new_sentence(after):
        return None
    return Slots(tuple(value for *_, value in found), before, after)


class Parts(NamedTuple):
    """A reply, tidied, with what it sets apart, or else the object that it holds."""

    text: str
    slots: Slots
    found: Found | None


def parts_of(reply: str) -> Parts | None:
    """Return the parts of a reply; ``None`` where its own words may say otherwise.

    Example:
        >>> parts_of("Rating: [[8]]").slots.values, parts_of('{"score": 8}').found.pairs
        (('8',), (('score', 8),))
    """
    text = tidied(reply)
    if text.startswith("{") and (found := object_in(text)) is not None:
        return Parts(text, Slots(()), found)
    inside = slots(text)
    if inside is None:
        return None
    return Parts(text, inside, None if inside.values else object_in(text))


def _framed(text: str) -> Iterable[tuple[int, int, str]]:
    """Yield start, end and content of tags and boxes; no content where a box was cut off."""
    for tag in _TAGS.finditer(text):
        yield tag.start(), tag.end(), (tag["value"] or tag["boxed"] or "").strip()
    for start, end, value in boxes(text):
        yield start, end, plain(value).strip()


def _headed(text: str) -> Iterable[tuple[int, int, str]]:
    for one in _HEADED.finditer(text):
        if re.search(r"(?:^|[.!?。\n*\"')])\s*$", text[: one.start()]):
            yield one.start(), one.end(), one["value"].strip()
