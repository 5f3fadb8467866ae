"""What a chat template reads: the key of reasoning, and the form of a call's arguments."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import TemplateError

from evalguard.training.formats.layout import REASONING

RAISED = (TemplateError, TypeError, ValueError, LookupError, AttributeError)
"""What a chat template may raise on messages that it was not written for."""

_ASKED = {"role": "user", "content": "Is 12 greater than 7?"}
_REASONING = "12 − 7 is 5."
_ARGUMENTS = {"evalguard": "it's"}
_TOOL = {"type": "function", "function": {"name": "compare", "description": "", "parameters": {}}}


def reasoning_key(tokenizer: Any) -> str:
    """Return the key of a message under which a template reads the reasoning of an answer.

    Returns:
        ``reasoning_content`` where it reads none.
    """
    for key in REASONING:
        for beside in ({}, {"tool_calls": [_call(_ARGUMENTS)]}):
            reply = {"role": "assistant", "content": "Yes.", key: _REASONING, **beside}
            if _REASONING in _rendered(tokenizer, reply):
                return key
    return REASONING[0]


def arguments_are_text(tokenizer: Any) -> bool:
    """Return whether a template wants the arguments of a call as JSON text and not as an object.

    A template that writes an object without a filter would write it as Python does.
    """
    as_object = _rendered(tokenizer, _calling(_ARGUMENTS))
    if "evalguard" in as_object and str(_ARGUMENTS) not in as_object:
        return False
    return "evalguard" in _rendered(tokenizer, _calling(json.dumps(_ARGUMENTS)))


def turn_tokens(tokenizer: Any) -> tuple[str, ...]:
    """Return the special tokens that begin and end texts and turns."""
    system = {"role": "system", "content": "Be brief."}
    answer = {"role": "assistant", "content": "Yes."}
    plain = ""
    for chat in ([_ASKED, answer], [system, _ASKED, answer]):
        try:
            plain += str(tokenizer.apply_chat_template(chat, tokenize=False))
        except RAISED:
            continue  # a template may take no system message
    special = [str(one) for one in tokenizer.added_tokens_decoder.values() if one.special]
    ends = [token for token in (tokenizer.bos_token, tokenizer.eos_token) if token]
    return tuple(dict.fromkeys([*ends, *(token for token in special if token in plain)]))


def _calling(arguments: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": [_call(arguments)]}


def _call(arguments: Any) -> dict[str, Any]:
    # Mistral's templates take ids of nine letters or digits alone.
    function = {"name": "compare", "arguments": arguments}
    return {"id": "call00001", "type": "function", "function": function}


def _rendered(tokenizer: Any, reply: dict[str, Any]) -> str:
    """Return a question and its answer as text; empty where the template refuses them."""
    try:
        return str(tokenizer.apply_chat_template([_ASKED, reply], tools=[_TOOL], tokenize=False))
    except RAISED:
        return ""
