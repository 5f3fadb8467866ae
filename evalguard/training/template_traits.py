"""What a chat template reads, such as the key of reasoning, and how it ends an answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
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


def takes_calls(tokenizer: Any) -> bool:
    """Return whether a template writes the call of a function."""
    texts = (_ARGUMENTS, json.dumps(_ARGUMENTS))
    return any("evalguard" in _rendered(tokenizer, _calling(one)) for one in texts)


def writes_time(tokenizer: Any) -> bool:
    """Return whether a template writes the date or the time of day into its prompts."""
    template = tokenizer.chat_template or ""
    sources = template.values() if isinstance(template, dict) else [template]
    return any("strftime_now" in source for source in sources)


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


def end_tokens(tokenizer: Any) -> frozenset[int]:
    """Return the tokens that end an answer.

    Those are the EOS, the stop tokens of the model's generation config, and the token that the
    template writes behind every answer, such as ``<|im_end|>``. Other added tokens may be part of
    what an answer says, such as the end of a call.
    """
    ends = {tokenizer.eos_token_id, *_stop_tokens(tokenizer), turn_end(tokenizer)}
    return frozenset(one for one in ends if one is not None)


def last_token(ids: Sequence[int], tokenizer: Any) -> int | None:
    """Return the last of some tokens that is more than white space."""
    return next((i for i in reversed(ids) if tokenizer.decode([i]).strip()), None)


def _stop_tokens(tokenizer: Any) -> list[int]:
    """Return the stop tokens of the generation config in the tokenizer's folder, if it has one."""
    try:
        config = json.loads(
            (Path(tokenizer.name_or_path) / "generation_config.json").read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return []
    stops = config.get("eos_token_id") if isinstance(config, dict) else None
    listed = stops if isinstance(stops, list) else [stops]
    return [one for one in listed if isinstance(one, int)]


def turn_end(tokenizer: Any) -> int | None:
    """Return the added token that a template writes behind two answers that have nothing alike."""
    behind = set()
    for words in ("Yes.", "4711"):
        whole = _rendered(tokenizer, {"role": "assistant", "content": words})
        _, found, rest = whole.rpartition(words)
        behind.add(rest if found else "")
    if len(behind) > 1:
        return None
    ids = tokenizer(behind.pop(), add_special_tokens=False)["input_ids"]
    last = last_token(ids, tokenizer)
    return last if last in tokenizer.get_added_vocab().values() else None


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
