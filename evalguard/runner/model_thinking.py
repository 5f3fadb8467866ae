"""The marks of a model's thinking, from the project file or its chat template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalguard.config import ModelSpec
from evalguard.engines.chat import AnyTokenizer
from evalguard.errors import UsageError
from evalguard.scorers.thinking import Thinking
from evalguard.scorers.thinking_marks import KNOWN_MARKS, custom_marks, template_marks

FACTS_VERSION = 1
"""Incremented when :func:`template_facts` changes, because its result is cached."""

NO_FACTS: Mapping[str, Any] = {"template": "", "tail": "", "around": None}
"""Facts without a tokenizer."""

_END, _ON = "think_end_token", "enable_thinking"
"""Options of lm-eval's engines that strip the thinking."""


def template_facts(tokenizer: AnyTokenizer) -> dict[str, Any]:
    """Return what a chat template says about thinking, as plain data."""
    return {
        "template": tokenizer.chat_template,
        "tail": tokenizer.prompt_end(),
        "around": tokenizer.around_reasoning(),
    }


def find_thinking(spec: ModelSpec, facts: Mapping[str, Any], *, rendered: bool) -> Thinking:
    """Return how to find a model's thinking.

    Args:
        spec: The model.
        facts: What :func:`template_facts` found.
        rendered: Whether its prompts go through the chat template, here or on a server.

    Raises:
        UsageError: If the engine's option names the end of thinking by the id of a token.
    """
    if spec.thinking == "off":
        return Thinking(marks=())
    options = spec.engine.options
    given = None if spec.thinking == "auto" else spec.thinking
    own, opened = template_marks(facts["template"], facts["tail"] if rendered else "")
    if not own and facts["around"]:
        start, end = facts["around"]
        own = (custom_marks(start or None, end),)
        opened = own[0] if rendered and not start else None
    if _END in options:
        own = (custom_marks(None, _end_text(options[_END])), *own)
    if given:
        own = (custom_marks(given.start, given.end), *own)
        opened = own[0] if given.start is None else opened
    # A project file whose marks have no start says that the server sends the thinking.
    served = options.get("api") == "chat" and not (given and given.start is None)
    return Thinking(marks=(*own, *KNOWN_MARKS), own=own, opened=opened, served=served)


def without_thinking(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return an engine's options without those that strip the thinking from its answers."""
    if _END not in options:
        return dict(options)
    return {key: value for key, value in options.items() if key not in (_END, _ON)}


def _end_text(end: object) -> str:
    if str(end).isdigit():
        raise UsageError(
            f"engine: options: {_END}: {end} is a token id; write the token's text instead: "
            f"'baseline: {{thinking: {{end: TEXT}}}}'."
        )
    return str(end)
