"""Conversations with the answer that was rejected beside them, as ms-swift keeps preferences."""

from __future__ import annotations

from typing import Any

from evalguard.errors import DataError
from evalguard.training.formats.cells import Cells, blank, structure
from evalguard.training.formats.layout import TALKS

_REJECTED = ("rejected_response", "rejected_messages")
"""Columns of the rejected answer: its text, or the conversation that it ends."""


def with_rejected(cells: Cells) -> Cells:
    """Return a row of a conversation and a rejected answer as one of two answers to one prompt.

    Args:
        cells: The row; others stay as they are.
    """
    said = {n for n, v in cells.fields.items() if not blank(v, n) and n not in cells.layout.ignore}
    talks, rejected = ([name for name in names if name in said] for names in (TALKS, _REJECTED))
    known = cells.layout.format not in (None, "preference") or said & {"chosen", "rejected"}
    if known or len(talks) != 1 or len(rejected) != 1:
        return cells
    try:
        chosen = structure(cells.fields[talks[0]], talks[0])
        other = cells.fields[rejected[0]]
        other = structure(other, rejected[0]) if rejected[0] == "rejected_messages" else other
    except DataError:
        return cells  # broken JSON, which reading it names
    if not isinstance(chosen, list) or not chosen or not isinstance(chosen[-1], dict):
        return cells
    if isinstance(other, str):
        other = [*chosen[:-1], _said_instead(chosen[-1], other)]
    rest = {n: v for n, v in cells.fields.items() if n not in (talks[0], rejected[0])}
    cells.fields = {**rest, "chosen": chosen, "rejected": other}
    cells.remarks.add(f"'{talks[0]}' end with the chosen answer, '{rejected[0]}' is the other")
    return cells


def _said_instead(answer: dict[str, Any], text: str) -> dict[str, Any]:
    """Return an answer's message with another text, and without what only the answer says."""
    role, content = ("from", "value") if "from" in answer else ("role", "content")
    return {role: answer.get(role), content: text}
