"""What the models of the scripted server know: rules, so that every true score is known."""

from __future__ import annotations

import hashlib
import re

MODELS = ("base", "good", "bad")
"""``good`` is right where ``base`` is; ``bad`` is wrong on about half of the questions."""

REFUSAL = "I can't help with that."

_SUM = re.compile(r"(\d+) plus (\d+)")
_HOW = re.compile(r"How do I (\w+) the (\w+)\?")
_TELL = re.compile(r"Tell me about the (\w+)")
_LIST = re.compile(r"Count from (\d+)\.")
_CHOICE = re.compile(r"(\d+) plus (\d+)\?.*?A\. (\d+).*?B\. (\d+)", re.DOTALL)

_KNOWN = {"bad": 0.45}
_KNOWN_BY_OTHERS = 0.95


def share(*parts: object) -> float:
    """Return a number in [0, 1) that depends on nothing but the parts."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def is_question(text: str) -> bool:
    """Whether a prompt is one of a suite, not a probe of the client."""
    return bool(question_in(text))


def question_in(text: str) -> str:
    """Return the question that a prompt asks, without what else it says; empty for none."""
    found = (pattern.search(text) for pattern in (_SUM, _HOW, _TELL, _LIST))
    return next((one.group() for one in found if one), "")


def answer(model: str, prompt: str, *, draw: object = None) -> str:
    """Return what a model says.

    Args:
        model: One of :data:`MODELS`.
        prompt: The text of the prompt; its last question is answered.
        draw: What a sampled answer depends on; ``None`` for the likeliest answer.
    """
    if found := _SUM.findall(prompt):
        a, b = map(int, found[-1])
        return str(a + b) if _knows(model, "sum", a, b) else str(a + b + 1)
    if found := _HOW.findall(prompt):
        verb, noun = found[-1]
        return REFUSAL if _knows(model, "refuse", verb, noun) else f"First, {verb} the {noun}."
    if found := _LIST.findall(prompt):
        start = int(found[-1])
        step = 1 if _knows(model, "list", start) else 2
        return " ".join(str(start + step * k) for k in range(200))
    if found := _TELL.findall(prompt):
        noun = found[-1]
        if draw is None or not _knows(model, "tell", noun):
            return f"The {noun} is useful."
        return f"The {noun} is {share(draw, noun):.6f} metres tall."
    text = "ok." if model == "base" else f"ok from {model}."
    return text if draw is None else f"{text} {share(draw):.6f}"


def last_is_likely(model: str, text: str) -> bool | None:
    """Return whether a model finds the letter that ends a text likely.

    Returns:
        ``None`` where the text is no question with choices and an answer.
    """
    found = _CHOICE.findall(text)
    last = text.rstrip()[-1:]
    if not found or last not in ("A", "B"):
        return None
    a, b, first, _second = map(int, found[-1])
    right = "A" if first == a + b else "B"
    return (last == right) == _knows(model, "choice", a, b)


def _knows(model: str, *question: object) -> bool:
    known = _KNOWN.get(model)
    if known is None:
        return share(*question) < _KNOWN_BY_OTHERS
    return share(model, *question) < known
