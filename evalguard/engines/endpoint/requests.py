"""What a server is sent: the fields of a request, and the form that this server takes them in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.models.utils import handle_stop_sequences

from evalguard.engines.limits import LIMIT_NAMES, limit_of
from evalguard.errors import EngineError

MOST_STOPS = 4
"""Stop strings that every server takes; the others are applied here."""

_OTHER_NAMES = {"max_tokens": "max_completion_tokens"}
"""Fields that newer servers know by another name."""

_DONE_HERE = ("stop", "seed")
"""Fields whose lack changes nothing: stop strings are applied here, and what is greedy has no
seed."""

_SEVERAL = ("n", "best_of", "num_return_sequences")
"""Fields that ask for several answers, which servers ignore or count differently."""

_STREAM = re.compile(r"\bstream(?:s|ed|ing)?\b", re.IGNORECASE)
"""In the refusal of a request that asks for no stream: the server answers in streams alone."""

_REFUSES = ("unsupported", "not supported", "unrecognized", "unknown", "not permitted", "extra")


class UnansweredError(EngineError):
    """The server gave no answer to a request that can be scored."""


class LimitError(UnansweredError):
    """The server does not keep to the number of tokens that it is asked for."""


@dataclass(slots=True)
class Form:
    """How this server wants its requests written; learned from what it refuses.

    Attributes:
        rename: Fields by the names that the server knows.
        drop: Fields that it does not take.
        stream: Whether it answers in streams alone.
        sure: Whether that is known: it has answered in one, or refused one.
    """

    rename: dict[str, str] = field(default_factory=dict)
    drop: set[str] = field(default_factory=set)
    stream: bool = False
    sure: bool = False

    def write(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request as this server takes it."""
        written = {
            self.rename.get(name, name): value
            for name, value in body.items()
            if name not in self.drop and value is not None
        }
        return {**written, "stream": True} if self.stream else written

    def adapt(self, words: str, sent: Mapping[str, Any]) -> bool:
        """Learn from a refusal; return whether the request can be sent in another form.

        Args:
            words: What the server said.
            sent: What it refused.

        Example:
            >>> form = Form()
            >>> form.adapt("Unsupported parameter: 'seed'", {"seed": 1}), form.write({"seed": 1})
            (True, {})
            >>> form.adapt("Unsupported parameter: 'temperature'", {"temperature": 0})
            False
        """
        lower = words.lower()
        if "stream" in sent and not self.sure:
            self.stream, self.sure = False, True  # its words were of something else
        if "stream" not in sent and not self.sure and _STREAM.search(words):
            self.stream = True
            return True
        if not any(mark in lower for mark in _REFUSES):
            return False
        for name, other in _OTHER_NAMES.items():
            if name in sent and other in words:
                self.rename[name] = other
                return True
        for name in _DONE_HERE:
            if name in sent and name in lower:
                self.drop.add(name)
                return True
        return False


@dataclass(frozen=True, slots=True)
class Generation:
    """A request for a text.

    Attributes:
        prompt: The prompt, or the chat as JSON.
        new_tokens: Most tokens of the answer.
        stops: Texts that end it.
        sampled: Whether it is drawn, and not the likeliest.
        body: Fields of the request besides model and prompt.
    """

    prompt: str
    new_tokens: int
    stops: tuple[str, ...]
    sampled: bool
    body: Mapping[str, Any]


def read_generation(
    instance: Instance, *, default_tokens: int, seed: int, eos: str | None
) -> Generation:
    """Return what a request for a text asks for.

    Args:
        instance: lm-eval's request.
        default_tokens: Tokens where it sets no limit.
        seed: Seed where it has none.
        eos: Text that ends every answer.

    Raises:
        EngineError: If it asks for several texts.
    """
    prompt, given = instance.args
    settings = dict(given)
    until = settings.pop("until", None)
    stops = handle_stop_sequences(list(until) if isinstance(until, list) else until, eos)
    new_tokens = limit_of(instance, default_tokens)
    for name in (*LIMIT_NAMES, "do_sample"):
        settings.pop(name, None)
    temperature = settings.pop("temperature", 0)
    if number := [name for name in _SEVERAL if settings.pop(name, None) not in (None, 1)]:
        raise EngineError(
            f"the task asks for several answers at once ('{number[0]}'), of which only the first "
            "would count: let the task repeat the request instead"
        )
    kept = tuple(stop for stop in stops if stop)
    body = {
        "max_tokens": new_tokens,
        "temperature": temperature or 0,
        "stop": list(kept[:MOST_STOPS]) or None,
        "seed": settings.pop("seed", seed),
        **settings,
    }
    return Generation(str(prompt), new_tokens, kept, bool(temperature), body)


def echo(prompt: list[list[int]] | str, seed: int) -> dict[str, Any]:
    """Return the fields of a request for the log-probabilities of a prompt."""
    return {
        "prompt": prompt,
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": 1,
        "echo": True,
        "seed": seed,
    }


def cut_at(text: str, stops: tuple[str, ...]) -> str:
    """Return a text up to the first stop string in it.

    Example:
        >>> cut_at("4. Question: 5", ("Question", ". "))
        '4'
    """
    return text[: min((place for stop in stops if (place := text.find(stop)) >= 0), default=None)]


def plain(data: Any) -> str:
    """Return data as a message shows them: short, on one line."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:119]}…"
