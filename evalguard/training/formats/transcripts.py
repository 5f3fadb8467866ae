"""Conversations as one text with marks for who speaks, as in glaive-function-calling."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evalguard.training.formats.cells import Cells
from evalguard.training.formats.recognise import candidates, said_columns

_COLUMNS = ("chat", "sample")
_MARK = re.compile(r"(?:\A|\n)\s*(SYSTEM|USER|ASSISTANT|FUNCTION RESPONSE):")
_ROLES = {"USER": "user", "ASSISTANT": "assistant", "FUNCTION RESPONSE": "tool"}
_END = "<|endoftext|>"
_CALL = "<functioncall>"
_FUNCTIONS = re.compile(r"(?P<said>.*?\bfunctions\b[^{]*)(?P<tools>\{.*)", re.DOTALL)
_QUOTED = re.compile(r"""("arguments"|"parameters"):\s*'(.*)'\s*\}\s*\Z""", re.DOTALL)
"""Arguments whose JSON stands in single quotes, which is no JSON itself."""


def transcribed(cells: Cells) -> Cells:
    """Return a row whose conversation is one text with its turns as messages; others as they are.

    Functions that the system text lists become tools, and what follows ``<functioncall>`` a call.

    Args:
        cells: The row, whose cells are replaced, with a remark.
    """
    said = said_columns(cells.fields, cells.layout)
    column = next((name for name in _COLUMNS if name in said), "")
    text = cells.fields.get(column)
    if cells.layout.format is not None or not isinstance(text, str) or candidates(said):
        return cells
    begin, *parts = _MARK.split(text)
    turns = list(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
    if begin.strip() or "USER" not in {who for who, _ in turns}:
        return cells
    fields = {name: value for name, value in cells.fields.items() if name != column}
    own = fields.get("system")
    if isinstance(own, str):
        fields["system"] = own.strip().removeprefix("SYSTEM:").strip()
    elif turns[0][0] == "SYSTEM":
        fields["system"] = turns.pop(0)[1]
    if isinstance(listed := fields.get("system"), str) and (found := _FUNCTIONS.match(listed)):
        fields |= {"system": found["said"].rstrip(" -\n"), "tools": _objects(found["tools"])}
    fields["messages"] = [_message(who, said) for who, said in turns]
    cells.fields = fields
    cells.remarks.add(f"turns, functions and calls are read from the text of '{column}'")
    return cells


def _objects(text: str) -> list[Any] | str:
    """Return JSON objects that follow one another; the text itself where one is broken."""
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        try:
            one, end = decoder.raw_decode(rest)
        except ValueError:
            return text
        found.append(one)
        rest = rest[end:].lstrip(" ,\n")
    return found


def _message(who: str, said: str) -> Mapping[str, Any]:
    text, called, call = said.removesuffix(_END).rstrip().partition(_CALL)
    message = {"role": _ROLES.get(who, who.lower()), "content": text.strip()}
    if not called:
        return message
    quoted = _QUOTED.sub(lambda m: f"{m[1]}: {json.dumps(m[2])}}}", call.strip())
    return message | {"tool_calls": quoted}
