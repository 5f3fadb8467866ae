"""Other ways in which people write an engine, and what to write in their place."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

_MEANT = {
    "auto": "auto",
    "hf": "hf",
    "huggingface": "hf",
    "transformers": "hf",
    "peft": "hf",
    "vllm": "vllm",
    "endpoint": "endpoint",
    "openai": "endpoint",
    "api": "endpoint",
    "server": "endpoint",
    "ollama": "endpoint",
    "llama.cpp": "endpoint",
    "llamacpp": "endpoint",
    "tgi": "endpoint",
}
"""The built-in engines by the names that people write for them."""

_NAME_KEYS = ("type", "engine", "backend", "provider", "kind", "id")
_URL_KEYS = ("base_url", "url", "api_base", "host")

_EXAMPLE = "a mapping such as {name: hf}; the name is auto, hf, vllm, endpoint or an lm-eval type"


def advice(value: Any, keys: Mapping[str, Any]) -> str | None:
    """Return what to write in place of a value, or ``None`` where it may be an engine.

    Args:
        value: What the file holds.
        keys: The keys of an engine.

    Example:
        >>> advice("hf", {})
        'an engine is a mapping: write {name: hf}'
    """
    if isinstance(value, str):
        return _of_text(value.strip())
    if not isinstance(value, Mapping):
        return f"an engine is {_EXAMPLE}"
    for key, inner in value.items():
        if key in keys:
            continue
        if key in _NAME_KEYS and "name" not in value:
            return f"'{key}' is called 'name' here: write {{name: {_meant(inner) or inner}}}"
        if key in _URL_KEYS:
            return f"'{key}' is an option: write {_served(inner)}"
        if isinstance(key, str) and key.lower() in _MEANT and "name" not in value:
            more = ", …" if inner else ""
            return f"the engine's name is a value: write {{name: {_meant(key)}{more}}}"
    return None


def _of_text(text: str) -> str:
    if "://" in text:
        return f"an engine is a mapping: write {_served(text)}"
    if not text:
        return f"an engine is {_EXAMPLE}"
    if (name := _meant(text)) is None:
        return f"{text!r} is not an engine; write {_EXAMPLE}"
    if name == "endpoint":
        return f"an engine is a mapping: write {_served('http://localhost:8000/v1')}"
    return f"an engine is a mapping: write {{name: {name}}}"


def _meant(name: Any) -> str | None:
    """Return which built-in engine a name probably means."""
    nearest = get_close_matches(str(name).lower(), _MEANT, n=1, cutoff=0.75)
    return _MEANT[nearest[0]] if nearest else None


def _served(url: Any) -> str:
    return f"{{name: endpoint, options: {{base_url: {url}}}}}"
