"""The maximum number of tokens that a request asks for, read in one way everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

DEFAULT_LIMIT = 256
"""Tokens of an answer whose task sets no limit, as lm-eval generates them."""

LIMIT_NAMES = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""Names of that limit among a task's ``generation_kwargs``; as in lm-eval, the first one counts."""


def limit_of(instance: Instance, default: int = DEFAULT_LIMIT) -> int:
    """Return the maximum number of tokens that a request asks for; 0 where it asks for no text.

    Args:
        instance: lm-eval's request.
        default: The engine's limit for tasks that set none.
    """
    settings = instance.arguments[-1]
    if not isinstance(settings, dict):
        return 0
    given = (settings[key] for key in LIMIT_NAMES if settings.get(key) is not None)
    return int(next(given, default))


def default_limit(options: Mapping[str, Any]) -> int:
    """Return the limit of an engine for tasks that set none.

    Args:
        options: The engine's options, among which ``max_gen_toks`` may be.
    """
    given = options.get("max_gen_toks")
    return int(given) if isinstance(given, int | float) else DEFAULT_LIMIT
