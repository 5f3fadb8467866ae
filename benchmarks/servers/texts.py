"""Prompts and answers as text and as tokens of the embedded model's vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def prompts(body: Mapping[str, Any]) -> list[str]:
    """Return the texts that a body asks about."""
    if "messages" in body:
        return ["\n".join(str(message["content"]) for message in body["messages"])]
    given = body.get("prompt", "")
    if isinstance(given, str):
        return [given]
    if given and isinstance(given[0], int):
        return [decoded(tuple(given))]
    return [row if isinstance(row, str) else decoded(tuple(row)) for row in given]


@lru_cache(maxsize=1)
def tokenizer() -> Any:
    """Return the embedded model's tokenizer, which the server's models are said to have."""
    from tokenizers import Tokenizer

    from evalguard.demo import model_path

    return Tokenizer.from_file(str(model_path() / "tokenizer.json"))


def decoded(ids: tuple[int, ...]) -> str:
    """Return the text of token ids."""
    return str(tokenizer().decode(list(ids), skip_special_tokens=False))


def limited(text: str, limit: int | None) -> tuple[str, int, bool]:
    """Cut a text to a number of tokens; return it, its tokens, and whether it was cut."""
    ids = tokenizer().encode(text, add_special_tokens=False).ids
    if limit is None or len(ids) <= limit:
        return text, max(1, len(ids)), False
    return decoded(tuple(ids[:limit])), limit, True


def before_stop(text: str, stops: Any) -> str:
    """Return a text up to the first of the texts that end it."""
    for stop in [stops] if isinstance(stops, str) else stops or ():
        text = text.split(stop, maxsplit=1)[0]
    return text
